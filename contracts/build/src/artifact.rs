//! An artifact: `NAME.wasm`, `NAME.json` and a row of `manifest.toml`, in memory until they are written.
//!
//! `NAME.json` is the ABI JSON as the contract macro wrote it, byte for byte: its keccak-256 stands in the module's
//! metadata.
//!
//! Guarantees that each file is replaced whole: written beside its place, then renamed.

use std::path::{Path, PathBuf};

use alloy_json_abi::JsonAbi;
use alloy_primitives::{hex, keccak256};

use crate::check::{self, Accepted};
use crate::difference::{self, Difference};
use crate::error::BuildError;
use crate::manifest::{MANIFEST, Manifest, Row};
use crate::project::{Package, Project};
use crate::strip::{ABI_SECTION, Stripped, Symbols, strip};
use crate::toolchain::Toolchain;
use crate::{compile, recipe, source};

/// The extension of a module that an author debugs with.
pub const DEBUG_EXTENSION: &str = "debug.wasm";

/// Characters of a contract's name, which becomes a file's name.
const NAME_CHARS_MAX: usize = 64;

/// What a contract crate becomes.
#[derive(Clone, Debug)]
pub struct Artifact {
    name: String,
    folder: PathBuf,
    module: Vec<u8>,
    debug_module: Vec<u8>,
    abi_json: Vec<u8>,
    accepted: Accepted,
    row: Row,
}

impl Artifact {
    pub(crate) fn build(project: &Project, package: &Package, toolchain: &Toolchain) -> Result<Self, BuildError> {
        let linked = compile::compile(project, package, toolchain)?;
        let malformed = |detail: String| BuildError::Module { package: package.name().to_owned(), detail };
        let stripped = |symbols| strip(&linked.module, symbols).map_err(|error| malformed(error.to_string()));
        let Stripped { module, abi } = stripped(Symbols::Drop)?;
        let named_module = stripped(Symbols::Names)?.module;
        let debug_module = stripped(Symbols::Lines)?.module;
        let accepted = check::check_deployed(package, &module, &named_module)?;
        if let Some(path) = named_folder(&module, &linked.folders) {
            return Err(BuildError::LocalPath { package: package.name().to_owned(), path });
        }
        let abi_json = abi.ok_or_else(|| malformed(format!("no custom section `{ABI_SECTION}`: is it a contract?")))?;
        serde_json::from_slice::<JsonAbi>(&abi_json)
            .map_err(|error| malformed(format!("custom section `{ABI_SECTION}` is no ABI JSON: {error}")))?;
        let metadata = accepted.info.metadata.as_ref().ok_or_else(|| malformed("no metadata section".to_owned()))?;
        let name = file_name(&metadata.name)
            .ok_or_else(|| malformed(format!("`{}` cannot be a file's name", metadata.name.escape_default())))?;
        if metadata.abi_hash != keccak256(&abi_json).0 {
            return Err(malformed("the metadata's ABI hash is not that of the ABI JSON".to_owned()));
        }
        let row = Row {
            package: package.name().to_owned(),
            code_hash: keccak256(&module).to_string(),
            bytes: module.len(),
            source_hash: hex::encode(source::source_hash(project, package)?.as_bytes()),
            toolchain: recipe::TOOLCHAIN.to_owned(),
        };
        Ok(Self { name, folder: package.artifacts_folder(), module, debug_module, abi_json, accepted, row })
    }

    /// Returns the contract's name, which is also its files' name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the module.
    pub fn module(&self) -> &[u8] {
        &self.module
    }

    /// Returns what the upload check learned.
    pub fn accepted(&self) -> &Accepted {
        &self.accepted
    }

    /// Returns the row of the manifest.
    pub fn row(&self) -> &Row {
        &self.row
    }

    /// Returns the path of `NAME.wasm`.
    pub fn module_path(&self) -> PathBuf {
        self.folder.join(&self.name).with_extension("wasm")
    }

    /// Returns the path of `NAME.json`.
    pub fn abi_path(&self) -> PathBuf {
        self.folder.join(&self.name).with_extension("json")
    }

    /// Writes module, ABI and manifest; the other rows of the manifest stay.
    ///
    /// # Errors
    /// `Io`, or `Manifest` if the one that is there does not parse.
    pub fn write(&self) -> Result<(), BuildError> {
        std::fs::create_dir_all(&self.folder).map_err(BuildError::io("write", &self.folder))?;
        let mut manifest = Manifest::read(&self.folder)?;
        // A contract that was renamed leaves no row behind.
        manifest.rows.retain(|name, row| *name == self.name || row.package != self.row.package);
        manifest.rows.insert(self.name.clone(), self.row.clone());
        replace(&self.module_path(), &self.module)?;
        replace(&self.abi_path(), &self.abi_json)?;
        replace(&self.folder.join(MANIFEST), manifest.text()?.as_bytes())
    }

    /// Returns the module with the names of its functions and the lines of its source. Without those sections it is
    /// [`Artifact::module`], byte for byte.
    pub fn debug_module(&self) -> &[u8] {
        &self.debug_module
    }

    /// Writes `NAME.debug.wasm` beside `NAME.wasm`; returns its path. No manifest names it.
    ///
    /// # Errors
    /// `Io`.
    pub fn write_debug(&self) -> Result<PathBuf, BuildError> {
        let path = self.folder.join(&self.name).with_extension(DEBUG_EXTENSION);
        std::fs::create_dir_all(&self.folder).map_err(BuildError::io("write", &self.folder))?;
        replace(&path, &self.debug_module)?;
        Ok(path)
    }

    /// Compares with the files that are there.
    ///
    /// # Errors
    /// `Io`, or `Manifest` if the one that is there does not parse.
    pub fn differences(&self) -> Result<Vec<Difference>, BuildError> {
        let mut found = Vec::new();
        found.extend(difference::file(&self.module_path(), &self.module)?);
        found.extend(difference::file(&self.abi_path(), &self.abi_json)?);
        let manifest = Manifest::read(&self.folder)?;
        found.extend(difference::row(
            &self.folder.join(MANIFEST),
            &self.name,
            manifest.rows.get(&self.name),
            &self.row,
        ));
        Ok(found)
    }

    /// Finds what a folder's manifest or files name and none of the artifacts is: what a removed contract left behind.
    ///
    /// # Errors
    /// `Io`, or `Manifest` if a manifest does not parse.
    pub fn leftovers(artifacts: &[Self]) -> Result<Vec<Difference>, BuildError> {
        let mut folders: Vec<_> = artifacts.iter().map(|artifact| artifact.folder.as_path()).collect();
        folders.sort_unstable();
        folders.dedup();
        let mut found = Vec::new();
        for folder in folders {
            let known =
                |name: &str| artifacts.iter().any(|artifact| artifact.folder == folder && artifact.name == name);
            found.extend(difference::leftovers(folder, known)?);
        }
        Ok(found)
    }
}

/// Accepts what may be a file's name on any system.
fn file_name(name: &str) -> Option<String> {
    let safe = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (!name.is_empty() && name.len() <= NAME_CHARS_MAX && name.chars().all(safe)).then(|| name.to_owned())
}

/// Finds the first folder of this machine whose path stands in the module.
fn named_folder(module: &[u8], folders: &[PathBuf]) -> Option<String> {
    folders
        .iter()
        .filter_map(|folder| folder.to_str())
        .filter(|path| path.len() > 1)
        .find_map(|path| module.windows(path.len()).any(|window| window == path.as_bytes()).then(|| path.to_owned()))
}

fn replace(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    std::fs::write(&beside, bytes).map_err(BuildError::io("write", &beside))?;
    std::fs::rename(&beside, path).map_err(BuildError::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::{file_name, named_folder};

    #[test]
    fn a_name_that_leaves_the_folder_is_refused() {
        assert_eq!(file_name("token_v2").as_deref(), Some("token_v2"));
        for name in ["", "..", "../token", "a/b", "a\\b", "tok\u{1b}en", &"x".repeat(65)] {
            assert_eq!(file_name(name), None, "{name:?}");
        }
    }

    #[test]
    fn a_folder_of_this_machine_is_found_in_a_module() {
        let folders = ["/home/ann/token".into(), "/".into()];
        assert_eq!(
            named_folder(b"..panicked at /home/ann/token/src/lib.rs", &folders).as_deref(),
            Some("/home/ann/token")
        );
        assert_eq!(named_folder(b"..panicked at /contract/src/lib.rs", &folders), None);
    }
}
