//! Committing a block: named steps, between any two of which the process may end.

use core::ops::Range;
use std::sync::{Arc, PoisonError};

use alloy_primitives::Bytes;

use super::super::commit::{StateRoot, hashed};
use super::super::store::{Batch, Rows, RowsBuilder, Snapshot, StoreError, Table};
use super::super::tree::{Change, Tree, Turn};
use super::super::undo::{self, ChangedKeys, Fingerprint};
use super::super::view::Published;
use super::super::{ChangeSet, StateKey, threads};
use super::format::{put_block, put_reach};
use super::retention::oldest_needed;
use super::{DurableHead, DurableState, PAGES_BEHIND_BLOCKS_MAX, StoredPages, Writer};
use crate::fault::Fault;

/// The fewest keys that are worth a thread for reading.
const READ_TOGETHER: usize = 512;

/// Bytes of a row for which room is made.
const ROW_BYTES_EXPECTED: usize = 128;

/// Of so many keys one is looked at to tell how many were not read ahead.
const SAMPLED_KEY: usize = 16;

impl DurableState {
    /// Commits the changes of the next block, whose number is `height`; `block` is what the owner needs to go on from it.
    ///
    /// The steps, between any two of which the process may end: read what is replaced and hash, gather, write, then let
    /// everybody see it.
    ///
    /// # Errors
    /// Faults if the height does not follow the head, or if the store fails; then nothing more can be committed until the
    /// state is opened again.
    pub fn commit(&self, height: u64, changes: &ChangeSet, block: Vec<u8>) -> Result<StateRoot, Fault> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.failed {
            return Err(Fault::Store(StoreError::Stopped));
        }
        if writer.head.height.checked_add(1) != Some(height) {
            return Err(Fault::Invariant("a block was committed that does not follow the head"));
        }
        // Until the last step has succeeded.
        writer.failed = true;
        let published = self.published();
        let pruned = self.pruned_by(&writer, height);
        // Beside each other: what is replaced is not needed for the root, nor the other way round, and nobody reads at the height
        // before the block is published, so that the cache may know it before the store does.
        let mut parts = Ok(Vec::new());
        let told = || {
            threads::beside(
                || parts = self.rows_of(&published, height, changes),
                || self.cache.advance(height, changes.iter()),
            );
        };
        let changed = threads::beside(told, || apply(&mut writer.tree, &*published.snapshot, height, changes))?;
        crash_point("values read, tree hashed");
        let (batch, head) = gather(&writer, parts?, &changed, pruned.end, &block);
        crash_point("batch gathered");
        let mut removed = Ok(());
        let turns = turns_since(writer.head.derived_height, height);
        let tree = &mut writer.tree;
        let mut derive = || {
            let mut rows = RowsBuilder::default();
            turns.clone().for_each(|turn| put_pages(&mut rows, tree, turn));
            let mut pruned = pruned.clone();
            removed = pruned.try_for_each(|height| undo::remove(&mut rows, &*published.snapshot, height));
            put_reach(&mut rows, &head);
            rows.build()
        };
        self.store.write_beside(batch, self.config.durability_at(height), &mut derive)?;
        removed?;
        crash_point("batch written");
        self.publish(&published, changed, &head);
        writer.head = head;
        writer.failed = false;
        Ok(StateRoot::new(writer.head.root))
    }

    /// Returns the blocks whose records the next block removes: at most two, so that a shorter retention is reached in bounded
    /// steps.
    fn pruned_by(&self, writer: &Writer, height: u64) -> Range<u64> {
        let (first, oldest) = (writer.head.undo_height, oldest_needed(&self.config, &writer.pins, height));
        first..oldest.clamp(first, first.saturating_add(2))
    }

    /// Returns the rows for which nothing needs to be hashed: what stands under every key that changes, and what will.
    fn rows_of(&self, published: &Published, height: u64, changes: &ChangeSet) -> Result<Vec<Rows>, StoreError> {
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner).take(published.head);
        // The cache is told of the block at the same time, but what it holds for the height before stays.
        let read = |key: &StateKey| match self.cache.get(key, published.head) {
            Some(value) => Ok(value),
            None => published.snapshot.get(Table::Entries, key.as_bytes()),
        };
        let append = |key: &StateKey, bytes: &mut Vec<u8>| {
            match ahead.row(key) {
                Some(row) => bytes.extend_from_slice(row),
                None => undo::append_row(bytes, key, read(key)?.as_ref().map(AsRef::as_ref)),
            }
            Ok(())
        };
        let part = |changes: &[(&StateKey, &Option<Bytes>)]| -> Result<[Rows; 2], StoreError> {
            let keys: Vec<&StateKey> = changes.iter().map(|(key, _)| *key).collect();
            let bytes = changes.len().saturating_mul(ROW_BYTES_EXPECTED);
            let mut replaced = RowsBuilder::with_capacity(changes.len(), bytes);
            undo::put_replaced(&mut replaced, height, &keys, append)?;
            let mut entries = RowsBuilder::with_capacity(changes.len(), bytes);
            changes.iter().for_each(|(key, value)| put_entry(&mut entries, key, value.as_ref()));
            Ok([replaced.build(), entries.build()])
        };
        let changes: Vec<_> = changes.iter().collect();
        // One thread copies what was read ahead sooner than the others are done with the tree; reading is worth all of them.
        let sample = changes.iter().step_by(SAMPLED_KEY);
        let unread = sample.filter(|(key, _)| ahead.row(key).is_none()).count().saturating_mul(SAMPLED_KEY);
        let together = if unread < READ_TOGETHER { changes.len() } else { READ_TOGETHER };
        let parts: Vec<[Rows; 2]> = threads::parts(&changes, together, part).into_iter().collect::<Result<_, _>>()?;
        Ok(parts.into_iter().flatten().collect())
    }

    /// Lets everybody see the block.
    fn publish(&self, before: &Published, changed: Arc<ChangedKeys>, head: &DurableHead) {
        let mut blocks = before.blocks.clone();
        blocks.push_back(changed);
        while blocks.front().is_some_and(|block| block.height < head.undo_height) {
            blocks.pop_front();
        }
        let next = Published { head: head.height, snapshot: self.store.snapshot(), blocks };
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }
}

/// Brings the tree to the block; returns which keys it changes.
fn apply(
    tree: &mut Tree,
    snapshot: &dyn Snapshot,
    height: u64,
    changes: &ChangeSet,
) -> Result<Arc<ChangedKeys>, Fault> {
    let hashed = hashed(changes);
    tree.apply(&StoredPages(snapshot), &hashed)?;
    Ok(Arc::new(changed_keys(height, &hashed)))
}

/// Puts together what the block changes; `undo_height` is the oldest record that it leaves.
fn gather(
    writer: &Writer,
    parts: Vec<Rows>,
    changed: &ChangedKeys,
    undo_height: u64,
    block: &[u8],
) -> (Batch, DurableHead) {
    let height = changed.height;
    let mut batch = Batch::default();
    parts.into_iter().for_each(|rows| batch.append(rows));
    let mut rows = RowsBuilder::default();
    undo::put_changed(&mut rows, changed);
    batch.append(rows.build());
    // The part that had its turn first among the last ones is the one that is the furthest behind.
    let behind = height.saturating_add(1).saturating_sub(PAGES_BEHIND_BLOCKS_MAX);
    let pages_height = behind.max(writer.head.pages_height);
    let head = DurableHead { height, root: writer.tree.root(), derived_height: height, pages_height, undo_height };
    put_block(&mut batch, &head, block);
    (batch, head)
}

/// Returns the turns of a block, and of those before it whose pages were lost: each part has one in the last blocks.
fn turns_since(derived_height: u64, height: u64) -> impl Iterator<Item = Turn> + Clone {
    let first = derived_height.max(height.saturating_sub(PAGES_BEHIND_BLOCKS_MAX)).saturating_add(1);
    (first..=height).map(|height| Turn::of_block(height, PAGES_BEHIND_BLOCKS_MAX))
}

fn changed_keys(height: u64, changes: &[Change]) -> ChangedKeys {
    ChangedKeys::new(height, changes.iter().map(|(key, _)| Fingerprint::of(key)).collect())
}

pub(super) fn put_entry(rows: &mut RowsBuilder, key: &StateKey, value: Option<&Bytes>) {
    match value {
        Some(value) => rows.put(Table::Entries, key.as_bytes(), value),
        None => rows.remove(Table::Entries, key.as_bytes()),
    }
}

pub(in super::super) fn put_pages(rows: &mut RowsBuilder, tree: &mut Tree, turn: Turn) {
    tree.flush(turn, |id, page| match page {
        Some(page) => rows.put_with(Table::Pages, id.to_bytes(), |bytes| page.encode(bytes)),
        None => rows.remove(Table::Pages, id.to_bytes()),
    });
}

/// Where a test can end the process.
#[cfg(not(test))]
const fn crash_point(_step: &str) {}

/// Where a test can end the process.
#[cfg(test)]
fn crash_point(step: &str) {
    super::tests::pass(step);
}
