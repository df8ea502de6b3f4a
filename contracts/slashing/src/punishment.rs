//! What an offence costs (economy E24 to E26), and where it goes.
//!
//! Guarantees that reporter + burned + recycled = slashed, whatever the parameters are.

use florin_sdk::client::{CallError, Failure};
use florin_sdk::prelude::*;
use florin_sdk::{FixedBytes, interface};
use florin_tokenomics::Ppm;
use florin_tokenomics::recycling::Source;
use florin_tokenomics::slash::{Offence, SlashParts, slash_parts_of};
use florin_tokenomics::units::epoch_of;

use crate::errors::{Refusal, SlashingError, refusal};
use crate::events::Punished;
use crate::storage::{Record, Slash, Slashing};

#[interface]
pub(crate) trait Staking {
    fn validator(&self, validator: Address) -> (B256, u128, u128, u32, u64, bool);
    fn effective_stake(&self, validator: Address, epoch: u64) -> u128;
    fn parameters(&self, epoch: u64) -> (u128, u64);
    fn place(&self, validator: Address, epoch: u64) -> u32;
    fn slash(&mut self, validator: Address, epoch: u64, ratio: u64, jailed_until: u64) -> u128;
    fn set_parameters(&mut self, min_stake: u128, unbonding_blocks: u64);
}

#[interface]
trait RecyclingPool {
    #[payable]
    fn recycle(&mut self, source: u8);
}

impl Slashing {
    /// Slashes a validator for an offence at a height, and pays the reporter; returns what was taken. The caller has checked the
    /// evidence and taken note of it in the record.
    pub(crate) fn punish(
        &mut self,
        validator: Address,
        mut record: Record,
        offence: Offence,
        height: u64,
    ) -> Result<u128, Refusal> {
        let (settings, parameters, now) = (self.settings(), self.parameters_now(), env().block_height());
        let is_double = offence == Offence::DoubleSign;
        let jailed_until = if is_double { now.saturating_add(parameters.jail_blocks).max(1) } else { 0 };
        let ratio = u64::from(parameters.rate).saturating_mul(parameters.severity(offence).into());
        let epoch = epoch_of(height, settings.epoch_blocks);
        let mut staking = StakingClient::at(settings.staking);
        let slashed = staking.slash(validator, epoch, ratio, jailed_until).send();
        let amount = slashed.map_err(|_| refusal(SlashingError::StakingFailed))?;

        let (kind, number) = (offence.code(), FixedBytes::new(record.slash_count.to_be_bytes()));
        self.slashes.set(&(validator, number), &Slash { height: now, kind, amount });
        record.slash_count = record.slash_count.saturating_add(1);
        self.records.set(&validator, &record);

        let ppm = |ppm: u32| Ppm::saturating(ppm.into());
        let parts = slash_parts_of(amount, ppm(parameters.reporter), ppm(parameters.burned));
        let (reporter, SlashParts { reporter: rewarded, burned, recycled }) = (env().caller(), parts);
        env().emit(&Punished { validator, reporter, kind, height, amount, rewarded, burned, recycled, jailed_until });
        failed(env().transfer(reporter, rewarded).is_ok(), reporter, rewarded)?;
        failed(env().burn(burned).is_ok(), Address::ZERO, burned)?;
        // The pool takes no call that brings nothing.
        if recycled > 0 {
            recycle(settings.recycling, recycled)?;
        }
        Ok(amount)
    }
}

fn recycle(pool: Address, amount: u128) -> Result<(), Refusal> {
    let mut client = RecyclingPoolClient::at(pool);
    let sent = client.recycle(Source::SlashingPenalties.code()).value(amount).send();
    // Whatever the pool answers, it has the amount.
    failed(matches!(sent, Ok(()) | Err(CallError::Failed(Failure::BadOutput(_)))), pool, amount)
}

fn failed(moved: bool, account: Address, amount: u128) -> Result<(), Refusal> {
    if moved { Ok(()) } else { Err(refusal(SlashingError::PaymentFailed { account, amount })) }
}
