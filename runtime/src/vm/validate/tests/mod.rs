//! Tests of the upload check: every limit at its value and one above, every proposal, and the malicious modules.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

mod limits;
mod malicious;
mod proposals;

use wasm_encoder::Encode;

use super::validate;
use crate::gas::CompileWork;
use crate::vm::ModuleInfo;
use crate::vm::refusal::{Reason, Refusal};

const MEMORY: &str = r#"(memory (export "memory") 1 16)"#;
const CALL: &str = r#"(func (export "florin_call"))"#;

/// Assembles a module from its fields.
fn wasm(fields: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {fields})")).unwrap()
}

/// Assembles a module that has a memory and an entry, and these fields between them.
fn contract(fields: &str) -> Vec<u8> {
    wasm(&format!("{MEMORY} {fields} {CALL}"))
}

/// Appends a custom section.
fn with_section(mut module: Vec<u8>, name: &str, data: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    name.encode(&mut content);
    content.extend_from_slice(data);
    module.push(0);
    content.encode(&mut module);
    module
}

fn accepted(module: &[u8]) -> ModuleInfo {
    validate(module).unwrap_or_else(|refusal| panic!("refused: {refusal}"))
}

fn refused(module: &[u8]) -> Refusal {
    validate(module).expect_err("the module is accepted")
}

/// Asserts that exactly the limit of this name is exceeded, by this value.
fn refused_by_limit(module: &[u8], name: &str, actual: u64) -> Refusal {
    let refusal = refused(module);
    match &refusal.reason {
        Reason::Limit { limit, actual: found } => assert_eq!((limit.name, *found), (name, actual)),
        other => panic!("refused for another reason: {other}"),
    }
    refusal
}

#[test]
fn a_module_tells_its_memory_entries_and_sections() {
    let metadata = ("token".to_owned(), "0.1.0".to_owned(), [7_u8; 32]);
    let module = with_section(
        contract(r#"(func (export "florin_init"))"#),
        "florin.metadata",
        &parity_scale_codec::Encode::encode(&metadata),
    );
    let module = with_section(module, "florin.reentrant", &[9, 9, 9, 9, 1, 2, 3, 4, 9, 9, 9, 9]);
    let info = accepted(&module);
    assert!(info.has_init);
    assert_eq!((info.memory_pages_min, info.memory_pages_max), (1, 16));
    assert_eq!(info.reentrant, [[1, 2, 3, 4], [9, 9, 9, 9]]);
    assert_eq!(info.metadata.map(|metadata| (metadata.name, metadata.abi_hash)), Some(("token".to_owned(), [7; 32])));
    assert!(!accepted(&contract("")).has_init);
}

#[test]
fn a_section_of_ours_that_does_not_decode_is_refused() {
    for (name, data) in
        [("florin.metadata", &[0xff_u8; 40][..]), ("florin.metadata", &[]), ("florin.reentrant", &[1, 2, 3])]
    {
        let refusal = refused(&with_section(contract(""), name, data));
        assert!(matches!(refusal.reason, Reason::Section { section, .. } if section == name), "{refusal}");
    }
    let twice = with_section(with_section(contract(""), "florin.reentrant", &[]), "florin.reentrant", &[]);
    assert!(matches!(refused(&twice).reason, Reason::Section { .. }));
}

#[test]
fn a_refusal_names_function_operator_limit_and_fix() {
    let module = contract("(func $sum_of_all (param f64) (result f64) (f64.add (local.get 0) (local.get 0)))");
    // The type is refused first; it belongs to no function.
    assert!(matches!(refused(&module).reason, Reason::Proposal { proposal: "floats", .. }));

    let module = contract("(func $rounded (drop (i64.reinterpret_f64 (f64.const 1))))");
    let refusal = refused(&module);
    assert_eq!(refusal.operator.as_deref(), Some("f64.const"));
    let function = refusal.function.clone().unwrap();
    assert_eq!((function.index, function.name.unwrap().as_str()), (0, "rounded"));
    assert_eq!(
        refusal.to_string(),
        "function 0 `rounded`: f64.const: uses the Wasm proposal floats, which is switched off: floating-point \
         results may differ between machines"
    );
    assert_eq!(refusal.fix(), "build for the target wasm32v1-none and use integers only");

    let blocks = format!("(func $deep {} {})", "block ".repeat(257), "end ".repeat(257));
    let refusal = refused(&contract(&blocks));
    assert_eq!(refusal.to_string(), "function 0 `deep`: block: 257 blocks exceed NESTING_MAX = 256");
    assert_eq!(refusal.fix(), "reduce it to at most 256 blocks");
}

#[test]
fn a_function_without_a_name_section_is_named_by_its_export() {
    let module = wasm(r#"(memory (export "memory") 1 1) (func (export "florin_call") (drop (f32.const 0)))"#);
    assert_eq!(refused(&module).function.unwrap().to_string(), "function 0 `florin_call`");
}

#[test]
fn what_compiling_takes_is_counted() {
    let module = wat::parse_str(
        r#"(module (memory (export "memory") 1 1) (table 1 1 funcref) (elem func $f $f) (elem (i32.const 0) func $f)
        (func $f) (func (export "florin_call") (local i32 i64)
            (block (br_if 0 (local.get 0))) (loop (call $f)) (call_indirect (i32.const 0))))"#,
    );
    let info = accepted(&module.unwrap());
    assert_eq!(info.passive_elements, 2);
    let work = CompileWork { functions: 2, basic_blocks: 3, loops: 1, calls: 2, carried_values: 6 };
    assert_eq!(info.work, work);
}
