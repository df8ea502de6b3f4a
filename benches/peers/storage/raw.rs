//! Florin's bare store as one of the databases: the entries only, without root, undo records or a cache of values.
//!
//! ```text
//! cold B N          -> as Florin's state answers it
//! reopen            -> closed and opened again, with nothing in memory: ns
//! ```

use std::path::{Path, PathBuf};
use std::time::Instant;

use alloy_primitives::Bytes;
use florin_peers::database::{Database, Problem, Root};
use florin_peers::workload::{Key, Value, Workload};
use florin_runtime::state::store::disk::{DiskConfig, DiskStore};
use florin_runtime::state::store::{Batch, Durability, Store, Table};

use crate::reads;

/// The store of Florin's state, with its own settings, in a folder.
pub(crate) struct Raw {
    folder: PathBuf,
    store: Option<DiskStore>,
}

impl Raw {
    pub(crate) fn open(folder: &Path) -> Result<Self, Problem> {
        Ok(Self { folder: folder.to_owned(), store: Some(DiskStore::open(folder, DiskConfig::default())?) })
    }

    fn store(&self) -> Result<&DiskStore, Problem> {
        self.store.as_ref().ok_or_else(|| "the store did not open again".into())
    }
}

impl Database for Raw {
    type Changes = Batch;
    type Read = Bytes;

    fn settle(&mut self) -> Result<(), Problem> {
        Ok(self.store()?.settle()?)
    }

    async fn get(&mut self, key: &Key) -> Result<Option<Bytes>, Problem> {
        Ok(self.store()?.snapshot().get(Table::Entries, key)?)
    }

    /// In the order of the keys, as the changes of a block are.
    fn prepare(&self, updates: &[(Key, Value)]) -> Batch {
        let mut sorted: Vec<_> = updates.iter().collect();
        sorted.sort_unstable_by_key(|(key, _)| *key);
        let mut batch = Batch::default();
        for (key, value) in sorted {
            batch.put(Table::Entries, key, value);
        }
        batch
    }

    async fn commit(&mut self, changes: Batch) -> Result<Root, Problem> {
        self.store()?.write(changes, Durability::Synced)?;
        Ok(0)
    }

    async fn answer(&mut self, words: &[&str], workload: &mut Workload) -> Result<String, Problem> {
        match *words {
            ["cold", batch, count] => {
                let snapshot = self.store()?.snapshot();
                let get = |key: &Key| Ok(snapshot.get(Table::Entries, key)?);
                reads::cold(workload, batch.parse()?, count.parse()?, get)
            }
            ["reopen"] => {
                let start = Instant::now();
                drop(self.store.take());
                self.store = Some(DiskStore::open(&self.folder, DiskConfig::default())?);
                Ok(start.elapsed().as_nanos().to_string())
            }
            _ => Err(format!("unknown: {}", words.join(" ")).into()),
        }
    }
}
