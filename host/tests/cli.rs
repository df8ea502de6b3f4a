//! The binary as a shell sees it: streams and exit codes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The smallest module that the chain accepts: `(module (func) (memory 1 1) (export ..) (export ..))`.
const SMALLEST: &[u8] = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x05\x04\x01\x01\x01\x01\
    \x07\x18\x02\x06memory\x02\0\x0bflorin_call\0\0\x0a\x04\x01\x02\0\x0b";

fn florin(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_florin")).args(arguments).env("NO_COLOR", "1").output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_release_and_help_are_data() {
    for arguments in [&["--version"][..], &["--help"], &["help", "contract"], &["contract", "build", "--help"]] {
        let output = florin(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{arguments:?}");
    }
    assert_eq!(text(&florin(&["--version"]).stdout), format!("florin {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_command_line_that_is_not_understood_exits_with_2_and_prints_no_data() {
    for arguments in [&[][..], &["contract"], &["mint"], &["contract", "check"], &["completions", "dos"], &["--all"]] {
        let output = florin(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_module_that_the_chain_accepts_is_told_with_its_size_and_limit() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("small.wasm");
    std::fs::write(&file, SMALLEST).unwrap();
    let output = florin(&["contract", "check", path(&file)]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(output.stderr.is_empty());
    let line = text(&output.stdout);
    assert!(line.contains(&format!("accepted: {} bytes (0.0 % of 1048576)", SMALLEST.len())), "{line}");
}

#[test]
fn a_module_that_the_chain_refuses_exits_with_7_and_names_place_rule_and_fix() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("float.wasm");
    // The same module, whose function adds two floats.
    let body: &[u8] = b"\x0a\x10\x01\x0e\0\x43\0\0\0\0\x43\0\0\0\0\x92\x1a\x0b";
    std::fs::write(&file, [&SMALLEST[..SMALLEST.len() - 6], body].concat()).unwrap();
    let output = florin(&["contract", "check", path(&file)]);
    assert_eq!(output.status.code(), Some(7));
    assert!(output.stdout.is_empty());
    let report = text(&output.stderr);
    for part in ["float.wasm", "function 0", "f32.const", "help:", "wasm32v1-none"] {
        assert!(report.contains(part), "no {part} in {report}");
    }
    assert!(!report.contains('\u{1b}'), "{report}");
}

#[test]
fn case_01_garbage_is_refused_at_every_length() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("garbage.wasm");
    let accepted = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        let output = florin(&["contract", "check", path(&file)]);
        assert!(!text(&output.stderr).contains("panicked"), "{bytes:?}");
        assert!(matches!(output.status.code(), Some(0 | 7)), "{bytes:?}");
        output.status.code() == Some(0)
    };
    assert!(!accepted(b"not a module at all"));
    for length in 0..SMALLEST.len() {
        assert!(!accepted(&SMALLEST[..length]), "{length}");
    }
}

#[test]
fn case_02_a_module_of_one_byte_more_than_the_limit_is_refused_by_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.wasm");
    let mut module = SMALLEST.to_vec();
    // A custom section of the length that is left, with a name of one byte.
    let length = (1 << 20) + 1 - SMALLEST.len() - 4;
    let leb128 =
        [length & 0x7f | 0x80, length >> 7 & 0x7f | 0x80, length >> 14].map(|byte| u8::try_from(byte).unwrap());
    module.extend([&[0], &leb128[..], b"\x01x"].concat());
    module.resize((1 << 20) + 1, 0);
    std::fs::write(&file, module).unwrap();
    let output = florin(&["contract", "check", path(&file)]);
    assert_eq!(output.status.code(), Some(7));
    assert!(text(&output.stderr).contains("CODE_BYTES_MAX = 1048576"), "{}", text(&output.stderr));
}

#[test]
fn a_file_that_is_not_there_exits_with_1() {
    let output = florin(&["contract", "check", "no/such.wasm"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cannot read no/such.wasm"), "{}", text(&output.stderr));
}

#[test]
fn a_folder_that_holds_no_contract_exits_with_2_and_says_what_to_name() {
    let folder = tempfile::tempdir().unwrap();
    let output = florin(&["contract", "build", path(folder.path())]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("holds no Cargo.toml"), "{}", text(&output.stderr));

    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = florin(&["contract", "build", path(&workspace)]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("pass --all, or name one of: "), "{}", text(&output.stderr));
}

/// Runs a build of the example with a compiler that answers every question with these words.
#[cfg(unix)]
fn build_with_compiler(words: &str) -> Output {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let rustc = folder.path().join("rustc");
    std::fs::write(&rustc, format!("#!/bin/sh\n{words}\n")).unwrap();
    std::fs::set_permissions(&rustc, std::fs::Permissions::from_mode(0o755)).unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/example");
    let mut command = Command::new(env!("CARGO_BIN_EXE_florin"));
    command.args(["contract", "build", "--check", path(&example)]).env("NO_COLOR", "1");
    let others = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{others}", path(folder.path()))).output().unwrap()
}

#[test]
#[cfg(unix)]
fn a_machine_that_cannot_build_contracts_is_told_the_command_that_helps() {
    for (words, told, command) in [
        ("exit 1", "found none", "rustup toolchain install 1.95.0 --target wasm32v1-none"),
        ("echo release: 1.80.0", "found 1.80.0", "rustup toolchain install 1.95.0 --target wasm32v1-none"),
        ("echo release: 1.95.0", "target wasm32v1-none is not installed", "rustup target add wasm32v1-none"),
    ] {
        let output = build_with_compiler(words);
        let report = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{report}");
        assert!(report.contains(told) && report.contains(command), "{report}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = florin(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        assert!(text(&output.stdout).contains("contract"), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_florin"));
    let output = command.args(["completions", "bash"]).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
