//! Reads at one height, which nothing that is committed later changes.
//!
//! A view holds a snapshot of the store and, for the blocks that are retained, which keys each of them changed. The value
//! at a height is the one that the first later block replaced; without such a block it is the newest. Readers take no lock
//! against the writer; at an earlier height they let a block pass that is being committed.

mod scan;

use std::collections::VecDeque;
use std::sync::Arc;

use alloy_primitives::Bytes;
use thiserror::Error;

use super::cache::{OPEN, StateCache};
use super::precedence::Precedence;
use super::store::{Snapshot, Table};
use super::tree::key_hash;
use super::undo::{self, ChangedKeys, Fingerprint};
use super::{StateKey, StateReader};
use crate::fault::Fault;

/// Why a state cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ViewError {
    /// The block is not committed yet.
    #[error("height {height} is not committed; the newest is {head}")]
    Future {
        /// The height that was asked for.
        height: u64,
        /// The newest.
        head: u64,
    },
    /// What it takes to go back so far is pruned.
    #[error("height {height} is pruned; the oldest that is kept is {oldest}")]
    Pruned {
        /// The height that was asked for.
        height: u64,
        /// The oldest that can be read.
        oldest: u64,
    },
}

/// The state after one block as everybody sees it, and the way back.
pub(super) struct Published {
    pub(super) head: u64,
    pub(super) snapshot: Arc<dyn Snapshot>,
    /// The blocks that can be undone, the newest last.
    pub(super) blocks: VecDeque<Arc<ChangedKeys>>,
}

impl Published {
    /// Returns the oldest height that can be read.
    pub(super) fn oldest(&self) -> u64 {
        self.blocks.front().map_or(self.head, |block| block.height.saturating_sub(1))
    }
}

/// The state as it was after one block.
#[derive(Clone)]
pub struct StateView {
    published: Arc<Published>,
    cache: Arc<StateCache>,
    precedence: Arc<Precedence>,
    height: u64,
}

impl StateView {
    pub(super) fn new(
        published: Arc<Published>,
        cache: Arc<StateCache>,
        precedence: Arc<Precedence>,
        height: u64,
    ) -> Result<Self, ViewError> {
        let (head, oldest) = (published.head, published.oldest());
        if height > head {
            return Err(ViewError::Future { height, head });
        }
        if height < oldest {
            return Err(ViewError::Pruned { height, oldest });
        }
        Ok(Self { published, cache, precedence, height })
    }

    /// Returns the height that it shows.
    pub const fn height(&self) -> u64 {
        self.height
    }

    /// Calls `visit` with the entries from a key on, in the order of their keys, until it returns false. Beside
    /// [`StateReader::next`] it is for reading much: it keeps no value in the cache.
    ///
    /// Costs: one pass over the newest entries and over what each later block replaced, of which some rows a block are in memory
    /// (about 64, 10 KiB).
    ///
    /// # Errors
    /// Faults if the store cannot answer, or if what it holds is damaged.
    pub fn scan(&self, from: &[u8], visit: &mut dyn FnMut(Bytes, Bytes) -> bool) -> Result<(), Fault> {
        let later = self.later().map(|block| block.height);
        scan::scan(&*self.published.snapshot, later, from, visit)
    }

    /// Returns the value at the view's height, and the last height for which it holds.
    fn read(&self, key: &StateKey) -> Result<(Option<Bytes>, u64), Fault> {
        self.let_pass();
        let snapshot = &*self.published.snapshot;
        let mut later = self.later().peekable();
        // The newest height, which most reads are at, needs no hash.
        let fingerprint = later.peek().map(|_| Fingerprint::of(&key_hash(key.as_bytes())));
        for block in later.filter(|block| fingerprint.is_some_and(|fingerprint| block.may_hold(fingerprint))) {
            if let Some(value) = undo::replaced(snapshot, block.height, key.as_bytes())? {
                return Ok((value, block.height.saturating_sub(1)));
            }
        }
        Ok((snapshot.get(Table::Entries, key.as_bytes())?, OPEN))
    }

    /// Lets a block that is being committed go first, unless this is what a block reads.
    fn let_pass(&self) {
        if self.height < self.published.head {
            self.precedence.let_pass();
        }
    }

    /// Returns the blocks behind the view's height, the oldest first.
    fn later(&self) -> impl Iterator<Item = &ChangedKeys> {
        let blocks = &self.published.blocks;
        // At the newest height there are none, which takes no look at any.
        let is_newest = self.height == self.published.head;
        let skipped =
            if is_newest { blocks.len() } else { blocks.partition_point(|block| block.height <= self.height) };
        blocks.iter().skip(skipped).map(|block| &**block)
    }

    /// Returns the first key at or after `from` that exists now or was changed since.
    fn candidate(&self, from: &[u8]) -> Result<Option<StateKey>, Fault> {
        self.let_pass();
        let snapshot = &*self.published.snapshot;
        let mut first = snapshot.seek(Table::Entries, from)?.map(|(key, _)| StateKey::from_bytes(&key));
        for block in self.later() {
            let changed = undo::next_changed(snapshot, block.height, from)?;
            first = match (first, changed) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        Ok(first)
    }
}

impl StateReader for StateView {
    fn get(&self, key: &StateKey) -> Result<Option<Bytes>, Fault> {
        if let Some(value) = self.cache.get(key, self.height) {
            return Ok(value);
        }
        let (value, to) = self.read(key)?;
        // A copy of its own, so that a small value does not keep the large block in memory from which it was read.
        let value = value.map(|value| Bytes::copy_from_slice(&value));
        self.cache.fill(key, self.height, to, self.published.head, value.clone());
        Ok(value)
    }

    fn next(&self, prefix: &[u8], after: &[u8]) -> Result<Option<StateKey>, Fault> {
        let mut from = if after < prefix { prefix.to_vec() } else { following(after) };
        while let Some(key) = self.candidate(&from)? {
            if !key.as_bytes().starts_with(prefix) {
                break;
            }
            // What a later block wrote, or has removed, is not or is there at this height.
            if self.height == self.published.head || self.read(&key)?.0.is_some() {
                return Ok(Some(key));
            }
            from = following(key.as_bytes());
        }
        Ok(None)
    }
}

/// Returns the smallest key above another; an empty one stands for the start.
pub(super) fn following(key: &[u8]) -> Vec<u8> {
    let mut next = key.to_vec();
    if !key.is_empty() {
        next.push(0);
    }
    next
}

impl core::fmt::Debug for StateView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StateView").field("height", &self.height).finish_non_exhaustive()
    }
}
