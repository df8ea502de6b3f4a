//! The embedded database behind the log: fjall, a log-structured merge tree.
//!
//! Guarantees that a batch is in one record of the engine's journal, with a mark of its number, so that it is there whole or not at
//! all, and batches are there without a gap. Costs: the journal takes every row once, a merge tree a few times more in the
//! background; a mark of 24 bytes a batch. Compacting writes 64 MB to the journal if that is long, beside the tables.

use std::path::Path;

use alloy_primitives::Bytes;
use fjall::config::PartitioningPolicy;
use fjall::{CompressionType, Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode, Slice};

use super::super::{Rows, StoreError, Table};
use super::journal::{MARK_KEY, Mark};
use super::{DiskConfig, store_error};

/// Behind so many bytes, and not before, the engine begins the next journal.
const JOURNAL_BYTES: usize = 64_000_000;

/// Bytes of the row with which a journal is filled.
const FILLING_BYTES: usize = 32 << 10;

/// The engine's files, open.
pub(super) struct Engine {
    pub(super) tables: Tables,
    /// Where the batches' marks are: one row, the newest.
    marks: Keyspace,
    pub(super) database: Database,
}

/// The engine's tables, by ours.
#[derive(Clone)]
pub(super) struct Tables([Keyspace; Table::ALL.len()]);

impl Tables {
    pub(super) fn of(&self, table: Table) -> &Keyspace {
        &self.0[table as usize]
    }
}

impl Engine {
    /// Opens the engine's files, or makes them: the database, its tables, and that of the marks.
    ///
    /// # Errors
    /// Says why they cannot be opened.
    pub(super) fn open(path: &Path, config: DiskConfig) -> Result<Self, StoreError> {
        let database = Database::builder(path)
            .cache_size(config.block_cache_bytes)
            // One ends when a sync fails, and no other writes the same list of files again in place as if nothing had been.
            .worker_threads(1)
            .max_journaling_size(config.journal_bytes_max)
            .manual_journal_persist(true)
            // Hashes and hashed keys do not become smaller.
            .journal_compression(CompressionType::None)
            .open()
            .map_err(|error| store_error(&error))?;
        let keyspace =
            |name, table| database.keyspace(name, || options(&config, table)).map_err(|error| store_error(&error));
        let [entries, pages, undo, blocks, meta] = Table::ALL.map(|table| keyspace(table.name(), Some(table)));
        let tables = Tables([entries?, pages?, undo?, blocks?, meta?]);
        let marks = keyspace("marks", None)?;
        Ok(Self { tables, marks, database })
    }

    /// Returns the number of the newest batch; 0 if there is none.
    ///
    /// # Errors
    /// Says why the engine cannot answer.
    pub(super) fn number(&self) -> Result<u64, StoreError> {
        let mark = self.marks.get(MARK_KEY).map_err(|error| store_error(&error))?;
        Ok(mark.and_then(|mark| Mark::from_bytes(&mark)).map_or(0, |mark| mark.number))
    }

    /// Takes the next batch, which is safe from a power cut then.
    ///
    /// Each is synced with its own write: the engine syncs its journal at other times too, and when that fails, a later sync which
    /// does not would say nothing of what was lost.
    ///
    /// # Errors
    /// Says why it cannot; nothing is taken any more then.
    pub(super) fn apply(&self, number: u64, parts: &[Rows]) -> Result<(), StoreError> {
        self.write(number, number.saturating_sub(1), PersistMode::SyncAll, parts)
    }

    fn write(&self, number: u64, synced: u64, mode: PersistMode, parts: &[Rows]) -> Result<(), StoreError> {
        let count = parts.iter().map(Rows::len).fold(0, usize::saturating_add);
        let mut batch = self.begin(number, synced, mode, count);
        for rows in parts {
            for (table, key, value) in (0..rows.len()).filter_map(|index| rows.slices(index)) {
                match value {
                    Some(value) => batch.insert(self.tables.of(table), owned(table, key).0, owned(table, value).0),
                    // A copy: what is removed is of other blocks, and its key may lie beside the rows of another table.
                    None => batch.remove(self.tables.of(table), &key[..]),
                }
            }
        }
        batch.commit().map_err(|error| store_error(&error))
    }

    /// Takes the next batch, of nothing, and fills the journal with it: the engine begins another when it writes the table of the marks,
    /// and removes this one once all tables are written. What fills it are removals of one row that is not there, so that nothing of
    /// them is left when the table is compacted.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub(super) fn fill_journal(&self, number: u64) -> Result<(), StoreError> {
        let count = JOURNAL_BYTES.div_ceil(FILLING_BYTES);
        let mut batch = self.begin(number, number.saturating_sub(1), PersistMode::SyncAll, count);
        let row = Slice::from(vec![0; FILLING_BYTES]);
        (0..count).for_each(|_| batch.remove(&self.marks, row.clone()));
        batch.commit().map_err(|error| store_error(&error))
    }

    /// Begins a batch of so many rows beside its mark, which is the first.
    fn begin(&self, number: u64, synced: u64, mode: PersistMode, count: usize) -> OwnedWriteBatch {
        let mark = Mark { number, synced, sequence: self.database.seqno() };
        let database = self.database.clone();
        let mut batch = OwnedWriteBatch::with_capacity(database, count.saturating_add(1)).durability(Some(mode));
        batch.insert(&self.marks, MARK_KEY, mark.to_bytes());
        batch
    }

    /// Takes the next batch, which may be lost in a power cut.
    #[cfg(test)]
    pub(super) fn apply_unsynced(&self, number: u64, parts: &[Rows]) -> Result<(), StoreError> {
        self.write(number, 0, PersistMode::Buffer, parts)
    }

    /// Gives back the room of rows that were removed, and of all journals but the newest. A batch must have come since the last time:
    /// when the engine writes its mark to the table, it finds out which rows no snapshot shows any more.
    ///
    /// # Errors
    /// Says why it cannot.
    pub(super) fn compact(&self) -> Result<(), StoreError> {
        // Rows in memory first, those of the marks among them: a journal goes when no table needs it.
        self.all().try_for_each(Keyspace::rotate_memtable_and_wait).map_err(|error| store_error(&error))?;
        self.all().try_for_each(Keyspace::major_compact).map_err(|error| store_error(&error))
    }

    /// Returns the bytes of the tables' files, those of the marks among them.
    pub(super) fn table_bytes(&self) -> u64 {
        self.all().map(Keyspace::disk_space).fold(0, u64::saturating_add)
    }

    /// Returns all tables, that of the marks as the last.
    fn all(&self) -> impl Iterator<Item = &Keyspace> {
        self.tables.0.iter().chain([&self.marks])
    }
}

/// Returns what a table keeps in memory until it writes a file: of those that fill soon the part of the batch, so that it need not
/// be copied, of the others a copy, which does not keep the whole batch in memory.
fn owned(table: Table, part: Bytes) -> Bytes {
    match table {
        Table::Entries | Table::Pages | Table::Undo => part,
        Table::Blocks | Table::Meta => Bytes::copy_from_slice(&part),
    }
}

/// Values lie beside their keys in every table. The database can lay long ones apart, but then it does not sync their files' names,
/// and believes a length that no checksum covers.
///
/// Of pages and records, indexes of merged files are in parts: while the engine writes a file, each entry of an index that is not yet
/// written keeps the block in memory from which its key came, which are all blocks of the file if the index is in one piece. Entries
/// have theirs in one piece, which is read sooner.
fn options(config: &DiskConfig, table: Option<Table>) -> KeyspaceCreateOptions {
    let options =
        KeyspaceCreateOptions::default().max_memtable_size(config.memtable_bytes).manual_journal_persist(true);
    match table {
        Some(Table::Pages | Table::Undo) => {
            options.index_block_partitioning_policy(PartitioningPolicy::new([false, true]))
        }
        _ => options,
    }
}
