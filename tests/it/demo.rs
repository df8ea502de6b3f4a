//! The demo at 500 claims: one state root and one gas figure, whatever runs the contracts, and wherever their state lies.

use std::num::NonZeroUsize;
use std::sync::Arc;

use florin::demo::progress::Silent;
use florin::demo::report::Report;
use florin::demo::{self, Options, StateStore};
use florin_runtime::state::store::Durability;
use florin_runtime::state::store::disk::{DiskConfig, DiskStore};
use florin_sandbox::EngineKind;

use crate::engines::ENGINES;

const CLAIMS: usize = 500;

/// Runs the demo and returns its report without the times.
fn report(engine: EngineKind) -> Report {
    let options = Options { claims: NonZeroUsize::new(CLAIMS), engine, ..Options::default() };
    let report = demo::run(&options, &mut Silent).unwrap();
    timeless(report)
}

fn timeless(report: Report) -> Report {
    assert_eq!(report.findings(), [] as [String; 0]);
    Report { tx_per_second: 0, stages: Vec::new(), blocks_found: 0, ..report }
}

#[test]
fn the_demo_has_one_state_root_and_one_gas_figure_on_every_engine() {
    let [none, speed, interpreted] = ENGINES.map(report);
    assert_eq!((none.claims_paid, &none.sum_paid), (CLAIMS as u64, &none.list_sum));
    assert_eq!(none.attacks.len(), 5);
    assert_eq!(none, speed);
    assert_eq!(none, interpreted);
}

#[test]
fn a_state_on_disk_gives_the_root_of_the_state_in_memory_and_any_engine_reads_its_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let [_, speed, interpreted] = ENGINES;
    let on_disk = |engine| {
        let store = Arc::new(DiskStore::open(folder.path(), DiskConfig::default()).unwrap());
        let state = Some(StateStore { store, durability: Durability::Synced });
        let options = Options { claims: NonZeroUsize::new(CLAIMS), engine, state, ..Options::default() };
        demo::run(&options, &mut Silent).unwrap()
    };
    let (first, again) = (on_disk(speed), on_disk(interpreted));
    assert_eq!((first.blocks_found, again.blocks_found), (0, first.height));
    let expected = report(speed);
    assert_eq!(timeless(first), expected);
    assert_eq!(timeless(again), expected);
}
