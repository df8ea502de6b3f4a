//! Paying the claims: each a transaction of the next relayer in turn, 1,000 in a block.
//!
//! Guarantees that a claim counts as paid only if its receipt succeeded with the event that names its line: campaign,
//! index, account and amount.

use alloy_primitives::{Bytes, Log};
use alloy_sol_types::{SolCall, SolEvent};
use florin_runtime::receipt::Receipt;
use florin_tokenomics::Claim;

use super::DemoError;
use super::campaign::{CAMPAIGN, Campaign};
use super::cast::CLAIM_GAS_LIMIT;
use super::clocks::Clocks;
use super::contracts::Claims;
use super::pipeline::Pipeline;
use crate::actor::Actor;

/// What was paid so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Payout {
    /// Claims that were paid.
    pub(super) paid: u64,
    /// How many of them this run has paid, and not an earlier one.
    pub(super) paid_now: u64,
    /// The sum of their events.
    pub(super) sum: u128,
    /// Gas of all claims.
    pub(super) gas_total: u64,
    /// The cheapest and the dearest claim, once there is one.
    pub(super) gas_range: Option<(u64, u64)>,
    /// Blocks with claims.
    pub(super) blocks: u64,
    /// Time in each stage.
    pub(super) clocks: Clocks,
}

impl Payout {
    /// Pays one block of claims.
    ///
    /// # Errors
    /// A claim that does not enter the block, and faults. A claim that fails is no error here: it is not counted.
    pub(super) fn pay(
        &mut self,
        pipeline: &mut Pipeline,
        relayers: &mut [Actor],
        campaign: &Campaign,
        lines: &[Claim],
    ) -> Result<(), DemoError> {
        let sign = |line: &Claim| -> Option<Bytes> {
            let place = (line.index as usize).checked_rem(relayers.len())?;
            let call = campaign.claim(line).abi_encode();
            Some(relayers.get_mut(place)?.call(campaign.claims, call, CLAIM_GAS_LIMIT))
        };
        let transactions = lines.iter().filter_map(sign).collect::<Vec<_>>();
        pipeline.take_clocks();
        let receipts = pipeline.submit(&transactions)?;
        self.clocks.merge(pipeline.take_clocks());
        self.blocks = self.blocks.saturating_add(1);
        let before = self.paid;
        for (line, receipt) in lines.iter().zip(&receipts) {
            self.count(campaign, line, receipt);
        }
        if pipeline.height() > pipeline.found() {
            self.paid_now = self.paid_now.saturating_add(self.paid.saturating_sub(before));
        }
        Ok(())
    }

    fn count(&mut self, campaign: &Campaign, line: &Claim, receipt: &Receipt) {
        let gas = receipt.gas_used.0;
        self.gas_total = self.gas_total.saturating_add(gas);
        let (least, most) = self.gas_range.unwrap_or((gas, gas));
        self.gas_range = Some((least.min(gas), most.max(gas)));

        let own = |log: &Log| log.address == campaign.claims;
        let logs = receipt.events.iter().map(|event| event.to_ethereum()).filter(own);
        let mut claimed = logs.filter_map(|log| Claims::Claimed::decode_log(&log).ok());
        if let (true, Some(event), None) = (receipt.status.is_success(), claimed.next(), claimed.next()) {
            let named = (event.campaign, event.index, event.account.into_array(), event.amount);
            if named == (CAMPAIGN, line.index, line.account, line.amount) {
                self.paid = self.paid.saturating_add(1);
                self.sum = self.sum.saturating_add(event.amount);
            }
        }
    }
}
