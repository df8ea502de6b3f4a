//! `florin db` as a shell sees it, on the database that a demo leaves.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use florin_runtime::state::DurableState;
use florin_runtime::state::durable::{DurableConfig, Identity, PAGES_BEHIND_BLOCKS_MAX, read_identity};
use florin_runtime::state::store::disk::{DiskConfig, DiskStore};
use florin_runtime::state::store::{Batch, Durability, Store, Table};
use serde_json::{Value, json};

/// The demo's chain.
const CHAIN_ID: u64 = 1947;

fn florin(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_florin")).args(arguments).env("NO_COLOR", "1").output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a command of `florin db` on a folder; returns what it prints as JSON.
fn db(folder: &Path, arguments: &[&str]) -> Value {
    let output = run(folder, arguments, &["-o", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn run(folder: &Path, arguments: &[&str], more: &[&str]) -> Output {
    let folder = ["--data-dir", folder.to_str().unwrap()];
    florin(&[&["db"], arguments, &folder, more].concat())
}

/// Expects a command to end with an exit code and a report that says something.
fn refused(folder: &Path, arguments: &[&str], code: i32, says: &[&str]) {
    let output = run(folder, arguments, &[]);
    let told = told(&output);
    assert_eq!(output.status.code(), Some(code), "{told}");
    for part in says {
        assert!(told.replace("\n  │ ", " ").contains(part), "no {part} in {told}");
    }
}

/// A folder with the database of a small demo, and the demo's report.
struct Scene {
    above: tempfile::TempDir,
    report: Value,
}

impl Scene {
    fn new(claims: &str) -> Self {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("data");
        let counts = ["--claims", claims, "--claims-per-block", "4"];
        let place = ["-o", "json", "--data-dir", folder.to_str().unwrap()];
        let output = florin(&[&["demo"], &counts[..], &place].concat());
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        Self { report: serde_json::from_slice(&output.stdout).unwrap(), above }
    }

    fn data(&self) -> PathBuf {
        self.path("data")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.above.path().join(name)
    }

    fn store(&self) -> Arc<dyn Store> {
        Arc::new(DiskStore::open(&self.path("data/state"), DiskConfig::default()).unwrap())
    }

    fn change(&self, change: impl FnOnce(&mut Batch)) {
        let mut batch = Batch::default();
        change(&mut batch);
        self.store().write(batch, Durability::Synced).unwrap();
    }
}

#[test]
fn a_database_is_exported_and_imported_with_the_same_root() {
    let scene = Scene::new("8");
    let stats = db(&scene.data(), &["stats"]);
    assert_eq!((&stats["state_root"], &stats["height"]), (&scene.report["state_root"], &scene.report["height"]));
    assert_eq!(
        (&stats["oldest_height"], &stats["pins"], &stats["chain_id"]),
        (&json!(0), &json!({}), &json!(CHAIN_ID))
    );
    assert_eq!((&stats["tables"]["entries"]["rows"], &stats["format"]), (&stats["entries"], &json!(6)));
    assert_eq!(db(&scene.data(), &["verify"]), json!({ "sound": true, "findings": [] }));

    let file = scene.path("state.snapshot");
    let exported = db(&scene.data(), &["export", file.to_str().unwrap()]);
    for same in ["state_root", "height", "entries", "chain_id", "genesis_hash"] {
        assert_eq!(exported[same], stats[same], "{same}");
    }
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(scene.above.path()).unwrap().count(), 2, "nothing is left beside the file");

    let copy = scene.path("copy");
    let root = ["--root", stats["state_root"].as_str().unwrap()];
    let chain_id = CHAIN_ID.to_string();
    let chain = ["--chain-id", &chain_id, "--genesis", stats["genesis_hash"].as_str().unwrap()];
    let imported = db(&copy, &[&["import", file.to_str().unwrap()], &root[..], &chain].concat());
    assert_eq!((&imported["state_root"], &imported["chunks_found"]), (&stats["state_root"], &json!(0)));
    let copied = db(&copy, &["stats"]);
    assert_eq!((&copied["state_root"], &copied["oldest_height"]), (&stats["state_root"], &stats["height"]));
    assert_eq!(db(&copy, &["verify"])["sound"], true);
    let again = scene.path("again.snapshot");
    db(&copy, &["export", again.to_str().unwrap()]);
    assert_eq!(fs::read(again).unwrap(), fs::read(file).unwrap());

    let earlier = scene.path("earlier.snapshot");
    let exported = db(&scene.data(), &["export", earlier.to_str().unwrap(), "--height", "3"]);
    assert_eq!(exported["height"], 3);
    let output = run(&scene.path("third"), &["import", earlier.to_str().unwrap()], &[]);
    assert!(told(&output).contains("ask somebody you trust"), "{}", told(&output));
    let state_root = exported["state_root"].as_str().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains(state_root));
}

#[test]
fn pruning_keeps_the_last_blocks_and_what_is_pinned() {
    let scene = Scene::new("400");
    let height = scene.report["height"].as_u64().unwrap();
    let keep = PAGES_BEHIND_BLOCKS_MAX + 8;
    let (oldest, kept, fewer) = (height - keep, keep.to_string(), (PAGES_BEHIND_BLOCKS_MAX - 1).to_string());
    assert!(oldest > 7);
    let store = scene.store();
    let identity: Identity = read_identity(&*store.snapshot()).unwrap().unwrap();
    let state = DurableState::open(store, identity, DurableConfig::default()).unwrap().unwrap();
    state.pin("backup", 7).unwrap();
    drop(state);
    assert_eq!(db(&scene.data(), &["stats"])["pins"], json!({ "backup": 7 }));
    let pruned = db(&scene.data(), &["prune", "--keep", &kept]);
    assert_eq!(pruned, json!({ "removed": 7, "oldest_height": 7, "height": height }));
    refused(&scene.data(), &["prune", "--unpin", "other"], 2, &["no height is pinned as other", "lists the pins"]);
    let pruned = db(&scene.data(), &["prune", "--keep", &kept, "--unpin", "backup"]);
    assert_eq!(pruned, json!({ "removed": oldest - 7, "oldest_height": oldest, "height": height }));
    assert_eq!(db(&scene.data(), &["verify"])["sound"], true);
    let file = scene.path("early");
    let early = ["export", file.to_str().unwrap(), "--height", "7"];
    let why = format!("height 7 is pruned; the oldest that is kept is {oldest}");
    refused(&scene.data(), &early, 2, &[&why, "says which heights"]);
    assert!(!file.exists());
    refused(&scene.data(), &["prune", "--keep", &fewer], 2, &[&format!("{fewer} is not in")]);
}

#[test]
fn case_112_a_file_that_was_changed_is_refused_with_exit_7() {
    let scene = Scene::new("4");
    let file = scene.path("state.snapshot");
    let path = file.to_str().unwrap();
    db(&scene.data(), &["export", path]);
    refused(&scene.data(), &["export", path], 2, &["is there already", "name another file"]);
    refused(&scene.data(), &["import", path], 2, &["there is a database already"]);
    let zero = format!("0x{}", "0".repeat(64));
    let other = scene.path("other");
    refused(&other, &["import", path, "--root", &zero], 7, &["the snapshot has the root 0x"]);
    let chain = ["import", path, "--chain-id", "2", "--genesis", &zero];
    refused(&other, &chain, 7, &["the snapshot is of another chain: chain 1947 with"]);
    let mut bytes = fs::read(&file).unwrap();
    let last = bytes.len() - 40;
    bytes[last] ^= 1;
    fs::write(&file, &bytes).unwrap();
    refused(&other, &["import", path], 7, &["chunk 0 of 1 is refused: its checksum is wrong", "get the file again"]);
    fs::write(&file, &bytes[..last]).unwrap();
    refused(&other, &["import", path], 7, &["chunk 0 of 1 is refused: the file ends before its end"]);
    refused(&other, &["import", "/dev/null"], 7, &["it is no snapshot"]);
    refused(&other, &["import", scene.path("none").to_str().unwrap()], 6, &["No such file"]);
    refused(&other, &["stats"], 6, &["no database of this program"]);
}

#[test]
fn case_112_a_damaged_database_is_found_with_exit_7() {
    let scene = Scene::new("4");
    scene.change(|batch| batch.put(Table::Entries, &b"\x00left over"[..], &b"x"[..]));
    let output = run(&scene.data(), &["verify"], &["-o", "json"]);
    let finding = "stored state is corrupt: the root of the entries is not the one of the head";
    assert_eq!(output.status.code(), Some(7), "{}", told(&output));
    assert_eq!(
        serde_json::from_slice::<Value>(&output.stdout).unwrap(),
        json!({ "sound": false, "findings": [finding] })
    );
    assert!(told(&output).contains(&format!("- {finding}")), "{}", told(&output));
    let file = scene.path("state.snapshot");
    refused(&scene.data(), &["export", file.to_str().unwrap()], 6, &["is not the one of the block"]);
    assert_eq!(fs::read_dir(scene.above.path()).unwrap().count(), 1, "nothing is left");

    scene.change(|batch| batch.remove(Table::Pages, vec![0]));
    refused(&scene.data(), &["verify"], 7, &["the root of the tree is not the one of the head"]);
}

#[test]
fn what_is_no_database_or_in_use_or_of_another_format_is_refused_and_nothing_is_made() {
    let above = tempfile::tempdir().unwrap();
    let none = above.path().join("none");
    for command in [&["stats"][..], &["verify"], &["prune"], &["export", "file"]] {
        refused(&none, command, 2, &["there is no database in", "--data-dir of the demo or the node"]);
    }
    assert!(!none.exists());
    fs::create_dir_all(none.join("state")).unwrap();
    fs::write(none.join("state/letter"), "dear").unwrap();
    refused(&none, &["stats"], 2, &["there is no database in"]);
    assert_eq!(fs::read_dir(none.join("state")).unwrap().count(), 1);

    let scene = Scene::new("4");
    let store = scene.store();
    refused(&scene.data(), &["stats"], 6, &["open in another process: stop that one first"]);
    drop(store);
    scene.change(|batch| batch.put(Table::Meta, &b"identity"[..], &[9, 0, 0, 0, 1][..]));
    for command in ["stats", "verify", "prune"] {
        refused(&scene.data(), &[command], 6, &["the database has format 9", "use the release that wrote it"]);
    }
}
