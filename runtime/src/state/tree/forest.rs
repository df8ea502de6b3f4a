//! Joining subtrees into their hashes: one pair after the other, or a forest of many trees level by level, so that all pairs
//! of a level are hashed together.

#![allow(clippy::arithmetic_side_effects, reason = "counts what lies in memory, and levels, of which there are 256")]

use core::ops::Range;

use super::hash::{Domain, EMPTY, HASHED_TOGETHER, Hash, Pair, hash_many, turns_right};
use super::page::{CHILDREN, Child, LEAVES_MAX, Leaf};
use super::quarters::{QUARTER_LEVELS, QUARTERS, Quarters};

/// Hashes that a page of entries has in a harvest.
pub(super) const PAGE_HASHES: usize = QUARTERS + 1;

/// A subtree: its hash, and whether it is a single entry. A subtree of one entry is that entry's leaf at any depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subtree {
    /// No entry.
    Empty,
    /// One entry: the hash of its leaf.
    One(Hash),
    /// More entries: the hash of their branch.
    Many(Hash),
}

impl Subtree {
    /// Returns the hash that commits to it.
    pub fn hash(&self) -> Hash {
        match self {
            Self::Empty => EMPTY,
            Self::One(hash) | Self::Many(hash) => *hash,
        }
    }

    /// Joins two subtrees; an entry alone stays what it is.
    pub fn join(left: Self, right: Self) -> Self {
        match (left, right) {
            (Self::Empty, Self::Empty) => Self::Empty,
            (one @ Self::One(_), Self::Empty) | (Self::Empty, one @ Self::One(_)) => one,
            (left, right) => Self::Many(Domain::Branch.hash(&left.hash(), &right.hash())),
        }
    }
}

/// The most pages of entries that may be planted before a harvest, so that a place is two short numbers.
pub(super) const PAGES_MAX: usize = 64;

/// Where in the forest a hash is or will be: the levels of joins below it, and its place among those of its level. Small, for
/// each join names two.
#[derive(Clone, Copy, Debug)]
struct Place {
    level: u16,
    nth: u16,
}

impl Place {
    fn new(level: usize, nth: usize) -> Self {
        // A level has no more hashes than there are entries, or given hashes and the one of nothing.
        const { assert!(PAGES_MAX * LEAVES_MAX < u16::MAX as usize) };
        let short = |number| u16::try_from(number).unwrap_or(u16::MAX);
        Self { level: short(level), nth: short(nth) }
    }

    fn level(self) -> usize {
        self.level.into()
    }
}

/// The level of the hashes that are given, before that of the leaves.
const KNOWN: usize = 0;

/// The level of the leaves.
const LEAVES: usize = 1;

/// The hash of a subtree that is still to be computed.
#[derive(Clone, Copy)]
enum Node {
    Empty,
    One(Place),
    Many(Place),
}

impl Node {
    /// Returns the place of its hash.
    fn place(self) -> Place {
        match self {
            // The first hash of all is the one of nothing.
            Self::Empty => Place::new(KNOWN, 0),
            Self::One(place) | Self::Many(place) => place,
        }
    }
}

/// Trees whose hashes are computed together.
///
/// A planted tree becomes a list of joins, each on a level above those that it needs; then each level is hashed at once.
#[derive(Debug)]
pub(super) struct Forest {
    leaves: Vec<Pair>,
    /// What is joined on each level from the one above the leaves on.
    joins: Vec<Vec<(Place, Place)>>,
    /// The hashes of each level.
    hashes: Vec<Vec<Hash>>,
    /// The places of what is asked for.
    roots: Vec<Place>,
}

impl Default for Forest {
    fn default() -> Self {
        Self { leaves: Vec::new(), joins: Vec::new(), hashes: vec![vec![EMPTY], Vec::new()], roots: Vec::new() }
    }
}

impl Forest {
    /// Takes the quarters of a page of entries, of which only those are hashed that are not known. The harvest has
    /// [`PAGE_HASHES`] hashes of it: those of the quarters, and the page's own.
    pub(super) fn plant_quarters(&mut self, depth: usize, leaves: &[Leaf], quarters: &Quarters) {
        let [a, b, c, d]: [Node; QUARTERS] = core::array::from_fn(|quarter| {
            let leaves = leaves.get(quarters.range(quarter)).unwrap_or_default();
            let node = match (quarters.known(quarter), leaves.len()) {
                (None, _) => self.entries(depth + QUARTER_LEVELS, leaves),
                (Some(_), 0) => Node::Empty,
                (Some(hash), 1) => Node::One(self.known(hash)),
                (Some(hash), _) => Node::Many(self.known(hash)),
            };
            self.roots.push(node.place());
            node
        });
        let (left, right) = (self.join(a, b), self.join(c, d));
        let page = self.join(left, right);
        self.roots.push(page.place());
    }

    /// Computes everything; appends what was asked for in the order in which it was planted, and is empty again.
    pub(super) fn harvest(&mut self, roots: &mut Vec<Hash>) {
        for pairs in self.leaves.chunks(HASHED_TOGETHER) {
            let (mut listed, mut hashes) = ([&[0; 64]; HASHED_TOGETHER], [EMPTY; HASHED_TOGETHER]);
            listed.iter_mut().zip(pairs).for_each(|(listed, pair)| *listed = pair);
            hash_many(Domain::Leaf, &listed[..pairs.len()], &mut hashes);
            self.hashes[LEAVES].extend_from_slice(&hashes[..pairs.len()]);
        }
        for above in 0..self.joins.len() {
            let mut level = std::mem::take(&mut self.joins[above]);
            for joins in level.chunks(HASHED_TOGETHER) {
                let (mut pairs, mut hashes) = ([[0; 64]; HASHED_TOGETHER], [EMPTY; HASHED_TOGETHER]);
                for (to, (left, right)) in pairs.iter_mut().zip(joins) {
                    join_into(to, self.hash(*left), self.hash(*right));
                }
                hash_many(Domain::Branch, &pairs.each_ref()[..joins.len()], &mut hashes);
                self.hashes[LEAVES + 1 + above].extend_from_slice(&hashes[..joins.len()]);
            }
            level.clear();
            self.joins[above] = level;
        }
        roots.extend(self.roots.iter().map(|place| *self.hash(*place)));
        self.roots.clear();
        self.leaves.clear();
        self.hashes[KNOWN].truncate(1);
        self.hashes[LEAVES..].iter_mut().for_each(Vec::clear);
    }

    /// Lists the pairs of all entries first, in one pass through memory that the processor can foresee.
    fn entries(&mut self, depth: usize, leaves: &[Leaf]) -> Node {
        let start = self.leaves.len();
        self.leaves.resize(start + leaves.len(), [0; 64]);
        for (to, leaf) in self.leaves[start..].iter_mut().zip(leaves) {
            join_into(to, &leaf.key, &leaf.value);
        }
        self.between(depth, start..start + leaves.len())
    }

    /// Joins the listed entries of a range.
    fn between(&mut self, depth: usize, range: Range<usize>) -> Node {
        match range.len() {
            0 => Node::Empty,
            1 => Node::One(Place::new(LEAVES, range.start)),
            _ => {
                let byte = depth / 8;
                let bit = 0x80_u8 >> (depth % 8);
                let left = self.leaves[range.clone()].iter().take_while(|pair| pair[byte] & bit == 0).count();
                let middle = range.start + left;
                let left = self.between(depth + 1, range.start..middle);
                let right = self.between(depth + 1, middle..range.end);
                self.join(left, right)
            }
        }
    }

    fn join(&mut self, left: Node, right: Node) -> Node {
        match (left, right) {
            (Node::Empty, Node::Empty) => Node::Empty,
            (one @ Node::One(_), Node::Empty) | (Node::Empty, one @ Node::One(_)) => one,
            (left, right) => {
                let (left, right) = (left.place(), right.place());
                let above = left.level().max(right.level()).max(LEAVES) - LEAVES;
                if self.joins.len() <= above {
                    self.joins.push(Vec::new());
                    self.hashes.push(Vec::new());
                }
                let nth = self.joins[above].len();
                self.joins[above].push((left, right));
                Node::Many(Place::new(LEAVES + 1 + above, nth))
            }
        }
    }

    fn hash(&self, place: Place) -> &Hash {
        &self.hashes[place.level()][usize::from(place.nth)]
    }

    fn known(&mut self, hash: Hash) -> Place {
        let known = &mut self.hashes[KNOWN];
        known.push(hash);
        Place::new(KNOWN, known.len() - 1)
    }
}

/// Writes two hashes side by side.
fn join_into(pair: &mut Pair, left: &Hash, right: &Hash) {
    let (first, second) = pair.split_at_mut(left.len());
    first.copy_from_slice(left);
    second.copy_from_slice(right);
}

/// Returns the subtree of entries, ordered by key hash, at a depth.
pub fn of_entries(depth: usize, leaves: &[Leaf]) -> Subtree {
    match leaves {
        [] => Subtree::Empty,
        [leaf] => Subtree::One(Domain::Leaf.hash(&leaf.key, &leaf.value)),
        _ => {
            let (left, right) = leaves.split_at(leaves.partition_point(|leaf| !turns_right(&leaf.key, depth)));
            Subtree::join(of_entries(depth + 1, left), of_entries(depth + 1, right))
        }
    }
}

/// Returns the subtree of some neighbouring children, a power of two of them.
pub fn of_children(children: &[Child]) -> Subtree {
    match children {
        [] => Subtree::Empty,
        [child] => child.subtree(),
        _ => {
            let (left, right) = children.split_at(children.len() / 2);
            Subtree::join(of_children(left), of_children(right))
        }
    }
}

const _: () = assert!(CHILDREN.is_power_of_two());
