//! Miners and their slots.
//!
//! ```text
//!   register ──next epoch──> counts ──deregister──> counts to the end of the epoch ──its scores are final──> slot is free
//! ```
//!
//! Guarantees that a slot belongs to one miner in every epoch, so that weights by slot mean one account. Costs a few entries,
//! whatever the number of miners.

use florin_sdk::prelude::*;
use florin_sdk::words::{Message, selector};
use florin_tokenomics::recycling::Source;
use florin_tokenomics::units::epoch_of;

use crate::errors::{Refusal, RegistryError, refusal};
use crate::events::MinerChanged;
use crate::storage::{Miner, Parameters, Registry, Setup};

/// The most slots that a registry may have.
pub const SLOTS_MAX: u32 = 4_096;

/// The recycling pool takes the value, which comes from a source.
const RECYCLE: [u8; 4] = selector("recycle(uint8)");

impl Registry {
    /// Returns what the constructor wrote.
    pub(crate) fn setup(&self) -> Setup {
        self.setup.get_or_default()
    }

    pub(crate) fn this_epoch(&self) -> u64 {
        epoch_of(env().block_height(), self.setup().epoch_blocks)
    }

    /// Returns the epoch from which on a change counts; what is done in the genesis counts from epoch 0.
    pub(crate) fn next_epoch(&self) -> u64 {
        if env().block_height() == 0 { 0 } else { self.this_epoch().saturating_add(1) }
    }

    /// Returns the parameters of the epoch that is running.
    pub(crate) fn parameters_now(&self) -> Parameters {
        let terms = self.parameters.get_or_default();
        if self.this_epoch() < terms.changed { terms.before } else { terms.after }
    }

    /// Makes an account a miner; returns its slot.
    pub(crate) fn enlist(&mut self, address: Address) -> Result<u32, Refusal> {
        let Parameters { fee, miners_max } = self.parameters_now();
        let value = env().value();
        if value != fee {
            return Err(refusal(RegistryError::WrongFee { expected: fee, value }));
        }
        if self.miners.contains(&address) {
            return Err(refusal(RegistryError::AlreadyRegistered { miner: address }));
        }
        let count = self.miner_count.get_or_default();
        if count >= miners_max {
            return Err(refusal(RegistryError::RegistryFull));
        }
        self.miner_count.set(&count.saturating_add(1));
        let (slot, epoch) = (self.take_slot(), self.next_epoch());
        self.keep_miner(address, Miner { slot, first_epoch: epoch, last_epoch: u64::MAX });
        if fee > 0 {
            let account = self.setup().recycling;
            let source = Source::RegistrationFees.code();
            let sent = Message::new(RECYCLE, 1).number(source.into()).send(&account, fee, |_| ());
            sent.map_err(|_| refusal(RegistryError::PaymentFailed { account, amount: fee }))?;
        }
        Ok(slot)
    }

    /// Lets a miner leave with the epoch.
    pub(crate) fn delist(&mut self, address: Address) -> Result<(), Refusal> {
        let staying = self.miners.get(&address).filter(|miner| miner.last_epoch == u64::MAX);
        let Some(miner) = staying else { return Err(refusal(RegistryError::UnknownMiner { miner: address })) };
        let epoch = self.this_epoch();
        self.keep_miner(address, Miner { last_epoch: epoch, ..miner });
        Ok(())
    }

    #[inline(never)]
    fn keep_miner(&mut self, miner: Address, known: Miner) {
        self.miners.set(&miner, &known);
        let Miner { slot, first_epoch, last_epoch } = known;
        env().emit(&MinerChanged { miner, slot, first_epoch, last_epoch });
    }

    /// Forgets a miner that has left; its slot is free.
    pub(crate) fn forget(&mut self, address: Address, slot: u32) {
        self.miners.remove(&address);
        self.miner_count.set(&self.miner_count.get_or_default().saturating_sub(1));
        let free = self.free_count.get_or_default();
        self.free_slots.set(&free, &slot);
        self.free_count.set(&free.saturating_add(1));
    }

    fn take_slot(&mut self) -> u32 {
        if let Some(last) = self.free_count.get_or_default().checked_sub(1)
            && let Some(slot) = self.free_slots.take(&last)
        {
            self.free_count.set(&last);
            return slot;
        }
        let fresh = self.fresh_slot.get_or_default();
        self.fresh_slot.set(&fresh.saturating_add(1));
        fresh
    }
}
