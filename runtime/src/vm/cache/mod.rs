//! Compiled code, kept: pinned, in memory, in files, and compiled once however many ask. Never part of the consensus.
//!
//! ```text
//! code hash -> lane of the thread -> store: pinned | least recently used -> refusals -> files -> compile
//!              no rival lock         one lock                               authenticated   one thread a code
//! ```
//!
//! Guarantees that a hit is the code that the same module, schedule, limits and engine compile to. In memory that is so
//! because a machine has one of each, so that the code hash tells everything; a file is named by all of them ([`key`]).
//! Whoever asks for code that is being made waits for that one compilation and shares its outcome. A refusal is
//! remembered with its reason, in memory only; a fault is not.
//!
//! Costs of a hit: that of the lanes. A code larger than `bytes_max` is handed out and not kept in memory.
//!
//! - [`lanes`]: the read path. [`store`]: the codes, under one lock. [`flight`]: one compilation a code.
//! - [`key`]: what compiled code depends on. [`files`]: the folder. [`counts`]: what is told.

pub(in crate::vm) mod counts;
pub(in crate::vm) mod files;
mod flight;
pub(in crate::vm) mod key;
mod lanes;
mod store;

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy_primitives::B256;

use self::counts::{CacheCounts, CacheIncident, FileProblem};
use self::files::CodeFiles;
use self::flight::Flight;
use self::lanes::Lanes;
use self::store::Store;
use super::{Code, LoadError, Machine, Refusal};

/// Codes that can be pinned: the embedder's own contracts.
pub(super) const PINNED_MAX: usize = 64;

/// Refusals that are remembered.
pub(super) const REFUSALS_MAX: NonZeroUsize = NonZeroUsize::new(1024).expect("not zero");

/// The cache of one machine.
pub(super) struct Cache {
    bytes_max: usize,
    lanes: Lanes,
    store: Mutex<Store>,
    files: Option<CodeFiles>,
}

/// What a thread that found nothing has to do.
enum Turn<'a> {
    Done(Arc<Code>),
    Refused(Refusal),
    Wait(Arc<Flight>),
    Make(Landing<'a>),
}

impl Cache {
    /// Makes an empty cache for so many bytes of compiled code in memory.
    pub(super) fn new(bytes_max: usize, files: Option<CodeFiles>) -> Self {
        Self { bytes_max, lanes: Lanes::new(), store: Mutex::new(Store::new()), files }
    }

    /// Returns a code if it is in memory. Only a hit is counted: who misses loads.
    pub(super) fn get(&self, hash: B256) -> Option<Arc<Code>> {
        self.lanes.get(hash).or_else(|| self.lock().find(hash, &self.lanes))
    }

    /// Returns a code: from memory, from a file, or compiled now. `code` is not looked at on a hit.
    pub(super) fn load(&self, machine: &Machine, hash: B256, code: &[u8]) -> Result<Arc<Code>, LoadError> {
        loop {
            if let Some(code) = self.lanes.get(hash) {
                return Ok(code);
            }
            match self.turn(hash) {
                Turn::Done(code) => return Ok(code),
                Turn::Refused(refusal) => return Err(refusal.into()),
                Turn::Wait(flight) => {
                    if let Some(landed) = flight.wait() {
                        return landed.map_err(LoadError::from);
                    }
                }
                Turn::Make(landing) => return self.make(landing, machine, code),
            }
        }
    }

    /// Keeps a code that was loaded until the machine ends. Beyond [`PINNED_MAX`] it is kept like any other.
    pub(super) fn pin(&self, hash: B256, code: &Arc<Code>) {
        let dropped = self.lock().pin(hash, code, &self.lanes);
        drop(dropped);
    }

    /// Drops all codes in memory that are not pinned, and the refusals; returns the bytes.
    pub(super) fn clear(&self) -> u64 {
        let dropped = self.lock().clear(&self.lanes);
        // A lane's replica is the same machine code as the store's.
        let mut hashes: Vec<_> = dropped.iter().map(|code| (code.hash, code.bytes())).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes.iter().fold(0, |sum, (_, bytes)| sum.saturating_add(wide(*bytes)))
    }

    /// Returns the files, if there is a folder.
    pub(super) fn files(&self) -> Option<&CodeFiles> {
        self.files.as_ref()
    }

    /// Returns what the operator was not told yet.
    pub(super) fn take_incidents(&self) -> Vec<CacheIncident> {
        self.files.as_ref().map(CodeFiles::take_incidents).unwrap_or_default()
    }

    /// Returns what the cache did so far.
    pub(super) fn counts(&self) -> CacheCounts {
        let store = self.lock();
        let (hits, tally) = (self.lanes.hits(), store.tally);
        CacheCounts {
            hits: hits.bounded.saturating_add(hits.pinned),
            pinned_hits: hits.pinned,
            misses: tally.misses,
            refusal_hits: tally.refusal_hits,
            file_hits: tally.file_hits,
            compilations: tally.compilations,
            evictions: tally.evictions,
            entries: wide(store.codes.len()),
            bytes: wide(store.bytes),
            pinned_entries: wide(store.pinned.len()),
            pinned_bytes: wide(store.pinned_bytes()),
            refusals: wide(store.refusals.len()),
            files: self.files.as_ref().map(CodeFiles::counts).unwrap_or_default(),
        }
    }

    fn turn(&self, hash: B256) -> Turn<'_> {
        let mut store = self.lock();
        if let Some(code) = store.find(hash, &self.lanes) {
            return Turn::Done(code);
        }
        store.tally.misses = store.tally.misses.saturating_add(1);
        if let Some(refusal) = store.refusals.get(&hash).cloned() {
            store.tally.refusal_hits = store.tally.refusal_hits.saturating_add(1);
            return Turn::Refused(refusal);
        }
        if let Some(flight) = store.flights.get(&hash) {
            return Turn::Wait(Arc::clone(flight));
        }
        let flight = Arc::<Flight>::default();
        store.flights.insert(hash, Arc::clone(&flight));
        Turn::Make(Landing { cache: self, hash, flight })
    }

    fn make(&self, landing: Landing<'_>, machine: &Machine, bytes: &[u8]) -> Result<Arc<Code>, LoadError> {
        let hash = landing.hash;
        if let Some(code) = self.restore(machine, hash) {
            let code = Arc::new(code);
            self.keep(hash, &code, |store| store.tally.file_hits = store.tally.file_hits.saturating_add(1));
            landing.flight.land(Some(Ok(Arc::clone(&code))));
            return Ok(code);
        }
        match machine.compile(hash, bytes) {
            Ok(code) => {
                let code = Arc::new(code);
                self.keep(hash, &code, |store| store.tally.compilations = store.tally.compilations.saturating_add(1));
                landing.flight.land(Some(Ok(Arc::clone(&code))));
                drop(landing);
                // Nobody waits for the disk but the thread that compiled.
                if let Some(files) = &self.files
                    && let Some(artifact) = machine.artifact(&code)
                {
                    files.save(hash, bytes, code.info(), &artifact);
                }
                Ok(code)
            }
            Err(LoadError::Refused(refusal)) => {
                self.lock().refusals.push(hash, refusal.clone());
                landing.flight.land(Some(Err(refusal.clone())));
                Err(refusal.into())
            }
            Err(fault) => Err(fault),
        }
    }

    /// Loads a code from its file. An authentic file that the engine does not take is refused like any other.
    fn restore(&self, machine: &Machine, hash: B256) -> Option<Code> {
        let files = self.files.as_ref()?;
        let authentic = files.load(hash)?;
        let restored = machine.restore(hash, &authentic);
        if restored.is_err() {
            files.reject(hash, FileProblem::NotAccepted);
        }
        restored.ok()
    }

    fn keep(&self, hash: B256, code: &Arc<Code>, count: impl FnOnce(&mut Store)) {
        let dropped = {
            let mut store = self.lock();
            count(&mut store);
            store.keep(hash, code, self.bytes_max, &self.lanes)
        };
        // Releasing machine code unmaps memory; nobody waits for that.
        drop(dropped);
    }

    /// Nothing under this lock is wrong halfway, so that a panic, which nothing here does, would not make it so.
    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A code that this thread makes. Whatever happens to it, nobody waits forever.
struct Landing<'a> {
    cache: &'a Cache,
    hash: B256,
    flight: Arc<Flight>,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.cache.lock().flights.remove(&self.hash);
        self.flight.land(None);
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
