//! The registry: who works, what validators think of it, and what that comes to.
//!
//! Guarantees:
//! - a score is what holders of more than half of the revealed stake give, at most: the stake-weighted mean of weights, each cut to
//!   the stake-weighted median, rounded down once;
//! - weights are committed to before any of them are shown, and a copied commitment is worth nothing;
//! - metrics of an epoch are accepted when holders of more than two thirds of all stake report the same;
//! - a miner counts from the epoch after its registration to the epoch in which it leaves; its slot is nobody else's meanwhile;
//! - work is bounded a call: scores of any number of miners take as many calls as they need, and nothing changes between them.
//!
//! The fee of a registration goes to the recycling pool at once; the contract holds no money.
#![cfg_attr(not(test), no_std)]

pub mod errors;
pub mod events;
mod miners;
mod scoring;
pub mod storage;
mod voting;

pub use errors::RegistryError;
pub use events::{
    EpochFinalized, MetricsAccepted, MinerChanged, OwnershipTransferred, ParametersSet, WeightsCommitted,
    WeightsRevealed,
};
pub use miners::SLOTS_MAX;
pub use registry::{PAGE_MAX, RegistryClient};
pub use storage::{CHUNK_SLOTS, KEPT_EPOCHS, OPEN_EPOCHS, Registry};

/// The messages. Each checks, loads, computes, stores and emits, in that order, and pays last.
#[florin_sdk::contract(events(
    MinerChanged,
    WeightsCommitted,
    WeightsRevealed,
    EpochFinalized,
    MetricsAccepted,
    ParametersSet,
    OwnershipTransferred
))]
pub mod registry {
    use florin_sdk::prelude::*;
    use florin_tokenomics::units::epoch_of;
    use florin_tokenomics::validate::Account;

    use crate::errors::{Refusal, RegistryError, refusal};
    use crate::events::{
        EpochFinalized, MetricsAccepted, MinerChanged, OwnershipTransferred, ParametersSet, WeightsCommitted,
        WeightsRevealed,
    };
    use crate::miners::SLOTS_MAX;
    use crate::storage::{KEPT_EPOCHS, Metrics, Miner, Outcome, Parameters, Progress, Registry, Setup, Terms};

    /// The miners of a page at most.
    pub const PAGE_MAX: u32 = 128;

    impl Registry {
        /// Names who sets the parameters, the staking contract, the recycling pool, and the blocks of an epoch; gives the fee of a
        /// registration in wei and the most miners, at most 4,096.
        #[init]
        pub fn new(
            &mut self,
            owner: Address,
            staking: Address,
            recycling: Address,
            epoch_blocks: u64,
            fee: u128,
            miners_max: u32,
        ) -> Result<(), Refusal> {
            let is_nobody = |account: Address| Account::new(account.into_array()).is_err();
            let has_nobody = [owner, staking, recycling].into_iter().any(is_nobody);
            if has_nobody || epoch_blocks == 0 || miners_max > SLOTS_MAX {
                return Err(refusal(RegistryError::InvalidParameter));
            }
            self.owner.set(&owner);
            self.setup.set(&Setup { staking, recycling, epoch_blocks });
            let parameters = Parameters { fee, miners_max };
            self.parameters.set(&Terms { before: parameters, changed: 0, after: parameters });
            let epoch = epoch_of(env().block_height(), epoch_blocks);
            self.progress.set(&Progress { epoch, ..Progress::default() });
            Ok(())
        }

        /// Makes the caller a miner from the next epoch on, for the fee, which is the value of the call; returns its slot.
        #[payable]
        pub fn register(&mut self) -> Result<u32, Refusal> {
            self.enlist(env().caller())
        }

        /// Lets the caller leave with the epoch.
        pub fn deregister(&mut self) -> Result<(), Refusal> {
            self.delist(env().caller())
        }

        /// Commits the caller, a validator, to its weights for the epoch that is running, once.
        pub fn commit(&mut self, commitment: B256) -> Result<(), Refusal> {
            self.take_commitment(env().caller(), commitment)
        }

        /// Shows the weights that the caller committed to in the epoch before: 4 bytes for each slot, big-endian, in ppm, 8 slots a
        /// word, 10^6 in all; later slots have none.
        pub fn reveal(&mut self, salt: B256, weights: Vec<B256>) -> Result<(), Refusal> {
            self.take_weights(env().caller(), salt, &weights)
        }

        /// Reports the metrics of the epoch before, once: tasks; mean difficulty, participation and quality in ppm.
        pub fn report(&mut self, tasks: u64, difficulty: u32, participation: u32, quality: u32) -> Result<(), Refusal> {
            self.take_report(env().caller(), Metrics { tasks, difficulty, participation, quality })
        }

        /// Goes on with the scores of epochs that are over since an epoch, in order, by a number of steps at most; returns the next
        /// epoch to finalize. Anybody may ask for it.
        pub fn finalize(&mut self, max_steps: u32) -> u64 {
            self.advance(max_steps)
        }

        /// Sets the fee and the most miners from the next epoch on. Only for the owner.
        pub fn set_parameters(&mut self, fee: u128, miners_max: u32) -> Result<(), Refusal> {
            only(self.owner())?;
            if miners_max > SLOTS_MAX {
                return Err(refusal(RegistryError::InvalidParameter));
            }
            let (before, changed) = (self.parameters_now(), self.next_epoch());
            self.parameters.set(&Terms { before, changed, after: Parameters { fee, miners_max } });
            env().emit(&ParametersSet { epoch: changed });
            Ok(())
        }

        /// Offers the ownership to an account, which has to accept it; zero takes an offer back. Only for the owner.
        pub fn offer_ownership(&mut self, to: Address) -> Result<(), Refusal> {
            only(self.owner())?;
            self.offered.set(&to);
            Ok(())
        }

        /// Makes the caller the owner, if it was offered.
        pub fn accept_ownership(&mut self) -> Result<(), Refusal> {
            let new_owner = self.offered.get_or_default();
            only(new_owner)?;
            let owner = self.owner();
            self.owner.set(&new_owner);
            self.offered.set(&Address::ZERO);
            env().emit(&OwnershipTransferred { owner, new_owner });
            Ok(())
        }

        /// Returns who sets the parameters.
        pub fn owner(&self) -> Address {
            self.owner.get_or_default()
        }

        /// Returns the parameters of the epoch that is running: fee in wei, most miners.
        pub fn parameters(&self) -> (u128, u32) {
            let Parameters { fee, miners_max } = self.parameters_now();
            (fee, miners_max)
        }

        /// Returns whether the scores of an epoch are final, their pages, the miners on them, and their scores together. Kept for
        /// 128 epochs.
        pub fn outcome(&self, epoch: u64) -> (bool, u32, u32, u64) {
            let outcome = self.outcomes.get(&(epoch % KEPT_EPOCHS)).filter(|outcome| outcome.epoch == epoch);
            match outcome {
                Some(Outcome { pages, miners, total_score, .. }) => (true, pages, miners, total_score),
                None => (false, 0, 0, 0),
            }
        }

        /// Returns a page of the scores of an epoch, from page 0 on: miners in the order of their addresses, and their scores in
        /// ppm; those without a score are left out. Nothing before the scores are final.
        pub fn scores(&self, epoch: u64, page: u32) -> (Vec<Address>, Vec<u32>) {
            let (mut miners, mut scores) = (Vec::new(), Vec::new());
            let (_, pages, ..) = self.outcome(epoch);
            if page < pages {
                for (miner, score) in self.pages.get_or_default(&(epoch % KEPT_EPOCHS, page)) {
                    miners.push(miner);
                    scores.push(score);
                }
            }
            (miners, scores)
        }

        /// Returns whether metrics of an epoch were accepted, and which: tasks; difficulty, participation and quality in ppm. Kept
        /// for 128 epochs.
        pub fn metrics(&self, epoch: u64) -> (bool, u64, u32, u32, u32) {
            match self.metrics.get(&(epoch % KEPT_EPOCHS)).filter(|report| report.epoch == epoch) {
                Some(report) => {
                    let Metrics { tasks, difficulty, participation, quality } = report.metrics;
                    (true, tasks, difficulty, participation, quality)
                }
                None => (false, 0, 0, 0, 0),
            }
        }

        /// Returns a miner: its slot, and the first and the last epoch that it counts in.
        pub fn miner(&self, miner: Address) -> Result<(u32, u64, u64), Refusal> {
            let known = self.miners.get(&miner).ok_or_else(|| refusal(RegistryError::UnknownMiner { miner }))?;
            Ok((known.slot, known.first_epoch, known.last_epoch))
        }

        /// Returns a page of the miners of an epoch in the order of their addresses, behind an address (zero: from the beginning),
        /// with their slots. At most 128 miners are looked at; the last address is where the next page begins.
        pub fn miners(&self, epoch: u64, after: Address, limit: u32) -> (Vec<Address>, Vec<u32>, Address) {
            let (mut miners, mut slots, mut last) = (Vec::new(), Vec::new(), after);
            let mut seen = 0;
            for (address, Miner { slot, first_epoch, last_epoch }) in self.miners.iter_after(&after) {
                if seen >= limit.min(PAGE_MAX) {
                    break;
                }
                seen = seen.saturating_add(1);
                last = address;
                if first_epoch <= epoch && epoch <= last_epoch {
                    miners.push(address);
                    slots.push(slot);
                }
            }
            (miners, slots, last)
        }

        /// Returns how many miners there are, those who leave included, and the slots in use so far.
        pub fn miners_count(&self) -> (u32, u32) {
            (self.miner_count.get_or_default(), self.fresh_slot.get_or_default())
        }

        /// Returns the epoch that is finalized next.
        pub fn next_to_finalize(&self) -> u64 {
            self.progress.get_or_default().epoch
        }
    }

    fn only(allowed: Address) -> Result<(), Refusal> {
        if env().caller() == allowed { Ok(()) } else { Err(refusal(RegistryError::Unauthorized { allowed })) }
    }
}

#[cfg(test)]
mod tests;
