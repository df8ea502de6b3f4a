//! How much memory an attack can make the host use: peaks of a process that does nothing else.
//!
//! Each test starts its own binary again for the one test, which then does the work and tells by how much its peak of
//! resident memory rose; the first process compares that with the bound. Linux only: elsewhere nobody counts the peak.
#![cfg(target_os = "linux")]

use std::process::Command;

use alloy_primitives::{Address, Bytes};
use florin_abi::Status;
use florin_abi::limits::{CALL_DEPTH_MAX, CODE_BYTES_MAX, EVENTS_MAX};
use florin_runtime::gas::Gas;
use florin_runtime::receipt::Receipt;
use florin_runtime::transaction::{RawTransaction, Rejection};
use florin_runtime::vm::Vm;

use crate::world::World;

/// Names the test that a process was started for.
const CHILD: &str = "FLORIN_MEASURED_TEST";
/// Stands before the figure that it tells, in KiB.
const MARK: &str = "peak rose by KiB: ";

const MIB: u64 = 1 << 20;

/// Returns by how many bytes the peak of a process rises when it does this; `None` in that process itself.
fn rise(test: &str, prepare: impl FnOnce() -> Box<dyn FnOnce()>) -> Option<u64> {
    if std::env::var(CHILD).as_deref() == Ok(test) {
        let work = prepare();
        forget_peak();
        let before = peak_kib();
        work();
        // The kernel counts by the page and late: what does not rise may seem to fall by a few.
        println!("{MARK}{}", peak_kib().saturating_sub(before));
        return None;
    }
    let this = std::env::current_exe().unwrap();
    let arguments = [&format!("memory::{test}"), "--exact", "--nocapture"];
    let output = Command::new(this).args(arguments).env(CHILD, test).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    let line = told.lines().find_map(|line| line.split_once(MARK)).unwrap_or_else(|| panic!("no figure in {told}"));
    let bytes = line.1.trim().parse::<u64>().unwrap() * 1024;
    println!("{test}: {} MiB", bytes / MIB);
    Some(bytes)
}

/// Sets the peak to what is resident now, so that preparing does not hide a rise.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// Returns the highest resident memory of this process so far, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Runs one transaction with more gas than it needs, and nothing else.
fn run(world: &World, to: Address, input: Vec<u8>) -> Receipt {
    let mut body = world.body(0, Some(to), 0, input);
    body.gas_limit = Gas(1 << 36);
    let (block, rejected) = world.propose(vec![world.signed(0, &body)]);
    assert_eq!(rejected, []);
    world.chain.execute(&block).unwrap().receipts()[0].clone()
}

fn rich_world() -> World {
    World::with(|genesis| genesis.block_gas_limit = Gas(1 << 40))
}

fn deploy(world: &mut World, text: &str) -> Address {
    world.deploy(&wat::parse_str(text).unwrap())
}

#[test]
fn case_02_a_module_far_above_the_limit_is_refused_without_a_copy() {
    const BODY_BYTES: usize = 64 << 20;
    let work = || {
        let work: Box<dyn FnOnce()> = Box::new(|| {
            let body = Bytes::from(vec![0xff_u8; BODY_BYTES]);
            let refusal = Vm::check(&body).unwrap_err();
            assert!(refusal.to_string().contains(&format!("CODE_BYTES_MAX = {CODE_BYTES_MAX}")), "{refusal}");
            assert!(matches!(RawTransaction::new(body), Err(Rejection::TooLarge { bytes: BODY_BYTES, .. })));
        });
        work
    };
    if let Some(rise) = rise("case_02_a_module_far_above_the_limit_is_refused_without_a_copy", work) {
        // The body itself is there once, and was written so that it counts.
        assert!(rise >= BODY_BYTES as u64 && rise < 2 * BODY_BYTES as u64, "{rise} bytes");
    }
}

/// Fills 16 MiB and calls itself, which it opts in to.
const NESTED: &str = r#"(module
    (import "florin" "self_address" (func $self (param i32)))
    (import "florin" "call" (func $call (param i32 i32 i64 i32 i32 i32) (result i32)))
    (memory (export "memory") 1 256)
    (@custom "florin.reentrant" "\01\01\01\01")
    (func (export "florin_call")
        (drop (memory.grow (i32.const 255)))
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 16777216))
        (memory.fill (i32.const 32) (i32.const 0) (i32.const 16))
        (call $self (i32.const 0))
        (drop (call $call (i32.const 0) (i32.const 32) (i64.const -1) (i32.const 48) (i32.const 4) (i32.const 0)))))"#;

#[test]
fn case_24_nested_instances_use_no_more_than_their_memories() {
    let bound = u64::from(CALL_DEPTH_MAX) * 16 * MIB;
    let work = || {
        let mut world = rich_world();
        let contract = deploy(&mut world, NESTED);
        let work: Box<dyn FnOnce()> = Box::new(move || {
            let receipt = run(&world, contract, vec![1; 4]);
            assert_eq!(receipt.status, Status::Success);
        });
        work
    };
    if let Some(rise) = rise("case_24_nested_instances_use_no_more_than_their_memories", work) {
        assert!(rise > bound / 10 * 9, "{rise} bytes: the calls are not nested to the limit");
        assert!(rise < bound + 64 * MIB, "{rise} bytes");
    }
}

/// Emits 10,000 events and reverts.
fn emitter() -> String {
    format!(
        r#"(module
        (import "florin" "emit" (func $emit (param i32 i32 i32 i32)))
        (import "florin" "revert" (func $revert (param i32 i32)))
        (memory (export "memory") 1 1)
        (func (export "florin_call") (local $left i32)
            (local.set $left (i32.const {EVENTS_MAX}))
            (loop $again
                (call $emit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 100))
                (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            (call $revert (i32.const 0) (i32.const 0))))"#
    )
}

/// Calls the contract of its input so many times, and lets it fail.
fn caller(times: u32) -> String {
    format!(
        r#"(module
        (import "florin" "input" (func $input (param i32 i32) (result i32)))
        (import "florin" "call" (func $call (param i32 i32 i64 i32 i32 i32) (result i32)))
        (memory (export "memory") 1 1)
        (func (export "florin_call") (local $left i32)
            (drop (call $input (i32.const 0) (i32.const 20)))
            (local.set $left (i32.const {times}))
            (loop $again
                (if (i32.ne (i32.const 1) (call $call
                        (i32.const 0) (i32.const 32) (i64.const -1) (i32.const 64) (i32.const 0) (i32.const 0)))
                    (then unreachable))
                (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))"#
    )
}

#[test]
fn case_32_a_million_events_of_failed_calls_leave_no_memory_behind() {
    let work = || {
        let mut world = rich_world();
        let emitter = deploy(&mut world, &emitter());
        let caller = deploy(&mut world, &caller(1_000_000 / EVENTS_MAX));
        let work: Box<dyn FnOnce()> = Box::new(move || {
            let receipt = run(&world, caller, emitter.to_vec());
            assert_eq!((receipt.status, receipt.events.len()), (Status::Success, 0));
        });
        work
    };
    if let Some(rise) = rise("case_32_a_million_events_of_failed_calls_leave_no_memory_behind", work) {
        // A hundredth of them is there at a time: 10,000 events of 100 bytes.
        assert!(rise < 16 * MIB, "{rise} bytes");
    }
}

/// Asks a million times for the first of two entries, and never for the end.
const ITERATING: &str = r#"(module
    (import "florin" "storage_write" (func $write (param i32 i32 i32 i32)))
    (import "florin" "storage_next" (func $next (param i32 i32 i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1 1)
    (data (i32.const 0) "ab")
    (func (export "florin_call") (local $left i32)
        (call $write (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1))
        (call $write (i32.const 1) (i32.const 1) (i32.const 0) (i32.const 1))
        (local.set $left (i32.const 1000000))
        (loop $again
            (if (i32.ne (i32.const 1) (call $next
                    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16) (i32.const 64)))
                (then unreachable))
            (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))"#;

#[test]
fn case_33_a_million_unfinished_iterations_hold_nothing_and_each_is_paid() {
    let work = || {
        let mut world = rich_world();
        let contract = deploy(&mut world, ITERATING);
        let work: Box<dyn FnOnce()> = Box::new(move || {
            let receipt = run(&world, contract, Vec::new());
            assert_eq!(receipt.status, Status::Success);
            let schedule = world.chain.vm().schedule();
            let step = Gas::from_ticks(schedule.host(florin_abi::GasClass::StorageNext, 0));
            assert!(receipt.gas_used.0 > 1_000_000 * (step.0 - 1), "{}", receipt.gas_used);
        });
        work
    };
    if let Some(rise) = rise("case_33_a_million_unfinished_iterations_hold_nothing_and_each_is_paid", work) {
        assert!(rise < 8 * MIB, "{rise} bytes");
    }
}
