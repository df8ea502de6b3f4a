//! Bringing the tree to the head when a database is opened.
//!
//! Writes nothing: what the pages in the store lack stays in memory and is written by the next blocks, as it would have been
//! without the restart. Costs: the records of the blocks that the pages may lack, the newest value of each key that these
//! changed, in the order in which they lie in the store, and one update of the tree; all but the last on several threads.

use core::ops::RangeInclusive;

use super::super::store::{Snapshot, StoreError, Table};
use super::super::tree::{Change, Tree, key_hash, value_hash};
use super::super::{threads, undo};
use super::{DurableConfig, DurableHead, StoredPages};
use crate::fault::Fault;

/// The fewest keys that are worth a thread for reading.
const READ_TOGETHER: usize = 512;

/// Opens the tree and applies again what changed since its oldest page was written.
pub(super) fn recover(snapshot: &dyn Snapshot, config: &DurableConfig, head: &DurableHead) -> Result<Tree, Fault> {
    let source = StoredPages(snapshot);
    let mut tree = Tree::open(&source, config.page_bytes_max)?;
    let mut keys = changed_since(snapshot, head.pages_height.saturating_add(1)..=head.height)?;
    keys.sort_unstable();
    keys.dedup();
    let read = |key: &Vec<u8>| {
        let value = snapshot.get(Table::Entries, key)?;
        Ok((key_hash(key), value.map(|value| value_hash(&value))))
    };
    let part = |keys: &[Vec<u8>]| keys.iter().map(read).collect::<Result<Vec<Change>, StoreError>>();
    let parts: Vec<_> = threads::parts(&keys, READ_TOGETHER, part).into_iter().collect::<Result<_, _>>()?;
    let mut changes = parts.concat();
    changes.sort_unstable_by_key(|(key, _)| *key);
    if tree.apply(&source, &changes)? == head.root { Ok(tree) } else { Err(wrong_root("the tree")) }
}

/// Returns the keys that some blocks changed, as often as they did.
fn changed_since(snapshot: &dyn Snapshot, heights: RangeInclusive<u64>) -> Result<Vec<Vec<u8>>, Fault> {
    let of_block = |height| {
        let mut keys = Vec::new();
        undo::for_each_key(snapshot, height, &mut |key| keys.push(key.to_vec()))?;
        Ok(keys)
    };
    let blocks: Vec<_> = threads::each(heights.collect(), of_block).into_iter().collect::<Result<_, Fault>>()?;
    Ok(blocks.concat())
}

pub(super) fn wrong_root(of: &str) -> Fault {
    Fault::Corrupt { what: "state", detail: format!("the root of {of} is not the one of the head") }
}

#[cfg(test)]
mod tests;
