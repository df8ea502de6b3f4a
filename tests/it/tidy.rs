//! The rules of this repository that no linter knows.
//!
//! Each rule is one test; it reads the files of the working tree and names every place that breaks it.
//!
//! - [`source`]: the files, and what of them is code.
//! - [`tables`]: the living tables in `docs/`, and the attack cases that must have a test.

mod source;
mod tables;

use source::{SourceFile, files, identifier};

/// Lines of one Rust file.
const FILE_LINES_MAX: usize = 500;

/// File names that say nothing.
const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "types", "manager", "misc"];

/// The files that may hold `unsafe`: the one that declares the contract imports, the one that loads compiled code, and a
/// peer whose cache cannot be opened without.
const UNSAFE_FILES: &[&str] =
    &["contracts/sdk/src/env/wasm.rs", "runtime/src/vm/artifact.rs", "benches/peers/cosmwasm/src/main.rs"];

/// Where the runtime starts threads: to verify signatures, to commit a block, and to let the database have it.
const RUNTIME_THREADS: &[&str] =
    &["runtime/src/signature/spread.rs", "runtime/src/state/threads.rs", "runtime/src/state/store/disk/background.rs"];

/// Where the runtime names files: the folder of compiled code, the kernel's table of written pages, the folder of the database, its
/// log, and what the database's engine does not check of its own.
const RUNTIME_FILES: &[&str] = &[
    "runtime/src/vm/cache/files/folder.rs",
    "runtime/src/vm/written_pages.rs",
    "runtime/src/state/store/disk/folder.rs",
    "runtime/src/state/store/disk/inspect.rs",
    "runtime/src/state/store/disk/log.rs",
];

/// What a contract may depend on. Contracts reach the host as bytes, never as crates.
const CONTRACT_DEPENDENCIES: &[&str] = &["florin-proof", "florin-sdk", "florin-tokenomics"];

/// What each crate that is no contract may depend on.
const DEPENDENCIES: &[(&str, &[&str])] = &[
    ("contracts/abi", &[]),
    ("contracts/proof", &[]),
    ("contracts/tokenomics", &[]),
    ("contracts/sdk-macros", &[]),
    ("contracts/sdk", &["florin-abi", "florin-sdk-macros"]),
    ("contracts/example", &["florin-sdk"]),
    ("contracts/build", &["florin-abi", "florin-runtime"]),
    ("runtime", &["florin-abi", "florin-proof", "florin-tokenomics"]),
    ("trace", &["florin-abi", "florin-runtime"]),
    ("host", &["florin-abi", "florin-build", "florin-runtime", "florin-sdk", "florin-tokenomics", "florin-trace"]),
    (
        "tests",
        &["florin", "florin-abi", "florin-build", "florin-runtime", "florin-sdk", "florin-tokenomics", "florin-trace"],
    ),
    ("tests/crash", &["florin-runtime"]),
    (
        "benches",
        &[
            "florin",
            "florin-abi",
            "florin-build",
            "florin-claims",
            "florin-crash",
            "florin-emission",
            "florin-formulas",
            "florin-recycling",
            "florin-rewards",
            "florin-runtime",
            "florin-sandbox",
            "florin-sdk",
            "florin-staking",
            "florin-token",
            "florin-tokenomics",
        ],
    ),
    // The fuzz targets are a workspace of their own.
    ("tests/fuzz", &["florin-sandbox"]),
    ("benches/peers", &["florin-benches", "florin-runtime"]),
    // A peer is a workspace of its own and knows nothing of ours.
    ("benches/peers/cosmwasm", &[]),
    ("benches/peers/cosmwasm/token", &[]),
    ("benches/peers/databases", &[]),
];

#[test]
fn a_file_is_short() {
    check(|file, complain| {
        let lines = file.text.lines().count();
        if lines > FILE_LINES_MAX {
            complain(format!("{lines} lines, {FILE_LINES_MAX} at most"));
        }
    });
}

#[test]
fn a_file_opens_with_a_promise() {
    check(|file, complain| {
        // A sample of a mistake opens with the mistake; what it promises stands in the compiler's answer beside it.
        let is_sample = source::root().join(&file.path).with_extension("stderr").exists();
        if !is_sample && !file.text.starts_with("//! ") {
            complain("does not begin with `//! `".to_owned());
        }
    });
}

#[test]
fn a_file_is_named_by_what_it_holds() {
    check(|file, complain| {
        for part in file.path.trim_end_matches(".rs").split('/') {
            if EMPTY_NAMES.contains(&part) {
                complain(format!("`{part}` says nothing"));
            }
        }
    });
}

#[test]
fn only_the_virtual_machine_names_an_engine() {
    check(|file, complain| {
        let code = file.code();
        for engine in ["wasmtime", "wasmi"] {
            if !file.path.starts_with("runtime/src/vm/") && has_word(&code, engine) {
                complain(format!("names {engine}"));
            }
        }
    });
    for manifest in files("Cargo.toml").iter().filter(|manifest| manifest.path != "Cargo.toml") {
        let names = table_keys(&manifest.text, "dependencies");
        let engine = names.iter().any(|name| name == "wasmtime" || name == "wasmi");
        assert_eq!(
            engine,
            manifest.path == "runtime/Cargo.toml",
            "{}: an engine belongs to the runtime",
            manifest.path
        );
    }
}

#[test]
fn the_runtime_has_no_clock_no_socket_and_no_chance() {
    let foreign = ["SystemTime", "Instant", "TcpStream", "TcpListener", "UdpSocket", "tokio", "async", "thread_rng"];
    check(|file, complain| {
        // What stands below the tests' own attribute is not the runtime.
        let code = file.code();
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        if file.path.starts_with("runtime/src/") && !file.path.ends_with("tests.rs") {
            for word in foreign.iter().filter(|word| has_word(code, word)) {
                complain(format!("names {word}"));
            }
        }
    });
}

#[test]
fn the_runtime_starts_threads_in_two_places() {
    check(|file, complain| {
        let code = file.code();
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        let is_test = file.path.ends_with("tests.rs") || file.path.contains("/tests/");
        let may = RUNTIME_THREADS.contains(&file.path.as_str());
        if file.path.starts_with("runtime/src/") && !is_test && !may {
            for word in ["spawn", "spawn_scoped"].iter().filter(|word| has_word(code, word)) {
                complain(format!("names {word}"));
            }
        }
    });
}

#[test]
fn the_runtime_names_files_in_few_places() {
    check(|file, complain| {
        let code = file.code();
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        let is_test = file.path.ends_with("tests.rs") || file.path.contains("/tests/");
        let may = RUNTIME_FILES.contains(&file.path.as_str());
        if file.path.starts_with("runtime/src/") && !is_test && !may {
            for word in ["rustix", "File", "OpenOptions", "fs"].iter().filter(|word| has_word(code, word)) {
                complain(format!("names {word}"));
            }
        }
    });
}

#[test]
fn unsafe_code_stays_in_its_files() {
    check(|file, complain| {
        let code = file.code().replace("#[unsafe(", "");
        if has_word(&code, "unsafe") && !UNSAFE_FILES.contains(&file.path.as_str()) {
            complain("holds unsafe code".to_owned());
        }
    });
}

#[test]
fn nothing_is_left_unfinished() {
    // Written in halves, so that this file does not name what it forbids.
    let unfinished = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("dbg", "!("),
        concat!("#[ignore", "]"),
        concat!("#[ignore", " ="),
    ];
    check(|file, complain| {
        let code = file.code();
        for word in unfinished.iter().filter(|word| code.contains(**word)) {
            complain(format!("holds {word}"));
        }
    });
}

#[test]
fn a_test_does_not_sleep() {
    check(|file, complain| {
        let code = file.code();
        if code.contains("#[test]") && has_word(&code, "sleep") {
            complain("sleeps".to_owned());
        }
    });
}

#[test]
fn words_are_ours() {
    let foreign =
        [concat!("T", "AO"), concat!("R", "AO"), concat!("/work", "/"), concat!("FIX", "ME"), concat!("XX", "X")];
    for ending in [".rs", ".toml", ".md"] {
        for file in files(ending) {
            for word in foreign {
                assert!(!has_word(&file.text, word) || file.path == "Cargo.lock", "{} holds {word}", file.path);
            }
        }
    }
}

#[test]
fn dependencies_point_one_way() {
    for manifest in files("Cargo.toml").iter().filter(|manifest| manifest.path != "Cargo.toml") {
        let folder = manifest.path.trim_end_matches("/Cargo.toml");
        let row = DEPENDENCIES.iter().find(|(crate_folder, _)| *crate_folder == folder);
        let allowed = match row {
            Some((_, allowed)) => allowed,
            None if is_contract(&manifest.text) => CONTRACT_DEPENDENCIES,
            None => panic!("{folder} is no contract and stands in no row of the table of dependencies"),
        };
        for name in table_keys(&manifest.text, "dependencies") {
            let ours = name == "florin" || name.starts_with("florin-");
            assert!(!ours || allowed.contains(&name.as_str()), "{folder} must not depend on {name}");
        }
    }
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    for manifest in files("Cargo.toml").iter().filter(|manifest| manifest.path != "Cargo.toml") {
        assert_eq!(table_keys(&manifest.text, "lints"), ["workspace"], "{}", manifest.path);
    }
}

/// Applies a rule to every Rust file and reports all places at once.
fn check(rule: impl Fn(&SourceFile, &mut dyn FnMut(String))) {
    let mut complaints = Vec::new();
    for file in files(".rs") {
        rule(&file, &mut |complaint| complaints.push(format!("{}: {complaint}", file.path)));
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Tells whether the text holds the word by itself, not as a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let inside = |letter: char| letter.is_alphanumeric() || letter == '_';
        let starts = word.starts_with('/') || !before.is_some_and(inside);
        starts && (word.ends_with('/') || identifier(&text[at..]) == word || word.starts_with('/'))
    })
}

/// Tells whether `florin contract build --all` builds this crate.
fn is_contract(manifest: &str) -> bool {
    let entry = |value: &toml::Value| value.get("metadata")?.get("florin")?.get("contract")?.as_bool();
    parse(manifest).get("package").and_then(entry) == Some(true)
}

fn parse(manifest: &str) -> toml::Table {
    toml::from_str(manifest).unwrap_or_else(|error| panic!("{error}"))
}

/// Returns the keys of a table of a manifest.
fn table_keys(manifest: &str, table: &str) -> Vec<String> {
    let parsed = parse(manifest);
    let table = parsed.get(table).and_then(toml::Value::as_table);
    table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

#[test]
fn a_word_is_a_whole_word() {
    assert!(has_word("use wasmi::Engine", "wasmi"));
    assert!(!has_word("WasmiEngine, wasmi_core, my_wasmi", "wasmi"));
    assert!(has_word("see /etc/passwd", "/etc/"));
}
