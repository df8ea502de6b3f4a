//! What a trace tells of one call: the functions, their ticks, and where the call stopped; alike on every engine.
//!
//! That tracing changes nothing is asserted by every other test here: the traced machines stand among the engines.

use florin_abi::Status;
use wasmparser::{Operator, Parser, Payload};

use super::super::trace::{FUNCTIONS_MAX, Function, Site, Trace};
use super::{ENGINES, PLENTY, run_watched, wasm};

/// Runs a contract on the traced machines; they must tell the same.
fn trace(module: &[u8]) -> Trace {
    let traces: Vec<_> = ENGINES
        .iter()
        .filter(|(name, _)| name.contains("traced"))
        .map(|(_, vm)| run_watched(vm, module, b"input", PLENTY).1)
        .collect();
    assert_eq!(traces.len(), 2);
    assert_eq!(traces[0], traces[1]);
    traces[0].clone()
}

/// Returns the offsets in the code section of the operators of the module that this holds for.
fn offsets(module: &[u8], wanted: impl Fn(&Operator<'_>) -> bool) -> Vec<u32> {
    let (mut start, mut found) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload.unwrap() {
            Payload::CodeSectionStart { range, .. } => start = range.start,
            Payload::CodeSectionEntry(body) => {
                for pair in body.get_operators_reader().unwrap().into_iter_with_offsets() {
                    let (operator, offset) = pair.unwrap();
                    if wanted(&operator) {
                        found.push(u32::try_from(offset - start).unwrap());
                    }
                }
            }
            _ => {}
        }
    }
    found
}

fn sites(trace: &Trace) -> Vec<(Function, Option<u32>)> {
    trace.calls[0].backtrace.iter().map(|Site { function, offset }| (*function, *offset)).collect()
}

/// A loop before the trap and a return before it, so that metering and hooks move every operator.
const TRAP: &str = r#"(memory (export "memory") 1 1) (table 2 2 funcref) (elem (i32.const 1) $divide)
    (type $two (func (param i32 i32) (result i32)))
    (func $divide (type $two) (loop (br_if 0 (i32.eqz (i32.const 7)))) (i32.div_u (local.get 0) (local.get 1)))
    (func $middle (param i32) (result i32) (if (i32.eq (local.get 0) (i32.const 9)) (then (return (i32.const 1))))
        (i32.add (call_indirect (type $two) (i32.const 1) (local.get 0) (i32.const 1)) (i32.const 1)))
    (func (export "florin_call") (drop (call $middle (i32.const 9))) (drop (call $middle (i32.const 0))))"#;

#[test]
fn a_trap_tells_every_function_and_the_operator_where_each_stands() {
    let module = wasm(TRAP);
    let divide = offsets(&module, |operator| matches!(operator, Operator::I32DivU))[0];
    let indirect = offsets(&module, |operator| matches!(operator, Operator::CallIndirect { .. }))[0];
    let calls = offsets(&module, |operator| matches!(operator, Operator::Call { .. }));
    let expected =
        [(Function::Code(0), Some(divide)), (Function::Code(1), Some(indirect)), (Function::Code(2), Some(calls[1]))];
    let trace = trace(&module);
    assert_eq!(trace.calls[0].status, Status::DivisionByZero);
    assert_eq!(sites(&trace), expected);
}

#[test]
fn functions_are_counted_by_the_path_that_reached_them() {
    let trace = trace(&wasm(TRAP));
    let told: Vec<_> =
        trace.functions.iter().map(|function| (function.parent, function.function, function.count)).collect();
    let expected = [
        (None, Function::Call, 1),
        (Some(0), Function::Code(2), 1),
        (Some(1), Function::Code(1), 2),
        (Some(2), Function::Code(0), 1),
    ];
    assert_eq!(told, expected);
    assert!(trace.functions.iter().all(|function| function.ticks > 0), "{trace:?}");
}

#[test]
fn a_host_function_that_does_not_return_stands_innermost() {
    let module = wasm(
        r#"(import "florin" "revert" (func $revert (param i32 i32))) (memory (export "memory") 1 1)
        (func $fail (call $revert (i32.const 0) (i32.const 4))) (func (export "florin_call") (call $fail))"#,
    );
    let trace = trace(&module);
    let calls = offsets(&module, |operator| matches!(operator, Operator::Call { .. }));
    let expected =
        [(Function::Host("revert"), None), (Function::Code(1), Some(calls[0])), (Function::Code(2), Some(calls[1]))];
    assert_eq!((trace.calls[0].status, sites(&trace)), (Status::Reverted, expected.to_vec()));
}

#[test]
fn a_loop_without_an_end_stops_at_its_head() {
    let module = wasm(
        r#"(memory (export "memory") 1 1) (func (export "florin_call") (i32.store (i32.const 0) (i32.const 1)) (loop (br 0)))"#,
    );
    for (_, vm) in ENGINES.iter().filter(|(name, _)| name.contains("traced")) {
        let (seen, trace) = run_watched(vm, &module, b"input", 100_000);
        let head = offsets(&module, |operator| matches!(operator, Operator::Loop { .. }))[0];
        assert_eq!((seen.exit, sites(&trace)), ("OutOfGas", vec![(Function::Code(0), Some(head))]));
    }
}

#[test]
fn a_trace_is_bounded_and_loses_no_tick() {
    // 2^18 paths: each function calls the next one from two places of the tree.
    let mut functions = String::new();
    for level in 0..18 {
        let next = level + 1;
        functions += &format!(
            "(func $a{level} (call $a{next}) (call $b{next})) (func $b{level} (call $a{next}) (call $b{next}))"
        );
    }
    functions += r#"(func $a18) (func $b18) (func (export "florin_call") (call $a0))"#;
    let told = trace(&wasm(&format!(r#"(memory (export "memory") 1 1) {functions}"#)));
    assert!(told.truncated);
    assert_eq!(told.functions.len(), FUNCTIONS_MAX);
}
