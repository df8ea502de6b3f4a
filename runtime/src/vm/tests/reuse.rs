//! An instance that is used again is as new: its memory, globals and tables, whatever the call before did and however it
//! ended. Each story is told by a machine that uses instances again and by one that does not.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::super::instance::fail_point;
use super::super::written_pages::WrittenPages;
use super::{Isolation, PLENTY, Seen, Vm, VmConfig, isolated, run_on, run_with, wasm};

/// Bytes of a page of memory.
const PAGE_BYTES: u32 = 64 << 10;

/// Initial memories of [`scribbler`], in pages: one that is compared as a whole, and one of which the kernel tells.
const MEMORIES: [u32; 2] = [1, 3];

static REUSED: LazyLock<Vm> = LazyLock::new(|| isolated(Isolation::Reused { idle_max: 4 }));
static FRESH: LazyLock<Vm> = LazyLock::new(|| isolated(Isolation::Fresh));

/// Tells what it finds, then writes where its input says. The input is addresses of 4 bytes each; the first byte of the
/// first one decides how it ends. It answers with a hash of its whole memory, its globals and its table as they were when
/// it began.
fn scribbler(pages: u32) -> Vec<u8> {
    let bytes = pages * PAGE_BYTES;
    let last = bytes - 5000;
    wasm(&format!(
        r#"(import "florin" "input" (func $input (param i32 i32) (result i32)))
        (import "florin" "blake3" (func $blake3 (param i32 i32 i32)))
        (import "florin" "finish" (func $finish (param i32 i32)))
        (import "florin" "revert" (func $revert (param i32 i32)))
        (memory (export "memory") {pages} 16)
        (table 2 2 funcref) (elem (i32.const 1) func $seven) (type $number (func (result i32)))
        (global $a (mut i32) (i32.const 11)) (global $b (mut i64) (i64.const -12)) (global $c i32 (i32.const 13))
        (data (i32.const 8000) "data on two pages") (data (i32.const 8188) "across") (data (i32.const {last}) "far")
        (func $seven (result i32) (i32.const 7))
        (func (export "florin_call") (local $at i32) (local $end i32)
            (call $blake3 (i32.const 0) (i32.const {bytes}) (i32.const 0))
            (i32.store (i32.const 32) (global.get $a))
            (i64.store (i32.const 36) (global.get $b))
            (i32.store (i32.const 44) (call_indirect (type $number) (i32.const 1)))
            (local.set $at (i32.const 1024))
            (local.set $end (i32.add (i32.const 1024) (call $input (i32.const 1024) (i32.const 4096))))
            (block (loop
                (br_if 1 (i32.ge_u (local.get $at) (local.get $end)))
                (i32.store8 (i32.load (local.get $at)) (i32.const 0xaa))
                (local.set $at (i32.add (local.get $at) (i32.const 4)))
                (br 0)))
            (global.set $a (i32.const -1)) (global.set $b (i64.const -1))
            (if (i32.eq (i32.load8_u (i32.const 1024)) (i32.const 1)) (then unreachable))
            (if (i32.eq (i32.load8_u (i32.const 1024)) (i32.const 2)) (then (call $revert (i32.const 0) (i32.const 48))))
            (if (i32.eq (i32.load8_u (i32.const 1024)) (i32.const 3)) (then return))
            (if (i32.eq (i32.load8_u (i32.const 1024)) (i32.const 4)) (then (loop (br 0))))
            (if (i32.eq (i32.load8_u (i32.const 1024)) (i32.const 5)) (then (drop (memory.grow (i32.const 2)))))
            (if (i32.eq (i32.load8_u (i32.const 1024)) (i32.const 6)) (then (drop (call_indirect (type $number) (i32.const 0)))))
            (call $finish (i32.const 0) (i32.const 48)))"#
    ))
}

/// Addresses as input; where the answer and the input itself stand, nothing is written.
fn input(addresses: &[u32]) -> Vec<u8> {
    addresses.iter().map(|at| if *at < 8000 { 48 + at % 900 } else { *at }).flat_map(u32::to_le_bytes).collect()
}

/// Calls twice and asserts that exactly so many instances wait after the first call.
fn waits_after(module: &[u8], input: &[u8], waiting: usize) -> [Seen; 2] {
    let vm = isolated(Isolation::Reused { idle_max: 4 });
    let first = run_with(&vm, module, input, 10_000_000);
    let can = Vm::check(module).unwrap().memory_pages_min == 1 || WrittenPages::open().is_some();
    assert_eq!(vm.waiting(), if can { waiting } else { 0 }, "{first:?}");
    let again = run_with(&vm, module, input, 10_000_000);
    assert_eq!(first, again);
    let fresh = run_with(&FRESH, module, input, 10_000_000);
    assert_eq!(first, fresh);
    assert_eq!(FRESH.waiting(), 0);
    [first, again]
}

proptest! {
    #![proptest_config(Config { cases: 48, failure_persistence: None, ..Config::default() })]

    #[test]
    fn case_129_a_used_instance_is_as_new_wherever_the_calls_before_wrote(
        calls in prop::collection::vec((0..MEMORIES.len(), prop::collection::vec(0..3 * PAGE_BYTES, 1..60)), 2..8),
    ) {
        for (memory, addresses) in calls {
            let pages = MEMORIES[memory];
            let addresses: Vec<_> = addresses.iter().map(|at| at % (pages * PAGE_BYTES)).collect();
            let (module, input) = (scribbler(pages), input(&addresses));
            let reused = run_with(&REUSED, &module, &input, 10_000_000);
            let fresh = run_with(&FRESH, &module, &input, 10_000_000);
            prop_assert_eq!(&reused, &fresh, "addresses {:?}", addresses);
            prop_assert!(REUSED.waiting() <= MEMORIES.len());
        }
    }
}

#[test]
fn case_129_an_instance_is_used_again_after_every_good_ending() {
    for pages in MEMORIES {
        for (address, exit) in [(0_u32, "Finished"), (2, "Reverted"), (3, "Finished")] {
            let [first, _] = waits_after(&scribbler(pages), &address.to_le_bytes(), 1);
            assert_eq!(first.exit, exit);
        }
    }
}

#[test]
fn case_129_an_instance_is_not_used_again_after_a_trap_or_growth() {
    for pages in MEMORIES {
        for (address, exit) in [
            (1, "Unreachable"),
            (4, "OutOfGas"),
            (5, "Finished"),
            (6, "BadIndirectCall"),
            (pages * PAGE_BYTES, "MemoryOutOfBounds"),
        ] {
            let [first, _] = waits_after(&scribbler(pages), &address.to_le_bytes(), 0);
            assert_eq!(first.exit, exit);
        }
    }
}

#[test]
fn case_129_an_instance_whose_table_or_segments_can_change_is_not_used_again() {
    for body in [
        "(table.init 0 (i32.const 0) (i32.const 0) (i32.const 1))",
        "(table.copy (i32.const 0) (i32.const 1) (i32.const 1))",
        "(elem.drop 0)",
        "(data.drop 0)",
    ] {
        // Twice the same: the second call finds the table and the segments that the first one found.
        let module = wasm(&format!(
            r#"(memory (export "memory") 1 1) (table 2 2 funcref) (type $t (func)) (elem func $f) (data "passive")
            (func $f)
            (func (export "florin_call")
                (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 7))
                {body}
                (if (i32.load8_u (i32.const 100)) (then (call_indirect (type $t) (i32.const 0)))))"#
        ));
        assert_eq!(waits_after(&module, b"", 0)[0].exit, "Finished", "{body}");
        assert!(!Vm::check(&module).unwrap().keeps_tables, "{body}");
    }
    assert!(Vm::check(&scribbler(1)).unwrap().keeps_tables);
}

#[test]
fn case_129_an_instance_that_has_written_much_is_not_used_again() {
    // 64 pages of 4 KiB are kept; a further one is too many.
    let module = |pages: u32| {
        wasm(&format!(
            r#"(memory (export "memory") 8 8)
            (func (export "florin_call") (memory.fill (i32.const 0) (i32.const 1) (i32.const {})))"#,
            pages * 4096
        ))
    };
    if WrittenPages::open().is_some_and(|pages| pages.page_bytes().get() == 4096) {
        waits_after(&module(64), b"", 1);
        waits_after(&module(65), b"", 0);
    }
}

#[test]
fn case_129_a_memory_that_is_large_from_the_beginning_is_always_new() {
    let module =
        |pages: u32| wasm(&format!(r#"(memory (export "memory") {pages} {pages}) (func (export "florin_call"))"#));
    waits_after(&module(32), b"", 1);
    waits_after(&module(33), b"", 0);
}

#[test]
fn case_28_a_panic_in_a_used_instance_leaves_nothing_to_use() {
    let module = scribbler(3);
    let vm = isolated(Isolation::Reused { idle_max: 4 });
    let input = input(&[100, 70_000]);
    let good = run_with(&vm, &module, &input, PLENTY);
    assert_eq!(good.exit, "Finished");
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    fail_point::arm(Some("finish"));
    let bad = run_with(&vm, &module, &input, PLENTY);
    fail_point::arm(None);
    std::panic::set_hook(hook);
    assert_eq!((bad.exit, vm.waiting()), ("Internal", 0));
    assert_eq!(run_with(&vm, &module, &input, PLENTY), good);
}

#[test]
fn calls_at_the_same_time_have_an_instance_each() {
    let vm = isolated(Isolation::Reused { idle_max: 4 });
    let module = scribbler(1);
    let expected = run_with(&FRESH, &module, &input(&[9_000]), PLENTY);
    for _ in 0..3 {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let call = || {
                    for _ in 0..50 {
                        let seen = run_with(&vm, &module, &input(&[9_000]), PLENTY);
                        assert_eq!(seen, expected);
                    }
                };
                scope.spawn(call);
            }
        });
        assert!(vm.waiting() <= 4);
    }
}

#[test]
fn waiting_instances_never_keep_a_call_from_getting_one() {
    // More codes than may wait, on a machine with one slot for calls.
    let vm =
        Vm::new(VmConfig { instances_max: 1, isolation: Isolation::Reused { idle_max: 2 }, ..VmConfig::default() });
    let vm = vm.unwrap();
    for round in 0..3 {
        for code in 0..6 {
            let module = wasm(&format!(
                r#"(memory (export "memory") 1 1) (global (mut i32) (i32.const {code})) (func (export "florin_call"))"#
            ));
            assert_eq!(run_on(&vm, &module, PLENTY).exit, "Finished", "round {round}, code {code}");
            assert!(vm.waiting() <= 2);
        }
    }
    vm.drop_cached();
    assert_eq!(vm.waiting(), 0);
}
