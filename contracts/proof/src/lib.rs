//! Proofs of what a state holds, and their verifier: one implementation for contracts, browsers, clients and the node.
//!
//! Guarantees no state, no clock, no I/O, and the same answer on every target. `no_std`; decoding a proof allocates.
//!
//! - [`hash`]: how keys, values, entries and subtrees are hashed.
//! - [`proof`]: what a proof is, and how it is verified.
//!
//! Whoever makes proofs, holds the tree and hashes many nodes at once is the runtime.
#![no_std]

extern crate alloc;

pub mod hash;
pub mod proof;

pub use hash::{Domain, EMPTY, Hash, key_hash, turns_right, value_hash};
pub use proof::{PROOF_SIBLINGS_MAX, Proof, ProofError, Terminal};
