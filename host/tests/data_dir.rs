//! `florin demo --data-dir` as a shell sees it: killed, started again, and refused what is not its own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use florin::data_folder::DataFolder;
use florin_runtime::state::store::disk::{DiskConfig, DiskStore};
use serde_json::Value;

/// Ten blocks.
const SMALL: [&str; 6] = ["--claims", "20", "--claims-per-block", "5", "-o", "json"];

/// Two hundred blocks of claims, so that most of the time goes there.
const LONGER: [&str; 6] = ["--claims", "800", "--claims-per-block", "4", "-o", "json"];

fn florin(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_florin"));
    command.arg("demo").args(arguments).env("NO_COLOR", "1");
    command
}

/// Runs a small demo on a folder.
fn demo(folder: &Path, arguments: &[&str]) -> Output {
    florin(&SMALL).args(arguments).arg("--data-dir").arg(folder).output().unwrap()
}

/// Returns the report of a run that succeeded.
fn report(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Everything but the times, and what was found.
fn timeless(mut report: Value) -> Value {
    for other in ["stages", "tx_per_second", "blocks_found", "threads"] {
        assert!(report.as_object_mut().unwrap().remove(other).is_some());
    }
    report
}

/// Expects a refusal for what is stored, which says this.
fn refused(output: &Output, says: &[&str]) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{told}");
    assert!(output.stdout.is_empty());
    for part in says {
        assert!(told.contains(part), "no {part} in {told}");
    }
}

/// Kills a process that has not ended by itself after so long; tells whether it has.
fn ends_within(mut child: Child, limit: Duration) -> Option<Output> {
    let (ended, end) = channel();
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let reader = thread::spawn(move || {
        let mut bytes = [Vec::new(), Vec::new()];
        std::io::copy(&mut stdout, &mut bytes[0]).unwrap();
        std::io::copy(&mut stderr, &mut bytes[1]).unwrap();
        let _ = ended.send(());
        bytes
    });
    let killed = end.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
    if killed {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    let [stdout, stderr] = reader.join().unwrap();
    // It may have ended between the limit and the signal.
    status.code().map(|_| Output { status, stdout, stderr })
}

#[test]
fn a_demo_that_is_killed_again_and_again_finishes_with_the_root_of_an_undisturbed_run() {
    let above = tempfile::tempdir().unwrap();
    let longer = |folder: &str| {
        let mut command = florin(&LONGER);
        command.arg("--cache-dir").arg(above.path().join("cache"));
        command.arg("--data-dir").arg(above.path().join(folder));
        command
    };
    let in_memory = timeless(report(&florin(&LONGER).output().unwrap()));
    let on_disk = timeless(report(&longer("first").output().unwrap()));
    assert_eq!(on_disk, in_memory, "the folder changes nothing but times");
    let start = Instant::now();
    report(&longer("second").output().unwrap());
    let step = start.elapsed() / 16;

    let (mut kills, mut limit) = (0, step);
    let output = loop {
        let child = longer("killed").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        match ends_within(child, limit) {
            Some(output) => break output,
            None => (kills, limit) = (kills + 1, limit + step),
        }
    };
    let found = report(&output)["blocks_found"].as_u64().unwrap();
    assert!(kills > 0 && found > 0, "{kills} kills, {found} blocks found");
    assert_eq!(timeless(report(&output)), in_memory);
}

#[test]
fn a_finished_run_started_again_prints_the_same_report_and_says_what_it_found() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("data");
    let first = demo(&folder, &["--sync", "interval"]);
    assert!(first.stderr.is_empty(), "{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(timeless(report(&first)), timeless(report(&florin(&SMALL).output().unwrap())), "as in memory");
    let again = demo(&folder, &[]);
    let told = String::from_utf8_lossy(&again.stderr);
    let height = report(&first)["height"].as_u64().unwrap();
    assert_eq!(told, format!("found {height} blocks of an earlier run: going on behind them\n"));
    assert_eq!(report(&again)["blocks_found"], height);
    assert_eq!(timeless(report(&again)), timeless(report(&first)));
    for made in [folder.clone(), folder.join("state")] {
        assert_eq!(fs::metadata(made).unwrap().permissions().mode() & 0o777, 0o700);
    }

    let list = above.path().join("list.csv");
    fs::write(&list, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed,7\n").unwrap();
    let another = "name another folder";
    refused(&demo(&folder, &["--seed", "1"]), &["the database has genesis 0x", another]);
    refused(&demo(&folder, &["--list", list.to_str().unwrap()]), &["another run: its block 1 ", "--list", another]);
    assert_eq!(timeless(report(&demo(&folder, &[]))), timeless(report(&first)), "a refusal changes nothing");
}

#[test]
fn a_folder_in_use_and_a_place_that_is_no_folder_are_refused_with_exit_6() {
    let above = tempfile::tempdir().unwrap();
    let path = above.path().join("data");
    let folder = DataFolder::open(&path).unwrap();
    refused(&demo(&path, &[]), &["in use by another process: stop that one first"]);
    drop(folder.state(DiskConfig::default()).unwrap());
    drop(folder);
    // Whoever reads the database alone holds its own lock.
    let store = DiskStore::open(&path.join("state"), DiskConfig::default()).unwrap();
    refused(&demo(&path, &[]), &["the database is open in another process"]);
    drop(store);
    report(&demo(&path, &[]));

    let file = above.path().join("file");
    fs::write(&file, b"").unwrap();
    refused(&demo(&file, &[]), &["file: ", "name a folder of your own"]);
    let usage = florin(&["--sync", "interval"]).output().unwrap();
    assert_eq!(usage.status.code(), Some(2), "an interval without a folder");
}
