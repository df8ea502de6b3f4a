//! Compiled code in memory: bounded by bytes, compiled once however many ask, never part of the consensus.
//!
//! Guarantees that a hit is the code that the same module, schedule, limits and engine compile to: all of them are in
//! the key. The least recently used code goes first when the bytes exceed the bound; code that is larger than the bound
//! is handed out and not kept. The lock is held to look up and to insert, not to compile; whoever asks for a key that is
//! being compiled waits for that one compilation.
//!
//! Costs of a hit: one lock, one hash of 64 bytes.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy_primitives::B256;
use florin_abi::LIMITS;
use lru::LruCache;

use super::{Code, LoadError};

/// What compiled code depends on, hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key([u8; 32]);

/// The part of a key that is the same for all code of a machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting([u8; 32]);

impl Setting {
    /// Names everything but the module that compiled code depends on. `engine` feeds what names the engine.
    pub(super) fn new(instrumentation: &str, schedule: &[u8; 32], engine: impl FnOnce(&mut KeyHasher)) -> Self {
        let mut hasher = KeyHasher(blake3::Hasher::new_derive_key("florin/compiled-code/1"));
        hasher.part(instrumentation.as_bytes());
        hasher.part(schedule);
        hasher.part(&limits_hash());
        engine(&mut hasher);
        Self(*hasher.0.finalize().as_bytes())
    }

    /// Returns the key of a module.
    pub(super) fn key(&self, code: B256) -> Key {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(code.as_slice());
        Key(*hasher.finalize().as_bytes())
    }
}

/// A hasher of parts, each with its length.
pub(super) struct KeyHasher(blake3::Hasher);

impl KeyHasher {
    /// Takes one part.
    pub(super) fn part(&mut self, bytes: &[u8]) {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.0.update(&length.to_le_bytes()).update(bytes);
    }
}

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.part(bytes);
    }

    fn finish(&self) -> u64 {
        let hash = self.0.finalize();
        hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}

/// Returns the BLAKE3 hash of the limits table: of each row its name, value and unit.
pub(super) fn limits_hash() -> [u8; 32] {
    let mut hasher = KeyHasher(blake3::Hasher::new_derive_key("florin/limits/1"));
    for limit in LIMITS {
        hasher.part(limit.name.as_bytes());
        hasher.part(&limit.value.to_le_bytes());
        hasher.part(limit.unit.as_bytes());
    }
    *hasher.0.finalize().as_bytes()
}

/// What the cache did so far, and what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Requests that found their code.
    pub hits: u64,
    /// Requests that did not.
    pub misses: u64,
    /// Modules compiled.
    pub compilations: u64,
    /// Entries dropped to stay within the bytes.
    pub evictions: u64,
    /// Entries held.
    pub entries: u64,
    /// Bytes held.
    pub bytes: u64,
}

/// The cache of one machine.
pub(super) struct Cache {
    bytes_max: usize,
    state: Mutex<State>,
}

struct State {
    codes: LruCache<Key, Arc<Code>>,
    bytes: usize,
    /// Keys in compilation; whoever compiles holds the inner lock.
    in_flight: BTreeMap<Key, Arc<Mutex<()>>>,
    counts: CacheCounts,
}

impl Cache {
    /// Makes an empty cache for so many bytes of compiled code.
    pub(super) fn new(bytes_max: usize) -> Self {
        let state = State {
            codes: LruCache::unbounded(),
            bytes: 0,
            in_flight: BTreeMap::new(),
            counts: CacheCounts::default(),
        };
        Self { bytes_max, state: Mutex::new(state) }
    }

    /// Returns the code under a key, if it is there.
    pub(super) fn get(&self, key: Key) -> Option<Arc<Code>> {
        let mut state = self.lock();
        let found = state.codes.get(&key).map(Arc::clone);
        let count = if found.is_some() { &mut state.counts.hits } else { &mut state.counts.misses };
        *count = count.saturating_add(1);
        found
    }

    /// Returns the code under a key, compiled now if it is not there.
    pub(super) fn get_or_compile(
        &self,
        key: Key,
        compile: impl FnOnce() -> Result<Code, LoadError>,
    ) -> Result<Arc<Code>, LoadError> {
        if let Some(code) = self.get(key) {
            return Ok(code);
        }
        let flight = Arc::clone(self.lock().in_flight.entry(key).or_default());
        let _compiling = flight.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever held the lock before has inserted the code, or failed as this one is about to.
        if let Some(code) = self.lock().codes.get(&key) {
            return Ok(Arc::clone(code));
        }
        let landing = Landing { cache: self, key };
        let code = Arc::new(compile()?);
        self.insert(key, &code);
        drop(landing);
        Ok(code)
    }

    /// Returns what the cache did so far.
    pub(super) fn counts(&self) -> CacheCounts {
        let state = self.lock();
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        CacheCounts { entries: count(state.codes.len()), bytes: count(state.bytes), ..state.counts }
    }

    fn insert(&self, key: Key, code: &Arc<Code>) {
        // Dropped after the lock: releasing machine code unmaps memory.
        let mut evicted = Vec::new();
        let mut state = self.lock();
        state.counts.compilations = state.counts.compilations.saturating_add(1);
        if code.bytes() > self.bytes_max {
            return;
        }
        state.bytes = state.bytes.saturating_add(code.bytes());
        if let Some((_, replaced)) = state.codes.push(key, Arc::clone(code)) {
            state.bytes = state.bytes.saturating_sub(replaced.bytes());
            evicted.push(replaced);
        }
        while state.bytes > self.bytes_max {
            let Some((_, oldest)) = state.codes.pop_lru() else { break };
            state.bytes = state.bytes.saturating_sub(oldest.bytes());
            state.counts.evictions = state.counts.evictions.saturating_add(1);
            evicted.push(oldest);
        }
    }

    /// No state of this cache is wrong halfway, so that a panic under the lock, which nothing here does, would not
    /// make it so.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a key out of flight, also when its compilation fails.
struct Landing<'a> {
    cache: &'a Cache,
    key: Key,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.cache.lock().in_flight.remove(&self.key);
    }
}
