//! Tests of whole calls, each on every engine and twice: the compiler without and with optimization, with instances that
//! are used again and with new ones, and the interpreter.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

mod cache_files;
mod cache_key;
mod caching;
mod host_calls;
mod isolation;
mod metering;
mod programs;
mod reference;
mod reuse;
mod stack;
mod traces;
mod traps;
#[cfg(feature = "measure")]
mod warm;
mod wide;

use std::sync::{Arc, LazyLock};

use alloy_primitives::{Address, B256, Bytes};
use florin_abi::Status;

use super::frame::{Entry, Frame, Message};
use super::trace::Trace;
use super::{Code, EngineKind, Exit, Isolation, Optimize, RunOutcome, Vm, VmConfig};
use crate::block::{BlockContext, ParentSigners};
use crate::execution::Session;
use crate::fault::Fault;
use crate::gas::{Gas, GasSchedule};
use crate::state::{StateKey, StateReader};
use crate::transaction::Domain;

/// More ticks than any test burns that does not mean to run out.
const PLENTY: u64 = 1 << 40;

const SPEED: EngineKind = EngineKind::Compiled { optimize: Optimize::Speed };

/// Every engine, made once for all tests of a process.
static ENGINES: LazyLock<Vec<(&'static str, Vm)>> = LazyLock::new(|| {
    vec![
        ("compiled without optimization", machine(EngineKind::Compiled { optimize: Optimize::None })),
        ("compiled for speed", machine(SPEED)),
        ("compiled for speed, with new instances", isolated(Isolation::Fresh)),
        ("interpreted", machine(EngineKind::Interpreted)),
        ("compiled and traced", machine(SPEED).traced().unwrap()),
        ("interpreted and traced", machine(EngineKind::Interpreted).traced().unwrap()),
    ]
});

/// A state without an entry.
struct Nothing;

impl StateReader for Nothing {
    fn get(&self, _key: &StateKey) -> Result<Option<Bytes>, Fault> {
        Ok(None)
    }

    fn next(&self, _prefix: &[u8], _after: &[u8]) -> Result<Option<StateKey>, Fault> {
        Ok(None)
    }
}

/// What anyone outside can see of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    exit: &'static str,
    ticks: u64,
    output: Bytes,
}

fn machine(engine: EngineKind) -> Vm {
    Vm::new(VmConfig { engine, instances_max: 32, ..VmConfig::default() }).unwrap()
}

/// Makes a machine that keeps calls from each other in this way.
fn isolated(isolation: Isolation) -> Vm {
    Vm::new(VmConfig { engine: SPEED, instances_max: 32, isolation, ..VmConfig::default() }).unwrap()
}

fn prices() -> crate::gas::OperatorPrices {
    GasSchedule::default().operators
}

/// Assembles a contract from its fields; `florin_call` is one of them.
fn wasm(fields: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {fields})")).unwrap()
}

/// Assembles a contract with a memory of 1 to 16 pages and this body of `florin_call`.
fn contract(body: &str) -> Vec<u8> {
    wasm(&format!(r#"(memory (export "memory") 1 16) (func (export "florin_call") {body})"#))
}

fn load(vm: &Vm, module: &[u8]) -> Arc<Code> {
    vm.load(B256::from(*blake3::hash(module).as_bytes()), module).unwrap_or_else(|error| panic!("{error}"))
}

fn frame(vm: &Vm, input: &[u8]) -> Frame {
    let block = BlockContext {
        parent_hash: B256::ZERO,
        height: 7,
        time: 1_700_000_000,
        domain: Domain { chain_id: 964, genesis_hash: B256::ZERO },
        proposer: Address::ZERO,
        gas_limit: Gas(1 << 40),
        base_gas_price: 1,
        fee_burn_ppm: 0,
        state_root: B256::ZERO,
        parent_signers: ParentSigners::unknown(),
    };
    let message = Message {
        caller: Address::repeat_byte(1),
        contract: Address::repeat_byte(2),
        value: 0,
        input: Bytes::copy_from_slice(input),
        read_only: false,
        depth: 1,
        entry: Entry::Call,
    };
    Frame::new(Session::new(Arc::new(Nothing), Arc::new(block)), message, vm.clone())
}

/// Runs a contract on one engine.
fn run_on(vm: &Vm, module: &[u8], ticks: u64) -> Seen {
    run_with(vm, module, b"input", ticks)
}

/// Runs a contract on one engine, with calldata.
fn run_with(vm: &Vm, module: &[u8], input: &[u8], ticks: u64) -> Seen {
    run_watched(vm, module, input, ticks).0
}

/// Runs a contract on one engine, watched, and asserts that its functions burnt what it burnt.
fn run_watched(vm: &Vm, module: &[u8], input: &[u8], ticks: u64) -> (Seen, Trace) {
    let mut frame = frame(vm, input);
    let message = frame.message.clone();
    frame.session.start_trace();
    frame.session.observe(|recorder| recorder.begin(&message, ticks));
    let (mut frame, outcome) = vm.run(&load(vm, module), frame, ticks);
    let status = match &outcome.exit {
        Exit::Finished => Status::Success,
        Exit::Reverted => Status::Reverted,
        Exit::Trapped(status) => *status,
        Exit::Fault(_) => Status::Internal,
    };
    frame.session.observe(|recorder| recorder.end(status, outcome.ticks_used, &frame.output));
    let trace = frame.session.end_trace();
    assert_eq!(trace.functions.iter().map(|function| function.ticks).sum::<u64>(), outcome.ticks_used);
    (seen(frame, outcome), trace)
}

/// Returns what can be seen of a call that ended.
fn seen(frame: Frame, outcome: RunOutcome) -> Seen {
    let exit = match outcome.exit {
        Exit::Finished => "Finished",
        Exit::Reverted => "Reverted",
        Exit::Trapped(status) => status.name(),
        Exit::Fault(fault) => panic!("{fault}"),
    };
    Seen { exit, ticks: outcome.ticks_used, output: frame.output }
}

/// Runs a contract twice on every engine and asserts that all see the same: the second call where the first one was.
fn run(module: &[u8], ticks: u64) -> Seen {
    let twice = |(name, vm): &(_, Vm)| [(*name, run_on(vm, module, ticks)), (*name, run_on(vm, module, ticks))];
    let seen: Vec<_> = ENGINES.iter().flat_map(twice).collect();
    for (name, other) in &seen {
        assert_eq!(*other, seen[0].1, "{name} differs from {}", seen[0].0);
    }
    seen[0].1.clone()
}

/// Asserts how a contract ends on every engine; returns the ticks beyond those of making the instance.
fn ticks_of(module: &[u8], status: Status) -> u64 {
    let seen = run(module, PLENTY);
    let expected = if status == Status::Success { "Finished" } else { status.name() };
    assert_eq!(seen.exit, expected);
    seen.ticks - prices().instance.of(1)
}
