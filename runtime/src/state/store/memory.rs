//! Tables in memory: for tests, and as the description of what a store does.
//!
//! Cost of a snapshot: none, until the next batch, which then copies the tables.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

use alloy_primitives::Bytes;

use super::{Batch, Durability, Snapshot, Store, StoreError, Table};

/// Tables that are lost with the process.
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: RwLock<Arc<Tables>>,
}

#[derive(Clone, Debug, Default)]
struct Tables([BTreeMap<Bytes, Bytes>; Table::ALL.len()]);

impl MemoryStore {
    /// Makes empty tables.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for MemoryStore {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        Arc::<Tables>::clone(&tables)
    }

    fn write(&self, batch: Batch, _: Durability) -> Result<(), StoreError> {
        let mut shared = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        let tables = Arc::make_mut(&mut shared);
        let (parts, derived) = batch.into_parts();
        for rows in parts.iter().chain(&derived) {
            for (table, key, value) in rows.iter() {
                let (rows, key) = (&mut tables.0[table as usize], Bytes::copy_from_slice(key));
                match value {
                    Some(value) => rows.insert(key, Bytes::copy_from_slice(value)),
                    None => rows.remove(&key),
                };
            }
        }
        Ok(())
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}

impl Snapshot for Tables {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(self.0[table as usize].get(key).cloned())
    }

    fn seek(&self, table: Table, from: &[u8]) -> Result<Option<(Bytes, Bytes)>, StoreError> {
        let mut rows = self.0[table as usize].range::<[u8], _>((Bound::Included(from), Bound::Unbounded));
        Ok(rows.next().map(|(key, value)| (key.clone(), value.clone())))
    }

    fn scan(&self, table: Table, from: &[u8], visit: &mut dyn FnMut(Bytes, Bytes) -> bool) -> Result<(), StoreError> {
        let mut rows = self.0[table as usize].range::<[u8], _>((Bound::Included(from), Bound::Unbounded));
        while rows.next().is_some_and(|(key, value)| visit(key.clone(), value.clone())) {}
        Ok(())
    }
}
