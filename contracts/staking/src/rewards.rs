//! Rewards by an index (economy E22): a reward of an epoch costs the same for any number of delegators.
//!
//! ```text
//! epoch              0      1      2      3      4
//! shares of account  |--0---|--5---|--5---|--9---|      spans: (0, 0) (1, 5) (3, 9)
//! index of validator   +0     +a     +b     +c          owed: 5 * (a + b) + 9 * c, each product rounded down
//!                                    ^ rewards are complete up to here: what is behind stays unsettled
//! ```
//!
//! Guarantees that a reward goes to those whose stake counted in its epoch, whenever it is paid: who stakes before a
//! distribution, or while missed epochs are caught up, earns nothing of it, and who has left since gets its part. All accounts
//! together are never owed more than came in. What is less than the index can express is carried to the next reward.

use florin_sdk::prelude::*;
use florin_tokenomics::division::quotient;
use florin_tokenomics::reward_index::INDEX_SCALE;

use crate::bonding::pay;
use crate::errors::{Refusal, StakingError, overflow, refusal};
use crate::events::{Rewarded, RewardsClaimed};
use crate::slashing::part;
use crate::storage::{Delegation, Staking};

impl Staking {
    /// Takes a validator's reward of an epoch, which came with the call.
    pub(crate) fn accrue(&mut self, epoch: u64, validator: &Address, amount: u128) -> Result<(), Refusal> {
        if self.is_paid(validator, epoch) {
            return Err(refusal(StakingError::AlreadyRewarded { validator: *validator, epoch }));
        }
        let effective = self.effective_in(validator, epoch);
        if effective.shares == 0 {
            return Err(refusal(StakingError::NotEffective { validator: *validator, epoch }));
        }
        let commission = part(amount, effective.commission);
        let (index, carried) = self.accrued_before(validator, epoch);
        let net = amount.saturating_sub(commission);
        let own = quotient(net, INDEX_SCALE, effective.shares).ok_or_else(overflow)?;
        let carried = own.remainder.saturating_add(carried);
        let more = quotient(carried, 1, effective.shares).unwrap_or_default();
        let raise = own.quotient.saturating_add(more.quotient);
        let index = index.checked_add(raise).ok_or_else(overflow)?;
        self.set_accrued(validator, epoch, index, more.remainder);
        if commission > 0 {
            let mut own = self.delegation_of(validator, validator);
            own.owed = own.owed.saturating_add(commission);
            self.keep_delegation(validator, validator, &own);
        }
        env().emit(&Rewarded { validator: *validator, epoch, amount, commission });
        Ok(())
    }

    /// Credits what an account earned in the epochs whose rewards are complete.
    pub(crate) fn settle(&self, validator: &Address, delegation: &mut Delegation) -> Result<(), Refusal> {
        let open = self.open_epoch.get_or_default();
        loop {
            let (first, next) = (delegation.spans.first().copied(), delegation.spans.get(1).copied());
            let Some(first) = first else { return Ok(()) };
            let is_over = next.is_some_and(|next| next.from <= open);
            let end = if is_over { next.map_or(open, |next| next.from) } else { open };
            let (index, _) = self.accrued_before(validator, end);
            let raise = index.saturating_sub(delegation.settled);
            let earned = quotient(first.shares, raise, INDEX_SCALE).ok_or_else(overflow)?.quotient;
            delegation.owed = delegation.owed.saturating_add(earned);
            delegation.settled = index;
            if !is_over {
                return Ok(());
            }
            delegation.spans.remove(0);
        }
    }

    /// Pays what an account earned; returns how much.
    pub(crate) fn pay_rewards(&mut self, validator: &Address, delegator: &Address) -> Result<u128, Refusal> {
        let mut delegation = self.delegation_of(validator, delegator);
        self.settle(validator, &mut delegation)?;
        let amount = core::mem::take(&mut delegation.owed);
        if amount > 0 {
            self.keep_delegation(validator, delegator, &delegation);
            env().emit(&RewardsClaimed { validator: *validator, delegator: *delegator, amount });
            pay(delegator, amount)?;
        }
        Ok(amount)
    }
}
