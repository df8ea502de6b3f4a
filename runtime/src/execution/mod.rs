//! Execution: what a block does to the state.
//!
//! - [`sequential`]: a block, one transaction after the other: the specification.
//! - [`admission`]: which transactions may stand in a block.
//! - [`hooks`]: what the chain itself calls before the transactions.
//! - [`transact`]: one transaction.
//! - [`deploy`]: the payload that deploys a contract.
//! - [`invoke`]: one message to one contract.
//! - [`session`]: a transaction's view, in the ledger's and the contracts' words.
//! - [`overlay`]: changes on top of a state, with a journal.

pub mod admission;
pub mod deploy;
pub mod hooks;
pub mod invoke;
pub mod overlay;
pub mod sequential;
pub mod session;
pub mod transact;

pub use overlay::{Overlay, Seek};
pub use session::{Checkpoint, Session};
