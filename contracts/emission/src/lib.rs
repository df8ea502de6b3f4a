//! Emission: the epoch machine of the economy (E5 to E10, E13).
//!
//! Guarantees:
//! - each epoch is settled once, in order, by the hook alone; epochs that were missed are caught up, as many in a block as its
//!   memory and gas allow;
//! - minted <= schedule and genesis + minted <= maximum supply, whatever the pattern of calls: nothing but the hook mints, and it
//!   mints once an epoch what the formula says;
//! - every wei of a distribution goes somewhere: to an account's row, or to the contract that divides the shared rows;
//! - a change of parameters holds from the next epoch on, never for one that has begun.
//!
//! Who shares a pool is the business of the contract `rewards`, which the machine gives the pools to and lets go on.
//!
//! The files: `machine.rs` what a block does, `rules.rs` the parameters, `sources.rs` the other contracts, `storage.rs` the state.
//!
//! Costs: a block does at most [`machine::CALLS_MAX`] steps and begins none without [`machine::STEP_GAS`]. Needs the right to
//! mint.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod errors;
pub mod events;
pub mod machine;
pub mod rules;
mod sources;
pub mod storage;

pub use emission::EmissionClient;
pub use errors::EmissionError;
pub use events::{EpochSettled, ParametersChanged, StepFailed};
pub use florin_sdk::ownership::{OwnershipTransferStarted, OwnershipTransferred};
pub use rules::RuleTerms;
pub use storage::{Emission, RecordTerms};

/// The messages. Each checks, loads, computes, stores and emits, in that order.
#[florin_sdk::contract(events(
    EpochSettled,
    ParametersChanged,
    StepFailed,
    OwnershipTransferStarted,
    OwnershipTransferred
))]
pub mod emission {
    use florin_sdk::SYSTEM;
    use florin_sdk::ownership::{OwnershipTransferStarted, OwnershipTransferred};
    use florin_sdk::prelude::*;
    use florin_tokenomics::units::epoch_of;
    use florin_tokenomics::validate::Account;

    use crate::errors::EmissionError;
    use crate::events::{EpochSettled, ParametersChanged, StepFailed};
    use crate::machine::slot;
    use crate::rules::{RuleTerms, Rules};
    use crate::storage::{Emission, Fixed, Record, RecordTerms};

    impl Emission {
        /// Creates the machine for its owner, with the rewards contract that divides its pools, the recycling pool, the registry and the staking contract that it
        /// asks (zero: there is none), the length of an epoch in blocks, and the parameters of the first epoch, which is that of
        /// the block.
        #[init]
        pub fn new(
            &mut self,
            owner: Address,
            rewards: Address,
            recycling: Address,
            registry: Address,
            staking: Address,
            epoch_blocks: u64,
            parameters: RuleTerms,
        ) -> Result<(), EmissionError> {
            for account in [owner, rewards, recycling] {
                Account::new(account.into_array()).map_err(|_| EmissionError::InvalidAccount { account })?;
            }
            if epoch_blocks == 0 {
                return Err(EmissionError::NoEpochBlocks {});
            }
            self.rules.set(&Rules::new(parameters).map_err(|error| *error)?);
            self.fixed.set(&Fixed { rewards, recycling, registry, staking, epoch_blocks });
            let epoch = epoch_of(env().block_height(), epoch_blocks);
            self.next_epoch.set(&epoch);
            self.ownership.set(owner);
            Ok(())
        }

        /// The hook: settles what is due, as far as the block allows. A step that fails ends the work of the block, takes back
        /// nothing but itself, and is told by `StepFailed`; the next block tries it again.
        pub fn on_block(&mut self) -> Result<(), EmissionError> {
            only_for(SYSTEM)?;
            self.run();
            Ok(())
        }

        /// Begins the next epoch: a step of the hook that is a call of its own, so that it is done as a whole or not at all. Only for
        /// this contract.
        #[reentrant]
        pub fn begin_next(&mut self) -> Result<(), EmissionError> {
            only_for(env().self_address())?;
            self.begin().map_err(|error| *error)
        }

        /// Sets the parameters from the next epoch on; asked again in the same epoch, the last answer counts. Returns that epoch.
        pub fn set_parameters(&mut self, parameters: RuleTerms) -> Result<u64, EmissionError> {
            self.ownership.check()?;
            let rules = Rules::new(parameters).map_err(|error| *error)?;
            let first_epoch = self.current_epoch().saturating_add(1);
            self.changes.set(&first_epoch, &rules);
            env().emit(&ParametersChanged { first_epoch });
            Ok(first_epoch)
        }

        /// Returns the parameters that an epoch begins with if they were changed for it, and those of the last settled one if not.
        pub fn parameters(&self, epoch: u64) -> Result<RuleTerms, EmissionError> {
            let rules = self.changes.get(&epoch).or_else(|| self.rules.get());
            rules.map(Rules::terms).ok_or(EmissionError::NoRecord { epoch })
        }

        /// Returns the epoch of this block.
        pub fn current_epoch(&self) -> u64 {
            epoch_of(env().block_height(), self.epoch_blocks())
        }

        /// Returns the first epoch that is not settled.
        pub fn next_epoch(&self) -> u64 {
            self.next_epoch.get_or_default()
        }

        /// Returns the length of an epoch in blocks.
        pub fn epoch_blocks(&self) -> u64 {
            self.fixed.get().map_or(0, |fixed| fixed.epoch_blocks)
        }

        /// Returns the rewards contract, the recycling pool, the registry and the staking contract.
        pub fn contracts(&self) -> (Address, Address, Address, Address) {
            let fixed = self.fixed.get();
            fixed.map_or_else(Default::default, |fixed| (fixed.rewards, fixed.recycling, fixed.registry, fixed.staking))
        }

        /// Tells whether the rewards of the next epoch are being divided.
        pub fn is_under_way(&self) -> bool {
            self.under_way.exists()
        }

        /// Returns what became of an epoch, of the last 100.
        pub fn record(&self, epoch: u64) -> Result<RecordTerms, EmissionError> {
            let Record { figures, pools, root, leaf_count, claimable, height, .. } = self.load(epoch)?;
            Ok((figures.metrics(), figures.utility, figures.amounts(), pools, root, leaf_count, claimable, height))
        }

        /// Returns the owner.
        pub fn owner(&self) -> Address {
            self.ownership.owner()
        }

        /// Returns who may accept the ownership; zero when nobody.
        pub fn pending_owner(&self) -> Address {
            self.ownership.pending()
        }

        /// Offers the ownership to an account, which has to accept it; zero takes an offer back.
        pub fn transfer_ownership(&mut self, new_owner: Address) -> Result<(), EmissionError> {
            Ok(self.ownership.offer(new_owner)?)
        }

        /// Accepts the ownership that was offered to the caller.
        pub fn accept_ownership(&mut self) -> Result<(), EmissionError> {
            Ok(self.ownership.accept()?)
        }

        fn load(&self, epoch: u64) -> Result<Record, EmissionError> {
            let record = self.records.get(&slot(epoch)).filter(|record| record.epoch == epoch);
            record.ok_or(EmissionError::NoRecord { epoch })
        }
    }

    fn only_for(allowed: Address) -> Result<(), EmissionError> {
        let caller = env().caller();
        if caller == allowed { Ok(()) } else { Err(EmissionError::OnlyTheChain { caller }) }
    }
}

#[cfg(test)]
mod tests;
