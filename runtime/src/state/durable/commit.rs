//! Committing a block: named steps, between any two of which the process may end.

use std::sync::{Arc, PoisonError};

use alloy_primitives::Bytes;

use super::super::commit::{StateRoot, hashed};
use super::super::store::{Batch, Rows, RowsBuilder, StoreError, Table};
use super::super::tree::{Change, Tree, Turn};
use super::super::undo::{self, ChangedKeys, Fingerprint};
use super::super::view::Published;
use super::super::{ChangeSet, StateKey, threads};
use super::format::put_block;
use super::late::put_late;
use super::retention::{forget_before, oldest_needed};
use super::{DurableHead, DurableState, StoredPages, Writer};
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
        let _commit = self.precedence.commit();
        // Until the last step has succeeded.
        writer.failed = true;
        let published = self.published();
        let (parts, changed) = self.follow(&mut writer.tree, &published, height, changes)?;
        crash_point("values read, tree hashed");
        let (batch, mut head) = gather(&writer, parts, &changed, &block);
        crash_point("batch gathered");
        let before = height.saturating_sub(1);
        if head.derived_height < before {
            let mut added = Ok(());
            let tree = &mut writer.tree;
            let mut derive = || {
                let mut rows = RowsBuilder::default();
                added = put_late(&mut rows, tree, &published, before, &mut head);
                rows.build()
            };
            self.store.write_beside(batch, self.config.durability_at(height), &mut derive)?;
            added?;
        } else {
            self.store.write(batch, self.config.durability_at(height))?;
        }
        crash_point("batch written");
        self.publish(&published, changed, oldest_needed(&self.config, &writer.pins, height));
        writer.head = head;
        writer.failed = false;
        Ok(StateRoot::new(writer.head.root))
    }

    /// Brings the tree and the cache to the block; returns the rows of what it replaces and writes, and which keys it changes.
    fn follow(
        &self,
        tree: &mut Tree,
        published: &Published,
        height: u64,
        changes: &ChangeSet,
    ) -> Result<(Vec<Rows>, Arc<ChangedKeys>), Fault> {
        let source = StoredPages(&*published.snapshot);
        let mut rows = Ok(Vec::new());
        // What is replaced is not needed for the root, nor the other way round.
        let changed = threads::beside(
            || {
                rows = self.rows_of(published, height, changes);
                self.store.stage(rows.as_deref().unwrap_or_default());
            },
            || -> Result<_, Fault> {
                let hashed = hashed(changes);
                // Nobody reads at the height before the block is published, so that the cache may know it before the store does.
                threads::beside(|| self.cache.advance(height, changes.iter()), || tree.apply(&source, &hashed))?;
                Ok(Arc::new(changed_keys(height, &hashed)))
            },
        )?;
        Ok((rows?, changed))
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

    /// Lets everybody see the block, and no more than they need of those before it: `oldest` is the first whose record is needed.
    fn publish(&self, before: &Published, changed: Arc<ChangedKeys>, oldest: u64) {
        let mut blocks = before.blocks.clone();
        let head = changed.height;
        blocks.push_back(changed);
        forget_before(&mut blocks, oldest);
        let next = Published { head, snapshot: self.store.snapshot(), blocks };
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }
}

/// Puts together what the block changes.
fn gather(writer: &Writer, parts: Vec<Rows>, changed: &ChangedKeys, block: &[u8]) -> (Batch, DurableHead) {
    let mut batch = Batch::default();
    parts.into_iter().for_each(|rows| batch.append(rows));
    let mut rows = RowsBuilder::default();
    undo::put_changed(&mut rows, changed);
    batch.append(rows.build());
    let head = DurableHead { height: changed.height, root: writer.tree.root(), ..writer.head.clone() };
    put_block(&mut batch, &head, block);
    (batch, head)
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
