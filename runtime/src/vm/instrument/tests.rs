//! The written module itself: valid, without what it need not have, and out of the contract's reach.

#![allow(clippy::unwrap_used, reason = "tests")]

use florin_abi::limits::STACK_UNITS_MAX;
use wasmparser::{ExternalKind, Operator, Parser, Payload, Validator};

use super::super::validate::{proposals, validate};
use super::{STACK_EXPORT, TICKS_EXPORT, instrument};
use crate::gas::{FarPrices, GasSchedule, OperatorPrices, Price};

fn prices() -> OperatorPrices {
    GasSchedule::default().operators
}

/// Modules with and without each section that metering touches.
fn modules() -> Vec<Vec<u8>> {
    let fields = [
        "",
        "(global (mut i32) (i32.const 1)) (global (mut i64) (i64.const 2)) (func (global.set 0 (global.get 0)))",
        r#"(table 2 2 funcref) (elem (i32.const 0) 0) (data (i32.const 0) "a") (data "b") (func (data.drop 1))"#,
        "(func $f (result i32 i64) (call $g)) (func $g (result i32 i64) (call $f)) (func $h (result i64 i32) (call $f) drop drop (return (i64.const 1) (i32.const 2)))",
        "(func (param i64) (local i32) (memory.fill (local.get 1) (local.get 1) (local.get 1)) (drop (memory.grow (i32.const 1))))",
        "(func $f (param i32) (block (loop (br_if 1 (local.get 0)) (call $f (i32.const 0)) (br 0))) (if (local.get 0) (then return)))",
        r#"(@custom "florin.reentrant" "abcd") (@custom "producers" "x") (func $named (local $also i32))"#,
    ];
    let contract = |fields: &str| {
        wat::parse_str(format!(r#"(module (memory (export "memory") 1 1) {fields} (func (export "florin_call")))"#))
    };
    fields.iter().map(|fields| contract(fields).unwrap()).collect()
}

#[test]
fn the_written_module_is_valid_and_has_two_globals_and_an_entry_more() {
    for module in modules() {
        validate(&module).unwrap();
        let metered = instrument(&module, &prices()).unwrap();
        Validator::new_with_features(proposals::allowed()).validate_all(&metered).unwrap();
        let (before, after) = (globals(&module), globals(&metered));
        assert_eq!(after, before + 2);
        let counters = [(TICKS_EXPORT, before), (STACK_EXPORT, before + 1)];
        let found: Vec<_> = exports(&metered).into_iter().filter(|(name, _)| name.starts_with("florin:")).collect();
        assert_eq!(found, counters.map(|(name, index)| (name.to_owned(), index)));
    }
}

#[test]
fn an_entry_gives_every_mutable_global_its_initial_value() {
    let module = wat::parse_str(
        r#"(module (memory (export "memory") 1 1)
        (global (mut i64) (i64.const -7)) (global i32 (i32.const 5)) (global (mut i32) (i32.const 1048576))
        (func (export "florin_init") nop) (func (export "florin_call") nop))"#,
    );
    let metered = instrument(&module.unwrap(), &prices()).unwrap();
    let bodies: Vec<Vec<String>> = Parser::new(0)
        .parse_all(&metered)
        .filter_map(|payload| match payload.unwrap() {
            Payload::CodeSectionEntry(body) => Some(body.get_operators_reader().unwrap()),
            _ => None,
        })
        .map(|operators| operators.into_iter().map(|operator| format!("{:?}", operator.unwrap())).collect())
        .collect();
    let entry = |function: u32| {
        [
            "LocalGet { local_index: 0 }".to_owned(),
            "GlobalSet { global_index: 3 }".to_owned(),
            format!("I32Const {{ value: {STACK_UNITS_MAX} }}"),
            "GlobalSet { global_index: 4 }".to_owned(),
            "I64Const { value: -7 }".to_owned(),
            "GlobalSet { global_index: 0 }".to_owned(),
            "I32Const { value: 1048576 }".to_owned(),
            "GlobalSet { global_index: 2 }".to_owned(),
            format!("Call {{ function_index: {function} }}"),
            "End".to_owned(),
        ]
    };
    // The call's entry is the first that is added, wherever the contract exports its own.
    assert_eq!(bodies.len(), 4);
    assert_eq!(bodies[2], entry(1));
    assert_eq!(bodies[3], entry(0));
}

#[test]
fn custom_sections_are_dropped() {
    for module in modules() {
        let metered = instrument(&module, &prices()).unwrap();
        let custom = Parser::new(0).parse_all(&metered).any(|payload| matches!(payload, Ok(Payload::CustomSection(_))));
        assert!(!custom);
    }
}

#[test]
fn a_metered_module_cannot_be_uploaded() {
    // Nobody can bring counters of their own.
    for module in modules() {
        validate(&instrument(&module, &prices()).unwrap()).unwrap_err();
    }
}

#[test]
fn equal_modules_are_written_equally() {
    for module in modules() {
        assert_eq!(instrument(&module, &prices()).unwrap(), instrument(&module, &prices()).unwrap());
    }
}

/// Returns how often the entry of a contract charges.
fn charged(body: &str) -> usize {
    let text =
        format!(r#"(module (memory (export "memory") 1 1) (func (export "florin_call") (local $i i32) {body}))"#);
    charges(&instrument(&wat::parse_str(text).unwrap(), &prices()).unwrap()).len()
}

#[test]
fn what_is_executed_equally_often_is_charged_once() {
    let round = "(br_if 0 (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 9)))";
    for (body, expected) in [
        ("nop (block nop) nop", 1),
        // Behind a block, the run before it goes on.
        ("nop (block (br_if 0 (local.get $i)) nop) nop nop", 2),
        ("nop (if (local.get $i) (then nop) (else nop)) nop nop", 3),
        // A way that leads around goes on its own.
        ("nop (block (block (br_if 1 (local.get $i)) nop) nop) nop nop", 2),
        ("nop (block (block (br_if 0 (local.get $i)) (br_if 1 (local.get $i)) nop) nop) nop", 4),
        // A branch to where the call ends leaves what follows in its run.
        ("(block (br_if 0 (local.get $i)) nop return) unreachable", 2),
        ("(block (br_if 0 (local.get $i)) nop return) nop", 3),
        // A loop of known length, and one that is not.
        (&format!("(local.set $i (i32.const 0)) (loop {round})"), 1),
        (&format!("(loop {round})"), 2),
    ] {
        assert_eq!(charged(body), expected, "{body}");
    }
}

#[test]
fn case_37_prices_of_any_size_stay_below_the_counter() {
    let most = Price { base: u64::MAX, per_unit: u64::MAX };
    let dear = OperatorPrices {
        simple: u64::MAX,
        multiply: u64::MAX,
        divide: u64::MAX,
        add_wide: u64::MAX,
        multiply_wide: u64::MAX,
        global: u64::MAX,
        memory: u64::MAX,
        branch: u64::MAX,
        function: u64::MAX,
        local: u64::MAX,
        call: u64::MAX,
        call_indirect: u64::MAX,
        call_host: u64::MAX,
        bulk: most,
        table_bulk: most,
        memory_grow: most,
        instance: most,
        passive_element: u64::MAX,
        far: FarPrices { memory: u64::MAX, page: u64::MAX },
    };
    let long = wat::parse_str(format!(
        r#"(module (memory (export "memory") 1 1) (func (export "florin_call") {}))"#,
        "nop ".repeat(65_000)
    ));
    // Two bodies of the largest size, and a bulk operation, from zero.
    for module in modules().into_iter().chain([long.unwrap()]) {
        for ticks in charges(&instrument(&module, &dear).unwrap()) {
            assert!(ticks >= 0 && ticks.checked_mul(2).is_some_and(|twice| twice.checked_add(1 << 57).is_some()));
        }
    }
}

fn globals(module: &[u8]) -> u32 {
    let count = Parser::new(0).parse_all(module).find_map(|payload| match payload {
        Ok(Payload::GlobalSection(section)) => Some(section.count()),
        _ => None,
    });
    count.unwrap_or(0)
}

fn exports(module: &[u8]) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(section) = payload.unwrap() {
            for export in section.into_iter().map(Result::unwrap) {
                if export.kind == ExternalKind::Global {
                    found.push((export.name.to_owned(), export.index));
                }
            }
        }
    }
    found
}

/// Returns every constant that is taken from a counter.
fn charges(module: &[u8]) -> Vec<i64> {
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CodeSectionEntry(body) = payload.unwrap() {
            let operators: Vec<_> = body.get_operators_reader().unwrap().into_iter().map(Result::unwrap).collect();
            for pair in operators.windows(2) {
                if let [Operator::I64Const { value }, Operator::I64Sub] = pair {
                    found.push(*value);
                }
            }
        }
    }
    assert!(!found.is_empty());
    found
}
