//! The hashes of the tree over a state, by their definition.
//!
//! ```text
//! place of an entry   BLAKE3(key), read bit by bit from the most significant of byte 0: 0 left, 1 right
//! leaf       H(leaf   | BLAKE3(key) | BLAKE3(value))
//! branch     H(branch | left | right)
//! empty      32 zero bytes
//! H(x | a | b)   BLAKE3 keyed with 32 bytes of text that name x, over the 64 bytes a | b: one compression
//! ```

/// A hash of the tree: of a key, a value, a leaf or a branch.
pub type Hash = [u8; 32];

/// Two hashes that become one.
pub type Pair = [u8; 64];

/// The hash of a subtree without entries.
pub const EMPTY: Hash = [0; 32];

/// What a hash of the tree stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// One entry.
    Leaf,
    /// Two subtrees.
    Branch,
}

impl Domain {
    /// Returns the key that hashes of this kind are made with.
    pub const fn key(self) -> &'static Hash {
        match self {
            Self::Leaf => b"florin state tree 1: leaf       ",
            Self::Branch => b"florin state tree 1: branch     ",
        }
    }

    /// Hashes one pair.
    pub fn hash(self, left: &Hash, right: &Hash) -> Hash {
        *blake3::keyed_hash(self.key(), &pair(left, right)).as_bytes()
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
