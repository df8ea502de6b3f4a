//! Nothing of one call is seen by another, and code of one machine does not run on another.

use super::{ENGINES, EngineKind, Optimize, PLENTY, frame, load, machine, run, run_on, wasm};
use crate::fault::Fault;
use crate::vm::Exit;

/// Dirties its whole memory, its table and its globals.
fn dirty() -> Vec<u8> {
    wasm(
        r#"(memory (export "memory") 2 16) (table 8 8 funcref) (elem func $f $f $f $f $f $f $f $f)
        (global $g (mut i64) (i64.const 0)) (data (i32.const 100) "initial")
        (func $f)
        (func (export "florin_call")
            (if (i64.ne (global.get $g) (i64.const 0)) (then unreachable))
            (if (i32.ne (i32.load8_u (i32.const 100)) (i32.const 105)) (then unreachable))
            (if (i32.ne (memory.grow (i32.const 14)) (i32.const 2)) (then unreachable))
            (memory.fill (i32.const 0) (i32.const 0xaa) (i32.const 1048576))
            (table.init 0 (i32.const 0) (i32.const 0) (i32.const 8))
            (global.set $g (i64.const -1)))"#,
    )
}

/// Fails if its memory, up to its maximum, or its table is not as new.
fn clean(initial_pages: u32) -> Vec<u8> {
    wasm(&format!(
        r#"(memory (export "memory") {initial_pages} 16) (table 8 8 funcref) (type $t (func))
        (global $g (mut i64) (i64.const 0))
        (func (export "florin_call") (local $at i32)
            (if (i64.ne (global.get $g) (i64.const 0)) (then unreachable))
            (if (i32.ne (memory.grow (i32.const {})) (i32.const {initial_pages})) (then unreachable))
            (loop
                (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then unreachable))
                (br_if 0 (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 1048576))))
            (call_indirect (type $t) (i32.const 3)))"#,
        16 - initial_pages
    ))
}

#[test]
fn case_129_a_fresh_instance_sees_zeros_where_another_wrote() {
    for (name, vm) in ENGINES.iter() {
        // More rounds than the pool has slots, so that each slot is used again, and by another module.
        for round in 0..40 {
            assert_eq!(run_on(vm, &dirty(), PLENTY).exit, "Finished", "{name}, round {round}");
            let clean = run_on(vm, &clean(round % 3), PLENTY);
            // The table holds null: the last act of the clean contract.
            assert_eq!(clean.exit, "BadIndirectCall", "{name}, round {round}");
        }
    }
}

#[test]
fn case_129_a_call_that_trapped_leaves_nothing_behind() {
    let module = wasm(
        r#"(memory (export "memory") 1 1) (global $g (mut i32) (i32.const 0))
        (func (export "florin_call")
            (if (i32.or (global.get $g) (i32.load (i32.const 64))) (then (loop (br 0))))
            (global.set $g (i32.const 1)) (i32.store (i32.const 64) (i32.const 1)) unreachable)"#,
    );
    for _ in 0..3 {
        assert_eq!(run(&module, PLENTY).exit, "Unreachable");
    }
}

#[test]
fn case_130_code_of_another_machine_is_a_fault_and_gives_the_session_back() {
    let module = wasm(r#"(memory (export "memory") 1 1) (func (export "florin_call"))"#);
    let kinds = [EngineKind::Compiled { optimize: Optimize::None }, EngineKind::Interpreted];
    let machines = [machine(kinds[0]), machine(kinds[0]), machine(kinds[1]), machine(kinds[1])];
    for (owner, one) in machines.iter().enumerate() {
        let code = load(one, &module);
        for (runner, other) in machines.iter().enumerate() {
            let (_frame, outcome) = other.run(&code, frame(other, b""), PLENTY);
            match outcome.exit {
                Exit::Finished => assert_eq!(owner, runner),
                Exit::Fault(Fault::Engine(_)) => assert_ne!(owner, runner),
                other => panic!("code of {owner} on {runner}: {other:?}"),
            }
        }
    }
}
