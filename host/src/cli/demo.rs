//! `florin demo`: every claim of a real allocation list, paid in one command; or the whole economy.

use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use florin_runtime::block::BlockError;
use florin_runtime::chain::ChainError;
use florin_runtime::state::store::Durability;
use florin_runtime::state::store::disk::DiskConfig;

use crate::cli::economy::{self, Economy};
use crate::cli::{Failure, Format, Output};
use crate::code_cache::CodeCache;
use crate::data_folder::DataFolder;
use crate::demo::list::AllocationList;
use crate::demo::progress::Bar;
use crate::demo::report::Report;
use crate::demo::{CLAIMS_PER_BLOCK_MAX, DemoError, Options, StateStore, run};

/// Pay all 43,575 claims of a real allocation list by signed transactions, then attack the campaign five times; or run the whole
/// economy.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Pay the first N accounts of the list only.
    #[arg(long, value_name = "N")]
    claims: Option<NonZeroUsize>,
    /// Put N claims in a block, 1,000 at most.
    #[arg(long, value_name = "N", default_value_t = CLAIMS_PER_BLOCK_MAX, value_parser = claims_per_block)]
    claims_per_block: NonZeroUsize,
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
    /// Keep state and blocks in this folder; the same command goes on where it was ended, by a power cut too
    /// [default: in memory].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// When a block in the folder is safe from a power cut.
    #[arg(long, value_enum, default_value_t = Sync::Block, requires = "data_dir")]
    sync: Sync,
    #[command(flatten)]
    economy: Economy,
    /// How to print the report.
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// When what was committed is safe from a power cut. What a process has committed survives its end in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sync {
    /// Each block, before the next one begins.
    Block,
    /// Every 64th block: faster, for what can be run again.
    Interval,
}

impl Demo {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        if self.economy.economy {
            let report = self.economy.run(self.seed, self.threads, &mut Bar::default())?;
            output.line(match self.output {
                Format::Table => report.to_table(),
                Format::Json => report.to_json(),
            })?;
            return economy::verdict(&report);
        }
        let list = self.list.as_ref().map(read).transpose()?;
        let cache_folder = self.cache_dir.map(|folder| CodeCache::new(folder, None).open()).transpose()?;
        // Held until the end: the folder is this process's.
        let folder = self.data_dir.as_deref().map(DataFolder::open).transpose()?;
        let state = folder.as_ref().map(|folder| state_in(folder, self.sync)).transpose()?;
        let options = Options {
            list,
            claims: self.claims,
            claims_per_block: self.claims_per_block,
            state,
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

fn state_in(folder: &DataFolder, sync: Sync) -> Result<StateStore, Failure> {
    let durability = match sync {
        Sync::Block => Durability::Synced,
        Sync::Interval => Durability::Buffered,
    };
    Ok(StateStore { store: Arc::new(folder.state(DiskConfig::default())?), durability })
}

fn claims_per_block(text: &str) -> Result<NonZeroUsize, String> {
    let number: NonZeroUsize = text.parse().map_err(|error: std::num::ParseIntError| error.to_string())?;
    if number > CLAIMS_PER_BLOCK_MAX {
        return Err(format!("a block has room for {CLAIMS_PER_BLOCK_MAX}"));
    }
    Ok(number)
}

fn failure(error: DemoError) -> Failure {
    match error {
        DemoError::Fault(fault)
        | DemoError::Block(BlockError::Fault(fault))
        | DemoError::Chain(ChainError::Fault(fault)) => fault.into(),
        DemoError::Chain(ChainError::Open(error)) => error.into(),
        DemoError::AnotherRun { .. } => Failure::Storage {
            message: error.to_string(),
            help: Some(
                "give the same --list, --claims, --claims-per-block and --seed, or name another folder".to_owned(),
            ),
        },
        _ => Failure::Other { message: format!("the demo could not be carried out: {error}"), help: None },
    }
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
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use florin_runtime::state::store::memory::MemoryStore;
    use florin_runtime::state::store::{Batch, Durability, Snapshot, Store, StoreError, Table};

    use super::{failure, verdict};
    use crate::cli::{Exit, Failure};
    use crate::demo::progress::Silent;
    use crate::demo::{Options, StateStore, run};

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
    /// A store whose device is full from block 3 on, until space is freed.
    #[derive(Default)]
    struct SmallStore {
        store: MemoryStore,
        freed: AtomicBool,
    }

    impl Store for SmallStore {
        fn snapshot(&self) -> Arc<dyn Snapshot> {
            self.store.snapshot()
        }

        fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
            let is_late = |key: &[u8]| key >= &3_u64.to_be_bytes()[..];
            let full = batch.rows().any(|(table, key, _)| table == Table::Blocks && is_late(key));
            if full && !self.freed.load(Ordering::Relaxed) {
                return Err(StoreError::Full);
            }
            self.store.write(batch, durability)
        }

        fn disk_bytes(&self) -> Result<u64, StoreError> {
            self.store.disk_bytes()
        }
    }

    #[test]
    fn case_111_a_full_disk_exits_with_6_and_the_demo_goes_on_when_space_is_freed() {
        let small = Arc::new(SmallStore::default());
        let state = StateStore { store: small.clone(), durability: Durability::Synced };
        let options = Options { claims: NonZeroUsize::new(2), state: Some(state), ..Options::default() };
        let failure = failure(run(&options, &mut Silent).unwrap_err());
        assert_eq!(failure.exit(), Exit::Storage);
        assert!(failure.to_string().contains("no space left on the device: free some"), "{failure}");
        small.freed.store(true, Ordering::Relaxed);
        let report = run(&options, &mut Silent).unwrap();
        assert_eq!((report.blocks_found, report.claims_paid, report.findings()), (2, 2, vec![]));
    }
}
