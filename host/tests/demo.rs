//! `florin demo` as a shell sees it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};

use serde_json::Value;

fn demo(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_florin")).arg("demo").args(arguments).env("NO_COLOR", "1").output().unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = demo(arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "a bar is for terminals");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_report_is_one_json_object_on_standard_output() {
    let report = json(&["--claims", "5", "-o", "json"]);
    assert_eq!(report["claims_paid"], 5);
    // The first five lines of the list, added up by hand.
    assert_eq!(report["sum_paid"], "2377266074965717680128");
    assert_eq!(report["sum_paid"], report["list_sum"]);
    assert!(report["state_root"].as_str().unwrap().starts_with("0x"));
    assert!(report["gas_per_claim"].as_u64().unwrap() > 21_000);
    assert!(report["tx_per_second"].as_u64().unwrap() > 0);
    assert_eq!(report["attacks"].as_array().unwrap().len(), 5);
    let stages = report["stages"].as_array().unwrap().iter().map(|stage| stage["name"].as_str().unwrap());
    assert_eq!(stages.collect::<Vec<_>>(), ["decode", "signatures", "order", "execution", "commit"]);
}

#[test]
fn the_same_seed_ends_in_the_same_state_and_another_in_another() {
    let run = |seed: &str, threads: &str| {
        json(&["--claims", "20", "--seed", seed, "--threads", threads, "-o", "json"])["state_root"].clone()
    };
    assert_eq!(run("7", "1"), run("7", "2"));
    assert_ne!(run("7", "1"), run("8", "1"));
}

/// The hash seeds of the standard library differ from process to process; nothing reads the environment of loggers.
#[test]
fn case_34_neither_hash_seeds_nor_log_levels_nor_the_environment_change_the_state() {
    let run = |variables: &[(&str, &str)]| {
        let arguments = ["demo", "--claims", "20", "--seed", "7", "-o", "json"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_florin"));
        let output = command.args(arguments).envs(variables.iter().copied()).env("NO_COLOR", "1").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (report["state_root"].clone(), report["gas_per_claim"].clone())
    };
    let plain = run(&[]);
    for variables in [
        &[][..],
        &[("RUST_LOG", "trace")],
        &[("RUST_LOG", "off"), ("RUST_BACKTRACE", "full")],
        &[("WASMTIME_LOG", "trace"), ("LANG", "tr_TR.UTF-8"), ("TZ", "Pacific/Apia")],
    ] {
        assert_eq!(run(variables), plain, "{variables:?}");
    }
}

#[test]
fn the_tables_show_what_was_paid_and_each_attack_with_its_error() {
    let output = demo(&["--claims", "2"]);
    assert_eq!(output.status.code(), Some(0));
    let tables = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "2 of 2",
        "AlreadyClaimed { campaign: 1, index: 1 }",
        "InvalidProof { campaign: 1, index: 1 }",
        "WindowClosed { campaign: 1, lastBlock: 5, height: 6 }",
    ] {
        assert!(tables.contains(expected), "{expected} in\n{tables}");
    }
}

#[test]
fn a_list_of_ones_own_is_paid() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list.csv");
    let lines =
        "who,how much\n0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed,7\n0xde709f2102306220921060314715629080e2fb77,8\n";
    std::fs::write(&file, lines).unwrap();
    let report = json(&["--list", file.to_str().unwrap(), "-o", "json"]);
    assert_eq!((&report["claims_paid"], &report["sum_paid"]), (&Value::from(2), &Value::from("15")));
}

#[test]
fn a_bad_list_or_argument_exits_with_2_says_what_and_where_and_prints_no_data() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list.csv");
    std::fs::write(&file, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed,7\n0xde70,8\n").unwrap();
    let list = file.to_str().unwrap();
    let nowhere = folder.path().join("nowhere.csv");
    for (arguments, said) in [
        (["--list", list], "line 2, column 1: an address has 42 characters, this has 6"),
        (["--list", nowhere.to_str().unwrap()], "nowhere.csv"),
        (["--claims", "0"], "--claims"),
        (["--claims", "-1"], "-1"),
        (["--threads", "0"], "--threads"),
        (["--seed", "one"], "--seed"),
        (["-o", "xml"], "--output"),
    ] {
        let output = demo(&arguments);
        let report = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {report}");
        assert!(output.stdout.is_empty() && report.contains(said), "{arguments:?}: {report}");
    }
}
