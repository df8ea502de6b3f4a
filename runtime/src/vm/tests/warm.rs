//! The instances that benches keep: called again without being set back, and no other than those of a chain in what they
//! answer and burn.

use super::{PLENTY, contract, frame, load, machine};
use crate::vm::{EngineKind, Exit, Optimize};

/// Answers with the byte that it finds, and then adds one to it.
const COUNTER: &str = r#"(i32.store8 (i32.const 8) (i32.load8_u (i32.const 0)))
    (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))
    (call $finish (i32.const 8) (i32.const 1))"#;

#[test]
fn a_warm_instance_keeps_its_memory_until_it_is_written_back() {
    let vm = machine(EngineKind::Compiled { optimize: Optimize::Speed });
    let module = super::wasm(&format!(
        r#"(import "florin" "finish" (func $finish (param i32 i32)))
        (memory (export "memory") 1 1) (func (export "florin_call") {COUNTER})"#
    ));
    let code = load(&vm, &module);
    let mut warm = vm.warm(&code).unwrap();
    let new = warm.memory();
    let call = |warm: &mut crate::vm::Warm| {
        let (frame, outcome) = warm.run(frame(&vm, b""), PLENTY);
        assert!(matches!(outcome.exit, Exit::Finished));
        (frame.output[0], outcome.ticks_used)
    };
    let (first, ticks) = call(&mut warm);
    assert_eq!((first, call(&mut warm)), (0, (1, ticks)));
    warm.write_memory(&new);
    assert_eq!(call(&mut warm), (0, ticks));

    // The price of the instance is what a chain takes on top.
    let (frame, outcome) = vm.run(&code, frame(&vm, b""), PLENTY);
    assert_eq!(frame.output[0], 0);
    assert_eq!(outcome.ticks_used - super::prices().instance.of(1), ticks);
}

#[test]
fn an_empty_call_returns_and_a_host_function_without_a_frame_is_a_fault() {
    let vm = machine(EngineKind::Compiled { optimize: Optimize::Speed });
    let mut empty = vm.warm(&load(&vm, &contract("nop"))).unwrap();
    assert!((0..3).all(|_| empty.enter(1 << 20).is_ok()));
    let module = super::wasm(
        r#"(import "florin" "block_height" (func $height (result i64))) (memory (export "memory") 1 1)
        (func (export "florin_call") (drop (call $height)))"#,
    );
    assert!(vm.warm(&load(&vm, &module)).unwrap().enter(1 << 20).is_err());
    let interpreted = machine(EngineKind::Interpreted);
    assert!(interpreted.warm(&load(&interpreted, &contract("nop"))).is_err());
}
