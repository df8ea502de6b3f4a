//! The recycling pool (economy E28) and the burn totals (E27).
//!
//! Guarantees:
//! - every wei of the pool came in by a named source, and leaves to the emission alone: balance of the pool = total in - total
//!   out. What is sent here without a message counts for nothing;
//! - what nobody claims in time comes back, each campaign once, whoever has swept it;
//! - what is burned is told by its reason.
//!
//! ```text
//!   recycle (anybody, with a source) ─┐                      ┌─> emission, before anything is minted
//!   expired campaigns (the hook) ─────┴─> pool ──close_epoch─┤
//!                                                            └─x burned: unmet quota, quality penalties
//! ```
//!
//! Costs: a payment is two commutative counters, so that fees of a block do not wait for each other; a block's hook looks at
//! most [`recycling::SWEEPS_MAX`] campaigns. Needs the right to burn.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod errors;
pub mod events;
pub mod storage;

pub use errors::RecyclingError;
pub use events::{Burned, Recycled, Reused};
pub use florin_sdk::ownership::{OwnershipTransferStarted, OwnershipTransferred};
pub use recycling::RecyclingClient;
pub use storage::Recycling;

/// Burned because quality was below the threshold.
pub const REASON_UNMET_QUOTA: u8 = 0;
/// Burned of transaction fees; the ledger does that, and counts it.
pub const REASON_TRANSACTION_FEES: u8 = 1;
/// Burned because governance said so.
pub const REASON_QUALITY_PENALTY: u8 = 2;

/// The messages. Each checks, loads, computes, stores and emits, in that order, and pays last.
#[florin_sdk::contract(events(Recycled, Reused, Burned, OwnershipTransferStarted, OwnershipTransferred))]
pub mod recycling {
    use florin_sdk::SYSTEM;
    use florin_sdk::env::MoneyError;
    use florin_sdk::ownership::{OwnershipTransferStarted, OwnershipTransferred};
    use florin_sdk::prelude::*;
    use florin_sdk::words::{Message, selector};
    use florin_tokenomics::Ppm;
    use florin_tokenomics::recycling::Source;
    use florin_tokenomics::validate::{Account, Amount};

    use crate::errors::RecyclingError;
    use crate::events::{Burned, Recycled, Reused};
    use crate::storage::{Fixed, Recycling};
    use crate::{REASON_QUALITY_PENALTY, REASON_TRANSACTION_FEES, REASON_UNMET_QUOTA};

    /// Epochs whose campaigns are looked at in a block.
    pub const SWEEPS_MAX: u32 = 4;

    /// The emission: `uint64`, the first epoch that is not settled.
    const NEXT_EPOCH: [u8; 4] = selector("nextEpoch()");
    /// The claims contract pays what was not claimed to the sweep target.
    const SWEEP: [u8; 4] = selector("sweep(uint64)");
    /// The claims contract: `(uint64 lastBlock, bool isSwept, uint128 amount)`, all zero without a campaign.
    const SWEEP_OF: [u8; 4] = selector("sweepOf(uint64)");

    impl Recycling {
        /// Creates the pool for its owner, who burns penalties, for the emission that takes from it, and for the claims contract
        /// whose campaigns below 2^63 come back to it.
        #[init]
        pub fn new(&mut self, owner: Address, emission: Address, claims: Address) -> Result<(), RecyclingError> {
            for account in [owner, emission, claims] {
                Account::new(account.into_array()).map_err(|_| RecyclingError::InvalidAccount { account })?;
            }
            self.fixed.set(&Fixed { emission, claims });
            self.ownership.set(owner);
            Ok(())
        }

        /// Takes the value of this call into the pool. Anybody may; the source says what it is: 0 registration fees, 1 slashing
        /// penalties, 2 task fees, 3 transaction fees, 4 unclaimed rewards.
        #[payable]
        pub fn recycle(&mut self, source: u8) -> Result<(), RecyclingError> {
            let Some(source) = Source::from_code(source) else { return Err(RecyclingError::UnknownSource { source }) };
            let amount = Amount::new(env().value()).map_err(|_| RecyclingError::NoValue {})?;
            self.take_in(source, env().caller(), amount.wei());
            Ok(())
        }

        /// Pays an amount of the pool to the emission, and burns the value of this call as unmet quota. Only the emission.
        #[payable]
        pub fn close_epoch(&mut self, amount: u128) -> Result<(), RecyclingError> {
            let caller = env().caller();
            if self.fixed().emission != caller {
                return Err(RecyclingError::OnlyTheEmission { caller });
            }
            self.burn(REASON_UNMET_QUOTA, env().value())?;
            if amount == 0 {
                return Ok(());
            }
            let taken = if cfg!(feature = "bug-reuse-not-deducted") { 0 } else { amount };
            if self.pool.sub(taken).is_err() {
                return Err(RecyclingError::PoolTooSmall { amount, pool: self.pool.get() });
            }
            // It is within what came in.
            let _ = self.reused.add(amount);
            env().emit(&Reused { amount });
            env().transfer(caller, amount).map_err(refused)
        }

        /// The hook: takes back what nobody has claimed in time, campaign by campaign in the order of the epochs.
        pub fn on_block(&mut self) -> Result<(), RecyclingError> {
            let caller = env().caller();
            if caller != SYSTEM {
                return Err(RecyclingError::OnlyTheChain { caller });
            }
            let fixed = self.fixed();
            let end = Message::new(NEXT_EPOCH, 0).view(&fixed.emission, |words| words.number(0))?;
            let first = self.sweep_epoch.get_or_default();
            let mut epoch = first;
            for _ in 0..SWEEPS_MAX {
                if u128::from(epoch) >= end || !self.take_back(fixed.claims, epoch)? {
                    break;
                }
                epoch = epoch.saturating_add(1);
            }
            if epoch != first {
                self.sweep_epoch.set(&epoch);
            }
            Ok(())
        }

        /// Burns the value of this call as a quality penalty. Governance, which owns the contract, gives it.
        #[payable]
        pub fn burn_quality_penalty(&mut self) -> Result<(), RecyclingError> {
            self.ownership.check()?;
            if env().value() == 0 {
                return Err(RecyclingError::NoValue {});
            }
            self.burn(REASON_QUALITY_PENALTY, env().value())
        }

        /// Returns what is in the pool.
        pub fn pool(&self) -> u128 {
            self.pool.get()
        }

        /// Returns the statistics: balance, total in, total out, and out / in in ppm.
        pub fn statistics(&self) -> (u128, u128, u128, u32) {
            let (total_in, total_out) = (self.received.get(), self.reused.get());
            (self.pool.get(), total_in, total_out, Ppm::of(total_out, total_in).get())
        }

        /// Returns what a source has brought.
        pub fn recycled(&self, source: u8) -> Result<u128, RecyclingError> {
            let Some(source) = Source::from_code(source) else { return Err(RecyclingError::UnknownSource { source }) };
            Ok(self.recycled.get(&source.code()))
        }

        /// Returns what was burned for a reason: 0 unmet quota, 1 transaction fees (in the blocks before), 2 quality penalty.
        pub fn burned(&self, reason: u8) -> Result<u128, RecyclingError> {
            match reason {
                REASON_UNMET_QUOTA | REASON_QUALITY_PENALTY => Ok(self.burned.get(&reason)),
                REASON_TRANSACTION_FEES => Ok(env().supply().burned_fees),
                _ => Err(RecyclingError::UnknownReason { reason }),
            }
        }

        /// Returns the emission and the claims contract.
        pub fn contracts(&self) -> (Address, Address) {
            let fixed = self.fixed();
            (fixed.emission, fixed.claims)
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
        pub fn transfer_ownership(&mut self, new_owner: Address) -> Result<(), RecyclingError> {
            Ok(self.ownership.offer(new_owner)?)
        }

        /// Accepts the ownership that was offered to the caller.
        pub fn accept_ownership(&mut self) -> Result<(), RecyclingError> {
            Ok(self.ownership.accept()?)
        }

        fn fixed(&self) -> Fixed {
            self.fixed.get().unwrap_or(Fixed { emission: Address::ZERO, claims: Address::ZERO })
        }

        /// Books what came into the pool.
        fn take_in(&mut self, source: Source, from: Address, amount: u128) {
            if amount == 0 {
                return;
            }
            // All of it is within the supply, so that no counter overflows.
            let _ = self.pool.add(amount);
            let _ = self.received.add(amount);
            let _ = self.recycled.add(&source.code(), amount);
            env().emit(&Recycled { source: source.code(), from, amount });
        }

        fn burn(&mut self, reason: u8, amount: u128) -> Result<(), RecyclingError> {
            if amount == 0 {
                return Ok(());
            }
            env().burn(amount).map_err(refused)?;
            let _ = self.burned.add(&reason, amount);
            env().emit(&Burned { reason, amount });
            Ok(())
        }

        /// Takes back the rest of an epoch's campaign; false while its window is open. Whoever has asked for the sweep, it is
        /// booked here, once.
        fn take_back(&mut self, claims: Address, epoch: u64) -> Result<bool, RecyclingError> {
            let mut question = Message::new(SWEEP_OF, 1);
            question.number(epoch.into());
            let ask = || question.view(&claims, |words| [0, 1, 2].map(|at| words.number(at)));
            let [last_block, is_swept, mut amount] = ask()?;
            if last_block == 0 {
                return Ok(true);
            }
            if u128::from(env().block_height()) <= last_block {
                return Ok(false);
            }
            if is_swept == 0 {
                Message::new(SWEEP, 1).number(epoch.into()).send(&claims, 0, |_| ())?;
                [.., amount] = ask()?;
            }
            self.take_in(Source::UnclaimedRewards, claims, amount);
            Ok(true)
        }
    }

    fn refused(error: MoneyError) -> RecyclingError {
        RecyclingError::LedgerRefused { status: error.0.code() }
    }
}

#[cfg(test)]
mod tests;
