//! The compiler: found once, proven to be the pinned release with the Wasm target, and run with nothing of the user's
//! settings in its environment.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::BuildError;
use crate::recipe;

/// Variables of cargo and rustup that a build keeps: where things are and how to reach the network. Every other one
/// that begins like a setting of cargo or of the compiler is dropped.
const KEPT: &[&str] =
    &["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_", "CARGO_SOURCE_", "CARGO_TERM_", "RUSTUP_"];

/// A proven toolchain.
#[derive(Debug)]
pub struct Toolchain {
    /// `RUSTUP_TOOLCHAIN`, where the default toolchain is another release.
    selected: Option<&'static str>,
    sysroot: PathBuf,
    commit: String,
}

impl Toolchain {
    /// Finds the pinned release: the toolchain in use, or the one that rustup has under its number.
    ///
    /// # Errors
    /// `ToolchainMissing` or `TargetMissing`, with the command that installs what is missing.
    pub fn find() -> Result<Self, BuildError> {
        let mut found = "none".to_owned();
        for selected in [None, Some(recipe::TOOLCHAIN)] {
            let Some(verbose) = answer(selected, &["-vV"]) else { continue };
            let field =
                |name: &str| verbose.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
            found = field("release: ");
            if found != recipe::TOOLCHAIN {
                continue;
            }
            let libraries =
                answer(selected, &["--print", "target-libdir", "--target", recipe::TARGET]).unwrap_or_default();
            if !Path::new(&libraries).is_dir() {
                return Err(BuildError::TargetMissing { install: install_command(selected) });
            }
            let sysroot = PathBuf::from(answer(selected, &["--print", "sysroot"]).unwrap_or_default());
            return Ok(Self { selected, sysroot, commit: field("commit-hash: ") });
        }
        Err(BuildError::ToolchainMissing { found })
    }

    /// Returns cargo, with a clean environment and nothing on its standard input.
    pub(crate) fn cargo(&self) -> Command {
        command("cargo", self.selected)
    }

    /// Returns the folder of the standard library's sources, where that component is installed, and the word that the
    /// compiler itself uses for it elsewhere.
    pub(crate) fn standard_library(&self) -> (PathBuf, String) {
        (self.sysroot.join("lib/rustlib/src/rust"), format!("/rustc/{}", self.commit))
    }

    /// Returns the folder of the toolchain.
    pub(crate) fn sysroot(&self) -> &Path {
        &self.sysroot
    }
}

fn install_command(selected: Option<&str>) -> String {
    let toolchain = selected.map(|name| format!(" --toolchain {name}")).unwrap_or_default();
    format!("rustup target add {}{toolchain}", recipe::TARGET)
}

fn command(program: &str, selected: Option<&str>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        let setting = name.starts_with("CARGO") || name.starts_with("RUST");
        if setting && !KEPT.iter().any(|kept| name.starts_with(kept)) {
            command.env_remove(name);
        }
    }
    if let Some(selected) = selected {
        command.env("RUSTUP_TOOLCHAIN", selected);
    }
    command.stdin(Stdio::null());
    command
}

fn answer(selected: Option<&str>, args: &[&str]) -> Option<String> {
    let output = command("rustc", selected).args(args).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Toolchain, install_command};
    use crate::error::BuildError;

    #[test]
    fn a_missing_target_is_answered_with_the_command_that_installs_it() {
        assert_eq!(install_command(None), "rustup target add wasm32v1-none");
        assert_eq!(install_command(Some("1.95.0")), "rustup target add wasm32v1-none --toolchain 1.95.0");
        if let Err(error) = Toolchain::find() {
            assert!(matches!(error, BuildError::ToolchainMissing { .. } | BuildError::TargetMissing { .. }), "{error}");
            assert!(error.help().is_some_and(|help| help.starts_with("rustup ")), "{error}");
        }
    }
}
