//! Stakes that are slashed together (economy E21, E24): an amount of wei, and shares of it.
//!
//! ```text
//! deposit  a wei     ->  floor(a * shares / stake) shares        the first deposit: a share a wei
//! withdraw a wei     ->  ceil(a * shares / stake) shares go; all of the owner's, if they are worth no more
//! slash    s wei     ->  stake falls, shares stay: everybody loses in proportion, without a loop over anybody
//! ```
//!
//! Guarantees that shares never take out more than the pool holds, and that each operation rounds in favour of those who stay.
//! A pool only counts what went through it, so what somebody else sends to its contract is no gain and no loss to anybody. While
//! nothing was slashed a share is a wei. Costs a division an operation.

use thiserror::Error;

use crate::division::quotient;

/// Wei that are slashed together, and the shares of those whose they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StakePool {
    /// What the pool holds, in wei.
    pub stake: u128,
    /// The shares of all owners together.
    pub shares: u128,
}

/// Why a pool does not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PoolError {
    /// All of the stake was slashed and its shares are still there: a deposit would belong to them.
    #[error("the pool is empty and has owners")]
    Drained,
    /// The shares are worth less.
    #[error("{asked} wei were asked of shares worth {worth}")]
    Insufficient {
        /// What was asked, in wei.
        asked: u128,
        /// What the shares are worth, in wei.
        worth: u128,
    },
    /// A sum has more than 128 bits.
    #[error("the pool would pass 2^128 - 1")]
    Overflow,
}

impl StakePool {
    /// Puts in an amount in wei; returns the shares that it is.
    ///
    /// # Errors
    /// `Drained`, `Overflow`.
    pub fn deposit(&mut self, amount: u128) -> Result<u128, PoolError> {
        let shares = match *self {
            Self { shares: 0, .. } => amount,
            Self { stake: 0, .. } => return Err(PoolError::Drained),
            Self { stake, shares } => quotient(amount, shares, stake).ok_or(PoolError::Overflow)?.quotient,
        };
        let stake = self.stake.checked_add(amount).ok_or(PoolError::Overflow)?;
        self.shares = self.shares.checked_add(shares).ok_or(PoolError::Overflow)?;
        self.stake = stake;
        Ok(shares)
    }

    /// Returns what shares are worth, in wei: `floor(shares * stake / all shares)`.
    #[inline(never)]
    pub fn worth(&self, shares: u128) -> u128 {
        quotient(shares.min(self.shares), self.stake, self.shares).unwrap_or_default().quotient
    }

    /// Takes out an amount in wei of the owner of `owned` shares; returns the shares that it costs, which are no more than those.
    /// All that they are worth costs all of them, so that nobody is left with a part of a wei.
    ///
    /// # Errors
    /// `Insufficient` if the shares are worth less.
    pub fn withdraw(&mut self, owned: u128, amount: u128) -> Result<u128, PoolError> {
        let worth = self.worth(owned);
        if amount > worth {
            return Err(PoolError::Insufficient { asked: amount, worth });
        }
        // Of an empty pool only nothing can be asked.
        let cost = quotient(amount, self.shares, self.stake).unwrap_or_default();
        let rounded_up = cost.quotient.saturating_add(u128::from(cost.remainder != 0));
        // What is within the worth of some shares costs no more than them, and is no more than the stake.
        let shares = if amount == worth && amount > 0 { owned } else { rounded_up };
        self.shares = self.shares.saturating_sub(shares);
        self.stake = self.stake.saturating_sub(amount);
        Ok(shares)
    }

    /// Takes out what shares are worth, in wei; the last shares take out all.
    pub fn redeem(&mut self, shares: u128) -> u128 {
        let (shares, worth) = (shares.min(self.shares), self.worth(shares));
        self.shares = self.shares.saturating_sub(shares);
        self.stake = self.stake.saturating_sub(worth);
        worth
    }

    /// Takes an amount in wei from all owners in proportion; returns what was taken, which is no more than there is.
    pub fn slash(&mut self, amount: u128) -> u128 {
        let taken = amount.min(self.stake);
        self.stake = self.stake.saturating_sub(taken);
        taken
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use alloc::vec;
    use alloc::vec::Vec;

    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::{PoolError, StakePool};
    use crate::units::MAX_SUPPLY;

    #[test]
    fn without_a_slash_a_share_is_a_wei() {
        let mut pool = StakePool::default();
        assert_eq!(pool.deposit(100), Ok(100));
        assert_eq!(pool.deposit(7), Ok(7));
        assert_eq!((pool.worth(7), pool.withdraw(7, 3)), (7, Ok(3)));
        assert_eq!(pool, StakePool { stake: 104, shares: 104 });
        assert_eq!((pool.redeem(4), pool.redeem(100), pool), (4, 100, StakePool::default()));
    }

    #[test]
    fn a_slash_falls_on_all_in_proportion_and_not_on_who_comes_later() {
        let mut pool = StakePool::default();
        assert_eq!((pool.deposit(600), pool.deposit(300)), (Ok(600), Ok(300)));
        assert_eq!(pool.slash(90), 90);
        assert_eq!((pool.worth(600), pool.worth(300)), (540, 270));
        // 81 wei are 90 shares, and worth 81 wei.
        assert_eq!(pool.deposit(81), Ok(90));
        assert_eq!((pool.worth(90), pool.worth(600)), (81, 540));
        assert_eq!(pool.slash(10_000), 891);
        assert_eq!(pool.deposit(1), Err(PoolError::Drained));
        assert_eq!(pool.redeem(600), 0);
    }

    #[test]
    fn more_than_shares_are_worth_is_not_taken_out() {
        let mut pool = StakePool { stake: 10, shares: 11 };
        assert_eq!(pool.withdraw(5, 5), Err(PoolError::Insufficient { asked: 5, worth: 4 }));
        assert_eq!(pool.withdraw(5, 4), Ok(5));
        assert_eq!(pool, StakePool { stake: 6, shares: 6 });
        assert_eq!(StakePool::default().withdraw(0, 0), Ok(0));
        assert_eq!(StakePool { stake: u128::MAX, shares: 1 }.deposit(1), Err(PoolError::Overflow));
    }

    /// Amounts up to what is ever minted, and the smallest.
    fn amount() -> impl Strategy<Value = u128> {
        prop_oneof![1..=20_u128, 1..=MAX_SUPPLY / 100]
    }

    proptest! {
        #[test]
        fn conversions_are_the_rounded_exact_fractions(stake in 1..=MAX_SUPPLY, shares in 1..=MAX_SUPPLY, amount in amount()) {
            let mut pool = StakePool { stake, shares };
            prop_assert_eq!(BigUint::from(pool.deposit(amount).unwrap()), BigUint::from(amount) * shares / stake);
            let pool = StakePool { stake, shares };
            prop_assert_eq!(BigUint::from(pool.worth(amount)), BigUint::from(amount.min(shares)) * stake / shares);
            let mut pool = StakePool { stake, shares };
            if amount < stake && let Ok(cost) = pool.withdraw(shares, amount) {
                prop_assert_eq!(BigUint::from(cost), (BigUint::from(amount) * shares + (stake - 1)) / stake);
            }
        }

        #[test]
        fn owners_are_never_owed_more_than_there_is_and_coming_and_going_is_no_gain(steps in prop::collection::vec((0..4_usize, 0..5_u8, amount()), 1..60)) {
            let (mut pool, mut owned) = (StakePool::default(), vec![0_u128; 4]);
            for (owner, step, amount) in steps {
                match step {
                    0 | 1 => if let Ok(shares) = pool.deposit(amount) { owned[owner] += shares },
                    2 => if let Ok(shares) = pool.withdraw(owned[owner], amount) { owned[owner] -= shares },
                    3 => {
                        // In and out again brings at most what was put in, and costs nobody anything.
                        let worths: Vec<u128> = owned.iter().map(|shares| pool.worth(*shares)).collect();
                        if let Ok(shares) = pool.deposit(amount) { prop_assert!(pool.redeem(shares) <= amount) }
                        prop_assert!(owned.iter().zip(worths).all(|(shares, worth)| pool.worth(*shares) >= worth));
                    }
                    _ => { pool.slash(amount); }
                }
                let worth: u128 = owned.iter().map(|shares| pool.worth(*shares)).sum();
                prop_assert!(worth <= pool.stake && pool.stake - worth <= 4 || pool.shares == 0);
                prop_assert_eq!(owned.iter().sum::<u128>(), pool.shares);
            }
        }
    }
}
