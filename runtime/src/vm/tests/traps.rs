//! Every way a call can end, with the same status and the same ticks on every engine.

use florin_abi::Status;

use super::{PLENTY, contract, prices, run, ticks_of, wasm};

/// Bodies that trap, and on what. Each is one straight run, except where a branch is the point.
const TRAPS: &[(&str, Status)] = &[
    ("unreachable", Status::Unreachable),
    ("(drop (i32.load (i32.const -1)))", Status::MemoryOutOfBounds),
    ("(drop (i32.load offset=65533 (i32.const 0)))", Status::MemoryOutOfBounds),
    ("(drop (i64.load offset=4294967295 (i32.const -1)))", Status::MemoryOutOfBounds),
    ("(i32.store8 (i32.const 65536) (i32.const 0))", Status::MemoryOutOfBounds),
    ("(memory.fill (i32.const 65530) (i32.const 0) (i32.const 7))", Status::MemoryOutOfBounds),
    ("(memory.copy (i32.const 0) (i32.const 65530) (i32.const 7))", Status::MemoryOutOfBounds),
    ("(memory.init 0 (i32.const 0) (i32.const 0) (i32.const 4))", Status::MemoryOutOfBounds),
    ("(data.drop 0) (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1))", Status::MemoryOutOfBounds),
    ("(table.copy (i32.const 0) (i32.const 1) (i32.const 4))", Status::TableOutOfBounds),
    ("(table.init 0 (i32.const 0) (i32.const 0) (i32.const 2))", Status::TableOutOfBounds),
    ("(call_indirect (type $v) (i32.const 4))", Status::TableOutOfBounds),
    ("(call_indirect (type $v) (i32.const -1))", Status::TableOutOfBounds),
    ("(call_indirect (type $v) (i32.const 0))", Status::BadIndirectCall),
    ("(drop (call_indirect (type $i) (i32.const 1)))", Status::BadIndirectCall),
    ("(drop (i32.div_s (i32.const 1) (i32.const 0)))", Status::DivisionByZero),
    ("(drop (i64.rem_u (i64.const 1) (i64.const 0)))", Status::DivisionByZero),
    ("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", Status::IntegerOverflow),
    ("(drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1)))", Status::IntegerOverflow),
];

/// Assembles a contract with a table, a passive segment of each kind, and this body.
fn with_tables(body: &str) -> Vec<u8> {
    wasm(&format!(
        r#"(type $v (func)) (type $i (func (result i32)))
        (memory (export "memory") 1 16) (table 4 4 funcref) (elem func $f) (elem (i32.const 1) $f) (data "abc")
        (func $f)
        (func (export "florin_call") (local $n i32) {body})"#
    ))
}

#[test]
fn every_trap_has_its_status() {
    for (body, status) in TRAPS {
        assert_eq!(run(&with_tables(body), PLENTY).exit, status.name(), "{body}");
    }
}

#[test]
fn what_does_not_trap_at_the_edge_finishes() {
    for body in [
        "(i32.store8 (i32.const 65535) (i32.const 1))",
        "(memory.fill (i32.const 65536) (i32.const 0) (i32.const 0))",
        "(memory.copy (i32.const 65536) (i32.const 65536) (i32.const 0))",
        "(data.drop 0) (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0))",
        "(table.init 0 (i32.const 3) (i32.const 0) (i32.const 1)) (call_indirect (type $v) (i32.const 3))",
        "(elem.drop 0) (table.init 0 (i32.const 4) (i32.const 0) (i32.const 0))",
        "(table.copy (i32.const 2) (i32.const 1) (i32.const 1)) (call_indirect (type $v) (i32.const 2))",
        "(drop (i32.rem_s (i32.const 0x80000000) (i32.const -1)))",
    ] {
        assert_eq!(run(&with_tables(body), PLENTY).exit, "Finished", "{body}");
    }
}

const LOOP: &str = "(local.set $n (i32.const 1000000))
    (loop (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))";

#[test]
fn case_19_gas_is_charged_on_a_trap() {
    let rounds = ticks_of(&with_tables(LOOP), Status::Success);
    // A round: local.get, i32.const, i32.sub, local.tee, br_if.
    let round = 4 * prices().simple + prices().branch;
    assert!(rounds >= 1_000_000 * round && rounds < 1_000_000 * round + 1_000, "{rounds}");
    for (body, status) in TRAPS {
        let seen = run(&with_tables(&format!("{LOOP} {body}")), PLENTY);
        assert_eq!(seen.exit, status.name(), "{body}");
        let burnt = seen.ticks - prices().instance.of(1);
        assert!(burnt >= rounds && burnt < rounds + 10_000, "{body} after the loop costs {burnt}, the loop {rounds}");
    }
}

#[test]
fn case_19_gas_is_charged_when_a_host_function_fails() {
    let module = wasm(&format!(
        r#"(import "florin" "caller" (func $caller (param i32))) (memory (export "memory") 1 16)
        (func (export "florin_call") (local $n i32) {LOOP} (call $caller (i32.const -1)))"#
    ));
    let burnt = ticks_of(&module, Status::BadPointer);
    let round = 4 * prices().simple + prices().branch;
    assert!(burnt >= 1_000_000 * round + prices().call_host, "{burnt}");
}

#[test]
fn case_18_an_infinite_loop_is_out_of_gas_and_burns_all_of_it() {
    for body in [
        "(loop (br 0))",
        "(loop (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))) (br 0))",
        "(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0))",
        "(loop (block (br_table 0 1 1 (i32.const 1))) (br 0))",
        "(loop (if (i32.const 1) (then (br 1)) (else unreachable)))",
    ] {
        for ticks in [100_000, 100_001, 12_345_678] {
            let seen = run(&contract(body), ticks);
            assert_eq!((seen.exit, seen.ticks), ("OutOfGas", ticks), "{body}");
        }
    }
    let host = wasm(
        r#"(import "florin" "block_height" (func $height (result i64))) (memory (export "memory") 1 1)
        (func (export "florin_call") (loop (drop (call $height)) (br 0)))"#,
    );
    assert_eq!(run(&host, 1_000_000).exit, "OutOfGas");
}

#[test]
fn case_18_a_call_needs_exactly_what_it_burns() {
    let bodies = [
        "nop",
        LOOP,
        "(call $f)",
        "(memory.fill (i32.const 0) (i32.const 7) (i32.const 1000))",
        "(drop (memory.grow (i32.const 2)))",
        "(if (i32.const 1) (then (drop (i32.mul (i32.const 3) (i32.const 4)))))",
    ];
    for body in bodies {
        let module = with_tables(body);
        let needed = run(&module, PLENTY);
        assert_eq!(needed.exit, "Finished", "{body}");
        assert_eq!(run(&module, needed.ticks), needed, "{body}");
        let short = run(&module, needed.ticks - 1);
        assert_eq!((short.exit, short.ticks), ("OutOfGas", needed.ticks - 1), "{body}");
    }
}

#[test]
fn a_trap_below_zero_is_out_of_gas() {
    // The run with `unreachable` is not compared with zero, and still the contract cannot pretend to have had the gas.
    let module = contract("(if (i32.const 1) (then (drop (i32.div_s (i32.const 4) (i32.const 2))) unreachable))");
    let needed = run(&module, PLENTY);
    assert_eq!(needed.exit, "Unreachable");
    assert_eq!(run(&module, needed.ticks - 1).exit, "OutOfGas");
}

#[test]
fn without_the_gas_for_its_instance_a_call_does_not_begin() {
    for ticks in [0, 1, prices().instance.of(1) - 1] {
        let seen = run(&contract("nop"), ticks);
        assert_eq!((seen.exit, seen.ticks), ("OutOfGas", ticks));
    }
}

#[test]
fn more_ticks_than_the_counter_holds_do_not_wrap() {
    for ticks in [i64::MAX.unsigned_abs() - 1, i64::MAX.unsigned_abs(), u64::MAX] {
        let seen = run(&contract("nop"), ticks);
        assert_eq!(seen.exit, "Finished");
        assert_eq!(seen.ticks, run(&contract("nop"), PLENTY).ticks);
    }
}
