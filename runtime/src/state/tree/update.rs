//! Applying a block's changes to the pages, then hashing what they touched, many pages together.
//!
//! The first walk changes the pages and lists for hashing what their entries are, while they are still in the processor's
//! cache. The second brings the hashes to the branches above, which are hashed when those below are, all children of a
//! branch together.

use super::super::threads;
use super::forest::Forest;
use super::hash::{EMPTY, Hash};
use super::page::{Branch, CHILDREN, Child, LEAVES_MAX, Leaf, MERGE_MAX, Page, PageId};
use super::pages::{Found, NoSource, PageSource, Pages, Resident, Turn, load, missing};
use super::quarters::Quarters;
use crate::fault::Fault;

/// A change of one entry: the hash of its key, and the hash of its new value or nothing for its removal.
pub type Change = (Hash, Option<Hash>);

/// The fewest changes that are worth threads.
const CHANGES_ON_THREADS_MIN: usize = 1_024;

/// Hashes of pages and of their quarters that are computed together: enough for the processor's lanes, few enough for its cache.
const PLANTED_TOGETHER: usize = 640;

/// The tree over all entries of a state.
#[derive(Clone, Debug)]
pub struct Tree {
    pub(super) pages: Pages,
    root: Child,
}

impl Default for Tree {
    /// Makes the tree without entries.
    fn default() -> Self {
        Self { pages: Pages::new(0), root: Child::EMPTY }
    }
}

impl Tree {
    /// Opens the tree whose pages are at the source. At most `page_bytes_max` of them are kept in memory, those aside that
    /// are ahead of the source.
    ///
    /// # Errors
    /// Faults if the source cannot answer.
    pub fn open(source: &dyn PageSource, page_bytes_max: usize) -> Result<Self, Fault> {
        let mut pages = Pages::new(page_bytes_max);
        let root = load(source, &PageId::ROOT)?;
        let child = root.as_ref().map_or(Child::EMPTY, |page| page.as_child(hash_of(page)));
        pages.root = root.map(Resident::clean);
        Ok(Self { pages, root: child })
    }

    /// Returns the hash that commits to every entry.
    pub fn root(&self) -> Hash {
        self.root.hash
    }

    /// Applies the changes of a block, ordered by key hash, each key once; returns the new root. After a fault the tree is
    /// of no use and has to be opened again. What [`flush`](Self::flush) returns has to be written before the next block.
    ///
    /// # Errors
    /// Faults if a page cannot be read.
    pub fn apply(&mut self, source: &dyn PageSource, changes: &[Change]) -> Result<Hash, Fault> {
        if !changes.is_empty() {
            let mut update = Update::new(source);
            update.apply(PageId::ROOT, &mut self.root, &mut self.pages.root, changes)?;
            self.pages.take_over(update.found);
        }
        Ok(self.root())
    }

    /// Applies the changes of a block to a tree that is in memory as a whole.
    pub fn apply_in_memory(&mut self, changes: &[Change]) -> Hash {
        let root = self.apply(&NoSource, changes);
        self.pages.forget_due();
        // Nothing is read, and a page that another names is in memory.
        root.unwrap_or(EMPTY)
    }

    /// Returns the first place on the way to a key whose page is in the store only, if there is one.
    pub fn absent(&mut self, key: &Hash) -> Option<PageId> {
        self.pages.absent(key)
    }

    /// Takes a page as the store has it, so that it need not be read later; returns whether it was of use.
    pub fn supply(&mut self, id: &PageId, bytes: &[u8]) -> bool {
        Page::decode(bytes).is_some_and(|page| self.pages.supply(id, page))
    }

    /// Calls `write` with what has to be written with the block, nothing for a page that is gone: pages that came, went or
    /// split, and those of the part whose turn it is that the store is behind on.
    pub fn flush(&mut self, turn: Turn, mut write: impl FnMut(&PageId, Option<&Page>)) {
        self.pages.flush(turn, &mut write);
    }
}

/// Returns the hash of the page at the root.
fn hash_of(page: &Page) -> Hash {
    let (mut forest, mut hashes) = (Forest::default(), Vec::new());
    match page {
        Page::Leaves(leaves) => forest.plant_entries(0, leaves),
        Page::Branch(branch) => forest.plant_children(&branch.children),
    };
    forest.harvest(&mut hashes);
    hashes.first().copied().unwrap_or(EMPTY)
}

/// How many entries the subtree of a page has after a change: that many, or too many for one page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Count {
    Listed(usize),
    Many,
}

/// One block's changes on their way into the pages.
struct Update<'a> {
    source: &'a dyn PageSource,
    forest: Forest,
    /// The hashes of pages of entries, by the places that these were given.
    hashes: Vec<Hash>,
    found: Found,
}

impl<'a> Update<'a> {
    fn new(source: &'a dyn PageSource) -> Self {
        Self { source, forest: Forest::default(), hashes: Vec::new(), found: Found::default() }
    }

    /// Applies changes to a page and to those below, and brings their hashes up to what the page above keeps.
    fn apply(
        &mut self,
        id: PageId,
        child: &mut Child,
        slot: &mut Option<Resident>,
        changes: &[Change],
    ) -> Result<Count, Fault> {
        let count = self.change(id, child, slot, changes)?;
        self.forest.harvest(&mut self.hashes);
        *child = slot.as_mut().map_or(Child::EMPTY, |resident| self.rehash(resident));
        Ok(count)
    }

    /// Applies changes to a page, which the page above knows as `child`, and to those below.
    fn change(
        &mut self,
        id: PageId,
        child: &Child,
        slot: &mut Option<Resident>,
        changes: &[Change],
    ) -> Result<Count, Fault> {
        if slot.is_none() && !child.is_empty() {
            let page = load(self.source, &id)?.ok_or_else(|| missing(&id))?;
            *slot = Some(Resident::changed(page));
        }
        let Some(resident) = slot else {
            let leaves = changes.iter().filter_map(|(key, value)| Some(Leaf { key: *key, value: (*value)? }));
            return Ok(self.plant(id, slot, leaves.collect()));
        };
        self.set_ahead(resident);
        match &mut resident.page {
            Page::Leaves(leaves) => {
                let quarters = resident.quarters.get_or_insert_with(|| Box::new(Quarters::new(&id, leaves)));
                // Most blocks change values and no more; then the leaves stay where they are.
                let others = quarters.overwrite(&id, leaves, changes);
                if !others.is_empty() {
                    *leaves = merge(leaves, others);
                    if leaves.is_empty() || leaves.len() > LEAVES_MAX {
                        let leaves = std::mem::take(leaves);
                        return Ok(self.plant(id, slot, leaves));
                    }
                    **quarters = Quarters::new(&id, leaves);
                }
                resident.place = self.hash_entries(&id, leaves, quarters);
                Ok(Count::Listed(leaves.len()))
            }
            Page::Branch(branch) => match self.change_below(&id, branch, changes)? {
                Some(leaves) => Ok(self.plant(id, slot, leaves)),
                None => Ok(Count::Many),
            },
        }
    }

    /// Applies changes to the pages below a branch; returns all entries if they are to be in one page again.
    fn change_below(
        &mut self,
        id: &PageId,
        branch: &mut Branch,
        changes: &[Change],
    ) -> Result<Option<Vec<Leaf>>, Fault> {
        let were = branch.children.each_ref().map(Child::is_empty);
        let mut counts = branch.children.each_ref().map(|child| child.entries().map_or(Count::Many, Count::Listed));
        if id.depth() == 0 && changes.len() >= CHANGES_ON_THREADS_MIN {
            self.apply_on_threads(id, branch, changes, &mut counts)?;
        } else {
            for below in changes.chunk_by(|(a, _), (b, _)| id.index_of(a) == id.index_of(b)) {
                let Some((first, _)) = below.first() else { continue };
                let index = id.index_of(first);
                let child = &mut branch.children[index];
                counts[index] = self.change(id.child(index), child, &mut branch.below[index], below)?;
                branch.stale |= 1 << index;
                if counts[index] == Count::Listed(0) {
                    *child = Child::EMPTY;
                }
            }
        }
        let listed = counts.iter().try_fold(0_usize, |sum, count| match count {
            Count::Listed(entries) => Some(sum.saturating_add(*entries)),
            Count::Many => None,
        });
        if listed.is_some_and(|entries| entries <= MERGE_MAX) {
            return self.take_children(id, branch, &counts).map(Some);
        }
        if were != counts.map(|count| count == Count::Listed(0)) {
            self.found.due.push(*id);
        }
        Ok(None)
    }

    /// Applies changes to the pages below a branch on several threads, and brings their hashes up to it.
    fn apply_on_threads(
        &mut self,
        id: &PageId,
        branch: &mut Branch,
        changes: &[Change],
        counts: &mut [Count; CHILDREN],
    ) -> Result<(), Fault> {
        let source = self.source;
        let slots = branch.children.iter_mut().zip(&mut branch.below).zip(counts).enumerate();
        let work: Vec<_> = slots.zip(parts_of(id, changes)).filter(|(_, changes)| !changes.is_empty()).collect();
        let parts = threads::each(work, |((index, ((child, slot), count)), changes)| -> Result<Found, Fault> {
            let mut update = Update::new(source);
            *count = update.apply(id.child(index), child, slot, changes)?;
            Ok(update.found)
        });
        for found in parts {
            self.found.append(found?);
        }
        Ok(())
    }

    /// Takes the entries of all children, whose pages go.
    fn take_children(
        &mut self,
        id: &PageId,
        branch: &mut Branch,
        counts: &[Count; CHILDREN],
    ) -> Result<Vec<Leaf>, Fault> {
        let mut leaves = Vec::with_capacity(MERGE_MAX);
        for (index, _) in counts.iter().enumerate().filter(|(_, count)| **count != Count::Listed(0)) {
            let child = id.child(index);
            let page = match branch.below[index].take() {
                Some(mut resident) => {
                    self.set_ahead(&mut resident);
                    Some(resident.page)
                }
                None => load(self.source, &child)?,
            };
            let Some(Page::Leaves(entries)) = page else { return Err(missing(&child)) };
            leaves.extend(entries);
            self.found.gone.push(child);
        }
        Ok(leaves)
    }

    /// Makes the page of a subtree anew, with the pages below that it needs.
    fn plant(&mut self, id: PageId, slot: &mut Option<Resident>, leaves: Vec<Leaf>) -> Count {
        if leaves.is_empty() {
            *slot = None;
            self.found.gone.push(id);
            return Count::Listed(0);
        }
        self.found.due.push(id);
        if leaves.len() <= LEAVES_MAX {
            let quarters = Box::new(Quarters::new(&id, &leaves));
            let (count, place) = (leaves.len(), self.hash_entries(&id, &leaves, &quarters));
            let quarters = Some(quarters);
            *slot = Some(Resident { place, quarters, ..Resident::changed(Page::Leaves(leaves)) });
            return Count::Listed(count);
        }
        let mut branch = Box::new(Branch::EMPTY);
        for below in leaves.chunk_by(|a, b| id.index_of(&a.key) == id.index_of(&b.key)) {
            if let Some(first) = below.first() {
                let index = id.index_of(&first.key);
                self.plant(id.child(index), &mut branch.below[index], below.to_vec());
                branch.stale |= 1 << index;
            }
        }
        *slot = Some(Resident::changed(Page::Branch(branch)));
        Count::Many
    }

    fn set_ahead(&mut self, resident: &mut Resident) {
        resident.used = true;
        if !std::mem::replace(&mut resident.changed, true) {
            self.found.ahead_bytes = self.found.ahead_bytes.saturating_add(resident.bytes());
        }
    }

    /// Lists a page of entries for hashing; returns the place of its hashes.
    fn hash_entries(&mut self, id: &PageId, leaves: &[Leaf], quarters: &Quarters) -> usize {
        if self.forest.planted() >= PLANTED_TOGETHER {
            self.forest.harvest(&mut self.hashes);
        }
        self.hashes.len().saturating_add(self.forest.plant_quarters(id.depth(), leaves, quarters))
    }

    /// Brings the hashes of a page's subtree up to it; returns what the page above keeps of it.
    fn rehash(&mut self, resident: &mut Resident) -> Child {
        let hash = match &mut resident.page {
            Page::Leaves(_) => resident.take_hashes(&self.hashes),
            Page::Branch(branch) => {
                self.rehash_below(branch);
                self.forest.plant_children(&branch.children);
                self.harvest_branches().first().copied()
            }
        };
        resident.page.as_child(hash.unwrap_or(EMPTY))
    }

    /// Gives the children of a branch the hashes of their pages.
    fn rehash_below(&mut self, branch: &mut Branch) {
        let stale = std::mem::take(&mut branch.stale);
        let Branch { children, below, .. } = branch;
        let is_stale = |index: &usize| stale & (1 << index) != 0;
        for index in (0..CHILDREN).filter(is_stale) {
            let Some(resident) = &mut below[index] else { continue };
            match &mut resident.page {
                Page::Leaves(_) => children[index] = self.rehash(resident),
                Page::Branch(branch) => self.rehash_below(branch),
            }
        }
        for resident in (0..CHILDREN).filter(is_stale).filter_map(|index| below[index].as_ref()) {
            if let Page::Branch(branch) = &resident.page {
                self.forest.plant_children(&branch.children);
            }
        }
        let mut hashes = self.harvest_branches().into_iter();
        for index in (0..CHILDREN).filter(is_stale) {
            if let Some(page @ Page::Branch(_)) = below[index].as_ref().map(|resident| &resident.page) {
                children[index] = page.as_child(hashes.next().unwrap_or(EMPTY));
            }
        }
    }

    fn harvest_branches(&mut self) -> Vec<Hash> {
        let mut hashes = Vec::with_capacity(self.forest.planted());
        self.forest.harvest(&mut hashes);
        hashes
    }
}

/// Returns the changes below each child of a page.
fn parts_of<'a>(id: &PageId, changes: &'a [Change]) -> [&'a [Change]; CHILDREN] {
    let mut rest = changes;
    core::array::from_fn(|index| {
        let (part, after) = rest.split_at(rest.partition_point(|(key, _)| id.index_of(key) <= index));
        rest = after;
        part
    })
}

/// Applies changes to leaves; both are ordered by key.
fn merge(leaves: &[Leaf], changes: &[Change]) -> Vec<Leaf> {
    let mut merged = Vec::with_capacity(leaves.len().saturating_add(changes.len()));
    let mut old = leaves.iter().peekable();
    for (key, value) in changes {
        while let Some(leaf) = old.next_if(|leaf| leaf.key < *key) {
            merged.push(*leaf);
        }
        old.next_if(|leaf| leaf.key == *key);
        if let Some(value) = value {
            merged.push(Leaf { key: *key, value: *value });
        }
    }
    merged.extend(old);
    merged
}
