//! The authenticated tree: one hash that commits to every entry, cut into pages.
//!
//! A binary tree over the hashes of the keys ([`hash`]). A subtree that holds a single entry is that entry's leaf, whatever
//! its height. So the shape, and with it the root, depends on the entries alone, not on the order in which they came, nor
//! on how the tree is cut into pages ([`page`]), nor on which of them are in memory ([`pages`]). What is known of a part of the
//! tree only, and what it proves, is in [`range`](mod@range).
//!
//! Cost: n entries have n - 1 branches and about as many again with an empty side, none deeper than a few levels below
//! log2(n). An update of k entries reads the pages on their paths, about log16(n / 16) each, most of them shared, and hashes
//! each touched page once: about 2 compressions an entry of the quarter that it changes ([`quarters`]), or four a child
//! ([`joins`]), in SIMD lanes ([`forest`]).

pub mod forest;
pub mod hash;
mod joins;
pub mod page;
pub mod pages;
mod prove;
mod quarters;
pub mod range;
mod rehash;
mod update;

#[cfg(test)]
mod tests;

pub use hash::{Domain, EMPTY, Hash, key_hash, turns_right, value_hash};
pub use page::{Leaf, Page, PageId};
pub use pages::{PageSource, Turn};
pub use prove::Path;
pub use update::{Change, Tree};

/// Returns the root over entries that are ordered by key hash, by its definition and without a tree.
pub fn root_from_scratch(leaves: &[Leaf]) -> Hash {
    forest::of_entries(0, leaves).hash()
}
