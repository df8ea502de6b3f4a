//! The pages in memory: those that were changed and are not written yet, and the most recently used of the others.
//!
//! A changed page may stay unwritten for some blocks, so that a page that changes in many blocks is written once. A page
//! that appears, disappears or splits is written with its neighbours in the same block, so that on disk a page names
//! exactly the children that exist. What is lost of the others in a crash follows from the entries that changed since.

use std::collections::{HashMap, VecDeque};

use alloy_primitives::Bytes;
use foldhash::fast::RandomState;
use lru::LruCache;

use super::page::{Page, PageId};
use crate::fault::Fault;

/// Where pages come from that are not in memory.
pub trait PageSource {
    /// Returns a page as it was written.
    ///
    /// # Errors
    /// Faults if the store cannot answer.
    fn page(&self, id: &PageId) -> Result<Option<Bytes>, Fault>;
}

/// The source of a tree that is in memory as a whole.
#[derive(Clone, Copy, Debug)]
pub struct NoSource;

impl PageSource for NoSource {
    fn page(&self, _: &PageId) -> Result<Option<Bytes>, Fault> {
        Ok(None)
    }
}

/// A page to write, or a place to clear.
pub type PageWrite = (PageId, Option<Vec<u8>>);

#[derive(Clone, Debug)]
struct Changed {
    /// Nothing for a page that is gone.
    page: Option<Page>,
    /// The block since which the page on disk is behind.
    since: u64,
    /// Whether it must be written in this block.
    due: bool,
}

/// Pages by their place.
#[derive(Clone, Debug)]
pub struct Pages {
    /// Pages that are ahead of the store.
    changed: HashMap<PageId, Changed, RandomState>,
    /// The order in which pages were changed; a row whose block is not the page's own is void.
    order: VecDeque<(u64, PageId)>,
    /// Pages as the store has them.
    clean: LruCache<PageId, Page, RandomState>,
    clean_bytes: usize,
    clean_bytes_max: usize,
    /// Places that are due, in the order of their changes.
    due: Vec<PageId>,
}

impl Pages {
    /// Keeps at most so many bytes of pages that are in the store as well.
    pub fn new(clean_bytes_max: usize) -> Self {
        Self {
            changed: HashMap::default(),
            order: VecDeque::new(),
            clean: LruCache::unbounded_with_hasher(RandomState::default()),
            clean_bytes: 0,
            clean_bytes_max,
            due: Vec::new(),
        }
    }

    /// Takes a page out, to change it and put it back.
    ///
    /// # Errors
    /// Faults if the source cannot answer.
    pub fn take(&mut self, source: &dyn PageSource, id: &PageId) -> Result<Option<Page>, Fault> {
        if let Some(changed) = self.changed.get_mut(id) {
            return Ok(changed.page.take());
        }
        if let Some(page) = self.clean.pop(id) {
            self.clean_bytes = self.clean_bytes.saturating_sub(page.bytes());
            return Ok(Some(page));
        }
        load(source, id)
    }

    /// Calls `look` on a page, which stays where it is.
    ///
    /// # Errors
    /// Faults if the source cannot answer.
    pub fn peek<R>(
        &self,
        source: &dyn PageSource,
        id: &PageId,
        look: impl FnOnce(Option<&Page>) -> R,
    ) -> Result<R, Fault> {
        if let Some(changed) = self.changed.get(id) {
            return Ok(look(changed.page.as_ref()));
        }
        if let Some(page) = self.clean.peek(id) {
            return Ok(look(Some(page)));
        }
        Ok(look(load(source, id)?.as_ref()))
    }

    /// Puts a changed page; nothing for one that is gone. `due` pages are written with this block.
    pub fn put(&mut self, id: PageId, page: Option<Page>, height: u64, due: bool) {
        let order = &mut self.order;
        let changed = self.changed.entry(id).or_insert_with(|| {
            order.push_back((height, id));
            Changed { page: None, since: height, due: false }
        });
        changed.page = page;
        if due && !changed.due {
            changed.due = true;
            self.due.push(id);
        }
    }

    /// Looks at a page that was put.
    pub fn changed(&self, id: &PageId) -> Option<&Page> {
        self.changed.get(id)?.page.as_ref()
    }

    /// Changes a page that was put.
    pub fn changed_mut(&mut self, id: &PageId) -> Option<&mut Page> {
        self.changed.get_mut(id)?.page.as_mut()
    }

    /// Returns what has to be written: the pages that are due, and those changed at or before a block.
    pub fn flush(&mut self, through: u64) -> Vec<PageWrite> {
        let mut writes = Vec::new();
        for id in std::mem::take(&mut self.due) {
            self.write(id, &mut writes);
        }
        while let Some((since, id)) = self.order.front().copied().filter(|(since, _)| *since <= through) {
            self.order.pop_front();
            if self.changed.get(&id).is_some_and(|changed| changed.since == since) {
                self.write(id, &mut writes);
            }
        }
        // Rows of pages that were due are void; they go when they come to the front.
        let is_void = |(since, id): &(u64, PageId)| self.changed.get(id).is_none_or(|changed| changed.since != *since);
        while self.order.front().is_some_and(is_void) {
            self.order.pop_front();
        }
        writes
    }

    /// Forgets which pages would have to be written, for a tree that is in memory as a whole.
    pub fn forget_due(&mut self) {
        for id in std::mem::take(&mut self.due) {
            match self.changed.get_mut(&id) {
                Some(Changed { page: Some(_), due, .. }) => *due = false,
                _ => drop(self.changed.remove(&id)),
            }
        }
        self.order.clear();
    }

    /// Returns the block since which the pages on disk are behind.
    pub fn behind_since(&self) -> Option<u64> {
        self.order.front().map(|(since, _)| *since)
    }

    fn write(&mut self, id: PageId, writes: &mut Vec<PageWrite>) {
        let Some(changed) = self.changed.remove(&id) else { return };
        writes.push((id, changed.page.as_ref().map(Page::encode)));
        if let Some(page) = changed.page {
            self.keep(id, page);
        }
    }

    fn keep(&mut self, id: PageId, page: Page) {
        self.clean_bytes = self.clean_bytes.saturating_add(page.bytes());
        if let Some((_, old)) = self.clean.push(id, page) {
            self.clean_bytes = self.clean_bytes.saturating_sub(old.bytes());
        }
        while self.clean_bytes > self.clean_bytes_max {
            let Some((_, oldest)) = self.clean.pop_lru() else { break };
            self.clean_bytes = self.clean_bytes.saturating_sub(oldest.bytes());
        }
    }
}

fn load(source: &dyn PageSource, id: &PageId) -> Result<Option<Page>, Fault> {
    let Some(bytes) = source.page(id)? else { return Ok(None) };
    let corrupt =
        || Fault::Corrupt { what: "page of the state tree", detail: format!("the bytes at {id:?} are no page") };
    Page::decode(&bytes).map(Some).ok_or_else(corrupt)
}

/// Says that a page is not there that the page above names.
pub(super) fn missing(id: &PageId) -> Fault {
    Fault::Corrupt { what: "page of the state tree", detail: format!("there is none at {id:?}") }
}
