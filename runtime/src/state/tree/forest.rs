//! Joining subtrees into their hashes: one pair after the other, or a forest of many trees level by level, so that all pairs
//! of a level are hashed together.

#![allow(clippy::arithmetic_side_effects, reason = "counts what lies in memory, and levels, of which there are 256")]

use core::ops::Range;

use super::hash::{Domain, EMPTY, Hash, Pair, hash_many, pair, turns_right};
use super::page::{CHILDREN, Child, Leaf};
use super::quarters::{QUARTER_LEVELS, QUARTERS, Quarters};

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

/// The hash of a subtree that is still to be computed, by its place in the forest.
#[derive(Clone, Copy)]
enum Node {
    Empty,
    One(usize),
    Many(usize),
}

impl Node {
    /// Returns the place of its hash.
    fn place(self) -> usize {
        match self {
            // The forest's first hash is the one of nothing.
            Self::Empty => 0,
            Self::One(place) | Self::Many(place) => place,
        }
    }
}

/// Two places whose hashes are joined into a third.
#[derive(Clone, Copy, Debug)]
struct Join {
    left: usize,
    right: usize,
    out: usize,
}

/// Trees whose hashes are computed together.
///
/// A planted tree becomes a list of joins, each on a level above those that it needs; then each level is hashed at once.
#[derive(Debug)]
pub struct Forest {
    hashes: Vec<Hash>,
    /// How many levels of joins lie below each hash.
    heights: Vec<u16>,
    leaves: Vec<Pair>,
    leaf_places: Vec<usize>,
    levels: Vec<Vec<Join>>,
    /// The place of each planted tree's hash.
    roots: Vec<usize>,
    // Kept from level to level, so that they are allocated once.
    pairs: Vec<Pair>,
    joined: Vec<Hash>,
}

impl Default for Forest {
    fn default() -> Self {
        let (leaves, leaf_places, levels, roots) = Default::default();
        let (pairs, joined) = Default::default();
        Self { hashes: vec![EMPTY], heights: vec![0], leaves, leaf_places, levels, roots, pairs, joined }
    }
}

impl Forest {
    /// Returns how many trees are planted.
    pub fn planted(&self) -> usize {
        self.roots.len()
    }

    /// Takes the entries of a page whose subtree begins at a depth; returns the place of its hash in the harvest.
    pub fn plant_entries(&mut self, depth: usize, leaves: &[Leaf]) -> usize {
        let root = self.entries(depth, leaves);
        self.plant(root)
    }

    /// Takes the quarters of a page of entries, of which only those are hashed that are not known. Returns the place of the first
    /// one's hash in the harvest; behind those of the quarters comes the page's own.
    pub(super) fn plant_quarters(&mut self, depth: usize, leaves: &[Leaf], quarters: &Quarters) -> usize {
        let first = self.roots.len();
        let [a, b, c, d]: [Node; QUARTERS] = core::array::from_fn(|quarter| {
            let leaves = leaves.get(quarters.range(quarter)).unwrap_or_default();
            let node = match (quarters.known(quarter), leaves.len()) {
                (None, _) => self.entries(depth + QUARTER_LEVELS, leaves),
                (Some(_), 0) => Node::Empty,
                (Some(hash), 1) => Node::One(self.known(hash)),
                (Some(hash), _) => Node::Many(self.known(hash)),
            };
            self.plant(node);
            node
        });
        let (left, right) = (self.join(a, b), self.join(c, d));
        let root = self.join(left, right);
        self.plant(root);
        first
    }

    /// Takes the children of a page, which must have their hashes; returns the place of its hash in the harvest.
    pub fn plant_children(&mut self, children: &[Child; CHILDREN]) -> usize {
        let root = self.children(children);
        self.plant(root)
    }

    fn plant(&mut self, root: Node) -> usize {
        self.roots.push(root.place());
        self.roots.len() - 1
    }

    /// Computes everything; appends the hash of each page in the order in which they were planted, and is empty again.
    pub fn harvest(&mut self, roots: &mut Vec<Hash>) {
        self.joined.clear();
        hash_many(Domain::Leaf, &self.leaves, &mut self.joined);
        for (place, hash) in self.leaf_places.iter().zip(&self.joined) {
            self.hashes[*place] = *hash;
        }
        for level in &mut self.levels {
            self.pairs.clear();
            self.joined.clear();
            self.pairs.extend(level.iter().map(|join| pair(&self.hashes[join.left], &self.hashes[join.right])));
            hash_many(Domain::Branch, &self.pairs, &mut self.joined);
            for (join, hash) in level.iter().zip(&self.joined) {
                self.hashes[join.out] = *hash;
            }
            level.clear();
        }
        roots.extend(self.roots.drain(..).map(|place| self.hashes[place]));
        self.hashes.truncate(1);
        self.heights.truncate(1);
        self.leaves.clear();
        self.leaf_places.clear();
    }

    /// Lists the pairs of all entries first, in one pass through memory that the processor can foresee.
    fn entries(&mut self, depth: usize, leaves: &[Leaf]) -> Node {
        let (start, place) = (self.leaves.len(), self.hashes.len());
        self.leaves.extend(leaves.iter().map(|leaf| pair(&leaf.key, &leaf.value)));
        self.leaf_places.extend(place..place + leaves.len());
        self.hashes.resize(place + leaves.len(), EMPTY);
        self.heights.resize(place + leaves.len(), 0);
        self.between(depth, start..start + leaves.len(), place)
    }

    /// Joins the listed entries of a range, the first of which has its hash at a place.
    fn between(&mut self, depth: usize, range: Range<usize>, place: usize) -> Node {
        match range.len() {
            0 => Node::Empty,
            1 => Node::One(place),
            _ => {
                let byte = depth / 8;
                let bit = 0x80_u8 >> (depth % 8);
                let left = self.leaves[range.clone()].iter().take_while(|pair| pair[byte] & bit == 0).count();
                let middle = range.start + left;
                let left_node = self.between(depth + 1, range.start..middle, place);
                let right_node = self.between(depth + 1, middle..range.end, place + left);
                self.join(left_node, right_node)
            }
        }
    }

    fn children(&mut self, children: &[Child]) -> Node {
        match children {
            [] => Node::Empty,
            [child] => match child.subtree() {
                Subtree::Empty => Node::Empty,
                Subtree::One(hash) => Node::One(self.known(hash)),
                Subtree::Many(hash) => Node::Many(self.known(hash)),
            },
            _ => {
                let (left, right) = children.split_at(children.len() / 2);
                let left = self.children(left);
                let right = self.children(right);
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
                let below = self.heights[left].max(self.heights[right]);
                let level = usize::from(below);
                let out = self.place(below + 1);
                if self.levels.len() <= level {
                    self.levels.resize_with(level + 1, Vec::new);
                }
                self.levels[level].push(Join { left, right, out });
                Node::Many(out)
            }
        }
    }

    fn known(&mut self, hash: Hash) -> usize {
        self.hashes.push(hash);
        self.heights.push(0);
        self.hashes.len() - 1
    }

    fn place(&mut self, height: u16) -> usize {
        self.hashes.push(EMPTY);
        self.heights.push(height);
        self.hashes.len() - 1
    }
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
