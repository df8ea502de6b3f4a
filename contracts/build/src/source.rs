//! The source hash: a fingerprint of everything that a contract's bytes depend on.
//!
//! Guarantees that it is computed from files alone, without a compiler, a target or the network, so that any test run
//! notices an artifact that was not rebuilt. It covers the recipe; for the crate and each dependency by path the name,
//! release, edition, features, dependencies and every file under the folders of its library and build script; and the
//! lock file's rows of all other dependencies. It may change where the bytes do not; never the other way round, but
//! for a file that a crate includes from outside its `src`.
//!
//! BLAKE3 over fields, each `length (u64, little-endian) | bytes`, so that no two lists of fields collide.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use blake3::Hasher;
use serde::{Deserialize, Serialize};

use crate::error::BuildError;
use crate::project::{Dependency, Package, Project};
use crate::recipe;

const DOMAIN: &str = "florin/source/1";

/// Computes the hash of a contract crate.
///
/// # Errors
/// `Io` if a source cannot be read, `Lock` if the lock file is missing or broken.
pub fn source_hash(project: &Project, package: &Package) -> Result<blake3::Hash, BuildError> {
    let mut hasher = Hasher::new();
    field(&mut hasher, DOMAIN.as_bytes());
    field(&mut hasher, recipe::text().as_bytes());
    let closure = project.path_closure(package)?;
    for package in &closure {
        field(&mut hasher, &description(package)?);
        for (path, name) in files(package)? {
            field(&mut hasher, name.as_bytes());
            field(&mut hasher, &std::fs::read(&path).map_err(BuildError::io("read", &path))?);
        }
    }
    for row in locked(&project.lock(), &closure)? {
        field(&mut hasher, row.as_bytes());
    }
    Ok(hasher.finalize())
}

fn field(hasher: &mut Hasher, bytes: &[u8]) {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    hasher.update(&length.to_le_bytes()).update(bytes);
}

/// What of the manifest the bytes depend on, in a form that does not depend on how it is written.
fn description(package: &Package) -> Result<Vec<u8>, BuildError> {
    #[derive(Serialize)]
    struct Description<'a> {
        name: &'a str,
        version: &'a str,
        edition: &'a str,
        features: &'a BTreeMap<String, Vec<String>>,
        dependencies: Vec<&'a Dependency>,
    }
    let mut dependencies: Vec<_> = package.build_dependencies().collect();
    dependencies.sort_by_key(|dependency| (&dependency.name, &dependency.kind, &dependency.target, &dependency.rename));
    let Package { name, version, edition, features, .. } = package;
    serde_json::to_vec(&Description { name, version, edition, features, dependencies })
        .map_err(|error| BuildError::Metadata { detail: error.to_string() })
}

/// Lists the files beside and below the roots of what is compiled, with their names relative to the crate, sorted.
fn files(package: &Package) -> Result<BTreeSet<(PathBuf, String)>, BuildError> {
    let mut found = BTreeSet::new();
    for root in package.roots() {
        let folder = root.parent().unwrap_or(root);
        // A build script stands in the crate's own folder, whose other files are no sources.
        if folder == package.folder() {
            found.insert((root.to_owned(), relative(package, root)));
        } else {
            walk(package, folder, &mut found)?;
        }
    }
    Ok(found)
}

fn walk(package: &Package, folder: &Path, found: &mut BTreeSet<(PathBuf, String)>) -> Result<(), BuildError> {
    for entry in folder.read_dir().map_err(BuildError::io("list", folder))? {
        let path = entry.map_err(BuildError::io("list", folder))?.path();
        if path.is_dir() {
            walk(package, &path, found)?;
        } else {
            found.insert((path.clone(), relative(package, &path)));
        }
    }
    Ok(())
}

fn relative(package: &Package, path: &Path) -> String {
    let parts = path.strip_prefix(package.folder()).unwrap_or(path).components();
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default, rename = "package")]
    packages: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

impl Locked {
    /// Tells whether an entry of `dependencies`, `name [version [(source)]]`, means this package.
    fn is(&self, entry: &str) -> bool {
        let mut words = entry.split(' ');
        words.next() == Some(self.name.as_str()) && words.next().is_none_or(|version| version == self.version)
    }
}

/// Returns the rows of everything that the crates depend on and that is none of them, one line each, sorted.
fn locked(path: &Path, closure: &[Package]) -> Result<BTreeSet<String>, BuildError> {
    let broken = |detail: String| BuildError::Lock { path: path.to_owned(), detail };
    let text = std::fs::read_to_string(path).map_err(|error| broken(error.to_string()))?;
    let lock: Lock = toml::from_str(&text).map_err(|error| broken(error.to_string()))?;
    let mut rows = BTreeSet::new();
    let mut open: Vec<&Locked> = Vec::new();
    for package in closure {
        let row = lock.packages.iter().find(|row| row.source.is_none() && row.name == package.name);
        let row = row.ok_or_else(|| broken(format!("no entry for {}", package.name)))?;
        for dependency in package.build_dependencies().filter(|dependency| dependency.path.is_none()) {
            let entries = row.dependencies.iter().filter(|entry| entry.split(' ').next() == Some(&dependency.name));
            open.extend(entries.flat_map(|entry| lock.packages.iter().filter(|row| row.is(entry))));
        }
    }
    while let Some(row) = open.pop() {
        let Locked { name, version, source, checksum, dependencies } = row;
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        if rows.insert(format!("{name} {version} {} {}", text(source), text(checksum))) {
            open.extend(dependencies.iter().flat_map(|entry| lock.packages.iter().filter(|row| row.is(entry))));
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests;
