//! Expecting a failure: a test says by type what must go wrong, and is told what happened instead.

use std::fmt::{Debug, Display};

use florin_sdk::client::{CallError, Failure};

use crate::error::DeployError;
use crate::trace::HINT;

/// Results of typed calls and deployments, of which a test expects the contract's own error.
pub trait ExpectRevert {
    /// The error type of the message or constructor.
    type Error;

    /// Returns the contract's own error.
    ///
    /// # Panics
    /// If the call succeeded, failed in another way, or did not take place; the message tells which.
    fn expect_revert(self) -> Self::Error;
}

impl<V: Debug, E: Debug, X: Display> ExpectRevert for Result<V, CallError<E, X>> {
    type Error = E;

    #[track_caller]
    fn expect_revert(self) -> E {
        let wanted = std::any::type_name::<E>();
        match self {
            Err(CallError::Failed(Failure::Reverted(error))) => error,
            Ok(value) => panic!("expected a revert with {wanted}; the call succeeded with {value:?}"),
            Err(other) => panic!("expected a revert with {wanted}; {other}; {HINT}"),
        }
    }
}

impl<V, E: Debug> ExpectRevert for Result<V, DeployError<E>> {
    type Error = E;

    #[track_caller]
    fn expect_revert(self) -> E {
        let wanted = std::any::type_name::<E>();
        match self {
            Err(DeployError::Failed(Failure::Reverted(error))) => error,
            Ok(_) => panic!("expected a revert with {wanted}; the contract was deployed"),
            Err(other) => panic!("expected a revert with {wanted}; {other}; {HINT}"),
        }
    }
}
