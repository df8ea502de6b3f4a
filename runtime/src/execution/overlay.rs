//! Changes on top of a state that is only read, with a journal that takes them back.
//!
//! Guarantees that a rollback restores exactly what was visible at the checkpoint, and that iteration sees own writes
//! and removals in the order of the keys. Cost: a read is one lookup in the changes and, if it misses, one in the
//! base; a write is one lookup and one journal entry; a rollback is one map operation an entry.

use core::{fmt, ops::Bound};
use std::sync::Arc;

use alloy_primitives::Bytes;

use crate::{
    fault::Fault,
    state::{ChangeSet, StateKey, StateReader},
};

/// A point to which the changes can be taken back: the length of the journal. Checkpoints nest; keeping the changes
/// needs no act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Checkpoint(usize);

/// What stands first behind a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seek {
    /// An entry.
    Found(StateKey),
    /// An entry that was removed: the search goes on behind it.
    Removed(StateKey),
    /// Nothing more with the prefix.
    End,
}

/// A state with changes.
pub struct Overlay {
    base: Arc<dyn StateReader>,
    changes: ChangeSet,
    /// The earlier entry of each written key in `changes`; `None` if there was none.
    journal: Vec<(StateKey, Option<Option<Bytes>>)>,
}

impl Overlay {
    /// Makes an overlay without changes.
    pub fn new(base: Arc<dyn StateReader>) -> Self {
        Self { base, changes: ChangeSet::new(), journal: Vec::new() }
    }

    /// Returns an overlay without changes on the same base.
    pub(crate) fn hollow(&self) -> Self {
        Self::new(Arc::clone(&self.base))
    }

    /// Returns the value under a key.
    ///
    /// # Errors
    /// Faults if the base cannot answer.
    pub fn get(&self, key: &StateKey) -> Result<Option<Bytes>, Fault> {
        match self.changes.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.base.get(key),
        }
    }

    /// Sets the value under a key; `None` removes it.
    pub fn put(&mut self, key: StateKey, value: Option<Bytes>) {
        let earlier = self.changes.insert(key.clone(), value);
        self.journal.push((key, earlier));
    }

    /// Returns what stands first behind `after` (empty: from the start) among the keys with the prefix.
    ///
    /// # Errors
    /// Faults if the base cannot answer.
    pub fn seek(&self, prefix: &[u8], after: &[u8]) -> Result<Seek, Fault> {
        let own = self.seek_changes(prefix, after);
        let base = self.base.next(prefix, after)?;
        Ok(match (own, base) {
            (None, None) => Seek::End,
            (None, Some(key)) => Seek::Found(key),
            (Some((own, _)), Some(key)) if key < *own => Seek::Found(key),
            (Some((own, Some(_))), _) => Seek::Found(own.clone()),
            (Some((own, None)), _) => Seek::Removed(own.clone()),
        })
    }

    /// Returns the point to which [`Overlay::rollback`] can go back.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint(self.journal.len())
    }

    /// Takes back every change since the checkpoint.
    pub fn rollback(&mut self, checkpoint: Checkpoint) {
        while self.journal.len() > checkpoint.0 {
            match self.journal.pop() {
                Some((key, Some(earlier))) => drop(self.changes.insert(key, earlier)),
                Some((key, None)) => drop(self.changes.remove(&key)),
                None => return,
            }
        }
    }

    /// Makes the changes so far final: earlier checkpoints lose their meaning.
    pub fn seal(&mut self) {
        self.journal.clear();
    }

    /// Returns every change.
    pub fn into_changes(self) -> ChangeSet {
        self.changes
    }

    fn seek_changes(&self, prefix: &[u8], after: &[u8]) -> Option<(&StateKey, &Option<Bytes>)> {
        let from = if after.is_empty() || after < prefix {
            Bound::Included(StateKey::from_bytes(prefix))
        } else {
            Bound::Excluded(StateKey::from_bytes(after))
        };
        let first = self.changes.range((from, Bound::Unbounded)).next();
        first.filter(|(key, _)| key.as_bytes().starts_with(prefix))
    }
}

impl fmt::Debug for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overlay").field("changes", &self.changes).finish_non_exhaustive()
    }
}
