//! An author's own crate, outside this workspace and without the SDK, becomes an artifact.
//!
//! Where the Wasm target is not installed, the tests hold the error to its promise instead: it names the command that
//! installs what is missing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use alloy_primitives::keccak256;
use florin_build::strip::{Symbols, strip};
use florin_build::{Artifact, BuildError, Difference, Scope, build};
use tempfile::TempDir;

/// Writes a crate and, beside it, a crate that it depends on. Returns the folder of both.
fn author(name: &str, body: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let metadata: Vec<u8> =
        [&[u8::try_from(name.len()).unwrap() << 2], name.as_bytes(), &[5 << 2], b"0.1.0", keccak256(b"[]").as_slice()]
            .concat();
    let length = metadata.len();
    let manifest = |name: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{rest}\n[workspace]\n")
    };
    let library = format!(
        r#"#![no_std]
        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo) -> ! {{ core::arch::wasm32::unreachable() }}
        #[unsafe(link_section = "florin.abi")]
        pub static ABI: [u8; 2] = *b"[]";
        #[unsafe(link_section = "florin.metadata")]
        pub static METADATA: [u8; {length}] = {metadata:?};
        #[link(wasm_import_module = "florin")]
        unsafe extern "C" {{ fn finish(data: *const u8, length: usize); }}
        #[unsafe(no_mangle)]
        pub extern "C" fn helper_that_is_exported() {{}}
        #[unsafe(no_mangle)]
        pub extern "C" fn florin_call() {{
            let answer: &str = {body};
            unsafe {{ finish(answer.as_ptr(), answer.len()) }}
        }}"#
    );
    let files = [
        (
            "contract/Cargo.toml",
            manifest(name, "[dependencies]\nneighbour = { path = \"../neighbour\" }\n[profile.release]\ndebug = true"),
        ),
        ("contract/src/lib.rs", library),
        ("neighbour/Cargo.toml", manifest("neighbour", "")),
        ("neighbour/src/lib.rs", "#![no_std]\npub const PLACE: &str = file!();".to_owned()),
    ];
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// Builds the crate, or answers `None` if this machine cannot, after holding the error to its promise.
fn build_in(folder: &Path) -> Option<Result<Artifact, BuildError>> {
    match build(&folder.join("contract"), Scope::Crate) {
        Ok(mut artifacts) => Some(Ok(artifacts.remove(0))),
        Err(error @ (BuildError::ToolchainMissing { .. } | BuildError::TargetMissing { .. })) => {
            assert!(error.help().unwrap().starts_with("rustup "), "{error}");
            None
        }
        Err(error) => Some(Err(error)),
    }
}

#[test]
fn two_folders_give_the_same_bytes() {
    let folders = [(); 2].map(|()| author("placed", "neighbour::PLACE"));
    let mut modules = Vec::new();
    for folder in &folders {
        let Some(artifact) = build_in(folder.path()) else { return };
        modules.push(artifact.unwrap().module().to_vec());
    }
    assert_eq!(modules[0], modules[1]);
    let holds = |text: &[u8]| modules[0].windows(text.len()).any(|window| window == text);
    assert!(holds(b"/crates/neighbour-0.1.0/src/lib.rs"), "the test is pointless if the path is not in the module");
    assert!(!holds(b"helper_that_is_exported") && !holds(b".debug") && !holds(b"producers"));
}

#[test]
fn an_artifact_is_written_beside_its_crate_and_checks_until_it_is_touched() {
    let folder = author("touched", "\"hello\"");
    let Some(artifact) = build_in(folder.path()) else { return };
    let artifact = artifact.unwrap();
    let artifacts = folder.path().join("contract/artifacts");
    assert_eq!(artifact.module_path(), artifacts.canonicalize().unwrap_or(artifacts.clone()).join("touched.wasm"));
    let missing = artifact.differences().unwrap();
    assert!(missing.len() == 3 && missing.iter().all(|it| matches!(it, Difference::Missing { .. })), "{missing:?}");
    artifact.write().unwrap();
    assert_eq!(artifact.differences().unwrap(), []);
    assert_eq!(Artifact::leftovers(std::slice::from_ref(&artifact)).unwrap(), []);

    let manifest = artifacts.join("manifest.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("bytes = ", "bytes = 1")).unwrap();
    std::fs::write(artifacts.join("touched.json"), "[ ]").unwrap();
    let found = artifact.differences().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(found.contains("touched.json: 3 bytes, built 2; first difference at byte 1"), "{found}");
    assert!(found.contains("[touched] bytes = 1"), "{found}");
}

#[test]
fn the_module_to_debug_with_is_the_artifact_with_names_and_lines() {
    let folder = author("traced", "neighbour::PLACE");
    let Some(artifact) = build_in(folder.path()) else { return };
    let artifact = artifact.unwrap();
    let path = artifact.write_debug().unwrap();
    assert_eq!(path, artifact.module_path().with_extension("debug.wasm"));
    let debug = std::fs::read(&path).unwrap();
    assert_eq!(debug, artifact.debug_module());
    assert_eq!(strip(&debug, Symbols::Drop).unwrap().module, artifact.module());
    let holds = |text: &[u8]| debug.windows(text.len()).any(|window| window == text);
    assert!(holds(b".debug_line") && holds(b"helper_that_is_exported") && holds(b"src/lib.rs"));
    assert!(!holds(folder.path().to_str().unwrap().as_bytes()), "it names a folder of this machine");
    artifact.write().unwrap();
    assert_eq!(Artifact::leftovers(std::slice::from_ref(&artifact)).unwrap(), []);
}

#[test]
fn a_contract_that_the_chain_would_refuse_is_refused_with_function_operator_and_fix() {
    let body = r#"{
        #[unsafe(no_mangle)]
        #[inline(never)]
        extern "C" fn approximate(amount: u32) -> u32 { (amount as f32).to_bits() }
        if core::hint::black_box(approximate)(3) > 1 { "more" } else { "less" }
    }"#;
    let folder = author("floating", body);
    let Some(artifact) = build_in(folder.path()) else { return };
    let error = artifact.unwrap_err();
    assert!(matches!(error, BuildError::Refused { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("`approximate`: f32.convert"), "{text}");
    assert!(error.help().unwrap().contains("integers"), "{error}");
}

#[test]
fn a_crate_that_is_no_contract_is_told_so() {
    let folder = author("plain", "\"\"");
    let library = folder.path().join("contract/src/lib.rs");
    let text = std::fs::read_to_string(&library).unwrap();
    std::fs::write(&library, text.replace("florin.abi", "other.abi")).unwrap();
    let Some(artifact) = build_in(folder.path()) else { return };
    let error = artifact.unwrap_err();
    assert!(error.to_string().contains("no custom section `florin.abi`"), "{error}");
}
