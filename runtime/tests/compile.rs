//! The worst module that the upload check lets through, compiled.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use cpu_time::ThreadTime;
use florin_abi::limits::*;
use florin_runtime::vm::{EngineKind, Optimize, Vm, VmConfig};

/// What the design allows the worst module, and how much slower a shared machine with a development build may be.
const COMPILE_TIME_MAX: Duration = Duration::from_secs(2);
const SLACK: u32 = 10;
const ARTIFACT_BYTES_MAX: u64 = 64 << 20;
const COMPILE_BYTES_MAX: u64 = 256 << 20;

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
    let branch = "i32.const 0 i32.load if i32.const 0 i32.const 1 i32.store end ";
    format!("(func {})", branch.repeat(count))
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

/// A function as long as the limit, of 128-bit operators: two bytes each, which a compiler takes apart into five.
fn widening() -> String {
    let operators = "i64.mul_wide_s i64.mul_wide_u local.get 0 local.get 1 i64.add128 ";
    let kept = "local.set 0 local.set 1 i32.const 0 local.get 0 local.get 1 i64.xor i64.store";
    let count = (BODY_BYTES_MAX as usize - 64) / 10;
    format!("(func (param i64 i64) local.get 0 local.get 1 {} {kept})", operators.repeat(count))
}

/// Assembles the functions into a contract.
fn contract(functions: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module (memory (export "memory") 1 {MEMORY_PAGES_MAX})
        (table {TABLE_ELEMENTS_MAX} {TABLE_ELEMENTS_MAX} funcref) (elem (i32.const 0) {})
        (func (export "florin_call")) {functions})"#,
        "0 ".repeat(TABLE_ELEMENTS_MAX as usize)
    ))
    .unwrap()
}

/// Fills the limits of carried values, loops, basic blocks, calls, functions and bytes, each as far as it goes.
fn worst() -> Vec<u8> {
    let mut functions = vec![carrying(), carrying()];
    functions.extend((0..LOOPS_TOTAL_MAX / LOOPS_MAX).map(|_| looping()));
    let blocks_left = BASIC_BLOCKS_TOTAL_MAX as usize - 2 * 500 - LOOPS_TOTAL_MAX as usize;
    let per_function = BASIC_BLOCKS_MAX as usize;
    functions.extend((0..blocks_left / per_function).map(|_| branching(per_function)));
    functions.push(branching(blocks_left % per_function));
    functions.extend((0..4).map(|_| calling()));
    functions.extend((0..10).map(|_| dividing()));
    functions.push("(func)".repeat(FUNCTIONS_MAX as usize - functions.len() - 1));
    contract(&functions.concat())
}

/// Names the optimization level that a process was started to compile with; its module comes by standard input.
const CHILD: &str = "FLORIN_COMPILED_LEVEL";

/// Compiles with nothing else in the process, and tells by how much the peak of resident memory rose, in KiB.
fn compile_alone(optimize: Optimize) {
    let mut module = Vec::new();
    std::io::stdin().read_to_end(&mut module).unwrap();
    let vm = Vm::new(VmConfig { engine: EngineKind::Compiled { optimize }, ..VmConfig::default() }).unwrap();
    // The peak becomes what is resident now, so that preparing does not hide a rise.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak_kib();
    vm.load(Default::default(), &module).unwrap();
    println!("peak rose by KiB: {}", peak_kib() - before);
}

/// Returns the highest resident memory of this process so far, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Elsewhere than on Linux nobody counts the peak.
#[cfg(target_os = "linux")]
#[test]
fn case_08_the_worst_legal_module_compiles_within_its_memory() {
    match std::env::var(CHILD).as_deref() {
        Ok("speed") => return compile_alone(Optimize::Speed),
        Ok("none") => return compile_alone(Optimize::None),
        _ => {}
    }
    let module = worst();
    for level in ["speed", "none"] {
        let test = "case_08_the_worst_legal_module_compiles_within_its_memory";
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env(CHILD, level)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&module).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let told = String::from_utf8(output.stdout).unwrap();
        let kib = told.lines().find_map(|line| line.split_once("peak rose by KiB: ")).unwrap().1;
        let bytes = kib.trim().parse::<u64>().unwrap() * 1024;
        println!("{level}: {} MiB", bytes >> 20);
        assert!(bytes < COMPILE_BYTES_MAX, "{level}: {bytes} bytes");
    }
}

#[test]
fn case_08_the_worst_legal_module_compiles_within_its_bounds() {
    let module = worst();
    assert!(module.len() > CODE_BYTES_MAX as usize * 9 / 10, "{} bytes do not fill the limit", module.len());
    compiles_within_bounds(&module);
}

#[test]
fn case_08_the_worst_legal_module_of_wide_arithmetic_compiles_within_its_bounds() {
    let module = contract(&widening().repeat(15));
    assert!(module.len() > CODE_BYTES_MAX as usize * 9 / 10, "{} bytes do not fill the limit", module.len());
    compiles_within_bounds(&module);
}

fn compiles_within_bounds(module: &[u8]) {
    Vm::check(module).unwrap_or_else(|refusal| panic!("not legal: {refusal}"));
    for optimize in [Optimize::Speed, Optimize::None] {
        let vm = Vm::new(VmConfig { engine: EngineKind::Compiled { optimize }, ..VmConfig::default() }).unwrap();
        let start = ThreadTime::now();
        vm.load(Default::default(), module).unwrap();
        let (time, bytes) = (start.elapsed(), vm.cache_counts().bytes);
        println!("{} bytes of Wasm, {optimize:?}: {time:?}, {bytes} bytes of machine code", module.len());
        assert!(time < COMPILE_TIME_MAX * SLACK, "{optimize:?} took {time:?}");
        assert!(bytes < ARTIFACT_BYTES_MAX, "{optimize:?} made {bytes} bytes");
    }
}
