//! Which crates there are: a view of a cargo workspace, or of an author's single crate, without resolving anything.
//!
//! Guarantees that reading it needs no network, no compiler target and no downloaded dependency.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::error::BuildError;
use crate::toolchain::Toolchain;
use crate::{Scope, recipe};

/// The folder of the artifacts, inside a crate or beside it.
const ARTIFACTS: &str = "artifacts";

/// A cargo workspace; an author's single crate is a workspace of one.
#[derive(Debug, Deserialize)]
pub struct Project {
    #[serde(rename = "workspace_root")]
    root: PathBuf,
    packages: Vec<Package>,
}

/// A crate of the workspace, as cargo reads its manifest.
#[derive(Clone, Debug, Deserialize)]
pub struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) edition: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    targets: Vec<Target>,
    metadata: Option<Metadata>,
}

/// A dependency as the manifest asks for it, workspace inheritance applied.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) rename: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) req: String,
    pub(crate) optional: bool,
    pub(crate) uses_default_features: bool,
    pub(crate) features: Vec<String>,
    #[serde(skip_serializing)]
    pub(crate) path: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
struct Metadata {
    florin: Option<Mark>,
}

#[derive(Clone, Debug, Deserialize)]
struct Mark {
    #[serde(default)]
    contract: bool,
}

impl Project {
    /// Reads the workspace that the folder belongs to.
    ///
    /// # Errors
    /// `NoCrate` if there is no manifest; `Metadata` if cargo cannot read it.
    pub fn open(path: &Path) -> Result<Self, BuildError> {
        let manifest = path.join("Cargo.toml");
        if !manifest.is_file() {
            return Err(BuildError::NoCrate { path: path.to_owned() });
        }
        let output = Command::new("cargo")
            .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
            .arg(&manifest)
            .stdin(Stdio::null())
            .output()
            .map_err(BuildError::io("run", "cargo"))?;
        if !output.status.success() {
            let detail = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(BuildError::Metadata { detail });
        }
        let mut project: Self = serde_json::from_slice(&output.stdout)
            .map_err(|error| BuildError::Metadata { detail: error.to_string() })?;
        project.packages.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(project)
    }

    /// Returns the workspace's root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the crates that are marked as contracts, sorted by name.
    pub fn contracts(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.is_contract())
    }

    /// Returns the crate in a folder.
    pub fn package_in(&self, folder: &Path) -> Option<&Package> {
        let folder = folder.canonicalize().ok()?;
        self.packages.iter().find(|package| package.folder().canonicalize().is_ok_and(|found| found == folder))
    }

    /// Returns the crates to build.
    ///
    /// # Errors
    /// `Workspace` if the folder is no crate, `NoContracts` if nothing in the workspace is marked as a contract.
    pub fn select(&self, path: &Path, scope: Scope) -> Result<Vec<&Package>, BuildError> {
        match scope {
            Scope::Crate => {
                let contracts = || self.contracts().map(|package| package.folder().to_owned()).collect();
                let package = self
                    .package_in(path)
                    .ok_or_else(|| BuildError::Workspace { path: path.to_owned(), contracts: contracts() })?;
                Ok(vec![package])
            }
            Scope::Workspace => {
                let packages: Vec<_> = self.contracts().collect();
                if packages.is_empty() {
                    return Err(BuildError::NoContracts { path: self.root.clone() });
                }
                Ok(packages)
            }
        }
    }

    /// Returns the crate's dependencies by path, and theirs, the crate itself included, sorted by name. Dependencies
    /// of tests do not count.
    ///
    /// # Errors
    /// Those of [`Project::open`] for a dependency outside the workspace.
    pub fn path_closure(&self, package: &Package) -> Result<Vec<Package>, BuildError> {
        let mut found = BTreeMap::from([(package.name.clone(), package.clone())]);
        let mut open = vec![package.clone()];
        while let Some(next) = open.pop() {
            for dependency in next.build_dependencies() {
                let Some(path) = &dependency.path else { continue };
                if found.contains_key(&dependency.name) {
                    continue;
                }
                let package = match self.package_in(path) {
                    Some(package) => package.clone(),
                    None => Self::open(path)?
                        .package_in(path)
                        .cloned()
                        .ok_or_else(|| BuildError::NoCrate { path: path.clone() })?,
                };
                found.insert(dependency.name.clone(), package.clone());
                open.push(package);
            }
        }
        Ok(found.into_values().collect())
    }

    /// Returns the lock file's path.
    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("Cargo.lock")
    }

    /// Returns the target folder of contract builds: apart from the host's, so that neither invalidates the other.
    pub(crate) fn target_folder(&self) -> PathBuf {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from);
        target.join(recipe::TARGET_FOLDER)
    }

    /// Writes a first lock file where there is none. An existing one is never changed.
    ///
    /// # Errors
    /// `Metadata` if cargo cannot resolve the dependencies.
    pub(crate) fn ensure_lock(&self, toolchain: &Toolchain) -> Result<(), BuildError> {
        if self.lock().is_file() {
            return Ok(());
        }
        let output = toolchain
            .cargo()
            .args(["generate-lockfile", "--manifest-path"])
            .arg(self.root.join("Cargo.toml"))
            .output()
            .map_err(BuildError::io("run", "cargo"))?;
        if output.status.success() {
            return Ok(());
        }
        Err(BuildError::Metadata { detail: String::from_utf8_lossy(&output.stderr).trim().to_owned() })
    }
}

impl Package {
    /// Returns the package's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tells whether the manifest says `[package.metadata.florin] contract = true`.
    pub fn is_contract(&self) -> bool {
        self.metadata.as_ref().and_then(|metadata| metadata.florin.as_ref()).is_some_and(|mark| mark.contract)
    }

    /// Returns the crate's folder.
    pub fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    /// Returns the folder of the crate's artifacts: `artifacts` in the crate, or beside it where only that exists. The
    /// sandbox looks in the same two places in the same order.
    pub fn artifacts_folder(&self) -> PathBuf {
        let inside = self.folder().join(ARTIFACTS);
        let beside = self.folder().parent().map(|parent| parent.join(ARTIFACTS));
        beside.filter(|beside| beside.is_dir() && !inside.is_dir()).unwrap_or(inside)
    }

    /// Returns the root files of what is compiled: the library's, and the build script's if there is one.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &Path> {
        let compiled = |target: &&Target| {
            target
                .kind
                .iter()
                .any(|kind| matches!(kind.as_str(), "lib" | "rlib" | "cdylib" | "proc-macro" | "custom-build"))
        };
        self.targets.iter().filter(compiled).map(|target| target.src_path.as_path())
    }

    /// Tells whether there is a library that can be linked as a module.
    pub(crate) fn has_library(&self) -> bool {
        self.targets
            .iter()
            .flat_map(|target| &target.kind)
            .any(|kind| matches!(kind.as_str(), "lib" | "rlib" | "cdylib"))
    }

    /// Returns the dependencies of the library and of the build script, not those of tests.
    pub(crate) fn build_dependencies(&self) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().filter(|dependency| dependency.kind.as_deref() != Some("dev"))
    }
}
