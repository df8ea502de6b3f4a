//! What the fuzzer throws bytes at: one function a target, which panics on a finding.
//!
//! Guarantees that a target is a function of its bytes alone and needs no fuzzer: `tests/fuzz` hands these functions to
//! libFuzzer, and the default tests replay its corpus on them. Each returns whether the bytes came as far as what the target
//! is for, so that a corpus which tests nothing shows. Built by the feature `reference` only.
//!
//! - [`validate()`]: the upload check, and loading what it accepts.
//! - [`instrument()`]: the metering pass, by any module.
//! - [`differential()`]: generated contracts on every engine.
//! - [`imports()`]: the host functions, by any arguments.
//! - [`cache_file()`]: the files of compiled code.

mod cache_file;
mod differential;
mod imports;
mod instrument;
mod validate;

pub use cache_file::cache_file;
pub use differential::differential;
pub use imports::imports;
pub use instrument::instrument;
pub use validate::validate;

use florin_runtime::florin_abi::Status;

use crate::reference::engines::{Difference, Engines, Seen};

/// A target: from bytes to whether they came as far as what it is for.
pub type Target = fn(&[u8]) -> bool;

/// Every target, by the name of its corpus and of its program.
pub const TARGETS: [(&str, Target); 5] = [
    ("validate", validate),
    ("instrument", instrument),
    ("differential", differential),
    ("imports", imports),
    ("cache_file", cache_file),
];

thread_local! {
    /// Setting engines up costs more than a run.
    static ENGINES: Engines = Engines::new().unwrap_or_else(|fault| panic!("{fault}"));
}

/// Lends the engines.
fn with_engines<T>(run: impl FnOnce(&Engines) -> T) -> T {
    ENGINES.with(run)
}

/// Returns what the engines agree on.
///
/// # Panics
/// If they do not agree, or agree on a panic of the host.
fn agreed(compared: Result<Seen, Box<Difference>>) -> Seen {
    let seen = compared.unwrap_or_else(|difference| panic!("{difference}"));
    assert_ne!(seen.ending, Status::Internal.name(), "the host panicked");
    seen
}
