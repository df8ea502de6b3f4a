//! How far back a state can be read: the last blocks, and whatever a pin holds.
//!
//! A pin is a name and a height, kept in the meta table, so that it survives a restart. While it is there, the height that it
//! names stays readable however far the head goes, and with it every later one: the way back to it leads through the records
//! of all blocks since.
//!
//! ```text
//! meta "pin/" | name -> SCALE height u64
//! ```
//! Costs of a pin: the undo records of all blocks since its height, on disk (what they replaced) and of each changed key 8
//! bytes in memory; a read at the height asks each of those blocks for the key, in memory. So pins are for as long as somebody
//! reads, such as an export, and not for ever; an archive keeps all without them.
//!
//! A commit lets at most two records go, and so does opening, so that blocks stay even. When the retention was shortened or a pin
//! was lifted, more are left, and [`DurableState::prune`] removes them beside the blocks.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError};

use parity_scale_codec::{DecodeAll, Encode};
use thiserror::Error;

use super::super::store::{Batch, Durability, RowsBuilder, Snapshot, StoreError, Table};
use super::super::tree::Turn;
use super::super::undo::{self, ChangedKeys};
use super::super::view::{Published, ViewError};
use super::commit::put_pages;
use super::format::put_reach;
use super::{DurableConfig, DurableHead, DurableState, PAGES_BEHIND_BLOCKS_MAX, Retention, Writer};
use crate::fault::Fault;

/// The most pins of a database.
pub const PINS_MAX: usize = 64;

/// The most bytes of a pin's name.
pub const PIN_NAME_BYTES_MAX: usize = 64;

/// What the name of a pin's row begins with.
const PREFIX: &[u8] = b"pin/";

/// Heights that are kept, by the names of their pins.
pub(super) type Pins = BTreeMap<String, u64>;

/// Why a height cannot be pinned.
#[derive(Debug, Error)]
pub enum PinError {
    /// The height cannot be shown, so that it is too late or too early to keep it.
    #[error("cannot pin: {0}")]
    View(#[from] ViewError),
    /// The name stands for another height.
    #[error("pin {name} holds height {height} already: unpin it first, or take another name")]
    Taken {
        /// The name.
        name: String,
        /// The height that it holds.
        height: u64,
    },
    /// The name is empty, too long, or has other characters than a name has.
    #[error("a pin's name has 1 to {PIN_NAME_BYTES_MAX} letters, digits, dots, dashes and underscores")]
    Name,
    /// There are too many.
    #[error("{PINS_MAX} heights are pinned, which is the most: unpin one first")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What pruning did, and what is left for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Records of blocks that were removed.
    pub removed: u64,
    /// Records that are still there and not needed.
    pub left: u64,
}

/// Returns the oldest block whose record has to be kept.
pub(super) fn oldest_needed(config: &DurableConfig, pins: &Pins, height: u64) -> u64 {
    let oldest = match config.retained_blocks {
        Retention::Blocks(blocks) => height.saturating_sub(blocks.max(PAGES_BEHIND_BLOCKS_MAX)).saturating_add(1),
        Retention::Archive => 0,
    };
    pins.values().min().map_or(oldest, |pinned| oldest.min(pinned.saturating_add(1)))
}

/// Lets blocks go that are before the oldest one whose record is needed, at most two, so that a shorter retention is reached in
/// bounded steps.
pub(super) fn forget_before(blocks: &mut VecDeque<Arc<ChangedKeys>>, oldest: u64) {
    for _ in 0..2 {
        if blocks.front().is_some_and(|block| block.height < oldest) {
            blocks.pop_front();
        }
    }
}

/// Reads the pins of a database.
///
/// # Errors
/// Faults if the store cannot answer, or if a pin is damaged.
pub(super) fn read_pins(snapshot: &dyn Snapshot) -> Result<Pins, Fault> {
    let mut rows = Vec::new();
    snapshot.scan(Table::Meta, PREFIX, &mut |key, value| {
        let is_pin = key.starts_with(PREFIX);
        if is_pin {
            rows.push((key, value));
        }
        is_pin
    })?;
    let pin = |(key, value): (alloy_primitives::Bytes, alloy_primitives::Bytes)| {
        let name = key.get(PREFIX.len()..).and_then(|name| std::str::from_utf8(name).ok()).filter(|name| is_name(name));
        let height = u64::decode_all(&mut &value[..]).ok();
        let corrupt = || Fault::Corrupt { what: "pin", detail: format!("the row {key} is none") };
        name.map(str::to_owned).zip(height).ok_or_else(corrupt)
    };
    rows.into_iter().map(pin).collect()
}

/// Tells whether a row of the meta table is a pin, by its key.
pub(super) fn is_pin(key: &[u8]) -> bool {
    key.strip_prefix(PREFIX).and_then(|name| std::str::from_utf8(name).ok()).is_some_and(is_name)
}

fn is_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    (1..=PIN_NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_part)
}

fn row(name: &str) -> Vec<u8> {
    [PREFIX, name.as_bytes()].concat()
}

impl DurableState {
    /// Keeps a height readable until [`unpin`](Self::unpin), also after a restart. Pinning it again by the same name changes
    /// nothing.
    ///
    /// # Errors
    /// Refuses a height that is pruned or not committed yet, and a name that is none or holds another height; faults if the
    /// store fails, as a commit does.
    pub fn pin(&self, name: &str, height: u64) -> Result<(), PinError> {
        if !is_name(name) {
            return Err(PinError::Name);
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match writer.pins.get(name) {
            Some(pinned) if *pinned == height => return Ok(()),
            Some(pinned) => return Err(PinError::Taken { name: name.to_owned(), height: *pinned }),
            None if writer.pins.len() >= PINS_MAX => return Err(PinError::TooMany),
            None => {}
        }
        self.at(height)?;
        let mut batch = Batch::default();
        batch.put(Table::Meta, row(name), height.encode());
        self.write_beside(&mut writer, batch)?;
        writer.pins.insert(name.to_owned(), height);
        Ok(())
    }

    /// Lifts a pin; tells whether there was one.
    ///
    /// # Errors
    /// Faults if the store fails, as a commit does.
    pub fn unpin(&self, name: &str) -> Result<bool, Fault> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if !writer.pins.contains_key(name) {
            return Ok(false);
        }
        let mut batch = Batch::default();
        batch.remove(Table::Meta, row(name));
        self.write_beside(&mut writer, batch)?;
        writer.pins.remove(name);
        Ok(true)
    }

    /// Returns the pins, by their names.
    pub fn pins(&self) -> BTreeMap<String, u64> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).pins.clone()
    }

    /// Writes what the newest block has left, which may remove a few records, then removes at most so many more that neither the
    /// retention nor a pin needs, the oldest first; each is a batch of its own, between two of which a block may be committed.
    /// What is left tells whether to call it again.
    ///
    /// # Errors
    /// Faults if the store fails, as a commit does.
    pub fn prune(&self, steps: u64) -> Result<Pruned, Fault> {
        let before = self.head().undo_height;
        self.write_late()?;
        let late = self.head().undo_height.saturating_sub(before);
        let mut pruned = Pruned { removed: late, left: 0 };
        loop {
            let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            let oldest = oldest_needed(&self.config, &writer.pins, writer.head.height);
            pruned.left = oldest.saturating_sub(writer.head.undo_height);
            if pruned.left == 0 || pruned.removed >= steps.saturating_add(late) {
                return Ok(pruned);
            }
            self.remove_oldest(&mut writer)?;
            pruned.removed = pruned.removed.saturating_add(1);
        }
    }

    /// Gives back the room on disk of what was removed. Takes long, and blocks may be committed beside it. Files that were replaced are
    /// removed when the next ones are written, or when the store is closed.
    ///
    /// # Errors
    /// Faults if the store cannot be written.
    pub fn compact(&self) -> Result<(), Fault> {
        self.store.compact()?;
        // No block is published meanwhile.
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let published = self.published();
        let next =
            Published { head: published.head, snapshot: self.store.snapshot(), blocks: published.blocks.clone() };
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        Ok(())
    }

    /// Removes the oldest record.
    fn remove_oldest(&self, writer: &mut Writer) -> Result<(), Fault> {
        let published = self.published();
        let mut rows = RowsBuilder::default();
        undo::remove(&mut rows, &*published.snapshot, writer.head.undo_height)?;
        let mut head = writer.head.clone();
        head.undo_height = head.undo_height.saturating_add(1);
        put_reach(&mut rows, &head);
        self.write_derived(writer, rows)?;
        let mut blocks = published.blocks.clone();
        blocks.retain(|block| block.height >= head.undo_height);
        let next = Published { head: head.height, snapshot: self.store.snapshot(), blocks };
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        writer.head = head;
        Ok(())
    }

    /// Writes the pages of the tree that the store lacks, so that all in it are those of the head.
    pub(super) fn write_pages(&self) -> Result<(), Fault> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let published = self.published();
        let mut rows = RowsBuilder::default();
        put_pages(&mut rows, &mut writer.tree, Turn::ALL);
        let height = writer.head.height;
        let head = DurableHead { derived_height: height, pages_height: height, ..writer.head.clone() };
        put_reach(&mut rows, &head);
        self.write_derived(&mut writer, rows)?;
        let next = Published { head: head.height, snapshot: self.store.snapshot(), blocks: published.blocks.clone() };
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        writer.head = head;
        Ok(())
    }

    /// Writes what follows from the blocks, and would again after a crash.
    fn write_derived(&self, writer: &mut Writer, rows: RowsBuilder) -> Result<(), Fault> {
        let mut batch = Batch::default();
        batch.append_derived(rows.build());
        self.write_beside(writer, batch)
    }

    /// Writes something that is no block. Nothing more is written after a failure until the state is opened again.
    fn write_beside(&self, writer: &mut Writer, batch: Batch) -> Result<(), Fault> {
        if writer.failed {
            return Err(Fault::Store(StoreError::Stopped));
        }
        writer.failed = true;
        self.store.write(batch, Durability::Synced)?;
        writer.failed = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
