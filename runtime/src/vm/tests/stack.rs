//! The logical stack: the same depth on every engine, optimization level and host thread, far inside the native stack.

use florin_abi::limits::STACK_UNITS_MAX;

use super::super::engine::WASM_STACK_BYTES;
use super::super::instrument::FRAME_UNITS;
use super::super::trace::Tracing;
use super::{ENGINES, EngineKind, Optimize, PLENTY, Seen, Vm, VmConfig, run, run_on, wasm};

/// Recursions without an end, in all the ways. How deep one goes shows in its ticks.
fn recursions() -> Vec<(String, Vec<u8>)> {
    let many = "(local i64)".repeat(255);
    let mut modules = vec![
        ("direct".to_owned(), "(func $f (call $f)) (func $g)".to_owned()),
        ("mutual".to_owned(), "(func $f (call $g)) (func $g (call $f))".to_owned()),
        (
            "indirect".to_owned(),
            "(table 1 1 funcref) (elem (i32.const 0) $f) (type $t (func)) (func $g)
             (func $f (call_indirect (type $t) (i32.const 0)))"
                .to_owned(),
        ),
        ("with 255 locals".to_owned(), format!("(func $f {many} (call $f)) (func $g)")),
        ("with 255 locals that live".to_owned(), format!("{} (func $g)", living_locals(255))),
        ("with 1,000 operands".to_owned(), format!("{} (func $g)", living_operands(1_000))),
        ("with 10,000 operands".to_owned(), format!("{} (func $g)", living_operands(10_000))),
        ("with 32 results".to_owned(), format!("{} (func $g)", many_results())),
    ];
    // Its frame is part of the caller's.
    let small = "i32.const 0 i64.load8_u ".repeat(60) + &"drop ".repeat(60);
    modules.push((
        "below a small function".to_owned(),
        format!("(func $small {small}) (func $f (call $small) (call $f)) (func $g)"),
    ));
    modules.push(("of a loop".to_owned(), "(func $f (loop (call $f) (br 0))) (func $g)".to_owned()));
    let assemble = |functions: &str| {
        wasm(&format!(
            r#"(memory (export "memory") 1 1) {functions} (func (export "florin_call") (call $f) (call $g))"#
        ))
    };
    modules.into_iter().map(|(name, functions)| (name, assemble(&functions))).collect()
}

/// A recursion in which every local is set before the call and read behind it, so that each must be kept.
fn living_locals(count: usize) -> String {
    let sets: String =
        (0..count).map(|local| format!("(local.set {local} (i64.load offset={} (i32.const 0)))", local * 8)).collect();
    let gets: String =
        (0..count).map(|local| format!("(i64.store offset={} (i32.const 0) (local.get {local}))", local * 8)).collect();
    format!("(func $f {} {sets} (call $f) {gets})", "(local i64)".repeat(count))
}

/// A recursion below which so many values wait on the operand stack.
fn living_operands(count: usize) -> String {
    let loads = "i32.const 0 i64.load8_u ".repeat(count);
    format!("(func $f {loads} call $f {})", "drop ".repeat(count))
}

/// A recursion with as many parameters and results as are allowed.
fn many_results() -> String {
    let gets: String = (0..32).map(|local| format!("(local.get {local})")).collect();
    let types = "i64 ".repeat(32);
    format!(
        "(func $r (param {types}) (result {types}) {gets} (call $r))
         (func $f {} (call $r) {})",
        "(i64.const 1)".repeat(32),
        "drop ".repeat(32)
    )
}

/// Recursions that compute values twice, or the same values in each round of a loop: an optimizer keeps them across the
/// call, where the code itself keeps none. Each is one value or address for a handful of operators, 500 times.
fn kept_values() -> Vec<(String, Vec<u8>)> {
    type Term = fn(usize) -> String;
    let terms: [(&str, Term); 4] = [
        ("products", |n| format!("(i64.mul (local.get 0) (i64.const {}))", 2 * n + 3)),
        ("wide products", |n| format!("(i64.xor (i64.mul_wide_u (local.get 0) (i64.const {})))", 2 * n + 3)),
        ("comparisons", |n| format!("(i64.extend_i32_u (i64.lt_u (local.get 0) (i64.const {})))", 1000 * n + 3)),
        ("addresses", |n| format!("(i64.load8_u (i32.add (local.get 1) (i32.const {n})))")),
    ];
    let call = "(call $f (i64.add (local.get 0) (i64.const 1)) (local.get 1))";
    let mut modules = Vec::new();
    for (name, term) in terms {
        let sum: String = (0..500).map(|n| format!("(local.set 2 (i64.xor (local.get 2) {}))", term(n))).collect();
        for (shape, body) in
            [("computed twice", format!("{sum} {call} {sum}")), ("of a loop", format!("(loop {sum} {call} (br 0))"))]
        {
            let module = wasm(&format!(
                r#"(memory (export "memory") 1 1) (func $f (param i64 i32) (local i64) {body})
                (func (export "florin_call") (call $f (i64.const 1) (i32.const 3)))"#
            ));
            modules.push((format!("with {name} {shape}"), module));
        }
    }
    modules
}

#[test]
fn case_22_recursion_reaches_the_stack_limit_at_the_same_depth_everywhere() {
    for (name, module) in recursions() {
        let seen = run(&module, PLENTY);
        assert_eq!(seen.exit, "StackLimit", "recursion {name}");
    }
}

#[test]
fn case_22_the_depth_follows_from_the_units_of_a_frame() {
    // Each level pays the call and its frame; the level that does not fit pays before it stops.
    let p = super::prices();
    let module = wasm(
        r#"(memory (export "memory") 1 1) (func $f (local i64 i64 i64) (call $f)) (func (export "florin_call") (call $f))"#,
    );
    let levels = u64::from((STACK_UNITS_MAX - FRAME_UNITS) / (FRAME_UNITS + 3));
    let entry = p.function + p.call + p.branch;
    let level = p.function + 3 * p.local + p.call + p.branch;
    assert_eq!(run(&module, PLENTY).ticks, p.instance.of(1) + entry + (levels + 1) * level);
}

#[test]
fn case_22_the_size_of_the_host_thread_is_not_seen() {
    let modules = recursions();
    let on_thread = |stack_bytes: usize| -> Vec<Seen> {
        std::thread::scope(|scope| {
            let run_all = || {
                let runs = modules
                    .iter()
                    .flat_map(|(_, module)| ENGINES.iter().map(move |(_, vm)| run_on(vm, module, PLENTY)));
                runs.collect()
            };
            std::thread::Builder::new().stack_size(stack_bytes).spawn_scoped(scope, run_all).unwrap().join().unwrap()
        })
    };
    let small = on_thread(2 << 20);
    assert_eq!(small, on_thread(8 << 20));
    assert_eq!(small, on_thread(64 << 20));
    assert_eq!(small, on_thread(256 << 10));
}

#[test]
fn case_22_a_frame_is_given_back_on_every_exit() {
    // Many more calls than fit the stack at the same time, left by falling through, returning and branching.
    let module = wasm(
        r#"(memory (export "memory") 1 1)
        (func $leaf)
        (func $falls (call $leaf))
        (func $returns (call $leaf) (return))
        (func $branches (block (loop (call $leaf) (br 2))))
        (func $tables (param i32) (call $leaf) (block (br_table 0 1 0 (local.get 0))))
        (func $deep (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1))))))
        (func (export "florin_call") (local $n i32)
            (loop
                (call $falls) (call $returns) (call $branches) (call $tables (local.get $n)) (call $deep (i32.const 9))
                (br_if 0 (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 20000)))))"#,
    );
    assert_eq!(run(&module, PLENTY).exit, "Finished");
}

#[test]
fn case_22_a_leaf_that_does_not_fit_is_stopped() {
    // A leaf does not take its frame; it must still compare.
    let body = format!("{} {}", "i32.const 0 ".repeat(20_000), "drop ".repeat(20_000));
    let module = |depth: u32, last: &str| {
        wasm(&format!(
            r#"(memory (export "memory") 1 1) (func $leaf {body})
            (func $f (param i32)
                (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1)))) (else {last})))
            (func (export "florin_call") (call $f (i32.const {depth})))"#
        ))
    };
    assert_eq!(run(&module(1_500, "(call $leaf)"), PLENTY).exit, "Finished");
    assert_eq!(run(&module(2_800, "nop"), PLENTY).exit, "Finished");
    assert_eq!(run(&module(2_800, "(call $leaf)"), PLENTY).exit, "StackLimit");
}

#[test]
fn case_22_the_worst_recursion_uses_less_than_half_of_the_native_stack() {
    for optimize in [Optimize::None, Optimize::Speed] {
        let config = VmConfig { engine: EngineKind::Compiled { optimize }, instances_max: 4, ..VmConfig::default() };
        let vm = Vm::make(config, WASM_STACK_BYTES / 2, Tracing::Off).unwrap();
        for (name, module) in recursions().into_iter().chain(kept_values()) {
            assert_eq!(run_on(&vm, &module, PLENTY).exit, "StackLimit", "recursion {name}, {optimize:?}");
        }
    }
}

/// Found by a contract of 12 KB: 1,000 products that do not change in a loop were computed before it and kept on the native
/// stack through a recursion, which ended there, on the optimizing compiler alone.
#[test]
fn case_22_values_that_an_optimizer_keeps_alive_are_part_of_a_frame() {
    for (name, module) in kept_values() {
        assert_eq!(run(&module, PLENTY).exit, "StackLimit", "recursion {name}");
    }
}
