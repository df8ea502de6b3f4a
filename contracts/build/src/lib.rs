//! From a contract crate to its artifact: a checked, stripped, reproducible module, its ABI and a row of the manifest.
//!
//! Guarantees that the same sources and lock file give the same bytes in any folder and on any machine with the pinned
//! toolchain, and that no artifact is written which the chain would refuse. Costs one release build of the crate and
//! its dependencies, kept apart from the build of the host under `target/contracts`.
//!
//! The way of an artifact: [`project`] (which crate) -> [`toolchain`] (which compiler) -> [`recipe`] (which flags) ->
//! [`compile`] (linked module) -> [`strip`] (module and ABI) -> [`check`] (upload rules) -> [`artifact`] (files) ->
//! [`manifest`]. [`source`] hashes what an artifact is made of, so that a stale one is noticed without a compiler.

pub mod artifact;
pub mod check;
mod compile;
pub mod difference;
pub mod error;
pub mod manifest;
pub mod project;
pub mod recipe;
pub mod source;
pub mod strip;
mod toolchain;

use std::path::Path;

pub use artifact::Artifact;
pub use difference::Difference;
pub use error::BuildError;
pub use project::{Package, Project};
pub use toolchain::Toolchain;

/// Which contracts to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The one crate in the given folder.
    Crate,
    /// Every crate of the workspace that says `[package.metadata.florin] contract = true`.
    Workspace,
}

/// Builds the contracts in `path` and returns their artifacts, sorted by package; writes nothing but the target folder.
///
/// # Errors
/// Whatever keeps a contract from becoming an artifact; [`BuildError::help`] says what to do about it.
pub fn build(path: &Path, scope: Scope) -> Result<Vec<Artifact>, BuildError> {
    let project = Project::open(path)?;
    let packages = project.select(path, scope)?;
    let toolchain = Toolchain::find()?;
    project.ensure_lock(&toolchain)?;
    packages.into_iter().map(|package| Artifact::build(&project, package, &toolchain)).collect()
}
