//! Reading ahead: what a block is going to replace, and the pages of the tree on the way to it, before the block is
//! committed.
//!
//! Guarantees that no result depends on it: a value comes into the cache with the heights for which it holds, and a page
//! into the tree only if no block was committed since it was read. Costs: what the commit would read otherwise, read while
//! the block still executes, by whoever calls. The writer is held for a step through memory of
//! [`KEYS_AT_A_TIME`] keys, never while the store reads.

use std::sync::{MutexGuard, PoisonError};

use alloy_primitives::Bytes;

use super::super::store::Table;
use super::super::tree::{Hash, PageId, key_hash};
use super::super::{StateKey, StateReader};
use super::{DurableState, Writer};
use crate::fault::Fault;

/// Keys whose pages are looked for, and pages that are handed over, in one go.
const KEYS_AT_A_TIME: usize = 256;

impl DurableState {
    /// Reads into memory what committing a block that changes these keys will need. May be called from any thread, for a
    /// part of the keys at a time, and for keys that are not changed in the end.
    ///
    /// # Errors
    /// Faults if the store cannot answer.
    pub fn prefetch(&self, keys: &[StateKey]) -> Result<(), Fault> {
        let view = self.newest();
        for key in keys {
            view.get(key)?;
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
