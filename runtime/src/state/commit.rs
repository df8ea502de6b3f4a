//! Committing a block's changes: the entries and the tree over them move together, and the new root says so.
//!
//! Guarantees that the root depends on the entries alone. Cost: one write and two hashes a changed entry, and one hash a
//! branch above a changed leaf.

use core::fmt;
use core::hint::black_box;

use alloy_primitives::{B256, Bytes};

use super::entries::Entries;
use super::proof::Proof;
use super::tree::pages::NoSource;
use super::tree::{Change, Hash, Tree, key_hash, value_hash};
use super::{ChangeSet, StateKey, StateReader, threads};
use crate::fault::Fault;

/// The fewest changes that are worth a thread for hashing.
const HASHED_TOGETHER: usize = 1_024;

/// Changes whose memory is waited for at once.
const TOUCHED_TOGETHER: usize = 32;

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
        let mut hashed = Vec::with_capacity(part.len());
        for some in part.chunks(TOUCHED_TOGETHER) {
            touch(some);
            hashed.extend(some.iter().map(hash));
        }
        hashed
    };
    let hashed: Vec<Change> = threads::parts(&changes, HASHED_TOGETHER, part).concat();
    // By short numbers, which are compared and moved at once; what is in order then is copied once.
    let places = hashed.iter().enumerate().map(|(place, (key, _))| (first_of(key), place));
    let mut order: Vec<(u64, usize)> = places.collect();
    let key = |place: usize| hashed.get(place).map(|(key, _)| key);
    order.sort_unstable_by(|(a, at_a), (b, at_b)| a.cmp(b).then_with(|| key(*at_a).cmp(&key(*at_b))));
    order.iter().filter_map(|(_, place)| hashed.get(*place).copied()).collect()
}

/// Reads a byte of each key and of each value, so that the processor waits for the memory of many at once.
fn touch(changes: &[(&StateKey, &Option<Bytes>)]) {
    let value = |value: &Option<Bytes>| value.as_ref().and_then(|value| value.first().copied()).unwrap_or_default();
    let key = |key: &StateKey| key.as_bytes().first().copied().unwrap_or_default();
    black_box(changes.iter().fold(0, |sum, (name, to)| sum ^ key(name) ^ value(to)));
}

fn first_of(key: &Hash) -> u64 {
    key.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

impl StateReader for State {
    fn get(&self, key: &StateKey) -> Result<Option<Bytes>, Fault> {
        self.entries.get(key)
    }

    fn next(&self, prefix: &[u8], after: &[u8]) -> Result<Option<StateKey>, Fault> {
        self.entries.next(prefix, after)
    }
}
