//! The codes in memory: pinned ones for good, the others within a number of bytes, and what was refused.
//!
//! Guarantees that the unpinned codes together take at most `bytes_max`, and that the least recently used goes first. Reads
//! happen in the lanes, which only note that there was one; so a code that was read since the last eviction is moved to
//! the young end when its turn comes, in place of being moved at each read. Refusals are kept in memory only.
//!
//! What a running call holds lives on until it ends, beyond the bound: at most one code for each frame.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::B256;
use lru::LruCache;

use super::super::{Code, Refusal};
use super::flight::Flight;
use super::lanes::{Asked, Lanes, Tier};
use super::{PINNED_MAX, REFUSALS_MAX};

/// What one lock guards.
pub(super) struct Store {
    pub(super) codes: LruCache<B256, Arc<Code>>,
    pub(super) bytes: usize,
    pub(super) pinned: BTreeMap<B256, Arc<Code>>,
    pub(super) refusals: LruCache<B256, Refusal>,
    /// The codes that are being made, each by one thread.
    pub(super) flights: BTreeMap<B256, Arc<Flight>>,
    pub(super) tally: Tally,
}

/// What happened on the slow path so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) misses: u64,
    pub(super) refusal_hits: u64,
    pub(super) file_hits: u64,
    pub(super) compilations: u64,
    pub(super) evictions: u64,
}

impl Store {
    /// Makes an empty store.
    pub(super) fn new() -> Self {
        Self {
            codes: LruCache::unbounded(),
            bytes: 0,
            pinned: BTreeMap::new(),
            refusals: LruCache::new(REFUSALS_MAX),
            flights: BTreeMap::new(),
            tally: Tally::default(),
        }
    }

    /// Returns a code that is there, put into the caller's lane.
    pub(super) fn find(&mut self, hash: B256, lanes: &Lanes) -> Option<Arc<Code>> {
        if let Some(code) = self.pinned.get(&hash) {
            return Some(lanes.fill(hash, code, Tier::Pinned, Asked::Found));
        }
        self.codes.get(&hash).map(|code| lanes.fill(hash, code, Tier::Bounded, Asked::Found))
    }

    /// Keeps a code that was made, within the bytes; returns what had to go, to be dropped without the lock.
    pub(super) fn keep(&mut self, hash: B256, code: &Arc<Code>, bytes_max: usize, lanes: &Lanes) -> Vec<Arc<Code>> {
        let mut dropped = Vec::new();
        if code.bytes() > bytes_max || self.pinned.contains_key(&hash) {
            return dropped;
        }
        // Room first, so that the bound holds at every moment.
        let room = bytes_max.saturating_sub(code.bytes());
        let mut rounds = self.codes.len();
        while self.bytes > room {
            let Some((oldest, old)) = self.codes.pop_lru() else { break };
            // A second round over codes that are read all the time would not end.
            if rounds > 0 && lanes.take_used(oldest) {
                rounds = rounds.saturating_sub(1);
                self.codes.push(oldest, old);
                continue;
            }
            self.tally.evictions = self.tally.evictions.saturating_add(1);
            dropped.append(&mut self.release(oldest, old, lanes));
        }
        self.bytes = self.bytes.saturating_add(code.bytes());
        if let Some((_, replaced)) = self.codes.push(hash, Arc::clone(code)) {
            dropped.append(&mut self.release(hash, replaced, lanes));
        }
        lanes.fill(hash, code, Tier::Bounded, Asked::Made);
        dropped
    }

    /// Moves a code out of reach of eviction, if there is room for one more.
    pub(super) fn pin(&mut self, hash: B256, code: &Arc<Code>, lanes: &Lanes) -> Vec<Arc<Code>> {
        if self.pinned.contains_key(&hash) || self.pinned.len() >= PINNED_MAX {
            return Vec::new();
        }
        let bounded = self.codes.pop(&hash);
        self.pinned.insert(hash, Arc::clone(code));
        // Lanes learn the tier when they are filled again.
        bounded.map_or_else(Vec::new, |old| self.release(hash, old, lanes))
    }

    /// Drops everything that is not pinned; returns it, to be dropped without the lock.
    pub(super) fn clear(&mut self, lanes: &Lanes) -> Vec<Arc<Code>> {
        self.refusals.clear();
        let mut dropped = Vec::new();
        while let Some((hash, code)) = self.codes.pop_lru() {
            dropped.append(&mut self.release(hash, code, lanes));
        }
        dropped
    }

    /// Returns the bytes of the pinned codes.
    pub(super) fn pinned_bytes(&self) -> usize {
        self.pinned.values().fold(0, |sum, code| sum.saturating_add(code.bytes()))
    }

    fn release(&mut self, hash: B256, code: Arc<Code>, lanes: &Lanes) -> Vec<Arc<Code>> {
        self.bytes = self.bytes.saturating_sub(code.bytes());
        let mut dropped = lanes.remove(hash);
        dropped.push(code);
        dropped
    }
}
