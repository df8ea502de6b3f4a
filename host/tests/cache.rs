//! `florin cache` and `florin demo --cache-dir` as a shell sees them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

fn florin(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_florin")).args(arguments).env("NO_COLOR", "1").output().unwrap()
}

/// Runs the demo on a folder; returns its report without the times, and what it noted.
fn demo(folder: &Path) -> (Value, String) {
    let output = florin(&["demo", "--claims", "3", "-o", "json", "--cache-dir", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
    for timed in ["stages", "tx_per_second"] {
        report.as_object_mut().unwrap().remove(timed);
    }
    (report, String::from_utf8(output.stderr).unwrap())
}

fn cache(verb: &str, folder: &Path, code: i32) -> Value {
    let output = florin(&["cache", verb, "--dir", folder.to_str().unwrap(), "-o", "json"]);
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder.join("code")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_second_run_compiles_nothing_and_reports_the_same() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("cache");
    let (cold, note) = demo(&folder);
    assert_eq!(note, "contracts: 0 from the cache folder, 2 compiled\n");
    let (warm, note) = demo(&folder);
    assert_eq!(note, "contracts: 2 from the cache folder, 0 compiled\n");
    assert_eq!(cold, warm);

    let stats = cache("stats", &folder, 0);
    assert_eq!((&stats["files"], &stats["current"], &stats["refused"]), (&json!(2), &json!(2), &json!(0)));
    assert_eq!(cache("verify", &folder, 0), json!({ "files": 2, "sound": 2, "refused": [] }));
    assert_eq!(cache("clear", &folder, 0), json!({ "files": 2, "bytes": stats["bytes"] }));
    assert_eq!(cache("clear", &folder, 0), json!({ "files": 0, "bytes": 0 }));
    assert_eq!(demo(&folder).1, "contracts: 0 from the cache folder, 2 compiled\n");
}

#[test]
fn a_damaged_file_is_found_with_exit_7_and_noted_by_who_meets_it() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("cache");
    let (before, _) = demo(&folder);
    let file = files(&folder).remove(0);
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();

    let name = file.file_name().unwrap().to_str().unwrap();
    let reason = "not authenticated by this node's key";
    let found = cache("verify", &folder, 7);
    assert_eq!(found, json!({ "files": 2, "sound": 1, "refused": [{ "file": name, "reason": reason }] }));
    let told = florin(&["cache", "verify", "--dir", folder.to_str().unwrap()]);
    assert_eq!(told.stdout, b"1 of 2 files are sound\n");
    assert!(String::from_utf8(told.stderr).unwrap().contains(&format!("- {name}: {reason}")));

    let (after, note) = demo(&folder);
    assert_eq!(before, after);
    let told = format!("cache file {name} refused: {reason}\ncontracts: 1 from the cache folder, 1 compiled\n");
    assert_eq!(note, told);
    cache("verify", &folder, 0);
}

#[test]
fn looking_at_a_cache_that_is_not_there_makes_none() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("cache");
    assert_eq!(cache("stats", &folder, 0)["files"], 0);
    cache("verify", &folder, 0);
    cache("clear", &folder, 0);
    assert!(!folder.exists());
    let table = florin(&["cache", "stats", "--dir", folder.to_str().unwrap()]);
    assert!(String::from_utf8(table.stdout).unwrap().contains("0 files, 0 of 1073741824 bytes"));
}

#[test]
fn case_50_a_key_or_a_folder_that_others_may_touch_is_refused_by_name() {
    use std::os::unix::fs::PermissionsExt;
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("cache");
    demo(&folder);
    let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let refused = |part: &str| {
        let output = florin(&["demo", "--claims", "1", "--cache-dir", folder.to_str().unwrap()]);
        assert!(!output.status.success() && output.stdout.is_empty());
        let report = String::from_utf8(output.stderr).unwrap();
        assert!(report.contains(part), "{report}");
    };
    open(&folder.join("node.key"), 0o644);
    refused("other users may read or write it");
    open(&folder.join("node.key"), 0o600);
    open(&folder.join("code"), 0o777);
    refused("other users may write to it");
}
