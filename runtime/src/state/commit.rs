//! Committing a block's changes: the entries and the tree over them move together, and the new root says so.
//!
//! Guarantees that the root depends on the entries alone. Cost: one write and two hashes a changed entry, and one hash a
//! branch above a changed leaf.

use core::fmt;

use alloy_primitives::{B256, Bytes};

use super::proof::Proof;
use super::store::MemoryStore;
use super::tree::Tree;
use super::{ChangeSet, StateKey, StateReader};
use crate::fault::Fault;

/// The hash that commits to every entry of a state. Made only here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateRoot(B256);

impl StateRoot {
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
    store: MemoryStore,
    tree: Tree,
}

impl State {
    /// Makes the state without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies changes and returns the root of the result.
    pub fn commit(&mut self, changes: &ChangeSet) -> StateRoot {
        self.store.apply(changes);
        self.tree.apply(changes);
        self.root()
    }

    /// Returns the root.
    pub fn root(&self) -> StateRoot {
        StateRoot(B256::new(self.tree.root()))
    }

    /// Returns the entries.
    pub const fn store(&self) -> &MemoryStore {
        &self.store
    }

    /// Returns what is under a key, with the proof against [`root`](Self::root).
    ///
    /// # Errors
    /// Faults if the store cannot answer.
    pub fn prove(&self, key: &StateKey) -> Result<(Option<Bytes>, Proof), Fault> {
        Ok((self.store.get(key)?, self.tree.prove(key)))
    }
}

impl StateReader for State {
    fn get(&self, key: &StateKey) -> Result<Option<Bytes>, Fault> {
        self.store.get(key)
    }

    fn next(&self, prefix: &[u8], after: &[u8]) -> Result<Option<StateKey>, Fault> {
        self.store.next(prefix, after)
    }
}
