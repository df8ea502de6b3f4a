//! A state that survives its process: opened where the last block left it, committed block by block, read at any retained
//! height.
//!
//! Guarantees that a block is committed whole or not at all: its values, what it replaced, the block itself and the new head are one
//! batch of the store. Pages of the tree follow from these and are written behind them, each at most [`PAGES_BEHIND_BLOCKS_MAX`]
//! blocks and one late; opening applies what those blocks changed again, and refuses a database whose root does not come out as
//! the head says.
//!
//! Costs of a block of k changes: k values and their replaced values, written once; the pages that have waited long enough;
//! two hashes a value and those of the tree.
//!
//! - `commit`, `recover`: a block's steps, and what opening makes good.
//! - `late`: what a block leaves to be written behind it.
//! - `config`, `format`: sizes and times; what the database says of itself, as bytes.
//! - `retention`: how far back can be read: pins and pruning.
//! - `check`: the root from scratch beside the blocks.
//! - `survey`, `audit`: a database counted, and every row of it held against the others.

mod audit;
mod check;
pub(super) mod commit;
mod config;
pub(super) mod format;
mod late;
mod prefetch;
mod recover;
mod retention;
mod survey;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use alloy_primitives::Bytes;

use super::cache::{StateCache, StateCacheCounts};
use super::commit::{StateRoot, hashed};
use super::precedence::Precedence;
use super::proof::Proof;
use super::store::{Batch, Durability, RowsBuilder, Snapshot, Store, Table};
use super::tree::{PageId, PageSource, Tree, Turn, key_hash};
use super::undo;
use super::view::{Published, StateView, ViewError};
use super::{ChangeSet, StateKey, StateReader};
use crate::fault::Fault;
use check::Checks;
use commit::{put_entry, put_pages};
use format::{check_identity, put_block, put_identity, put_reach, read_block, read_head};
use prefetch::Ahead;
use recover::recover;
use retention::{Pins, forget_before, oldest_needed, read_pins};

pub use audit::{AuditProgress, FINDINGS_MAX};
pub use check::{CheckProgress, RootCheck};
pub use config::{DurableConfig, PAGES_BEHIND_BLOCKS_MAX, Retention, SYNC_INTERVAL_BLOCKS};
pub use format::{DurableHead, FORMAT, Identity, OpenError, read_identity};
pub use retention::{PIN_NAME_BYTES_MAX, PINS_MAX, PinError, Pruned};
pub use survey::{Survey, TableSurvey, survey};

/// A state in a store.
pub struct DurableState {
    store: Arc<dyn Store>,
    identity: Identity,
    config: DurableConfig,
    cache: Arc<StateCache>,
    published: RwLock<Arc<Published>>,
    precedence: Arc<Precedence>,
    ahead: Mutex<Ahead>,
    writer: Mutex<Writer>,
    /// Taken before the writer's lock, never under it.
    checks: Mutex<Checks>,
}

/// What only a commit changes.
struct Writer {
    tree: Tree,
    head: DurableHead,
    pins: Pins,
    /// A write failed, so that the tree may be ahead of the store, or a check found another root.
    failed: bool,
}

/// The pages in a snapshot of a store.
pub(super) struct StoredPages<'a>(pub(super) &'a dyn Snapshot);

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
        if read_identity(&*snapshot)?.is_some() {
            return Err(OpenError::Foreign);
        }
        let mut tree = Tree::open(&StoredPages(&*snapshot), config.page_bytes_max)?;
        let root = tree.apply(&StoredPages(&*snapshot), &hashed(genesis))?;
        let head = DurableHead { height: 0, root, derived_height: 0, pages_height: 0, undo_height: 1 };
        let mut batch = Batch::default();
        put_identity(&mut batch, identity);
        // None of it is derived: there is nothing before from which it would follow.
        let mut rows = RowsBuilder::default();
        genesis.iter().for_each(|(key, value)| put_entry(&mut rows, key, value.as_ref()));
        put_pages(&mut rows, &mut tree, Turn::ALL);
        put_reach(&mut rows, &head);
        batch.append(rows.build());
        put_block(&mut batch, &head, &block);
        store.write(batch, Durability::Synced)?;
        Self::start(store, identity, config, tree, head)
    }

    /// Opens a state where its last block left it; nothing if the store is empty.
    ///
    /// # Errors
    /// Says what is wrong with the database; faults if it cannot be read.
    pub fn open(store: Arc<dyn Store>, identity: Identity, config: DurableConfig) -> Result<Option<Self>, OpenError> {
        let snapshot = store.snapshot();
        let Some(found) = read_identity(&*snapshot)? else { return Ok(None) };
        check_identity(found, identity)?;
        let head = read_head(&*snapshot)?;
        let tree = recover(&*snapshot, &config, &head)?;
        Self::start(store, identity, config, tree, head).map(Some)
    }

    fn start(
        store: Arc<dyn Store>,
        identity: Identity,
        config: DurableConfig,
        tree: Tree,
        head: DurableHead,
    ) -> Result<Self, OpenError> {
        let snapshot = store.snapshot();
        let mut blocks = undo::changed_keys(&*snapshot, head.undo_height, head.height)?.into();
        let pins = read_pins(&*snapshot)?;
        // What is shown decides what the next block removes: without this, a process that ends after every block removes nothing.
        forget_before(&mut blocks, oldest_needed(&config, &pins, head.height));
        let checks = Mutex::new(Checks::since(head.height));
        let published = Published { head: head.height, snapshot, blocks };
        Ok(Self {
            store,
            identity,
            config,
            cache: Arc::new(StateCache::new(config.cache_bytes_max, head.height)),
            published: RwLock::new(Arc::new(published)),
            precedence: Arc::new(Precedence::new(config.reader_wait_max)),
            ahead: Mutex::default(),
            writer: Mutex::new(Writer { tree, head, pins, failed: false }),
            checks,
        })
    }

    /// Returns the sizes and times that it was opened with.
    pub const fn config(&self) -> &DurableConfig {
        &self.config
    }

    /// Returns what the state is of.
    pub const fn identity(&self) -> Identity {
        self.identity
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
        StateView::new(published, Arc::clone(&self.cache), Arc::clone(&self.precedence), height)
            .expect("the newest height is retained")
    }

    /// Shows the state as it was after a block.
    ///
    /// # Errors
    /// Says which heights can be shown.
    pub fn at(&self, height: u64) -> Result<StateView, ViewError> {
        StateView::new(self.published(), Arc::clone(&self.cache), Arc::clone(&self.precedence), height)
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
        Ok(read_block(&*self.published().snapshot, height)?.map(|(_, block)| block))
    }

    /// Returns the root of the state after a block; nothing if it is not committed, or came before an imported one.
    ///
    /// # Errors
    /// Faults if the store cannot answer.
    pub fn root_at(&self, height: u64) -> Result<Option<StateRoot>, Fault> {
        Ok(read_block(&*self.published().snapshot, height)?.map(|(root, _)| StateRoot::new(root)))
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
pub(super) mod tests;
