//! What a block leaves to be written behind it: its turn of the tree's pages, and the records that nobody needs any more.
//!
//! These are derived rows, so a commit does not wait for them. They are written when the keys of the next block are told, beside its
//! execution, and with the next block if nobody tells. A crash before that costs nothing but the records of one more block when the
//! state is opened. Costs: the pages of one part of the tree in 64, and the keys of one record.

use std::sync::{Arc, PoisonError};

use super::super::store::{Batch, Durability, RowsBuilder, Snapshot, StoreError};
use super::super::tree::{Tree, Turn};
use super::super::undo;
use super::super::view::Published;
use super::commit::put_pages;
use super::format::put_reach;
use super::{DurableHead, DurableState, PAGES_BEHIND_BLOCKS_MAX};
use crate::fault::Fault;

impl DurableState {
    /// Writes what the newest block has left, if that was not written yet.
    pub(super) fn write_late(&self) -> Result<(), Fault> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let (published, mut head) = (self.published(), writer.head.clone());
        if writer.failed || head.derived_height >= head.height {
            return Ok(());
        }
        writer.failed = true;
        let mut rows = RowsBuilder::default();
        let height = head.height;
        put_late(&mut rows, &mut writer.tree, &published, height, &mut head)?;
        let mut batch = Batch::default();
        batch.append_derived(rows.build());
        // Nothing of it is in the log.
        self.store.write(batch, Durability::Buffered)?;
        let next = Published { head: height, snapshot: self.store.snapshot(), blocks: published.blocks.clone() };
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        writer.head = head;
        writer.failed = false;
        Ok(())
    }
}

/// Adds what the blocks up to a height have left, and says so in the head.
pub(super) fn put_late(
    rows: &mut RowsBuilder,
    tree: &mut Tree,
    published: &Published,
    height: u64,
    head: &mut DurableHead,
) -> Result<(), StoreError> {
    // Each part has one turn in the last blocks; after a crash those of several may be left.
    let first = head.derived_height.max(height.saturating_sub(PAGES_BEHIND_BLOCKS_MAX)).saturating_add(1);
    for height in first..=height {
        put_pages(rows, tree, Turn::of_block(height, PAGES_BEHIND_BLOCKS_MAX));
    }
    // The part that had its turn first among the last ones is the one that is the furthest behind.
    head.pages_height = head.pages_height.max(height.saturating_add(1).saturating_sub(PAGES_BEHIND_BLOCKS_MAX));
    head.derived_height = height;
    remove_records(rows, &*published.snapshot, published.oldest(), head)?;
    put_reach(rows, head);
    Ok(())
}

/// Removes the records by which nobody goes back from the oldest height that is shown.
fn remove_records(
    rows: &mut RowsBuilder,
    snapshot: &dyn Snapshot,
    oldest: u64,
    head: &mut DurableHead,
) -> Result<(), StoreError> {
    while head.undo_height <= oldest {
        undo::remove(rows, snapshot, head.undo_height)?;
        head.undo_height = head.undo_height.saturating_add(1);
    }
    Ok(())
}
