//! Tables in a folder on disk: a log of ours in front of an embedded database.
//!
//! A batch is written as one record of the log ([`log`]) and shown to everybody as a layer in memory ([`layers`]); then a thread
//! hands it to the engine, a log-structured merge tree ([`engine`], [`background`]). So a writer waits for one write and one sync, and not
//! for the engine. Opening hands over what the engine lacks.
//!
//! Guarantees that a batch is there whole or not at all after any end of the process or of the power, and that a synced one is there;
//! the derived rows of the newest ones may be missing, which the log does not have. Flipped bits are found: those of the tables by their
//! blocks' checksums when a block is read, those of everything else when the store is opened ([`inspect`], [`journal`], [`log`]). A
//! failed write stops all later ones until the store is opened again, because what the system has kept of it is not known.
//!
//! Costs: every row is written three times, to the log, to the engine's journal and to its tables, the latter two in the
//! background; at most [`background::WAITING_BYTES_MAX`] and a batch in memory.

mod background;
mod engine;
mod folder;
mod inspect;
mod journal;
mod layers;
mod log;

use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use alloy_primitives::Bytes;
use fjall::Readable;

use super::super::threads;
use super::{Batch, Durability, Rows, Snapshot, Store, StoreError, Table};
use background::{Background, Shared};
use engine::Engine;
use folder::Folder;
use layers::{Layer, RowHasher};
use log::{Log, Reader};

/// The most bytes of the engine's journals that are left when the tables are compacted.
const JOURNAL_BYTES_LEFT_MAX: u64 = 8 << 20;

/// Sizes in memory and on disk.
#[derive(Clone, Copy, Debug)]
pub struct DiskConfig {
    /// Blocks of the tables that are kept in memory, in bytes.
    pub block_cache_bytes: u64,
    /// Rows that are kept in memory before they become a file, in bytes for each table.
    pub memtable_bytes: u64,
    /// Size of the journal that makes the tables be written out, in bytes.
    pub journal_bytes_max: u64,
    /// Size of a segment of the log behind which the next one is begun. A segment goes when the engine has what is in it, so that
    /// smaller ones mean more files, and larger ones more to read when the store is opened.
    pub log_segment_bytes: u64,
}

impl Default for DiskConfig {
    fn default() -> Self {
        Self {
            // A million entries of about 100 bytes lie in it, nearly all.
            block_cache_bytes: 120 << 20,
            memtable_bytes: 8 << 20,
            journal_bytes_max: 128 << 20,
            log_segment_bytes: 32 << 20,
        }
    }
}

/// Tables in a folder.
pub struct DiskStore {
    /// The log, to which one writer at a time adds.
    log: Mutex<Log>,
    hasher: RowHasher,
    background: Background,
    shared: Arc<Shared>,
    /// Given back when all of the above is closed, and every snapshot.
    folder: Arc<Folder>,
    config: DiskConfig,
}

/// What everybody reads.
struct View {
    /// What the engine has.
    base: fjall::Snapshot,
    /// The batches behind it, the oldest first.
    layers: Vec<Arc<Layer>>,
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
            drop(Engine::open(&folder.unfinished(), config)?);
            folder.finish()?;
        }
        folder.keep()?;
        let journaled = inspect::inspect(&folder.database())?;
        let engine = Engine::open(&folder.database(), config)?;
        let number = engine.number()?;
        if journaled.is_some_and(|journaled| journaled != number) {
            return Err(StoreError::Damaged(format!("batch {number} is the newest, the journal has {journaled:?}")));
        }
        let number = hand_over(&folder.log(), &engine, number)?;
        let log = Mutex::new(Log::begin(&folder.log(), number)?);
        let shared = Arc::new(Shared::new(engine));
        let background = Background::start(Arc::clone(&shared), number)?;
        Ok(Self { log, hasher: RowHasher::default(), background, shared, folder, config })
    }

    /// Waits until the engine has every batch: for measuring what is done in the background.
    ///
    /// # Errors
    /// Says why the engine does not take them.
    pub fn settle(&self) -> Result<(), StoreError> {
        self.shared.wait_until_taken()
    }

    /// Writes a batch whose derived rows are made beside the log's.
    fn commit(
        &self,
        batch: Batch,
        durability: Durability,
        derive: &mut (dyn FnMut() -> Option<Rows> + Send),
    ) -> Result<(), StoreError> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.wait_for_room()?;
        let (parts, derived) = batch.into_parts();
        let mut layer = Layer::empty(log.number().saturating_add(1));
        let make_layer = || {
            let late = derived.into_iter().chain(derive());
            parts.iter().cloned().chain(late).for_each(|rows| layer.add(rows, &self.hasher));
        };
        let sealed = threads::beside(make_layer, || {
            log.append(&parts, durability)?;
            log.rotate(self.config.log_segment_bytes)
        });
        let sealed = sealed.inspect_err(|_| self.shared.stop(StoreError::Stopped))?;
        self.shared.add(layer, sealed);
        Ok(())
    }

    /// Lets the engine go on in a new journal, so that the one that it has can go. Writers wait.
    fn fill_journal(&self) -> Result<(), StoreError> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.wait_until_taken()?;
        log.append(&[], Durability::Synced)?;
        self.shared.engine.fill_journal(log.number())
    }

    /// Tells what is wrong with a store that does not write any more: the room, the device, or what can only be seen by the one
    /// that failed.
    fn why_stopped(&self) -> StoreError {
        self.folder.probe().err().unwrap_or(StoreError::Stopped)
    }
}

/// Lets the engine have what only the log has, and removes the log; returns the newest batch.
fn hand_over(log: &Path, engine: &Engine, number: u64) -> Result<u64, StoreError> {
    let mut reader = Reader::open(log, number)?;
    let mut newest = number;
    while let Some(records) = reader.read()? {
        for record in records {
            engine.apply(record.number, &record.parts)?;
            newest = record.number;
        }
    }
    reader.remove()?;
    Ok(newest)
}

impl Store for DiskStore {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        Arc::new(DiskSnapshot {
            view: self.shared.view(),
            hasher: self.hasher.clone(),
            tables: self.shared.engine.tables.clone(),
            _folder: Arc::clone(&self.folder),
        })
    }

    fn stage(&self, rows: &[Rows]) {
        let staged = self.log.lock().unwrap_or_else(PoisonError::into_inner).stage(rows);
        if let Err(error) = staged {
            self.shared.stop(error);
        }
    }

    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        let written = self.commit(batch, durability, &mut || None);
        written.map_err(|error| if matches!(error, StoreError::Stopped) { self.why_stopped() } else { error })
    }

    fn write_beside(
        &self,
        batch: Batch,
        durability: Durability,
        derive: &mut (dyn FnMut() -> Rows + Send),
    ) -> Result<(), StoreError> {
        let written = self.commit(batch, durability, &mut || Some(derive()));
        written.map_err(|error| if matches!(error, StoreError::Stopped) { self.why_stopped() } else { error })
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner).bytes();
        let journals = inspect::journal_bytes(&self.folder.database())?;
        Ok(self.shared.engine.table_bytes().saturating_add(journals).saturating_add(log))
    }

    fn compact(&self) -> Result<(), StoreError> {
        if inspect::journal_bytes(&self.folder.database())? > JOURNAL_BYTES_LEFT_MAX {
            self.fill_journal().inspect_err(|_| self.shared.stop(StoreError::Stopped))?;
        }
        self.write(Batch::default(), Durability::Buffered)?;
        let sealed = self.log.lock().unwrap_or_else(PoisonError::into_inner).seal();
        self.shared.retire(sealed.inspect_err(|_| self.shared.stop(StoreError::Stopped))?);
        self.shared.wait_until_taken()?;
        self.shared.engine.compact()?;
        self.shared.renew_view();
        Ok(())
    }

    fn table_bytes(&self, table: Table) -> Option<u64> {
        Some(self.shared.engine.tables.of(table).disk_space())
    }
}

impl Drop for DiskStore {
    /// Lets the engine have everything, so that the log can go. The engine's journal ends with a batch of nothing, so that the last one
    /// that matters has another behind it: damage to it is not taken for a batch that was never finished then.
    fn drop(&mut self) {
        let mut end = || {
            self.background.end()?;
            let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            self.shared.engine.apply(log.number().saturating_add(1), &[])?;
            log.remove()
        };
        // Without it nothing is lost: the log has it.
        end().unwrap_or_default();
    }
}

impl core::fmt::Debug for DiskStore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DiskStore")
    }
}

struct DiskSnapshot {
    view: Arc<View>,
    hasher: RowHasher,
    tables: engine::Tables,
    _folder: Arc<Folder>,
}

impl DiskSnapshot {
    fn stored(&self, table: Table, from: &[u8]) -> impl Iterator<Item = layers::Stored> {
        let row = |row: fjall::Guard| {
            let (key, value) = row.into_inner().map_err(|error| store_error(&error))?;
            Ok((bytes(&key), bytes(&value)))
        };
        self.view.base.range(self.tables.of(table), from..).map(row)
    }
}

impl Snapshot for DiskSnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        if let Some(value) = layers::get(&self.view.layers, &self.hasher, table, key) {
            return Ok(value);
        }
        let value = self.view.base.get(self.tables.of(table), key).map_err(|error| store_error(&error))?;
        Ok(value.map(|value| bytes(&value)))
    }

    fn seek(&self, table: Table, from: &[u8]) -> Result<Option<(Bytes, Bytes)>, StoreError> {
        let mut found = None;
        self.scan(table, from, &mut |key, value| {
            found = Some((key, value));
            false
        })?;
        Ok(found)
    }

    fn scan(&self, table: Table, from: &[u8], visit: &mut dyn FnMut(Bytes, Bytes) -> bool) -> Result<(), StoreError> {
        layers::scan(&self.view.layers, table, from, self.stored(table, from), visit)
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

#[cfg(test)]
mod tests;
