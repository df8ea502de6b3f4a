//! The committed artifacts are what the sources in this tree give, as far as that can be told without a compiler for Wasm.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use alloy_json_abi::JsonAbi;
use alloy_primitives::{hex, keccak256};
use florin_build::manifest::{Manifest, Row};
use florin_build::{Package, Project, check, recipe, source};

const REMEDY: &str = "run `cargo run -p florin -- contract build --all` and commit contracts/artifacts";

fn workspace() -> Project {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    Project::open(&root).unwrap()
}

/// Every contract of the workspace with its row in the manifest and the row's name.
fn artifacts(project: &Project) -> Vec<(Package, String, Row)> {
    let artifact = |package: &Package| {
        let rows = Manifest::read(&package.artifacts_folder()).unwrap().rows;
        let row = rows.into_iter().find(|(_, row)| row.package == package.name());
        let (name, row) = row.unwrap_or_else(|| panic!("{} has no artifact: {REMEDY}", package.name()));
        (package.clone(), name, row)
    };
    project.contracts().map(artifact).collect()
}

#[test]
fn no_artifact_is_stale() {
    let project = workspace();
    for (package, name, row) in artifacts(&project) {
        let now = source::source_hash(&project, &package).unwrap();
        assert_eq!(row.source_hash, hex::encode(now.as_bytes()), "{name} is stale: {REMEDY}");
        assert_eq!(row.toolchain, recipe::TOOLCHAIN, "{name} was built by another release: {REMEDY}");
    }
}

#[test]
fn the_manifest_tells_the_truth_about_every_module() {
    let project = workspace();
    for (package, name, row) in artifacts(&project) {
        let file = |extension: &str| package.artifacts_folder().join(&name).with_extension(extension);
        let module = std::fs::read(file("wasm")).unwrap();
        assert_eq!(row.code_hash, keccak256(&module).to_string(), "{name}");
        assert_eq!(row.bytes, module.len(), "{name}");

        let accepted = check::check(&module).unwrap_or_else(|refusal| panic!("{name} is refused: {refusal}"));
        let metadata = accepted.info.metadata.unwrap();
        assert_eq!(metadata.name, name);
        let abi_json = std::fs::read(file("json")).unwrap();
        assert_eq!(metadata.abi_hash, keccak256(&abi_json).0, "{name}");
        let abi: JsonAbi = serde_json::from_slice(&abi_json).unwrap();
        assert!(!abi.functions.is_empty(), "{name}");
    }
}

#[test]
fn the_manifest_has_a_row_for_each_contract_and_no_other() {
    let project = workspace();
    let mut contracts: Vec<_> =
        artifacts(&project).into_iter().map(|(package, name, _)| (package.artifacts_folder(), name)).collect();
    contracts.sort();
    let mut folders: Vec<_> = contracts.iter().map(|(folder, _)| folder.clone()).collect();
    folders.dedup();
    let rows = folders.iter().flat_map(|folder| {
        let rows = Manifest::read(folder).unwrap().rows;
        rows.into_keys().map(|name| (folder.clone(), name)).collect::<Vec<_>>()
    });
    assert_eq!(rows.collect::<Vec<_>>(), contracts);
}
