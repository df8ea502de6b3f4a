//! Values in memory, each with the heights for which it holds, so that a read at any height is answered exactly or not at
//! all.
//!
//! ```text
//! key -> [(from, to, value or absence), ..]     a read at height h is a hit exactly when from <= h <= to for one of them
//! ```
//! Guarantees that no answer is stale: a version is open at its end (`to` is [`OPEN`]) only while it is the newest, and the
//! commit of a block closes the versions that it replaces before anybody can read at the new height. Nothing is
//! invalidated: what a block does not change stays valid as it is.
//!
//! Bounded by bytes. Keys are in shards, each with two lists in the order of use: a key comes into the first, and by its second
//! use into the other, which gets four fifths of the bytes. So one scan over many keys pushes out what was used once, and
//! not what is used again and again (segmented LRU: Karedla, Love and Wherry, 1994).
//!
//! Costs of a hit: one lock of a shard, one hash of the key.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use alloy_primitives::Bytes;
use lru::LruCache;

use super::StateKey;

/// The end of a version that holds for the newest height, whichever it is.
pub const OPEN: u64 = u64::MAX;

/// Shards: enough that threads seldom meet.
const SHARDS: usize = 16;

/// The most versions of one key; the oldest goes first.
const VERSIONS_MAX: usize = 4;

/// What a key takes beside its own bytes and those of its values: list, map, and one version.
const KEY_OVERHEAD_BYTES: usize = 160;

/// The part of the bytes that is left to keys that were used once: a fifth.
const ONCE_PART: usize = 5;

/// A value, or its absence, and the heights for which it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The first height for which it is known to hold.
    pub from: u64,
    /// The last one, or [`OPEN`].
    pub to: u64,
    /// What is under the key.
    pub value: Option<Bytes>,
}

impl Version {
    fn holds_at(&self, height: u64) -> bool {
        self.from <= height && height <= self.to
    }
}

/// What the cache did so far, and what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateCacheCounts {
    /// Reads that were answered.
    pub hits: u64,
    /// Reads that were not.
    pub misses: u64,
    /// Keys dropped to stay within the bytes.
    pub evictions: u64,
    /// Keys held.
    pub keys: u64,
    /// Bytes held.
    pub bytes: u64,
}

/// Values by key and height.
#[derive(Debug)]
pub struct StateCache {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    /// The newest height that was committed.
    head: AtomicU64,
}

impl StateCache {
    /// Makes a cache of at most so many bytes for a state whose newest block is `head`. With 0 it holds nothing.
    pub fn new(bytes_max: usize, head: u64) -> Self {
        let shard = || Mutex::new(Shard::new(bytes_max / SHARDS));
        Self {
            shards: std::iter::repeat_with(shard).take(SHARDS).collect(),
            hasher: RandomState::new(),
            head: AtomicU64::new(head),
        }
    }

    /// Returns what is under a key at a height, if that is known.
    pub fn get(&self, key: &StateKey, height: u64) -> Option<Option<Bytes>> {
        self.shard(key).get(key, height)
    }

    /// Takes what was read at a height and is known to hold until `to`, at least `height`; [`OPEN`] if the reader saw it as
    /// the newest value in a state whose newest block was `head`.
    pub fn fill(&self, key: &StateKey, height: u64, to: u64, head: u64, value: Option<Bytes>) {
        let mut shard = self.shard(key);
        // Under the lock: a commit that has begun since may have passed this key already, and would not close the version.
        let is_newest = self.head.load(Ordering::Acquire) == head;
        let to = if to == OPEN && !is_newest { head } else { to };
        shard.insert(key, Version { from: height, to, value: value.map(owned) });
    }

    /// Takes what the block of a height wrote. Call it before anybody can read at that height.
    pub fn advance<'a>(&self, height: u64, changes: impl Iterator<Item = (&'a StateKey, &'a Option<Bytes>)>) {
        self.head.store(height, Ordering::Release);
        for (key, value) in changes {
            let mut shard = self.shard(key);
            shard.close(key, height.saturating_sub(1));
            shard.insert(key, Version { from: height, to: OPEN, value: value.clone().map(owned) });
        }
    }

    /// Returns what the cache did so far.
    pub fn counts(&self) -> StateCacheCounts {
        self.shards.iter().fold(StateCacheCounts::default(), |sum, shard| {
            let shard = lock(shard);
            let keys = shard.once.len().saturating_add(shard.again.len());
            StateCacheCounts {
                hits: sum.hits.saturating_add(shard.hits),
                misses: sum.misses.saturating_add(shard.misses),
                evictions: sum.evictions.saturating_add(shard.evictions),
                keys: sum.keys.saturating_add(count(keys)),
                bytes: sum.bytes.saturating_add(count(shard.bytes_once.saturating_add(shard.bytes_again))),
            }
        })
    }

    fn shard(&self, key: &StateKey) -> MutexGuard<'_, Shard> {
        let [place, ..] = self.hasher.hash_one(key).to_le_bytes();
        lock(&self.shards[usize::from(place) % SHARDS])
    }
}

/// Nothing in a shard is wrong halfway in a way that a later call would not mend, and nothing panics under the lock.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// A copy of its own, so that a small value does not keep the large block alive from which it was read.
fn owned(value: Bytes) -> Bytes {
    Bytes::copy_from_slice(&value)
}

/// The versions of one key, the newest last.
#[derive(Debug, Default)]
struct Versions(Vec<Version>);

#[derive(Debug)]
struct Shard {
    /// Keys that were used once.
    once: LruCache<StateKey, Versions>,
    /// Keys that were used again.
    again: LruCache<StateKey, Versions>,
    bytes_once: usize,
    bytes_again: usize,
    bytes_max: usize,
    hits: u64,
    misses: u64,
    evictions: u64,
}

impl Shard {
    fn new(bytes_max: usize) -> Self {
        let (once, again) = (LruCache::unbounded(), LruCache::unbounded());
        Self { once, again, bytes_once: 0, bytes_again: 0, bytes_max, hits: 0, misses: 0, evictions: 0 }
    }

    fn get(&mut self, key: &StateKey, height: u64) -> Option<Option<Bytes>> {
        let found = match self.again.get(key) {
            Some(versions) => versions.at(height),
            None => match self.once.pop_entry(key) {
                Some((key, versions)) => {
                    let found = versions.at(height);
                    let bytes = versions.bytes(&key);
                    self.bytes_once = self.bytes_once.saturating_sub(bytes);
                    self.bytes_again = self.bytes_again.saturating_add(bytes);
                    self.again.push(key, versions);
                    self.shrink();
                    found
                }
                None => None,
            },
        };
        let counter = if found.is_some() { &mut self.hits } else { &mut self.misses };
        *counter = counter.saturating_add(1);
        found
    }

    /// Ends the open version of a key, if there is one.
    fn close(&mut self, key: &StateKey, to: u64) {
        let versions = match self.again.peek_mut(key) {
            Some(versions) => Some(versions),
            None => self.once.peek_mut(key),
        };
        if let Some(last) = versions.and_then(|versions| versions.0.last_mut()).filter(|last| last.to == OPEN) {
            last.to = to;
        }
    }

    fn insert(&mut self, key: &StateKey, version: Version) {
        if self.bytes_max == 0 {
            return;
        }
        let (list, bytes) = if self.again.contains(key) {
            (&mut self.again, &mut self.bytes_again)
        } else {
            (&mut self.once, &mut self.bytes_once)
        };
        // A write is a use, but not one that keeps a key: what is written and never read goes first.
        let versions = list.get_or_insert_mut_ref(key, Versions::default);
        let before = if versions.0.is_empty() { 0 } else { versions.bytes(key) };
        versions.insert(version);
        *bytes = bytes.saturating_sub(before).saturating_add(versions.bytes(key));
        self.shrink();
    }

    fn shrink(&mut self) {
        // Keys that lose their place among those used again get another chance.
        while self.bytes_again > self.bytes_max.saturating_sub(self.bytes_max / ONCE_PART) {
            let Some((key, versions)) = self.again.pop_lru() else { break };
            let bytes = versions.bytes(&key);
            self.bytes_again = self.bytes_again.saturating_sub(bytes);
            self.bytes_once = self.bytes_once.saturating_add(bytes);
            self.once.push(key, versions);
        }
        while self.bytes_once.saturating_add(self.bytes_again) > self.bytes_max {
            let Some((key, versions)) = self.once.pop_lru() else { break };
            self.bytes_once = self.bytes_once.saturating_sub(versions.bytes(&key));
            self.evictions = self.evictions.saturating_add(1);
        }
    }
}

impl Versions {
    fn at(&self, height: u64) -> Option<Option<Bytes>> {
        self.0.iter().rev().find(|version| version.holds_at(height)).map(|version| version.value.clone())
    }

    fn bytes(&self, key: &StateKey) -> usize {
        let value = |version: &Version| {
            version.value.as_ref().map_or(0, |value| value.len()).saturating_add(size_of::<Version>())
        };
        let values = self.0.iter().map(value).fold(0, usize::saturating_add);
        // The key is in the map and in the list.
        values.saturating_add(key.as_bytes().len()).saturating_add(KEY_OVERHEAD_BYTES)
    }

    /// Adds what is known of some heights; versions stay in the order of their heights and never overlap.
    fn insert(&mut self, version: Version) {
        let first = self.0.partition_point(|other| other.to < version.from);
        let last = self.0.partition_point(|other| other.from <= version.to);
        // What overlaps is the same value, known for other heights.
        let mut joined = version;
        for other in self.0.drain(first..last.max(first)) {
            joined.from = joined.from.min(other.from);
            joined.to = joined.to.max(other.to);
        }
        self.0.insert(first, joined);
        if self.0.len() > VERSIONS_MAX {
            self.0.remove(0);
        }
    }
}

#[cfg(test)]
mod tests;
