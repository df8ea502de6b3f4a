//! One contract on all engines: the compiler without and with optimization, and the interpreter.
//!
//! Guarantees that everything which anyone can see of a call is compared: its ending, its ticks, its output, its memory to
//! the last byte however it ended, its events and its changes of the state.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, keccak256};
use florin_runtime::block::{BlockContext, ParentSigners};
use florin_runtime::execution::Session;
use florin_runtime::fault::Fault;
use florin_runtime::gas::Gas;
use florin_runtime::state::State;
use florin_runtime::transaction::Domain;
use florin_runtime::vm::frame::{Entry, Frame, Message};
use florin_runtime::vm::{Code, EngineKind, Exit, Optimize, Vm, VmConfig};

use super::generate::Case;

/// Every way to run a contract.
pub const ENGINES: [EngineKind; 3] = [
    EngineKind::Compiled { optimize: Optimize::None },
    EngineKind::Compiled { optimize: Optimize::Speed },
    EngineKind::Interpreted,
];

/// What anyone can see of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// `Finished`, `Reverted`, or the name of a status.
    pub ending: &'static str,
    /// What it burnt.
    pub ticks: u64,
    /// Return data or revert data.
    pub output: Bytes,
    /// Hash of its memory at its end.
    pub memory: [u8; 32],
    /// Events and changes of the state, as text.
    pub effects: String,
}

/// A contract that two engines tell apart.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The contract.
    pub case: Case,
    /// What each engine said; an error is one of the host.
    pub seen: Vec<(EngineKind, Result<Seen, String>)>,
}

impl core::fmt::Display for Difference {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        writeln!(f, "engines differ on a call with {} ticks", self.case.ticks)?;
        self.seen.iter().try_for_each(|(engine, seen)| writeln!(f, "{engine:?}: {seen:?}"))
    }
}

/// The engines.
#[derive(Debug)]
pub struct Engines([(EngineKind, Vm); 3]);

impl Engines {
    /// Sets them up, without room for compiled code: no module comes twice.
    ///
    /// # Errors
    /// `Fault::Engine` if the host cannot.
    pub fn new() -> Result<Self, Fault> {
        let [one, two, three] = ENGINES.map(|engine| {
            let config = VmConfig { engine, cache_bytes_max: 0, instances_max: 16, ..VmConfig::default() };
            Ok::<_, Fault>((engine, Vm::new(config)?))
        });
        Ok(Self([one?, two?, three?]))
    }

    /// Returns each engine's machine.
    pub fn machines(&self) -> impl Iterator<Item = (EngineKind, &Vm)> {
        self.0.iter().map(|(engine, vm)| (*engine, vm))
    }

    /// Runs a contract on each; returns what all of them saw.
    ///
    /// # Errors
    /// The difference; a fault of the host is one.
    pub fn compare(&self, case: &Case) -> Result<Seen, Box<Difference>> {
        self.compare_on(case, |_| true)
    }

    /// Runs a contract on these engines; returns what all of them saw.
    ///
    /// # Errors
    /// As [`Engines::compare`].
    pub fn compare_on(&self, case: &Case, wanted: impl Fn(EngineKind) -> bool) -> Result<Seen, Box<Difference>> {
        let machines = self.machines().filter(|(engine, _)| wanted(*engine));
        let mut all = machines.map(|(engine, vm)| (engine, run(vm, case)));
        let first = all.next();
        let rest: Vec<_> = all.collect();
        match first {
            Some((_, Ok(seen))) if rest.iter().all(|(_, other)| other.as_ref() == Ok(&seen)) => Ok(seen),
            first => {
                let seen = first.into_iter().chain(rest).collect();
                Err(Box::new(Difference { case: case.clone(), seen }))
            }
        }
    }
}

/// Runs the contract's call on one engine, twice.
///
/// # Errors
/// The fault of the host, or what the second call told otherwise.
pub(crate) fn run(vm: &Vm, case: &Case) -> Result<Seen, String> {
    let code = vm.load(keccak256(&case.code), &case.code).map_err(|error| error.to_string())?;
    let first = call(vm, &code, case)?;
    // The second call may be in the same instance; no one can tell.
    let second = call(vm, &code, case)?;
    if first == second { Ok(first) } else { Err(format!("the second call differs: {first:?}, {second:?}")) }
}

fn call(vm: &Vm, code: &Arc<Code>, case: &Case) -> Result<Seen, String> {
    let message = Message {
        caller: Address::repeat_byte(1),
        contract: Address::repeat_byte(2),
        value: 0,
        input: Bytes::copy_from_slice(&case.input),
        read_only: false,
        depth: 1,
        entry: Entry::Call,
    };
    let mut frame = Frame::new(session(), message, vm.clone());
    frame.watch_memory();
    let (mut frame, outcome) = vm.run(code, frame, case.ticks);
    let ending = match outcome.exit {
        Exit::Finished => "Finished",
        Exit::Reverted => "Reverted",
        Exit::Trapped(status) => status.name(),
        Exit::Fault(fault) => return Err(fault.to_string()),
    };
    let memory = frame.memory_hash().unwrap_or(case.memory);
    let events = frame.session.end_transaction();
    let effects = format!("{events:?} {:?}", frame.session.into_changes());
    Ok(Seen { ending, ticks: outcome.ticks_used, output: frame.output, memory, effects })
}

fn session() -> Session {
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
    Session::new(Arc::new(State::new()), Arc::new(block))
}
