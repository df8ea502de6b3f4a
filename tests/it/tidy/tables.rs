//! The living tables keep their word: a test that a table names exists, and every attack case of the list has a test.

use std::collections::BTreeSet;

use super::source::{SourceFile, files, identifier, root};

/// The pages whose cells name tests, as `` `path/to/file.rs::test` `` or `` `crate::module::test` ``.
const PAGES: &[&str] = &["docs/features.md", THREATS, "docs/economy.md"];

/// The page of the attack cases, one row each: `| number | attack | outcome | tests |`.
const THREATS: &str = "docs/threats.md";

/// The attack cases that must have a test named `case_NN_...`.
const CASES: &[std::ops::RangeInclusive<u32>] = &[1..=33, 37..=37, 39..=51, 57..=59, 62..=62, 81..=114, 122..=122];

#[test]
fn a_test_named_by_a_table_exists() {
    let sources = files(".rs");
    let mut missing = Vec::new();
    for page in PAGES {
        let text = std::fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
        let named = tests_named_by(&text);
        assert!(!named.is_empty(), "{page} names no test at all");
        missing.extend(named.iter().filter(|name| !exists(name, &sources)).map(|name| format!("{page}: `{name}`")));
    }
    assert!(missing.is_empty(), "tables name tests that do not exist:\n{}", missing.join("\n"));
}

#[test]
fn every_attack_case_has_a_test() {
    let names: Vec<String> = files(".rs").iter().flat_map(SourceFile::tests).collect();
    let tested: BTreeSet<u32> = names.iter().flat_map(|name| cases_of(name)).collect();
    let missing: Vec<u32> = CASES.iter().cloned().flatten().filter(|case| !tested.contains(case)).collect();
    assert!(missing.is_empty(), "attack cases without a test: {missing:?}");
}

#[test]
fn an_attack_case_with_a_test_names_it_in_its_row() {
    let names: Vec<String> = files(".rs").iter().flat_map(SourceFile::tests).collect();
    let tested: BTreeSet<u32> = names.iter().flat_map(|name| cases_of(name)).collect();
    let page = std::fs::read_to_string(root().join(THREATS)).unwrap_or_else(|error| panic!("{THREATS}: {error}"));
    let named: BTreeSet<u32> = page.lines().flat_map(named_in_row).collect();
    let unnamed: Vec<&u32> = tested.difference(&named).collect();
    assert!(unnamed.is_empty(), "{THREATS} names none of the tests of cases {unnamed:?} in their rows");
}

/// Returns the number of a row of the table of attacks, if the row names a test of that number.
fn named_in_row(row: &str) -> Option<u32> {
    let number = row.strip_prefix("| ")?.split(' ').next()?.parse().ok()?;
    let is_own = |span: &String| span.rsplit("::").next().is_some_and(|name| cases_of(name).contains(&number));
    tests_named_by(row).iter().any(is_own).then_some(number)
}

/// Returns the spans in backticks, in tables only, that name a test.
fn tests_named_by(page: &str) -> Vec<String> {
    let rows = page.lines().filter(|line| line.trim_start().starts_with('|'));
    let spans = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    spans.filter(|span| names_a_test(span)).map(str::to_owned).collect()
}

fn names_a_test(span: &str) -> bool {
    let Some((place, name)) = span.rsplit_once("::") else { return false };
    let whole = |text: &str| !text.is_empty() && identifier(text) == text;
    whole(name) && (place.ends_with(".rs") || (place.starts_with("florin") && place.split("::").all(whole)))
}

fn exists(span: &str, sources: &[SourceFile]) -> bool {
    let (place, name) = span.rsplit_once("::").expect("only spans with a place are asked for");
    sources.iter().filter(|file| stands_at(file, place)).any(|file| file.tests().iter().any(|test| test == name))
}

/// Tells whether the file is meant: by its path from the root, or by a crate and its modules.
fn stands_at(file: &SourceFile, place: &str) -> bool {
    if place.ends_with(".rs") {
        return file.path == place;
    }
    let mut modules = place.split("::");
    let folder = match modules.next() {
        Some("florin") => "host",
        Some("florin_runtime") => "runtime",
        Some("florin_sandbox") => "tests",
        Some("florin_benches") => "benches",
        Some(name) => return in_contracts(file, name, modules.collect()),
        None => return false,
    };
    file.path.starts_with(&format!("{folder}/"))
        && modules.filter(|module| *module != "tests").all(|module| has_part(file, module))
}

fn in_contracts(file: &SourceFile, name: &str, modules: Vec<&str>) -> bool {
    let folder = format!("contracts/{}/", name.trim_start_matches("florin_").replace('_', "-"));
    file.path.starts_with(&folder)
        && modules.iter().filter(|module| **module != "tests").all(|module| has_part(file, module))
}

fn has_part(file: &SourceFile, module: &str) -> bool {
    file.path.trim_end_matches(".rs").split('/').any(|part| part == module)
}

/// Returns the numbers of a test's name: `case_25_...` is one, `case_90_91_...` are two.
fn cases_of(test: &str) -> Vec<u32> {
    let numbers = test.strip_prefix("case_").unwrap_or_default().split('_');
    numbers.map_while(|part| part.parse().ok()).collect()
}

#[test]
fn cells_are_read_as_they_are_written() {
    let page = "| 1 | x | `runtime/src/a.rs::b_c`, `florin_abi::status::tests::d` | `Gas::new` |\nprose `x.rs::y`";
    assert_eq!(tests_named_by(page), ["runtime/src/a.rs::b_c", "florin_abi::status::tests::d"]);
    assert_eq!(cases_of("case_90_91_sweeps_2"), [90, 91]);
    assert_eq!(cases_of("a_case_7"), [] as [u32; 0]);
    assert_eq!(named_in_row("| 7 | x | y | `a.rs::case_07_b` |"), Some(7));
    assert_eq!(named_in_row("| 8 | x | y | `a.rs::case_07_b` |"), None);
    let abi = files("status.rs");
    assert!(exists("florin_abi::status::tests::codes_are_dense_and_round_trip", &abi));
    assert!(exists("contracts/abi/src/status.rs::codes_are_dense_and_round_trip", &abi));
    assert!(!exists("contracts/abi/src/status.rs::codes_are_round", &abi));
}
