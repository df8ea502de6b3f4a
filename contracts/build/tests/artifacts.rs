//! The committed artifacts are what the sources in this tree give, as far as that can be told without a compiler for Wasm.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use alloy_json_abi::JsonAbi;
use alloy_primitives::{hex, keccak256};
use florin_build::manifest::{Manifest, Row};
use florin_build::{Package, Project, check, recipe, source};
use wasmparser::{DataKind, Operator, Parser, Payload};

const REMEDY: &str = "run `cargo run -p florin -- contract build --all` and commit contracts/artifacts";

fn workspace() -> Project {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    Project::open(&root).unwrap()
}

/// Bytes of the shadow stack.
const STACK_BYTES: u32 = 16 << 10;

/// Pages of 64 KiB that a contract has before it asks for more.
const PAGES_MAX: u64 = 1;

/// The most bytes of a contract here. A deployment pays for each, and the code of the SDK is in all of them.
const ARTIFACT_BYTES_MAX: usize = 40_000;

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
fn every_artifact_is_below_40_000_bytes() {
    for (_, name, row) in artifacts(&workspace()) {
        assert!(row.bytes < ARTIFACT_BYTES_MAX, "{name} has {} bytes, {ARTIFACT_BYTES_MAX} are too many", row.bytes);
    }
}

/// What of a module's memory stands in its bytes.
#[derive(Default)]
struct Layout {
    /// Pages that every call begins with.
    pages: u64,
    /// The first value of the first global, which is the stack pointer.
    stack_top: Option<u32>,
    /// Where each piece of data begins.
    data: Vec<u32>,
}

impl Layout {
    fn of(module: &[u8]) -> Self {
        let constant = |expression: wasmparser::ConstExpr<'_>| match expression.get_operators_reader().read().unwrap() {
            Operator::I32Const { value } => value.cast_unsigned(),
            other => panic!("a constant of 32 bits, not {other:?}"),
        };
        let mut layout = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload.unwrap() {
                Payload::MemorySection(section) => layout.pages = section.into_iter().next().unwrap().unwrap().initial,
                Payload::GlobalSection(section) => {
                    let first = section.into_iter().next().unwrap().unwrap();
                    layout.stack_top = Some(constant(first.init_expr)).filter(|_| first.ty.mutable);
                }
                Payload::DataSection(section) => {
                    layout.data.extend(section.into_iter().filter_map(|data| match data.unwrap().kind {
                        DataKind::Active { offset_expr, .. } => Some(constant(offset_expr)),
                        DataKind::Passive => None,
                    }))
                }
                _ => {}
            }
        }
        layout
    }
}

#[test]
fn every_memory_is_one_page_with_its_data_above_a_stack_of_16_kib() {
    let project = workspace();
    for (package, name, _) in artifacts(&project) {
        let module = std::fs::read(package.artifacts_folder().join(&name).with_extension("wasm")).unwrap();
        let layout = Layout::of(&module);
        assert!(layout.pages <= PAGES_MAX, "{name} begins with {} pages of memory", layout.pages);
        assert_eq!(layout.stack_top, Some(STACK_BYTES), "{name}");
        // What is pushed below address 0 is no memory: the stack ends with a trap and not in the data.
        assert!(layout.data.iter().all(|begin| *begin >= STACK_BYTES), "{name}: data at {:?}", layout.data);
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
