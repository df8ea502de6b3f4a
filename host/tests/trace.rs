//! `florin trace` as an author uses it: calls and their gas, errors by name, and the line that panicked.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use std::process::{Command, Output};

use alloy_primitives::keccak256;
use florin_build::{BuildError, Scope, build};

/// A token of alice's.
const TOKEN: &str = "../contracts/artifacts/token.wasm(Gold, GLD, 18, alice, 1_000)";

fn florin(arguments: &[&str]) -> Output {
    let folder = env!("CARGO_MANIFEST_DIR");
    Command::new(env!("CARGO_BIN_EXE_florin"))
        .args(arguments)
        .env("NO_COLOR", "1")
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn calls_are_told_with_arguments_events_answers_and_errors_by_name() {
    let output = florin(&["trace", TOKEN, "-c", "alice: transfer(bob, 5)", "-c", "bob: token.transfer(alice, 6)"]);
    assert_eq!(output.status.code(), Some(5), "a call reverted: {}", text(&output.stderr));
    let told = text(&output.stdout);
    for part in [
        "alice -> token.transfer(to: bob, value: 5)  Success, ",
        "|- event Transfer(from: alice, to: bob, value: 5)",
        "`- returns true",
        "bob -> token.transfer(to: alice, value: 6)  Reverted, ",
        "`- reverts with ERC20InsufficientBalance(sender: bob, balance: 5, needed: 6)",
    ] {
        assert!(told.contains(part), "no {part} in {told}");
    }
    assert!(
        text(&output.stderr).contains("`bob: token.transfer(alice, 6)`")
            || text(&output.stderr).contains("ended with Reverted")
    );
    assert!(!told.contains('\u{1b}'));
}

#[test]
fn folded_stacks_add_up_to_the_gas_of_the_receipts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gas.txt");
    let path = file.to_str().unwrap();
    let arguments = [
        "trace",
        TOKEN,
        "-c",
        "alice: transfer(bob, 5)",
        "-c",
        "bob: approve(alice, 2)",
        "--folded",
        path,
        "-o",
        "json",
    ];
    let output = florin(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let gas: u64 = told["transactions"].as_array().unwrap().iter().map(|it| it["gas_used"].as_u64().unwrap()).sum();
    let folded = std::fs::read_to_string(&file).unwrap();
    let line = |line: &str| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap();
    assert_eq!(folded.lines().map(line).sum::<u64>(), gas);
    assert!(
        folded.lines().any(|line| line.starts_with("token;") && line.contains(";florin::storage_add ")),
        "{folded}"
    );
}

#[test]
fn what_cannot_be_called_is_told_with_what_can() {
    for (call, code, part) in [
        ("alice: steal(bob)", 2, "has no message `steal`; it has"),
        ("alice: transfer(bob)", 2, "takes 2 arguments (address to, uint256 value), not 1"),
        ("alice: transfer(bob, many)", 2, "`many` is no uint256"),
        ("alice: silver.transfer(bob, 5)", 2, "no contract `silver`; there is token"),
        ("alice: transfer(bob, 5", 2, "do not match"),
        ("alice: 0xzz", 1, "0x"),
    ] {
        let output = florin(&["trace", TOKEN, "--call", call]);
        assert_eq!(output.status.code(), Some(code), "{call}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(part), "{call}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{call}");
    }
    assert_eq!(florin(&["trace", "no/such.wasm"]).status.code(), Some(1));
}

#[test]
fn calldata_in_hex_is_sent_as_it_is_and_without_calls_the_deployment_is_told() {
    let output = florin(&["trace", "../contracts/artifacts/jar.wasm(alice)", "-c", "0x00", "-c", "alice: empty()"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(text(&output.stdout).contains("ShortCalldata(length: 1)"), "{}", text(&output.stdout));
    let output = florin(&["trace", "../contracts/artifacts/jar.wasm(alice)"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("author -> jar.new(keeper: "), "{}", text(&output.stdout));
}

/// A contract without an SDK, so that it builds in a moment, that steps beyond an array, two functions deep.
const FALLS: &str = r##"#![no_std]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! { core::arch::wasm32::unreachable() }
#[unsafe(link_section = "florin.abi")]
pub static ABI: [u8; 2] = *b"[]";
#[unsafe(link_section = "florin.metadata")]
pub static METADATA: [u8; LENGTH] = METADATA_BYTES;
#[link(wasm_import_module = "florin")]
unsafe extern "C" { fn input(out: *mut u8, cap: usize) -> i32; }
#[unsafe(no_mangle)]
pub extern "C" fn florin_call() {
    let mut calldata = [0; 64];
    walk(unsafe { input(calldata.as_mut_ptr(), 64) } as usize);
}
#[inline(never)]
fn walk(steps: usize) {
    core::hint::black_box(ground(steps));
}
#[inline]
fn ground(step: usize) -> u32 {
    let heights = [1, 2, 3, core::hint::black_box(4)];
    heights[step]
}
"##;

#[test]
fn a_panic_is_told_with_its_function_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let metadata = [&[5 << 2], &b"falls"[..], &[5 << 2], b"0.1.0", keccak256(b"[]").as_slice()].concat();
    let library =
        FALLS.replace("METADATA_BYTES", &format!("{metadata:?}")).replace("LENGTH", &metadata.len().to_string());
    std::fs::create_dir_all(folder.path().join("src")).unwrap();
    std::fs::write(folder.path().join("src/lib.rs"), &library).unwrap();
    let manifest = "[package]\nname = \"falls\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
    std::fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    let artifact = match build(folder.path(), Scope::Crate) {
        Ok(mut artifacts) => artifacts.remove(0),
        Err(BuildError::ToolchainMissing { .. } | BuildError::TargetMissing { .. }) => return,
        Err(error) => panic!("{error}"),
    };
    artifact.write().unwrap();
    artifact.write_debug().unwrap();
    let module = artifact.module_path();
    let output = florin(&["trace", module.to_str().unwrap(), "-c", "ann: 0x0102", "-c", "ann: 0x0102030405"]);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(told.contains("ann -> falls.0x0102  Success"), "{told}");
    assert!(told.contains("ann -> falls.0x0102030405  Unreachable"), "{told}");
    let line =
        |part: &str| format!("at src/lib.rs:{}", 1 + library.lines().position(|line| line.contains(part)).unwrap());
    // What was inlined is told too, and where each function stands.
    let places = [line("fn panic"), line("    heights["), line("black_box(ground"), line("    walk(unsafe")];
    let found: Vec<_> =
        places.iter().map(|place| told.find(place).unwrap_or_else(|| panic!("no {place} in {told}"))).collect();
    assert!(found.is_sorted(), "{told}");
    assert!(told.contains("falls::walk") && told.contains("florin_call"), "{told}");
}
