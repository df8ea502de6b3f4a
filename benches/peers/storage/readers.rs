//! What historic readers cost the writer: blocks are committed by turns while threads read at earlier heights, and while
//! they rest. The keys of a block are read ahead before it is committed, as while it executes, and the readers read then too.
//!
//! Each reader takes the state at a random retained height, reads 64 random entries there, and goes on to the next, as fast
//! as it can.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::Instant;

use florin_peers::clock::median;
use florin_peers::database::{LOAD_COMMITS, Problem};
use florin_peers::workload::{Random, Workload, key};
use florin_runtime::state::{DurableState, StateKey, StateReader};

use crate::ours::{Ours, changes};

/// What the random words of readers are drawn for.
const READERS: u64 = 5;

/// Entries that are read at one height.
const READS_A_VIEW: u32 = 64;

/// What the writer tells the readers.
#[derive(Debug, Default)]
struct Signals {
    read: AtomicBool,
    end: AtomicBool,
    reads: AtomicU64,
    failed: AtomicBool,
}

/// Commits so many blocks without and with so many readers; returns the medians of the commits in ns, and the reads.
pub(crate) fn measure(
    ours: &mut Ours,
    workload: &mut Workload,
    threads: u64,
    blocks: u32,
    updates: u32,
) -> Result<String, Problem> {
    let signals = Signals::default();
    let entries = workload.entries();
    // The readers need the state while the writer commits to it, which takes a shared reference.
    let mut times = [Vec::new(), Vec::new()];
    let mut height = ours.state().head().height;
    let state = ours.state();
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..threads)
            .map(|number| {
                scope.spawn({
                    let signals = &signals;
                    move || read(state, signals, number, entries)
                })
            })
            .collect();
        let wake = || readers.iter().for_each(|reader| Thread::unpark(reader.thread()));
        let mut commit_all = || -> Result<(), Problem> {
            for block in 0..blocks.saturating_mul(2) {
                let with = block % 2 == 1;
                let changes = changes(&workload.next(updates, 0).updates);
                signals.read.store(with, Ordering::Release);
                wake();
                // As in the blocks that are measured without readers.
                state.prefetch(&changes.keys().cloned().collect::<Vec<_>>())?;
                height = height.saturating_add(1);
                let start = Instant::now();
                state.commit(height, &changes, Vec::new())?;
                times[usize::from(with)].push(start.elapsed().as_secs_f64() * 1e9);
            }
            Ok(())
        };
        let result = commit_all();
        signals.end.store(true, Ordering::Release);
        wake();
        result
    })?;
    ours.follow();
    if signals.failed.load(Ordering::Acquire) {
        return Err("a reader could not read".into());
    }
    let [alone, with] = times.map(median);
    Ok(format!("{alone:.0} {with:.0} {}", signals.reads.load(Ordering::Acquire)))
}

/// Reads while it may, until it is told to end.
fn read(state: &DurableState, signals: &Signals, number: u64, entries: u32) {
    let mut random = Random::new(READERS, number);
    while !signals.end.load(Ordering::Acquire) {
        if !signals.read.load(Ordering::Acquire) {
            std::thread::park();
            continue;
        }
        let (oldest, newest) = state.heights();
        // Before that, entries are missing.
        let oldest = oldest.max(LOAD_COMMITS.into());
        let behind = u32::try_from(newest.saturating_sub(oldest)).unwrap_or(u32::MAX);
        // A block later the oldest height may be gone.
        let height = newest.saturating_sub(random.below(behind.max(1)).into());
        let Ok(view) = state.at(height) else { continue };
        for _ in 0..READS_A_VIEW {
            if !matches!(view.get(&StateKey::from_bytes(&key(random.below(entries)))), Ok(Some(_))) {
                signals.failed.store(true, Ordering::Release);
            }
        }
        signals.reads.fetch_add(READS_A_VIEW.into(), Ordering::AcqRel);
    }
}
