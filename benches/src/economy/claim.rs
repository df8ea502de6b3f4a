//! What a claim takes, in a block of many: each by a relayer of its own, of an account that had nothing before.
//!
//! The time is that of a block of claims, shared by them: checking that they may stand in it, charging, executing, settling fees.

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolCall;
use florin_runtime::block::Block;
use florin_runtime::gas::Gas;
use florin_runtime::transaction::Body;

use super::messages::Claims;
use super::{Figure, Operation, Scale, median};
use crate::calibrate::clock::Clock;
use crate::contracts::{Campaign, call};
use crate::ledger::{Ledger, WorkloadError};

/// Gas of a batch; the rest is not paid.
const BATCH_GAS: Gas = Gas(10_000_000);

/// Claims of a batch.
const BATCH: u32 = 50;

/// Measures claims of a campaign whose proofs have so many nodes.
///
/// # Errors
/// If the contract fails.
pub fn measure(scale: Scale) -> Result<(Vec<Figure>, Vec<Operation>), WorkloadError> {
    let mut ledger = Ledger::new(scale.claims)?;
    let campaign = Campaign::new(&mut ledger, 1 << scale.proof_nodes)?;
    let claims = (0..scale.claims).map(|index| campaign.claim(index)).collect::<Result<Vec<Bytes>, _>>()?;
    let block = ledger.block(|nonce, index| {
        let input = claims.get(index).map(|claim| claim.to_vec()).unwrap_or_default();
        call(nonce, campaign.contract, input)
    })?;
    let (nanoseconds, gas) = time(&ledger, &block, scale.runs)?;
    let each = |nanoseconds: f64| nanoseconds / 1e3 / f64::from(scale.claims);
    let nodes = scale.proof_nodes;
    let figures = vec![Figure {
        key: "claim_us",
        what: format!("a claim with a proof of {nodes} nodes, in a block of {}", scale.claims),
        value: each(nanoseconds),
        unit: "us",
        bound: Some(25.0),
    }];
    let first = scale.claims;
    let batch = batch(&campaign, first..first.saturating_add(BATCH))?;
    let batch = Body { gas_limit: BATCH_GAS, ..call(0, campaign.contract, batch) };
    let (_, batch_gas) = time(&ledger, &ledger.block_of(batch)?, 1)?;
    let operations = vec![
        Operation { name: format!("claim, proof of {nodes} nodes"), gas },
        Operation { name: format!("claim of {BATCH} at once, {nodes} nodes each"), gas: batch_gas },
    ];
    Ok((figures, operations))
}

/// Returns the median time of a block's execution, in nanoseconds, and the gas of its first transaction.
fn time(ledger: &Ledger, block: &Block, runs: u32) -> Result<(f64, Gas), WorkloadError> {
    let (mut times, mut gas) = (Vec::new(), Gas(0));
    for _ in 0..runs.max(1) {
        let (nanoseconds, executed) = Clock::Thread.time(|| ledger.chain.execute(block));
        times.push(nanoseconds);
        let executed = executed?;
        if let Some(failed) = executed.receipts().iter().find(|receipt| !receipt.status.is_success()) {
            return Err(WorkloadError::Contract(format!("a claim failed: {failed:?}")));
        }
        gas = executed.receipts().first().map_or(Gas(0), |receipt| receipt.gas_used);
    }
    Ok((median(times), gas))
}

fn batch(campaign: &Campaign, indices: core::ops::Range<u32>) -> Result<Vec<u8>, WorkloadError> {
    let claims =
        indices.map(|index| campaign.line(index)).collect::<Result<Vec<(u32, Address, u128, Vec<B256>)>, _>>()?;
    Ok(Claims::claimManyCall { campaign: 1, claims }.abi_encode())
}
