//! Stake that comes and goes.
//!
//! ```text
//!   delegate ──> bonded ──unbond──> unbonding ──ready──> withdraw
//!                  │                    │
//!                  └──── a slash takes from both ─────┘
//! ```
//!
//! Guarantees that stake which counted in an epoch stays within reach for the whole unbonding period after that epoch: unbonding
//! begins with the next epoch, when the stake no longer counts. Each validator's bonded stake is one pool, and what is unbonded of
//! it in one epoch is another; so a slash costs the same for any number of delegators.

use florin_sdk::prelude::*;
use florin_tokenomics::stake_pool::PoolError;

use crate::epochs::in_epoch;
use crate::errors::{Refusal, StakingError, refusal};
use crate::events::{Delegated, Unbonded, Withdrawn};
use crate::storage::{Delegation, InEpoch, Leaving, Span, Staking};

/// The changes of a delegation that may wait for the rewards of their epochs.
pub const SPANS_MAX: u32 = 16;

/// The entries that one withdrawal pays at most.
pub const WITHDRAWALS_MAX: u32 = 64;

impl Staking {
    /// Bonds an amount, which came with the call, to a validator.
    pub(crate) fn bond(&mut self, validator: &Address, delegator: &Address, amount: u128) -> Result<(), Refusal> {
        if amount == 0 {
            return Err(refusal(StakingError::ZeroAmount));
        }
        let mut record = self.record(validator)?;
        let mut pool = record.pool();
        let bought = pool.deposit(amount).map_err(of_pool)?;
        record.set_pool(pool);
        self.keep(validator, &record);

        let mut delegation = self.delegation_of(validator, delegator);
        // No more than the pool's, whose sum was checked.
        let shares = delegation.shares().saturating_add(bought);
        self.change(validator, delegator, &mut delegation, shares)?;
        env().emit(&Delegated { validator: *validator, delegator: *delegator, amount });
        Ok(())
    }

    /// Begins to take an amount back; returns the height from which on it can be withdrawn.
    pub(crate) fn unbond_from(
        &mut self,
        validator: &Address,
        delegator: &Address,
        amount: u128,
    ) -> Result<u64, Refusal> {
        if amount == 0 {
            return Err(refusal(StakingError::ZeroAmount));
        }
        let mut record = self.record(validator)?;
        let mut pool = record.pool();
        let mut delegation = self.delegation_of(validator, delegator);
        let owned = delegation.shares();
        let sold = pool.withdraw(owned, amount).map_err(of_pool)?;
        let left = owned.saturating_sub(sold);
        let (stake, (min_stake, _)) = (pool.worth(left), self.parameters_in(self.next_epoch()));
        if validator == delegator && left > 0 && stake < min_stake {
            return Err(refusal(StakingError::BelowMinimum { stake, min_stake }));
        }
        record.set_pool(pool);
        self.keep(validator, &record);
        self.change(validator, delegator, &mut delegation, left)?;

        let ready = self.leave(validator, delegator, amount)?;
        env().emit(&Unbonded { validator: *validator, delegator: *delegator, amount, ready });
        Ok(ready)
    }

    /// Pays the oldest entries that are ready; returns how much.
    pub(crate) fn withdraw_from(&mut self, validator: &Address, delegator: &Address) -> Result<u128, Refusal> {
        let mut amount = 0_u128;
        for _ in 0..WITHDRAWALS_MAX {
            let Some((epoch, shares)) = self.oldest_entry(validator, delegator) else { break };
            let mut leaving = self.leaving_in(validator, epoch).unwrap_or_default();
            if leaving.ready > env().block_height() {
                break;
            }
            let mut pool = leaving.pool();
            amount = amount.saturating_add(pool.redeem(shares));
            leaving.set_pool(pool);
            self.keep_leaving(validator, epoch, &leaving);
            self.withdrawals.remove(&((*validator, *delegator), epoch));
        }
        if amount > 0 {
            env().emit(&Withdrawn { validator: *validator, delegator: *delegator, amount });
            pay(delegator, amount)?;
        }
        Ok(amount)
    }

    /// Returns the first epoch in which an account unbonded of a validator what it has not withdrawn, with its shares of what was
    /// unbonded then.
    #[inline(never)]
    pub(crate) fn oldest_entry(&self, validator: &Address, delegator: &Address) -> Option<(InEpoch, u128)> {
        let ((_, epoch), shares) = self.withdrawals.iter_of(&(*validator, *delegator)).next()?;
        Some((epoch, shares))
    }

    /// Returns an account's stake with a validator; a first span without shares if it has none.
    #[inline(never)]
    pub(crate) fn delegation_of(&self, validator: &Address, delegator: &Address) -> Delegation {
        let mut delegation = self.delegations.get_or_default(&(*validator, *delegator));
        if delegation.spans.is_empty() {
            delegation.spans.push(Span { from: 0, shares: 0 });
        }
        delegation
    }

    #[inline(never)]
    pub(crate) fn keep_delegation(&mut self, validator: &Address, delegator: &Address, delegation: &Delegation) {
        self.delegations.set(&(*validator, *delegator), delegation);
    }

    /// Returns what was unbonded of a validator in an epoch.
    #[inline(never)]
    pub(crate) fn leaving_in(&self, validator: &Address, epoch: InEpoch) -> Option<Leaving> {
        self.leaving.get(&(*validator, epoch))
    }

    /// Returns what was unbonded of a validator in the first epoch behind another.
    #[inline(never)]
    pub(crate) fn leaving_after(&self, validator: &Address, epoch: InEpoch) -> Option<(InEpoch, Leaving)> {
        let ((of, epoch), leaving) = self.leaving.iter_after(&(*validator, epoch)).next()?;
        (of == *validator).then_some((epoch, leaving))
    }

    /// Writes what was unbonded of a validator in an epoch; nothing when all of it was withdrawn.
    #[inline(never)]
    pub(crate) fn keep_leaving(&mut self, validator: &Address, epoch: InEpoch, leaving: &Leaving) {
        if leaving.shares == 0 {
            self.leaving.remove(&(*validator, epoch));
        } else {
            self.leaving.set(&(*validator, epoch), leaving);
        }
    }

    /// Settles an account, then changes its shares from the next epoch on.
    fn change(
        &mut self,
        validator: &Address,
        delegator: &Address,
        delegation: &mut Delegation,
        shares: u128,
    ) -> Result<(), Refusal> {
        self.settle(validator, delegation)?;
        let from = self.next_epoch();
        match delegation.spans.last_mut() {
            Some(last) if last.from == from || cfg!(feature = "bug-stake-unsettled") => last.shares = shares,
            _ => delegation.spans.push(Span { from, shares }),
        }
        if delegation.spans.len() > SPANS_MAX as usize {
            return Err(refusal(StakingError::TooManyChanges));
        }
        self.keep_delegation(validator, delegator, delegation);
        Ok(())
    }

    /// Puts an amount among what is unbonded of the validator in this epoch.
    fn leave(&mut self, validator: &Address, delegator: &Address, amount: u128) -> Result<u64, Refusal> {
        let this = self.this_epoch();
        let epoch = in_epoch(this);
        let mut leaving = self.leaving_in(validator, epoch).unwrap_or_else(|| {
            let last = this.saturating_add(1).saturating_mul(self.settings().epoch_blocks);
            let ready = last.saturating_add(self.parameters_in(this).1);
            Leaving { ready, ..Leaving::default() }
        });
        let mut pool = leaving.pool();
        let shares = pool.deposit(amount).map_err(of_pool)?;
        leaving.set_pool(pool);
        self.keep_leaving(validator, epoch, &leaving);
        let entry = ((*validator, *delegator), epoch);
        let shares = self.withdrawals.get_or_default(&entry).saturating_add(shares);
        self.withdrawals.set(&entry, &shares);
        Ok(leaving.ready)
    }
}

/// Pays MDT of the contract.
pub(crate) fn pay(account: &Address, amount: u128) -> Result<(), Refusal> {
    env().transfer(*account, amount).map_err(|_| refusal(StakingError::PaymentFailed { account: *account, amount }))
}

fn of_pool(error: PoolError) -> Refusal {
    refusal(match error {
        PoolError::Drained => StakingError::Drained,
        PoolError::Insufficient { asked, worth } => StakingError::InsufficientStake { amount: asked, stake: worth },
        PoolError::Overflow => StakingError::Overflow,
    })
}
