//! A trace in the words of a book: calls within calls, each with what it said, cost, emitted and answered.
//!
//! Costs one step for each call, and a look at the debug information for each call that failed.

use alloy_primitives::Address;
use florin_runtime::gas::Gas;
use florin_runtime::vm::frame::Entry;
use florin_runtime::vm::trace::{CallRecord, Function, Site, Trace};
use serde::Serialize;

use crate::abi;
use crate::book::{Book, Contract};
use crate::symbols::Line;

/// What one transaction, or one simulated call, did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The calls that it made itself: one, or none if it ended before.
    pub calls: Vec<Call>,
    /// Whether there was more than a trace holds.
    pub truncated: bool,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Who called, by name where there is one.
    pub caller: String,
    /// What was called, by name where there is one.
    pub contract: String,
    /// Its address.
    pub address: Address,
    /// The message with its arguments, as the ABI has it.
    pub message: String,
    /// The amount that came along, in ledger wei.
    pub value: u128,
    /// Whether it could have effects.
    pub read_only: bool,
    /// What became of it, by the name of the status.
    pub status: &'static str,
    /// The status in words.
    pub meaning: &'static str,
    /// The gas that it could use.
    pub gas_given: u64,
    /// The gas that it used, with the calls that it made.
    pub gas_used: u64,
    /// What it returned, or the error that it reverted with.
    pub output: Option<String>,
    /// The events that it emitted itself.
    pub events: Vec<String>,
    /// Where it stood when it failed, the innermost function first.
    pub backtrace: Vec<Step>,
    /// The calls that it made.
    pub calls: Vec<Call>,
}

/// One function of a backtrace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The function, as the module names it; a host function as `florin::NAME`.
    pub function: String,
    /// The offset in the code section.
    pub offset: Option<u32>,
    /// The lines of the source, the innermost of the functions that were inlined first; none without debug information.
    pub lines: Vec<Line>,
}

impl Report {
    /// Tells a trace in the words of a book.
    pub fn of(trace: &Trace, book: &Book) -> Self {
        let mut children = vec![Vec::new(); trace.calls.len()];
        for (place, call) in trace.calls.iter().enumerate() {
            if let Some(siblings) = call.parent.and_then(|parent| children.get_mut(parent)) {
                siblings.push(place);
            }
        }
        // A call stands behind the one that made it, so from the last to the first each finds its own calls told.
        let mut told: Vec<Option<Call>> = vec![None; trace.calls.len()];
        for (place, call) in trace.calls.iter().enumerate().rev() {
            let calls = children.get(place).into_iter().flatten();
            let calls = calls.filter_map(|child| told.get_mut(*child)?.take()).collect();
            let call = Call::of(call, calls, book);
            if let Some(slot) = told.get_mut(place) {
                *slot = Some(call);
            }
        }
        Self { calls: told.into_iter().flatten().collect(), truncated: trace.truncated }
    }
}

impl Call {
    fn of(call: &CallRecord, calls: Vec<Self>, book: &Book) -> Self {
        let (contract, message) = (book.contract(call.code), &call.message);
        let abi = contract.and_then(|contract| contract.abi.as_ref());
        let output = match (call.status, message.entry) {
            (florin_abi::Status::Success, Entry::Call) => abi::output(abi, &message.input, &call.output, book),
            (florin_abi::Status::Reverted, _) => Some(abi::error(abi, &call.output, book)),
            _ => None,
        };
        Self {
            caller: book.account(message.caller),
            contract: label(contract, message.contract, book),
            address: message.contract,
            message: match message.entry {
                Entry::Call => abi::call(abi, &message.input, book),
                Entry::Init => abi::init(abi, &message.input, book),
            },
            value: message.value,
            read_only: message.read_only,
            status: call.status.name(),
            meaning: call.status.describe(),
            gas_given: Gas::from_ticks(call.ticks_given).0,
            gas_used: Gas::from_ticks(call.ticks_used).0,
            output,
            events: call.events.iter().map(|event| abi::event(abi, event, book)).collect(),
            backtrace: steps(contract, &call.backtrace),
            calls,
        }
    }
}

fn label(contract: Option<&Contract>, address: Address, book: &Book) -> String {
    let account = book.account(address);
    match contract.and_then(|contract| contract.name.as_ref()) {
        Some(name) if account == address.to_string() => name.clone(),
        _ => account,
    }
}

fn steps(contract: Option<&Contract>, sites: &[Site]) -> Vec<Step> {
    let offsets: Vec<_> = sites.iter().map(|site| site.offset).collect();
    let mut lines = contract.map(|contract| contract.symbols.lines(&offsets)).unwrap_or_default().into_iter();
    let step = |site: &Site| {
        let (mut lines, function) = (lines.next().unwrap_or_default(), function(contract, site.function));
        // The last one is the function itself, which the module names in full.
        if let Some(own) = lines.last_mut() {
            own.function.clone_from(&function);
        }
        Step { function, offset: site.offset, lines }
    };
    sites.iter().map(step).collect()
}

/// Names a function.
pub(crate) fn function(contract: Option<&Contract>, function: Function) -> String {
    match function {
        Function::Call => "(call)".to_owned(),
        Function::Host(name) => format!("florin::{name}"),
        Function::Code(index) => {
            contract.map_or_else(|| format!("function {index}"), |contract| contract.symbols.name(index))
        }
    }
}
