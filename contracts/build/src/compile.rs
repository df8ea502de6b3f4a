//! The run of cargo that links a contract crate into a module.
//!
//! Costs a release build the first time; cargo's own cache under the contracts' target folder afterwards. What the
//! compiler has to say goes to standard error as it is, but for one warning that every build would give.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;

use crate::error::BuildError;
use crate::project::{Package, Project};
use crate::recipe;
use crate::toolchain::Toolchain;

/// The warning about [`recipe::FEATURES`]: the compiler may change what it makes of one of them. The recipe's compiler is
/// pinned, so that it does not.
const EXPECTED_WARNING: &str = "unstable feature specified for `-Ctarget-feature`";

/// A linked module, before stripping.
#[derive(Debug)]
pub(crate) struct Linked {
    /// The module.
    pub(crate) module: Vec<u8>,
    /// Folders of this machine that may not be named in it.
    pub(crate) folders: Vec<PathBuf>,
}

/// Compiles and links a crate by the recipe.
pub(crate) fn compile(project: &Project, package: &Package, toolchain: &Toolchain) -> Result<Linked, BuildError> {
    if !package.has_library() {
        return Err(BuildError::NoLibrary { package: package.name.clone() });
    }
    let target_folder = project.target_folder();
    let (standard_library, word) = toolchain.standard_library();
    let mut folders = vec![
        (project.root().to_owned(), "/contract".to_owned()),
        (target_folder.clone(), "/target".to_owned()),
        (standard_library, word),
    ];
    folders.extend(dependency_folders(project, toolchain)?);
    let flags = recipe::rustflags(folders.iter().map(|(folder, word)| (folder.as_path(), word.clone())));

    let mut cargo = toolchain.cargo();
    cargo
        .args(["rustc", "--lib", "--crate-type", "cdylib", "--locked", "--message-format", message_format()])
        .args(["--target", recipe::TARGET, "--profile", recipe::PROFILE, "--package", &package.name])
        .arg("--manifest-path")
        .arg(&package.manifest_path)
        .arg("--target-dir")
        .arg(&target_folder)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .stderr(Stdio::inherit());
    for (key, value) in recipe::PROFILE_SETTINGS {
        cargo.arg("--config").arg(format!("profile.{}.{key}={value}", recipe::PROFILE));
    }
    // Arguments after the dashes reach this crate alone, not the contracts that it may use the clients of.
    let output = cargo.args(["--", "--cfg", recipe::ARTIFACT_CFG]).output().map_err(BuildError::io("run", "cargo"))?;
    let messages = messages(&String::from_utf8_lossy(&output.stdout));
    for diagnostic in messages.iter().filter_map(|message| message.message.as_ref()).filter(|it| !it.is_expected()) {
        eprint!("{}", diagnostic.rendered);
    }
    if !output.status.success() {
        return Err(BuildError::Compile { package: package.name.clone() });
    }
    let path = module_path(messages, package).ok_or_else(|| BuildError::Compile { package: package.name.clone() })?;
    let module = std::fs::read(&path).map_err(BuildError::io("read", path))?;
    let mut folders: Vec<_> = folders.into_iter().map(|(folder, _)| folder).collect();
    folders.push(toolchain.sysroot().to_owned());
    Ok(Linked { module, folders })
}

/// A line that cargo prints for every crate that it has compiled or found fresh, and for everything that the compiler
/// says.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
    message: Option<Diagnostic>,
}

/// What the compiler says.
#[derive(Deserialize)]
struct Diagnostic {
    message: String,
    rendered: String,
}

impl Diagnostic {
    /// Tells whether this is the warning of every build, or the count of it.
    fn is_expected(&self) -> bool {
        self.message.starts_with(EXPECTED_WARNING) || self.message == "1 warning emitted"
    }
}

fn message_format() -> &'static str {
    if std::io::stderr().is_terminal() { "json-diagnostic-rendered-ansi" } else { "json" }
}

fn messages(lines: &str) -> Vec<Message> {
    lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Finds the module among cargo's messages.
fn module_path(messages: Vec<Message>, package: &Package) -> Option<PathBuf> {
    messages
        .into_iter()
        .filter(|message| message.manifest_path == package.manifest_path)
        .flat_map(|message| message.filenames)
        .find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
}

/// The folder of every crate outside the workspace that the lock file names for the target, with a word that does not
/// depend on where it lies: a registry's cache, a vendored folder, a checkout.
fn dependency_folders(project: &Project, toolchain: &Toolchain) -> Result<Vec<(PathBuf, String)>, BuildError> {
    #[derive(Deserialize)]
    struct Resolved {
        packages: Vec<Crate>,
    }
    #[derive(Deserialize)]
    struct Crate {
        name: String,
        version: String,
        manifest_path: PathBuf,
    }
    let output = toolchain
        .cargo()
        .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", recipe::TARGET, "--manifest-path"])
        .arg(project.root().join("Cargo.toml"))
        .output()
        .map_err(BuildError::io("run", "cargo"))?;
    if !output.status.success() {
        return Err(BuildError::Metadata { detail: String::from_utf8_lossy(&output.stderr).trim().to_owned() });
    }
    let resolved: Resolved =
        serde_json::from_slice(&output.stdout).map_err(|error| BuildError::Metadata { detail: error.to_string() })?;
    let folder = |package: &Crate| package.manifest_path.parent().map(Path::to_owned).unwrap_or_default();
    let mut folders: Vec<_> = resolved
        .packages
        .iter()
        .map(|package| (folder(package), format!("/crates/{}-{}", package.name, package.version)))
        .filter(|(folder, _)| !folder.starts_with(project.root()))
        .collect();
    folders.sort();
    Ok(folders)
}
