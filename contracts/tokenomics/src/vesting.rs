//! Vesting (economy E30): what of a grant belongs to its holder at a height.
//!
//! ```text
//! height          vested
//! before start    0
//! before cliff    amount at the start
//! from the cliff  at the start + floor((total - at the start) * (height - cliff) / length)
//! from the end    total                                                   where end = cliff + length
//! ```
//!
//! Guarantees that it never shrinks as the height grows, and never exceeds the total.

use thiserror::Error;

use crate::division::mul_div;

/// A grant that vests; amounts in wei, times in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vesting {
    total: u128,
    at_start: u128,
    start: u64,
    cliff: u64,
    length: u64,
}

/// Why a grant is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum VestingError {
    /// More at the start than in all.
    #[error("{at_start} wei at the start are more than the grant of {total}")]
    AboveTotal {
        /// The amount at the start.
        at_start: u128,
        /// The grant.
        total: u128,
    },
    /// The end has no height.
    #[error("the grant ends beyond the last height there is")]
    End,
}

impl Vesting {
    /// Takes a grant: its total, the amount at the start, the height of the start, and how many blocks the cliff and
    /// then the linear part last. With a length of 0 all of it vests at the cliff.
    ///
    /// # Errors
    /// `AboveTotal`, `End`.
    pub const fn new(total: u128, at_start: u128, start: u64, cliff: u64, length: u64) -> Result<Self, VestingError> {
        if at_start > total {
            return Err(VestingError::AboveTotal { at_start, total });
        }
        match start.checked_add(cliff) {
            Some(cliff) if cliff.checked_add(length).is_some() => Ok(Self { total, at_start, start, cliff, length }),
            _ => Err(VestingError::End),
        }
    }

    /// Returns what has vested at a height, in wei.
    pub fn vested(&self, height: u64) -> u128 {
        if height < self.start {
            return 0;
        }
        let Some(elapsed) = height.checked_sub(self.cliff) else { return self.at_start };
        if elapsed >= self.length {
            return self.total;
        }
        let linear = self.total.saturating_sub(self.at_start);
        let grown = mul_div(linear, elapsed.into(), self.length.into()).unwrap_or_default();
        self.at_start.saturating_add(grown)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::{Vesting, VestingError};

    #[test]
    fn a_grant_vests_at_the_start_then_from_the_cliff_to_the_end() {
        let grant = Vesting::new(1_000, 100, 10, 20, 90).unwrap();
        let vested = [0, 9, 10, 29, 30, 31, 75, 119, 120, u64::MAX].map(|height| grant.vested(height));
        assert_eq!(vested, [0, 0, 100, 100, 100, 110, 550, 990, 1_000, 1_000]);
    }

    #[test]
    fn without_a_length_all_of_it_vests_at_the_cliff() {
        let grant = Vesting::new(7, 0, 5, 5, 0).unwrap();
        assert_eq!([4, 9, 10].map(|height| grant.vested(height)), [0, 0, 7]);
    }

    #[test]
    fn a_grant_that_gives_too_much_or_never_ends_is_refused() {
        assert_eq!(Vesting::new(1, 2, 0, 0, 1), Err(VestingError::AboveTotal { at_start: 2, total: 1 }));
        assert_eq!(Vesting::new(1, 1, 1, u64::MAX, 0), Err(VestingError::End));
        assert_eq!(Vesting::new(1, 1, 1, u64::MAX - 1, 1), Err(VestingError::End));
    }

    proptest! {
        #[test]
        fn the_vested_amount_is_exact_and_never_shrinks(total: u128, part in 0..=100_u128, cliff in 0..1_000_u64, length in 1..100_000_u64, now in 0..200_000_u64) {
            let at_start = total / 100 * part;
            let grant = Vesting::new(total, at_start, 50, cliff, length).unwrap();
            let vested = grant.vested(now);
            prop_assert!(vested <= total && grant.vested(now + 1) >= vested);
            if now >= 50 + cliff && now < 50 + cliff + length {
                let exact = BigUint::from(total - at_start) * (now - 50 - cliff) / length + at_start;
                prop_assert_eq!(BigUint::from(vested), exact);
            }
        }
    }
}
