//! Tables in an embedded database on disk: fjall, a log-structured merge tree.
//!
//! Guarantees that a batch is in one journal record, which is checked by its checksum when the database is opened: after a
//! crash a batch is there whole or not at all, and a synced one is there. Blocks of the tables carry checksums, so that a
//! flipped bit is found when it is read. A failed write stops all later ones until the database is opened again, because
//! what the system has kept of it is not known.
//!
//! Costs: the journal takes every row once, a merge tree a few times more in the background.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use alloy_primitives::Bytes;
use fjall::{CompressionType, Database, Keyspace, KeyspaceCreateOptions, KvSeparationOptions, PersistMode, Readable};

use super::{Batch, Durability, Snapshot, Store, StoreError, Table};

/// Sizes of the database in memory and on disk.
#[derive(Clone, Copy, Debug)]
pub struct DiskConfig {
    /// Blocks of the tables that are kept in memory, in bytes.
    pub block_cache_bytes: u64,
    /// Rows that are kept in memory before they become a file, in bytes for each table.
    pub memtable_bytes: u64,
    /// Size of the journal that makes the tables be written out, in bytes.
    pub journal_bytes_max: u64,
}

impl Default for DiskConfig {
    fn default() -> Self {
        Self { block_cache_bytes: 128 << 20, memtable_bytes: 16 << 20, journal_bytes_max: 256 << 20 }
    }
}

/// Tables in a folder.
pub struct DiskStore {
    database: Database,
    tables: Tables,
}

#[derive(Clone)]
struct Tables([Keyspace; Table::ALL.len()]);

impl Tables {
    fn of(&self, table: Table) -> &Keyspace {
        &self.0[table as usize]
    }
}

impl DiskStore {
    /// Tells whether there is a database in a folder. Opens and makes nothing.
    pub fn is_at(folder: &Path) -> bool {
        // The engine's own mark, without which it would make a new one.
        folder.join("version").is_file()
    }

    /// Opens the database in a folder, which is made if it is not there.
    ///
    /// # Errors
    /// Says why it cannot be opened.
    pub fn open(folder: &Path, config: DiskConfig) -> Result<Self, StoreError> {
        let database = Database::builder(folder)
            .cache_size(config.block_cache_bytes)
            .max_journaling_size(config.journal_bytes_max)
            .manual_journal_persist(true)
            // Hashes and hashed keys do not become smaller.
            .journal_compression(CompressionType::None)
            .open()
            .map_err(|error| store_error(&error))?;
        let open = |table: Table| {
            database.keyspace(table.name(), || options(table, &config)).map_err(|error| store_error(&error))
        };
        let [entries, pages, undo, blocks, meta] = Table::ALL.map(open);
        let tables = Tables([entries?, pages?, undo?, blocks?, meta?]);
        Ok(Self { database, tables })
    }
}

fn options(table: Table, config: &DiskConfig) -> KeyspaceCreateOptions {
    let options =
        KeyspaceCreateOptions::default().max_memtable_size(config.memtable_bytes).manual_journal_persist(true);
    match table {
        // Written once, read hardly ever, removed in order: not worth merging again and again.
        Table::Undo | Table::Blocks => options.with_kv_separation(Some(KvSeparationOptions::default())),
        Table::Entries | Table::Pages | Table::Meta => options,
    }
}

impl Store for DiskStore {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        Arc::new(DiskSnapshot { snapshot: self.database.snapshot(), tables: self.tables.clone() })
    }

    fn write(&self, batch: &Batch, durability: Durability) -> Result<(), StoreError> {
        let mode = match durability {
            Durability::Synced => PersistMode::SyncAll,
            Durability::Buffered => PersistMode::Buffer,
        };
        let mut rows = self.database.batch().durability(Some(mode));
        for (table, key, value) in &batch.rows {
            let table = self.tables.of(*table);
            match value {
                Some(value) => rows.insert(table, key.0.clone(), value.0.clone()),
                None => rows.remove(table, key.0.clone()),
            }
        }
        rows.commit().map_err(|error| store_error(&error))
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.database.disk_space().map_err(|error| store_error(&error))
    }

    fn table_bytes(&self, table: Table) -> Option<u64> {
        Some(self.tables.of(table).disk_space())
    }
}

impl core::fmt::Debug for DiskStore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DiskStore")
    }
}

struct DiskSnapshot {
    snapshot: fjall::Snapshot,
    tables: Tables,
}

impl Snapshot for DiskSnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        let value = self.snapshot.get(self.tables.of(table), key).map_err(|error| store_error(&error))?;
        Ok(value.map(|value| bytes(&value)))
    }

    fn seek(&self, table: Table, from: &[u8]) -> Result<Option<(Bytes, Bytes)>, StoreError> {
        let row = self.snapshot.range(self.tables.of(table), from..).next();
        row.map(|row| row.into_inner().map(|(key, value)| (bytes(&key), bytes(&value))))
            .transpose()
            .map_err(|error| store_error(&error))
    }

    fn scan(&self, table: Table, from: &[u8], visit: &mut dyn FnMut(Bytes, Bytes) -> bool) -> Result<(), StoreError> {
        for row in self.snapshot.range(self.tables.of(table), from..) {
            let (key, value) = row.into_inner().map_err(|error| store_error(&error))?;
            if !visit(bytes(&key), bytes(&value)) {
                break;
            }
        }
        Ok(())
    }
}

fn bytes(slice: &fjall::Slice) -> Bytes {
    Bytes(slice.clone().into())
}

fn store_error(error: &fjall::Error) -> StoreError {
    match error {
        fjall::Error::Locked => StoreError::Locked,
        fjall::Error::Io(error) => io_error(error),
        fjall::Error::Storage(fjall::LsmError::Io(error)) => io_error(error),
        fjall::Error::Poisoned => StoreError::Stopped,
        other => StoreError::Damaged(other.to_string()),
    }
}

fn io_error(error: &std::io::Error) -> StoreError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full,
        _ => StoreError::Io(error.to_string()),
    }
}
