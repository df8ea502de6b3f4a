//! The read path of the cache: what a thread has found once it finds again without touching what other threads touch.
//!
//! ```text
//! thread -> its lane: lock (nobody else's), code hash -> Arc of its own -> hit
//!              | miss
//!              v
//!           the store (one lock), which fills the lane and empties all lanes of what it evicts
//! ```
//!
//! Guarantees that a lane holds nothing that the store does not: it is filled and emptied under the store's lock, which
//! is taken first. A code in a lane has its own reference count, so that two threads that run one contract do not pass a
//! cache line to and fro. The store learns at eviction which codes were read since it asked last.
//!
//! Costs of a hit: one lock without a rival, one SipHash of 32 bytes, one increment. More threads than [`LANES`] share
//! lanes, and wait for each other for that long.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy_primitives::B256;

use super::super::Code;

/// Threads that read without meeting.
const LANES: usize = 16;

/// The number of the next thread that asks. It decides nothing but who waits for whom.
static NEXT_LANE: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static LANE: usize = NEXT_LANE.fetch_add(1, Ordering::Relaxed);
}

/// Where a code is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    /// Until the machine ends.
    Pinned,
    /// Until it is the least recently used.
    Bounded,
}

/// What was found in memory so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hits {
    /// Of pinned code.
    pub(super) pinned: u64,
    /// Of other code.
    pub(super) bounded: u64,
}

impl Hits {
    /// Counts one.
    pub(super) fn count(&mut self, tier: Tier) {
        let count = match tier {
            Tier::Pinned => &mut self.pinned,
            Tier::Bounded => &mut self.bounded,
        };
        *count = count.saturating_add(1);
    }
}

/// The lanes of one cache.
pub(super) struct Lanes([Lane; LANES]);

/// One lane, on cache lines of its own (two, because processors fetch them in pairs).
#[derive(Default)]
#[repr(align(128))]
struct Lane(Mutex<Reads>);

#[derive(Default)]
struct Reads {
    codes: HashMap<B256, Slot>,
    hits: Hits,
}

struct Slot {
    code: Arc<Code>,
    tier: Tier,
    /// Whether it was read here since the store put it in, or asked.
    used: bool,
}

impl Lanes {
    /// Makes empty lanes.
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| Lane::default()))
    }

    /// Returns the code if this thread's lane has it.
    pub(super) fn get(&self, hash: B256) -> Option<Arc<Code>> {
        let mut reads = self.own().lock();
        let slot = reads.codes.get_mut(&hash)?;
        slot.used = true;
        let (code, tier) = (Arc::clone(&slot.code), slot.tier);
        reads.hits.count(tier);
        Some(code)
    }

    /// Puts a code of the store into this thread's lane, as a hit if it was asked for. Needs the store's lock.
    pub(super) fn fill(&self, hash: B256, code: &Code, tier: Tier, asked: Asked) -> Arc<Code> {
        let mut reads = self.own().lock();
        if asked == Asked::Found {
            reads.hits.count(tier);
        }
        let code = Arc::new(code.replica());
        reads.codes.insert(hash, Slot { code: Arc::clone(&code), tier, used: false });
        code
    }

    /// Tells whether any thread read the code since this was asked last. Needs the store's lock.
    pub(super) fn take_used(&self, hash: B256) -> bool {
        // Every lane is asked: each of them begins to count anew.
        self.0.iter().fold(false, |used, lane| {
            lane.lock().codes.get_mut(&hash).is_some_and(|slot| std::mem::take(&mut slot.used)) | used
        })
    }

    /// Takes a code out of every lane; what is returned is dropped without a lock. Needs the store's lock.
    pub(super) fn remove(&self, hash: B256) -> Vec<Arc<Code>> {
        self.0.iter().filter_map(|lane| lane.lock().codes.remove(&hash).map(|slot| slot.code)).collect()
    }

    /// Returns what was found so far.
    pub(super) fn hits(&self) -> Hits {
        self.0.iter().fold(Hits::default(), |sum, lane| {
            let hits = lane.lock().hits;
            Hits { pinned: sum.pinned.saturating_add(hits.pinned), bounded: sum.bounded.saturating_add(hits.bounded) }
        })
    }

    fn own(&self) -> &Lane {
        let [first, ..] = &self.0;
        LANE.with(|lane| self.0.get(lane % LANES)).unwrap_or(first)
    }
}

/// Whether a fill answers a request, or follows a compilation that was counted as a miss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// It was there.
    Found,
    /// It was made.
    Made,
}

impl Lane {
    /// Nothing under this lock is wrong halfway, so that a panic, which nothing here does, would not make it so.
    fn lock(&self) -> MutexGuard<'_, Reads> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
