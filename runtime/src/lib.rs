//! Florin's deterministic core: from the bytes of a transaction to a state root.
//!
//! Synchronous, without a clock, a socket or a global. Equal blocks on equal states give equal receipts, gas and roots,
//! whatever the engine, the cache or the number of threads.

pub mod amount;
pub mod block;
pub mod chain;
pub mod execution;
pub mod fault;
pub mod gas;
pub mod genesis;
pub mod ledger;
pub mod receipt;
pub mod signature;
pub mod state;
pub mod transaction;
pub mod vm;
