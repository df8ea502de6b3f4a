//! Committing a block's changes: the entries and the tree over them move together, and the new root says so.
//!
//! Guarantees that the root depends on the entries alone. Cost: one write and two hashes a changed entry, and one hash a
//! branch above a changed leaf.

use core::fmt;

use alloy_primitives::{B256, Bytes};

use super::entries::Entries;
use super::proof::Proof;
use super::tree::pages::NoSource;
use super::tree::{Change, Hash, Tree, key_hash, value_hash};
use super::{ChangeSet, StateKey, StateReader, threads};
use crate::fault::Fault;

/// The fewest changes that are worth a thread for hashing.
const HASHED_TOGETHER: usize = 1_024;

/// The hash that commits to every entry of a state. Made only here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateRoot(B256);

impl StateRoot {
    pub(crate) const fn new(hash: Hash) -> Self {
        Self(B256::new(hash))
    }

    /// Returns the hash.
    pub const fn hash(self) -> B256 {
        self.0
    }
}

impl fmt::Display for StateRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for StateRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StateRoot({})", self.0)
    }
}

/// A committed state: its entries and the tree over them. A clone is a snapshot.
#[derive(Clone, Debug, Default)]
pub struct State {
    entries: Entries,
    tree: Tree,
}

impl State {
    /// Makes the state without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies changes and returns the root of the result.
    pub fn commit(&mut self, changes: &ChangeSet) -> StateRoot {
        self.entries.apply(changes);
        self.tree.apply_in_memory(&hashed(changes));
        self.root()
    }

    /// Returns the root.
    pub fn root(&self) -> StateRoot {
        StateRoot::new(self.tree.root())
    }

    /// Returns the entries.
    pub const fn entries(&self) -> &Entries {
        &self.entries
    }

    /// Returns what is under a key, with the proof against [`root`](Self::root).
    ///
    /// # Errors
    /// Faults if the store cannot answer.
    pub fn prove(&self, key: &StateKey) -> Result<(Option<Bytes>, Proof), Fault> {
        let path = self.tree.path(&NoSource, &key_hash(key.as_bytes()))?;
        Ok((self.entries.get(key)?, path.into()))
    }
}

/// Returns the changes as the tree takes them: hashed, and ordered by the hash of the key.
pub(super) fn hashed(changes: &ChangeSet) -> Vec<Change> {
    let changes: Vec<_> = changes.iter().collect();
    let hash = |(key, value): &(&StateKey, &Option<Bytes>)| {
        (key_hash(key.as_bytes()), value.as_ref().map(|value| value_hash(value)))
    };
    let part = |part: &[_]| {
        let mut hashed: Vec<Change> = part.iter().map(hash).collect();
        hashed.sort_unstable_by_key(|(key, _)| *key);
        hashed
    };
    let mut hashed = threads::parts(&changes, HASHED_TOGETHER, part).concat();
    // This one finds runs that are in order, and merges them.
    hashed.sort_by_key(|(key, _)| *key);
    hashed
}

impl StateReader for State {
    fn get(&self, key: &StateKey) -> Result<Option<Bytes>, Fault> {
        self.entries.get(key)
    }

    fn next(&self, prefix: &[u8], after: &[u8]) -> Result<Option<StateKey>, Fault> {
        self.entries.next(prefix, after)
    }
}
