//! Modules that break a rule which is no count.

use super::{CALL, MEMORY, accepted, contract, refused, wasm, with_section};
use crate::vm::refusal::{ExportProblem, ImportProblem, Reason};

#[test]
fn case_01_garbage_is_refused() {
    for garbage in [&b""[..], b"\0asm", b"\0asm\x01\0\0", b"not a module", &[0xff; 1_000], &[0; 1_000]] {
        assert!(matches!(refused(garbage).reason, Reason::Malformed(_)), "{garbage:?}");
    }
    let mut module = contract("");
    module.extend_from_slice(&[0xde, 0xad, 0xbe, 0xef]);
    refused(&module);
}

#[test]
fn case_01_a_module_truncated_anywhere_is_refused() {
    let module = contract(
        r#"(table 2 2 funcref) (global (mut i64) (i64.const 7)) (elem (i32.const 0) 0 0) (data (i32.const 8) "data")
           (func (param i32) (result i32) (block (br_table 0 0 (local.get 0))) (i32.load (local.get 0)))"#,
    );
    accepted(&module);
    for length in 0..module.len() {
        // Cut between two sections, it may be valid; then it lacks an export, or a body.
        if let Ok(info) = super::validate(&module[..length]) {
            assert!(length > module.len() - 40, "accepted at {length}: {info:?}");
        }
    }
}

#[test]
fn case_01_a_module_with_any_byte_changed_does_not_panic() {
    let module = contract(
        r#"(table 2 2 funcref) (elem (i32.const 0) 0 0) (data (i32.const 8) "data")
           (func (param i32) (result i32) (loop (br_if 0 (local.get 0))) (i32.load (local.get 0)))"#,
    );
    for position in 0..module.len() {
        for value in 0..=u8::MAX {
            let mut changed = module.clone();
            changed[position] = value;
            // Either verdict is right; it must be one.
            let _verdict = super::validate(&changed).is_ok();
        }
    }
}

#[test]
fn case_09_a_start_function_is_refused() {
    for body in ["(loop (br 0))", "unreachable", "nop"] {
        let refusal = refused(&contract(&format!("(start $s) (func $s {body})")));
        assert_eq!(refusal.reason, Reason::Start);
    }
}

#[test]
fn case_11_a_memory_without_a_maximum_or_imported_or_doubled_or_inverted_is_refused() {
    let no_maximum = refused(&wasm(&format!(r#"(memory (export "memory") 1) {CALL}"#)));
    assert_eq!(no_maximum.reason, Reason::Memory("has no maximum"));
    assert!(no_maximum.fix().contains("maximum"));

    let imported =
        refused(&wasm(&format!(r#"(import "florin" "memory" (memory 1 2)) (export "memory" (memory 0)) {CALL}"#)));
    assert!(matches!(imported.reason, Reason::Import { problem: ImportProblem::NotAFunction, .. }), "{imported}");

    let inverted = refused(&wasm(&format!(r#"(memory (export "memory") 2 1) {CALL}"#)));
    assert!(matches!(inverted.reason, Reason::Malformed(_)), "{inverted}");

    refused(&contract("(memory 1 1)"));
    let none = refused(&wasm(CALL));
    assert!(matches!(none.reason, Reason::Export { problem: ExportProblem::Missing, .. }), "{none}");
}

#[test]
fn case_12_a_table_that_can_grow_is_refused() {
    for table in ["(table 1 funcref)", "(table 1 2 funcref)", "(table 0 funcref)"] {
        assert!(matches!(refused(&contract(table)).reason, Reason::Table(_)), "{table}");
    }
    refused(&contract("(table 1 1 funcref) (table 1 1 funcref)"));
    let huge = refused(&contract("(table 10000000 10000000 funcref)"));
    assert!(matches!(huge.reason, Reason::Limit { .. }));
    accepted(&contract("(table 3 3 funcref)"));
}

#[test]
fn case_13_an_active_segment_past_the_initial_size_is_refused() {
    accepted(&contract(r#"(data (i32.const 65532) "1234")"#));
    let data = refused(&contract(r#"(data (i32.const 65533) "1234")"#));
    assert_eq!(data.reason, Reason::Segment { kind: "data", index: 0, end: 65_537, size: 65_536 });
    let negative = refused(&contract(r#"(data (i32.const -1) "")"#));
    assert_eq!(negative.reason, Reason::Segment { kind: "data", index: 0, end: u64::from(u32::MAX), size: 65_536 });

    accepted(&contract("(table 2 2 funcref) (elem (i32.const 0) 0 0)"));
    let element = refused(&contract("(table 2 2 funcref) (elem (i32.const 1) 0 0)"));
    assert_eq!(element.reason, Reason::Segment { kind: "element", index: 0, end: 3, size: 2 });
}

#[test]
fn case_13_overlapping_segments_are_accepted_and_a_wrong_data_count_is_refused() {
    accepted(&contract(r#"(data (i32.const 0) "aaaa") (data (i32.const 2) "bbbb")"#));

    use wasm_encoder::{DataCountSection, DataSection, Module};
    let mut data = DataSection::new();
    data.passive(*b"x");
    let mut module = Module::new();
    module.section(&DataCountSection { count: 2 }).section(&data);
    assert!(matches!(refused(&module.finish()).reason, Reason::Malformed(_)));
}

#[test]
fn case_14_an_import_that_is_not_in_the_table_is_refused() {
    use ImportProblem::{Duplicate, NotAFunction, Signature, Unknown};
    for (import, expected) in [
        (r#"(import "florin" "clock" (func (result i64)))"#, Unknown),
        (r#"(import "env" "input" (func (param i32 i32) (result i32)))"#, Unknown),
        (r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))"#, Unknown),
        (r#"(import "florin" "florin:ticks" (func))"#, Unknown),
        (r#"(import "florin" "florin:ticks" (global (mut i64)))"#, NotAFunction),
        (r#"(import "florin" "input" (func (param i32 i32)))"#, Signature),
        (r#"(import "florin" "input" (func (param i32 i64) (result i32)))"#, Signature),
        (r#"(import "florin" "input" (func (param i32 i32 i32) (result i32)))"#, Signature),
        (r#"(import "florin" "input" (table 1 1 funcref))"#, NotAFunction),
    ] {
        let refusal = refused(&wasm(&format!("{import} {MEMORY} {CALL}")));
        assert!(matches!(refusal.reason, Reason::Import { problem, .. } if problem == expected), "{import}: {refusal}");
    }
    let row = r#"(import "florin" "input" (func (param i32 i32) (result i32)))"#;
    let refusal = refused(&wasm(&format!("{row} {row} {MEMORY} {CALL}")));
    assert!(matches!(refusal.reason, Reason::Import { problem: Duplicate, .. }), "{refusal}");
}

#[test]
fn case_14_an_export_that_is_missing_or_of_another_kind_is_refused() {
    use ExportProblem::{Imported, Kind, Missing, Reserved, Signature};
    for (module, name, expected) in [
        (MEMORY.to_owned(), "florin_call", Missing),
        (CALL.to_owned(), "memory", Missing),
        (format!(r#"{MEMORY} (global (export "florin_call") i32 (i32.const 0))"#), "florin_call", Kind),
        (format!(r#"{CALL} (memory 1 1) (func (export "memory"))"#), "memory", Kind),
        (format!(r#"{MEMORY} (func (export "florin_call") (param i32))"#), "florin_call", Signature),
        (format!(r#"{MEMORY} (func (export "florin_call") (result i32) i32.const 0)"#), "florin_call", Signature),
        (format!(r#"{MEMORY} {CALL} (func (export "florin_init") (param i64))"#), "florin_init", Signature),
        (format!(r#"{MEMORY} {CALL} (export "florin:ticks" (memory 0))"#), "florin:ticks", Reserved),
        (format!(r#"{MEMORY} {CALL} (func (export "florin:stack"))"#), "florin:stack", Reserved),
        (
            format!(r#"(import "florin" "caller" (func (param i32))) {MEMORY} (export "florin_call" (func 0))"#),
            "florin_call",
            Imported,
        ),
    ] {
        let refusal = refused(&wasm(&module));
        let found = matches!(&refusal.reason, Reason::Export { name: found, problem } if found.as_str() == name && *problem == expected);
        assert!(found, "{module}: {refusal}");
    }
}

#[test]
fn case_15_foreign_custom_sections_are_ignored() {
    accepted(&with_section(contract(""), "name", &[0xff; 10_000]));
    accepted(&with_section(contract(""), "producers", b"\x1b[31m\n"));
    accepted(&with_section(contract(""), "\u{1b}[2J", &[0; 500_000]));
    // A section name that is no UTF-8.
    let mut module = contract("");
    module.extend_from_slice(&[0, 3, 2, 0xff, 0xfe]);
    assert!(matches!(refused(&module).reason, Reason::Malformed(_)));
}

#[test]
fn case_15_a_refusal_never_repeats_foreign_text_raw() {
    // An escape sequence, a line break and a mark that turns the direction of writing.
    let name = r"\1b[31m\0aroot: forged line\e2\80\ae";
    let import = wasm(&format!(r#"(import "florin" "{name}" (func)) {MEMORY} {CALL}"#));
    let function = contract(&format!(r#"(func $"{name}" (drop (f32.const 0)))"#));
    for module in [import, function] {
        let text = refused(&module).to_string();
        assert!(text.chars().all(|letter| letter.is_ascii_graphic() || letter == ' '), "{text:?}");
    }
}
