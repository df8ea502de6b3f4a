//! Bytes to checked, metered, compiled code.

use alloy_primitives::B256;
use criterion::{BatchSize, Criterion, Throughput};
use florin_benches::contracts::artifact;
use florin_benches::ledger::WorkloadError;
use florin_runtime::vm::{EngineKind, Optimize, Vm, VmConfig};

pub(crate) fn bench(criterion: &mut Criterion) -> Result<(), WorkloadError> {
    let mut group = criterion.benchmark_group("vm");
    group.sample_size(10);
    for name in ["token", "claims"] {
        let code = artifact(name)?;
        group.throughput(Throughput::Bytes(code.len() as u64));
        group.bench_function(format!("check,{name}"), |bencher| bencher.iter(|| Vm::check(&code)));
        for (level, optimize) in [("none", Optimize::None), ("speed", Optimize::Speed)] {
            let engine = EngineKind::Compiled { optimize };
            let vm = Vm::new(VmConfig { engine, instances_max: 16, ..VmConfig::default() })?;
            let mut uploads = 0_u64;
            // Check, meter and compile; each upload has a hash of its own, so that the cache never knows it.
            group.bench_function(format!("load,{name},optimize={level}"), |bencher| {
                let next = || {
                    uploads = uploads.wrapping_add(1);
                    B256::left_padding_from(&uploads.to_be_bytes())
                };
                bencher.iter_batched(next, |hash| vm.load(hash, &code), BatchSize::PerIteration);
            });
        }
    }
    group.finish();
    Ok(())
}
