//! fjall alone as one of the databases: the engine of Florin's store with the settings of that, and the entries in one keyspace.
//! No root, no undo records, no other tables, no mark of a batch, no check of the files when it is opened.
//!
//! ```text
//! cold B N          -> as Florin's state answers it
//! reopen            -> closed and opened again, with nothing in memory: ns
//! ```

use std::path::{Path, PathBuf};
use std::time::Instant;

use fjall::{CompressionType, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode, Readable, Slice};
use florin_peers::database::{Database, Problem, Root};
use florin_peers::workload::{Key, Value, Workload};
use florin_runtime::state::store::disk::DiskConfig;

use crate::reads;

/// A database of the engine in a folder.
pub(crate) struct Engine {
    folder: PathBuf,
    opened: Option<Opened>,
}

struct Opened {
    database: fjall::Database,
    entries: fjall::Keyspace,
}

impl Engine {
    pub(crate) fn open(folder: &Path) -> Result<Self, Problem> {
        std::fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned(), opened: Some(Opened::open(folder)?) })
    }

    fn opened(&self) -> Result<&Opened, Problem> {
        self.opened.as_ref().ok_or_else(|| "the engine did not open again".into())
    }
}

impl Opened {
    /// As `runtime/src/state/store/disk.rs` opens it.
    fn open(folder: &Path) -> Result<Self, Problem> {
        let config = DiskConfig::default();
        let database = fjall::Database::builder(folder)
            .cache_size(config.block_cache_bytes)
            .worker_threads(1)
            .max_journaling_size(config.journal_bytes_max)
            .manual_journal_persist(true)
            .journal_compression(CompressionType::None)
            .open()?;
        let options =
            || KeyspaceCreateOptions::default().max_memtable_size(config.memtable_bytes).manual_journal_persist(true);
        let entries = database.keyspace("entries", options)?;
        Ok(Self { database, entries })
    }

    /// In the order of the keys, as the changes of a block are.
    fn batch(&self, updates: &[(Key, Value)]) -> OwnedWriteBatch {
        let mut sorted: Vec<_> = updates.iter().collect();
        sorted.sort_unstable_by_key(|(key, _)| *key);
        let mut batch = OwnedWriteBatch::with_capacity(self.database.clone(), sorted.len());
        for (key, value) in sorted {
            batch.insert(&self.entries, key.as_slice(), value.as_slice());
        }
        batch.durability(Some(PersistMode::SyncAll))
    }
}

impl Database for Engine {
    /// None if the database did not open again.
    type Changes = Option<OwnedWriteBatch>;
    type Read = Slice;

    async fn get(&mut self, key: &Key) -> Result<Option<Slice>, Problem> {
        let opened = self.opened()?;
        Ok(opened.database.snapshot().get(&opened.entries, key)?)
    }

    fn prepare(&self, updates: &[(Key, Value)]) -> Option<OwnedWriteBatch> {
        self.opened.as_ref().map(|opened| opened.batch(updates))
    }

    async fn commit(&mut self, changes: Option<OwnedWriteBatch>) -> Result<Root, Problem> {
        changes.ok_or("the engine did not open again")?.commit()?;
        Ok(0)
    }

    async fn answer(&mut self, words: &[&str], workload: &mut Workload) -> Result<String, Problem> {
        match *words {
            ["cold", batch, count] => {
                let opened = self.opened()?;
                let snapshot = opened.database.snapshot();
                let get = |key: &Key| Ok(snapshot.get(&opened.entries, key)?);
                reads::cold(workload, batch.parse()?, count.parse()?, get)
            }
            ["reopen"] => {
                let start = Instant::now();
                drop(self.opened.take());
                self.opened = Some(Opened::open(&self.folder)?);
                Ok(start.elapsed().as_nanos().to_string())
            }
            _ => Err(format!("unknown: {}", words.join(" ")).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Engine;
    use florin_peers::database::{Database, Problem, at_once, load, row};
    use florin_peers::workload::Workload;

    #[test]
    fn what_is_committed_in_a_row_is_there_when_it_is_opened_again() -> Result<(), Problem> {
        let (folder, mut workload) = (tempfile::tempdir()?, Workload::new(300));
        let mut engine = Engine::open(folder.path())?;
        at_once(load(&mut engine, &workload))?;
        at_once(row(&mut engine, &mut workload, 2, 50))?;
        at_once(engine.answer(&["reopen"], &mut workload))?;
        // Compared with what was written last.
        at_once(engine.answer(&["cold", "1", "100"], &mut workload)).map(drop)
    }
}
