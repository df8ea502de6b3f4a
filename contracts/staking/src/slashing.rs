//! What a slash takes of a validator's stake (economy E24). The slashing contract, which has verified the evidence, asks for it.
//!
//! Guarantees that a slash is at most the stake that counted in the epoch of the offence and is still bonded or unbonding, and that
//! what is bonded and what has been unbonding since then lose in proportion. Stake that had left the set before is not touched.
//! Costs two searches and a write for each epoch since the offence in which somebody unbonded, which are at most those of the unbonding
//! period; no loop over delegators.

use florin_sdk::prelude::*;
use florin_tokenomics::division::quotient;
use florin_tokenomics::units::PPM;

use crate::bonding::pay;
use crate::epochs::in_epoch;
use crate::errors::{Refusal, overflow};
use crate::events::Slashed;
use crate::storage::{InEpoch, Leaving, Staking};

/// What the ratio of a slash is parts of: rate and severity are in ppm each.
const PPM_SQUARED: u128 = PPM as u128 * PPM as u128;

impl Staking {
    /// Takes `floor(stake * ratio / 10^12)` of the stake that counted in an epoch, pays it to the caller, and jails the validator if
    /// a height is given; returns what was taken.
    pub(crate) fn slash_for(
        &mut self,
        validator: &Address,
        epoch: u64,
        ratio: u64,
        jailed_until: u64,
    ) -> Result<u128, Refusal> {
        let mut record = self.record(validator)?;
        let mut total = record.stake;
        let mut next = self.left_since(validator, epoch);
        while let Some((epoch, leaving)) = next {
            total = total.saturating_add(leaving.stake);
            next = self.leaving_after(validator, epoch);
        }
        let stake = self.effective_in(validator, epoch).stake;
        let full = quotient(stake, ratio.into(), PPM_SQUARED).ok_or_else(overflow)?.quotient;
        let amount = full.min(total);

        let mut rest = amount;
        let mut next = self.left_since(validator, epoch);
        while let Some((epoch, mut leaving)) = next {
            // What is rounded down here is taken from those behind, who have at least as much as is still to be taken.
            let part = quotient(rest, leaving.stake, total).unwrap_or_default().quotient;
            total = total.saturating_sub(leaving.stake);
            rest = rest.saturating_sub(part);
            leaving.stake = leaving.stake.saturating_sub(part);
            self.keep_leaving(validator, epoch, &leaving);
            next = self.leaving_after(validator, epoch);
        }
        record.stake = record.stake.checked_sub(rest).ok_or_else(overflow)?;
        record.jailed_until = record.jailed_until.max(jailed_until);
        self.keep(validator, &record);
        self.refresh(validator, None)?;
        env().emit(&Slashed { validator: *validator, epoch, amount });
        pay(&env().caller(), amount)?;
        Ok(amount)
    }

    /// Returns what was unbonded of a validator in an epoch, or in the first behind it: it counted in that epoch.
    fn left_since(&self, validator: &Address, epoch: u64) -> Option<(InEpoch, Leaving)> {
        if cfg!(feature = "bug-unbonding-spared") {
            return None;
        }
        let first = in_epoch(epoch);
        let leaving = self.leaving_in(validator, first).map(|leaving| (first, leaving));
        leaving.or_else(|| self.leaving_after(validator, first))
    }
}

/// Returns `floor(amount * ppm / 10^6)`.
#[inline(never)]
pub(crate) fn part(amount: u128, ppm: u32) -> u128 {
    quotient(amount, ppm.into(), PPM.into()).unwrap_or_default().quotient
}
