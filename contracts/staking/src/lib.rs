//! Staking: who validates, with how much stake, what that earns and what it costs to misbehave.
//!
//! Guarantees:
//! - what is bonded, unbonding and owed as rewards is never more than the contract holds;
//! - a change of stake, commission or parameters counts from the next epoch; what counted in an epoch never changes after it;
//! - rewards go to those whose stake counted in their epoch; an account is settled before its stake changes;
//! - a slash follows the stake of the offence for the whole unbonding period, and falls on validator and delegators alike;
//! - nobody but the slashing contract, which verifies evidence, slashes.
//!
//! ```text
//!             register, own stake >= minimum                      double signing
//!   account ────────────────────────────────> in the set ───────────────────────────────> jailed
//!                                              │   ^  ^                                      │
//!                            own stake unbonded│   │  └──────── unjail, 7,200 blocks later ──┘
//!                                              v   │own stake
//!                                            out of the set
//! ```
//!
//! Amounts are counted here and not read from the contract's balance, so that a donation is a donation.
//!
//! Costs are bounded by the 256 members of the set, by 16 unsettled changes of a delegation, and in a slash by the epochs of the
//! unbonding period; never by the number of delegators.
#![cfg_attr(not(test), no_std)]

mod bonding;
mod epochs;
pub mod errors;
pub mod events;
mod members;
mod rewards;
mod slashing;
pub mod storage;

pub use bonding::{SPANS_MAX, WITHDRAWALS_MAX};
pub use errors::StakingError;
pub use events::{Delegated, Rewarded, RewardsClaimed, Slashed, Unbonded, ValidatorChanged, Withdrawn};
pub use members::{MEMBERS_MAX, RETIRE_EPOCHS};
pub use staking::{PAGE_MAX, StakingClient};
pub use storage::{Signature, Staking};

/// The messages. Each checks, loads, computes, stores and emits, in that order, and pays last.
#[florin_sdk::contract(events(Delegated, Unbonded, Withdrawn, Rewarded, RewardsClaimed, ValidatorChanged, Slashed))]
pub mod staking {
    use florin_sdk::env::Scheme;
    use florin_sdk::prelude::*;
    use florin_sdk::vote::Possession;
    use florin_tokenomics::division::quotient;
    use florin_tokenomics::validate::{self, Account};

    use crate::epochs::ALL;
    use crate::errors::{Refusal, StakingError, refusal};
    use crate::events::{Delegated, Rewarded, RewardsClaimed, Slashed, Unbonded, ValidatorChanged, Withdrawn};
    use crate::storage::{Settings, Signature, Staking, Validator};

    /// The entries of a page at most.
    pub const PAGE_MAX: u32 = 128;

    impl Staking {
        /// Names the slashing contract, which sets the parameters too, the rewards contract, and the blocks of an epoch; gives the
        /// least own stake of a validator, and how long unbonding takes, in blocks.
        #[init]
        pub fn new(
            &mut self,
            slashing: Address,
            rewards: Address,
            epoch_blocks: u64,
            min_stake: u128,
            unbonding_blocks: u64,
        ) -> Result<(), Refusal> {
            let is_nobody = |account: Address| Account::new(account.into_array()).is_err();
            if is_nobody(slashing) || is_nobody(rewards) || epoch_blocks == 0 {
                return Err(refusal(StakingError::InvalidParameter));
            }
            self.settings.set(&Settings { slashing, rewards, epoch_blocks });
            self.set_parameters_from(0, min_stake, unbonding_blocks)
        }

        /// Makes the caller a validator with an ed25519 consensus key, a signature that shows that it holds the key
        /// (`florin_abi::vote::Possession`), a commission, and the value of the call as its own stake.
        #[payable]
        pub fn register(&mut self, key: B256, possession: Signature, commission: u32) -> Result<(), Refusal> {
            let (validator, stake) = (env().caller(), env().value());
            if self.validators.contains(&validator) {
                return Err(refusal(StakingError::AlreadyRegistered));
            }
            if self.keys.contains(&key) {
                return Err(refusal(StakingError::KeyTaken));
            }
            checked_commission(commission)?;
            let (min_stake, _) = self.parameters_in(self.next_epoch());
            if stake < min_stake {
                return Err(refusal(StakingError::BelowMinimum { stake, min_stake }));
            }
            let proven = Possession { chain_id: env().chain_id(), validator: validator.into_array(), key: key.0 };
            if !env().verify_signature(
                Scheme::Ed25519,
                key.as_slice(),
                &proven.encode(),
                possession.map(|half| half.0).as_flattened(),
            ) {
                return Err(refusal(StakingError::InvalidPossession));
            }
            self.keys.set(&key, &validator);
            let record = Validator { key, stake: 0, shares: 0, jailed_until: 0 };
            self.keep(&validator, &record);
            self.bond(&validator, &validator, stake)?;
            self.admit(&validator)?;
            self.refresh(&validator, Some(commission))
        }

        /// Stakes the value of the call with a validator; a validator adds to its own stake.
        #[payable]
        pub fn delegate(&mut self, validator: Address) -> Result<(), Refusal> {
            self.bond(&validator, &env().caller(), env().value())?;
            if validator == env().caller() {
                self.admit(&validator)?;
            }
            self.refresh(&validator, None)
        }

        /// Changes the caller's commission, in ppm.
        pub fn set_commission(&mut self, ppm: u32) -> Result<(), Refusal> {
            checked_commission(ppm)?;
            self.refresh(&env().caller(), Some(ppm))
        }

        /// Begins to take an amount back from a validator; returns the height from which on it can be withdrawn.
        pub fn unbond(&mut self, validator: Address, amount: u128) -> Result<u64, Refusal> {
            let ready = self.unbond_from(&validator, &env().caller(), amount)?;
            self.refresh(&validator, None)?;
            Ok(ready)
        }

        /// Pays the caller what it unbonded of a validator and is ready, 64 entries a call; returns the amount.
        pub fn withdraw(&mut self, validator: Address) -> Result<u128, Refusal> {
            self.withdraw_from(&validator, &env().caller())
        }

        /// Pays the caller its rewards with a validator, for a validator its commissions too; returns the amount.
        pub fn claim_rewards(&mut self, validator: Address) -> Result<u128, Refusal> {
            self.pay_rewards(&validator, &env().caller())
        }

        /// Takes the value of the call as the reward of a validator and its delegators for an epoch that is over. A validator is
        /// paid once an epoch, epochs come in order. Only for the rewards contract.
        #[payable]
        pub fn reward(&mut self, epoch: u64, validator: Address) -> Result<(), Refusal> {
            self.open(epoch)?;
            self.open_epoch.set(&epoch);
            self.accrue(epoch, &validator, env().value())
        }

        /// Says that the rewards of an epoch, and of all before, are complete. Only for the rewards contract.
        pub fn close_epoch(&mut self, epoch: u64) -> Result<(), Refusal> {
            self.open(epoch)?;
            self.open_epoch.set(&epoch.saturating_add(1));
            Ok(())
        }

        /// Takes `floor(stake * ratio / 10^12)` of the stake of a validator that counted in an epoch, from all who had it bonded
        /// then and still have, or have it unbonding; pays it to the caller and jails the validator until a height (0: not);
        /// returns the amount. Only for the slashing contract.
        pub fn slash(
            &mut self,
            validator: Address,
            epoch: u64,
            ratio: u64,
            jailed_until: u64,
        ) -> Result<u128, Refusal> {
            only(self.settings().slashing)?;
            self.slash_for(&validator, epoch, ratio, jailed_until)
        }

        /// Brings the caller back from jail, when its time is over.
        pub fn unjail(&mut self) -> Result<(), Refusal> {
            let validator = env().caller();
            let mut record = self.record(&validator)?;
            let until = record.jailed_until;
            if until == 0 || env().block_height() < until {
                return Err(refusal(StakingError::Jailed { until }));
            }
            record.jailed_until = 0;
            self.keep(&validator, &record);
            self.admit(&validator)?;
            self.refresh(&validator, None)
        }

        /// Makes room in the set: takes a validator out that was not effective for 128 epochs. Anybody may ask for it.
        pub fn retire(&mut self, validator: Address) -> Result<(), Refusal> {
            self.dismiss(&validator)
        }

        /// Sets the parameters from the next epoch on: the least own stake, and how long unbonding takes, in blocks. What is
        /// unbonding keeps its terms. Only for the slashing contract, whose owner asks for it.
        pub fn set_parameters(&mut self, min_stake: u128, unbonding_blocks: u64) -> Result<(), Refusal> {
            only(self.settings().slashing)?;
            self.set_parameters_from(self.next_epoch(), min_stake, unbonding_blocks)
        }

        /// Returns the parameters of an epoch: the least own stake, and how long unbonding takes, in blocks.
        pub fn parameters(&self, epoch: u64) -> (u128, u64) {
            self.parameters_in(epoch)
        }

        /// Returns a validator: key, stake and own stake as of now, commission and membership of the next epoch's set, and the
        /// height from which on it may come back from jail.
        pub fn validator(&self, validator: Address) -> Result<(B256, u128, u128, u32, u64, bool), Refusal> {
            let record = self.record(&validator)?;
            let own = self.own_stake(&validator, &record);
            let next = self.effective_in(&validator, self.next_epoch());
            Ok((record.key, record.stake, own, next.commission, record.jailed_until, next.stake > 0))
        }

        /// Returns an account's stake with a validator as of now, and the rewards that it can claim.
        pub fn delegation(&self, validator: Address, delegator: Address) -> Result<(u128, u128), Refusal> {
            let mut delegation = self.delegation_of(&validator, &delegator);
            self.settle(&validator, &mut delegation)?;
            Ok((self.record(&validator)?.pool().worth(delegation.shares()), delegation.owed))
        }

        /// Returns the oldest of what an account unbonded of a validator and has not withdrawn: the height from which on it can be,
        /// and what is left of it; zeros if there is nothing.
        pub fn unbonding(&self, validator: Address, delegator: Address) -> (u64, u128) {
            let Some((epoch, shares)) = self.oldest_entry(&validator, &delegator) else { return (0, 0) };
            let leaving = self.leaving_in(&validator, epoch).unwrap_or_default();
            (leaving.ready, leaving.pool().worth(shares))
        }

        /// Returns the stake of a validator that counts in an epoch; 0 if it is not in the set.
        pub fn effective_stake(&self, validator: Address, epoch: u64) -> u128 {
            self.effective_in(&validator, epoch).stake
        }

        /// Returns the stake of all validators together that counts in an epoch, and the least that is more than two thirds of it.
        pub fn total_stake(&self, epoch: u64) -> (u128, u128) {
            let total = self.effective_in(&ALL, epoch).stake;
            (total, quotient(total, 2, 3).unwrap_or_default().quotient.saturating_add(1))
        }

        /// Returns the place of a validator in the set of an epoch, in the order of the addresses; 2^32 - 1 if it is not in it.
        pub fn place(&self, validator: Address, epoch: u64) -> u32 {
            self.place_in(&validator, epoch).unwrap_or(u32::MAX)
        }

        /// Returns a page of the set of an epoch in the order of the addresses, behind an address (zero: from the beginning):
        /// validators, consensus keys, stakes. At most 128; a page that is not full is the last. Sets are complete for the last
        /// 128 epochs.
        pub fn validators(&self, epoch: u64, after: Address, limit: u32) -> (Vec<Address>, Vec<B256>, Vec<u128>) {
            let (mut validators, mut keys, mut stakes) = (Vec::new(), Vec::new(), Vec::new());
            for (member, _) in self.members.iter_after(&after) {
                if validators.len() >= limit.min(PAGE_MAX) as usize {
                    break;
                }
                let stake = self.effective_in(&member, epoch).stake;
                if let Some(record) = self.validators.get(&member).filter(|_| stake > 0) {
                    validators.push(member);
                    keys.push(record.key);
                    stakes.push(stake);
                }
            }
            (validators, keys, stakes)
        }

        /// Checks that the rewards contract calls for an epoch that has ended and is not complete.
        fn open(&self, epoch: u64) -> Result<(), Refusal> {
            only(self.settings().rewards)?;
            let open_epoch = self.open_epoch.get_or_default();
            if epoch < open_epoch || epoch >= self.this_epoch() {
                return Err(refusal(StakingError::EpochClosed { epoch, open_epoch }));
            }
            Ok(())
        }
    }

    fn checked_commission(ppm: u32) -> Result<(), Refusal> {
        validate::score(ppm.into()).map(|_| ()).map_err(|_| refusal(StakingError::InvalidParameter))
    }

    fn only(allowed: Address) -> Result<(), Refusal> {
        if env().caller() == allowed { Ok(()) } else { Err(refusal(StakingError::Unauthorized { allowed })) }
    }
}

#[cfg(test)]
mod tests;
