//! The golden run: 1,000 blocks of the whole economy, the genesis being the first, with what they left behind in
//! `tests/golden/economy_run.txt`.
//!
//! Every receipt and every state root of a chain is consensus: a change of one is meant, or it is a mistake. The file has the
//! state root of each fiftieth block and of the last, a hash over all receipts and one over all hook receipts, and the gas of
//! each epoch. `UPDATE_GOLDEN=1` rewrites it.

use std::num::NonZeroUsize;

use alloy_primitives::Keccak256;
use florin::demo::economy::{EconomyOptions, run_watched};
use florin::demo::progress::Silent;
use florin_runtime::block::CommittedBlock;
use florin_runtime::hook::HookReceipt;
use florin_runtime::receipt::Receipt;
use florin_sandbox::EngineKind;

use crate::engines::ENGINES;
use crate::golden::compare;

/// Blocks between two state roots that are kept, which are those of an epoch.
const STEP: u64 = 50;

/// What a run left behind.
struct Traces {
    lines: Vec<String>,
    receipts: Keccak256,
    hook_receipts: Keccak256,
    /// Gas of transactions and of hooks, in the epoch and in all.
    gas: [(u64, u64); 2],
}

impl Traces {
    fn take(&mut self, block: &CommittedBlock) {
        for receipt in block.receipts() {
            hash_receipt(&mut self.receipts, receipt);
        }
        self.hook_receipts.update(HookReceipt::hash_all(block.header().number, block.hook_receipts()));
        let transactions: u64 = block.receipts().iter().map(|receipt| receipt.gas_used.0).sum();
        let hooks: u64 = block.hook_receipts().iter().map(|receipt| receipt.gas_used.0).sum();
        for (of_transactions, of_hooks) in &mut self.gas {
            *of_transactions += transactions;
            *of_hooks += hooks;
        }
        let height = block.header().number;
        if height.is_multiple_of(STEP) {
            self.lines.push(format!("state root of block {height}: {}", block.state_root().hash()));
        }
        if (height + 1).is_multiple_of(STEP) {
            let (transactions, hooks) = std::mem::take(&mut self.gas[0]);
            self.lines
                .push(format!("gas of epoch {}: {transactions} of transactions, {hooks} of hooks", height / STEP));
        }
    }
}

/// Hashes everything that a receipt says; what has no fixed length behind its length.
fn hash_receipt(hasher: &mut Keccak256, receipt: &Receipt) {
    let Receipt { status, gas_used, cumulative_gas_used, fee, transaction, sender, contract, output, events } = receipt;
    hasher.update([status.code()]);
    hasher.update(gas_used.0.to_be_bytes());
    hasher.update(cumulative_gas_used.0.to_be_bytes());
    hasher.update(fee.wei().to_be_bytes());
    hasher.update(transaction);
    hasher.update(sender);
    hasher.update(contract.unwrap_or_default());
    hasher.update((output.len() as u64).to_be_bytes());
    hasher.update(output);
    hasher.update((events.len() as u64).to_be_bytes());
    for event in events {
        hasher.update(event.contract);
        hasher.update((event.topics.len() as u64).to_be_bytes());
        event.topics.iter().for_each(|topic| hasher.update(topic));
        hasher.update((event.data.len() as u64).to_be_bytes());
        hasher.update(&event.data);
    }
}

/// Runs so many epochs and returns what they left behind.
fn traces(engine: EngineKind, threads: usize, epochs: u64) -> Vec<String> {
    let options = EconomyOptions {
        epochs,
        epoch_blocks: STEP,
        miners: 24,
        validators: 5,
        seed: 1_947,
        threads: NonZeroUsize::new(threads),
        engine,
    };
    let (receipts, hook_receipts) = (Keccak256::new(), Keccak256::new());
    let mut traces = Traces { lines: Vec::new(), receipts, hook_receipts, gas: [(0, 0); 2] };
    let report = run_watched(&options, &mut Silent, &mut |block| traces.take(block)).unwrap();
    assert_eq!(report.findings(), Vec::<String>::new());
    assert_eq!(report.height + 1, epochs * STEP, "the genesis is the first block");
    let Traces { mut lines, receipts, hook_receipts, gas: [_, (transactions, hooks)] } = traces;
    lines.push(format!("state root of block {}: {}", report.height, report.state_root));
    lines.push(format!("receipts of {} transactions: {}", report.transactions, receipts.finalize()));
    lines.push(format!("hook receipts of {} blocks: {}", report.height, hook_receipts.finalize()));
    lines.push(format!("gas: {transactions} of transactions, {hooks} of hooks"));
    lines
}

#[test]
fn a_thousand_blocks_of_the_economy_leave_behind_what_they_did() {
    let [_, speed, _] = ENGINES;
    compare("economy_run.txt", &traces(speed, 1, 20));
}

/// The shortest run in which everything happens.
#[test]
fn the_economy_leaves_the_same_behind_on_every_engine_and_any_number_of_threads() {
    let [none, speed, interpreted] = ENGINES;
    let expected = traces(speed, 1, 8);
    assert_eq!(traces(none, 1, 8), expected);
    assert_eq!(traces(interpreted, 3, 8), expected);
}
