//! What is read ahead is not read again.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use alloy_primitives::Bytes;

use super::super::tests::{IDENTITY, small};
use super::super::{DurableConfig, DurableState};
use super::{AHEAD_BYTES_MAX, Ahead};
use crate::state::store::memory::MemoryStore;
use crate::state::store::{Batch, Durability, Snapshot, Store, StoreError, Table};
use crate::state::{ChangeSet, StateKey, StateReader, undo};

/// A store that counts what is read from it.
#[derive(Default)]
struct CountingStore {
    store: MemoryStore,
    reads: Arc<AtomicU64>,
}

struct CountingSnapshot {
    snapshot: Arc<dyn Snapshot>,
    reads: Arc<AtomicU64>,
}

impl Store for CountingStore {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        Arc::new(CountingSnapshot { snapshot: self.store.snapshot(), reads: Arc::clone(&self.reads) })
    }

    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        self.store.write(batch, durability)
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.store.disk_bytes()
    }
}

impl Snapshot for CountingSnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.snapshot.get(table, key)
    }

    fn seek(&self, table: Table, from: &[u8]) -> Result<Option<(Bytes, Bytes)>, StoreError> {
        self.snapshot.seek(table, from)
    }

    fn scan(&self, table: Table, from: &[u8], visit: &mut dyn FnMut(Bytes, Bytes) -> bool) -> Result<(), StoreError> {
        self.snapshot.scan(table, from, visit)
    }
}

/// Returns how often a commit of 2,000 keys that were read ahead reads the store, with a cache of so many bytes.
fn reads_of_a_commit_that_was_read_ahead(cache_bytes: usize) -> u64 {
    let counting = Arc::new(CountingStore::default());
    let reads = Arc::clone(&counting.reads);
    let key = |number: u16| StateKey::from_bytes(&number.to_be_bytes());
    let changes = |value| (0..2_000).map(|number| (key(number), Some(vec![value; 9].into()))).collect::<ChangeSet>();
    let config = DurableConfig { page_bytes_max: 1 << 20, ..small(cache_bytes) };
    drop(DurableState::create(counting.clone(), IDENTITY, config, &changes(0), vec![]).unwrap());

    let durable = DurableState::open(counting, IDENTITY, config).unwrap().unwrap();
    let keys: Vec<StateKey> = (0..2_000).map(key).collect();
    durable.prefetch(&keys).unwrap();
    let before = reads.load(Ordering::Relaxed);
    assert!(before > 2_000, "values and pages were read");
    durable.commit(1, &changes(1), vec![]).unwrap();
    reads.load(Ordering::Relaxed).saturating_sub(before)
}

#[test]
fn a_commit_of_keys_that_were_read_ahead_reads_nothing_from_the_store() {
    assert_eq!(reads_of_a_commit_that_was_read_ahead(1 << 20), 0);
}

#[test]
fn values_that_were_read_ahead_are_held_when_the_cache_has_no_room_for_them() {
    assert_eq!(reads_of_a_commit_that_was_read_ahead(0), 0);
}

fn row(key: &StateKey, value: Option<&[u8]>) -> Vec<u8> {
    let mut row = Vec::new();
    undo::append_row(&mut row, key, value);
    row
}

#[test]
fn what_was_read_ahead_is_of_one_height_and_given_once() {
    let (key, other) = (StateKey::from_bytes(b"key"), StateKey::from_bytes(b"other"));
    let mut ahead = Ahead::default();
    ahead.put(3, &key, Some(&[3]));
    ahead.put(4, &other, None);
    ahead.put(3, &key, Some(&[3]));
    let taken = ahead.take(4);
    assert_eq!((taken.row(&key), taken.row(&other)), (None, Some(&row(&other, None)[..])));
    assert_eq!(ahead.take(4).row(&other), None, "it was given");

    // A reader that was slow: it tells of a height that a block has left behind.
    ahead.put(4, &key, Some(&[4]));
    assert_eq!(ahead.take(5).row(&key), None);
    ahead.put(5, &key, Some(&[5]));
    assert_eq!(ahead.take(5).row(&key), Some(&row(&key, Some(&[5]))[..]));
}

#[test]
fn a_row_is_that_of_its_key_and_of_no_other() {
    let key = StateKey::from_bytes(&[7; 300]);
    let row = row(&key, Some(&[7; 9]));
    assert!(undo::is_row_of(&row, &key));
    assert!(!undo::is_row_of(&row, &StateKey::from_bytes(&[7; 299])));
    assert!(!undo::is_row_of(&row, &StateKey::from_bytes(&[7; 301])));
    assert!(!undo::is_row_of(&row, &StateKey::from_bytes(&[8; 300])));
}

#[test]
fn what_is_read_ahead_is_bounded_by_bytes() {
    let mut ahead = Ahead::default();
    let value = vec![7; AHEAD_BYTES_MAX / 32];
    for number in 0..64_u8 {
        ahead.put(1, &StateKey::from_bytes(&[number]), Some(&value));
    }
    assert!((30..32).contains(&ahead.places.len()));
}

#[test]
fn a_block_is_the_same_however_many_of_its_keys_were_read_ahead() {
    let key = |number: u16| StateKey::from_bytes(&number.to_be_bytes());
    let changes = |value| (0..2_000).map(|number| (key(number), Some(vec![value; 9].into()))).collect::<ChangeSet>();
    let keys: Vec<StateKey> = (0..2_000).map(key).collect();
    let root = |told: &[StateKey]| {
        let durable =
            DurableState::create(Arc::new(MemoryStore::new()), IDENTITY, small(0), &changes(0), vec![]).unwrap();
        durable.prefetch(told).unwrap();
        let root = durable.commit(1, &changes(1), vec![]).unwrap();
        let before = durable.at(0).unwrap();
        assert!(keys.iter().all(|key| before.get(key).unwrap() == Some(vec![0; 9].into())));
        root
    };
    let all = root(&keys);
    for told in [0, 1_000, 1_490, 1_990] {
        assert_eq!(root(&keys[..told]), all);
    }
}
