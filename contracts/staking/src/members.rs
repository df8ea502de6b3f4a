//! The validators that a set can hold, in the order of their addresses.
//!
//! ```text
//!   registered ──own stake reaches the minimum──> member ──retire, 128 epochs out of the set──> registered
//! ```
//!
//! Guarantees at most [`MEMBERS_MAX`] members, so that every walk over a set is bounded, and that a member which left the set
//! stays one while anybody may still ask for an epoch in which it was effective. Costs two searches a member.

use florin_sdk::prelude::*;

use crate::errors::{Refusal, StakingError, refusal};
use crate::storage::{Staking, Validator};

/// The most validators that can be in a set, or were in one lately: the header's list of signers holds no more.
pub const MEMBERS_MAX: u32 = 256;

/// The epochs that a validator stays a member after it was effective last.
pub const RETIRE_EPOCHS: u64 = 128;

impl Staking {
    /// Returns a validator.
    pub(crate) fn record(&self, validator: &Address) -> Result<Validator, Refusal> {
        self.validators.get(validator).ok_or_else(|| refusal(StakingError::UnknownValidator { validator: *validator }))
    }

    /// Writes a validator.
    #[inline(never)]
    pub(crate) fn keep(&mut self, validator: &Address, record: &Validator) {
        self.validators.set(validator, record);
    }

    /// Returns a validator's own stake.
    #[inline(never)]
    pub(crate) fn own_stake(&self, validator: &Address, record: &Validator) -> u128 {
        record.pool().worth(self.delegation_of(validator, validator).shares())
    }

    /// Tells whether a validator may be in the set of the next epoch: it is not jailed, and its own stake is the minimum.
    pub(crate) fn qualifies(&self, validator: &Address, record: &Validator) -> bool {
        let own = self.own_stake(validator, record);
        record.jailed_until == 0 && own >= self.parameters_in(self.next_epoch()).0
    }

    /// Makes a validator a member that may be one and is none.
    pub(crate) fn admit(&mut self, validator: &Address) -> Result<(), Refusal> {
        if self.members.contains(validator) || !self.qualifies(validator, &self.record(validator)?) {
            return Ok(());
        }
        let count = self.member_count.get_or_default();
        if count >= MEMBERS_MAX {
            return Err(refusal(StakingError::SetFull));
        }
        self.members.set(validator, &true);
        self.member_count.set(&count.saturating_add(1));
        Ok(())
    }

    /// Makes room for another, if the member was not effective for long.
    pub(crate) fn dismiss(&mut self, validator: &Address) -> Result<(), Refusal> {
        let last = self.effective_in(validator, self.next_epoch());
        let is_gone = last.stake == 0 && last.since.saturating_add(RETIRE_EPOCHS) < self.this_epoch();
        if !self.members.contains(validator) {
            return Err(refusal(StakingError::UnknownValidator { validator: *validator }));
        }
        if !is_gone {
            return Err(refusal(StakingError::StillEffective));
        }
        self.members.remove(validator);
        self.member_count.set(&self.member_count.get_or_default().saturating_sub(1));
        Ok(())
    }

    /// Returns the place of a validator in the set of an epoch, which is the order of the addresses.
    pub(crate) fn place_in(&self, validator: &Address, epoch: u64) -> Option<u32> {
        let mut place = 0_u32;
        for (member, _) in self.members.iter() {
            if self.effective_in(&member, epoch).stake > 0 {
                if member == *validator {
                    return Some(place);
                }
                place = place.saturating_add(1);
            }
        }
        None
    }
}
