//! `florin demo`: every claim of a real allocation list, paid in one command.

use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::{Failure, Output};
use crate::code_cache::CodeCache;
use crate::demo::list::AllocationList;
use crate::demo::progress::Bar;
use crate::demo::report::Report;
use crate::demo::{DemoError, Options, run};

/// Pay all 43,575 claims of a real allocation list by signed transactions, then attack the campaign five times.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Pay the first N accounts of the list only.
    #[arg(long, value_name = "N")]
    claims: Option<NonZeroUsize>,
    /// Verify signatures on N threads [default: one for each core].
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Derive all keys from this number; the same number gives the same state root.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Pay this list instead: CSV of two columns, address and amount in the token's smallest unit.
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
    /// Keep compiled code in this folder, and take from it what an earlier run has compiled [default: compile anew].
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
    /// How to print the report.
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Tables for people.
    Table,
    /// One JSON object.
    Json,
}

impl Demo {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let list = self.list.as_ref().map(read).transpose()?;
        let cache_folder = self.cache_dir.map(|folder| CodeCache::new(folder, None).open()).transpose()?;
        let options = Options {
            list,
            claims: self.claims,
            threads: self.threads,
            seed: self.seed,
            cache_folder,
            ..Options::default()
        };
        let report = run(&options, &mut Bar::default()).map_err(failure)?;
        match self.output {
            Format::Table => output.line(report.to_table())?,
            Format::Json => output.line(report.to_json())?,
        }
        verdict(&report)
    }
}

fn read(path: &PathBuf) -> Result<AllocationList, Failure> {
    let help = || Some("give a CSV file of two columns: address, amount in the token's smallest unit".to_owned());
    let text = fs::read(path).map_err(|error| Failure::Usage {
        message: format!("cannot read {}: {error}", path.display()),
        help: help(),
    })?;
    AllocationList::parse(&text)
        .map_err(|error| Failure::Usage { message: format!("{}: {error}", path.display()), help: help() })
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn failure(error: DemoError) -> Failure {
    Failure::Other { message: format!("the demo could not be carried out: {error}"), help: None }
}

fn verdict(report: &Report) -> Result<(), Failure> {
    let findings = report.findings();
    if findings.is_empty() {
        return Ok(());
    }
    Err(Failure::CheckFailed { message: "the demo did not come out as it must".to_owned(), findings, help: None })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::num::NonZeroUsize;

    use super::verdict;
    use crate::cli::{Exit, Failure};
    use crate::demo::progress::Silent;
    use crate::demo::{Options, run};

    #[test]
    fn an_invariant_that_does_not_hold_or_an_attack_that_succeeds_exits_with_7() {
        let options = Options { claims: NonZeroUsize::new(1), ..Options::default() };
        let report = run(&options, &mut Silent).unwrap();
        assert!(verdict(&report).is_ok());
        for index in 0..report.invariants.len() {
            let mut broken = report.clone();
            broken.invariants[index].holds = false;
            assert_eq!(verdict(&broken).map_err(|failure| failure.exit()), Err(Exit::CheckFailed));
        }
        let mut broken = report.clone();
        broken.attacks[3].refused = false;
        let Err(Failure::CheckFailed { findings, .. }) = verdict(&broken) else { unreachable!("it must fail") };
        assert_eq!(findings.len(), 1);
        assert!(findings[0].contains("forged proof"), "{findings:?}");
    }
}
