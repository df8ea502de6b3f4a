//! Traces of what a test did: who called whom, what it cost, where it failed.
//!
//! Guarantees that a traced transaction is the same as an untraced one: gas, receipt and state root. Off unless it is asked for,
//! by [`Sandbox::trace`](crate::Sandbox::trace) or, for every transaction that fails, by the environment: `FLORIN_TRACE=1`.
//! Functions have names and lines if the contract was built with `florin contract build --debug`.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use florin_abi::Status;
use florin_runtime::chain::Chain;
use florin_runtime::fault::Fault;
use florin_runtime::gas::Gas;
use florin_runtime::vm::Vm;
use florin_trace::{Book, Report, folded};

use crate::account::Account;

/// What a failure says about how to see more.
pub(crate) const HINT: &str = "FLORIN_TRACE=1 shows a trace of every transaction that fails";

/// The environment's word for it.
const VARIABLE: &str = "FLORIN_TRACE";

/// One transaction, or one view, that was traced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// How it ended.
    pub status: Status,
    /// The gas that it used in all.
    pub gas_used: Gas,
    /// Its calls: contracts, messages, gas, events, errors, backtraces. As text, a tree.
    pub report: Report,
    /// Its gas by function as folded stacks, from which `inferno-flamegraph` or `flamegraph.pl` draws a flame graph.
    pub folded: String,
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}\n{}", self.status.name(), self.gas_used, self.report)
    }
}

/// Who watches a sandbox. Snapshots share it.
#[derive(Default)]
pub(crate) struct Watch {
    /// The machine that tells of functions, once it was needed.
    vm: Option<Vm>,
    /// What was traced since the trace began; nothing if none did.
    traces: Option<Vec<Trace>>,
    /// Whether the environment asks for every failure.
    failures: bool,
    hinted: bool,
    artifacts: Vec<(PathBuf, Vec<u8>)>,
}

impl Watch {
    /// Asks the environment.
    pub(crate) fn from_environment() -> Self {
        let asked = std::env::var_os(VARIABLE).is_some_and(|value| !value.is_empty() && value != "0");
        Self { failures: asked, ..Self::default() }
    }

    /// Remembers where a deployed module came from.
    pub(crate) fn learn(&mut self, path: PathBuf, code: &[u8]) {
        self.artifacts.push((path, code.to_vec()));
    }

    /// Begins to keep traces; returns those that were kept before, which go on when this one ends.
    pub(crate) fn begin(&mut self) -> Option<Vec<Trace>> {
        self.traces.replace(Vec::new())
    }

    /// Returns what was kept since [`Watch::begin`].
    pub(crate) fn end(&mut self, before: Option<Vec<Trace>>) -> Vec<Trace> {
        core::mem::replace(&mut self.traces, before).unwrap_or_default()
    }

    /// Returns the machine to trace with, if anybody watches.
    pub(crate) fn machine(&mut self, chain: &Chain) -> Result<Option<Vm>, Fault> {
        if self.traces.is_none() && !self.failures {
            return Ok(None);
        }
        if self.vm.is_none() {
            self.vm = Some(chain.vm().traced()?);
        }
        Ok(self.vm.clone())
    }

    /// Takes note of a traced transaction.
    pub(crate) fn saw(
        &mut self,
        trace: &florin_runtime::vm::trace::Trace,
        status: Status,
        gas_used: Gas,
        names: &BTreeSet<Arc<str>>,
    ) {
        let told = self.failures && !status.is_success();
        if self.traces.is_none() && !told {
            return;
        }
        let book = self.book(names);
        let (report, folded) = (Report::of(trace, &book), folded(trace, gas_used, &book));
        let trace = Trace { status, gas_used, report, folded };
        if told {
            // A test runner keeps this for the tests that fail.
            eprintln!("{trace}");
        }
        if let Some(traces) = &mut self.traces {
            traces.push(trace);
        }
    }

    /// Says once how to see more of a transaction that failed. A test runner shows it if the test fails too.
    pub(crate) fn failed_unseen(&mut self, status: Status) {
        if !status.is_success() && !core::mem::replace(&mut self.hinted, true) {
            eprintln!("a transaction ended with {}; {HINT}, `Sandbox::trace` of the calls in it", status.name());
        }
    }

    /// Reads what is known beside the artifacts. Files that cannot be read tell nothing.
    fn book(&self, names: &BTreeSet<Arc<str>>) -> Book {
        let mut book = Book::default();
        for name in names {
            book.name_account(Account::named(name).address(), name);
        }
        for (path, code) in &self.artifacts {
            if book.learn_artifact(path, code).is_err() {
                book.learn(code, None, None);
            }
        }
        book
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("traces", &self.traces).field("failures", &self.failures).finish_non_exhaustive()
    }
}
