//! The authenticated tree: one hash that commits to every entry.
//!
//! ```text
//! place of an entry   BLAKE3(key), read bit by bit from the most significant of byte 0: 0 left, 1 right
//! leaf                H(leaf   | BLAKE3(key) | BLAKE3(value))
//! branch              H(branch | left | right)
//! empty               32 zero bytes
//! H(x | a | b)        BLAKE3 keyed with 32 bytes of text that name x, over the 64 bytes a | b: one compression
//! ```
//! A subtree that holds a single entry is that entry's leaf, whatever its height. So the shape, and with it the root, depends
//! on the entries alone, not on the order in which they came.
//!
//! Cost: n entries have n - 1 branches and about as many again with an empty side, none deeper than a few levels below
//! log2(n). An update of k entries hashes each changed leaf, and each branch above one, once. A clone shares every node.

use std::sync::Arc;

use alloy_primitives::Bytes;

use super::proof::{Proof, Terminal};
use super::{ChangeSet, StateKey};

/// A hash of the tree: of a key, a value, a leaf or a branch.
pub type Hash = [u8; 32];

/// The hash of a subtree without entries.
pub const EMPTY: Hash = [0; 32];

const LEAF_DOMAIN: &Hash = b"florin state tree 1: leaf       ";
const BRANCH_DOMAIN: &Hash = b"florin state tree 1: branch     ";

/// The bits of a byte in the order of a path.
const BITS: [u8; 8] = [0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02, 0x01];

/// Returns where an entry stands in the tree.
pub fn key_hash(key: &[u8]) -> Hash {
    *blake3::hash(key).as_bytes()
}

/// Returns what a leaf says of its value.
pub fn value_hash(value: &[u8]) -> Hash {
    *blake3::hash(value).as_bytes()
}

/// Returns the hash of a leaf.
pub fn leaf_hash(key: &Hash, value: &Hash) -> Hash {
    pair_hash(LEAF_DOMAIN, key, value)
}

/// Returns the hash of a branch.
pub fn branch_hash(left: &Hash, right: &Hash) -> Hash {
    pair_hash(BRANCH_DOMAIN, left, right)
}

/// Tells whether the path of this key hash turns right at a depth, which is below 256.
pub fn turns_right(key: &Hash, depth: usize) -> bool {
    let byte = key.get(depth / 8).copied().unwrap_or_default();
    byte & BITS[depth % 8] != 0
}

fn pair_hash(domain: &Hash, left: &Hash, right: &Hash) -> Hash {
    let mut pair = [0; 64];
    pair[..32].copy_from_slice(left);
    pair[32..].copy_from_slice(right);
    *blake3::keyed_hash(domain, &pair).as_bytes()
}

/// The tree over all entries of a state.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    root: Node,
}

#[derive(Clone, Debug, Default)]
enum Node {
    #[default]
    Empty,
    Leaf(Arc<Leaf>),
    Branch(Arc<Branch>),
}

#[derive(Debug)]
struct Leaf {
    key: Hash,
    value: Hash,
    hash: Hash,
}

#[derive(Debug)]
struct Branch {
    left: Node,
    right: Node,
    hash: Hash,
}

/// A change of one entry: the hash of its new value, or nothing for its removal.
type Change = (Hash, Option<Hash>);

impl Tree {
    /// Makes the tree without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the hash that commits to every entry.
    pub fn root(&self) -> Hash {
        self.root.hash()
    }

    /// Applies a block's changes.
    pub fn apply(&mut self, changes: &ChangeSet) {
        let hash = |(key, value): (&StateKey, &Option<Bytes>)| {
            (key_hash(key.as_bytes()), value.as_ref().map(|value| value_hash(value)))
        };
        let mut changes: Vec<Change> = changes.iter().map(hash).collect();
        changes.sort_unstable();
        self.root = update(&self.root, 0, &changes);
    }

    /// Proves what the tree holds under a key: its value, or that there is none.
    pub fn prove(&self, key: &StateKey) -> Proof {
        let key = key_hash(key.as_bytes());
        let mut siblings = Vec::new();
        let mut node = &self.root;
        while let Node::Branch(branch) = node {
            let right = turns_right(&key, siblings.len());
            let (next, sibling) = if right { (&branch.right, &branch.left) } else { (&branch.left, &branch.right) };
            siblings.push(sibling.hash());
            node = next;
        }
        let terminal = match node {
            Node::Leaf(leaf) => Terminal::Leaf { key: leaf.key, value: leaf.value },
            Node::Empty | Node::Branch(_) => Terminal::Empty,
        };
        Proof { siblings, terminal }
    }
}

impl Node {
    fn hash(&self) -> Hash {
        match self {
            Self::Empty => EMPTY,
            Self::Leaf(leaf) => leaf.hash,
            Self::Branch(branch) => branch.hash,
        }
    }

    fn leaf(key: Hash, value: Hash) -> Self {
        Self::Leaf(Arc::new(Leaf { key, value, hash: leaf_hash(&key, &value) }))
    }

    /// Joins two subtrees; one that holds a single leaf is that leaf.
    fn join(left: Self, right: Self) -> Self {
        match (left, right) {
            (Self::Empty, Self::Empty) => Self::Empty,
            (leaf @ Self::Leaf(_), Self::Empty) | (Self::Empty, leaf @ Self::Leaf(_)) => leaf,
            (left, right) => {
                let hash = branch_hash(&left.hash(), &right.hash());
                Self::Branch(Arc::new(Branch { left, right, hash }))
            }
        }
    }
}

/// Returns the subtree at a depth after changes that are ordered by key, each key once.
fn update(node: &Node, depth: usize, changes: &[Change]) -> Node {
    if changes.is_empty() {
        return node.clone();
    }
    match node {
        Node::Empty => build(depth, &kept(changes)),
        Node::Leaf(leaf) => match changes.binary_search_by_key(&leaf.key, |(key, _)| *key) {
            Ok(_) => build(depth, &kept(changes)),
            Err(index) => {
                let mut leaves = kept(&changes[..index]);
                leaves.push(Pending::Old(leaf));
                leaves.extend(kept(&changes[index..]));
                build(depth, &leaves)
            }
        },
        Node::Branch(branch) => {
            let (left, right) = changes.split_at(changes.partition_point(|(key, _)| !turns_right(key, depth)));
            let depth = depth.saturating_add(1);
            Node::join(update(&branch.left, depth, left), update(&branch.right, depth, right))
        }
    }
}

/// A leaf of a subtree that is built anew.
enum Pending<'a> {
    Old(&'a Arc<Leaf>),
    New(Hash, Hash),
}

impl Pending<'_> {
    fn key(&self) -> &Hash {
        match self {
            Self::Old(leaf) => &leaf.key,
            Self::New(key, _) => key,
        }
    }
}

/// Returns the changes that leave an entry.
fn kept(changes: &[Change]) -> Vec<Pending<'static>> {
    changes.iter().filter_map(|(key, value)| value.map(|value| Pending::New(*key, value))).collect()
}

/// Returns the subtree at a depth that holds these leaves, ordered by key.
fn build(depth: usize, leaves: &[Pending<'_>]) -> Node {
    match leaves {
        [] => Node::Empty,
        [Pending::Old(leaf)] => Node::Leaf(Arc::clone(leaf)),
        [Pending::New(key, value)] => Node::leaf(*key, *value),
        _ => {
            let (left, right) = leaves.split_at(leaves.partition_point(|leaf| !turns_right(leaf.key(), depth)));
            let depth = depth.saturating_add(1);
            Node::join(build(depth, left), build(depth, right))
        }
    }
}
