//! Host functions from the side of the engine: what comes through, what ends a call, and what a panic does.

use std::fmt::Write as _;

use florin_abi::{IMPORTS, Status, ValueType};

use super::super::instance::fail_point;
use super::{ENGINES, PLENTY, frame, load, prices, run, run_on, ticks_of, wasm};
use crate::vm::frame::Entry;
use crate::vm::{Exit, Vm};

/// A contract that calls one row of the import table with the same constant for each argument.
fn calls(name: &str, argument: &str) -> Vec<u8> {
    let row = florin_abi::Import::find(name).unwrap();
    let text = |ty: &ValueType| match ty {
        ValueType::I32 => "i32",
        ValueType::I64 => "i64",
    };
    let params: Vec<_> = row.params.iter().map(text).collect();
    let result = row.result.as_ref().map(|ty| format!("(result {})", text(ty))).unwrap_or_default();
    let mut call = String::new();
    for param in &params {
        write!(call, "({param}.const {argument}) ").unwrap();
    }
    let drop = if row.result.is_some() { "drop" } else { "" };
    wasm(&format!(
        r#"(import "florin" "{name}" (func $host (param {}) {result})) (memory (export "memory") 1 1)
        (func (export "florin_call") {call} call $host {drop})"#,
        params.join(" ")
    ))
}

#[test]
fn input_and_output_pass_through_the_memory() {
    let module = wasm(
        r#"(import "florin" "input" (func $input (param i32 i32) (result i32)))
        (import "florin" "finish" (func $finish (param i32 i32)))
        (memory (export "memory") 1 1)
        (func (export "florin_call")
            (call $finish (i32.const 8) (call $input (i32.const 8) (i32.const 100))) unreachable)"#,
    );
    let seen = run(&module, PLENTY);
    assert_eq!((seen.exit, &seen.output[..]), ("Finished", &b"input"[..]));
}

#[test]
fn a_revert_ends_the_call_with_its_data() {
    let module = wasm(
        r#"(import "florin" "revert" (func $revert (param i32 i32))) (memory (export "memory") 1 1)
        (data (i32.const 3) "why") (func (export "florin_call") (call $revert (i32.const 3) (i32.const 3)) unreachable)"#,
    );
    let seen = run(&module, PLENTY);
    assert_eq!((seen.exit, &seen.output[..]), ("Reverted", &b"why"[..]));
}

#[test]
fn the_ticks_that_a_contract_is_told_are_those_that_it_has() {
    // Two readings differ by what the second call costs.
    let module = wasm(
        r#"(import "florin" "gas_left" (func $gas (result i64))) (import "florin" "revert" (func $revert (param i32 i32)))
        (memory (export "memory") 1 1)
        (func (export "florin_call") (i64.store (i32.const 0) (call $gas)) (i64.store (i32.const 8) (call $gas))
            (call $revert (i32.const 0) (i32.const 16)))"#,
    );
    let seen = run(&module, 80_000_000);
    let word = |at: usize| u64::from_le_bytes(*seen.output[at..].first_chunk().unwrap());
    assert!(word(0) < 10_000_000 && word(8) < word(0), "{} {}", word(0), word(8));
}

#[test]
fn a_host_function_sees_the_memory_as_it_has_grown() {
    let module = wasm(
        r#"(import "florin" "caller" (func $caller (param i32))) (memory (export "memory") 1 2)
        (func (export "florin_call") (drop (memory.grow (i32.const 1))) (call $caller (i32.const 131052))
            (if (i32.ne (i32.load (i32.const 131068)) (i32.const 0x01010101)) (then unreachable)))"#,
    );
    ticks_of(&module, Status::Success);
    let beyond = wasm(
        r#"(import "florin" "caller" (func $caller (param i32))) (memory (export "memory") 1 2)
        (func (export "florin_call") (call $caller (i32.const 65517)))"#,
    );
    ticks_of(&beyond, Status::BadPointer);
}

#[test]
fn case_28_a_panic_in_any_host_function_is_a_trap_with_the_gas_charged() {
    // The panics are expected; their messages would hide others.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut seen = Vec::new();
    for row in IMPORTS {
        let module = calls(row.name, "0");
        fail_point::arm(Some(row.name));
        for (_, vm) in ENGINES.iter() {
            seen.push((row.name, run_on(vm, &module, PLENTY)));
        }
        fail_point::arm(None);
    }
    std::panic::set_hook(hook);
    for (name, seen) in seen {
        assert_eq!(seen.exit, "Internal", "{name}");
        assert!(seen.ticks >= prices().instance.of(1) + prices().function + prices().call_host, "{name}");
    }
    // The machine is as good as before.
    for row in IMPORTS {
        assert_ne!(run(&calls(row.name, "0"), PLENTY).exit, "Internal", "{}", row.name);
    }
}

#[test]
fn case_29_a_pointer_or_length_out_of_range_traps_in_every_host_function() {
    for row in IMPORTS.iter().filter(|row| !row.params.is_empty()) {
        let seen = run(&calls(row.name, "-1"), PLENTY);
        assert!(
            ["BadPointer", "LimitExceeded", "BadArgument", "OutOfGas"].contains(&seen.exit),
            "{} of -1 ended with {}",
            row.name,
            seen.exit
        );
    }
}

#[test]
fn every_host_function_behaves_alike_on_every_engine() {
    for row in IMPORTS {
        for argument in ["0", "1", "32", "65535", "65536", "0x7fffffff"] {
            run(&calls(row.name, argument), PLENTY);
        }
    }
}

#[test]
fn init_runs_its_own_entry_and_a_module_without_it_finishes_at_once() {
    let with = wasm(
        r#"(memory (export "memory") 1 1) (func (export "florin_init") (loop nop)) (func (export "florin_call") unreachable)"#,
    );
    let without = wasm(r#"(memory (export "memory") 1 1) (func (export "florin_call") unreachable)"#);
    let init = |vm: &Vm, module: &[u8]| {
        let mut frame = frame(vm, b"");
        frame.message.entry = Entry::Init;
        let (_, outcome) = vm.run(&load(vm, module), frame, PLENTY);
        assert!(matches!(outcome.exit, Exit::Finished));
        outcome.ticks_used
    };
    for (_, vm) in ENGINES.iter() {
        assert!(init(vm, &with) > 0);
        assert_eq!(init(vm, &without), 0);
    }
}
