//! The hashes inside a page of entries, by quarters: the four subtrees two levels below its own. A change of one entry hashes
//! one quarter anew, and what joins it with the three others.
//!
//! Costs about 140 bytes a page that was changed once. They are in memory only, and follow from the entries.

use core::ops::Range;

use super::hash::Hash;
use super::page::{Leaf, PageId};
use super::update::Change;

/// Quarters of a page.
pub(super) const QUARTERS: usize = 4;

/// Levels from the top of a page to its quarters.
pub(super) const QUARTER_LEVELS: usize = 2;

/// The quarters of a page of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Quarters {
    /// Nothing until the page changes first.
    hashes: Option<Box<[Hash; QUARTERS]>>,
    /// Where each ends among the entries. With the page's own place in memory, so that nothing else is waited for.
    ends: [u8; QUARTERS],
    /// Bit i: quarter i was changed, and its hash here is not yet its own.
    stale: u8,
}

impl Quarters {
    /// Those of a page that has not changed yet, or that has no entries of its own.
    pub(super) const UNKNOWN: Self = Self { hashes: None, ends: [0; QUARTERS], stale: u8::MAX };

    /// Divides the entries of a page anew, none of which is hashed yet.
    pub(super) fn divide(&mut self, id: &PageId, leaves: &[Leaf]) {
        let end = |quarter| leaves.partition_point(|leaf| quarter_of(id, &leaf.key) <= quarter);
        self.ends = core::array::from_fn(|quarter| u8::try_from(end(quarter)).unwrap_or(u8::MAX));
        self.stale = u8::MAX;
        self.hashes.get_or_insert_default();
    }

    /// Tells whether the entries were divided.
    pub(super) fn is_known(&self) -> bool {
        self.hashes.is_some()
    }

    /// Returns the bytes that they take beside their place in the page.
    pub(super) fn bytes(&self) -> usize {
        self.hashes.as_ref().map_or(0, |_| size_of::<[Hash; QUARTERS]>())
    }

    /// Returns where the entries of a quarter are.
    pub(super) fn range(&self, quarter: usize) -> Range<usize> {
        let end = |quarter: usize| self.ends.get(quarter).copied().map_or(0, usize::from);
        quarter.checked_sub(1).map_or(0, end)..end(quarter)
    }

    /// Returns the hash of a quarter, if it is known.
    pub(super) fn known(&self, quarter: usize) -> Option<Hash> {
        let hashes = self.hashes.as_ref()?;
        (self.stale & (1 << quarter) == 0).then(|| hashes[quarter])
    }

    /// Takes the hashes of all quarters.
    pub(super) fn take(&mut self, hashes: &[Hash; QUARTERS]) {
        **self.hashes.get_or_insert_default() = *hashes;
        self.stale = 0;
    }

    /// Reads a byte of each line of memory in which the change of an entry needs something.
    pub(super) fn touch(&self, quarter: usize, leaves: &[Leaf]) -> u8 {
        let (range, known) = match &self.hashes {
            Some(hashes) => (self.range(quarter), hashes[0][0] ^ hashes[QUARTERS - 1][0]),
            None => (0..leaves.len(), 0),
        };
        leaves.get(range).unwrap_or_default().iter().fold(known, |sum, leaf| sum ^ leaf.key[0] ^ leaf.value[31])
    }

    /// Applies changes of values to the entries up to the first change that brings an entry or removes one; returns that and
    /// those behind it. Both lists are ordered by key.
    pub(super) fn overwrite<'a>(&mut self, id: &PageId, leaves: &mut [Leaf], changes: &'a [Change]) -> &'a [Change] {
        let mut changes = changes.iter();
        while let Some((key, Some(value))) = changes.as_slice().first() {
            let quarter = quarter_of(id, key);
            let leaves = leaves.get_mut(self.range(quarter)).unwrap_or_default();
            // From front to back, as the processor foresees it; a search would wait for memory at every step.
            let Some(leaf) = leaves.iter_mut().find(|leaf| leaf.key == *key) else { break };
            leaf.value = *value;
            self.stale |= 1 << quarter;
            changes.next();
        }
        changes.as_slice()
    }
}

/// Returns which quarter of a page a key hash lies in.
fn quarter_of(id: &PageId, key: &Hash) -> usize {
    id.index_of(key) / QUARTERS
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::super::forest::{Forest, of_entries};
    use super::*;

    fn page() -> Vec<Leaf> {
        (0..=15_u8).map(|number| Leaf { key: [number << 4 | number; 32], value: [number; 32] }).collect()
    }

    fn harvest(leaves: &[Leaf], quarters: &Quarters) -> Vec<Hash> {
        let (mut forest, mut hashes) = (Forest::default(), Vec::new());
        forest.plant_quarters(0, leaves, quarters);
        forest.harvest(&mut hashes);
        hashes
    }

    #[test]
    fn a_changed_value_makes_one_quarter_stale_and_the_others_give_their_known_hashes() {
        let (id, mut leaves) = (PageId::ROOT, page());
        let mut quarters = Quarters::UNKNOWN;
        quarters.divide(&id, &leaves);
        let hashes = harvest(&leaves, &quarters);
        assert_eq!(hashes[QUARTERS], of_entries(0, &leaves).hash());
        quarters.take(hashes.first_chunk().unwrap());

        let change: Change = (leaves[5].key, Some([9; 32]));
        assert!(quarters.overwrite(&id, &mut leaves, &[change]).is_empty());
        assert_eq!([0, 1, 2, 3].map(|quarter| quarters.known(quarter).is_some()), [true, false, true, true]);
        assert_eq!(harvest(&leaves, &quarters)[QUARTERS], of_entries(0, &leaves).hash());

        // What is known is not computed again.
        quarters.hashes.as_mut().unwrap()[3] = [7; 32];
        assert_ne!(harvest(&leaves, &quarters)[QUARTERS], of_entries(0, &leaves).hash());
    }

    #[test]
    fn what_brings_an_entry_or_removes_one_is_left_with_all_behind_it() {
        let (id, mut leaves) = (PageId::ROOT, page());
        let mut quarters = Quarters::UNKNOWN;
        quarters.divide(&id, &leaves);
        let (first, last) = ((leaves[0].key, Some([8; 32])), (leaves[15].key, Some([9; 32])));
        for other in [([3; 32], Some([1; 32])), (leaves[1].key, None)] {
            let changes = [first, other, last];
            let left = quarters.overwrite(&id, &mut leaves, &changes);
            assert_eq!((left, leaves[0].value, leaves[15].value), (&changes[1..], [8; 32], [15; 32]));
        }
    }
}
