//! Committing a block: named steps, between any two of which the process may end.

use core::ops::Range;
use std::sync::{Arc, PoisonError};

use alloy_primitives::Bytes;

use super::super::commit::{StateRoot, hashed};
use super::super::store::{Batch, Snapshot, StoreError, Table};
use super::super::tree::{Change, Tree, Turn};
use super::super::undo::{self, ChangedKeys, Fingerprint, Replaced};
use super::super::view::Published;
use super::super::{ChangeSet, StateKey, threads};
use super::format::put_block;
use super::retention::oldest_needed;
use super::{DurableHead, DurableState, PAGES_BEHIND_BLOCKS_MAX, StoredPages, Writer};
use crate::fault::Fault;

/// The fewest keys that are worth a thread for reading.
const READ_TOGETHER: usize = 512;

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
        // Beside each other: what is replaced is not needed for the root, nor the other way round.
        let mut rows = Ok(Batch::default());
        let (changed, pages) = threads::beside(
            || rows = self.rows_of(&published, height, changes, pruned.clone()),
            || apply(&mut writer.tree, &*published.snapshot, height, changes),
        )?;
        let batch = rows?;
        crash_point("values read, tree hashed");
        let (batch, head) = gather(&writer, batch, pages, &changed, pruned.end, &block);
        crash_point("batch gathered");
        // Nobody reads at the height before the block is published, so the cache may know it before the store does.
        let advance = || self.cache.advance(height, changes.iter());
        threads::beside(advance, || self.store.write(batch, self.config.durability_at(height)))?;
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

    /// Returns the rows for which nothing needs to be hashed: what stands under every key that changes, what will, and which
    /// records go.
    fn rows_of(
        &self,
        published: &Published,
        height: u64,
        changes: &ChangeSet,
        pruned: Range<u64>,
    ) -> Result<Batch, StoreError> {
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner).take(published.head);
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
        let part = |keys: &[&StateKey]| Replaced::new(height, keys, append);
        let keys: Vec<&StateKey> = changes.keys().collect();
        // One thread copies what was read ahead sooner than the others are done with the tree; reading is worth all of them.
        let sample = keys.iter().step_by(SAMPLED_KEY);
        let unread = sample.filter(|key| ahead.row(key).is_none()).count().saturating_mul(SAMPLED_KEY);
        let together = if unread < READ_TOGETHER { keys.len() } else { READ_TOGETHER };
        let mut batch = Batch::default();
        for replaced in threads::parts(&keys, together, part) {
            undo::write(&mut batch, replaced?);
        }
        put_entries(&mut batch, changes);
        for height in pruned {
            undo::remove(&mut batch, &*published.snapshot, height)?;
        }
        Ok(batch)
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

/// Brings the tree to the block; returns which keys it changes, and the pages that are written with it.
fn apply(
    tree: &mut Tree,
    snapshot: &dyn Snapshot,
    height: u64,
    changes: &ChangeSet,
) -> Result<(Arc<ChangedKeys>, Batch), Fault> {
    let hashed = hashed(changes);
    tree.apply(&StoredPages(snapshot), &hashed)?;
    let mut pages = Batch::default();
    put_pages(&mut pages, tree, Turn::of_block(height, PAGES_BEHIND_BLOCKS_MAX));
    Ok((Arc::new(changed_keys(height, &hashed)), pages))
}

/// Puts together what the block changes; `undo_height` is the oldest record that it leaves.
fn gather(
    writer: &Writer,
    mut batch: Batch,
    pages: Batch,
    changed: &ChangedKeys,
    undo_height: u64,
    block: &[u8],
) -> (Batch, DurableHead) {
    let height = changed.height;
    undo::write_changed(&mut batch, changed);
    batch.rows.extend(pages.rows);
    // The part that had its turn first among the last ones is the one that is the furthest behind.
    let behind = height.saturating_add(1).saturating_sub(PAGES_BEHIND_BLOCKS_MAX);
    let pages_height = behind.max(writer.head.pages_height);
    let head = DurableHead { height, root: writer.tree.root(), pages_height, undo_height };
    put_block(&mut batch, &head, block);
    (batch, head)
}

fn changed_keys(height: u64, changes: &[Change]) -> ChangedKeys {
    ChangedKeys::new(height, changes.iter().map(|(key, _)| Fingerprint::of(key)).collect())
}

pub(super) fn put_entries(batch: &mut Batch, changes: &ChangeSet) {
    // The keys in one piece, which is allocated once.
    let keys = Bytes::from(changes.keys().map(StateKey::as_bytes).collect::<Vec<_>>().concat());
    let mut start = 0_usize;
    for (key, value) in changes {
        let end = start.saturating_add(key.as_bytes().len());
        batch.rows.push((Table::Entries, keys.slice(start..end), value.clone()));
        start = end;
    }
}

pub(in super::super) fn put_pages(batch: &mut Batch, tree: &mut Tree, turn: Turn) {
    let (mut bytes, mut rows) = (Vec::new(), Vec::new());
    tree.flush(turn, |id, page| {
        let start = bytes.len();
        if let Some(page) = page {
            page.encode(&mut bytes);
        }
        rows.push((id.to_bytes(), page.is_some().then_some(start..bytes.len())));
    });
    let bytes = Bytes::from(bytes);
    let row = |(id, page): (Vec<u8>, Option<_>)| (Table::Pages, id.into(), page.map(|page| bytes.slice(page)));
    batch.rows.extend(rows.into_iter().map(row));
}

/// Where a test can end the process.
#[cfg(not(test))]
const fn crash_point(_step: &str) {}

/// Where a test can end the process.
#[cfg(test)]
fn crash_point(step: &str) {
    super::tests::pass(step);
}
