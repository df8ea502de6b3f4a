//! Why a contract does not become an artifact, and what its author can do about it.

use std::path::PathBuf;

use florin_runtime::vm::Refusal;
use thiserror::Error;

use crate::recipe;

/// A build that failed. What a *check* found wrong is no error but a [`crate::Difference`].
#[derive(Debug, Error)]
pub enum BuildError {
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: `read`, `write`, `list`, `run`.
        action: &'static str,
        /// The file, folder or program.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder holds no `Cargo.toml`.
    #[error("{} is not a crate: it holds no Cargo.toml", path.display())]
    NoCrate {
        /// The folder.
        path: PathBuf,
    },
    /// The folder is the root of a workspace and no crate itself.
    #[error("{} is a workspace, not a crate", path.display())]
    Workspace {
        /// The folder.
        path: PathBuf,
        /// The folders of its contracts.
        contracts: Vec<PathBuf>,
    },
    /// `--all`, and nothing to build.
    #[error("no crate of the workspace {} is marked as a contract", path.display())]
    NoContracts {
        /// The workspace's root.
        path: PathBuf,
    },
    /// The crate has no library.
    #[error("package {package} has no library target")]
    NoLibrary {
        /// The package.
        package: String,
    },
    /// Cargo could not read the project.
    #[error("cargo cannot read the project: {detail}")]
    Metadata {
        /// What cargo said.
        detail: String,
    },
    /// The lock file is missing or does not parse.
    #[error("{} is no lock file: {detail}", path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// No toolchain of the pinned release.
    #[error("contracts are built by Rust {}, found {found}", recipe::TOOLCHAIN)]
    ToolchainMissing {
        /// What there is: a release, or `none`.
        found: String,
    },
    /// The toolchain cannot build Wasm.
    #[error("the Rust target {} is not installed", recipe::TARGET)]
    TargetMissing {
        /// The command that installs it.
        install: String,
    },
    /// Cargo or the compiler failed; it has told why on standard error.
    #[error("package {package} does not compile for {}", recipe::TARGET)]
    Compile {
        /// The package.
        package: String,
    },
    /// What was linked is no module that can be stripped.
    #[error("package {package}: {detail}")]
    Module {
        /// The package.
        package: String,
        /// What is wrong with the module.
        detail: String,
    },
    /// The module names a folder of this machine.
    #[error("package {package}: the module contains the path {path}")]
    LocalPath {
        /// The package.
        package: String,
        /// The path.
        path: String,
    },
    /// The chain would refuse the module.
    #[error("package {package}: the module is refused: {refusal}")]
    Refused {
        /// The package.
        package: String,
        /// Which rule it breaks, and where.
        refusal: Box<Refusal>,
    },
    /// The manifest does not parse.
    #[error("{} is no manifest of artifacts: {detail}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
}

impl BuildError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    /// Returns what the author can do about it, where that is known.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NoCrate { .. } => "name the folder of a contract crate, or pass --all in a workspace".to_owned(),
            Self::Workspace { contracts, .. } if contracts.is_empty() => {
                "name the folder of a contract crate".to_owned()
            }
            Self::Workspace { contracts, .. } => {
                let folders: Vec<_> = contracts.iter().map(|folder| folder.display().to_string()).collect();
                format!("pass --all, or name one of: {}", folders.join(", "))
            }
            Self::NoContracts { .. } => {
                "mark a contract crate in its Cargo.toml: [package.metadata.florin] contract = true".to_owned()
            }
            Self::NoLibrary { .. } => "a contract is a library: put it in src/lib.rs".to_owned(),
            Self::ToolchainMissing { .. } => {
                format!("rustup toolchain install {} --target {}", recipe::TOOLCHAIN, recipe::TARGET)
            }
            Self::TargetMissing { install } => install.clone(),
            Self::Lock { .. } => "run `cargo generate-lockfile`".to_owned(),
            Self::LocalPath { .. } => {
                "the bytes would differ from machine to machine: do not use `env!` or `include!` with absolute paths"
                    .to_owned()
            }
            Self::Refused { refusal, .. } => refusal.fix(),
            Self::Manifest { .. } => "remove it and build again with --all".to_owned(),
            Self::Io { .. } | Self::Metadata { .. } | Self::Compile { .. } | Self::Module { .. } => return None,
        })
    }
}
