//! Instances that serve one call after the other.
//!
//! Guarantees that an instance which waits here is as new ([`super::live`] says how), and that waiting instances never keep
//! a call from getting one: the pool of the engine has slots for them beside those of the calls. A memory of more than one
//! page is set back only where the kernel tells which of its pages were written.
//!
//! Costs of a call beyond the call itself, by the initial memory of the code: of 64 KiB, one comparison of all of it, about
//! 0.8 us; of more, one system call and one comparison of 4 KiB for each page that was ever written in the instance. So
//! measured, with 5 written pages: 64 KiB 0.8 us and 1.4 us, 128 KiB 1.6 us and 1.4 us. Memory of a waiting instance: at
//! most 64 pages of 4 KiB that were written, and those that were read.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::ModuleInfo;
use super::idle::{Idle, Shelf};
use super::image::Image;
use super::instance::{Ending, Ran};
use super::live::Live;
use super::memory::Abort;
use super::written_pages::WrittenPages;

/// Initial memory that is compared as a whole, in pages of 64 KiB.
const MEMORY_PAGES_COMPARED: u32 = 1;

/// Initial memory of code whose instances are used again, in pages of 64 KiB. The kernel walks all of it for each call.
const MEMORY_PAGES_REUSED: u32 = 32;

/// What is compared at a time where the kernel is not asked.
const COMPARED_BYTES: NonZeroUsize = match NonZeroUsize::new(4 << 10) {
    Some(bytes) => bytes,
    None => NonZeroUsize::MIN,
};

/// What is needed to use instances again.
pub(super) struct Reuse {
    /// Nothing where the kernel does not tell.
    written: Option<WrittenPages>,
    idle: Arc<Idle<Live>>,
}

/// The waiting instances of one code, which go with it.
pub(super) struct Waiting {
    shelf: Shelf,
    memory: Memory,
    /// Where segments lie in the memory, in bytes.
    data: Range<u64>,
    idle: Arc<Idle<Live>>,
    /// Made of the first instance, before anything runs in it.
    image: OnceLock<Image>,
}

/// How it is known what to restore of a memory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
    /// All of it is compared.
    Compared,
    /// The kernel is asked which pages were written.
    Asked,
}

impl Reuse {
    /// Makes room for so many waiting instances.
    pub(super) fn new(idle_max: u32) -> Self {
        let idle_max = usize::try_from(idle_max).unwrap_or(usize::MAX);
        Self { written: WrittenPages::open(), idle: Arc::new(Idle::new(idle_max)) }
    }

    /// Makes room for the instances of a code, if they can be set back.
    pub(super) fn waiting(&self, info: &ModuleInfo) -> Option<Waiting> {
        let memory = match info.memory_pages_min {
            ..=MEMORY_PAGES_COMPARED => Memory::Compared,
            ..=MEMORY_PAGES_REUSED if self.written.is_some() => Memory::Asked,
            _ => return None,
        };
        info.keeps_tables.then(|| Waiting {
            shelf: self.idle.shelf(),
            memory,
            data: info.data.clone(),
            idle: Arc::clone(&self.idle),
            image: OnceLock::new(),
        })
    }

    /// Remembers what a new instance's memory is.
    pub(super) fn learn(&self, waiting: &Waiting, new: &Live) {
        let page_bytes = self.written(waiting).map_or(COMPARED_BYTES, WrittenPages::page_bytes);
        waiting.image.get_or_init(|| new.image(&waiting.data, page_bytes));
    }

    /// Returns how many instances wait.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.idle.held()
    }

    /// Sets an instance back after its call and keeps it, or drops it.
    pub(super) fn keep(&self, waiting: &Waiting, mut live: Live, ran: &Ran) {
        let ended = matches!(ran.ending, Ending::Returned | Ending::Aborted(Abort::Finish | Abort::Revert));
        let as_new = |image| live.set_back(image, self.written(waiting));
        if ended && waiting.image.get().is_some_and(as_new) {
            waiting.idle.put(waiting.shelf, live);
        }
    }

    /// Returns whom to ask which pages of the code's memory were written; nobody if all are compared.
    fn written(&self, waiting: &Waiting) -> Option<&WrittenPages> {
        self.written.as_ref().filter(|_| waiting.memory == Memory::Asked)
    }
}

impl Waiting {
    /// Takes an instance that is as new.
    pub(super) fn take(&self) -> Option<Live> {
        self.idle.take(self.shelf)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.idle.clear(self.shelf);
    }
}
