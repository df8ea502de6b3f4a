//! The economy's pure definitions: one implementation for contracts, host, clients and browser.
//!
//! Guarantees integers only, no state, no clock, no I/O, and the same answer on every target. `no_std`; the tree
//! builder allocates.
//!
//! - [`units`]: the coin, its smallest unit and the supply; the claim window.
//! - [`address`]: account addresses as text, with the EIP-55 checksum.
//! - [`leaf`]: what one leaf of a claim tree binds, as bytes and as a hash; the status of a claim.
//! - [`merkle`]: trees over leaf hashes, proofs and their exact lengths.
//! - [`claim_tree`]: a campaign's whole list, checked, with its root, its total and a proof for each claim.
//!
//! A contract hashes [`leaf::Leaf::encode`] and checks proofs through the host's imports; what is not called is not
//! linked.
#![no_std]

extern crate alloc;

pub mod address;
pub mod claim_tree;
pub mod leaf;
pub mod merkle;
pub mod units;

pub use address::{AddressError, Checksummed};
pub use claim_tree::{Claim, ClaimTree, ClaimTreeError};
pub use leaf::{ClaimStatus, LEAF_BYTES, Leaf, Scope};
pub use merkle::{Hash, Tree};
