//! A source hash changes with what the bytes depend on, and with nothing else.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use super::source_hash;
use crate::project::Project;

const LOCK: &str = r#"version = 4
[[package]]
name = "coin"
version = "0.1.0"
dependencies = ["purse", "ruint 1.0.0", "rand"]
[[package]]
name = "purse"
version = "0.1.0"
dependencies = ["sha2"]
[[package]]
name = "ruint"
version = "1.0.0"
source = "registry+x"
checksum = "11"
[[package]]
name = "ruint"
version = "0.9.0"
source = "registry+x"
checksum = "10"
[[package]]
name = "sha2"
version = "0.11.0"
source = "registry+x"
checksum = "22"
dependencies = ["digest"]
[[package]]
name = "digest"
version = "0.11.0"
source = "registry+x"
checksum = "33"
[[package]]
name = "rand"
version = "0.9.0"
source = "registry+x"
checksum = "44"
"#;

const COIN: &str = r#"[package]
name = "coin"
version = "0.1.0"
edition = "2024"
[dependencies]
purse = { path = "../purse" }
ruint = "1"
[dev-dependencies]
rand = "0.9"
"#;

const PURSE: &str =
    "[package]\nname = \"purse\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nsha2 = \"0.11\"\n";

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn workspace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("Cargo.toml", "[workspace]\nmembers = [\"coin\", \"purse\"]\nresolver = \"3\"\n"),
        ("Cargo.lock", LOCK),
        ("coin/Cargo.toml", COIN),
        ("coin/src/lib.rs", "mod state;"),
        ("coin/src/state.rs", ""),
        ("coin/tests/it.rs", ""),
        ("purse/Cargo.toml", PURSE),
        ("purse/src/lib.rs", ""),
    ];
    write(folder.path(), &files);
    folder
}

fn hash(folder: &Path) -> blake3::Hash {
    let project = Project::open(folder).unwrap();
    source_hash(&project, project.package_in(&folder.join("coin")).unwrap()).unwrap()
}

#[test]
fn the_same_sources_in_another_folder_have_the_same_hash() {
    assert_eq!(hash(workspace().path()), hash(workspace().path()));
}

#[test]
fn what_the_bytes_depend_on_changes_the_hash() {
    let sha2 = "checksum = \"22\"";
    let digest = "checksum = \"33\"";
    let cases = [
        ("a module of the crate", "coin/src/state.rs", "pub struct State;".to_owned()),
        ("a new file", "coin/src/storage.rs", String::new()),
        ("a file of a dependency by path", "purse/src/lib.rs", "//".to_owned()),
        ("a feature", "coin/Cargo.toml", format!("{COIN}[features]\nburn = []\n")),
        ("a build script", "coin/build.rs", "fn main() {}".to_owned()),
        ("a dependency's release", "Cargo.lock", LOCK.replace("1.0.0", "1.0.1")),
        ("the checksum of a dependency's dependency", "Cargo.lock", LOCK.replace(digest, "checksum = \"34\"")),
        ("the checksum of a path dependency's dependency", "Cargo.lock", LOCK.replace(sha2, "checksum = \"23\"")),
    ];
    let before = hash(workspace().path());
    for (case, file, text) in cases {
        let folder = workspace();
        write(folder.path(), &[(file, &text)]);
        assert_ne!(hash(folder.path()), before, "{case}");
    }
}

#[test]
fn what_the_bytes_do_not_depend_on_leaves_the_hash() {
    let cases = [
        ("a test", "coin/tests/it.rs", "//".to_owned()),
        ("the text of the manifest", "coin/Cargo.toml", COIN.replace("[dependencies]", "# both\n[dependencies]\n")),
        ("a dependency of tests", "Cargo.lock", LOCK.replace("checksum = \"44\"", "checksum = \"45\"")),
        ("another release of the same name", "Cargo.lock", LOCK.replace("checksum = \"10\"", "checksum = \"12\"")),
    ];
    let before = hash(workspace().path());
    for (case, file, text) in cases {
        let folder = workspace();
        write(folder.path(), &[(file, &text)]);
        assert_eq!(hash(folder.path()), before, "{case}");
    }
}
