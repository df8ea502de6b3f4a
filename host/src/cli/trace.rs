//! `florin trace`: contracts deployed and called on a fresh chain, and everything that they did.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use florin_runtime::gas::Gas;

use crate::cli::{Failure, Output};
use crate::trace::{Options, WatchError, Watched, Watching, watch};

/// Deploy contracts on a chain in memory, call them, and show who called whom, what it cost and where it failed.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  florin contract build --all --debug
  florin trace 'contracts/artifacts/token.wasm(Gold, GLD, 18, alice, 1000)' \\
      --call 'alice: transfer(bob, 5)' --call 'bob: transfer(alice, 6)' --folded gas.txt

An account is any name, the same in every run, with 1,000 MDT if it sends a call; \"author\" deploys. Names of accounts and
contracts stand for their addresses in arguments. Names of functions and lines of the source are shown if NAME.debug.wasm lies
beside NAME.wasm, arguments and events by NAME.json.")]
pub(super) struct Trace {
    /// Contracts in the order of their deployment: [NAME=]FILE.wasm[(ARGUMENT, ..)].
    #[arg(required = true, value_name = "CONTRACT")]
    contracts: Vec<String>,
    /// A call: [ACCOUNT: ][CONTRACT.]MESSAGE(ARGUMENT, ..)[ with WEI]. Repeat it for several; without one, the deployments are
    /// shown. MESSAGE may be calldata in hex. Without CONTRACT the last one is called.
    #[arg(short, long = "call", value_name = "CALL")]
    calls: Vec<String>,
    /// Gas limit of each call.
    #[arg(long, value_name = "N", default_value_t = 50_000_000)]
    gas: u64,
    /// Also write gas by function as folded stacks, for flamegraph.pl or inferno-flamegraph.
    #[arg(long, value_name = "FILE")]
    folded: Option<PathBuf>,
    /// How to print the trace.
    #[arg(short, long, value_enum, default_value_t = Format::Tree)]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A tree for people.
    Tree,
    /// One JSON object.
    Json,
}

impl Trace {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let Self { contracts, calls, gas, folded, output: format } = self;
        let mut watching = watch(&Options { contracts, calls, gas_limit: Gas(gas) }).map_err(failure)?;
        // What had to be done before the first call is shown if it is all there is, or if it failed.
        if watching.transactions.iter().any(|watched| !watched.deployment) {
            watching.transactions.retain(|watched| !watched.deployment);
        }
        for note in &watching.notes {
            // A closed standard error leaves nobody to tell.
            let _ = writeln!(std::io::stderr(), "note: {note}");
        }
        if let Some(path) = &folded {
            write_folded(path, &watching)?;
        }
        match format {
            Format::Json => {
                let json = serde_json::to_string_pretty(&watching);
                let broken = |error| Failure::Other { message: format!("no JSON: {error}"), help: None };
                output.line(json.map_err(broken)?)?;
            }
            Format::Tree => {
                for watched in &watching.transactions {
                    output.line(tree(watched))?;
                }
            }
        }
        match watching.transactions.iter().rfind(|watched| !watched.success) {
            Some(failed) => Err(Failure::Reverted { message: format!("{} ended with {}", failed.what, failed.status) }),
            None => Ok(()),
        }
    }
}

fn tree(watched: &Watched) -> String {
    let Watched { what, status, gas_used, gas_run, report, .. } = watched;
    format!("{what}\n{status}, {gas_used} gas, of which {gas_run} ran\n{report}")
}

fn write_folded(path: &PathBuf, watching: &Watching) -> Result<(), Failure> {
    let text: String = watching.transactions.iter().map(|watched| watched.folded.as_str()).collect();
    std::fs::write(path, text)
        .map_err(|error| Failure::Other { message: format!("cannot write {}: {error}", path.display()), help: None })
}

fn failure(error: WatchError) -> Failure {
    let message = error.to_string();
    match error {
        WatchError::Refused { refusal, .. } => {
            Failure::CheckFailed { message, findings: Vec::new(), help: Some(refusal.fix()) }
        }
        WatchError::Spoken(_)
        | WatchError::NoContract { .. }
        | WatchError::NoMessage { .. }
        | WatchError::Arguments { .. } => {
            Failure::Usage { message, help: Some("`florin trace --help` shows how calls are written".to_owned()) }
        }
        _ => Failure::Other { message, help: None },
    }
}
