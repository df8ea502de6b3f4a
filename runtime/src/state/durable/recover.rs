//! Bringing the tree to the head when a database is opened.

use std::collections::BTreeSet;

use parity_scale_codec::Encode;

use super::super::store::{Batch, Durability, Snapshot, Store, Table};
use super::super::tree::{Change, Tree, Turn, key_hash, value_hash};
use super::super::undo;
use super::commit::put_pages;
use super::format::HEAD_KEY;
use super::{DurableConfig, DurableHead, StoredPages};
use crate::fault::Fault;

/// Brings the tree to the head: what changed since its oldest page was written is applied again.
pub(super) fn recover(
    store: &dyn Store,
    snapshot: &dyn Snapshot,
    config: &DurableConfig,
    mut head: DurableHead,
) -> Result<(Tree, DurableHead), Fault> {
    let source = StoredPages(snapshot);
    let mut tree = Tree::open(&source, config.page_bytes_max)?;
    let mut keys = BTreeSet::new();
    for height in head.pages_height.saturating_add(1)..=head.height {
        undo::for_each_key(snapshot, height, &mut |key| _ = keys.insert(key.to_vec()))?;
    }
    // In the order in which they lie in the store, where neighbours are read together.
    let read = |key: Vec<u8>| -> Result<Change, Fault> {
        let value = snapshot.get(Table::Entries, &key)?;
        Ok((key_hash(&key), value.map(|value| value_hash(&value))))
    };
    let mut changes: Vec<Change> = keys.into_iter().map(read).collect::<Result<_, _>>()?;
    changes.sort_unstable();
    if tree.apply(&source, &changes)? != head.root {
        return Err(wrong_root("the tree"));
    }
    head.pages_height = head.height;
    let mut batch = Batch::default();
    put_pages(&mut batch, &mut tree, Turn::ALL);
    batch.put(Table::Meta, HEAD_KEY, head.encode());
    store.write(&batch, Durability::Synced)?;
    Ok((tree, head))
}

pub(super) fn wrong_root(of: &str) -> Fault {
    Fault::Corrupt { what: "state", detail: format!("the root of {of} is not the one of the head") }
}
