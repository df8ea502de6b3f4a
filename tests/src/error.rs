//! What can go wrong outside of a contract: the chain refused a transaction, or failed itself.
//!
//! What a contract got wrong is not here: it is in the receipt.

use florin_runtime::block::BlockError;
use florin_runtime::chain::ChainError;
use florin_runtime::fault::Fault;
use florin_runtime::transaction::Rejection;
use florin_runtime::vm::Refusal;
use florin_sdk::client::Failure;
use thiserror::Error;

use crate::artifact::ArtifactError;

/// Why a transaction was not executed.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// The chain refused the transaction; it left no trace.
    #[error("transaction rejected: {0}")]
    Rejected(#[from] Rejection),
    /// The settings contradict each other, or the engine cannot be set up.
    #[error("no chain with these settings: {0}")]
    Settings(#[from] ChainError),
    /// The chain refused a block that it had proposed itself.
    #[error("block refused: {0}")]
    Block(#[from] BlockError),
    /// The chain itself failed.
    #[error("the chain failed: {0}")]
    Fault(#[from] Fault),
    /// A time that is not after the last block's.
    #[error("time {time} is not after the last block's, {last}")]
    TimeGoesBack {
        /// The time asked for.
        time: u64,
        /// The time of the last block.
        last: u64,
    },
}

/// Why a contract was not deployed.
#[derive(Debug, Error)]
pub enum DeployError<E: std::fmt::Debug> {
    /// There is no Wasm.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The transaction was not executed.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The module breaks an upload rule.
    #[error("module refused: {0}")]
    Refused(Refusal),
    /// The constructor failed.
    #[error("constructor failed: {0}")]
    Failed(Failure<E>),
}
