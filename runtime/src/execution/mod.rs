//! Execution: what a block does to the state.
//!
//! - [`invoke`]: one message to one contract.
//! - [`overlay`]: changes on top of a state, with a journal.
//! - [`session`]: a transaction's view, in the ledger's and the contracts' words.

pub mod invoke;
pub mod overlay;
pub mod session;

pub use overlay::{Checkpoint, Overlay, Seek};
pub use session::Session;
