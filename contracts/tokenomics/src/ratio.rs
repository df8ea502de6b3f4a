//! Ratios in parts per million: a whole number from 0 to 1,000,000.
//!
//! Guarantees that a [`Ppm`] is never above one whole, so that a part of an amount is never more than the amount.

use thiserror::Error;

use crate::division::Divisor;
use crate::units::PPM;

/// Divides by a million.
pub(crate) const BY_PPM: Divisor = constant(PPM as u128);

/// Divides by a million millions: what two ratios together are parts of.
pub(crate) const BY_PPM_SQUARED: Divisor = constant(PPM as u128 * PPM as u128);

/// A ratio in parts per million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ppm(u32);

/// A ratio above one whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a ratio is at most 1000000 parts per million, this is {ppm}")]
pub struct RatioError {
    /// What was given.
    pub ppm: u32,
}

impl Ppm {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The whole.
    pub const ONE: Self = Self(PPM);

    /// Takes parts per million.
    ///
    /// # Errors
    /// If they are more than a million.
    pub const fn new(ppm: u32) -> Result<Self, RatioError> {
        if ppm > PPM { Err(RatioError { ppm }) } else { Ok(Self(ppm)) }
    }

    /// Takes parts per million; more than a million are a million.
    pub const fn saturating(ppm: u128) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "below a million")]
        if ppm < PPM as u128 { Self(ppm as u32) } else { Self::ONE }
    }

    /// Returns `floor(part * 10^6 / whole)`: 0 of a whole of 0, and never more than the whole.
    pub fn of(part: u128, whole: u128) -> Self {
        match Divisor::new(whole) {
            None => Self::ZERO,
            Some(_) if part >= whole => Self::ONE,
            Some(whole) => Self::saturating(whole.mul_div(part, u128::from(PPM)).unwrap_or_default()),
        }
    }

    /// Returns the parts per million.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Returns the parts per million, ready for a product.
    pub(crate) const fn wide(self) -> u128 {
        self.0 as u128
    }

    /// Returns what is missing to the whole.
    pub const fn complement(self) -> Self {
        Self(PPM.saturating_sub(self.0))
    }

    /// Returns `floor(amount * ratio / 10^6)`.
    #[inline(always)]
    pub const fn part_of(self, amount: u128) -> u128 {
        match BY_PPM.mul_div(amount, self.wide()) {
            Some(part) => part,
            // Not reached: the ratio is at most one, so that the quotient is at most the amount.
            None => amount,
        }
    }
}

/// Returns the divisor of a constant, which is not 0.
pub(crate) const fn constant(number: u128) -> Divisor {
    match Divisor::new(number) {
        Some(divisor) => divisor,
        None => panic!("a constant divisor is not 0"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::{Ppm, RatioError};

    #[test]
    fn a_ratio_ends_at_the_whole() {
        assert_eq!(Ppm::new(1_000_000), Ok(Ppm::ONE));
        assert_eq!(Ppm::new(1_000_001), Err(RatioError { ppm: 1_000_001 }));
        assert_eq!(Ppm::saturating(u128::MAX), Ppm::ONE);
        assert_eq!(Ppm::new(400_000).unwrap().complement(), Ppm::new(600_000).unwrap());
    }

    #[test]
    fn a_part_of_nothing_is_nothing_and_of_the_whole_the_whole() {
        assert_eq!(Ppm::of(0, 0), Ppm::ZERO);
        assert_eq!(Ppm::of(5, 0), Ppm::ZERO);
        assert_eq!(Ppm::of(u128::MAX, u128::MAX), Ppm::ONE);
        assert_eq!(Ppm::of(1, 3), Ppm::new(333_333).unwrap());
        assert_eq!(Ppm::ONE.part_of(u128::MAX), u128::MAX);
    }

    proptest! {
        #[test]
        fn a_part_is_the_floor_of_the_exact_fraction(amount: u128, ppm in 0..=1_000_000_u32) {
            let exact = BigUint::from(amount) * ppm / 1_000_000_u32;
            prop_assert_eq!(BigUint::from(Ppm::new(ppm).unwrap().part_of(amount)), exact);
        }

        #[test]
        fn a_ratio_of_two_amounts_is_the_floor_of_the_exact_fraction(part: u128, whole in 1..=u128::MAX) {
            let exact = (BigUint::from(part) * 1_000_000_u32 / whole).min(1_000_000_u32.into());
            prop_assert_eq!(BigUint::from(Ppm::of(part, whole).get()), exact);
        }
    }
}
