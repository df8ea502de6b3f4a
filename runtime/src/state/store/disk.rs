//! Tables in an embedded database on disk: fjall, a log-structured merge tree.
//!
//! Guarantees that a batch is in one journal record: after any end of the process or of the power it is there whole or not at
//! all, and a synced one is there. Flipped bits are found: those of the tables by their blocks' checksums when a block is read, those
//! of everything else when the database is opened ([`inspect`], [`journal`]). A failed write stops all later ones until the
//! database is opened again, because what the system has kept of it is not known.
//!
//! Costs: the journal takes every row once, a merge tree a few times more in the background; a mark of 24 bytes a batch.

mod folder;
mod inspect;
mod journal;

use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use alloy_primitives::Bytes;
use fjall::{CompressionType, Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode, Readable};

use folder::Folder;
use journal::{MARK_KEY, Mark};

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
        Self { block_cache_bytes: 80 << 20, memtable_bytes: 8 << 20, journal_bytes_max: 128 << 20 }
    }
}

/// Tables in a folder.
pub struct DiskStore {
    writer: Mutex<Writer>,
    tables: Tables,
    database: Database,
    /// Given back when all of the above is closed, and every snapshot.
    folder: Arc<Folder>,
}

/// Who writes a batch, and knows what was written before.
struct Writer {
    /// Where the batches' marks are: one row, the newest.
    marks: Keyspace,
    /// The newest batch.
    number: u64,
    /// The newest batch that is on the disk.
    synced: u64,
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
        Folder::is_made_at(folder)
    }

    /// Opens the database in a folder, which is made if it is not there.
    ///
    /// # Errors
    /// Says why it cannot be opened.
    pub fn open(folder: &Path, config: DiskConfig) -> Result<Self, StoreError> {
        let folder = Arc::new(Folder::take(folder)?);
        if !folder.is_made()? {
            drop(open(&folder.unfinished(), config)?);
            folder.finish()?;
        }
        folder.keep()?;
        let journaled = inspect::inspect(&folder.database())?;
        let (database, tables, marks) = open(&folder.database(), config)?;
        let mark = marks.get(MARK_KEY).map_err(|error| store_error(&error))?;
        let number = mark.and_then(|mark| Mark::from_bytes(&mark)).map_or(0, |mark| mark.number);
        if journaled.is_some_and(|journaled| journaled != number) {
            return Err(StoreError::Damaged(format!("batch {number} is the newest, the journal has {journaled:?}")));
        }
        Ok(Self { writer: Mutex::new(Writer { marks, number, synced: number }), tables, database, folder })
    }

    /// Tells what is wrong with a store that does not write any more: the room, the device, or what can only be seen by the one
    /// that failed.
    fn why_stopped(&self) -> StoreError {
        self.folder.probe().err().unwrap_or(StoreError::Stopped)
    }
}

/// Opens the engine's files, or makes them: the database, its tables, and that of the marks.
fn open(path: &Path, config: DiskConfig) -> Result<(Database, Tables, Keyspace), StoreError> {
    let database = Database::builder(path)
        .cache_size(config.block_cache_bytes)
        .max_journaling_size(config.journal_bytes_max)
        .manual_journal_persist(true)
        // Hashes and hashed keys do not become smaller.
        .journal_compression(CompressionType::None)
        .open()
        .map_err(|error| store_error(&error))?;
    let keyspace = |name| database.keyspace(name, || options(&config)).map_err(|error| store_error(&error));
    let [entries, pages, undo, blocks, meta] = Table::ALL.map(|table| keyspace(table.name()));
    let tables = Tables([entries?, pages?, undo?, blocks?, meta?]);
    let marks = keyspace("marks")?;
    Ok((database, tables, marks))
}

/// Values lie beside their keys in every table. The database can lay long ones apart, but then it does not sync their files' names,
/// and believes a length that no checksum covers.
fn options(config: &DiskConfig) -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default().max_memtable_size(config.memtable_bytes).manual_journal_persist(true)
}

impl Store for DiskStore {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        Arc::new(DiskSnapshot {
            snapshot: self.database.snapshot(),
            tables: self.tables.clone(),
            _folder: Arc::clone(&self.folder),
        })
    }

    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        let mode = match durability {
            Durability::Synced => PersistMode::SyncAll,
            Durability::Buffered => PersistMode::Buffer,
        };
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let number = writer.number.saturating_add(1);
        let mark = Mark { number, synced: writer.synced, sequence: self.database.seqno() };
        let count = batch.rows.len().saturating_add(1);
        let mut rows = OwnedWriteBatch::with_capacity(self.database.clone(), count).durability(Some(mode));
        rows.insert(&writer.marks, MARK_KEY, mark.to_bytes());
        for (table, key, value) in batch.rows {
            let table = self.tables.of(table);
            match value {
                Some(value) => rows.insert(table, key.0, value.0),
                None => rows.remove(table, key.0),
            }
        }
        match rows.commit() {
            Ok(()) => {
                writer.number = number;
                if durability == Durability::Synced {
                    writer.synced = number;
                }
                Ok(())
            }
            Err(fjall::Error::Poisoned) => Err(self.why_stopped()),
            Err(error) => Err(store_error(&error)),
        }
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.database.disk_space().map_err(|error| store_error(&error))
    }

    fn compact(&self) -> Result<(), StoreError> {
        for table in &self.tables.0 {
            // Rows in memory first, so that their journals go too.
            table.rotate_memtable_and_wait().map_err(|error| store_error(&error))?;
            table.major_compact().map_err(|error| store_error(&error))?;
        }
        Ok(())
    }

    fn table_bytes(&self, table: Table) -> Option<u64> {
        Some(self.tables.of(table).disk_space())
    }
}

impl Drop for DiskStore {
    /// Ends the journal with a batch of nothing, so that the last one that matters has another behind it: damage to it is not
    /// taken for a batch that was never finished then.
    fn drop(&mut self) {
        // Without it nothing is lost.
        self.write(Batch::default(), Durability::Synced).unwrap_or_default();
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
    _folder: Arc<Folder>,
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
        ErrorKind::UnexpectedEof => StoreError::Damaged(error.to_string()),
        _ => StoreError::Io(error.to_string()),
    }
}
