//! What dividing an epoch's rewards takes: the shares of each account to the wei, the tree over them, the list in the state.
//!
//! An epoch is settled before the one that is measured, so that the code is compiled and the lists and weights that are written
//! over are there.

use std::sync::Arc;

use florin_emission::EpochSettled;
use florin_runtime::block::ExecutedBlock;
use florin_runtime::execution::sequential;
use florin_runtime::state::StateReader;
use florin_sdk::event::decode_events;

use super::machine::{EPOCH_BLOCKS, Machine};
use super::network::{Network, checked};
use super::{Figure, Scale, median, resident};
use crate::calibrate::clock::Clock;
use crate::ledger::WorkloadError;

/// Steps that the emission asks the registry for in a call.
const FINALIZE_STEPS: u32 = 4;

/// The epoch that is measured.
const EPOCH: u64 = 1;

/// What the settlement of an epoch took.
struct Settlement {
    blocks: u32,
    /// Of all blocks together.
    milliseconds: f64,
    /// Of the block that took longest.
    longest: f64,
    gas: u64,
    /// The dearest block.
    dearest: u64,
    /// The most memory of this process above what it had before, in bytes.
    growth: u64,
    /// What stays in the state, keys and values, in bytes.
    written: u64,
}

/// Measures rewards of a network whose registry has the miners and whose staking contract has the validators: the block that settles an
/// epoch whose scores are final, and the block that computes the scores too.
///
/// # Errors
/// If a contract fails, or it takes more than one block.
pub fn network(scale: Scale) -> Result<Vec<Figure>, WorkloadError> {
    let Scale { few: miners, validators, runs, .. } = scale;
    let mut network = Network::new(miners, validators)?;
    network.work()?;
    let chain = &network.ledger.chain;
    let head = chain.memory().ok_or_else(|| WorkloadError::Contract("the chain is in memory".to_owned()))?;
    let scored = Arc::new(network.finalize(FINALIZE_STEPS)?.state);
    let states: [Arc<dyn StateReader>; 2] = [scored, Arc::new(head.clone())];
    let block = network.block(Vec::new())?;
    let (mut times, mut scores, mut gas) = ([const { Vec::new() }; 2], Vec::new(), [0; 2]);
    for _ in 0..runs.max(1) {
        for ((state, times), gas) in states.iter().zip(&mut times).zip(&mut gas) {
            let run = || sequential::execute(Arc::clone(state), chain.vm(), &block);
            let (nanoseconds, executed) = Clock::Thread.time(run);
            times.push(nanoseconds / 1e6);
            let executed = executed?;
            is_settled(&executed, miners)?;
            *gas = executed.hook_receipts().iter().map(|receipt| receipt.gas_used.0).sum();
        }
        scores.push(network.finalize(FINALIZE_STEPS)?.nanoseconds / 1e6);
    }
    let [settled, all] = times.map(median);
    let people = format!("{miners} miners and {validators} validators");
    Ok(vec![
        Figure {
            key: "rewards_1000_ms",
            what: format!("rewards of {people} computed, rooted, stored, validators paid, in one block"),
            value: settled,
            unit: "ms",
            bound: Some(5.0),
        },
        told("rewards_1000_gas", "its gas".to_owned(), gas[0] as f64, "gas"),
        told("scores_1000_ms", format!("scores from the weights of {people}, before that"), median(scores), "ms"),
        told("epoch_1000_ms", "both in one block, as the chain does it".to_owned(), all, "ms"),
        told("epoch_1000_gas", "its gas".to_owned(), gas[1] as f64, "gas"),
    ])
}

/// Checks that a block settled epoch 1 with so many rewards to claim, and that nothing failed.
fn is_settled(executed: &ExecutedBlock, rewards: u32) -> Result<(), WorkloadError> {
    checked(executed)?;
    let events = executed.hook_receipts().iter().flat_map(|receipt| &receipt.events);
    let settled: Vec<EpochSettled> = decode_events(events.map(|event| (&event.topics[..], &event.data[..])));
    match settled.first() {
        Some(event) if event.epoch == 1 && event.leaf_count == rewards => Ok(()),
        other => Err(WorkloadError::Contract(format!("another settlement than was awaited: {other:?}"))),
    }
}

/// Measures rewards that fit one block.
///
/// # Errors
/// If a contract fails, or it takes more than one block.
pub fn few(scale: Scale) -> Result<Vec<Figure>, WorkloadError> {
    let settlement = settle(scale.few, scale.runs)?;
    if settlement.blocks != 1 {
        return Err(WorkloadError::Contract(format!("{} accounts take {} blocks", scale.few, settlement.blocks)));
    }
    let accounts = scale.few;
    Ok(vec![
        Figure {
            key: "rewards_1000_machine_ms",
            what: format!("rewards of {accounts} accounts computed, rooted and stored in one block, scores given"),
            value: settlement.milliseconds,
            unit: "ms",
            bound: Some(5.0),
        },
        told("rewards_1000_machine_gas", "its gas".to_owned(), settlement.gas as f64, "gas"),
    ])
}

/// Measures rewards of many accounts.
///
/// # Errors
/// If a contract fails.
pub fn many(scale: Scale) -> Result<Vec<Figure>, WorkloadError> {
    let settlement = settle(scale.many, scale.runs)?;
    let Settlement { blocks, milliseconds, longest, gas, dearest, growth, written } = settlement;
    let accounts = scale.many;
    Ok(vec![
        Figure {
            key: "settle_100k_ms",
            what: format!("{accounts} accounts settled, all {blocks} blocks together"),
            value: milliseconds,
            unit: "ms",
            bound: Some(2_000.0),
        },
        told("settle_100k_block_ms", "its longest block".to_owned(), longest, "ms"),
        told("settle_100k_gas", "its gas".to_owned(), gas as f64, "gas"),
        told("settle_100k_block_gas", "the gas of its dearest block".to_owned(), dearest as f64, "gas"),
        told(
            "settle_100k_growth_mib",
            "memory of this process above what it was before".to_owned(),
            mib(growth),
            "MiB",
        ),
        told("settle_100k_written_mib", "keys and values that its blocks write".to_owned(), mib(written), "MiB"),
    ])
}

fn told(key: &'static str, what: String, value: f64, unit: &'static str) -> Figure {
    Figure { key, what, value, unit, bound: None }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn settle(accounts: u32, runs: u32) -> Result<Settlement, WorkloadError> {
    let mut machine = Machine::new(accounts)?;
    machine.approach(EPOCH)?;
    let before = resident::bytes().unwrap_or_default();
    let mut settlement =
        Settlement { blocks: 0, milliseconds: 0.0, longest: 0.0, gas: 0, dearest: 0, growth: 0, written: 0 };
    for _ in 0..EPOCH_BLOCKS {
        let (mut growth, mut written) = (0_u64, 0_u64);
        let block = machine.step(runs, |executed| {
            growth = resident::bytes().unwrap_or_default().saturating_sub(before);
            let bytes = |(key, value): (&florin_runtime::state::StateKey, &Option<alloy_primitives::Bytes>)| {
                key.as_bytes().len().saturating_add(value.as_ref().map_or(0, |value| value.len()))
            };
            written = executed.changes().iter().map(bytes).sum::<usize>() as u64;
        })?;
        settlement.blocks += 1;
        settlement.milliseconds += block.milliseconds;
        settlement.longest = settlement.longest.max(block.milliseconds);
        settlement.gas += block.gas.0;
        settlement.dearest = settlement.dearest.max(block.gas.0);
        settlement.growth = settlement.growth.max(growth);
        settlement.written += written;
        match block.settled {
            // A score that is too small for a wei has no reward.
            Some(event) if event.epoch != EPOCH || event.leaf_count < accounts - accounts / 1_000 => {
                return Err(WorkloadError::Contract(format!("another settlement than was awaited: {event:?}")));
            }
            Some(_) => return Ok(settlement),
            None => {}
        }
    }
    Err(WorkloadError::Contract(format!("{accounts} accounts are not settled within an epoch")))
}
