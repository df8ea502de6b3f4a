//! The durable state against a model that keeps every value at every height: blocks, reads at earlier heights, restarts, and
//! ends of the process between any two steps of a commit.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parity_scale_codec::Encode;
use proptest::prelude::*;

use super::format::IDENTITY_KEY;
use super::*;
use crate::state::State;
use crate::state::store::StoreError;
use crate::state::store::disk::{DiskConfig, DiskStore};
use crate::state::store::memory::MemoryStore;

thread_local! {
    static ARMED: Cell<Option<&'static str>> = const { Cell::new(None) };
}

const STEPS: [&str; 3] = ["values read, tree hashed", "batch gathered", "batch written"];

pub(super) fn pass(step: &str) {
    assert!(ARMED.get() != Some(step), "a test ends the process at: {step}");
}

pub(in crate::state) const IDENTITY: Identity = Identity { chain_id: 7, genesis_hash: [1; 32] };

/// Sizes that are too small, so that everything is evicted, pruned and written early.
pub(in crate::state) const fn small(cache_bytes_max: usize) -> DurableConfig {
    DurableConfig {
        retained_blocks: Retention::Blocks(PAGES_BEHIND_BLOCKS_MAX),
        cache_bytes_max,
        page_bytes_max: 4 << 10,
        check_interval_blocks: 1,
        check_steps_per_block: 0,
        durability: Durability::Synced,
        reader_wait_max: Duration::from_millis(30),
    }
}

pub(in crate::state) fn key(number: u8) -> StateKey {
    // Of different lengths, one the beginning of another.
    StateKey::from_bytes(&[b'k', number / 8, number % 8][..if number.is_multiple_of(8) { 2 } else { 3 }])
}

pub(in crate::state) fn block(writes: &[(u8, Option<u8>)]) -> ChangeSet {
    writes.iter().map(|(number, value)| (key(*number), value.map(|value| vec![value; 5].into()))).collect()
}

/// The state after every block, by definition, and the roots.
pub(in crate::state) struct Model {
    pub(in crate::state) states: Vec<State>,
}

impl Model {
    pub(in crate::state) fn new(genesis: &ChangeSet) -> Self {
        let mut state = State::new();
        state.commit(genesis);
        Self { states: vec![state] }
    }

    pub(in crate::state) fn head(&self) -> u64 {
        self.states.len() as u64 - 1
    }

    pub(in crate::state) fn commit(&mut self, changes: &ChangeSet) -> StateRoot {
        let mut state = self.states.last().unwrap().clone();
        let root = state.commit(changes);
        self.states.push(state);
        root
    }

    pub(in crate::state) fn check(&self, durable: &DurableState, height: u64) {
        let state = &self.states[usize::try_from(height).unwrap()];
        let view = durable.at(height).unwrap();
        for number in 0..=255 {
            assert_eq!(view.get(&key(number)).unwrap(), state.get(&key(number)).unwrap(), "at {height}");
        }
        let mut scanned = Vec::new();
        view.scan(&[], &mut |key, value| {
            scanned.push((StateKey::from_bytes(&key), value));
            true
        })
        .unwrap();
        let entries: Vec<_> = state.entries().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        assert_eq!(scanned, entries, "at {height}");
        for prefix in [&b""[..], b"k", b"k\x03", b"x"] {
            let (mut after, mut expected) = (Vec::new(), Vec::new());
            loop {
                let next = view.next(prefix, &after).unwrap();
                assert_eq!(next, state.next(prefix, &expected).unwrap(), "after {after:?} at {height}");
                let Some(next) = next else { break };
                after = next.as_bytes().to_vec();
                expected.clone_from(&after);
            }
        }
    }

    fn check_all(&self, durable: &DurableState) {
        let (oldest, newest) = durable.heights();
        assert_eq!(newest, self.head());
        assert_eq!(oldest, newest.saturating_sub(PAGES_BEHIND_BLOCKS_MAX), "up to {newest}");
        for height in [oldest, oldest.midpoint(newest), newest.saturating_sub(1).max(oldest), newest] {
            self.check(durable, height);
        }
        let root = self.states.last().unwrap().root();
        assert_eq!(durable.check_root().unwrap(), root);
        let (value, proof, proven) = durable.prove(&key(3)).unwrap();
        assert_eq!(proven, root);
        assert_eq!(proof.verify(&root.hash().0, key(3).as_bytes(), value.as_ref().map(AsRef::as_ref)), Ok(()));
    }
}

pub(in crate::state) fn open(store: &Arc<dyn Store>, config: DurableConfig) -> DurableState {
    DurableState::open(Arc::clone(store), IDENTITY, config).unwrap().unwrap()
}

/// What a block writes: a key by its number, and the byte of its value or nothing.
type Writes = Vec<(u8, Option<u8>)>;

fn writes() -> impl Strategy<Value = Writes> {
    proptest::collection::vec((any::<u8>(), proptest::option::weighted(0.7, any::<u8>())), 0..40)
}

/// What happens before a block.
#[derive(Clone, Debug)]
enum Event {
    Nothing,
    Restart,
    /// Some keys are read ahead, whether the block changes them or not.
    Prefetch(Vec<u8>),
    /// The process ends at a step of a commit of the block.
    Crash(&'static str),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => Just(Event::Nothing),
        1 => Just(Event::Restart),
        3 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(Event::Prefetch),
        2 => proptest::sample::select(&STEPS[..]).prop_map(Event::Crash),
    ]
}

/// Commits a block on a process that ends at a step; returns the state of the next process.
fn crash(store: &Arc<dyn Store>, durable: DurableState, changes: &ChangeSet, step: &'static str) -> DurableState {
    let config = durable.config;
    let height = durable.head().height + 1;
    ARMED.set(Some(step));
    let ended = catch_unwind(AssertUnwindSafe(|| durable.commit(height, changes, Vec::new())));
    ARMED.set(None);
    assert!(ended.is_err(), "the step is on the way");
    drop(durable);
    open(store, config)
}

fn play(store: Arc<dyn Store>, cache_bytes_max: usize, blocks: Vec<(Event, Writes)>) {
    let config = small(cache_bytes_max);
    let genesis = block(&[(1, Some(1)), (200, Some(2))]);
    let mut durable = DurableState::create(Arc::clone(&store), IDENTITY, config, &genesis, vec![0]).unwrap();
    let mut model = Model::new(&genesis);
    for (event, writes) in blocks {
        let changes = block(&writes);
        match event {
            Event::Nothing | Event::Prefetch(_) => {}
            Event::Restart => {
                drop(durable);
                durable = open(&store, config);
            }
            Event::Crash(step) => {
                durable = crash(&store, durable, &changes, step);
                // Whole or not at all: only what was written is there.
                let is_there = durable.head().height > model.head();
                assert_eq!(is_there, step == "batch written");
                if is_there {
                    model.commit(&changes);
                    model.check(&durable, model.head());
                    continue;
                }
            }
        }
        let expected = model.commit(&changes);
        if let Event::Prefetch(keys) = event {
            durable.prefetch(&keys.into_iter().map(key).collect::<Vec<_>>()).unwrap();
        }
        let root = durable.commit(model.head(), &changes, vec![9]).unwrap();
        assert_eq!(root, expected);
        // Every block, and in small steps.
        let mut progress = CheckProgress::Going;
        while progress == CheckProgress::Going {
            progress = durable.advance_check(50).unwrap();
        }
        assert_eq!(progress, CheckProgress::Equal { height: model.head() });
        model.check(&durable, model.head());
    }
    model.check_all(&durable);
    drop(durable);
    model.check_all(&open(&store, config));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn case_113_every_retained_height_reads_as_it_was_whatever_ends_in_between(
        cache_bytes_max in prop_oneof![Just(0), Just(40 << 10), Just(1 << 20)],
        blocks in proptest::collection::vec((event(), writes()), 1..80),
    ) {
        play(Arc::new(MemoryStore::new()), cache_bytes_max, blocks);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn the_database_on_disk_does_what_the_one_in_memory_does(
        blocks in proptest::collection::vec((prop_oneof![4 => Just(Event::Nothing), 1 => Just(Event::Crash("batch written"))], writes()), 1..50),
    ) {
        let folder = tempfile::tempdir().unwrap();
        play(Arc::new(DiskStore::open(folder.path(), DiskConfig::default()).unwrap()), 40 << 10, blocks);
    }
}

#[test]
fn a_database_on_disk_is_opened_where_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let store = || -> Arc<dyn Store> { Arc::new(DiskStore::open(folder.path(), DiskConfig::default()).unwrap()) };
    let durable = DurableState::create(store(), IDENTITY, small(0), &block(&[(1, Some(1))]), vec![0]).unwrap();
    let root = durable.commit(1, &block(&[(1, None), (2, Some(5))]), b"block one".to_vec()).unwrap();
    drop(durable);
    let durable = open(&store(), small(0));
    let head = durable.head();
    assert_eq!((head.height, head.root), (1, root.hash().0));
    assert_eq!(durable.block(1).unwrap(), Some(b"block one"[..].into()));
    assert_eq!(durable.block(2).unwrap(), None);
    assert_eq!(durable.at(0).unwrap().get(&key(1)).unwrap(), Some(vec![1; 5].into()));
    assert_eq!(durable.newest().get(&key(1)).unwrap(), None);
}

#[test]
fn a_database_is_open_in_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = DiskStore::open(folder.path(), DiskConfig::default()).unwrap();
    assert!(matches!(DiskStore::open(folder.path(), DiskConfig::default()), Err(StoreError::Locked)));
    drop(first);
    DiskStore::open(folder.path(), DiskConfig::default()).unwrap();
}

#[test]
fn a_foreign_database_is_refused_with_what_to_do() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    assert!(
        DurableState::open(Arc::clone(&store), IDENTITY, small(0)).unwrap().is_none(),
        "an empty store has no state"
    );
    DurableState::create(Arc::clone(&store), IDENTITY, small(0), &block(&[(1, Some(1))]), vec![]).unwrap();
    let refusal = |identity| DurableState::open(Arc::clone(&store), identity, small(0)).unwrap_err();
    let chain = refusal(Identity { chain_id: 8, ..IDENTITY });
    assert_eq!(chain.to_string(), "the database is of chain 7, not of chain 8: name another folder");
    assert!(matches!(refusal(Identity { genesis_hash: [2; 32], ..IDENTITY }), OpenError::Genesis { .. }));

    let again = DurableState::create(Arc::clone(&store), IDENTITY, small(0), &ChangeSet::new(), vec![]);
    assert!(matches!(again, Err(OpenError::Foreign)), "what is there is not written over");

    let mut batch = Batch::default();
    batch.put(Table::Meta, IDENTITY_KEY, (FORMAT + 1, IDENTITY).encode());
    store.write(batch, Durability::Synced).unwrap();
    assert!(matches!(refusal(IDENTITY), OpenError::Format { found } if found == FORMAT + 1));

    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let mut batch = Batch::default();
    batch.put(Table::Entries, &b"something"[..], &b"else"[..]);
    store.write(batch, Durability::Synced).unwrap();
    assert!(matches!(DurableState::open(store, IDENTITY, small(0)), Err(OpenError::Foreign)));
}

#[test]
fn heights_that_cannot_be_shown_are_refused_by_name() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let durable = DurableState::create(store, IDENTITY, small(0), &block(&[(1, Some(0))]), vec![]).unwrap();
    for height in 1..=PAGES_BEHIND_BLOCKS_MAX + 5 {
        durable.commit(height, &block(&[(1, Some(1))]), vec![]).unwrap();
    }
    let head = PAGES_BEHIND_BLOCKS_MAX + 5;
    assert_eq!(durable.at(head + 1).unwrap_err(), ViewError::Future { height: head + 1, head });
    assert_eq!(durable.at(4).unwrap_err(), ViewError::Pruned { height: 4, oldest: 5 });
    durable.at(5).unwrap();
}

#[test]
fn a_process_that_ends_after_every_block_keeps_no_more_heights() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let mut durable = DurableState::create(Arc::clone(&store), IDENTITY, small(0), &ChangeSet::new(), vec![]).unwrap();
    for height in 1..=PAGES_BEHIND_BLOCKS_MAX + 9 {
        durable = crash(&store, durable, &block(&[(1, Some(1))]), "batch written");
        assert_eq!(durable.heights(), (height.saturating_sub(PAGES_BEHIND_BLOCKS_MAX), height));
    }
}

#[test]
fn a_view_stays_as_it_is_while_blocks_are_committed_and_pruned() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let durable =
        DurableState::create(store, IDENTITY, small(0), &block(&[(1, Some(0)), (9, Some(0))]), vec![]).unwrap();
    let view = durable.newest();
    for height in 1..=2 * PAGES_BEHIND_BLOCKS_MAX {
        durable.commit(height, &block(&[(1, Some(1)), (9, None), (10, Some(1))]), vec![]).unwrap();
    }
    assert!(durable.at(0).is_err());
    assert_eq!(view.get(&key(1)).unwrap(), Some(vec![0; 5].into()));
    assert_eq!(view.next(key(1).as_bytes(), key(1).as_bytes()).unwrap(), None);
    assert_eq!(view.next(b"k", key(1).as_bytes()).unwrap(), Some(key(9)));
    assert_eq!(view.next(b"k", key(9).as_bytes()).unwrap(), None);
}

#[test]
fn a_block_that_does_not_follow_the_head_is_refused_and_harms_nothing() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let durable = DurableState::create(store, IDENTITY, small(0), &ChangeSet::new(), vec![]).unwrap();
    assert!(matches!(durable.commit(2, &ChangeSet::new(), vec![]), Err(Fault::Invariant(_))));
    assert!(matches!(durable.commit(0, &ChangeSet::new(), vec![]), Err(Fault::Invariant(_))));
    durable.commit(1, &ChangeSet::new(), vec![]).unwrap();
}

/// A store whose device is full at will.
#[derive(Default)]
struct FullStore {
    store: MemoryStore,
    full: AtomicBool,
}

impl Store for FullStore {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.store.snapshot()
    }

    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        if self.full.load(Ordering::Relaxed) { Err(StoreError::Full) } else { self.store.write(batch, durability) }
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.store.disk_bytes()
    }
}

#[test]
fn case_111_a_full_disk_stops_the_writer_and_not_the_readers_until_the_state_is_opened_again() {
    let full = Arc::new(FullStore::default());
    let store: Arc<dyn Store> = full.clone();
    let genesis = block(&[(1, Some(0))]);
    let durable = DurableState::create(Arc::clone(&store), IDENTITY, small(1 << 20), &genesis, vec![]).unwrap();
    let mut model = Model::new(&genesis);
    let changes = block(&[(1, Some(1)), (2, Some(2))]);

    full.full.store(true, Ordering::Relaxed);
    let error = durable.commit(1, &changes, vec![]).unwrap_err();
    assert!(error.to_string().contains("no space left"), "{error}");
    full.full.store(false, Ordering::Relaxed);
    assert!(durable.commit(1, &changes, vec![]).is_err(), "the tree may be ahead");
    model.check(&durable, 0);

    let durable = open(&store, small(1 << 20));
    assert_eq!(durable.commit(1, &changes, vec![]).unwrap(), model.commit(&changes));
    model.check_all(&durable);
}

#[test]
fn case_112_a_damaged_page_or_entry_is_found_when_the_state_is_opened_or_checked() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let genesis: ChangeSet =
        (0..600_u16).map(|n| (StateKey::from_bytes(&n.to_be_bytes()), Some(vec![1; 9].into()))).collect();
    let durable = DurableState::create(Arc::clone(&store), IDENTITY, small(0), &genesis, vec![]).unwrap();
    let one = StateKey::from_bytes(&[0, 1]);
    let mut batch = Batch::default();
    batch.put(Table::Entries, one.as_bytes(), &b"flipped"[..]);
    store.write(batch, Durability::Synced).unwrap();
    drop(durable);
    let damage = open(&store, small(0)).check_root().unwrap_err();
    assert!(damage.to_string().contains("the root of the entries"), "{damage}");

    let mut batch = Batch::default();
    let (place, mut page) = store.snapshot().seek(Table::Pages, &[0]).unwrap().map(|(k, v)| (k, v.to_vec())).unwrap();
    *page.last_mut().unwrap() ^= 1;
    batch.put(Table::Pages, place, page);
    store.write(batch, Durability::Synced).unwrap();
    let damage = DurableState::open(store, IDENTITY, small(0)).unwrap_err();
    assert!(damage.to_string().contains("the root of the tree"), "{damage}");
}

#[test]
fn a_page_of_the_tree_is_never_behind_for_longer_than_can_be_made_good() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let durable = DurableState::create(store, IDENTITY, small(0), &block(&[(1, Some(0))]), vec![]).unwrap();
    for height in 1..=3 * PAGES_BEHIND_BLOCKS_MAX {
        durable.commit(height, &block(&[(1, Some(u8::try_from(height).unwrap()))]), vec![]).unwrap();
        let head = durable.head();
        assert!(head.pages_height + PAGES_BEHIND_BLOCKS_MAX >= height);
        assert!(head.undo_height <= head.pages_height + 1);
    }
}

/// A store that notes how it was asked to write.
#[derive(Default)]
struct NotingStore {
    store: MemoryStore,
    synced: Mutex<Vec<bool>>,
}

impl Store for NotingStore {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.store.snapshot()
    }

    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        self.synced.lock().unwrap().push(durability == Durability::Synced);
        self.store.write(batch, durability)
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.store.disk_bytes()
    }
}

#[test]
fn each_block_is_synced_or_one_in_an_interval() {
    for durability in [Durability::Synced, Durability::Buffered] {
        let noting = Arc::new(NotingStore::default());
        let config = DurableConfig { durability, ..small(0) };
        let durable = DurableState::create(noting.clone(), IDENTITY, config, &ChangeSet::new(), vec![]).unwrap();
        for height in 1..=2 * SYNC_INTERVAL_BLOCKS {
            durable.commit(height, &ChangeSet::new(), vec![]).unwrap();
        }
        let synced = noting.synced.lock().unwrap();
        for (height, synced) in synced.iter().enumerate() {
            let due = (height as u64).is_multiple_of(SYNC_INTERVAL_BLOCKS);
            assert_eq!(*synced, due || durability == Durability::Synced, "at {height}");
        }
    }
}

#[test]
fn opening_writes_nothing_whatever_the_pages_lack() {
    let noting = Arc::new(NotingStore::default());
    let durable = DurableState::create(noting.clone(), IDENTITY, small(0), &block(&[(1, Some(0))]), vec![]).unwrap();
    for height in 1..9 {
        durable.commit(height, &block(&[(1, Some(1))]), vec![]).unwrap();
    }
    let written = noting.synced.lock().unwrap().len();
    let again = DurableState::open(noting.clone(), IDENTITY, small(0)).unwrap().unwrap();
    assert_eq!(again.head(), durable.head());
    assert_eq!(noting.synced.lock().unwrap().len(), written);
}
