//! The cache of compiled code: one compilation a key, bounded bytes, and no effect on a result.

use std::sync::Barrier;

use super::{ENGINES, PLENTY, SPEED, contract, load, machine, run_on, wasm};
use crate::vm::{CacheFolder, EngineKind, LoadError, NodeKey, Vm, VmConfig};
use alloy_primitives::{B256, keccak256};

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
fn what_is_pinned_stays_and_is_counted_apart() {
    let vm = Vm::new(VmConfig { engine: SPEED, cache_bytes_max: 1, instances_max: 4, ..VmConfig::default() }).unwrap();
    let hash = B256::repeat_byte(1);
    let pinned = vm.pin(hash, &numbered(1)).unwrap();
    for number in 2..5 {
        load(&vm, &numbered(number));
    }
    vm.drop_cached();
    assert_eq!(vm.cached(hash).unwrap().info(), pinned.info());
    vm.load(hash, b"not looked at on a hit").unwrap();
    let counts = vm.cache_counts();
    assert_eq!((counts.pinned_entries, counts.entries, counts.pinned_hits, counts.hits), (1, 0, 2, 2));
    assert!(counts.pinned_bytes > 0 && counts.bytes == 0);
    // Pinning what is pinned, or what the cache holds already, counts its bytes once.
    let vm = machine(SPEED);
    load(&vm, &numbered(1));
    let held = vm.cache_counts().bytes;
    let hash = B256::from(*blake3::hash(&numbered(1)).as_bytes());
    for _ in 0..2 {
        vm.pin(hash, &numbered(1)).unwrap();
        assert_eq!((vm.cache_counts().bytes, vm.cache_counts().pinned_bytes), (0, held));
    }
}

#[test]
fn no_more_is_pinned_than_the_limit() {
    let vm = machine(EngineKind::Interpreted);
    for number in 0..70_u8 {
        vm.pin(B256::repeat_byte(number), &numbered(number.into())).unwrap();
    }
    let counts = vm.cache_counts();
    assert_eq!((counts.pinned_entries, counts.entries), (64, 6));
}

#[test]
fn dropping_what_is_cached_tells_the_bytes_once() {
    let vm = machine(SPEED);
    // Two threads have it in two lanes.
    std::thread::scope(|scope| {
        [(); 2].map(|()| scope.spawn(|| load(&vm, &numbered(1)))).map(|one| one.join().unwrap())
    });
    load(&vm, &numbered(2));
    let held = vm.cache_counts().bytes;
    assert_eq!(vm.drop_cached(), held);
    assert_eq!((vm.cache_counts().bytes, vm.cache_counts().entries, vm.drop_cached()), (0, 0, 0));
}

/// The interpreter's forms are cheap to make, and the cache does not know the difference.
#[test]
fn case_47_a_storm_of_ten_thousand_contracts_stays_within_the_bytes_and_ends() {
    const CONTRACTS: u32 = 10_000;
    let modules: Vec<Vec<u8>> = (0..CONTRACTS).map(numbered).collect();
    let one = {
        let vm = machine(EngineKind::Interpreted);
        load(&vm, modules.last().unwrap());
        vm.cache_counts().bytes
    };
    let room = one * 10;
    let config = VmConfig {
        engine: EngineKind::Interpreted,
        cache_bytes_max: usize::try_from(room).unwrap(),
        ..VmConfig::default()
    };
    let vm = Vm::new(config).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (vm, modules) = (&vm, &modules);
            scope.spawn(move || {
                for (number, module) in modules.iter().enumerate().skip(thread).step_by(4) {
                    load(vm, module);
                    // What everybody wants is asked for in between.
                    load(vm, &modules[number % 3]);
                    assert!(vm.cache_counts().bytes <= room);
                }
            });
        }
    });
    let counts = vm.cache_counts();
    assert_eq!(counts.hits + counts.misses, u64::from(2 * CONTRACTS));
    assert!(counts.compilations <= counts.misses, "{counts:?}");
    assert!(counts.hits > u64::from(CONTRACTS / 2), "what everybody wants is not evicted: {counts:?}");
    assert!(counts.entries >= 9 && counts.bytes <= room, "{counts:?}");
}

#[test]
fn case_47_code_that_is_evicted_and_asked_for_again_comes_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let cache_folder = CacheFolder {
        path: folder.path().join("code"),
        bytes_max: CacheFolder::BYTES_MAX_DEFAULT,
        key: NodeKey::new([1; 32]),
    };
    let config =
        VmConfig { cache_bytes_max: 0, cache_folder: Some(cache_folder), instances_max: 4, ..VmConfig::default() };
    let vm = Vm::new(config).unwrap();
    for _ in 0..3 {
        for module in (0..20).map(numbered) {
            vm.load(keccak256(&module), &module).unwrap();
        }
    }
    let counts = vm.cache_counts();
    assert_eq!((counts.compilations, counts.file_hits, counts.files.written), (20, 40, 20));
}

#[test]
fn case_48_a_hash_gives_its_own_code_through_any_eviction() {
    let answer = |number: u32| {
        let body = format!("(i32.store (i32.const 0) (i32.const {number})) (call $f (i32.const 0) (i32.const 4))");
        let import = r#"(import "florin" "finish" (func $f (param i32 i32)))"#;
        wasm(&format!(r#"{import} (memory (export "memory") 1 16) (func (export "florin_call") {body})"#))
    };
    let versions: Vec<_> = (1..=6).map(answer).collect();
    for room in [0, 50_000, 1 << 20] {
        let vm = Vm::new(VmConfig { cache_bytes_max: room, instances_max: 4, ..VmConfig::default() }).unwrap();
        // Version 1, then 2, then 1 again and so on, each evicted or not in between.
        for turn in [0, 1, 0, 2, 1, 3, 4, 5, 0, 1, 2, 5, 5, 0] {
            let output = run_on(&vm, &versions[turn], PLENTY).output;
            assert_eq!(output[..], u32::try_from(turn + 1).unwrap().to_le_bytes(), "room for {room} bytes");
        }
    }
}

#[test]
fn case_49_refusals_are_limited_and_shared_by_who_waits() {
    let vm = machine(SPEED);
    let refused = wasm("");
    for number in 0..1_100_u64 {
        assert!(vm.load(B256::left_padding_from(&number.to_be_bytes()), &refused).is_err());
    }
    let counts = vm.cache_counts();
    assert_eq!((counts.refusals, counts.compilations, counts.misses), (1024, 0, 1_100));

    let barrier = Barrier::new(8);
    let reasons: Vec<String> = std::thread::scope(|scope| {
        let ask = || {
            barrier.wait();
            vm.load(B256::ZERO, &refused).unwrap_err().to_string()
        };
        let threads = [(); 8].map(|()| scope.spawn(ask));
        threads.map(|thread| thread.join().unwrap()).into()
    });
    assert!(reasons.iter().all(|reason| *reason == reasons[0]), "{reasons:?}");
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
