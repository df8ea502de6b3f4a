//! Every proposal that the parser knows has a row, and a module that uses a refused one does not pass.

use wasmparser::WasmFeatures;

use super::super::proposals::{Decision, PROPOSALS, allowed};
use super::{CALL, MEMORY, accepted, contract, refused, wasm};
use crate::vm::refusal::Reason;

/// A module of each refused proposal, by the parser's name. The component model is one: its parts need a component.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let component = b"\0asm\x0d\0\x01\0".to_vec();
    let mut samples = vec![
        ("FLOATS", contract("(func (drop (f32.add (f32.const 1) (f32.const 2))))")),
        ("SATURATING_FLOAT_TO_INT", contract("(func (param f32) (drop (i32.trunc_sat_f32_s (local.get 0))))")),
        ("REFERENCE_TYPES", contract("(table 1 1 funcref) (func (drop (table.get 0 (i32.const 0))))")),
        ("CALL_INDIRECT_OVERLONG", overlong_call_indirect()),
        ("SIMD", contract("(func (drop (v128.const i64x2 1 2)))")),
        ("RELAXED_SIMD", contract("(func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))")),
        ("THREADS", contract("(func (drop (i32.atomic.load (i32.const 0))))")),
        ("SHARED_EVERYTHING_THREADS", contract("(global (shared mut i32) (i32.const 0))")),
        ("TAIL_CALL", contract("(func $f (return_call $f))")),
        ("EXCEPTIONS", contract("(tag $t) (func (throw $t))")),
        ("LEGACY_EXCEPTIONS", contract("(func try nop catch_all nop end)")),
        ("STACK_SWITCHING", contract("(type $f (func)) (type $c (cont $f))")),
        ("MULTI_MEMORY", contract("(memory 1 1) (func (drop (i32.load 1 (i32.const 0))))")),
        ("MEMORY64", wasm(&format!(r#"(memory (export "memory") i64 1 1) {CALL}"#))),
        ("MEMORY_CONTROL", contract("(func (memory.discard (i32.const 0) (i32.const 0)))")),
        ("CUSTOM_PAGE_SIZES", wasm(&format!(r#"(memory (export "memory") 1 1 (pagesize 1)) {CALL}"#))),
        ("EXTENDED_CONST", contract("(global i32 (i32.add (i32.const 1) (i32.const 2)))")),
        ("FUNCTION_REFERENCES", contract("(type $f (func)) (func (param (ref $f)) (call_ref $f (local.get 0)))")),
        ("GC", contract("(type $s (struct (field i32))) (func (drop (struct.new_default $s)))")),
        ("GC_TYPES", contract("(func (param externref))")),
        ("CUSTOM_DESCRIPTORS", contract("(rec (type $a (descriptor $b) (struct)) (type $b (describes $a) (struct)))")),
        ("COMPACT_IMPORTS", compact_imports()),
        ("COMPONENT_MODEL", component.clone()),
    ];
    for (name, flag) in WasmFeatures::all().iter_names() {
        if name.starts_with("CM") && !WasmFeatures::COMPONENT_MODEL.contains(flag) {
            samples.push((name, component.clone()));
        }
    }
    samples
}

/// A `call_indirect` whose table index takes two bytes.
fn overlong_call_indirect() -> Vec<u8> {
    let module = contract("(table 1 1 funcref) (type $t (func)) (func (call_indirect (type $t) (i32.const 0)))");
    // The body: size 7, no locals, i32.const 0, call_indirect type 0 table 0, end.
    let body = [7, 0, 0x41, 0, 0x11, 0, 0, 0x0b];
    let position = module.windows(body.len()).position(|window| window == body).unwrap();
    let mut longer = module[..position].to_vec();
    longer.extend_from_slice(&[8, 0, 0x41, 0, 0x11, 0, 0x80, 0, 0x0b]);
    longer.extend_from_slice(&module[position + body.len()..]);
    // The code section is one byte longer; its size stands three bytes before the bodies' count and sizes.
    let section = longer.iter().take(position).rposition(|byte| *byte == 0x0a).unwrap();
    longer[section + 1] += 1;
    longer
}

/// An import section in the compact encoding: one module name, a marker, a list of names.
fn compact_imports() -> Vec<u8> {
    let mut module = wasm("(type (func))");
    module.extend_from_slice(&[2, 12, 1, 6]);
    module.extend_from_slice(b"florin");
    module.extend_from_slice(&[0, 0x7f, 0]);
    module
}

#[test]
fn case_10_every_proposal_of_the_parser_is_decided() {
    let mut decided = WasmFeatures::empty();
    for row in PROPOSALS {
        decided |= row.flag;
    }
    for (name, flag) in WasmFeatures::all().iter_names() {
        let rows = PROPOSALS.iter().filter(|row| row.flag == flag).count();
        assert_eq!(rows, 1, "{name} has {rows} rows in the table of proposals");
    }
    assert_eq!(decided, WasmFeatures::all());
}

#[test]
fn case_10_every_refused_proposal_is_refused_by_a_module_that_uses_it() {
    let samples = samples();
    for (name, flag) in WasmFeatures::all().iter_names() {
        let row = PROPOSALS.iter().find(|row| row.flag == flag).unwrap();
        let modules: Vec<_> = samples.iter().filter(|(sample, _)| *sample == name).collect();
        if row.decision == Decision::Allowed {
            assert!(modules.is_empty(), "{name} is allowed, and has a sample of a refused proposal");
            continue;
        }
        assert!(!modules.is_empty(), "{name} has no sample");
        for (_, module) in modules {
            refused(module);
        }
    }
}

#[test]
fn case_10_a_sample_is_refused_for_its_proposal_and_nothing_else() {
    // A sample that no set of switches makes valid would prove nothing.
    for (name, module) in samples() {
        let flag = WasmFeatures::from_name(name).unwrap();
        let with = allowed().union(flag).union(needed_by(name));
        if name.starts_with("CM") || name == "COMPONENT_MODEL" || name == "COMPACT_IMPORTS" {
            continue;
        }
        let mut validator = wasmparser::Validator::new_with_features(with);
        validator.validate_all(&module).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut validator = wasmparser::Validator::new_with_features(with.difference(flag));
        assert!(validator.validate_all(&module).is_err(), "{name} is valid without its proposal");
    }
}

/// What the sample of a proposal uses beside the proposal.
fn needed_by(name: &str) -> WasmFeatures {
    match name {
        "SATURATING_FLOAT_TO_INT" => WasmFeatures::FLOATS,
        "RELAXED_SIMD" => WasmFeatures::SIMD | WasmFeatures::FLOATS,
        "SHARED_EVERYTHING_THREADS" => WasmFeatures::THREADS,
        "LEGACY_EXCEPTIONS" => WasmFeatures::EXCEPTIONS,
        "FUNCTION_REFERENCES" | "GC_TYPES" => WasmFeatures::REFERENCE_TYPES,
        "GC" => WasmFeatures::REFERENCE_TYPES | WasmFeatures::FUNCTION_REFERENCES | WasmFeatures::GC_TYPES,
        "STACK_SWITCHING" => {
            WasmFeatures::REFERENCE_TYPES
                | WasmFeatures::FUNCTION_REFERENCES
                | WasmFeatures::EXCEPTIONS
                | WasmFeatures::GC_TYPES
        }
        "CUSTOM_DESCRIPTORS" => {
            WasmFeatures::REFERENCE_TYPES
                | WasmFeatures::FUNCTION_REFERENCES
                | WasmFeatures::GC
                | WasmFeatures::GC_TYPES
        }
        _ => WasmFeatures::empty(),
    }
}

#[test]
fn case_10_float_opcodes_types_and_constants_are_refused_by_name() {
    for field in [
        "(func (param f32))",
        "(func (result f64) unreachable)",
        "(func (local f32))",
        "(global f64 (f64.const 0))",
        "(func (drop (f64.load (i32.const 0))))",
        "(func (drop (i32.trunc_f32_s (f32.const 0))))",
        "(func (drop (i32.reinterpret_f32 (f32.const 0))))",
    ] {
        let refusal = refused(&contract(field));
        assert!(matches!(refusal.reason, Reason::Proposal { proposal: "floats", .. }), "{field}: {refusal}");
    }
}

#[test]
fn case_10_reference_type_operators_are_refused_beyond_the_first_tables() {
    for body in [
        "(drop (table.get 0 (i32.const 0)))",
        "(table.set 0 (i32.const 0) (ref.null func))",
        "(drop (table.grow 0 (ref.null func) (i32.const 1)))",
        "(drop (table.size 0))",
        "(table.fill 0 (i32.const 0) (ref.null func) (i32.const 1))",
        "(drop (ref.func 0))",
        "(drop (select (result i32) (i32.const 0) (i32.const 0) (i32.const 0)))",
    ] {
        let refusal = refused(&contract(&format!("(table 1 1 funcref) (func {body})")));
        assert!(matches!(refusal.reason, Reason::Proposal { .. }), "{body}: {refusal}");
        assert!(refusal.operator.is_some(), "{body}: {refusal}");
    }
}

#[test]
fn the_allowed_proposals_are_accepted() {
    accepted(&wasm(&format!(
        r#"{MEMORY} {CALL} (global (export "g") (mut i32) (i32.const 0)) (table 2 2 funcref) (data "abc") (elem func 0)
        (func $pair (result i32 i64) (i32.const 1) (i64.const 2))
        (func $extend (param i32) (result i32) (i32.extend8_s (local.get 0)))
        (func (memory.copy (i32.const 0) (i32.const 1) (i32.const 2)) (memory.fill (i32.const 0) (i32.const 1) (i32.const 2)))
        (func (memory.init 0 (i32.const 0) (i32.const 1) (i32.const 2)) (data.drop 0))
        (func (table.copy (i32.const 0) (i32.const 1) (i32.const 1)) (table.init 0 (i32.const 0) (i32.const 0) (i32.const 1)) (elem.drop 0))
        (func (param i64 i64) (result i64 i64) (i64.mul_wide_s (local.get 0) (local.get 1))
            (i64.mul_wide_u (local.get 0) (local.get 1)) i64.add128 (local.get 0) (local.get 1) i64.sub128)
        (func (drop (memory.grow (i32.const 1))) (drop (memory.size)))"#
    )));
}
