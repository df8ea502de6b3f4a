//! Why a comparison could not be made. A figure that falls short is no failure: the table says so.

use florin_benches::ledger::WorkloadError;
use florin_runtime::fault::Fault;
use florin_runtime::vm::LoadError;
use thiserror::Error;

/// Why nothing was measured.
#[derive(Debug, Error)]
pub enum Failure {
    /// A workload of ours could not be made or failed.
    #[error(transparent)]
    Workload(#[from] WorkloadError),
    /// Our host failed.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Our machine refused a module.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A module in text does not assemble.
    #[error(transparent)]
    Text(#[from] wat::Error),
    /// The system refused.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The system's answer.
        error: std::io::Error,
    },
    /// Another process did not do its part.
    #[error("{who}: {detail}")]
    Process {
        /// Which one.
        who: &'static str,
        /// What went wrong, and what to do.
        detail: String,
    },
    /// What was measured did not do what it was measured for.
    #[error("{0}")]
    Wrong(String),
}

impl Failure {
    /// Returns what tells of a system's refusal.
    pub fn system(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::System { what, error }
    }
}
