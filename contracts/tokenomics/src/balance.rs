//! Balances (economy E1, E2): whole wei, from nothing to the maximum supply.
//!
//! Guarantees that a [`Balance`] never leaves that range: every operation is checked, and says what went wrong. Scalar
//! operations round down.

use core::fmt;

use thiserror::Error;

use crate::units::{MAX_SUPPLY, WEI_PER_MDT};

/// An amount that somebody can own, in wei.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Balance(u128);

/// Why an operation has no balance for a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BalanceError {
    /// More than the maximum supply.
    #[error("more than the maximum supply of 21000000 MDT")]
    AboveSupply,
    /// More was taken than there is.
    #[error("{taken} wei were taken from {from}")]
    Insufficient {
        /// What was there.
        from: u128,
        /// What was taken.
        taken: u128,
    },
    /// A division by zero.
    #[error("a balance was divided by zero")]
    DivisionByZero,
    /// Outside of the limits that were given.
    #[error("{wei} wei are not within {min} and {max}")]
    OutOfRange {
        /// The balance.
        wei: u128,
        /// The least that is allowed.
        min: u128,
        /// The most that is allowed.
        max: u128,
    },
}

impl Balance {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// All that is ever minted.
    pub const MAX: Self = Self(MAX_SUPPLY);

    /// Takes wei.
    ///
    /// # Errors
    /// `AboveSupply`.
    pub const fn from_wei(wei: u128) -> Result<Self, BalanceError> {
        if wei > MAX_SUPPLY { Err(BalanceError::AboveSupply) } else { Ok(Self(wei)) }
    }

    /// Takes whole MDT.
    ///
    /// # Errors
    /// `AboveSupply`.
    pub const fn from_mdt(mdt: u128) -> Result<Self, BalanceError> {
        Self::from_wei(mdt.saturating_mul(WEI_PER_MDT))
    }

    /// Returns the wei.
    pub const fn wei(self) -> u128 {
        self.0
    }

    /// Adds.
    ///
    /// # Errors
    /// `AboveSupply`.
    pub const fn plus(self, other: Self) -> Result<Self, BalanceError> {
        Self::from_wei(self.0.saturating_add(other.0))
    }

    /// Subtracts.
    ///
    /// # Errors
    /// `Insufficient`.
    pub const fn minus(self, other: Self) -> Result<Self, BalanceError> {
        match self.0.checked_sub(other.0) {
            Some(wei) => Ok(Self(wei)),
            None => Err(BalanceError::Insufficient { from: self.0, taken: other.0 }),
        }
    }

    /// Multiplies by a number.
    ///
    /// # Errors
    /// `AboveSupply`.
    pub const fn times(self, factor: u128) -> Result<Self, BalanceError> {
        Self::from_wei(self.0.saturating_mul(factor))
    }

    /// Divides by a number, rounding down.
    ///
    /// # Errors
    /// `DivisionByZero`.
    pub const fn over(self, divisor: u128) -> Result<Self, BalanceError> {
        match self.0.checked_div(divisor) {
            Some(wei) => Ok(Self(wei)),
            None => Err(BalanceError::DivisionByZero),
        }
    }

    /// Sums; the sum of none is nothing.
    ///
    /// # Errors
    /// `AboveSupply`.
    pub fn sum(balances: impl IntoIterator<Item = Self>) -> Result<Self, BalanceError> {
        balances.into_iter().try_fold(Self::ZERO, Self::plus)
    }

    /// Returns the balance if it lies within both limits, themselves included.
    ///
    /// # Errors
    /// `OutOfRange`.
    pub const fn within(self, min: Self, max: Self) -> Result<Self, BalanceError> {
        if self.0 < min.0 || self.0 > max.0 {
            return Err(BalanceError::OutOfRange { wei: self.0, min: min.0, max: max.0 });
        }
        Ok(self)
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} wei", self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::{Balance, BalanceError};
    use crate::units::MAX_SUPPLY;

    fn wei(wei: u128) -> Balance {
        Balance::from_wei(wei).unwrap()
    }

    #[test]
    fn a_balance_lies_between_nothing_and_the_maximum_supply() {
        assert_eq!(Balance::from_mdt(21_000_000), Ok(Balance::MAX));
        assert_eq!(Balance::from_wei(MAX_SUPPLY + 1), Err(BalanceError::AboveSupply));
        assert_eq!(Balance::from_mdt(u128::MAX), Err(BalanceError::AboveSupply));
        assert_eq!(Balance::MAX.plus(wei(1)), Err(BalanceError::AboveSupply));
        assert_eq!(wei(1).minus(wei(2)), Err(BalanceError::Insufficient { from: 1, taken: 2 }));
        assert_eq!(Balance::MAX.times(u128::MAX), Err(BalanceError::AboveSupply));
        assert_eq!(wei(7).over(0), Err(BalanceError::DivisionByZero));
        assert_eq!(wei(7).over(2), Ok(wei(3)));
        assert_eq!(wei(7).to_string(), "7 wei");
    }

    #[test]
    fn the_sum_of_no_balances_is_nothing() {
        assert_eq!(Balance::sum([]), Ok(Balance::ZERO));
        assert_eq!(Balance::sum([wei(1), wei(2), wei(3)]), Ok(wei(6)));
        assert_eq!(Balance::sum([Balance::MAX, wei(1)]), Err(BalanceError::AboveSupply));
    }

    #[test]
    fn limits_are_within_themselves() {
        let (low, high) = (wei(5), wei(9));
        assert!([5, 7, 9].iter().all(|inside| wei(*inside).within(low, high).is_ok()));
        assert_eq!(wei(4).within(low, high), Err(BalanceError::OutOfRange { wei: 4, min: 5, max: 9 }));
        assert!(wei(10).within(low, high).is_err() && low < high && high != low);
    }

    proptest! {
        #[test]
        fn no_operation_leaves_the_range(a in 0..=MAX_SUPPLY, b in 0..=MAX_SUPPLY, scalar: u128) {
            let results = [wei(a).plus(wei(b)), wei(a).minus(wei(b)), wei(a).times(scalar), wei(a).over(scalar)];
            prop_assert!(results.iter().flatten().all(|result| *result <= Balance::MAX));
            prop_assert_eq!(results[0].is_ok(), a + b <= MAX_SUPPLY);
            prop_assert_eq!(results[1].is_ok(), a >= b);
        }
    }
}
