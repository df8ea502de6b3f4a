//! The reward index (economy E22): rewards of many stakes by one number, so that a reward costs the same for any number
//! of accounts.
//!
//! ```text
//! index += floor(reward * 10^18 / total stake)
//! owed  =  floor(stake * (index - index when the stake was last settled) / 10^18)
//! ```
//!
//! Guarantees that all accounts together are never owed more than the rewards: both formulas round down. While the total
//! stake is below 10^18 wei, as it is with any supply, a reward leaves less than one wei behind, and a settlement less
//! than one. An account is settled before its stake changes.

use crate::division::Divisor;
use crate::ratio::constant;

/// One whole of the index.
pub const INDEX_SCALE: u128 = 1_000_000_000_000_000_000;

const BY_SCALE: Divisor = constant(INDEX_SCALE);

/// What a stake of one wei was paid since the beginning, in 10^-18 wei.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RewardIndex(pub u128);

impl RewardIndex {
    /// Pays a reward in wei to a total stake in wei. `None` if there is no stake, or the index would pass 128 bits.
    pub fn accrue(self, reward: u128, total_stake: u128) -> Option<Self> {
        let step = Divisor::new(total_stake)?.mul_div(reward, INDEX_SCALE)?;
        self.0.checked_add(step).map(Self)
    }

    /// Returns what a stake in wei is owed since it was settled at an earlier index, in wei. `None` if that index is a
    /// later one, or the amount passes 128 bits.
    #[inline]
    pub fn owed(self, stake: u128, settled: Self) -> Option<u128> {
        BY_SCALE.mul_div(stake, self.0.checked_sub(settled.0)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::{INDEX_SCALE, RewardIndex};

    #[test]
    fn three_equal_stakes_get_a_third_each_and_what_is_less_than_a_wei_waits() {
        let index = RewardIndex::default().accrue(100, 3).unwrap();
        assert_eq!(index.owed(1, RewardIndex::default()), Some(33));
        let next = index.accrue(2, 3).unwrap();
        assert_eq!(next.owed(1, index), Some(0));
        // A third and two thirds, which only together are a wei: an account that waits gets it, but for 10^-18.
        assert_eq!(next.accrue(1, 3).unwrap().owed(1, RewardIndex::default()), Some(34));
    }

    #[test]
    fn without_a_stake_nothing_accrues_and_an_index_does_not_go_back() {
        assert_eq!(RewardIndex::default().accrue(1, 0), None);
        assert_eq!(RewardIndex(1).owed(1, RewardIndex(2)), None);
        assert_eq!(RewardIndex(u128::MAX).accrue(1, 1), None);
        assert_eq!(RewardIndex::default().accrue(u128::MAX, 1), None);
    }

    proptest! {
        #[test]
        fn both_formulas_are_the_floor_of_the_exact_fraction(reward in 0..=21_000_000_000_000_000_u128, total in 1..=21_000_000_000_000_000_u128, part in 0..=1_000_000_u128) {
            let index = RewardIndex::default().accrue(reward, total).unwrap();
            let exact = BigUint::from(reward) * INDEX_SCALE / total;
            prop_assert_eq!(BigUint::from(index.0), exact.clone());
            let stake = total * part / 1_000_000;
            prop_assert_eq!(BigUint::from(index.owed(stake, RewardIndex::default()).unwrap()), exact * stake / INDEX_SCALE);
        }

        #[test]
        fn accounts_are_never_owed_more_than_was_paid(stakes in prop::collection::vec(1..=1_000_000_000_000_u128, 1..20), rewards in prop::collection::vec(0..=50_000_000_000_u128, 1..20)) {
            let total: u128 = stakes.iter().sum();
            let index = rewards.iter().fold(RewardIndex::default(), |index, reward| index.accrue(*reward, total).unwrap());
            let owed: u128 = stakes.iter().map(|stake| index.owed(*stake, RewardIndex::default()).unwrap()).sum();
            let paid: u128 = rewards.iter().sum();
            prop_assert!(owed <= paid && paid - owed <= (stakes.len() + rewards.len()) as u128);
        }
    }
}
