//! The ticks of single operators and shapes, computed by hand, and of bulk operations by their size.

use florin_abi::Status;
use florin_abi::limits::MEMORY_PAGES_MAX;

use super::{Code, ENGINES, PLENTY, contract, frame, load, prices, run, ticks_of, wasm};
use crate::gas::NEAR_PAGES;

/// Ticks of an entry that does nothing: its frame, and the `end`.
fn empty() -> u64 {
    prices().function + prices().branch
}

#[test]
fn operators_cost_what_the_schedule_says() {
    let p = prices();
    for (body, expected) in [
        ("", 0),
        ("nop nop nop", 3 * p.simple),
        ("(drop (i32.const 1))", 2 * p.simple),
        ("(drop (i32.mul (i32.const 2) (i32.const 3)))", 3 * p.simple + p.multiply),
        ("(drop (i64.div_u (i64.const 6) (i64.const 3)))", 3 * p.simple + p.divide),
        ("(i64.add128 (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)) drop drop", 6 * p.simple + p.add_wide),
        ("(i64.sub128 (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)) drop drop", 6 * p.simple + p.add_wide),
        ("(i64.mul_wide_u (i64.const 2) (i64.const 3)) drop drop", 4 * p.simple + p.multiply_wide),
        ("(i64.mul_wide_s (i64.const 2) (i64.const 3)) drop drop", 4 * p.simple + p.multiply_wide),
        ("(drop (i32.popcnt (i32.const 6)))", 2 * p.simple + p.divide),
        ("(drop (i32.load (i32.const 0)))", 2 * p.simple + p.memory),
        ("(i64.store (i32.const 0) (i64.const 9))", 2 * p.simple + p.memory),
        ("(drop (memory.size))", p.global + p.simple),
        ("(local i32 i64 i32)", 3 * p.local),
        ("block end", 2 * p.branch),
        ("loop end", 2 * p.branch),
        // Behind a branch that is taken, neither the rest of the block nor its `end` is executed.
        ("(block (br 0) nop nop unreachable)", 2 * p.branch),
        ("(block (br_if 0 (i32.const 1)) nop nop)", 2 * p.branch + p.simple),
        ("(block (br_if 0 (i32.const 0)) nop nop)", 3 * p.branch + 3 * p.simple),
        ("(if (i32.const 1) (then nop nop nop))", 2 * p.branch + 4 * p.simple),
        ("(if (i32.const 0) (then nop nop nop))", p.branch + p.simple),
        // The first half ends with `else`, the second with `end`.
        ("(if (i32.const 1) (then nop) (else nop nop nop nop))", 2 * p.branch + 2 * p.simple),
        ("(if (i32.const 0) (then nop nop nop nop) (else nop))", 2 * p.branch + 2 * p.simple),
        ("(block (block (block (br_table 0 1 2 (i32.const 1)) nop) nop) nop)", 5 * p.branch + 2 * p.simple),
    ] {
        assert_eq!(ticks_of(&contract(body), Status::Success) - empty(), expected, "{body}");
    }
}

#[test]
fn a_branch_out_of_the_function_skips_its_end() {
    let p = prices();
    for body in ["return", "(br 0)", "(br_table 0 (i32.const 9))", "(block (br 1))", "(loop (return))"] {
        let ticks = ticks_of(&contract(body), Status::Success);
        assert!(ticks >= p.function + p.branch && ticks <= p.function + 2 * p.branch + p.simple, "{body}: {ticks}");
    }
}

#[test]
fn calls_cost_the_call_and_the_frame_of_the_callee() {
    let p = prices();
    let module = wasm(
        r#"(memory (export "memory") 1 1) (table 1 1 funcref) (elem (i32.const 0) $f) (type $t (func))
        (func $f (local i32))
        (func (export "florin_call") (call $f) (call_indirect (type $t) (i32.const 0)))"#,
    );
    let callee = p.function + p.local + p.branch;
    assert_eq!(ticks_of(&module, Status::Success), empty() + p.call + p.call_indirect + p.simple + 2 * callee);
}

#[test]
fn a_small_function_costs_the_same_whichever_branch_it_takes() {
    let p = prices();
    let module = |argument: u32, rest: &str| {
        wasm(&format!(
            r#"(memory (export "memory") 1 1)
            (func $f (param i32) (local i32) (if (local.get 0) (then nop nop) (else return)) {rest})
            (func (export "florin_call") (call $f (i32.const {argument})) (call $f (i32.const {argument})))"#
        ))
    };
    // Everything that it has, its entry too: `if`, `return`, `else` and two `end`.
    let flat = p.function + p.local + 3 * p.simple + 5 * p.branch;
    for argument in [0, 1] {
        assert_eq!(ticks_of(&module(argument, ""), Status::Success), empty() + 2 * (p.simple + p.call + flat));
    }
    // A larger one pays for what it executes.
    let large = "nop ".repeat(1_200);
    let [taken, other] = [1, 0].map(|argument| ticks_of(&module(argument, &large), Status::Success));
    // `else` and `end` of the one against `return` of the other.
    assert_eq!(taken - other, 2 * (1_202 * p.simple + p.branch));
}

#[test]
fn a_function_that_a_table_or_an_export_names_counts_itself() {
    let p = prices();
    let named = [
        (r#"(export "f" (func $f))"#, 0),
        ("(table 1 1 funcref) (elem (i32.const 0) $f)", 0),
        ("(elem func $f)", p.passive_element),
    ];
    for (fields, elements) in named {
        let module = wasm(&format!(
            r#"(memory (export "memory") 1 1) {fields} (func $f (if (i32.const 1) (then return)) nop nop nop)
            (func (export "florin_call") (call $f))"#
        ));
        let executed = p.function + p.simple + 2 * p.branch;
        assert_eq!(ticks_of(&module, Status::Success), empty() + p.call + executed + elements, "{fields}");
    }
}

#[test]
fn what_is_executed_behind_zero_is_bounded() {
    // 2,000 branches of 20 operators, each a run of its own, and the counter is below zero from the first of them on.
    let step = format!("(if (local.get 0) (then {}))", "nop ".repeat(20));
    let fields = format!(
        r#"(memory (export "memory") 1 1) (func (export "f") (param i32) {})
        (func (export "florin_call") (call 0 (i32.const 1)))"#,
        step.repeat(2_000)
    );
    let module = wasm(&fields);
    let p = prices();
    // The entry of both functions, and what all branches have in common.
    let common = 2 * (p.function + p.branch) + p.simple + p.call + 2_000 * (p.simple + p.branch);
    for (name, vm) in ENGINES.iter() {
        let Code { form, .. } = &*load(vm, &module);
        let (_, ran) = vm.0.backend.run(form, frame(vm, b""), i64::try_from(common).unwrap());
        assert!(ran.ticks_left < 0 && ran.ticks_left > -5_000, "{name}: {}", ran.ticks_left);
    }
}

#[test]
fn case_20_bulk_operations_cost_by_the_byte() {
    let p = prices();
    let module = |operation: &str, bytes: u32| {
        wasm(&format!(
            r#"(memory (export "memory") 16 16) (data "{}")
            (func (export "florin_call") ({operation} (i32.const 0) (i32.const 0) (i32.const {bytes})))"#,
            "x".repeat(65_536)
        ))
    };
    for (operation, largest) in [("memory.fill", 1 << 20), ("memory.copy", 1 << 20), ("memory.init 0", 65_536)] {
        for bytes in [0, 1, 4_096, 65_536, largest] {
            let seen = run(&module(operation, bytes), PLENTY);
            let expected = p.instance.of(16) + empty() + 3 * p.simple + p.bulk.of(u64::from(bytes));
            assert_eq!((seen.exit, seen.ticks), ("Finished", expected), "{operation} of {bytes} bytes");
        }
    }
}

/// The largest that there are: all of the largest memory, and a segment as long as code may be.
#[test]
fn case_20_the_largest_bulk_operations_cost_by_the_byte() {
    let p = prices().for_memory(MEMORY_PAGES_MAX);
    let most = MEMORY_PAGES_MAX * 65_536;
    let segment = 1_000_000;
    for (operation, bytes, data) in
        [("memory.fill", most, 0), ("memory.copy", most, 0), ("memory.init 0", segment, segment)]
    {
        let module = wasm(&format!(
            r#"(memory (export "memory") {MEMORY_PAGES_MAX} {MEMORY_PAGES_MAX}) (data "{}")
            (func (export "florin_call") ({operation} (i32.const 0) (i32.const 0) (i32.const {bytes})))"#,
            "x".repeat(data as usize)
        ));
        let seen = run(&module, PLENTY);
        let expected = p.instance.of(MEMORY_PAGES_MAX.into()) + empty() + 3 * p.simple + p.bulk.of(u64::from(bytes));
        assert_eq!((seen.exit, seen.ticks), ("Finished", expected), "{operation} of {bytes} bytes");
    }
}

#[test]
fn case_20_a_bulk_operation_is_paid_before_it_runs() {
    // Out of bounds and out of gas: the price comes first, so that nothing is learned for free.
    let module = contract("(memory.fill (i32.const 0) (i32.const 0) (i32.const -1))");
    assert_eq!(run(&module, 1_000_000).exit, "OutOfGas");
    let seen = run(&module, PLENTY);
    assert_eq!(seen.exit, "MemoryOutOfBounds");
    assert!(seen.ticks > u64::from(u32::MAX) * prices().bulk.per_unit);
}

#[test]
fn table_operations_cost_by_the_element() {
    let p = prices();
    for elements in [0_u32, 1, 64] {
        let module = wasm(&format!(
            r#"(memory (export "memory") 1 1) (table 64 64 funcref) (elem func {}) (func $f)
            (func (export "florin_call") (table.init 0 (i32.const 0) (i32.const 0) (i32.const {elements}))
                (table.copy (i32.const 0) (i32.const 0) (i32.const {elements})))"#,
            "$f ".repeat(64)
        ));
        let expected = empty() + 6 * p.simple + 2 * p.table_bulk.of(u64::from(elements)) + 64 * p.passive_element;
        assert_eq!(ticks_of(&module, Status::Success), expected);
    }
}

#[test]
fn case_21_memory_grows_to_its_maximum_by_the_page_and_no_further() {
    let p = prices();
    // Returns the result of a growth, and the size behind it, by `revert`.
    let module = |delta: i64, maximum: u32| {
        wasm(&format!(
            r#"(import "florin" "revert" (func $revert (param i32 i32))) (memory (export "memory") 1 {maximum})
            (func (export "florin_call") (i32.store (i32.const 0) (memory.grow (i32.const {delta})))
                (i32.store (i32.const 4) (memory.size)) (call $revert (i32.const 0) (i32.const 8)))"#
        ))
    };
    let answer = |delta, maximum| {
        let seen = run(&module(delta, maximum), PLENTY);
        assert_eq!(seen.exit, "Reverted");
        let word = |at: usize| i32::from_le_bytes(*seen.output[at..].first_chunk().unwrap());
        (word(0), word(4), seen.ticks)
    };
    for (delta, maximum, result, size) in [
        (0, 16, 1, 1),
        (1, 16, 1, 2),
        (15, 16, 1, 16),
        (16, 16, -1, 1),
        (255, MEMORY_PAGES_MAX, 1, 256),
        (256, MEMORY_PAGES_MAX, -1, 1),
        (65_536, MEMORY_PAGES_MAX, -1, 1),
        (-1, MEMORY_PAGES_MAX, -1, 1),
    ] {
        let (found, found_size, ticks) = answer(delta, maximum);
        assert_eq!((found, found_size), (result, size), "grow by {delta} of at most {maximum}");
        let paid = u64::try_from(delta).map_or(257, |pages| pages.min(257));
        let per_page = p.for_memory(maximum).memory_grow.per_unit;
        assert_eq!(ticks - answer(0, maximum).2, paid * per_page, "grow by {delta}");
    }
}

#[test]
fn case_21_memory_grows_page_by_page_to_the_limit() {
    let module = wasm(&format!(
        r#"(memory (export "memory") 0 {MEMORY_PAGES_MAX})
        (func (export "florin_call") (local $n i32)
            (loop
                (if (i32.ne (memory.grow (i32.const 1)) (local.get $n)) (then unreachable))
                (i32.store (i32.mul (local.get $n) (i32.const 65536)) (i32.const 1))
                (br_if 0 (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const {MEMORY_PAGES_MAX}))))
            (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable)))"#
    ));
    assert_eq!(run(&module, PLENTY).exit, "Finished");
}

#[test]
fn code_that_nothing_reaches_costs_nothing() {
    let p = prices();
    let body = "(block (br 0) (loop (block nop nop (br_if 0 (i32.const 1)) nop) (br 0))
        (if (i32.const 1) (then nop) (else nop)) (memory.fill (i32.const 0) (i32.const 0) (i32.const 9)))";
    assert_eq!(ticks_of(&contract(body), Status::Success) - empty(), 2 * p.branch);
}

#[test]
fn results_of_every_number_come_back_through_every_exit() {
    // `return` and branches out of a function that calls others become branches to the block around its body.
    let module = wasm(
        r#"(memory (export "memory") 1 1)
        (func $leaf (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
        (func $three (param i32) (result i32 i64 i32)
            (if (i32.eqz (local.get 0)) (then (return (i32.const 1) (i64.const 2) (call $leaf (i32.const 2)))))
            (block (br_if 0 (i32.eq (local.get 0) (i32.const 1)))
                (br 1 (i32.const 4) (i64.const 5) (call $leaf (i32.const 5))))
            (i32.const 7) (i64.const 8) (call $leaf (i32.const 8)))
        (func $one (param i32) (result i64)
            (loop (result i64) (if (local.get 0) (then (return (i64.extend_i32_u (call $leaf (i32.const 41))))))
                (drop (call $leaf (i32.const 0))) (i64.const 9)))
        (func $check (param $which i32) (param $a i32) (param $b i64) (param $c i32)
            (call $three (local.get $which))
            (if (i32.ne (local.get $c)) (then unreachable))
            (if (i64.ne (local.get $b)) (then unreachable))
            (if (i32.ne (local.get $a)) (then unreachable)))
        (func (export "florin_call")
            (call $check (i32.const 0) (i32.const 1) (i64.const 2) (i32.const 3))
            (call $check (i32.const 1) (i32.const 7) (i64.const 8) (i32.const 9))
            (call $check (i32.const 2) (i32.const 4) (i64.const 5) (i32.const 6))
            (if (i64.ne (call $one (i32.const 1)) (i64.const 42)) (then unreachable))
            (if (i64.ne (call $one (i32.const 0)) (i64.const 9)) (then unreachable)))"#,
    );
    ticks_of(&module, Status::Success);
}

#[test]
fn case_36_a_memory_that_may_grow_far_pays_for_it_in_every_access_and_every_page() {
    let p = prices();
    let module = |pages: u32, maximum: u32| {
        wasm(&format!(
            r#"(memory (export "memory") {pages} {maximum})
            (func (export "florin_call") (i64.store (i32.const 0) (i64.load (i32.const 8))))"#
        ))
    };
    let ticks = |pages, maximum| run(&module(pages, maximum), PLENTY).ticks;
    let near = ticks(1, NEAR_PAGES);
    assert_eq!(ticks(1, 1), near);
    assert_eq!(ticks(1, NEAR_PAGES + 1) - near, 2 * (p.far.memory - p.memory) + p.far.page - p.instance.per_unit);
    assert_eq!(ticks(2, NEAR_PAGES) - near, p.instance.per_unit);
    assert_eq!(ticks(3, MEMORY_PAGES_MAX) - ticks(1, MEMORY_PAGES_MAX), 2 * p.far.page);
}

#[test]
fn case_36_each_element_of_a_passive_segment_is_paid_for_in_every_call() {
    let module = |segments: usize| {
        let segments = "(elem func $f $f $f)".repeat(segments);
        wasm(&format!(r#"(memory (export "memory") 1 1) {segments} (func $f) (func (export "florin_call"))"#))
    };
    let ticks = |segments| run(&module(segments), PLENTY).ticks;
    assert_eq!(ticks(5) - ticks(0), 15 * prices().passive_element);
}
