//! What held in an epoch: parameters, stakes, indices.
//!
//! Guarantees that what holds in the epoch that is running, or held in an earlier one, never changes: changes are written for the
//! next. What is done in the genesis, at height 0, holds from epoch 0 on. Costs one search a question.

use florin_sdk::FixedBytes;
use florin_sdk::prelude::*;
use florin_tokenomics::units::epoch_of;

use crate::errors::{Refusal, StakingError, refusal};
use crate::events::ValidatorChanged;
use crate::storage::{Held, InEpoch, Kind, Settings, Since, Staking};

/// Stands for all validators together.
pub(crate) const ALL: Address = Address::ZERO;

/// Returns the key of what holds from an epoch on.
pub(crate) const fn since(epoch: u64) -> Since {
    FixedBytes::new(u64::MAX.wrapping_sub(epoch).to_be_bytes())
}

/// Returns the epoch of a key.
pub(crate) const fn begun(since: Since) -> u64 {
    u64::MAX.wrapping_sub(u64::from_be_bytes(since.0))
}

/// Returns the key of what belongs to an epoch.
pub(crate) const fn in_epoch(epoch: u64) -> InEpoch {
    FixedBytes::new(epoch.to_be_bytes())
}

/// The kind of what counts.
const EFFECTIVE: Kind = 0;

/// The kind of what was paid.
const ACCRUED: Kind = 1;

/// Tells what was paid from nothing.
const PAID: u32 = 1;

/// The kind of the parameters.
const PARAMETERS: Kind = 2;

/// What counts of a validator in an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effective {
    /// Its stake, in wei; 0 if it is not in the set.
    pub(crate) stake: u128,
    /// The shares that rewards of the epoch go to.
    pub(crate) shares: u128,
    /// Its commission, in ppm.
    pub(crate) commission: u32,
    /// The epoch since which it is so.
    pub(crate) since: u64,
}

impl Staking {
    /// Returns what the constructor wrote.
    pub(crate) fn settings(&self) -> Settings {
        self.settings.get_or_default()
    }

    /// Returns the least own stake, in wei, and how long unbonding takes, in blocks.
    pub(crate) fn parameters_in(&self, epoch: u64) -> (u128, u64) {
        let (_, held) = self.held_in(PARAMETERS, &ALL, epoch);
        (held.first, u64::try_from(held.second).unwrap_or(u64::MAX))
    }

    /// Writes the parameters from an epoch on.
    pub(crate) fn set_parameters_from(
        &mut self,
        epoch: u64,
        min_stake: u128,
        unbonding_blocks: u64,
    ) -> Result<(), Refusal> {
        if min_stake == 0 || unbonding_blocks == 0 {
            return Err(refusal(StakingError::InvalidParameter));
        }
        self.hold(PARAMETERS, &ALL, epoch, &Held { first: min_stake, second: unbonding_blocks.into(), commission: 0 });
        Ok(())
    }

    /// Returns the epoch of a height.
    pub(crate) fn epoch_of(&self, height: u64) -> u64 {
        epoch_of(height, self.settings().epoch_blocks)
    }

    /// Returns the epoch that is running.
    pub(crate) fn this_epoch(&self) -> u64 {
        self.epoch_of(env().block_height())
    }

    /// Returns the epoch from which on a change counts.
    #[inline(never)]
    pub(crate) fn next_epoch(&self) -> u64 {
        match env().block_height() {
            0 => 0,
            height => self.epoch_of(height).saturating_add(1),
        }
    }

    /// Returns what counts of a validator in an epoch.
    #[inline(never)]
    pub(crate) fn effective_in(&self, validator: &Address, epoch: u64) -> Effective {
        let (since, held) = self.held_in(EFFECTIVE, validator, epoch);
        Effective { stake: held.first, shares: held.second, commission: held.commission, since }
    }

    /// Returns the reward index of a validator's shares after the rewards of all epochs before this one, and what was carried.
    pub(crate) fn accrued_before(&self, validator: &Address, epoch: u64) -> (u128, u128) {
        let Some(last) = epoch.checked_sub(1) else { return (0, 0) };
        let (_, held) = self.held_in(ACCRUED, validator, last);
        (held.first, held.second)
    }

    /// Writes the reward index after the rewards of an epoch, and what is carried.
    pub(crate) fn set_accrued(&mut self, validator: &Address, epoch: u64, index: u128, carried: u128) {
        self.hold(ACCRUED, validator, epoch, &Held { first: index, second: carried, commission: PAID });
    }

    /// Tells whether a validator was paid for an epoch.
    pub(crate) fn is_paid(&self, validator: &Address, epoch: u64) -> bool {
        let (since, held) = self.held_in(ACCRUED, validator, epoch);
        since == epoch && held.commission == PAID
    }

    /// Returns what held in an epoch, and since which; nothing since epoch 0 where nothing did.
    #[inline(never)]
    fn held_in(&self, kind: Kind, validator: &Address, epoch: u64) -> (u64, Held) {
        let next = self.held.iter_after(&(kind, *validator, since(epoch.saturating_add(1)))).next();
        match next {
            Some(((of_kind, of, key), held)) if of_kind == kind && of == *validator => (begun(key), held),
            _ => (0, Held::default()),
        }
    }

    #[inline(never)]
    fn hold(&mut self, kind: Kind, validator: &Address, epoch: u64, held: &Held) {
        self.held.set(&(kind, *validator, since(epoch)), held);
    }

    /// Writes what counts of a validator from the next epoch on, and keeps the total. Its commission stays unless a new one is
    /// given.
    pub(crate) fn refresh(&mut self, validator: &Address, commission: Option<u32>) -> Result<(), Refusal> {
        let record = self.record(validator)?;
        let next = self.next_epoch();
        let is_in = self.qualifies(validator, &record) && self.members.contains(validator);
        let before = self.effective_in(validator, next);
        let (stake, shares) = if is_in { (record.stake, record.shares) } else { (0, 0) };
        let commission = commission.unwrap_or(before.commission);
        self.hold(EFFECTIVE, validator, next, &Held { first: stake, second: shares, commission });
        if before.stake != stake {
            let all = self.effective_in(&ALL, next).stake.saturating_sub(before.stake).saturating_add(stake);
            self.hold(EFFECTIVE, &ALL, next, &Held { first: all, second: 0, commission: 0 });
        }
        env().emit(&ValidatorChanged { validator: *validator, epoch: next, stake, commission });
        Ok(())
    }
}
