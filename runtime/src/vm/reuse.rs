//! Instances that serve one call after the other.
//!
//! Guarantees that an instance which waits here is as new ([`super::live`] says how), and that waiting instances never keep
//! a call from getting one: the pool of the engine has slots for them beside those of the calls. Where the kernel does not
//! tell which pages were written, nothing is used again.
//!
//! Costs of a call beyond the call itself: one system call and, for each page that was ever written in the instance, one
//! comparison of 4 KiB. Memory of a waiting instance: at most 64 pages of 4 KiB that were written, and those that were
//! read.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::ModuleInfo;
use super::idle::{Idle, Shelf};
use super::image::Image;
use super::instance::{Ending, Ran};
use super::live::Live;
use super::memory::Abort;
use super::written_pages::WrittenPages;

/// Initial memory of code whose instances are used again, in pages of 64 KiB. The kernel walks all of it for each call.
const MEMORY_PAGES_REUSED: u32 = 32;

/// What is needed to use instances again.
pub(super) struct Reuse {
    written: WrittenPages,
    idle: Arc<Idle<Live>>,
}

/// The waiting instances of one code, which go with it.
pub(super) struct Waiting {
    shelf: Shelf,
    /// Where segments lie in the memory, in bytes.
    data: Range<u64>,
    idle: Arc<Idle<Live>>,
    /// Made of the first instance, before anything runs in it.
    image: OnceLock<Image>,
}

impl Reuse {
    /// Makes room for so many waiting instances; nothing where the kernel does not tell which pages were written.
    pub(super) fn new(idle_max: u32) -> Option<Self> {
        let idle_max = usize::try_from(idle_max).ok().filter(|max| *max > 0)?;
        Some(Self { written: WrittenPages::open()?, idle: Arc::new(Idle::new(idle_max)) })
    }

    /// Makes room for the instances of a code, if they can be set back.
    pub(super) fn waiting(&self, info: &ModuleInfo) -> Option<Waiting> {
        let can = info.keeps_tables && info.memory_pages_min <= MEMORY_PAGES_REUSED;
        can.then(|| Waiting {
            shelf: self.idle.shelf(),
            data: info.data.clone(),
            idle: Arc::clone(&self.idle),
            image: OnceLock::new(),
        })
    }

    /// Remembers what a new instance's memory is.
    pub(super) fn learn(&self, waiting: &Waiting, new: &Live) {
        waiting.image.get_or_init(|| new.image(&waiting.data, self.written.page_bytes()));
    }

    /// Returns how many instances wait.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.idle.held()
    }

    /// Sets an instance back after its call and keeps it, or drops it.
    pub(super) fn keep(&self, waiting: &Waiting, mut live: Live, ran: &Ran) {
        let ended = matches!(ran.ending, Ending::Returned | Ending::Aborted(Abort::Finish | Abort::Revert));
        let as_new = |image| live.set_back(&self.written, image);
        if ended && waiting.image.get().is_some_and(as_new) {
            waiting.idle.put(waiting.shelf, live);
        }
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
