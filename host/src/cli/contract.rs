//! `florin contract`: from a contract crate to an artifact, and from an artifact to a verdict.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use florin_abi::limits::CODE_BYTES_MAX;
use florin_build::check::{Accepted, check_file};
use florin_build::{Artifact, Scope};
use florin_runtime::vm::Sanitised;

use crate::cli::{Failure, Output};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Build a contract crate into a checked, stripped, reproducible module, its ABI and a row of the manifest.
    Build(Build),
    /// Check a module by the rules of the chain.
    Check(Check),
}

#[derive(Debug, Args)]
pub(super) struct Build {
    /// Folder of the contract crate, or with --all of its workspace [default: the nearest that holds a Cargo.toml].
    path: Option<PathBuf>,
    /// Build every crate of the workspace that is marked with `[package.metadata.florin] contract = true`.
    #[arg(long)]
    all: bool,
    /// Write nothing: compare with the artifacts that are there, byte for byte; exit with 7 if one differs.
    #[arg(long)]
    check: bool,
    /// Also write NAME.debug.wasm: the same code with the names of its functions and the lines of its source, for `florin trace`.
    #[arg(long, conflicts_with = "check")]
    debug: bool,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// The module.
    file: PathBuf,
}

impl Command {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Build(build) => build.run(output),
            Self::Check(check) => check.run(output),
        }
    }
}

impl Build {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        let scope = if self.all { Scope::Workspace } else { Scope::Crate };
        let path = self.path.clone().unwrap_or_else(nearest);
        let artifacts = florin_build::build(&path, scope)?;
        if self.check {
            verify(&artifacts, scope)?;
        }
        for artifact in &artifacts {
            if !self.check {
                artifact.write()?;
            }
            if self.debug {
                let path = artifact.write_debug()?;
                // A closed standard error leaves nobody to tell.
                let _ = writeln!(std::io::stderr(), "to debug with: {}", shown(&path).display());
            }
            let (name, size) = (artifact.name(), size(artifact.accepted().bytes));
            let path = artifact.module_path();
            output.line(format_args!("{name:<12} {size}  {}  {}", artifact.row().code_hash, shown(&path).display()))?;
        }
        Ok(())
    }
}

impl Check {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        let file = self.file.display();
        match check_file(&self.file)? {
            Ok(Accepted { bytes, info }) => {
                let name = info.metadata.as_ref().map(|metadata| format!("{}, ", Sanitised::new(&metadata.name)));
                let name = name.unwrap_or_default();
                let (from, to) = (info.memory_pages_min, info.memory_pages_max);
                output.line(format_args!("{file}: accepted: {name}{}, memory {from} to {to} pages", size(bytes)))
            }
            Err(refusal) => Err(Failure::CheckFailed {
                message: format!("{file} is refused: {refusal}"),
                findings: Vec::new(),
                help: Some(refusal.fix()),
            }),
        }
    }
}

fn verify(artifacts: &[Artifact], scope: Scope) -> Result<(), Failure> {
    let mut differences = Vec::new();
    for artifact in artifacts {
        differences.extend(artifact.differences()?);
    }
    if scope == Scope::Workspace {
        differences.extend(Artifact::leftovers(artifacts)?);
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(Failure::CheckFailed {
        message: "the artifacts are not what the sources give".to_owned(),
        findings: differences.iter().map(ToString::to_string).collect(),
        help: Some("build without --check, look at what changed, and commit it".to_owned()),
    })
}

/// Returns the working folder or the nearest one above it that holds a manifest, as cargo looks for it.
fn nearest() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let found = here.ancestors().find(|folder| folder.join("Cargo.toml").is_file()).map(Path::to_owned);
    found.unwrap_or_else(|| PathBuf::from("."))
}

/// Shortens a path below the working folder.
fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_owned()
}

/// A size beside its limit: `18213 bytes (1.7 % of 1048576)`.
fn size(bytes: usize) -> String {
    let limit = u64::from(CODE_BYTES_MAX);
    let per_mille =
        u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(1000).checked_div(limit).unwrap_or_default();
    format!("{bytes} bytes ({}.{} % of {CODE_BYTES_MAX})", per_mille / 10, per_mille % 10)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn a_size_is_told_beside_its_limit() {
        assert_eq!(size(18_213), "18213 bytes (1.7 % of 1048576)");
        assert_eq!(size(1 << 20), "1048576 bytes (100.0 % of 1048576)");
        assert_eq!(size(0), "0 bytes (0.0 % of 1048576)");
    }
}
