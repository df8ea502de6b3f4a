//! The corpus of every fuzz target, replayed on stable Rust.
//!
//! A file is an input that once was worth keeping: a finding, or bytes that come far. `tests/fuzz` finds more.

use std::fs;
use std::path::PathBuf;

use florin_sandbox::fuzz::TARGETS;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// Replays a target's corpus, and asserts that some of it comes as far as what the target is for.
fn replay(name: &str) {
    let (_, target) = TARGETS.iter().find(|(target, _)| *target == name).unwrap();
    let folder = root().join("corpus").join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{name} has no corpus: {error}"));
    let (mut files, mut far) = (0, 0);
    for entry in entries {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        files += 1;
        far += usize::from(target(&fs::read(path).unwrap()));
    }
    assert!(files > 0, "{name} has no corpus");
    assert!(far > 0, "none of {files} files of {name} comes as far as what the target is for");
}

#[test]
fn the_corpus_of_validate_finds_nothing() {
    replay("validate");
}

#[test]
fn the_corpus_of_instrument_finds_nothing() {
    replay("instrument");
}

#[test]
fn the_corpus_of_differential_finds_nothing() {
    replay("differential");
}

#[test]
fn the_corpus_of_imports_finds_nothing() {
    replay("imports");
}

#[test]
fn the_corpus_of_cache_file_finds_nothing() {
    replay("cache_file");
}

#[test]
fn every_target_has_a_program_and_a_corpus() {
    let names = |folder: &str| {
        let mut names: Vec<String> = fs::read_dir(root().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    let mut targets = TARGETS.map(|(name, _)| name);
    targets.sort_unstable();
    assert_eq!(names("fuzz_targets"), targets);
    assert_eq!(names("corpus"), targets);
}
