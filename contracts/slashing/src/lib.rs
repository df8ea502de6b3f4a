//! Slashing: evidence against validators, verified here, and what it costs them.
//!
//! Guarantees:
//! - nothing but a validator's own signatures over votes of this chain, or the chain's own record, costs it anything;
//! - the order of two votes, who brings them and how often make no difference: an offence is punished once;
//! - reporter + burned + recycled = slashed, and the reporter gets less than the slash;
//! - the stake of the offence is followed by the staking contract for the whole unbonding period.
//!
//! ```text
//!   two votes ────> report_double_sign ──┐
//!   refused block > report_invalid_vote ─┼─> staking.slash ─> amount ─┬─> reporter   50,000 ppm
//!   the record ───> report_downtime ─────┘         │                  ├─> burned    450,000 ppm
//!                                                  └─ jail            └─> recycled   the rest
//! ```
//!
//! The owner of the economy's parameters is kept here, for this contract and for staking: a change counts from the next epoch.
//!
//! Costs a signature's price for each vote; all other checks come before. Downtime looks through the last 100 blocks and a set of
//! at most 256 validators for each epoch among them. Needs the right to burn.
#![cfg_attr(not(test), no_std)]

pub mod errors;
pub mod events;
mod evidence;
mod history;
mod parameters;
mod punishment;
pub mod storage;

pub use errors::SlashingError;
pub use events::{OwnershipTransferred, ParametersSet, Punished};
pub use parameters::DEFAULTS;
pub use slashing::{PAGE_MAX, SlashingClient};
pub use storage::{ParameterValues, Signature, Slashing};

/// The messages. Each checks, loads, computes, stores and emits, in that order, and pays last.
#[florin_sdk::contract(events(Punished, ParametersSet, OwnershipTransferred))]
pub mod slashing {
    use florin_sdk::SYSTEM;
    use florin_sdk::prelude::*;
    use florin_tokenomics::units::epoch_of;
    use florin_tokenomics::validate::Account;

    use crate::errors::{Refusal, SlashingError, refusal};
    use crate::events::{OwnershipTransferred, ParametersSet, Punished};
    use crate::evidence::SignedVote;
    use crate::punishment::StakingClient;
    use crate::storage::{ParameterValues, Parameters, Settings, Signature, Slashing, Terms};

    /// The entries of a page at most.
    pub const PAGE_MAX: u32 = 128;

    impl Slashing {
        /// Names who sets the parameters, the staking contract, the recycling pool, and the blocks of an epoch; gives the first
        /// parameters: jail and history in blocks; rate, severities of double signing, invalid votes and downtime,
        /// reporter's and burned part in ppm.
        #[init]
        pub fn new(
            &mut self,
            owner: Address,
            staking: Address,
            recycling: Address,
            epoch_blocks: u64,
            parameters: ParameterValues,
        ) -> Result<(), Refusal> {
            let is_nobody = |account: Address| Account::new(account.into_array()).is_err();
            if [owner, staking, recycling].into_iter().any(is_nobody) || epoch_blocks == 0 {
                return Err(refusal(SlashingError::InvalidParameter { place: 0 }));
            }
            let parameters = Parameters::checked(parameters)?;
            self.settings.set(&Settings { owner, offered: Address::ZERO, staking, recycling, epoch_blocks });
            self.terms.set(&Terms { before: parameters, changed: 0, after: parameters });
            Ok(())
        }

        /// Punishes a validator for two votes for one height and view; returns what was slashed. The reporter gets its part.
        pub fn report_double_sign(
            &mut self,
            validator: Address,
            height: u64,
            view: u64,
            hash_a: B256,
            signature_a: Signature,
            hash_b: B256,
            signature_b: Signature,
        ) -> Result<u128, Refusal> {
            let votes = [
                SignedVote { block_hash: hash_a, signature: signature_a },
                SignedVote { block_hash: hash_b, signature: signature_b },
            ];
            self.punish_double_sign(validator, height, view, &votes)
        }

        /// Punishes a validator for a vote for a block that the chain has refused; returns what was slashed.
        pub fn report_invalid_vote(
            &mut self,
            validator: Address,
            height: u64,
            view: u64,
            block_hash: B256,
            signature: Signature,
        ) -> Result<u128, Refusal> {
            self.punish_invalid_vote(validator, height, view, SignedVote { block_hash, signature })
        }

        /// Punishes a validator that signed fewer than half of the last 100 blocks; returns what was slashed.
        pub fn report_downtime(&mut self, validator: Address) -> Result<u128, Refusal> {
            self.punish_downtime(validator)
        }

        /// The hook, before the transactions of a block: takes note of who signed its parent. Only for the chain itself.
        pub fn on_block(&mut self) -> Result<(), Refusal> {
            only(SYSTEM)?;
            self.record_signers();
            Ok(())
        }

        /// Takes note of a block that the chain has refused. Only for the chain itself, whose consensus sends it.
        pub fn on_refused(&mut self, height: u64, block_hash: B256) -> Result<(), Refusal> {
            only(SYSTEM)?;
            self.refused.set(&(height, block_hash), &true);
            Ok(())
        }

        /// Sets the parameters of slashes from the next epoch on, in the constructor's order. Only for the owner.
        pub fn set_parameters(&mut self, parameters: ParameterValues) -> Result<(), Refusal> {
            let settings = self.settings();
            only(settings.owner)?;
            let after = Parameters::checked(parameters)?;
            let epoch = epoch_of(env().block_height(), settings.epoch_blocks);
            let (before, changed) = (self.parameters_now(), epoch.saturating_add(1));
            self.terms.set(&Terms { before, changed, after });
            env().emit(&ParametersSet { epoch: changed });
            Ok(())
        }

        /// Sets the parameters of staking from the next epoch on: the least own stake of a validator in wei, and how long unbonding
        /// takes in blocks. Only for the owner.
        pub fn set_staking_parameters(&mut self, min_stake: u128, unbonding_blocks: u64) -> Result<(), Refusal> {
            let settings = self.settings();
            only(settings.owner)?;
            let mut staking = StakingClient::at(settings.staking);
            let set = staking.set_parameters(min_stake, unbonding_blocks).send();
            set.map_err(|_| refusal(SlashingError::StakingFailed))?;
            let epoch = epoch_of(env().block_height(), settings.epoch_blocks);
            env().emit(&ParametersSet { epoch: epoch.saturating_add(1) });
            Ok(())
        }

        /// Offers the ownership to an account, which has to accept it; zero takes an offer back. Only for the owner.
        pub fn offer_ownership(&mut self, to: Address) -> Result<(), Refusal> {
            let settings = self.settings();
            only(settings.owner)?;
            self.settings.set(&Settings { offered: to, ..settings });
            Ok(())
        }

        /// Makes the caller the owner, if it was offered.
        pub fn accept_ownership(&mut self) -> Result<(), Refusal> {
            let settings = self.settings();
            only(settings.offered)?;
            let (owner, new_owner) = (settings.owner, settings.offered);
            self.settings.set(&Settings { owner: new_owner, offered: Address::ZERO, ..settings });
            env().emit(&OwnershipTransferred { owner, new_owner });
            Ok(())
        }

        /// Returns who sets the parameters.
        pub fn owner(&self) -> Address {
            self.settings().owner
        }

        /// Returns the parameters of the epoch that is running, in the constructor's order.
        pub fn parameters(&self) -> ParameterValues {
            self.parameters_now().values()
        }

        /// Returns a page of a validator's slashes from a number on, the oldest first: heights of the blocks that slashed, offences
        /// (0 double_sign, 1 invalid_vote, 2 downtime), amounts. At most 128.
        pub fn history(&self, validator: Address, first: u32, limit: u32) -> (Vec<u64>, Vec<u8>, Vec<u128>) {
            let (mut heights, mut kinds, mut amounts) = (Vec::new(), Vec::new(), Vec::new());
            let last = self.slash_count(validator).min(first.saturating_add(limit.min(PAGE_MAX)));
            for number in first..last {
                if let Some(slash) = self.slash_of(validator, number) {
                    heights.push(slash.height);
                    kinds.push(slash.kind);
                    amounts.push(slash.amount);
                }
            }
            (heights, kinds, amounts)
        }

        /// Returns how often a validator was slashed within the last blocks (0: the default window), and how much.
        pub fn slashed_within(&self, validator: Address, blocks: u64) -> (u32, u128) {
            let blocks = if blocks == 0 { self.parameters_now().history_blocks } else { blocks };
            self.slashes_since(validator, env().block_height().saturating_sub(blocks))
        }

        /// Tells whether a validator was slashed more than once within the default window.
        pub fn is_repeat_offender(&self, validator: Address) -> bool {
            self.slashed_within(validator, 0).0 > 1
        }

        /// Returns how many of the last 100 blocks a validator signed, and how many of them count for it.
        pub fn signatures(&self, validator: Address) -> Result<(u32, u32), Refusal> {
            let (signed, recorded, _) = self.uptime(validator)?;
            Ok((signed, recorded))
        }
    }

    fn only(allowed: Address) -> Result<(), Refusal> {
        if env().caller() == allowed { Ok(()) } else { Err(refusal(SlashingError::Unauthorized { allowed })) }
    }
}

#[cfg(test)]
mod tests;
