//! Generated contracts on every engine: equal endings, gas, memory, output and effects.

use florin_sandbox::reference::engines::Engines;
use florin_sandbox::reference::generate::Case;
use florin_sandbox::reference::{self, Tally};

/// Any other seed does as well: `cargo run --release -p florin-benches --bin differential -- --seed N --modules M`.
const SEED: u64 = 1;
const MODULES: u64 = 2_000;

#[test]
fn differential_generated_modules_run_alike_on_every_engine() {
    println!("seed {SEED}");
    let tally = reference::run(SEED, 0..MODULES, || {}).unwrap().unwrap_or_else(|difference| panic!("{difference}"));
    println!("{tally:?}");
    assert_eq!(tally.modules, MODULES);
    assert_worth_running(&tally);
}

/// The generator keeps comparisons and choices apart for the interpreter's sake. This fails when that is over.
#[test]
fn differential_the_interpreter_still_drops_a_comparison_with_zero_before_a_select() {
    let code = wat::parse_str(
        r#"(module (memory (export "memory") 1 1)
            (func $one_if_zero (param i32) (result i32) (select (i32.const 1) (i32.const 7) (i32.eqz (local.get 0))))
            (func (export "florin_call") (i32.store (i32.const 0) (call $one_if_zero (i32.const 0)))))"#,
    );
    let case = Case { code: code.unwrap(), ticks: 1 << 20, input: Vec::new(), memory: [0; 32] };
    let difference = Engines::new().unwrap().compare(&case).unwrap_err();
    let memory = |number: usize| difference.seen[number].1.as_ref().unwrap().memory;
    assert_eq!(memory(0), memory(1), "the compiler agrees with itself");
    assert_ne!(memory(0), memory(2), "the interpreter is mended: let the generator put them together again");
}

/// A run says something if calls end in different ways, and many of them after work that shows.
fn assert_worth_running(tally: &Tally) {
    assert!(tally.percent("Finished") >= 20, "{tally:?}");
    for ending in ["OutOfGas", "Unreachable", "MemoryOutOfBounds", "StackLimit", "DivisionByZero", "BadIndirectCall"] {
        assert!(tally.endings.contains_key(ending), "no {ending} in {tally:?}");
    }
    assert!(tally.wrote_memory * 2 > tally.modules, "{tally:?}");
    assert!(tally.ticks / tally.modules > 30_000, "{tally:?}");
}
