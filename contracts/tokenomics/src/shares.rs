//! Proportional shares with the largest remainder (economy E10, E11): an amount, whole to the last wei.
//!
//! Guarantees that the shares sum to the amount exactly. Each first gets `floor(amount * weight / total)`; the remainder,
//! fewer wei than there are shares, is handed out one wei at a time to the largest fractions, a tie going to the earlier
//! one. So a list in ascending order of address gives ties to the lower address.
//!
//! Costs one multiplication and one division a share, with a reciprocal that is computed once, and a selection that is
//! linear in the shares. A list that is too long for one block is divided in steps by [`Pool`].

use alloc::vec::Vec;
use core::cmp::Reverse;

use thiserror::Error;

use crate::division::{Divisor, Quotient};

/// Why an amount was not divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SharesError {
    /// There is no weight at all, so that nobody has a share.
    #[error("nobody has a weight: the amount has no owner")]
    NoWeight,
    /// The weights sum to more than 128 bits.
    #[error("the weights sum to more than 2^128 - 1")]
    Overflow,
    /// A weight exceeds the total that was given.
    #[error("a weight of {weight} exceeds the total of {total}")]
    AboveTotal {
        /// The weight.
        weight: u128,
        /// The total.
        total: u128,
    },
}

/// An amount to be divided by weights of a known total.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    amount: u128,
    total: Divisor,
}

impl Pool {
    /// Prepares the division of an amount.
    ///
    /// # Errors
    /// `NoWeight` if the total is 0.
    pub const fn new(amount: u128, total: u128) -> Result<Self, SharesError> {
        match Divisor::new(total) {
            Some(total) => Ok(Self { amount, total }),
            None => Err(SharesError::NoWeight),
        }
    }

    /// Returns the floor of a share, in wei, and its fraction, in parts of the total.
    ///
    /// # Errors
    /// `AboveTotal` if the weight exceeds the total.
    #[inline]
    pub fn share(&self, weight: u128) -> Result<Quotient, SharesError> {
        match self.total.mul_div_rem(self.amount, weight) {
            Some(share) if weight <= self.total.get() => Ok(share),
            _ => Err(SharesError::AboveTotal { weight, total: self.total.get() }),
        }
    }
}

/// Divides an amount by weights; returns the shares in their order, in wei.
///
/// # Errors
/// `NoWeight` if no weight is above 0; `Overflow` if they sum to more than 128 bits.
pub fn divide(amount: u128, weights: &[u128]) -> Result<Vec<u128>, SharesError> {
    let total = weights.iter().try_fold(0_u128, |sum, weight| sum.checked_add(*weight)).ok_or(SharesError::Overflow)?;
    let pool = Pool::new(amount, total)?;
    let parts = weights.iter().map(|weight| pool.share(*weight)).collect::<Result<Vec<_>, _>>()?;
    let mut shares: Vec<u128> = parts.iter().map(|part| part.quotient).collect();
    // The floors sum to at most the amount.
    let left = shares.iter().fold(amount, |left, share| left.saturating_sub(*share));
    let left = usize::try_from(left).unwrap_or(usize::MAX);
    if let Some(last) = left.checked_sub(1) {
        let mut order: Vec<usize> = (0..parts.len()).collect();
        let fraction = |place: &usize| parts.get(*place).map_or(0, |part| part.remainder);
        if last < order.len() {
            order.select_nth_unstable_by_key(last, |place| (Reverse(fraction(place)), *place));
        }
        for place in order.into_iter().take(left) {
            if let Some(share) = shares.get_mut(place) {
                *share = share.saturating_add(1);
            }
        }
    }
    Ok(shares)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use alloc::vec;
    use alloc::vec::Vec;

    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    use super::{Pool, SharesError, divide};

    /// The same by exact fractions, one wei after the other.
    fn exact(amount: u128, weights: &[u128]) -> Vec<u128> {
        let total: BigInt = weights.iter().map(|weight| BigInt::from(*weight)).sum();
        let fractions: Vec<_> =
            weights.iter().map(|weight| BigRational::new(BigInt::from(*weight) * amount, total.clone())).collect();
        let mut shares: Vec<BigInt> = fractions.iter().map(BigRational::to_integer).collect();
        let mut taken = vec![false; weights.len()];
        while shares.iter().sum::<BigInt>() < BigInt::from(amount) {
            let mut best: Option<usize> = None;
            for (place, fraction) in fractions.iter().enumerate().filter(|(place, _)| !taken[*place]) {
                if best.is_none_or(|best| fraction.fract() > fractions[best].fract()) {
                    best = Some(place);
                }
            }
            taken[best.unwrap()] = true;
            shares[best.unwrap()] += 1;
        }
        shares.into_iter().map(|share| share.try_into().unwrap()).collect()
    }

    #[test]
    fn the_remainder_goes_to_the_largest_fractions_and_ties_to_the_earlier() {
        assert_eq!(divide(100, &[1, 1, 1]), Ok(vec![34, 33, 33]));
        assert_eq!(divide(101, &[1, 1, 1]), Ok(vec![34, 34, 33]));
        // Fractions .2, .4 and .4.
        assert_eq!(divide(8, &[4, 3, 3]), Ok(vec![3, 3, 2]));
        assert_eq!(divide(2, &[5, 7, 7, 1]), Ok(vec![0, 1, 1, 0]));
        assert_eq!(divide(0, &[5, 7]), Ok(vec![0, 0]));
        assert_eq!(divide(9, &[0, 7, 0]), Ok(vec![0, 9, 0]));
    }

    #[test]
    fn an_amount_without_an_owner_is_not_divided() {
        assert_eq!(divide(1, &[]), Err(SharesError::NoWeight));
        assert_eq!(divide(1, &[0, 0]), Err(SharesError::NoWeight));
        assert_eq!(divide(1, &[u128::MAX, 1]), Err(SharesError::Overflow));
    }

    #[test]
    fn a_share_is_never_more_than_the_pool() {
        let pool = Pool::new(u128::MAX, 10).unwrap();
        assert_eq!(pool.share(10).unwrap().quotient, u128::MAX);
        assert_eq!(pool.share(11), Err(SharesError::AboveTotal { weight: 11, total: 10 }));
        assert_eq!(Pool::new(5, 10).unwrap().share(20), Err(SharesError::AboveTotal { weight: 20, total: 10 }));
    }

    proptest! {
        #[test]
        fn shares_are_those_of_exact_fractions(
            amount in prop_oneof![0..100_u128, 0..=21_000_000_000_000_000_u128, any::<u128>()],
            weights in prop::collection::vec(prop_oneof![0..4_u128, 0..=1_000_000_u128, any::<u64>().prop_map(u128::from), 0..u128::MAX / 64], 1..40),
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let shares = divide(amount, &weights).unwrap();
            prop_assert_eq!(&shares, &exact(amount, &weights));
            prop_assert_eq!(shares.iter().sum::<u128>(), amount);
        }
    }
}
