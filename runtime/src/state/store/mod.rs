//! Where a durable state lies: tables of bytes, read through snapshots, written in batches that happen whole or not at all.
//!
//! The trait is narrow, so that what the state needs of a database can be seen, and replaced in tests: [`memory`] keeps the
//! tables in memory, [`disk`] in an embedded database.
//!
//! ```text
//! entries   state key                          -> value
//! pages     place of a page                    -> page of the tree
//! undo      height u64, big-endian | last key  -> what a block replaced, some keys at a time
//!           height u64, big-endian             -> fingerprints of all keys that a block changed
//! blocks    height u64, big-endian             -> root of the state after a block, what its owner keeps of the block
//! meta      name                               -> identity of the chain, head, how far pages and records reach, pinned heights,
//!                                                 mark of an import
//! ```

pub mod disk;
pub mod memory;
pub mod rows;

use std::sync::Arc;

use alloy_primitives::Bytes;
use thiserror::Error;

pub use rows::{Row, Rows, RowsBuilder};

/// One of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// The newest value under each key.
    Entries,
    /// The pages of the authenticated tree.
    Pages,
    /// What the retained blocks replaced.
    Undo,
    /// What the owner of the state keeps of each block.
    Blocks,
    /// What the database is of, and how far it is.
    Meta,
}

impl Table {
    /// Every table, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Entries, Self::Pages, Self::Undo, Self::Blocks, Self::Meta];

    /// Returns the table's name in a database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entries => "entries",
            Self::Pages => "pages",
            Self::Undo => "undo",
            Self::Blocks => "blocks",
            Self::Meta => "meta",
        }
    }
}

/// Rows to write and to remove, all together; each row is named at most once.
///
/// A batch may have *derived* rows: those that follow from the others of this and of earlier batches, so that whoever opens the
/// tables again can make them anew. After a crash those of the newest batches may be missing, the latest first, while all
/// others are there.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    parts: Vec<Rows>,
    open: RowsBuilder,
    derived: Vec<Rows>,
}

impl Batch {
    /// Writes a row.
    pub fn put(&mut self, table: Table, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.open.put(table, key, value);
    }

    /// Removes a row.
    pub fn remove(&mut self, table: Table, key: impl AsRef<[u8]>) {
        self.open.remove(table, key);
    }

    /// Takes rows that were put together before.
    pub fn append(&mut self, rows: Rows) {
        self.parts.push(rows);
    }

    /// Takes rows that may come late.
    pub fn append_derived(&mut self, rows: Rows) {
        self.derived.push(rows);
    }

    /// Returns all rows, and behind them the derived ones.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let parts = self.parts.iter().flat_map(Rows::iter);
        parts.chain(self.open.iter()).chain(self.derived.iter().flat_map(Rows::iter))
    }

    /// Returns the parts in which all rows are, and those of the derived ones.
    pub fn into_parts(mut self) -> (Vec<Rows>, Vec<Rows>) {
        if !self.open.is_empty() {
            self.parts.push(self.open.build());
        }
        (self.parts, self.derived)
    }
}

/// When a batch is safe from a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Before [`Store::write`] returns.
    Synced,
    /// At some later synced batch, or never: after a crash the newest batches may be missing, each whole, the latest first.
    /// For replaying blocks that can be had again.
    Buffered,
}

/// Why a store cannot answer.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// The disk is full. The store accepts no more writes until it is opened again.
    #[error("no space left on the device: free some, then start again; nothing that was committed is lost")]
    Full,
    /// The device or the file system failed. The store accepts no more writes until it is opened again.
    #[error("input or output failed: {0}; check the disk, then start again")]
    Io(String),
    /// Another process has the database open.
    #[error("the database is open in another process: stop that one first")]
    Locked,
    /// An earlier write failed, or one in the background.
    #[error("an earlier write failed, or one in the background: check the disk, then start again")]
    Stopped,
    /// What is stored does not pass its checksums.
    #[error("the database is damaged: {0}; restore it from a snapshot")]
    Damaged(String),
}

/// Tables of bytes.
pub trait Store: Send + Sync {
    /// Shows the tables as the last batch left them; later batches do not change it.
    fn snapshot(&self) -> Arc<dyn Snapshot>;

    /// May write rows with which the next batch begins, before the rest of it is known: those that are appended to it first, in this
    /// order. Nothing of them is there without the batch; what fails, the batch says.
    fn stage(&self, _: &[Rows]) {}

    /// Writes a batch whole or not at all.
    ///
    /// # Errors
    /// Nothing of the batch is visible then; whether it will be after opening the store again is not known.
    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError>;

    /// Writes a batch whole or not at all, whose derived rows are made meanwhile.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn write_beside(
        &self,
        mut batch: Batch,
        durability: Durability,
        derive: &mut (dyn FnMut() -> Rows + Send),
    ) -> Result<(), StoreError> {
        batch.append_derived(derive());
        self.write(batch, durability)
    }

    /// Returns the bytes that the store takes on disk.
    ///
    /// # Errors
    /// Says why they cannot be counted.
    fn disk_bytes(&self) -> Result<u64, StoreError>;

    /// Gives back the room of rows that were removed. Writes all tables anew, which takes long; for after a pruning.
    ///
    /// # Errors
    /// Says why it cannot; no row is lost.
    fn compact(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Returns the bytes of a table's own files, if it has some.
    fn table_bytes(&self, _: Table) -> Option<u64> {
        None
    }
}

/// The tables at one moment.
pub trait Snapshot: Send + Sync {
    /// Returns the value of a row.
    ///
    /// # Errors
    /// Says why the store cannot answer.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, StoreError>;

    /// Returns the first row at or after a key.
    ///
    /// # Errors
    /// Says why the store cannot answer.
    fn seek(&self, table: Table, from: &[u8]) -> Result<Option<(Bytes, Bytes)>, StoreError>;

    /// Calls `visit` with the rows from a key on, in order, until it returns false.
    ///
    /// # Errors
    /// Says why the store cannot answer.
    fn scan(&self, table: Table, from: &[u8], visit: &mut dyn FnMut(Bytes, Bytes) -> bool) -> Result<(), StoreError>;
}
