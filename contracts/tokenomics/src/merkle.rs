//! Binary Merkle trees over leaf hashes, and proofs that are bound to a position.
//!
//! ```text
//!            root              node = SHA-256(0x01 | left | right)
//!          /      \            an odd node at the end of a level is carried up as it is, never doubled
//!       n01        2           one leaf: the root is the leaf, the proof is empty
//!      /   \      (carried)
//!     0     1
//! ```
//!
//! Guarantees that a proof has exactly the length that index and leaf count imply, and that the bits of the index give
//! the sides: a proof for one place proves nothing for another.
//!
//! Costs `count - 1` hashes and about `2 * count` stored hashes a tree, no hash a proof, and at most 32 hashes a check,
//! because counts have 32 bits: within the 40 nodes that the protocol allows a proof. A proof of the wrong length is
//! refused before anything is hashed.

use alloc::vec;
use alloc::vec::Vec;

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The first byte of what is hashed to an inner node.
pub const NODE_TAG: u8 = 0x01;

/// Returns the parent of two nodes.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([NODE_TAG]).chain_update(left).chain_update(right).finalize().into()
}

/// Returns how many nodes a proof for this place has, or `None` if the place is not in the tree.
pub fn proof_length(index: u32, count: u32) -> Option<u32> {
    if index >= count {
        return None;
    }
    let siblings = Levels { index, count }.filter(|side| *side != Side::Carried);
    u32::try_from(siblings.count()).ok()
}

/// Tells whether the proof shows that the leaf hash stands at `index` of `count` leaves under the root.
pub fn verify(root: &Hash, leaf: &Hash, index: u32, count: u32, proof: &[Hash]) -> bool {
    let Some(length) = proof_length(index, count) else { return false };
    if u32::try_from(proof.len()) != Ok(length) {
        return false;
    }
    let mut siblings = proof.iter();
    let mut hash = *leaf;
    for side in (Levels { index, count }) {
        hash = match side {
            Side::Carried => continue,
            Side::Left => siblings.next().map_or(hash, |sibling| node(&hash, sibling)),
            Side::Right => siblings.next().map_or(hash, |sibling| node(sibling, &hash)),
        };
    }
    hash == *root
}

/// Where a node stands beside its sibling.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    /// It has none.
    Carried,
}

/// The way from a leaf to the root, one step a level below the root.
struct Levels {
    index: u32,
    count: u32,
}

impl Iterator for Levels {
    type Item = Side;

    fn next(&mut self) -> Option<Side> {
        if self.count <= 1 {
            return None;
        }
        let side = if self.index & 1 == 1 {
            Side::Right
        } else if self.index == self.count.saturating_sub(1) {
            Side::Carried
        } else {
            Side::Left
        };
        self.index /= 2;
        self.count = self.count.div_ceil(2);
        Some(side)
    }
}

/// A tree with all its levels, so that a proof is a look-up.
#[derive(Clone, Debug)]
pub struct Tree {
    /// From the leaves to the root; the last level has one node.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// Builds the tree over leaf hashes in their order. There is no tree over nothing, nor over 2^32 leaves.
    pub fn new(leaves: Vec<Hash>) -> Option<Self> {
        if leaves.is_empty() || u32::try_from(leaves.len()).is_err() {
            return None;
        }
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let (pairs, odd) = below.as_chunks::<2>();
            let parents = pairs.iter().map(|[left, right]| node(left, right));
            let level = parents.chain(odd.iter().copied()).collect();
            levels.push(level);
        }
        Some(Self { levels })
    }

    /// Returns the root.
    pub fn root(&self) -> Hash {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or_default()
    }

    /// Returns the leaf hashes in their order.
    pub fn leaves(&self) -> &[Hash] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }

    /// Returns the proof for a place, from the leaf up, or `None` if the place is not in the tree.
    pub fn proof(&self, index: u32) -> Option<Vec<Hash>> {
        let index = usize::try_from(index).ok()?;
        if index >= self.leaves().len() {
            return None;
        }
        let places = core::iter::successors(Some(index), |index| Some(index / 2));
        Some(self.levels.iter().zip(places).filter_map(|(level, place)| level.get(place ^ 1).copied()).collect())
    }
}

#[cfg(test)]
mod tests;
