//! State: what is read while a block executes, what a block changes, and the root that commits to all of it.
//!
//! - [`key`]: how accounts, storage entries and code are named.
//! - [`commit`]: a state in memory, and the root.
//! - [`entries`]: the entries of a state in memory.
//! - [`durable`]: a state that survives its process.
//! - [`snapshot`](mod@snapshot): a state as a file whose chunks prove themselves.
//! - [`store`]: where a durable state lies: in memory, or on disk.
//! - [`tree`]: the authenticated tree and its root.
//! - [`proof`]: inclusion and absence proofs.
//! - [`undo`]: what each block replaced.
//! - [`view`]: reads at one height.
//! - [`cache`]: values in memory, by key and height.

mod as_is;
pub mod cache;
pub mod commit;
pub mod durable;
pub mod entries;
pub mod key;
mod precedence;
pub mod proof;
pub mod snapshot;
pub mod store;
mod threads;

pub mod tree;
pub mod undo;
pub mod view;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use alloy_primitives::Bytes;

use crate::fault::Fault;

pub use commit::{State, StateRoot};
pub use durable::DurableState;
pub use entries::Entries;
pub use key::StateKey;
pub use proof::Proof;
pub use view::StateView;

/// What one block or one transaction changes: the new value of each key, `None` for a removed one.
pub type ChangeSet = BTreeMap<StateKey, Option<Bytes>>;

/// Reading a state: committed, or committed with a block's changes so far on top.
pub trait StateReader: Send + Sync {
    /// Returns the value under a key.
    ///
    /// # Errors
    /// Faults if the store cannot answer.
    fn get(&self, key: &StateKey) -> Result<Option<Bytes>, Fault>;

    /// Returns the first key that starts with `prefix` and is greater than `after`; an empty `after` means the first.
    ///
    /// # Errors
    /// Faults if the store cannot answer.
    fn next(&self, prefix: &[u8], after: &[u8]) -> Result<Option<StateKey>, Fault>;
}
