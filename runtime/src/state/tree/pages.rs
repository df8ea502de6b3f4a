//! The pages in memory: all that are ahead of the store, and of the others those that are in use.
//!
//! A branch holds the pages below it, so that an update walks from page to page without looking anything up. A page that was
//! changed may stay unwritten for some blocks, so that a page that changes in many blocks is written once: each block writes
//! what was changed in one part of the tree, and the parts take turns. A page that appears, disappears or splits is written
//! with its neighbours in the same block, so that on disk a page names exactly the children that exist. What is lost of the
//! others in a crash follows from the entries that changed since.
//!
//! Pages that are in the store as well are bounded by bytes. Which of them go is found by a hand that passes over the tree
//! from left to right, again and again, and takes what was not used since it was there before (the clock: Corbató, "A paging
//! experiment with the Multics system", 1968).

use alloy_primitives::Bytes;

use super::hash::Hash;
use super::page::{Branch, Page, PageId};
use super::quarters::Quarters;
use crate::fault::Fault;

/// Where pages come from that are not in memory.
pub trait PageSource: Sync {
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

/// The part of the tree whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Which part.
    pub part: u64,
    /// How many parts there are, at most 256.
    pub parts: u64,
}

impl Turn {
    /// The whole tree.
    pub const ALL: Self = Self { part: 0, parts: 1 };

    /// Returns the turn of a block, when each part has one in so many blocks.
    pub const fn of_block(height: u64, parts: u64) -> Self {
        let part = match height.checked_rem(parts) {
            Some(part) => part,
            None => 0,
        };
        Self { part, parts }
    }

    /// Tells whether a page is of the part. A page belongs to where its subtree begins.
    fn has(self, id: &PageId) -> bool {
        self.part_of(*id.first_bytes().start()) == self.part
    }

    /// Tells whether a page or one below it may be of the part.
    fn meets(self, id: &PageId) -> bool {
        let below = id.first_bytes();
        (self.part_of(*below.start())..=self.part_of(*below.end())).contains(&self.part)
    }

    fn part_of(self, first: u8) -> u64 {
        u64::from(first).saturating_mul(self.parts) >> 8
    }
}

/// A page in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resident {
    pub(super) page: Page,
    /// The hashes inside a page of entries, once it was changed.
    pub(super) quarters: Quarters,
    /// Whether the store is behind.
    pub(super) changed: bool,
    /// Whether it was used since the hand passed.
    pub(super) used: bool,
}

impl Resident {
    pub(super) fn clean(page: Page) -> Self {
        Self { page, quarters: Quarters::UNKNOWN, changed: false, used: true }
    }

    pub(super) fn changed(page: Page) -> Self {
        Self { changed: true, ..Self::clean(page) }
    }

    /// Returns the bytes that it takes in memory, without the pages below.
    pub(super) fn bytes(&self) -> usize {
        self.page.bytes().saturating_add(self.quarters.bytes())
    }
}

/// What an update finds beside the pages.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Places whose pages came or split.
    pub(super) due: Vec<PageId>,
    /// Places whose pages are gone.
    pub(super) gone: Vec<PageId>,
    /// Bytes of pages that the store had as well before they were changed.
    pub(super) ahead_bytes: usize,
}

impl Found {
    /// Takes what a part of the update has found.
    pub(super) fn append(&mut self, part: Self) {
        self.due.extend(part.due);
        self.gone.extend(part.gone);
        self.ahead_bytes = self.ahead_bytes.saturating_add(part.ahead_bytes);
    }
}

/// The pages in memory.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    pub(super) root: Option<Resident>,
    /// Bytes of pages that the store has as well.
    clean_bytes: usize,
    clean_bytes_max: usize,
    /// Places whose pages are written with this block.
    due: Vec<PageId>,
    /// Places whose pages are gone.
    gone: Vec<PageId>,
    /// The first byte of the keys at which the hand stands.
    hand: u8,
}

impl Pages {
    /// Keeps at most so many bytes of pages that are in the store as well.
    pub(super) fn new(clean_bytes_max: usize) -> Self {
        Self { root: None, clean_bytes: 0, clean_bytes_max, due: Vec::new(), gone: Vec::new(), hand: 0 }
    }

    /// Takes what an update has found.
    pub(super) fn take_over(&mut self, found: Found) {
        self.due.extend(found.due);
        self.gone.extend(found.gone);
        self.clean_bytes = self.clean_bytes.saturating_sub(found.ahead_bytes);
    }

    /// Calls `write` with what has to be written, nothing for a page that is gone: the pages that are due, and those that
    /// were changed in the part whose turn it is.
    pub(super) fn flush(&mut self, turn: Turn, write: &mut dyn FnMut(&PageId, Option<&Page>)) {
        let mut gone = std::mem::take(&mut self.gone);
        gone.sort_unstable();
        gone.dedup();
        for id in gone {
            // It may have come again in a later block.
            if find(&mut self.root, &id).is_none() {
                write(&id, None);
            }
        }
        let clean_bytes = &mut self.clean_bytes;
        let mut flush = |id: &PageId, resident: &mut Resident| {
            if std::mem::take(&mut resident.changed) {
                *clean_bytes = clean_bytes.saturating_add(resident.bytes());
                write(id, Some(&resident.page));
            }
        };
        for id in std::mem::take(&mut self.due) {
            // It may be gone again, by a merge above it.
            if let Some(resident) = find(&mut self.root, &id) {
                flush(&id, resident);
            }
        }
        if let Some(root) = &mut self.root {
            each(root, PageId::ROOT, turn, &mut flush);
        }
        self.evict();
    }

    /// Forgets what would have to be written, for a tree that is in memory as a whole.
    pub(super) fn forget_due(&mut self) {
        self.due.clear();
        self.gone.clear();
    }

    /// Returns the first place on the way to a key whose page is in the store only.
    pub(super) fn absent(&mut self, key: &Hash) -> Option<PageId> {
        let (mut id, mut resident) = (PageId::ROOT, self.root.as_mut()?);
        loop {
            resident.used = true;
            let Page::Branch(branch) = &mut resident.page else { return None };
            let index = id.index_of(key);
            let Branch { joins, below, .. } = &mut **branch;
            id = id.child(index);
            match &mut below[index] {
                Some(next) => resident = next,
                None => return (!joins.child(index).is_empty()).then_some(id),
            }
        }
    }

    /// Takes a page as it is in the store, if its place is still without one; returns whether it was. Takes a quarter more
    /// than the bytes, which is there until the next flush.
    pub(super) fn supply(&mut self, id: &PageId, page: Page) -> bool {
        let Some((above, index)) = id.parent() else { return false };
        let Some(Resident { page: Page::Branch(branch), .. }) = find(&mut self.root, &above) else { return false };
        let Branch { joins, below, .. } = &mut **branch;
        let has_room = self.clean_bytes <= self.clean_bytes_max.saturating_add(self.clean_bytes_max / 4);
        let is_wanted = has_room && below[index].is_none() && !joins.child(index).is_empty();
        if is_wanted {
            self.clean_bytes = self.clean_bytes.saturating_add(page.bytes());
            below[index] = Some(Resident::clean(page));
        }
        is_wanted
    }

    /// Drops pages until those that remain are within the bytes.
    pub(super) fn evict(&mut self) {
        // The first round may find that everything was used.
        for _ in 0..=2 * usize::from(u8::MAX) {
            if self.clean_bytes <= self.clean_bytes_max {
                break;
            }
            if let Some(Resident { page: Page::Branch(root), .. }) = &mut self.root {
                let turn = Turn { part: u64::from(self.hand), parts: 256 };
                let freed = drop_unused(root, PageId::ROOT, turn);
                self.clean_bytes = self.clean_bytes.saturating_sub(freed);
            }
            self.hand = self.hand.wrapping_add(1);
        }
    }
}

/// Finds a page in memory.
fn find<'a>(root: &'a mut Option<Resident>, id: &PageId) -> Option<&'a mut Resident> {
    let (mut at, mut resident) = (PageId::ROOT, root.as_mut()?);
    while at != *id {
        let index = id.index_at(at.depth());
        let Page::Branch(branch) = &mut resident.page else { return None };
        resident = branch.below[index].as_mut()?;
        at = at.child(index);
    }
    Some(resident)
}

/// Calls `visit` with the pages of a part, those below first.
fn each(resident: &mut Resident, id: PageId, turn: Turn, visit: &mut dyn FnMut(&PageId, &mut Resident)) {
    if let Page::Branch(branch) = &mut resident.page {
        for (index, below) in branch.below.iter_mut().enumerate() {
            let child = id.child(index);
            if let Some(below) = below.as_mut().filter(|_| turn.meets(&child)) {
                each(below, child, turn, visit);
            }
        }
    }
    if turn.has(&id) {
        visit(&id, resident);
    }
}

/// Drops the pages of a part below a branch that the store has as well and that were not used since the last time; returns
/// their bytes.
fn drop_unused(branch: &mut Branch, id: PageId, turn: Turn) -> usize {
    let mut freed = 0_usize;
    for (index, slot) in branch.below.iter_mut().enumerate() {
        let child = id.child(index);
        let Some(resident) = slot.as_mut().filter(|_| turn.meets(&child)) else { continue };
        let mut is_bare = true;
        if let Page::Branch(below) = &mut resident.page {
            freed = freed.saturating_add(drop_unused(below, child, turn));
            is_bare = below.below.iter().all(Option::is_none);
        }
        if turn.has(&child) && is_bare && !resident.changed && !std::mem::take(&mut resident.used) {
            freed = freed.saturating_add(resident.bytes());
            *slot = None;
        }
    }
    freed
}

/// Reads a page from the store.
pub(super) fn load(source: &dyn PageSource, id: &PageId) -> Result<Option<Page>, Fault> {
    let Some(bytes) = source.page(id)? else { return Ok(None) };
    decode(id, &bytes).map(Some)
}

/// Reads a page as the store gave it.
pub(super) fn decode(id: &PageId, bytes: &[u8]) -> Result<Page, Fault> {
    let corrupt =
        || Fault::Corrupt { what: "page of the state tree", detail: format!("the bytes at {id:?} are no page") };
    Page::decode(bytes).ok_or_else(corrupt)
}

/// Says that a page is not there that the page above names.
pub(super) fn missing(id: &PageId) -> Fault {
    Fault::Corrupt { what: "page of the state tree", detail: format!("there is none at {id:?}") }
}
