//! Pages: pieces of the tree of a size that is worth reading and writing as one.
//!
//! The tree is cut every four levels. A page stands for the subtree below a path of half-bytes ([`PageId`]). While that
//! subtree has at most [`LEAVES_MAX`] entries, the page lists them; with more, it lists the sixteen subtrees four levels
//! below, which have pages of their own. How the tree is cut never changes a hash.
//!
//! ```text
//! id       nibbles u8 | path [(nibbles + 1) / 2]
//! leaves   0 | (key hash [32] | value hash [32]) * count, ordered by key hash
//! branch   1 | present u16, little-endian, bit i for child i | (entries u8 | hash [32]) * bits set
//! ```

use core::fmt;
use core::ops::RangeInclusive;

use alloy_primitives::hex;

use super::forest::Subtree;
use super::hash::{EMPTY, Hash};
use super::joins::Joins;
use super::pages::Resident;

/// The most entries of a page that lists entries. One more splits it.
pub const LEAVES_MAX: usize = 32;

/// The most entries of the children of a page that takes them back. Far below [`LEAVES_MAX`], so that an entry that comes and
/// goes does not split and merge each time.
pub const MERGE_MAX: usize = 8;

/// Subtrees of a branch page.
pub const CHILDREN: usize = 16;

/// Stands for more entries than a leaf page can have.
pub(super) const MANY: u8 = u8::MAX;

const LEAVES_TAG: u8 = 0;
const BRANCH_TAG: u8 = 1;
const LEAF_BYTES: usize = 64;
const CHILD_BYTES: usize = 33;

/// The place of a page: a path from the root, four levels a half-byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageId {
    nibbles: u8,
    path: Hash,
}

impl PageId {
    /// The page at the root.
    pub const ROOT: Self = Self { nibbles: 0, path: [0; 32] };

    /// Returns the depth of the page's own subtree, in levels.
    pub fn depth(&self) -> usize {
        usize::from(self.nibbles).saturating_mul(4)
    }

    /// Returns the place of a child.
    pub fn child(&self, index: usize) -> Self {
        let mut child = *self;
        let nibble = u8::try_from(index).unwrap_or_default() & 15;
        if let Some(byte) = child.path.get_mut(usize::from(self.nibbles) / 2) {
            *byte |= if self.nibbles.is_multiple_of(2) { nibble << 4 } else { nibble };
        }
        child.nibbles = child.nibbles.saturating_add(1);
        child
    }

    /// Returns the page above, and which child of it this is; nothing above the root.
    pub fn parent(&self) -> Option<(Self, usize)> {
        let nibbles = self.nibbles.checked_sub(1)?;
        let mut parent = Self { nibbles, path: self.path };
        let index = nibble(&self.path, usize::from(nibbles));
        if let Some(byte) = parent.path.get_mut(usize::from(nibbles) / 2) {
            *byte &= if nibbles.is_multiple_of(2) { 0 } else { 0xf0 };
        }
        Some((parent, index))
    }

    /// Returns the first bytes of the keys that lie below.
    pub fn first_bytes(&self) -> RangeInclusive<u8> {
        let [first, ..] = self.path;
        match self.nibbles {
            0 => 0..=u8::MAX,
            1 => first..=first | 0x0f,
            _ => first..=first,
        }
    }

    /// Returns which child of this page a key hash lies below.
    pub fn index_of(&self, key: &Hash) -> usize {
        nibble(key, usize::from(self.nibbles))
    }

    /// Reads a place as it is named in the store; nothing if the bytes are none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (nibbles, path) = bytes.split_first()?;
        let mut id = Self { nibbles: *nibbles, path: [0; 32] };
        id.path.get_mut(..path.len())?.copy_from_slice(path);
        (id.nibbles <= 64 && id.to_bytes() == bytes && id.parent().is_none_or(|(page, index)| page.child(index) == id))
            .then_some(id)
    }

    /// Returns which child of the page at a depth, in levels, this place lies below.
    pub(super) fn index_at(&self, depth: usize) -> usize {
        nibble(&self.path, depth / 4)
    }

    /// Returns how the place is named in the store.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = vec![self.nibbles];
        bytes.extend_from_slice(&self.path[..usize::from(self.nibbles).div_ceil(2).min(32)]);
        bytes
    }
}

impl fmt::Debug for PageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = hex::encode(self.path);
        f.write_str(path.get(..usize::from(self.nibbles)).unwrap_or(&path))
    }
}

/// Returns a half-byte of a hash.
pub(super) fn nibble(hash: &Hash, index: usize) -> usize {
    let byte = hash.get(index / 2).copied().unwrap_or_default();
    usize::from(if index.is_multiple_of(2) { byte >> 4 } else { byte & 15 })
}

/// One entry: the hashes of its key and of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The hash of its key.
    pub key: Hash,
    /// The hash of its value.
    pub value: Hash,
}

/// A subtree as the page above it knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    /// Its hash.
    pub hash: Hash,
    pub(super) entries: u8,
}

impl Child {
    /// The subtree without entries.
    pub const EMPTY: Self = Self { hash: EMPTY, entries: 0 };

    /// Returns how many entries the subtree has, if its page lists them.
    pub fn entries(&self) -> Option<usize> {
        (self.entries != MANY).then_some(usize::from(self.entries))
    }

    /// Tells whether the subtree has no entries, and so no page.
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// Returns the subtree for joining with others.
    pub fn subtree(&self) -> Subtree {
        match self.entries {
            0 => Subtree::Empty,
            1 => Subtree::One(self.hash),
            _ => Subtree::Many(self.hash),
        }
    }
}

/// The subtrees four levels below a page, and those of their pages that are in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The subtrees, and the hashes of what joins them.
    pub(super) joins: Joins,
    /// Their pages.
    pub(super) below: [Option<Resident>; CHILDREN],
    /// Bit i: the page of child i was changed, and its hash here is not yet its own.
    pub(super) stale: u16,
}

impl Branch {
    /// A branch without children.
    pub(super) const EMPTY: Self = Self { joins: Joins::EMPTY, below: [const { None }; CHILDREN], stale: 0 };

    /// Returns the subtrees.
    pub fn children(&self) -> [Child; CHILDREN] {
        core::array::from_fn(|index| self.joins.child(index))
    }
}

/// A piece of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// The entries of the subtree, ordered by key hash.
    Leaves(Vec<Leaf>),
    /// The subtrees four levels below.
    Branch(Box<Branch>),
}

impl Page {
    /// Returns how many entries the page above says that this one has.
    pub(super) fn entries(&self) -> u8 {
        match self {
            Self::Leaves(leaves) => u8::try_from(leaves.len()).unwrap_or(MANY),
            Self::Branch(_) => MANY,
        }
    }

    /// Returns the bytes that it takes in memory, without the pages below.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Leaves(leaves) => leaves.capacity().saturating_mul(LEAF_BYTES),
            Self::Branch(_) => size_of::<Branch>(),
        }
    }

    /// Appends the page as it is stored.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Leaves(leaves) => {
                bytes.push(LEAVES_TAG);
                for leaf in leaves {
                    bytes.extend_from_slice(&leaf.key);
                    bytes.extend_from_slice(&leaf.value);
                }
            }
            Self::Branch(branch) => {
                let children = branch.children();
                let present = children.iter().enumerate().filter(|(_, child)| !child.is_empty());
                bytes.push(BRANCH_TAG);
                bytes.extend(present.clone().fold(0_u16, |bits, (index, _)| bits | 1 << index).to_le_bytes());
                for (_, child) in present {
                    bytes.push(child.entries);
                    bytes.extend_from_slice(&child.hash);
                }
            }
        }
    }

    /// Reads a page as it was stored; nothing if the bytes are no page.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (tag, bytes) = bytes.split_first()?;
        match *tag {
            LEAVES_TAG => {
                let (leaves, []) = bytes.as_chunks::<LEAF_BYTES>() else { return None };
                let leaf = |bytes: &[u8; LEAF_BYTES]| {
                    Some(Leaf { key: bytes[..32].try_into().ok()?, value: bytes[32..].try_into().ok()? })
                };
                let leaves: Vec<Leaf> = leaves.iter().map(leaf).collect::<Option<_>>()?;
                (leaves.len() <= LEAVES_MAX && leaves.is_sorted_by(|a, b| a.key < b.key))
                    .then_some(Self::Leaves(leaves))
            }
            BRANCH_TAG => {
                let (present, bytes) = bytes.split_first_chunk::<2>()?;
                let present = u16::from_le_bytes(*present);
                let (listed, []) = bytes.as_chunks::<CHILD_BYTES>() else { return None };
                let mut listed = listed.iter();
                let mut branch = Box::new(Branch::EMPTY);
                for index in (0..CHILDREN).filter(|index| present & (1 << index) != 0) {
                    let [entries, hash @ ..] = listed.next()?;
                    branch.joins.set(index, Child { hash: *hash, entries: *entries });
                }
                listed.next().is_none().then_some(Self::Branch(branch))
            }
            _ => None,
        }
    }
}
