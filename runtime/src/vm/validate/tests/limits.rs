//! Every upload limit: the value is accepted, one more is refused, and the refusal names the limit and the figure.

use std::fmt::Write as _;

use florin_abi::LIMITS;
use florin_abi::limits::*;

use super::{CALL, MEMORY, accepted, contract, refused_by_limit, wasm, with_section};

#[test]
fn every_upload_limit_has_a_test_at_it_and_above_it() {
    let tests = include_str!("limits.rs");
    let upload = LIMITS.iter().take_while(|limit| limit.name != "CALL_DEPTH_MAX");
    for limit in upload {
        let name = limit.name;
        // The import table has fewer rows than the limit, and none may be imported twice: the most that can be accepted is
        // all of them.
        let both = match name {
            "IMPORTS_MAX" => format!("refused_by_limit(&module, \"{name}\""),
            _ => format!("at_the_limit_and_above(\"{name}\", {name},"),
        };
        assert!(tests.contains(&both), "no test has `{both}`");
    }
}

/// Asserts that the module made with the limit is accepted, and the one with one more is refused by it.
fn at_the_limit_and_above(name: &str, limit: u32, module: impl Fn(u32) -> Vec<u8>) {
    accepted(&module(limit));
    let above = limit + 1;
    refused_by_limit(&module(above), name, u64::from(above));
}

/// Repeats a field, with its number in place of `#`.
fn fields(field: &str, count: u32) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        text.push_str(&field.replace('#', &number.to_string()));
        text.push(' ');
        text
    })
}

/// Assembles a contract of exactly this size, by padding a custom section.
fn sized(bytes: u32) -> Vec<u8> {
    let bytes = usize::try_from(bytes).unwrap();
    let mut padding = bytes - contract("").len();
    loop {
        let module = with_section(contract(""), "pad", &vec![0; padding]);
        if module.len() == bytes {
            return module;
        }
        padding -= module.len() - bytes;
    }
}

#[test]
fn case_02_code_bytes() {
    at_the_limit_and_above("CODE_BYTES_MAX", CODE_BYTES_MAX, sized);
}

#[test]
fn case_02_size_is_compared_before_a_byte_is_read() {
    let limit = usize::try_from(CODE_BYTES_MAX).unwrap();
    refused_by_limit(&vec![0xff; limit + 1], "CODE_BYTES_MAX", u64::from(CODE_BYTES_MAX) + 1);
}

#[test]
fn case_03_params_of_one_type() {
    let of = |count| contract(&format!("(type (func (param {})))", "i32 ".repeat(usize::try_from(count).unwrap())));
    at_the_limit_and_above("PARAMS_MAX", PARAMS_MAX, of);
}

#[test]
fn case_03_results_of_one_type() {
    let of = |count| contract(&format!("(type (func (result {})))", "i32 ".repeat(usize::try_from(count).unwrap())));
    at_the_limit_and_above("RESULTS_MAX", RESULTS_MAX, of);
}

#[test]
fn case_03_params_of_all_functions() {
    let of = |count: u32| {
        let wide = format!("(func (param {}))", "i32 ".repeat(25));
        contract(&format!("{} (func (param {}))", fields(&wide, count / 25), "i32 ".repeat((count % 25) as usize)))
    };
    assert_eq!(PARAMS_TOTAL_MAX % 25, 0);
    at_the_limit_and_above("PARAMS_TOTAL_MAX", PARAMS_TOTAL_MAX, of);
}

#[test]
fn case_03_a_compile_bomb_of_wide_types_is_refused() {
    // The text format's parser is slow here, so that the module is made by hand: 20,000 functions of one type with
    // 1,000 parameters.
    use wasm_encoder::{FunctionSection, Module, TypeSection, ValType};
    let (mut types, mut functions) = (TypeSection::new(), FunctionSection::new());
    types.ty().function(vec![ValType::I32; 1_000], []);
    for _ in 0..20_000 {
        functions.function(0);
    }
    let mut module = Module::new();
    module.section(&types).section(&functions);
    refused_by_limit(&module.finish(), "PARAMS_MAX", 1_000);
}

#[test]
fn case_04_locals_of_one_function() {
    let of = |count| contract(&format!("(func (param i32 i64) (local {}))", "i64 ".repeat(count as usize - 2)));
    at_the_limit_and_above("LOCALS_MAX", LOCALS_MAX, of);
}

#[test]
fn case_04_locals_of_all_functions() {
    let of = |count: u32| {
        let wide = format!("(func (local {}))", "i64 ".repeat(250));
        contract(&format!("{} (func (local {}))", fields(&wide, count / 250), "i64 ".repeat((count % 250) as usize)))
    };
    assert_eq!(LOCALS_TOTAL_MAX % 250, 0);
    at_the_limit_and_above("LOCALS_TOTAL_MAX", LOCALS_TOTAL_MAX, of);
}

#[test]
fn case_04_fifty_thousand_locals_are_refused() {
    let module = contract(&format!("(func (local {}))", "i64 ".repeat(50_000)));
    refused_by_limit(&module, "LOCALS_MAX", 50_000);
}

#[test]
fn case_05_body_bytes() {
    // The body holds a byte for the locals, and one for its end.
    let of = |bytes| contract(&format!("(func {})", "nop ".repeat(bytes as usize - 2)));
    at_the_limit_and_above("BODY_BYTES_MAX", BODY_BYTES_MAX, of);
}

#[test]
fn case_05_nesting() {
    let of = |count| contract(&format!("(func {} {})", "block ".repeat(count as usize), "end ".repeat(count as usize)));
    at_the_limit_and_above("NESTING_MAX", NESTING_MAX, of);
    let ifs = format!("(func {} {})", "i32.const 0 if ".repeat(257), "end ".repeat(257));
    refused_by_limit(&contract(&ifs), "NESTING_MAX", 257);
}

#[test]
fn case_05_nesting_does_not_use_the_native_stack() {
    // 32,000 open blocks fit a body; a parser that recursed would need more than this thread has.
    let body = format!("(func {} {})", "block ".repeat(20_000), "end ".repeat(20_000));
    let module = contract(&body);
    let small = std::thread::Builder::new().stack_size(64 << 10);
    small.spawn(move || refused_by_limit(&module, "NESTING_MAX", 257)).unwrap().join().unwrap();
}

#[test]
fn case_06_br_table_targets() {
    let of = |count| contract(&format!("(func (br_table {} 0 (i32.const 0)))", "0 ".repeat(count as usize)));
    at_the_limit_and_above("BR_TABLE_TARGETS_MAX", BR_TABLE_TARGETS_MAX, of);
}

#[test]
fn case_06_br_table_targets_of_all_functions() {
    let of = |count: u32| {
        let table = |count: u32| format!("(func (br_table {} 0 (i32.const 0)))", "0 ".repeat(count as usize));
        contract(&format!("{} {}", fields(&table(1_024), count / 1_024), table(count % 1_024)))
    };
    at_the_limit_and_above("BR_TABLE_TARGETS_TOTAL_MAX", BR_TABLE_TARGETS_TOTAL_MAX, of);
}

#[test]
fn case_08_loops_of_one_function() {
    at_the_limit_and_above("LOOPS_MAX", LOOPS_MAX, |count| contract(&format!("(func {})", fields("loop end", count))));
}

#[test]
fn case_08_loops_of_all_functions() {
    let of = |count: u32| {
        let full = format!("(func {})", fields("loop end", LOOPS_MAX));
        let rest = format!("(func {})", fields("loop end", count % LOOPS_MAX));
        contract(&format!("{} {rest}", fields(&full, count / LOOPS_MAX)))
    };
    at_the_limit_and_above("LOOPS_TOTAL_MAX", LOOPS_TOTAL_MAX, of);
}

#[test]
fn case_08_basic_blocks_of_one_function() {
    for operators in ["block end", "(if (i32.const 0) (then))", "(br_if 0 (i32.const 0))"] {
        let of = |count| contract(&format!("(func {})", fields(operators, count)));
        at_the_limit_and_above("BASIC_BLOCKS_MAX", BASIC_BLOCKS_MAX, of);
    }
    let two_each = "(if (i32.const 0) (then) (else))";
    refused_by_limit(
        &contract(&format!("(func {})", fields(two_each, BASIC_BLOCKS_MAX / 2 + 1))),
        "BASIC_BLOCKS_MAX",
        u64::from(BASIC_BLOCKS_MAX) + 1,
    );
    let bulk = "(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))";
    at_the_limit_and_above("BASIC_BLOCKS_MAX", BASIC_BLOCKS_MAX, |count| {
        contract(&format!("(func {})", fields(bulk, count)))
    });
}

#[test]
fn case_08_basic_blocks_of_all_functions() {
    let of = |count: u32| {
        let full = format!("(func {})", fields("block end", BASIC_BLOCKS_MAX));
        let rest = format!("(func {})", fields("block end", count % BASIC_BLOCKS_MAX));
        contract(&format!("{} {rest}", fields(&full, count / BASIC_BLOCKS_MAX)))
    };
    at_the_limit_and_above("BASIC_BLOCKS_TOTAL_MAX", BASIC_BLOCKS_TOTAL_MAX, of);
}

#[test]
fn case_08_calls_of_all_functions() {
    let of = |count: u32| {
        let full = format!("(func {})", "call 0 ".repeat(16_384));
        let rest = format!("(func {})", "call 0 ".repeat(count as usize % 16_384));
        contract(&format!("{} {rest}", fields(&full, count / 16_384)))
    };
    at_the_limit_and_above("CALLS_TOTAL_MAX", CALLS_TOTAL_MAX, of);
}

#[test]
fn case_08_values_carried_from_block_to_block() {
    // 256 locals times 512 blocks, twice, and a block with one local.
    let of = |count: u32| {
        let wide = format!("(func {} {})", fields("(local i32)", 256), fields("block end", 512));
        let rest = format!("(func (local i32) {})", fields("block end", count % (256 * 512)));
        contract(&format!("{} {rest}", fields(&wide, count / (256 * 512))))
    };
    at_the_limit_and_above("CARRIED_VALUES_MAX", CARRIED_VALUES_MAX, of);
    // A block with many results carries as many.
    let results = "i32 ".repeat(32);
    let block = format!("(block (result {results}) unreachable) {}", "drop ".repeat(32));
    let function = format!("(func {})", fields(&block, 1_000));
    accepted(&contract(&fields(&function, 8)));
    refused_by_limit(&contract(&fields(&function, 9)), "CARRIED_VALUES_MAX", 9 * 1_000 * 32);
}

#[test]
fn case_07_functions() {
    at_the_limit_and_above("FUNCTIONS_MAX", FUNCTIONS_MAX, |count| contract(&fields("(func)", count - 1)));
}

#[test]
fn case_07_types() {
    at_the_limit_and_above("TYPES_MAX", TYPES_MAX, |count| contract(&fields("(type (func))", count)));
}

#[test]
fn case_07_globals() {
    at_the_limit_and_above("GLOBALS_MAX", GLOBALS_MAX, |count| contract(&fields("(global i32 (i32.const 0))", count)));
}

#[test]
fn case_07_exports() {
    let of = |count| contract(&fields(r##"(export "e#" (memory 0))"##, count - 2));
    at_the_limit_and_above("EXPORTS_MAX", EXPORTS_MAX, of);
}

#[test]
fn case_07_data_segments() {
    let active = |count| contract(&fields(r#"(data (i32.const 0) "x")"#, count));
    at_the_limit_and_above("DATA_SEGMENTS_MAX", DATA_SEGMENTS_MAX, active);
    let passive = |count| contract(&format!("(func (data.drop 0)) {}", fields(r#"(data "x")"#, count)));
    at_the_limit_and_above("DATA_SEGMENTS_MAX", DATA_SEGMENTS_MAX, passive);
}

#[test]
fn case_07_element_segments() {
    let of = |count| contract(&format!("(table 1 1 funcref) (func $f) {}", fields("(elem (i32.const 0) $f)", count)));
    at_the_limit_and_above("ELEMENT_SEGMENTS_MAX", ELEMENT_SEGMENTS_MAX, of);
}

#[test]
fn case_07_elements_of_a_passive_segment() {
    let of = |count| contract(&format!("(func $f) (elem func {})", "$f ".repeat(count as usize)));
    at_the_limit_and_above("TABLE_ELEMENTS_MAX", TABLE_ELEMENTS_MAX, of);
}

#[test]
fn case_07_custom_sections() {
    let of = |count: u32| {
        // Assembled without names, so that there is no name section to count.
        let module = wasm(&format!("{MEMORY} {CALL}"));
        (0..count).fold(module, |module, _| with_section(module, "x", &[]))
    };
    at_the_limit_and_above("CUSTOM_SECTIONS_MAX", CUSTOM_SECTIONS_MAX, of);
}

#[test]
fn case_07_names() {
    let of = |bytes| contract(&format!(r#"(export "{}" (memory 0))"#, "n".repeat(bytes as usize)));
    at_the_limit_and_above("NAME_BYTES_MAX", NAME_BYTES_MAX, of);
    let import = format!(r#"(import "florin" "{}" (func)) {MEMORY} {CALL}"#, "n".repeat(129));
    refused_by_limit(&wasm(&import), "NAME_BYTES_MAX", 129);
}

#[test]
fn case_07_a_count_that_lies_is_refused_before_anything_is_allocated() {
    // Type, function, global, export and data sections that claim 2^32 - 1 items and hold none.
    for id in [1_u8, 3, 6, 7, 9, 11] {
        let mut module = wasm("");
        module.extend_from_slice(&[id, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]);
        let refusal = super::refused(&module);
        assert!(matches!(refusal.reason, crate::vm::Reason::Limit { .. }), "section {id}: {refusal}");
    }
}

#[test]
fn case_11_memory_pages() {
    let of = |pages| wasm(&format!(r#"(memory (export "memory") 0 {pages}) {CALL}"#));
    at_the_limit_and_above("MEMORY_PAGES_MAX", MEMORY_PAGES_MAX, of);
}

#[test]
fn case_12_table_elements() {
    let of = |count| contract(&format!("(table {count} {count} funcref)"));
    at_the_limit_and_above("TABLE_ELEMENTS_MAX", TABLE_ELEMENTS_MAX, of);
}

#[test]
fn case_14_imports() {
    // Nothing but rows of the import table can be imported, once each; more imports than that are refused by count.
    let row = r#"(import "florin" "input" (func (param i32 i32) (result i32)))"#;
    let module = wasm(&format!("{} {MEMORY} {CALL}", fields(row, IMPORTS_MAX + 1)));
    refused_by_limit(&module, "IMPORTS_MAX", u64::from(IMPORTS_MAX) + 1);
    accepted(&all_imports());
    assert!(florin_abi::IMPORTS.len() <= usize::try_from(IMPORTS_MAX).unwrap());
}

/// Assembles a contract that imports every row of the import table.
fn all_imports() -> Vec<u8> {
    let mut imports = String::new();
    for row in florin_abi::IMPORTS {
        let name = |ty: &florin_abi::ValueType| match ty {
            florin_abi::ValueType::I32 => "i32",
            florin_abi::ValueType::I64 => "i64",
        };
        let params: Vec<_> = row.params.iter().map(name).collect();
        let result = row.result.as_ref().map(|ty| format!("(result {})", name(ty))).unwrap_or_default();
        let row_name = row.name;
        writeln!(imports, r#"(import "florin" "{row_name}" (func (param {}) {result}))"#, params.join(" ")).unwrap();
    }
    wasm(&format!("{imports} {MEMORY} {CALL}"))
}

#[test]
fn case_07_reentrant_messages() {
    let of = |count: u32| {
        let selectors: Vec<u8> = (0..count).flat_map(u32::to_be_bytes).collect();
        with_section(contract(""), "florin.reentrant", &selectors)
    };
    at_the_limit_and_above("REENTRANT_MESSAGES_MAX", REENTRANT_MESSAGES_MAX, of);
}
