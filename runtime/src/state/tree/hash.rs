//! The hashes of the tree, singly and many at once.
//!
//! ```text
//! place of an entry   BLAKE3(key), read bit by bit from the most significant of byte 0: 0 left, 1 right
//! leaf       H(leaf   | BLAKE3(key) | BLAKE3(value))
//! branch     H(branch | left | right)
//! empty      32 zero bytes
//! H(x | a | b)   BLAKE3 keyed with 32 bytes of text that name x, over the 64 bytes a | b: one compression
//! ```
//! Cost: one compression a hash; [`Domain::hash_many`] works on as many at once as the processor has lanes, which is several
//! times faster and gives the same bytes (a test compares them).

use blake3::IncrementCounter;
use blake3::platform::{Platform, words_from_le_bytes_32};

/// A hash of the tree: of a key, a value, a leaf or a branch.
pub type Hash = [u8; 32];

/// Two hashes that become one.
pub type Pair = [u8; 64];

/// The hash of a subtree without entries.
pub const EMPTY: Hash = [0; 32];

// The flags of a message of one block under a key, from the BLAKE3 paper, section 2.2, table 3.
const KEYED_HASH: u8 = 1 << 4;
const CHUNK_START: u8 = 1 << 0;
const CHUNK_END: u8 = 1 << 1;
const ROOT: u8 = 1 << 3;

/// What a hash of the tree stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// One entry.
    Leaf,
    /// Two subtrees.
    Branch,
}

impl Domain {
    const fn key(self) -> &'static Hash {
        match self {
            Self::Leaf => b"florin state tree 1: leaf       ",
            Self::Branch => b"florin state tree 1: branch     ",
        }
    }

    /// Hashes one pair.
    pub fn hash(self, left: &Hash, right: &Hash) -> Hash {
        *blake3::keyed_hash(self.key(), &pair(left, right)).as_bytes()
    }

    /// Hashes many pairs into as many hashes.
    pub fn hash_many(self, pairs: &[Pair], hashes: &mut Vec<Hash>) {
        let start = hashes.len();
        hashes.resize(start.saturating_add(pairs.len()), EMPTY);
        let inputs: Vec<&Pair> = pairs.iter().collect();
        let out = hashes.get_mut(start..).unwrap_or_default().as_flattened_mut();
        let key = words_from_le_bytes_32(self.key());
        let ends = (CHUNK_START, CHUNK_END | ROOT);
        Platform::detect().hash_many(&inputs, &key, 0, IncrementCounter::No, KEYED_HASH, ends.0, ends.1, out);
    }
}

/// Joins two hashes.
pub fn pair(left: &Hash, right: &Hash) -> Pair {
    let mut pair = [0; 64];
    pair[..32].copy_from_slice(left);
    pair[32..].copy_from_slice(right);
    pair
}

/// Returns where an entry stands in the tree.
pub fn key_hash(key: &[u8]) -> Hash {
    *blake3::hash(key).as_bytes()
}

/// Returns what a leaf says of its value.
pub fn value_hash(value: &[u8]) -> Hash {
    *blake3::hash(value).as_bytes()
}

/// Tells whether the path of this key hash turns right at a depth, which is below 256.
pub fn turns_right(key: &Hash, depth: usize) -> bool {
    let byte = key.get(depth / 8).copied().unwrap_or_default();
    byte & (0x80 >> (depth % 8)) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_hashes_are_those_that_one_by_one_gives() {
        let pairs: Vec<Pair> = (0..100_u8).map(|byte| pair(&[byte; 32], &[byte ^ 7; 32])).collect();
        for domain in [Domain::Leaf, Domain::Branch] {
            for count in 0..pairs.len() {
                let mut many = vec![EMPTY];
                domain.hash_many(&pairs[..count], &mut many);
                let one = |pair: &Pair| *blake3::keyed_hash(domain.key(), pair).as_bytes();
                assert_eq!(many[1..], pairs[..count].iter().map(one).collect::<Vec<_>>());
            }
        }
    }
}
