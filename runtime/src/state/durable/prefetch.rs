//! Reading ahead: what a block is going to replace, and the pages of the tree on the way to it, before the block is
//! committed.
//!
//! Guarantees that no result depends on it: a value is held for the commit that follows the height at which it was read, and
//! a page comes into the tree only if no block was committed since it was read. Costs: what the commit would read otherwise,
//! read while the block still executes, by whoever calls, and at most [`AHEAD_BYTES_MAX`] bytes of memory. The writer is held
//! for a step through memory of [`KEYS_AT_A_TIME`] keys, never while the store reads.

use core::hash::BuildHasher;
use core::ops::Range;
use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};

use alloy_primitives::Bytes;
use foldhash::quality::RandomState;

use super::super::store::Table;
use super::super::tree::{Hash, PageId, key_hash};
use super::super::{StateKey, StateReader, undo};
use super::{DurableState, Writer};
use crate::fault::Fault;

/// Keys whose pages are looked for, and pages that are handed over, in one go.
const KEYS_AT_A_TIME: usize = 256;

/// The most bytes of rows that are held for the next commit. What a larger block replaces is read by the commit, or found in the
/// cache.
pub(super) const AHEAD_BYTES_MAX: usize = 16 << 20;

/// What the next commit is going to replace, as the rows of its record. The cache has the values as well, but what is read once
/// is the first to go there, and between reading ahead and the commit lies all that the block reads.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// The height at which it was read.
    height: u64,
    /// The rows behind each other, so that none is allocated or dropped alone.
    rows: Vec<u8>,
    /// Where they are, by the hashes of their keys. Of two keys with one hash, which do not happen, it holds the later.
    places: HashMap<u64, Range<usize>, RandomState>,
}

impl Ahead {
    /// Takes what was under a key at a height. What was read at earlier ones goes.
    fn put(&mut self, height: u64, key: &StateKey, value: Option<&[u8]>) {
        if height > self.height {
            *self = Self { height, ..Self::default() };
        }
        let bytes = value.map_or(0, <[u8]>::len).saturating_add(key.as_bytes().len());
        if height != self.height || self.row(key).is_some() || self.rows.len().saturating_add(bytes) > AHEAD_BYTES_MAX {
            return;
        }
        let start = self.rows.len();
        undo::append_row(&mut self.rows, key, value);
        self.places.insert(self.hash(key), start..self.rows.len());
    }

    /// Returns what was read at a height, of which nothing may be asked later; nothing is held then.
    pub(super) fn take(&mut self, height: u64) -> Self {
        let taken = std::mem::take(self);
        if taken.height == height { taken } else { Self::default() }
    }

    /// Returns the row of a key, if that was read.
    pub(super) fn row(&self, key: &StateKey) -> Option<&[u8]> {
        let place = self.places.get(&self.hash(key))?;
        self.rows.get(place.clone()).filter(|row| undo::is_row_of(row, key))
    }

    fn hash(&self, key: &StateKey) -> u64 {
        self.places.hasher().hash_one(key.as_bytes())
    }
}

impl DurableState {
    /// Reads into memory what committing a block that changes these keys will need, and first writes what the block before has left
    /// to be written. May be called from any thread, for a part of the keys at a time, and for keys that are not changed in the end.
    ///
    /// # Errors
    /// Faults if the store cannot answer.
    pub fn prefetch(&self, keys: &[StateKey]) -> Result<(), Fault> {
        self.write_late()?;
        let view = self.newest();
        // In the order in which the commit comes to them, so that it passes through memory from front to back.
        let mut keys: Vec<&StateKey> = keys.iter().collect();
        keys.sort_unstable();
        for keys in keys.chunks(KEYS_AT_A_TIME) {
            let values = keys.iter().map(|key| view.get(key)).collect::<Result<Vec<_>, _>>()?;
            let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, value) in keys.iter().zip(values) {
                ahead.put(view.height(), key, value.as_ref().map(AsRef::as_ref));
            }
        }
        let mut hashes: Vec<Hash> = keys.iter().map(|key| key_hash(key.as_bytes())).collect();
        // Side by side on the way through the tree.
        hashes.sort_unstable();
        for hashes in hashes.chunks(KEYS_AT_A_TIME) {
            // Each round finds pages one step farther from the root.
            while self.read_pages(hashes)? {}
        }
        Ok(())
    }

    /// Reads the next pages on the way to some keys; returns whether there may be more of them.
    fn read_pages(&self, hashes: &[Hash]) -> Result<bool, Fault> {
        let (published, absent) = {
            let mut writer = self.writer();
            let mut absent: Vec<PageId> = hashes.iter().filter_map(|hash| writer.tree.absent(hash)).collect();
            absent.dedup();
            (self.published(), absent)
        };
        let mut pages: Vec<(PageId, Bytes)> = Vec::with_capacity(absent.len());
        for id in absent {
            // What is missing or damaged is found by the commit, which says so.
            if let Some(page) = published.snapshot.get(Table::Pages, &id.to_bytes())? {
                pages.push((id, page));
            }
        }
        let mut writer = self.writer();
        let is_newest = !writer.failed && writer.head.height == published.head;
        let mut came = false;
        for (id, page) in pages.iter().filter(|_| is_newest) {
            came |= writer.tree.supply(id, page);
        }
        Ok(came)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
