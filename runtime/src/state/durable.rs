//! A state that survives its process: opened where the last block left it, committed block by block, read at any retained
//! height.
//!
//! Guarantees that a block is committed whole or not at all: its values, its part of the tree's pages, what it replaced and
//! the new head are one batch of the store. A page of the tree may be behind the head by at most
//! [`PAGES_BEHIND_BLOCKS_MAX`] blocks; opening applies what those blocks changed again, and refuses a database whose root does
//! not come out as the head says.
//!
//! Costs of a block of k changes: k values and their replaced values, written once; the pages that have waited long enough;
//! two hashes a value and those of the tree.

mod commit;
mod config;
mod format;
mod prefetch;
mod recover;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use alloy_primitives::Bytes;
use parity_scale_codec::{DecodeAll, Encode};

use super::cache::{StateCache, StateCacheCounts};
use super::commit::{StateRoot, hashed};
use super::proof::Proof;
use super::store::{Batch, Durability, Snapshot, Store, Table};
use super::tree::{PageId, PageSource, Tree, Turn, key_hash, value_hash};
use super::undo;
use super::view::{Published, StateView, ViewError};
use super::{ChangeSet, StateKey, StateReader};
use crate::fault::Fault;
use commit::{put_block, put_entries, put_pages};
use format::{HEAD_KEY, IDENTITY_KEY, check_identity};
use recover::{recover, wrong_root};

pub use config::{DurableConfig, PAGES_BEHIND_BLOCKS_MAX, Retention, SYNC_INTERVAL_BLOCKS};
pub use format::{DurableHead, FORMAT, Identity, OpenError};

/// A state in a store.
pub struct DurableState {
    store: Arc<dyn Store>,
    config: DurableConfig,
    cache: Arc<StateCache>,
    published: RwLock<Arc<Published>>,
    writer: Mutex<Writer>,
}

/// What only a commit changes.
struct Writer {
    tree: Tree,
    head: DurableHead,
    /// A commit failed: the tree may be ahead of the store.
    failed: bool,
}

/// The pages in a snapshot of a store.
struct StoredPages<'a>(&'a dyn Snapshot);

impl PageSource for StoredPages<'_> {
    fn page(&self, id: &PageId) -> Result<Option<Bytes>, Fault> {
        Ok(self.0.get(Table::Pages, &id.to_bytes())?)
    }
}

impl DurableState {
    /// Makes the state of a new chain in an empty store: the entries of its genesis, which is block 0.
    ///
    /// # Errors
    /// `Foreign` if the store is not empty; faults if it cannot be written.
    pub fn create(
        store: Arc<dyn Store>,
        identity: Identity,
        config: DurableConfig,
        genesis: &ChangeSet,
        block: Vec<u8>,
    ) -> Result<Self, OpenError> {
        let snapshot = store.snapshot();
        for table in Table::ALL {
            if snapshot.seek(table, &[])?.is_some() {
                return Err(OpenError::Foreign);
            }
        }
        let mut tree = Tree::open(&StoredPages(&*snapshot), config.page_bytes_max)?;
        let root = tree.apply(&StoredPages(&*snapshot), &hashed(genesis))?;
        let head = DurableHead { height: 0, root, pages_height: 0, undo_height: 1 };
        let mut batch = Batch::default();
        batch.put(Table::Meta, IDENTITY_KEY, (FORMAT, identity).encode());
        put_entries(&mut batch, genesis);
        put_pages(&mut batch, &mut tree, Turn::ALL);
        put_block(&mut batch, &head, block);
        store.write(&batch, Durability::Synced)?;
        Self::start(store, config, tree, head)
    }

    /// Opens a state where its last block left it; nothing if the store is empty.
    ///
    /// # Errors
    /// Says what is wrong with the database; faults if it cannot be read.
    pub fn open(store: Arc<dyn Store>, identity: Identity, config: DurableConfig) -> Result<Option<Self>, OpenError> {
        let snapshot = store.snapshot();
        let Some(found) = snapshot.get(Table::Meta, IDENTITY_KEY)? else {
            let is_empty = snapshot.seek(Table::Entries, &[])?.is_none() && snapshot.seek(Table::Meta, &[])?.is_none();
            return if is_empty { Ok(None) } else { Err(OpenError::Foreign) };
        };
        check_identity(&found, identity)?;
        let head = snapshot.get(Table::Meta, HEAD_KEY)?.ok_or(OpenError::Foreign)?;
        let head = DurableHead::decode_all(&mut &head[..])
            .map_err(|error| Fault::Corrupt { what: "head", detail: error.to_string() })?;
        let (tree, head) = recover(&*store, &*snapshot, &config, head)?;
        Self::start(store, config, tree, head).map(Some)
    }

    fn start(store: Arc<dyn Store>, config: DurableConfig, tree: Tree, head: DurableHead) -> Result<Self, OpenError> {
        let snapshot = store.snapshot();
        let blocks = undo::changed_keys(&*snapshot, head.undo_height, head.height)?.into();
        let published = Published { head: head.height, snapshot, blocks };
        Ok(Self {
            store,
            config,
            cache: Arc::new(StateCache::new(config.cache_bytes_max, head.height)),
            published: RwLock::new(Arc::new(published)),
            writer: Mutex::new(Writer { tree, head, failed: false }),
        })
    }

    fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows the state after the newest block.
    ///
    /// # Panics
    /// Never: the newest block can always be shown.
    pub fn newest(&self) -> StateView {
        let published = self.published();
        let height = published.head;
        #[allow(clippy::expect_used, reason = "a height is not behind itself")]
        StateView::new(published, Arc::clone(&self.cache), height).expect("the newest height is retained")
    }

    /// Shows the state as it was after a block.
    ///
    /// # Errors
    /// Says which heights can be shown.
    pub fn at(&self, height: u64) -> Result<StateView, ViewError> {
        StateView::new(self.published(), Arc::clone(&self.cache), height)
    }

    /// Returns the newest block.
    pub fn head(&self) -> DurableHead {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).head.clone()
    }

    /// Returns what the owner of the state keeps of a block; nothing if it is not committed.
    ///
    /// # Errors
    /// Faults if the store cannot answer.
    pub fn block(&self, height: u64) -> Result<Option<Bytes>, Fault> {
        Ok(self.published().snapshot.get(Table::Blocks, &height.to_be_bytes())?)
    }

    /// Returns what is under a key after the newest block, with the proof against its root.
    ///
    /// # Errors
    /// Faults if the store cannot answer.
    pub fn prove(&self, key: &StateKey) -> Result<(Option<Bytes>, Proof, StateRoot), Fault> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let view = self.newest();
        let path = writer.tree.path(&StoredPages(&*self.store.snapshot()), &key_hash(key.as_bytes()))?;
        Ok((view.get(key)?, path.into(), StateRoot::new(writer.head.root)))
    }

    /// Computes the root from every entry, without the tree. Reads all of the state.
    ///
    /// # Errors
    /// Faults if the store cannot answer, or if the root is not the head's.
    pub fn check_root(&self) -> Result<StateRoot, Fault> {
        let (snapshot, root) = {
            let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            (self.published().snapshot.clone(), writer.head.root)
        };
        let mut leaves = Vec::new();
        snapshot.scan(Table::Entries, &[], &mut |key, value| {
            leaves.push(super::tree::Leaf { key: key_hash(&key), value: value_hash(&value) });
            true
        })?;
        leaves.sort_unstable_by_key(|leaf| leaf.key);
        if super::tree::root_from_scratch(&leaves) == root {
            return Ok(StateRoot::new(root));
        }
        Err(wrong_root("the entries"))
    }

    /// Returns what the cache of values did so far. Tells about this machine, not about the chain.
    pub fn cache_counts(&self) -> StateCacheCounts {
        self.cache.counts()
    }

    /// Returns the heights that can be read: the oldest and the newest.
    pub fn heights(&self) -> (u64, u64) {
        let published = self.published();
        (published.oldest(), published.head)
    }
}

impl core::fmt::Debug for DurableState {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DurableState").field("heights", &self.heights()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
