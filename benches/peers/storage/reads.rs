//! Reads by themselves: warm ones, which the cache of values answers, and cold ones, which it does not.

use std::time::Instant;

use cpu_time::ThreadTime;
use florin_peers::database::{Problem, check};
use florin_peers::workload::{Key, Random, Workload, key};
use florin_runtime::state::{StateKey, StateReader};

use crate::ours::Ours;

/// Entries that warm reads are about; the cache has room for many more.
const WARM_ENTRIES: u32 = 10_000;

/// What the random words of cold reads are drawn for.
const COLD: u64 = 4;

/// Reads entries that are in the cache, each as often as any other, through one view as a block does;
/// returns the CPU time, as a warm read waits for nothing.
pub(crate) fn warm(ours: &Ours, workload: &Workload, reads: u32) -> Result<String, Problem> {
    let entries = WARM_ENTRIES.min(workload.entries());
    let keys: Vec<StateKey> = (0..entries).map(|index| StateKey::from_bytes(&key(index))).collect();
    let view = ours.state().newest();
    // By its second use an entry is among those that stay.
    for key in keys.iter().chain(&keys) {
        view.get(key)?;
    }
    let before = ours.state().cache_counts();
    let clock = ThreadTime::now();
    for key in keys.iter().cycle().take(usize::try_from(reads)?) {
        std::hint::black_box(view.get(key)?);
    }
    let time = clock.elapsed();
    let hits = ours.state().cache_counts().hits.saturating_sub(before.hits);
    if hits != u64::from(reads) {
        return Err(format!("{hits} of {reads} warm reads were answered by the cache").into());
    }
    Ok(time.as_nanos().to_string())
}

/// Reads entries at random; a state of many entries has seen hardly any of them before.
pub(crate) fn cold<V: AsRef<[u8]>>(
    workload: &Workload,
    batch: u64,
    reads: u32,
    get: impl Fn(&Key) -> Result<Option<V>, Problem>,
) -> Result<String, Problem> {
    let mut random = Random::new(COLD, batch);
    let expected: Vec<_> = (0..reads).map(|_| workload.entry(random.below(workload.entries()))).collect();
    let mut values = Vec::with_capacity(expected.len());
    let start = Instant::now();
    for (key, _) in &expected {
        values.push(get(key)?);
    }
    let time = start.elapsed();
    check(&expected, &values)?;
    Ok(time.as_nanos().to_string())
}
