//! Modules that take a compiler as long as their size allows, one for each of the limits that bound it.

use florin_abi::limits::{
    BASIC_BLOCKS_MAX, BODY_BYTES_MAX, CALLS_TOTAL_MAX, FUNCTIONS_MAX, LOOPS_MAX, LOOPS_TOTAL_MAX, MEMORY_PAGES_MAX,
};

/// Returns the modules in the text format, each with its name.
pub fn worst() -> Vec<(&'static str, String)> {
    vec![
        ("values carried between blocks", contract(&carrying().repeat(2))),
        ("loops", contract(&looping().repeat((LOOPS_TOTAL_MAX / LOOPS_MAX) as usize))),
        ("branches", contract(&branching(BASIC_BLOCKS_MAX as usize).repeat(3))),
        ("calls", contract(&calling().repeat(4))),
        ("divisions", contract(&dividing().repeat(4))),
        ("empty functions", contract(&"(func)".repeat(FUNCTIONS_MAX as usize - 1))),
    ]
}

/// A function in which 256 locals meet again behind each of 250 blocks, with values that no compiler can foresee.
fn carrying() -> String {
    let blocks = "block ".repeat(250);
    let branches: String = (0..250).map(|label| format!("local.get {label} br_if {label} ")).collect();
    let ends: String =
        (0..250).map(|local| format!("end i32.const 0 i32.load offset={} local.set {local} ", local * 4)).collect();
    let reads: String = (0..256).map(|local| format!("i32.const 0 local.get {local} i32.store ")).collect();
    format!("(func (local {}) {blocks} {branches} {ends} {reads})", "i32 ".repeat(256))
}

/// A function of nothing but the limit of loops.
fn looping() -> String {
    format!("(func {})", "loop end ".repeat(LOOPS_MAX as usize))
}

/// A function of this many two-way branches.
fn branching(count: usize) -> String {
    format!("(func {})", "i32.const 0 i32.load if i32.const 0 i32.const 1 i32.store end ".repeat(count))
}

/// A function of calls: two bytes each, and each with its frame.
fn calling() -> String {
    format!("(func {})", "call 0 ".repeat(CALLS_TOTAL_MAX as usize / 4))
}

/// A function as long as the limit, of divisions: each compares twice and can trap.
fn dividing() -> String {
    let division = "local.get 0 local.get 1 i64.div_s local.set 0 ";
    format!("(func (param i64 i64) {})", division.repeat((BODY_BYTES_MAX as usize - 8) / 7))
}

fn contract(functions: &str) -> String {
    format!(r#"(module (memory (export "memory") 1 {MEMORY_PAGES_MAX}) (func (export "florin_call")) {functions})"#)
}
