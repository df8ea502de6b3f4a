//! `florin demo --economy` as a shell sees it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};

use serde_json::Value;

const SIZES: [&str; 7] = ["--economy", "--epochs", "8", "--miners", "20", "--validators", "4"];

fn demo(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_florin")).arg("demo").args(arguments).env("NO_COLOR", "1").output().unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = demo(&[&SIZES[..], arguments, &["-o", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "a bar is for terminals");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Reads an amount, which is a decimal string.
fn wei(amount: &Value) -> u128 {
    amount.as_str().unwrap().parse().unwrap()
}

#[test]
fn the_economy_ends_with_the_supply_equation_true_to_the_wei_and_exit_code_0() {
    let report = json(&["--seed", "5", "--threads", "2"]);
    assert_eq!((&report["seed"], &report["threads"]), (&5.into(), &2.into()));
    let supply = &report["supply"];
    let gone = wei(&supply["burned_by_contracts"]) + wei(&supply["burned_fees"]);
    assert_eq!(wei(&supply["balances"]), wei(&supply["genesis"]) + wei(&supply["minted"]) - gone);
    assert_eq!((&report["height"], &report["supply_checks"]), (&399.into(), &400.into()));
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 8);
    // The supply of an epoch's end follows from the one before.
    for rows in rows.windows(2) {
        let [before, row] = rows else { unreachable!("two of them") };
        let minted = wei(&row["minted"]) + wei(&row["unmet"]);
        assert_eq!(wei(&row["supply"]), wei(&before["supply"]) + minted - wei(&row["burned"]), "{row}");
    }
    assert!(report["attacks"].as_array().unwrap().iter().all(|attack| attack["refused"] == true));
    let names = report["stages"].as_array().unwrap().iter().map(|stage| stage["name"].as_str().unwrap());
    let expected = ["signing", "decode", "signatures", "order", "execution", "money", "commit", "books"];
    assert_eq!(names.collect::<Vec<_>>(), expected);
}

#[test]
fn the_tables_show_each_epoch_each_attack_and_the_supply_equation() {
    let output = demo(&SIZES);
    assert_eq!(output.status.code(), Some(0));
    let tables = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "│ epoch ",
        "registry.reveal",
        "hook: emission",
        "slashed for double signing",
        "slashed for downtime",
        "forged evidence: another's signature",
        "InvalidSignature",
        "at genesis + ",
        "checked after the genesis and each of 399 blocks",
    ] {
        assert!(tables.contains(expected), "{expected} in\n{tables}");
    }
}

#[test]
fn options_that_make_no_sense_together_or_are_out_of_range_exit_with_2_and_say_so() {
    for (arguments, text) in [
        (&["--economy", "--list", "x.csv"][..], "--list"),
        (&["--economy", "--claims", "5"], "--claims"),
        (&["--economy", "--claims-per-block", "5"], "--claims-per-block"),
        (&["--economy", "--data-dir", "x"], "--data-dir"),
        (&["--economy", "--cache-dir", "x"], "--cache-dir"),
        (&["--economy", "--epochs", "7"], "8..=1000"),
        (&["--economy", "--miners", "15"], "16..=4096"),
        (&["--economy", "--validators", "300"], "4..=256"),
        (&["--miners", "20"], "--economy"),
    ] {
        let output = demo(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty() && error.contains(text), "{arguments:?}: {error}");
    }
}
