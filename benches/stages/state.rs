//! Changes to `StateRoot`, and proofs.

use criterion::{BatchSize, Criterion, Throughput};
use florin_benches::entries::{changes, key, state};
use florin_runtime::state::State;

/// Entries before the changes.
const ENTRIES: u32 = 100_000;

pub(crate) fn bench(criterion: &mut Criterion) {
    let state = state(ENTRIES);
    commit(criterion, &state);
    prove(criterion, &state);
}

fn commit(criterion: &mut Criterion, state: &State) {
    let mut group = criterion.benchmark_group("commit");
    group.sample_size(10);
    for updates in [1_000_u32, 10_000] {
        // Half of the keys are there already.
        let first = ENTRIES.saturating_sub(updates / 2);
        let changes = changes((first..).take(updates as usize), 1);
        group.throughput(Throughput::Elements(u64::from(updates)));
        group.bench_function(format!("updates={updates},entries={ENTRIES}"), |bencher| {
            let commit = |mut state: State| {
                let root = state.commit(&changes);
                (state, root)
            };
            bencher.iter_batched(|| state.clone(), commit, BatchSize::PerIteration);
        });
    }
    group.finish();
}

fn prove(criterion: &mut Criterion, state: &State) {
    let root = state.root().hash().0;
    let mut group = criterion.benchmark_group("proof");
    for (name, number) in [("present", 0), ("absent", ENTRIES)] {
        let key = key(number);
        group.bench_function(format!("make,{name},entries={ENTRIES}"), |bencher| bencher.iter(|| state.prove(&key)));
        let Ok((value, proof)) = state.prove(&key) else { continue };
        let value = value.as_ref().map(AsRef::as_ref);
        assert_eq!(proof.verify(&root, key.as_bytes(), value), Ok(()), "the proof of the workload holds");
        group.bench_function(format!("verify,{name},entries={ENTRIES}"), |bencher| {
            bencher.iter(|| proof.verify(&root, key.as_bytes(), value));
        });
    }
    group.finish();
}
