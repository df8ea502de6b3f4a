//! Failures that are ours: storage, corruption, a broken invariant. A fault stops the writer; it is never in a receipt.
//!
//! What a sender got wrong is a rejection ([`crate::transaction::Rejection`]); what a contract got wrong is a
//! [`florin_abi::Status`] in the receipt. The three are never mixed.

use thiserror::Error;

use crate::state::store::StoreError;

/// A failure of the host itself.
#[derive(Debug, Error)]
pub enum Fault {
    /// A folder of the host could not be read or written.
    #[error("storage failed: {0}")]
    Storage(String),
    /// The state's store could not read or write.
    #[error("storage failed: {0}")]
    Store(#[from] StoreError),
    /// Stored bytes do not decode as what they must be.
    #[error("stored {what} is corrupt: {detail}")]
    Corrupt {
        /// What was read.
        what: &'static str,
        /// How it fails to decode.
        detail: String,
    },
    /// The engine could not be set up or could not compile code that passed the upload check.
    #[error("engine failed: {0}")]
    Engine(String),
    /// An invariant of this crate does not hold.
    #[error("internal invariant broken: {0}")]
    Invariant(&'static str),
}
