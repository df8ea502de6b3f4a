//! The hashes inside a branch page: those of its sixteen children, and of what joins them, four levels up to the page's own.
//!
//! ```text
//! child 0 .. 15 | pair 0 .. 7 | four 0 .. 3 | eight 0, 1 | page       hash 2 j and hash 2 j + 1 are joined into hash 16 + j
//! ```
//! A change of one child hashes the four joins above it, not all fifteen; and the two sides of a join lie side by side as they
//! are hashed. Costs 480 bytes a branch in memory beside the hashes of the children. They follow from these, and are computed
//! when a child changes first.

#![allow(clippy::arithmetic_side_effects, reason = "counts sixteen children, and what lies in memory")]

use super::hash::{Domain, EMPTY, HASHED_TOGETHER, Hash, Pair, hash_many};
use super::page::{CHILDREN, Child};

/// Hashes of a branch: of its children, of what joins them, and its own.
const HASHES: usize = 2 * CHILDREN - 1;

/// The hashes inside a branch page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Joins {
    hashes: [Hash; HASHES],
    /// What the children have, as [`Child`] says it.
    entries: [u8; CHILDREN],
    /// Whether the hashes behind those of the children were computed.
    known: bool,
}

impl Joins {
    /// Those of a branch without children.
    pub(super) const EMPTY: Self = Self { hashes: [EMPTY; HASHES], entries: [0; CHILDREN], known: false };

    /// Returns a child.
    pub(super) fn child(&self, index: usize) -> Child {
        Child { hash: self.hashes[index], entries: self.entries[index] }
    }

    /// Sets a child; what joins it with others is stale then.
    pub(super) fn set(&mut self, index: usize, child: Child) {
        (self.hashes[index], self.entries[index]) = (child.hash, child.entries);
    }

    /// Returns what the children have, as [`Child`] says it.
    pub(super) fn entries(&self) -> &[u8; CHILDREN] {
        &self.entries
    }

    /// Sets what a child has, whose hash will follow.
    pub(super) fn set_entries(&mut self, index: usize, entries: u8) {
        self.entries[index] = entries;
    }

    /// Reads a byte of each line of memory in which the change of a child needs something.
    pub(super) fn touch(&self, index: usize) -> u8 {
        let joins = [index, CHILDREN + index / 2, CHILDREN + 8 + index / 4, CHILDREN + 12 + index / 8];
        joins.iter().fold(self.entries[index], |sum, join| sum ^ self.hashes[*join][0])
    }

    /// Returns the page's own hash, as it was computed last.
    pub(super) fn own(&self) -> Hash {
        self.hashes[HASHES - 1]
    }

    /// Returns the two sides of a join.
    fn sides(&self, join: usize) -> &Pair {
        let sides = self.hashes.as_chunks::<2>().0.get(join);
        sides.and_then(|sides| sides.as_flattened().first_chunk()).unwrap_or(&[0; 64])
    }

    /// Returns the children of a kind, a bit each.
    fn bits(&self, is: impl Fn(u8) -> bool) -> u16 {
        self.entries.iter().rev().fold(0, |bits, entries| bits << 1 | u16::from(is(*entries)))
    }
}

/// A branch whose hashes are to be brought up to those of its children.
pub(super) struct Stale<'a> {
    pub(super) joins: &'a mut Joins,
    /// Bit i: what is the i-th of a level has changed.
    stale: u16,
    /// Children that have entries, and those of them that have one.
    present: u16,
    single: u16,
}

impl<'a> Stale<'a> {
    /// Takes a branch, and a bit for each child that has changed.
    pub(super) fn new(joins: &'a mut Joins, changed: u16) -> Self {
        let stale = if std::mem::replace(&mut joins.known, true) { changed } else { u16::MAX };
        Self { joins, stale, present: 0, single: 0 }
    }

    /// Sets a child that has changed.
    pub(super) fn set(&mut self, index: usize, child: Child) {
        self.joins.set(index, child);
    }

    /// Returns the page's own hash, as it was computed last.
    pub(super) fn own(&self) -> Hash {
        self.joins.own()
    }

    /// Tells whether a join over so many children on each side hashes nothing, for they have one entry at most.
    fn is_alone(&self, nth: usize, width: usize) -> bool {
        let below = (u16::MAX >> (CHILDREN - 2 * width)) << (2 * nth * width);
        let present = self.present & below;
        present.count_ones() <= 1 && present & !self.single == 0
    }
}

/// Brings the hashes of many branches up to those of their children, level by level, so that all joins of a level are hashed
/// together.
pub(super) fn hash_branches<'b, 'a: 'b>(branches: impl Iterator<Item = &'b mut Stale<'a>>) {
    let mut branches: Vec<_> = branches.collect();
    for branch in &mut branches {
        branch.present = branch.joins.bits(|entries| entries > 0);
        branch.single = branch.joins.bits(|entries| entries == 1);
    }
    let mut waiting: Vec<(usize, usize)> = Vec::with_capacity(branches.len() * 3);
    let (mut first, mut width) = (0, 1);
    while width < CHILDREN {
        for (at, branch) in branches.iter_mut().enumerate() {
            let mut stale = (branch.stale | branch.stale >> 1) & 0x5555;
            branch.stale = 0;
            while stale != 0 {
                let nth = stale.trailing_zeros() as usize / 2;
                stale &= stale - 1;
                branch.stale |= 1 << nth;
                let join = first + nth;
                if branch.is_alone(nth, width) {
                    let [left, right] = [2 * join, 2 * join + 1].map(|side| branch.joins.hashes[side]);
                    branch.joins.hashes[CHILDREN + join] = if left == EMPTY { right } else { left };
                } else {
                    waiting.push((at, join));
                }
            }
        }
        hash_joins(&mut branches, &waiting);
        waiting.clear();
        first += CHILDREN / 2 / width;
        width *= 2;
    }
}

fn hash_joins(branches: &mut [&mut Stale<'_>], joins: &[(usize, usize)]) {
    for joins in joins.chunks(HASHED_TOGETHER) {
        let (mut sides, mut hashes) = ([&[0; 64]; HASHED_TOGETHER], [EMPTY; HASHED_TOGETHER]);
        for (sides, (at, join)) in sides.iter_mut().zip(joins) {
            *sides = branches[*at].joins.sides(*join);
        }
        hash_many(Domain::Branch, &sides[..joins.len()], &mut hashes);
        for ((at, join), hash) in joins.iter().zip(hashes) {
            branches[*at].joins.hashes[CHILDREN + join] = hash;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::forest::of_children;
    use super::*;

    fn child(number: u8, entries: u8) -> Child {
        if entries == 0 { Child::EMPTY } else { Child { hash: [number; 32], entries } }
    }

    fn children(joins: &Joins) -> [Child; CHILDREN] {
        core::array::from_fn(|index| joins.child(index))
    }

    fn hash(joins: &mut Joins, changed: u16) -> Hash {
        hash_branches([Stale::new(joins, changed)].iter_mut());
        joins.own()
    }

    #[test]
    fn the_hash_of_a_branch_is_that_of_the_definition_whichever_children_are_empty_or_single() {
        // Each child of one half is absent, single or more; then the same in the other half.
        for kinds in 0..3_usize.pow(8) {
            let mut joins = Joins::EMPTY;
            let (mut rest, shift) = (kinds, kinds % 2 * 8);
            for index in 0..8 {
                joins.set(index + shift, child(u8::try_from(index + 1).unwrap_or(1), [0, 1, 9][rest % 3]));
                rest /= 3;
            }
            assert_eq!(hash(&mut joins, 0), of_children(&children(&joins)).hash());
            // From there on only what is above the changed child.
            let index = kinds % CHILDREN;
            let before = joins.child(index).entries().unwrap_or_default();
            joins.set(index, child(77, u8::from(before == 0)));
            assert_eq!(hash(&mut joins, 1 << index), of_children(&children(&joins)).hash());
        }
    }

    #[test]
    fn branches_that_are_hashed_together_have_the_hashes_that_they_have_alone() {
        let branch = |seed: u8| {
            let mut joins = Joins::EMPTY;
            (0..16).for_each(|index| joins.set(usize::from(index), child(seed ^ index | 1, 9)));
            joins
        };
        let mut together: Vec<Joins> = (0..100).map(branch).collect();
        let mut stale: Vec<Stale<'_>> = together.iter_mut().map(|joins| Stale::new(joins, 0)).collect();
        hash_branches(stale.iter_mut());
        for joins in &together {
            assert_eq!(joins.own(), of_children(&children(joins)).hash());
        }
    }
}
