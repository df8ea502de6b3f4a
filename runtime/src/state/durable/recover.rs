//! Bringing the tree to the head when a database is opened.

use std::collections::BTreeMap;

use parity_scale_codec::Encode;

use super::super::store::{Batch, Durability, Snapshot, Store, Table};
use super::super::tree::{Change, Hash, Tree, key_hash, value_hash};
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
    let mut keys = BTreeMap::new();
    for height in head.pages_height.saturating_add(1)..=head.height {
        undo::for_each_key(snapshot, height, &mut |key| drop(keys.insert(key_hash(key), key.to_vec())))?;
    }
    let read = |(hash, key): (Hash, Vec<u8>)| -> Result<Change, Fault> {
        Ok((hash, snapshot.get(Table::Entries, &key)?.map(|value| value_hash(&value))))
    };
    let changes: Vec<Change> = keys.into_iter().map(read).collect::<Result<_, _>>()?;
    if tree.apply(&source, head.height, &changes)? != head.root {
        return Err(wrong_root("the tree"));
    }
    head.pages_height = head.height;
    let mut batch = Batch::default();
    put_pages(&mut batch, &mut tree, head.height);
    batch.put(Table::Meta, HEAD_KEY, head.encode());
    store.write(&batch, Durability::Synced)?;
    Ok((tree, head))
}

pub(super) fn wrong_root(of: &str) -> Fault {
    Fault::Corrupt { what: "state", detail: format!("the root of {of} is not the one of the head") }
}
