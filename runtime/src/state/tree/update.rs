//! Applying a block's changes to the pages, then hashing what they touched, all pages of a level together.
//!
//! A page of entries is read for hashing while it is still in the processor's cache; pages of branches follow, from the
//! deepest level up, when the hashes below them are known.

use super::forest::Forest;
use super::hash::{EMPTY, Hash};
use super::page::{CHILDREN, Child, LEAVES_MAX, Leaf, MERGE_MAX, Page, PageId};
use super::pages::{NoSource, PageSource, PageWrite, Pages, missing};
use crate::fault::Fault;

/// A change of one entry: the hash of its key, and the hash of its new value or nothing for its removal.
pub type Change = (Hash, Option<Hash>);

/// Pages that are hashed together: enough for the processor's lanes, few enough for its cache.
const PAGES_HASHED_TOGETHER: usize = 64;

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
        let pages = Pages::new(page_bytes_max);
        let root = pages.peek(source, &PageId::ROOT, |page| page.map(|page| page.as_child(hash_of(page))))?;
        Ok(Self { pages, root: root.unwrap_or(Child::EMPTY) })
    }

    /// Returns the hash that commits to every entry.
    pub fn root(&self) -> Hash {
        self.root.hash
    }

    /// Applies the changes of a block, ordered by key hash, each key once; returns the new root. After a fault the tree is
    /// of no use and has to be opened again.
    ///
    /// # Errors
    /// Faults if a page cannot be read.
    pub fn apply(&mut self, source: &dyn PageSource, height: u64, changes: &[Change]) -> Result<Hash, Fault> {
        let mut update = Update {
            pages: &mut self.pages,
            source,
            height,
            forest: Forest::default(),
            planted: Vec::new(),
            hashed: Vec::new(),
            branches: Vec::new(),
        };
        if !changes.is_empty() {
            update.apply(PageId::ROOT, &self.root, changes)?;
        }
        update.harvest();
        let Update { hashed, branches, .. } = update;
        self.tell(&hashed);
        self.hash_branches(branches);
        if !changes.is_empty() && self.pages.changed(&PageId::ROOT).is_none() {
            self.root = Child::EMPTY;
        }
        Ok(self.root())
    }

    /// Applies the changes of a block to a tree that is in memory as a whole.
    pub fn apply_in_memory(&mut self, changes: &[Change]) -> Hash {
        let root = self.apply(&NoSource, 0, changes);
        self.pages.forget_due();
        // Nothing is read, and a page that another names is in memory.
        root.unwrap_or(EMPTY)
    }

    /// Returns what has to be written with the block: pages that came, went or split, and those that the store has been
    /// behind on since `through` or longer.
    pub fn flush(&mut self, through: u64) -> Vec<PageWrite> {
        self.pages.flush(through)
    }

    /// Returns the height of the block since which the pages in the store are behind, if they are.
    pub fn behind_since(&self) -> Option<u64> {
        self.pages.behind_since()
    }

    /// Hashes pages of branches from the deepest level up, and tells each page above.
    fn hash_branches(&mut self, mut branches: Vec<PageId>) {
        branches.sort_unstable_by(|a, b| b.cmp(a));
        let (mut forest, mut hashes) = (Forest::default(), Vec::new());
        for level in branches.chunk_by(|a, b| a.depth() == b.depth()) {
            for together in level.chunks(PAGES_HASHED_TOGETHER) {
                // A page may be gone again, by a merge above it.
                let page = |id: &PageId| Some((*id, self.pages.changed(id)?));
                let mut planted = Vec::with_capacity(PAGES_HASHED_TOGETHER);
                for (id, page) in together.iter().filter_map(page) {
                    forest.plant(id.depth(), page);
                    planted.push(id);
                }
                hashes.clear();
                forest.harvest(&mut hashes);
                let hashed: Vec<(PageId, Hash)> = planted.into_iter().zip(hashes.iter().copied()).collect();
                self.tell(&hashed);
            }
        }
    }

    /// Tells the pages above what pages have become; those of one page above lie side by side.
    fn tell(&mut self, hashed: &[(PageId, Hash)]) {
        for siblings in hashed.chunk_by(|(a, _), (b, _)| a.is_sibling(b)) {
            let mut above = [None; CHILDREN];
            for (id, hash) in siblings {
                let child = self.pages.changed(id).map(|page| page.as_child(*hash));
                match id.parent() {
                    None => self.root = child.unwrap_or(Child::EMPTY),
                    Some((_, index)) => above[index] = child,
                }
            }
            let parent = siblings.first().and_then(|(id, _)| id.parent());
            if let Some(Page::Branch(children)) = parent.and_then(|(parent, _)| self.pages.changed_mut(&parent)) {
                for (child, told) in children.iter_mut().zip(above) {
                    *child = told.unwrap_or(*child);
                }
            }
        }
    }
}

/// Returns the hash of the page at the root.
fn hash_of(page: &Page) -> Hash {
    let (mut forest, mut hashes) = (Forest::default(), Vec::new());
    forest.plant(0, page);
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
    pages: &'a mut Pages,
    source: &'a dyn PageSource,
    height: u64,
    forest: Forest,
    /// Pages of entries in the forest, in its order.
    planted: Vec<PageId>,
    /// Pages of entries with their hashes.
    hashed: Vec<(PageId, Hash)>,
    /// Pages of branches that have to be hashed.
    branches: Vec<PageId>,
}

impl Update<'_> {
    /// Applies changes to a page, which the page above knows as `child`, and to those below.
    fn apply(&mut self, id: PageId, child: &Child, changes: &[Change]) -> Result<Count, Fault> {
        match self.pages.take(self.source, &id)? {
            None if !child.is_empty() => Err(missing(&id)),
            None => {
                let leaves = changes.iter().filter_map(|(key, value)| Some(Leaf { key: *key, value: (*value)? }));
                Ok(self.plant(id, leaves.collect()))
            }
            Some(Page::Leaves(leaves)) => {
                let leaves = merge(leaves, changes);
                if leaves.is_empty() || leaves.len() > LEAVES_MAX {
                    return Ok(self.plant(id, leaves));
                }
                Ok(self.put_entries(id, leaves, false))
            }
            Some(Page::Branch(children)) => self.apply_below(id, children, changes),
        }
    }

    fn apply_below(
        &mut self,
        id: PageId,
        mut children: Box<[Child; CHILDREN]>,
        changes: &[Change],
    ) -> Result<Count, Fault> {
        let mut counts = children.each_ref().map(|child| child.entries().map_or(Count::Many, Count::Listed));
        let mut came_or_went = false;
        for below in changes.chunk_by(|(a, _), (b, _)| id.index_of(a) == id.index_of(b)) {
            let Some((first, _)) = below.first() else { continue };
            let index = id.index_of(first);
            counts[index] = self.apply(id.child(index), &children[index], below)?;
            let is_empty = counts[index] == Count::Listed(0);
            came_or_went |= children[index].is_empty() != is_empty;
            if is_empty {
                children[index] = Child::EMPTY;
            }
        }
        let listed = counts.iter().try_fold(0_usize, |sum, count| match count {
            Count::Listed(entries) => Some(sum.saturating_add(*entries)),
            Count::Many => None,
        });
        if listed.is_some_and(|entries| entries <= MERGE_MAX) {
            return self.merge_children(id, &counts);
        }
        self.put_branch(id, children, came_or_went);
        Ok(Count::Many)
    }

    /// Takes the entries of all children back into their page.
    fn merge_children(&mut self, id: PageId, counts: &[Count; CHILDREN]) -> Result<Count, Fault> {
        let mut leaves = Vec::with_capacity(MERGE_MAX);
        for (index, _) in counts.iter().enumerate().filter(|(_, count)| **count != Count::Listed(0)) {
            let child = id.child(index);
            let Some(Page::Leaves(entries)) = self.pages.take(self.source, &child)? else {
                return Err(missing(&child));
            };
            leaves.extend(entries);
            self.pages.put(child, None, self.height, true);
        }
        Ok(self.plant(id, leaves))
    }

    /// Makes the page of a subtree anew, with the pages below that it needs.
    fn plant(&mut self, id: PageId, leaves: Vec<Leaf>) -> Count {
        if leaves.is_empty() {
            self.pages.put(id, None, self.height, true);
            return Count::Listed(0);
        }
        if leaves.len() <= LEAVES_MAX {
            return self.put_entries(id, leaves, true);
        }
        for below in leaves.chunk_by(|a, b| id.index_of(&a.key) == id.index_of(&b.key)) {
            if let Some(first) = below.first() {
                self.plant(id.child(id.index_of(&first.key)), below.to_vec());
            }
        }
        // The children fill their places in when they are hashed.
        self.put_branch(id, Box::new([Child::EMPTY; CHILDREN]), true);
        Count::Many
    }

    fn put_entries(&mut self, id: PageId, leaves: Vec<Leaf>, due: bool) -> Count {
        let count = Count::Listed(leaves.len());
        let page = Page::Leaves(leaves);
        self.forest.plant(id.depth(), &page);
        self.planted.push(id);
        self.pages.put(id, Some(page), self.height, due);
        if self.forest.planted() >= PAGES_HASHED_TOGETHER {
            self.harvest();
        }
        count
    }

    fn put_branch(&mut self, id: PageId, children: Box<[Child; CHILDREN]>, due: bool) {
        self.pages.put(id, Some(Page::Branch(children)), self.height, due);
        self.branches.push(id);
    }

    fn harvest(&mut self) {
        let mut hashes = Vec::with_capacity(self.forest.planted());
        self.forest.harvest(&mut hashes);
        self.hashed.extend(self.planted.drain(..).zip(hashes));
    }
}

/// Returns the leaves after changes; both ordered by key.
fn merge(mut leaves: Vec<Leaf>, changes: &[Change]) -> Vec<Leaf> {
    // Most blocks change values and no more; then the leaves stay where they are.
    let mut changes = changes.iter();
    while let Some((key, Some(value))) = changes.as_slice().first() {
        // From front to back, as the processor foresees it; a search would wait for memory at every step.
        let Some(leaf) = leaves.iter_mut().find(|leaf| leaf.key == *key) else { break };
        leaf.value = *value;
        changes.next();
    }
    if changes.as_slice().is_empty() { leaves } else { merge_all(&leaves, changes.as_slice()) }
}

fn merge_all(leaves: &[Leaf], changes: &[Change]) -> Vec<Leaf> {
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
