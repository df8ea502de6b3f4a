//! Compiled code that is there already: in memory by one thread and by two at once, and in a file.
//!
//! A hit is told for each thread: with two, both ask for one contract all the time.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use alloy_primitives::{B256, keccak256};
use criterion::{BatchSize, Criterion};
use florin_benches::contracts::artifact;
use florin_benches::ledger::WorkloadError;
use florin_runtime::vm::{CacheFolder, LoadError, NodeKey, Vm, VmConfig};

pub(crate) fn bench(criterion: &mut Criterion) -> Result<(), WorkloadError> {
    let code = artifact("token")?;
    let hash = keccak256(&code);
    let mut group = criterion.benchmark_group("cache");
    let vm = Vm::new(VmConfig { instances_max: 16, ..VmConfig::default() })?;
    vm.load(hash, &code).map_err(failed)?;
    group.bench_function("hit,threads=1", |bencher| bencher.iter(|| vm.cached(hash)));
    group.bench_function("hit,threads=2", |bencher| bencher.iter_custom(|hits| two_threads(&vm, hash, hits)));

    group.sample_size(20);
    let folder = std::env::temp_dir().join(format!("florin-bench-{}", std::process::id()));
    let cache_folder =
        CacheFolder { path: folder.clone(), bytes_max: CacheFolder::BYTES_MAX_DEFAULT, key: NodeKey::new([1; 32]) };
    let vm = Vm::new(VmConfig { cache_folder: Some(cache_folder), instances_max: 16, ..VmConfig::default() })?;
    vm.load(hash, &code).map_err(failed)?;
    group.bench_function("load,token,from=file", |bencher| {
        bencher.iter_batched(|| vm.drop_cached(), |_| vm.load(hash, &code), BatchSize::PerIteration);
    });
    let without = Vm::new(VmConfig { instances_max: 16, ..VmConfig::default() })?;
    group.bench_function("load,token,from=compiler", |bencher| {
        bencher.iter_batched(|| without.drop_cached(), |_| without.load(hash, &code), BatchSize::PerIteration);
    });
    // It is the system's folder for what may go.
    let _ = std::fs::remove_dir_all(folder);
    group.finish();
    Ok(())
}

fn failed(error: LoadError) -> WorkloadError {
    WorkloadError::Contract(error.to_string())
}

/// Returns the longer of the times that two threads take for so many hits each, begun together.
fn two_threads(vm: &Vm, hash: B256, hits: u64) -> Duration {
    let barrier = Barrier::new(2);
    let ask = || {
        // The first one fills the lane.
        vm.cached(hash);
        barrier.wait();
        let start = Instant::now();
        for _ in 0..hits {
            std::hint::black_box(vm.cached(hash));
        }
        start.elapsed()
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(ask);
        let one = ask();
        other.join().map_or(one, |other| other.max(one))
    })
}
