//! What is read ahead is not read again.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use alloy_primitives::Bytes;

use super::super::tests::{IDENTITY, small};
use super::super::{DurableConfig, DurableState};
use crate::state::store::memory::MemoryStore;
use crate::state::store::{Batch, Durability, Snapshot, Store, StoreError, Table};
use crate::state::{ChangeSet, StateKey};

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

    fn write(&self, batch: &Batch, durability: Durability) -> Result<(), StoreError> {
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

#[test]
fn a_commit_of_keys_that_were_read_ahead_reads_nothing_from_the_store() {
    let counting = Arc::new(CountingStore::default());
    let reads = Arc::clone(&counting.reads);
    let key = |number: u16| StateKey::from_bytes(&number.to_be_bytes());
    let changes = |value| (0..2_000).map(|number| (key(number), Some(vec![value; 9].into()))).collect::<ChangeSet>();
    let config = DurableConfig { page_bytes_max: 1 << 20, ..small(1 << 20) };
    drop(DurableState::create(counting.clone(), IDENTITY, config, &changes(0), vec![]).unwrap());

    let durable = DurableState::open(counting, IDENTITY, config).unwrap().unwrap();
    let keys: Vec<StateKey> = (0..2_000).map(key).collect();
    durable.prefetch(&keys).unwrap();
    let before = reads.load(Ordering::Relaxed);
    assert!(before > 2_000, "values and pages were read");
    durable.commit(1, &changes(1), vec![]).unwrap();
    assert_eq!(reads.load(Ordering::Relaxed), before);
}
