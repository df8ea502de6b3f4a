//! The cache of compiled code: one compilation a key, bounded bytes, and no effect on a result.

use std::sync::Barrier;

use super::{ENGINES, PLENTY, SPEED, contract, load, machine, run_on, wasm};
use crate::vm::{LoadError, Vm, VmConfig};
use alloy_primitives::B256;

/// A contract that no other number gives.
fn numbered(number: u32) -> Vec<u8> {
    contract(&format!("(drop (i32.const {number}))"))
}

#[test]
fn case_16_many_threads_that_ask_for_one_code_compile_it_once() {
    let vm = machine(SPEED);
    let module = numbered(1);
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..20 {
                    load(&vm, &module);
                }
            });
        }
    });
    let counts = vm.cache_counts();
    assert_eq!((counts.compilations, counts.entries), (1, 1));
    assert_eq!(counts.hits + counts.misses, 160);
}

#[test]
fn a_code_is_in_the_cache_after_it_was_loaded_and_not_before() {
    let vm = machine(SPEED);
    assert!(vm.cached(B256::repeat_byte(3)).is_none());
    let code = vm.load(B256::repeat_byte(3), &numbered(2)).unwrap();
    assert_eq!(code.hash(), B256::repeat_byte(3));
    assert!(vm.cached(B256::repeat_byte(3)).is_some());
}

#[test]
fn the_least_recently_used_code_goes_when_the_bytes_are_full() {
    let one = {
        let vm = machine(SPEED);
        load(&vm, &numbered(0));
        vm.cache_counts().bytes
    };
    let room = usize::try_from(one * 3 + one / 2).unwrap();
    let vm =
        Vm::new(VmConfig { engine: SPEED, cache_bytes_max: room, instances_max: 4, ..VmConfig::default() }).unwrap();
    for number in [0, 1, 2, 0, 3] {
        load(&vm, &numbered(number));
    }
    let hash = |number| B256::from(*blake3::hash(&numbered(number)).as_bytes());
    let counts = vm.cache_counts();
    assert_eq!((counts.entries, counts.evictions, counts.compilations), (3, 1, 4));
    assert!(counts.bytes <= one * 4);
    assert!(vm.cached(hash(1)).is_none(), "the oldest is gone");
    assert!([0, 2, 3].into_iter().all(|number| vm.cached(hash(number)).is_some()));
}

#[test]
fn code_larger_than_the_cache_runs_and_is_not_kept() {
    let vm = Vm::new(VmConfig { engine: SPEED, cache_bytes_max: 16, instances_max: 4, ..VmConfig::default() }).unwrap();
    for _ in 0..2 {
        assert_eq!(run_on(&vm, &numbered(5), PLENTY).exit, "Finished");
    }
    let counts = vm.cache_counts();
    assert_eq!((counts.entries, counts.bytes, counts.compilations), (0, 0, 2));
}

#[test]
fn a_refused_module_is_refused_again_and_leaves_nothing() {
    let vm = machine(SPEED);
    for _ in 0..2 {
        let error = vm.load(B256::ZERO, &wasm("")).unwrap_err();
        assert!(matches!(error, LoadError::Refused(_)), "{error}");
    }
    assert_eq!(vm.cache_counts().entries, 0);
}

#[test]
fn a_cold_and_a_warm_cache_give_the_same() {
    for (name, vm) in ENGINES.iter() {
        let module = contract("(loop (br 0))");
        let cold = run_on(vm, &module, 1_000_000);
        assert_eq!(cold, run_on(vm, &module, 1_000_000), "{name}");
    }
}
