//! The entries of a state that is in memory, in the order of their keys.
//!
//! A clone is a snapshot: it never changes with the original. Cost of a clone: one copy of every key and a reference to
//! every value.

use core::ops::Bound;
use std::collections::BTreeMap;

use alloy_primitives::Bytes;

use super::{ChangeSet, StateKey, StateReader};
use crate::fault::Fault;

/// Entries by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    entries: BTreeMap<StateKey, Bytes>,
}

impl Entries {
    /// Makes none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns how many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the entries in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&StateKey, &Bytes)> {
        self.entries.iter()
    }

    /// Writes and removes what the changes say.
    pub(super) fn apply(&mut self, changes: &ChangeSet) {
        for (key, value) in changes {
            match value {
                Some(value) => self.entries.insert(key.clone(), value.clone()),
                None => self.entries.remove(key),
            };
        }
    }
}

impl StateReader for Entries {
    fn get(&self, key: &StateKey) -> Result<Option<Bytes>, Fault> {
        Ok(self.entries.get(key).cloned())
    }

    fn next(&self, prefix: &[u8], after: &[u8]) -> Result<Option<StateKey>, Fault> {
        let start = if after < prefix {
            Bound::Included(StateKey::from_bytes(prefix))
        } else if after.is_empty() {
            Bound::Unbounded
        } else {
            Bound::Excluded(StateKey::from_bytes(after))
        };
        let first = self.entries.range((start, Bound::Unbounded)).next();
        Ok(first.map(|(key, _)| key).filter(|key| key.as_bytes().starts_with(prefix)).cloned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn entries(keys: &[&[u8]]) -> Entries {
        let mut entries = Entries::new();
        entries.apply(&keys.iter().map(|key| (StateKey::from_bytes(key), Some(Bytes::new()))).collect());
        entries
    }

    fn walk(entries: &Entries, prefix: &[u8]) -> Vec<Vec<u8>> {
        let mut keys: Vec<Vec<u8>> = Vec::new();
        while let Some(key) = entries.next(prefix, keys.last().map_or(&[], Vec::as_slice)).unwrap() {
            keys.push(key.as_bytes().to_vec());
        }
        keys
    }

    #[test]
    fn a_walk_meets_every_key_of_the_prefix_once_and_in_order() {
        let entries = entries(&[b"a", b"b", b"b\x00", b"bb", b"b\xff", b"c"]);
        assert_eq!(walk(&entries, b"b"), [&b"b"[..], b"b\x00", b"bb", b"b\xff"]);
        assert_eq!(walk(&entries, b"").len(), 6);
        assert_eq!(walk(&entries, b"d"), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_walk_may_start_between_keys_and_outside_the_prefix() {
        let entries = entries(&[b"b1", b"b3"]);
        assert_eq!(entries.next(b"b", b"b2").unwrap(), Some(StateKey::from_bytes(b"b3")));
        assert_eq!(entries.next(b"b", b"a").unwrap(), Some(StateKey::from_bytes(b"b1")));
        assert_eq!(entries.next(b"b", b"c").unwrap(), None);
    }

    #[test]
    fn an_empty_key_is_met_by_the_first_step_only() {
        let entries = entries(&[b"", b"a"]);
        assert_eq!(entries.next(b"", b"").unwrap(), Some(StateKey::from_bytes(b"")));
    }

    #[test]
    fn a_snapshot_keeps_what_the_original_loses() {
        let mut original = entries(&[b"a"]);
        let snapshot = original.clone();
        original.apply(&ChangeSet::from([(StateKey::from_bytes(b"a"), None)]));
        assert_eq!(original.len(), 0);
        assert_eq!(snapshot.get(&StateKey::from_bytes(b"a")).unwrap(), Some(Bytes::new()));
    }
}
