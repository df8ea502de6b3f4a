//! `manifest.toml`, the table of a folder's artifacts.
//!
//! Guarantees one row a contract, sorted by name, so that the same artifacts give the same text.
//!
//! ```toml
//! [token]
//! package = "florin-token"
//! code_hash = "0x…"      # keccak-256 of token.wasm: the code hash on the chain
//! bytes = 18213          # size of token.wasm
//! source_hash = "…"      # BLAKE3 over sources, lock entries and recipe
//! toolchain = "1.95.0"   # release of Rust
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::BuildError;

/// The file's name.
pub const MANIFEST: &str = "manifest.toml";

const HEADER: &str = "# Written by `florin contract build`; `florin contract build --all --check` proves it.\n";

/// The rows, by name of the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Manifest {
    /// The rows.
    pub rows: BTreeMap<String, Row>,
}

/// One artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The package that it is built from.
    pub package: String,
    /// keccak-256 of the module, `0x` and 64 hex digits: the code hash on the chain.
    pub code_hash: String,
    /// Size of the module in bytes.
    pub bytes: usize,
    /// What it was built from: see [`crate::source`].
    pub source_hash: String,
    /// The release of Rust that built it.
    pub toolchain: String,
}

impl Manifest {
    /// Reads the manifest of a folder; an absent one is empty.
    ///
    /// # Errors
    /// `Manifest` if it does not parse, `Io` if it cannot be read.
    pub fn read(folder: &Path) -> Result<Self, BuildError> {
        let path = folder.join(MANIFEST);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(BuildError::io("read", path)(error)),
        };
        toml::from_str(&text).map_err(|error| BuildError::Manifest { path, detail: error.to_string() })
    }

    /// Returns the file's text.
    ///
    /// # Errors
    /// `Manifest` if a row cannot be written as TOML.
    pub fn text(&self) -> Result<String, BuildError> {
        let rows = toml::to_string(self)
            .map_err(|error| BuildError::Manifest { path: MANIFEST.into(), detail: error.to_string() })?;
        Ok(format!("{HEADER}\n{rows}"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{MANIFEST, Manifest, Row};
    use crate::error::BuildError;

    #[test]
    fn a_manifest_reads_back_as_it_was_written() {
        let row = |package: &str| Row {
            package: package.to_owned(),
            code_hash: format!("0x{:064}", 7),
            bytes: 18_213,
            source_hash: "5".repeat(64),
            toolchain: "1.95.0".to_owned(),
        };
        let rows = [("token".to_owned(), row("florin-token")), ("claims".to_owned(), row("florin-claims"))];
        let manifest = Manifest { rows: rows.into() };
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), Manifest::default());
        std::fs::write(folder.path().join(MANIFEST), manifest.text().unwrap()).unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), manifest);
        assert!(manifest.text().unwrap().find("[claims]") < manifest.text().unwrap().find("[token]"));
    }

    #[test]
    fn a_broken_manifest_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(MANIFEST), "[token]\nbytes = \"many\"").unwrap();
        let error = Manifest::read(folder.path()).unwrap_err();
        assert!(matches!(&error, BuildError::Manifest { path, .. } if path.ends_with(MANIFEST)), "{error}");
    }
}
