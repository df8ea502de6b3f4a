//! Finding the Wasm of a contract: the very bytes that the chain runs, never a build on the side.
//!
//! ```text
//! <crate folder>/artifacts/<name>.wasm        a contract in a repository of its own
//! <crate folder>/../artifacts/<name>.wasm     one of several contracts side by side
//! ```

use std::path::{Path, PathBuf};

use florin_sdk::Contract;
use thiserror::Error;

/// Why there is no Wasm to deploy.
#[derive(Debug, Error)]
pub enum ArtifactError {
    /// The contract was never built.
    #[error(
        "contract `{name}` has no artifact: neither {first} nor {second} exists; build it with `florin contract build {manifest_dir}`"
    )]
    Missing {
        /// The contract.
        name: &'static str,
        /// The first place.
        first: String,
        /// The second place.
        second: String,
        /// The contract's crate.
        manifest_dir: &'static str,
    },
    /// The artifact exists and cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the operating system says.
        source: std::io::Error,
    },
}

/// Reads the artifact of a contract.
///
/// # Errors
/// Names both places if there is none.
pub fn artifact<C: Contract>() -> Result<Vec<u8>, ArtifactError> {
    Ok(find::<C>()?.1)
}

/// Reads the artifact of a contract; returns where it lies, too.
pub(crate) fn find<C: Contract>() -> Result<(PathBuf, Vec<u8>), ArtifactError> {
    let [first, second] = places(C::MANIFEST_DIR, C::NAME);
    for path in [&first, &second] {
        match std::fs::read(path) {
            Ok(wasm) => return Ok((path.clone(), wasm)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(ArtifactError::Unreadable { path: path.display().to_string(), source }),
        }
    }
    Err(ArtifactError::Missing {
        name: C::NAME,
        first: first.display().to_string(),
        second: second.display().to_string(),
        manifest_dir: C::MANIFEST_DIR,
    })
}

fn places(manifest_dir: &str, name: &str) -> [PathBuf; 2] {
    let folder = Path::new(manifest_dir);
    let file = format!("{name}.wasm");
    let beside = folder.parent().unwrap_or(folder);
    [folder.join("artifacts").join(&file), beside.join("artifacts").join(&file)]
}
