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

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use alloy_primitives::{B256, Bytes};
use parity_scale_codec::{Decode, DecodeAll, Encode};
use thiserror::Error;

use super::cache::{StateCache, StateCacheCounts};
use super::commit::{StateRoot, hashed};
use super::proof::Proof;
use super::store::{Batch, Durability, Snapshot, Store, StoreError, Table};
use super::tree::{Change, Hash, PageId, PageSource, Tree, key_hash, value_hash};
use super::undo::{self, ChangedKeys, Fingerprint};
use super::view::{Published, StateView, ViewError};
use super::{ChangeSet, StateKey, StateReader};
use crate::fault::Fault;

/// Number of the format that this release reads and writes.
pub const FORMAT: u32 = 1;

/// Blocks for which a changed page of the tree may stay unwritten.
pub const PAGES_BEHIND_BLOCKS_MAX: u64 = 32;

const IDENTITY_KEY: &[u8] = b"identity";
const HEAD_KEY: &[u8] = b"head";

/// What a database is of. One of another chain is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Identity {
    /// The chain's number.
    pub chain_id: u64,
    /// The hash of its genesis.
    pub genesis_hash: [u8; 32],
}

/// Sizes and times of a durable state. None of them changes a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurableConfig {
    /// Blocks that can be undone, so that the state at their beginning can be read; at least [`PAGES_BEHIND_BLOCKS_MAX`].
    pub retained_blocks: Retention,
    /// Values that are kept in memory, in bytes.
    pub cache_bytes_max: usize,
    /// Pages of the tree that are kept in memory beside those that are not written yet, in bytes.
    pub page_bytes_max: usize,
    /// When a commit is safe from a power cut.
    pub durability: Durability,
}

/// How far back the state can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// So many blocks.
    Blocks(u64),
    /// All blocks.
    Archive,
}

impl Default for DurableConfig {
    fn default() -> Self {
        Self {
            retained_blocks: Retention::Blocks(256),
            cache_bytes_max: 64 << 20,
            page_bytes_max: 128 << 20,
            durability: Durability::Synced,
        }
    }
}

/// The newest committed block, as the database has it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DurableHead {
    /// Its number.
    pub height: u64,
    /// The root of the state after it.
    pub root: Hash,
    /// What its owner needs to go on from it.
    pub block: Vec<u8>,
    /// The pages of the tree in the store are those after this block, or later.
    pages_height: u64,
    /// The oldest block whose record is kept.
    undo_height: u64,
}

/// Why a durable state cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The database was written by a release that this one does not understand.
    #[error(
        "the database has format {found}, this release reads {FORMAT}: use the release that wrote it, or start anew"
    )]
    Format {
        /// Its format.
        found: u32,
    },
    /// The database is of another chain.
    #[error("the database is of chain {}, not of chain {}: name another folder", .found.chain_id, .expected.chain_id)]
    Chain {
        /// What it is of.
        found: Box<Identity>,
        /// What was asked for.
        expected: Box<Identity>,
    },
    /// The database is of a chain of the same number with another genesis.
    #[error("the database has genesis {}, not {}: name another folder, or start anew", hex(.found), hex(.expected))]
    Genesis {
        /// What it is of.
        found: Box<Identity>,
        /// What was asked for.
        expected: Box<Identity>,
    },
    /// The folder holds something else.
    #[error("the folder holds no database of this program, or one whose first block was never finished")]
    Foreign,
    /// The store failed, or what it holds is damaged.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

fn hex(identity: &Identity) -> B256 {
    B256::new(identity.genesis_hash)
}

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
        let root = tree.apply(&StoredPages(&*snapshot), 0, &hashed(genesis))?;
        let head = DurableHead { height: 0, root, block, pages_height: 0, undo_height: 1 };
        let mut batch = Batch::default();
        batch.put(Table::Meta, IDENTITY_KEY, (FORMAT, identity).encode());
        put_block(&mut batch, genesis, &mut tree, &head);
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

    /// Commits the changes of the next block, whose number is `height`; `block` is what the owner needs to go on from it.
    ///
    /// The steps, between any two of which the process may end: read what is replaced, hash, gather, write, then let
    /// everybody see it.
    ///
    /// # Errors
    /// Faults if the height does not follow the head, or if the store fails; then nothing more can be committed until the
    /// state is opened again.
    pub fn commit(&self, height: u64, changes: &ChangeSet, block: Vec<u8>) -> Result<StateRoot, Fault> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.failed {
            return Err(Fault::Storage("an earlier commit failed: start again".to_owned()));
        }
        if writer.head.height.checked_add(1) != Some(height) {
            return Err(Fault::Invariant("a block was committed that does not follow the head"));
        }
        // Until the last step has succeeded.
        writer.failed = true;
        let published = self.published();
        let replaced = self.read_replaced(&published, changes)?;
        crash_point("replaced values read");
        let hashed = hashed(changes);
        let root = writer.tree.apply(&StoredPages(&*published.snapshot), height, &hashed)?;
        crash_point("tree hashed");
        let changed = Arc::new(changed_keys(height, &hashed));
        let (batch, head) = self.gather(&mut writer, &published, changes, &changed, &replaced, block)?;
        crash_point("batch gathered");
        self.store.write(&batch, self.config.durability)?;
        crash_point("batch written");
        self.cache.advance(height, changes.iter());
        self.publish(&published, changed, &head);
        writer.head = head;
        writer.failed = false;
        Ok(StateRoot::new(root))
    }

    /// Reads what stands under every key that changes.
    fn read_replaced(
        &self,
        published: &Arc<Published>,
        changes: &ChangeSet,
    ) -> Result<Vec<(StateKey, Option<Bytes>)>, Fault> {
        let read = |key: &StateKey| match self.cache.get(key, published.head) {
            Some(value) => Ok((key.clone(), value)),
            None => Ok((key.clone(), published.snapshot.get(Table::Entries, key.as_bytes())?)),
        };
        changes.keys().map(read).collect()
    }

    /// Puts everything that the block changes into one batch.
    fn gather(
        &self,
        writer: &mut Writer,
        published: &Published,
        changes: &ChangeSet,
        changed: &ChangedKeys,
        replaced: &undo::Replaced,
        block: Vec<u8>,
    ) -> Result<(Batch, DurableHead), Fault> {
        let mut batch = Batch::default();
        let (height, mut undo_height) = (changed.height, writer.head.undo_height);
        undo::write(&mut batch, changed, replaced);
        // At most two records a block, so that a shorter retention is reached in bounded steps.
        let oldest = match self.config.retained_blocks {
            Retention::Blocks(blocks) => height.saturating_sub(blocks.max(PAGES_BEHIND_BLOCKS_MAX)).saturating_add(1),
            Retention::Archive => 0,
        };
        for _ in 0..2 {
            if undo_height < oldest {
                undo::remove(&mut batch, &*published.snapshot, undo_height)?;
                undo_height = undo_height.saturating_add(1);
            }
        }
        put_entries(&mut batch, changes);
        put_pages(&mut batch, &mut writer.tree, height.saturating_sub(PAGES_BEHIND_BLOCKS_MAX));
        let pages_height = writer.tree.behind_since().map_or(height, |since| since.saturating_sub(1));
        let head = DurableHead { height, root: writer.tree.root(), block, pages_height, undo_height };
        batch.put(Table::Meta, HEAD_KEY, head.encode());
        Ok((batch, head))
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

fn check_identity(found: &[u8], expected: Identity) -> Result<(), OpenError> {
    let found = &mut &found[..];
    let format = u32::decode(found).map_err(|_| OpenError::Foreign)?;
    if format != FORMAT {
        return Err(OpenError::Format { found: format });
    }
    let found = Identity::decode_all(found).map_err(|_| OpenError::Foreign)?;
    if found.chain_id != expected.chain_id {
        return Err(OpenError::Chain { found: Box::new(found), expected: Box::new(expected) });
    }
    if found != expected {
        return Err(OpenError::Genesis { found: Box::new(found), expected: Box::new(expected) });
    }
    Ok(())
}

/// Brings the tree to the head: what changed since its oldest page was written is applied again.
fn recover(
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

fn wrong_root(of: &str) -> Fault {
    Fault::Corrupt { what: "state", detail: format!("the root of {of} is not the one of the head") }
}

fn changed_keys(height: u64, changes: &[Change]) -> ChangedKeys {
    ChangedKeys::new(height, changes.iter().map(|(key, _)| Fingerprint::of(key)).collect())
}

fn put_block(batch: &mut Batch, changes: &ChangeSet, tree: &mut Tree, head: &DurableHead) {
    put_entries(batch, changes);
    put_pages(batch, tree, head.height);
    batch.put(Table::Meta, HEAD_KEY, head.encode());
}

fn put_entries(batch: &mut Batch, changes: &ChangeSet) {
    for (key, value) in changes {
        let key = Bytes::copy_from_slice(key.as_bytes());
        batch.rows.push((Table::Entries, key, value.clone()));
    }
}

fn put_pages(batch: &mut Batch, tree: &mut Tree, through: u64) {
    for (id, page) in tree.flush(through) {
        batch.rows.push((Table::Pages, id.to_bytes().into(), page.map(Bytes::from)));
    }
}

/// Where a test can end the process.
#[cfg(not(test))]
const fn crash_point(_step: &str) {}

/// Where a test can end the process.
#[cfg(test)]
fn crash_point(step: &str) {
    tests::pass(step);
}

#[cfg(test)]
mod tests;
