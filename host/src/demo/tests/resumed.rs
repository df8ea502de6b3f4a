//! The demo on a store: stopped anywhere it goes on, and comes to the report of a run that was never stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use florin_runtime::chain::ChainError;
use florin_runtime::fault::Fault;
use florin_runtime::genesis::Genesis;
use florin_runtime::state::durable::OpenError;
use florin_runtime::state::store::memory::MemoryStore;
use florin_runtime::state::store::{Batch, Durability, Snapshot, Store, StoreError, Table};

use super::super::cast::Cast;
use super::super::{CLAIMS_PER_BLOCK_MAX, DemoError, Options, StateStore, open_chain, with_allowances};
use super::*;
use crate::code_cache::CodeCache;

/// A store that stops at a block: at an even height the block is in it nevertheless, as when the process ends between the
/// write and the answer.
struct StoppingStore {
    store: MemoryStore,
    stop_at: AtomicU64,
}

impl Default for StoppingStore {
    fn default() -> Self {
        Self { store: MemoryStore::new(), stop_at: AtomicU64::new(u64::MAX) }
    }
}

impl Store for StoppingStore {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.store.snapshot()
    }

    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        let stop_at = self.stop_at.load(Ordering::Relaxed);
        let stops = batch.rows().any(|(table, key, _)| table == Table::Blocks && *key == stop_at.to_be_bytes());
        if !stops || stop_at.is_multiple_of(2) {
            self.store.write(batch, durability)?;
        }
        if stops { Err(StoreError::Full) } else { Ok(()) }
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.store.disk_bytes()
    }
}

/// Seven claims in four blocks, on a store.
fn on(store: &Arc<StoppingStore>) -> Options {
    let state = StateStore { store: store.clone(), durability: Durability::Synced };
    Options { claims_per_block: NonZeroUsize::new(2).unwrap(), state: Some(state), ..options(7) }
}

#[test]
fn a_run_that_is_stopped_at_every_block_comes_to_the_report_of_one_that_never_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let cache_folder = Some(CodeCache::new(folder.path().to_owned(), None).open().unwrap());
    let store = Arc::new(StoppingStore::default());
    let options = Options { cache_folder, ..on(&store) };
    let expected = run(&Options { state: None, ..options.clone() }, &mut Silent).unwrap();
    assert_eq!((expected.blocks_found, expected.height, expected.findings()), (0, 9, vec![]));

    for stop_at in 0..=expected.height {
        store.stop_at.store(stop_at, Ordering::Relaxed);
        let stopped = run(&options, &mut Silent).unwrap_err();
        let is_fault = matches!(
            stopped,
            DemoError::Fault(Fault::Store(StoreError::Full))
                | DemoError::Chain(ChainError::Open(OpenError::Fault(Fault::Store(StoreError::Full))))
        );
        assert!(is_fault, "at {stop_at}: {stopped:?}");
    }
    store.stop_at.store(u64::MAX, Ordering::Relaxed);
    let report = run(&options, &mut Silent).unwrap();
    assert_eq!(report.blocks_found, 8, "the ninth block was not written");
    assert_eq!(timeless(report), timeless(expected));
}

#[test]
fn a_finished_run_reports_the_same_again_and_executes_nothing() {
    let store = Arc::new(StoppingStore::default());
    let first = run(&on(&store), &mut Silent).unwrap();
    let again = run(&on(&store), &mut Silent).unwrap();
    assert_eq!((first.blocks_found, again.blocks_found), (0, first.height));
    assert!(first.tx_per_second > 0 && first.stages.iter().all(|stage| stage.nanoseconds > 0));
    assert!(again.tx_per_second == 0 && again.stages.iter().all(|stage| stage.nanoseconds == 0));
    assert!(again.to_table().contains("9 of 9"), "{}", again.to_table());
    assert_eq!(timeless(again), timeless(first));
}

#[test]
fn a_store_of_another_run_is_refused_at_the_first_block_that_differs() {
    let store = Arc::new(StoppingStore::default());
    store.stop_at.store(5, Ordering::Relaxed);
    run(&on(&store), &mut Silent).unwrap_err();
    store.stop_at.store(u64::MAX, Ordering::Relaxed);

    let one = NonZeroUsize::new(1).unwrap();
    let other_list = AllocationList::parse(b"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed,7").unwrap();
    for (other, differs_at) in [
        (Options { claims: Some(one), ..on(&store) }, 1),
        (Options { list: Some(other_list), ..on(&store) }, 1),
        (Options { claims_per_block: one, ..on(&store) }, 2),
    ] {
        let refused = run(&other, &mut Silent).unwrap_err();
        assert!(matches!(refused, DemoError::AnotherRun { height } if height == differs_at), "{refused}");
    }
    let other = Options { seed: 1, ..on(&store) };
    let refused = run(&other, &mut Silent).unwrap_err();
    assert!(matches!(refused, DemoError::Chain(ChainError::Open(OpenError::Genesis { .. }))), "{refused}");
    assert_eq!(run(&on(&store), &mut Silent).unwrap().blocks_found, 4, "it was not harmed");
}

#[test]
fn a_store_that_is_ahead_of_the_finished_run_is_refused() {
    let store = Arc::new(StoppingStore::default());
    let options = on(&store);
    let finished = run(&options, &mut Silent).unwrap();
    let genesis = Genesis::default();
    let cast = Cast::new(0, genesis.chain_id).unwrap();
    let mut chain = open_chain(&options, with_allowances(genesis, &cast), 1).unwrap();
    let block = chain.propose(Vec::new(), 0).unwrap().block;
    chain.commit(chain.execute(&block).unwrap()).unwrap();
    let refused = run(&options, &mut Silent).unwrap_err();
    assert!(matches!(refused, DemoError::AnotherRun { height } if height == finished.height + 1), "{refused}");
}

#[test]
fn a_block_has_no_room_for_more_claims_than_the_most() {
    let more = CLAIMS_PER_BLOCK_MAX.checked_add(1).unwrap();
    let refused = run(&Options { claims_per_block: more, ..options(1_001) }, &mut Silent).unwrap_err();
    assert!(matches!(refused, DemoError::BlockFull { left: 1 }), "{refused}");
}
