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
//! Bounded by bytes. Keys are in shards. In each a key comes into a small queue, a tenth of the bytes; if it is used before it
//! reaches the end it goes on to the main queue, otherwise it goes, and only its hash is remembered for a while: a key that
//! comes back is at once of the main queue. There a key that was used passes the end again. So one scan over many keys
//! pushes out nothing but what was used once (S3-FIFO: Yang, Zhang, Qiu, Yue and Rashmi, "FIFO queues are all you need for
//! cache eviction", SOSP 2023). Nor does a block: what it writes under a key that is not held is taken only while there is room,
//! and otherwise when somebody reads it.
//!
//! Costs of a hit: one keyed hash of the key, one look into a map, and the lock of a shard, which readers share; a hit moves
//! nothing and writes nothing but a counter. Costs of a key that a block writes: the same, and its new version if it is held.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use alloy_primitives::Bytes;
use foldhash::quality::RandomState;

use super::StateKey;
use super::as_is::AsIs;

/// The end of a version that holds for the newest height, whichever it is.
pub const OPEN: u64 = u64::MAX;

/// Shards: enough that threads seldom meet.
const SHARDS: usize = 16;

/// Keys that a block has written of which a shard is told in one go: its readers wait for so many.
const WRITTEN_TOGETHER: usize = 32;

/// The most versions of one key; the oldest goes first.
const VERSIONS_MAX: usize = 4;

/// What a key takes beside its own bytes and those of its values: its place in the map and in a queue, one version, and the
/// hash of a key that went.
const KEY_OVERHEAD_BYTES: usize = 240;

/// The part of the bytes that is left to keys that are new: a tenth.
const SMALL_PART: usize = 10;

/// The part of a shard's bytes that one key may take: a quarter.
const KEY_PART_MAX: usize = 4;

/// The most uses of a key that are counted: so often it passes the end of the main queue without another use.
const USES_MAX: u8 = 3;

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

    fn value_bytes(&self) -> usize {
        self.value.as_ref().map_or(0, |value| value.len())
    }

    /// Holds for the heights of another version of the same value too.
    fn include(&mut self, other: &Self) {
        self.from = self.from.min(other.from);
        self.to = self.to.max(other.to);
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
    shards: Vec<Shard>,
    /// With a seed of its own, so that nobody can look for keys that meet.
    hasher: RandomState,
    /// The newest height that was committed.
    head: AtomicU64,
}

impl StateCache {
    /// Makes a cache of at most so many bytes for a state whose newest block is `head`. With 0 it holds nothing.
    pub fn new(bytes_max: usize, head: u64) -> Self {
        let shard = || Shard::new(bytes_max / SHARDS);
        Self {
            shards: std::iter::repeat_with(shard).take(SHARDS).collect(),
            hasher: RandomState::default(),
            head: AtomicU64::new(head),
        }
    }

    /// Returns what is under a key at a height, if that is known.
    pub fn get(&self, key: &StateKey, height: u64) -> Option<Option<Bytes>> {
        let (hash, shard) = self.shard(key);
        let found = shard.read().get(hash, key, height);
        let counter = if found.is_some() { &shard.hits } else { &shard.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Takes what was read at a height and is known to hold until `to`, at least `height`; [`OPEN`] if the reader saw it as
    /// the newest value in a state whose newest block was `head`. The value is kept as it is, not copied: it should not be a
    /// small part of something large.
    pub fn fill(&self, key: &StateKey, height: u64, to: u64, head: u64, value: Option<Bytes>) {
        let (hash, shard) = self.shard(key);
        let mut keys = shard.write();
        // Under the lock: a commit that has begun since may have passed this key already, and would not close the version.
        let is_newest = self.head.load(Ordering::Acquire) == head;
        let to = if to == OPEN && !is_newest { head } else { to };
        keys.insert(hash, key, Version { from: height, to, value });
    }

    /// Takes what the block of a height wrote under keys that are held; under others only if there is room for all that came to
    /// their shard, as nothing goes for what nobody has read. Call it before anybody can read at that height. The values are kept
    /// as they are, not copied: none should be a small part of something large.
    pub fn advance<'a>(&self, height: u64, changes: impl Iterator<Item = (&'a StateKey, &'a Option<Bytes>)>) {
        // Whoever fills after the first key is passed must see it; the parts of a block may come from several threads.
        self.head.fetch_max(height, Ordering::AcqRel);
        // A shard after the other: what one needs stays in the processor's cache.
        let part_max = changes.size_hint().0.div_ceil(SHARDS).saturating_mul(2);
        let mut parts: [Part<'a>; SHARDS] = core::array::from_fn(|_| Part::new(part_max));
        for (key, value) in changes {
            let hash = self.hash(key);
            let part = &mut parts[place(hash)];
            part.bytes = part.bytes.saturating_add(held_bytes(key, value.as_ref()));
            part.written.push(Written { hash, key, value });
        }
        for (shard, mut part) in self.shards.iter().zip(parts) {
            // Readers go on meanwhile: what they fill from here on ends before this height.
            shard.read().keep_wanted(&mut part);
            for written in part.written.chunks(WRITTEN_TOGETHER) {
                let mut keys = shard.write();
                for Written { hash, key, value } in written {
                    keys.write(*hash, key, height, (*value).clone());
                }
            }
        }
    }

    /// Returns what the cache did so far.
    pub fn counts(&self) -> StateCacheCounts {
        self.shards.iter().fold(StateCacheCounts::default(), |sum, shard| {
            let keys = shard.read();
            StateCacheCounts {
                hits: sum.hits.saturating_add(shard.hits.load(Ordering::Relaxed)),
                misses: sum.misses.saturating_add(shard.misses.load(Ordering::Relaxed)),
                evictions: sum.evictions.saturating_add(keys.evictions),
                keys: sum.keys.saturating_add(count(keys.held.len())),
                bytes: sum.bytes.saturating_add(count(keys.bytes())),
            }
        })
    }

    fn shard(&self, key: &StateKey) -> (u64, &Shard) {
        let hash = self.hash(key);
        (hash, &self.shards[place(hash)])
    }

    fn hash(&self, key: &StateKey) -> u64 {
        self.hasher.hash_one(key.as_bytes())
    }
}

/// Returns the place of a key's shard.
fn place(hash: u64) -> usize {
    // The map in the shard takes the outermost bits.
    let [.., place, _, _] = hash.to_be_bytes();
    usize::from(place) % SHARDS
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[derive(Debug)]
struct Shard {
    keys: RwLock<Keys>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Shard {
    fn new(bytes_max: usize) -> Self {
        let keys = RwLock::new(Keys { bytes_max, ..Keys::default() });
        Self { keys, hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// Nothing in a shard is wrong halfway in a way that a later call would not mend, and nothing panics under the lock.
    fn read(&self) -> RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Keys> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a block has written under a key.
#[derive(Clone, Copy, Debug)]
struct Written<'a> {
    hash: u64,
    key: &'a StateKey,
    value: &'a Option<Bytes>,
}

/// What a block has written under the keys of a shard.
#[derive(Debug)]
struct Part<'a> {
    written: Vec<Written<'a>>,
    /// What it would take.
    bytes: usize,
}

impl Part<'_> {
    fn new(written_max: usize) -> Self {
        Self { written: Vec::with_capacity(written_max), bytes: 0 }
    }
}

/// The keys of a shard. Of two keys with one hash, which do not happen, it holds the later.
#[derive(Debug, Default)]
struct Keys {
    held: HashMap<u64, Held, BuildHasherDefault<AsIs>>,
    /// New keys, by their hashes, the oldest first.
    small: VecDeque<u64>,
    /// Keys that were used, the one that is next to be judged first.
    main: VecDeque<u64>,
    /// Keys that went from the small queue, the oldest first, and all those that have not come back.
    gone: VecDeque<u64>,
    not_back: HashSet<u64, BuildHasherDefault<AsIs>>,
    bytes_small: usize,
    bytes_main: usize,
    bytes_max: usize,
    evictions: u64,
}

impl Keys {
    fn bytes(&self) -> usize {
        self.bytes_small.saturating_add(self.bytes_main)
    }

    fn get(&self, hash: u64, key: &StateKey, height: u64) -> Option<Option<Bytes>> {
        let held = self.held.get(&hash).filter(|held| held.key == *key)?;
        let uses = held.uses.load(Ordering::Relaxed);
        if uses < USES_MAX {
            held.uses.store(uses.saturating_add(1), Ordering::Relaxed);
        }
        held.at(height)
    }

    /// Leaves of what a block wrote what this shard takes: everything if there is room, or what is under a key that it holds.
    fn keep_wanted(&self, part: &mut Part<'_>) {
        if self.bytes().saturating_add(part.bytes) > self.bytes_max {
            // The keys are compared here, though they will be once more: so they come from memory together.
            let is_held =
                |written: &Written<'_>| self.held.get(&written.hash).is_some_and(|held| held.key == *written.key);
            part.written.retain(is_held);
        }
    }

    /// Takes what the block of a height wrote, which ends what was known as the newest.
    fn write(&mut self, hash: u64, key: &StateKey, height: u64, value: Option<Bytes>) {
        self.put(hash, key, Version { from: height, to: OPEN, value }, |held, version| {
            held.close(height.saturating_sub(1));
            held.insert(version);
        });
    }

    fn insert(&mut self, hash: u64, key: &StateKey, version: Version) {
        self.put(hash, key, version, Held::insert);
    }

    /// Takes a version of a key, which `join` adds to those that are held.
    fn put(&mut self, hash: u64, key: &StateKey, version: Version, join: impl FnOnce(&mut Held, Version)) {
        if held_bytes(key, version.value.as_ref()) > self.bytes_max / KEY_PART_MAX {
            self.forget(hash);
            return;
        }
        let found = self.held.get_mut(&hash);
        let is_taken = found.is_some();
        // A write is not a use that keeps a key: what is written and never read goes first.
        match found.filter(|held| held.key == *key) {
            Some(held) => {
                let before = held.bytes();
                join(held, version);
                let (after, is_main) = (held.bytes(), held.is_main);
                let bytes = self.bytes_of(is_main);
                *bytes = bytes.saturating_sub(before).saturating_add(after);
            }
            None => {
                if is_taken {
                    self.forget(hash);
                }
                self.admit(hash, Held::new(key.clone(), version));
            }
        }
        self.shrink();
    }

    fn bytes_of(&mut self, is_main: bool) -> &mut usize {
        if is_main { &mut self.bytes_main } else { &mut self.bytes_small }
    }

    /// Takes a key whose hash nothing has.
    fn admit(&mut self, hash: u64, mut held: Held) {
        held.is_main = self.not_back.remove(&hash);
        if held.is_main { &mut self.main } else { &mut self.small }.push_back(hash);
        let bytes = self.bytes_of(held.is_main);
        *bytes = bytes.saturating_add(held.bytes());
        self.held.insert(hash, held);
    }

    /// Removes a key that is not the one to be judged; this is rare.
    fn forget(&mut self, hash: u64) {
        if self.held.contains_key(&hash) {
            self.remove(hash);
            self.small.retain(|other| *other != hash);
            self.main.retain(|other| *other != hash);
        }
    }

    fn remove(&mut self, hash: u64) {
        if let Some(held) = self.held.remove(&hash) {
            let bytes = self.bytes_of(held.is_main);
            *bytes = bytes.saturating_sub(held.bytes());
        }
    }

    fn shrink(&mut self) {
        while self.bytes() > self.bytes_max {
            if self.bytes_small > self.bytes_max / SMALL_PART || self.main.is_empty() {
                self.judge_small();
            } else {
                self.judge_main();
            }
        }
    }

    /// Lets the oldest key of the small queue go, or go on.
    fn judge_small(&mut self) {
        let Some(hash) = self.small.pop_front() else { return };
        let Entry::Occupied(mut entry) = self.held.entry(hash) else { return };
        let held = entry.get_mut();
        let bytes = held.bytes();
        if std::mem::take(held.uses.get_mut()) > 0 {
            held.is_main = true;
            self.bytes_small = self.bytes_small.saturating_sub(bytes);
            self.bytes_main = self.bytes_main.saturating_add(bytes);
            self.main.push_back(hash);
            return;
        }
        entry.remove();
        self.bytes_small = self.bytes_small.saturating_sub(bytes);
        self.evictions = self.evictions.saturating_add(1);
        if self.not_back.insert(hash) {
            self.gone.push_back(hash);
        }
        // As many as there are keys.
        while self.gone.len() > self.held.len() {
            let Some(oldest) = self.gone.pop_front() else { break };
            self.not_back.remove(&oldest);
        }
    }

    /// Lets the next key of the main queue go, or pass again.
    fn judge_main(&mut self) {
        let Some(hash) = self.main.pop_front() else { return };
        let Some(held) = self.held.get_mut(&hash) else { return };
        let uses = held.uses.get_mut();
        if *uses == 0 {
            self.remove(hash);
            self.evictions = self.evictions.saturating_add(1);
        } else {
            *uses = uses.saturating_sub(1);
            self.main.push_back(hash);
        }
    }
}

/// A key with its versions.
#[derive(Debug)]
struct Held {
    key: StateKey,
    newest: Version,
    /// The versions before the newest, the oldest first.
    older: Vec<Version>,
    /// Uses since it was judged.
    uses: AtomicU8,
    is_main: bool,
}

impl Held {
    fn new(key: StateKey, version: Version) -> Self {
        Self { key, newest: version, older: Vec::new(), uses: AtomicU8::new(0), is_main: false }
    }

    fn at(&self, height: u64) -> Option<Option<Bytes>> {
        let mut versions = std::iter::once(&self.newest).chain(self.older.iter().rev());
        versions.find(|version| version.holds_at(height)).map(|version| version.value.clone())
    }

    fn bytes(&self) -> usize {
        let older = |version: &Version| version.value_bytes().saturating_add(size_of::<Version>());
        self.older.iter().map(older).fold(held_bytes(&self.key, self.newest.value.as_ref()), usize::saturating_add)
    }

    /// Ends the newest version, if nothing has ended it yet.
    fn close(&mut self, to: u64) {
        if self.newest.to == OPEN {
            self.newest.to = to;
        }
    }

    /// Adds what is known of some heights; versions stay in the order of their heights and never overlap.
    fn insert(&mut self, version: Version) {
        if version.from > self.newest.to {
            // No more than it takes.
            self.older.reserve_exact(1);
            self.older.push(std::mem::replace(&mut self.newest, version));
        } else {
            self.join(version);
        }
        if self.older.len() >= VERSIONS_MAX {
            self.older.remove(0);
        }
    }

    /// Adds a version that is not after all others. What it overlaps is the same value, known for other heights.
    fn join(&mut self, mut version: Version) {
        let first = self.older.partition_point(|other| other.to < version.from);
        let last = self.older.partition_point(|other| other.from <= version.to);
        for other in self.older.drain(first..last.max(first)) {
            version.include(&other);
        }
        if self.newest.from <= version.to {
            version.include(&self.newest);
            self.newest = version;
        } else {
            self.older.insert(first, version);
        }
    }
}

/// Returns the bytes that a key takes with one version.
fn held_bytes(key: &StateKey, value: Option<&Bytes>) -> usize {
    value.map_or(0, |value| value.len()).saturating_add(key.as_bytes().len()).saturating_add(KEY_OVERHEAD_BYTES)
}

#[cfg(test)]
mod tests;
