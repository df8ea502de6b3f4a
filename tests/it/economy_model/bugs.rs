//! Five mistakes on purpose, each in one contract: the steps must find every one of them, or they find nothing.
//!
//! A mistake is a cargo feature of its contract, which nothing that ships has; its module lies in `tests/bugs`, built by
//! `florin contract build --all` as the others. The module takes its contract's place in the genesis, and the same runs, which the
//! right contracts pass, fail.

use std::path::PathBuf;

use super::chain::Twin;
use super::coverage::plan;
use super::terms::{CLAIMS, EMISSION, RECYCLING, STAKING};
use super::{RUNS, STEPS, run, seed, start};

/// The mistakes, by the folders in `tests/bugs`.
const BUGS: [(&str, &str); 5] = [
    ("batch-unmarked", "claims"),
    ("unbonding-spared", "staking"),
    ("stake-unsettled", "staking"),
    ("reuse-not-deducted", "recycling"),
    ("cap-ignored", "emission"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn module(bug: &str, contract: &str) -> Vec<u8> {
    std::fs::read(root().join(format!("tests/bugs/{bug}/artifacts/{contract}.wasm"))).unwrap()
}

/// Plays the default runs with a wrong contract until one fails; returns what was wrong, in the first words of the failure.
fn found(bug: &str, contract: &str, at: florin_sandbox::Address) -> String {
    let twin: Twin = (at, module(bug, contract));
    start(Some(&twin));
    let plans = plan(RUNS, STEPS, seed());
    let told = plans.iter().enumerate().find_map(|(number, kinds)| Some((number, run(kinds, number, true).err()?)));
    let Some((number, told)) = told else { panic!("{RUNS} runs did not find that {bug}") };
    println!("{bug} is found by run {number}: {told}");
    told
}

/// Fails unless one of these checks found the mistake.
fn assert_found(bug: &str, contract: &str, at: florin_sandbox::Address, by: &[&str]) {
    let told = found(bug, contract, at);
    // The failure begins with the check; the library puts its own words before it.
    let is_known = by.iter().any(|check| told.contains(check));
    assert!(is_known, "{bug} was found by another check than {by:?}: {told}");
}

#[test]
fn a_batch_that_marks_nothing_is_found_by_the_marks_of_paid_claims() {
    assert_found("batch-unmarked", "claims", CLAIMS, &["I6: "]);
}

#[test]
fn a_slash_that_spares_what_unbonds_is_found_by_what_is_unbonding() {
    assert_found("unbonding-spared", "staking", STAKING, &["I13: "]);
}

#[test]
fn a_stake_that_counts_for_unsettled_epochs_is_found_by_what_it_earns() {
    assert_found("stake-unsettled", "staking", STAKING, &["I10: ", "I11: "]);
}

#[test]
fn a_pool_that_is_spent_twice_is_found_by_its_own_statistics() {
    assert_found("reuse-not-deducted", "recycling", RECYCLING, &["prediction of the recycling pool", "I1: "]);
}

#[test]
fn an_emission_beyond_the_maximum_supply_is_found_by_the_hook_that_fails() {
    assert_found("cap-ignored", "emission", EMISSION, &["prediction of the hooks"]);
}

#[test]
fn no_shipped_contract_has_a_mistake_on_purpose() {
    let manifest =
        |path: &str| -> toml::Table { toml::from_str(&std::fs::read_to_string(root().join(path)).unwrap()).unwrap() };
    for (bug, contract) in BUGS {
        let shipped = std::fs::read(root().join(format!("contracts/artifacts/{contract}.wasm"))).unwrap();
        assert_ne!(shipped, module(bug, contract), "{contract} ships with {bug}");
        let own = manifest(&format!("contracts/{contract}/Cargo.toml"));
        let features = own["features"].as_table().unwrap();
        assert!(features.contains_key(&format!("bug-{bug}")), "{contract} has no feature for {bug}");
        assert!(!features.contains_key("default"), "{contract} has features by default");
    }
    // No crate asks for a mistake of another.
    let workspace = manifest("Cargo.toml");
    for member in workspace["workspace"]["members"].as_array().unwrap() {
        let path = format!("{}/Cargo.toml", member.as_str().unwrap());
        let text = manifest(&path).get("dependencies").map(ToString::to_string).unwrap_or_default();
        assert!(!text.contains("bug-"), "{path} asks for a mistake");
    }
}
