//! Applying a block's changes to the pages, then hashing what they touched, many pages together.
//!
//! Three walks over some changes at a time: the first reads what they need, page by page of the same depth, so that the
//! processor waits for the memory of many pages at once; the second changes the pages; the third brings the hashes up to that
//! ([`rehash`]). More changes are divided by the children of a page, at the root on threads.

use core::hint::black_box;

use super::super::threads;
use super::forest::{Forest, of_children, of_entries};
use super::hash::{EMPTY, Hash};
use super::page::{Branch, CHILDREN, Child, LEAVES_MAX, Leaf, MERGE_MAX, Page, PageId, nibble};
use super::pages::{Found, NoSource, PageSource, Pages, Resident, Turn, load, missing};
use super::quarters::QUARTERS;
use super::rehash::rehash;
use crate::fault::Fault;

/// A change of one entry: the hash of its key, and the hash of its new value or nothing for its removal.
pub type Change = (Hash, Option<Hash>);

/// The most changes that are applied in one go: what they touch stays in the processor's cache from walk to walk. More are
/// worth threads, too.
const CHANGES_TOGETHER_MAX: usize = 1_024;

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
        let child = root.as_ref().map_or(Child::EMPTY, |page| Child { hash: hash_of(page), entries: page.entries() });
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
            self.root = update.apply(PageId::ROOT, self.root, &mut self.pages.root, changes)?;
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
    match page {
        Page::Leaves(leaves) => of_entries(0, leaves).hash(),
        Page::Branch(branch) => of_children(&branch.children()).hash(),
    }
}

/// Reads a byte of all memory that the changes will need below a page that begins at a depth, in levels.
///
/// What is read at one depth does not depend on each other, and the processor goes on to the next while it waits for one.
fn touch(resident: &Resident, depth: usize, changes: &[Change]) {
    let mut reached: Vec<(&Resident, &Hash)> = changes.iter().map(|(key, _)| (resident, key)).collect();
    let (mut nibbles, mut sum) = (depth / 4, 0_u8);
    while !reached.is_empty() {
        reached.retain_mut(|(resident, key)| {
            let index = nibble(key, nibbles);
            match &resident.page {
                Page::Leaves(leaves) => sum ^= resident.quarters.touch(index / QUARTERS, leaves),
                Page::Branch(branch) => {
                    sum ^= branch.joins.touch(index);
                    if let Some(below) = &branch.below[index] {
                        *resident = below;
                        return true;
                    }
                }
            }
            false
        });
        nibbles = nibbles.saturating_add(1);
    }
    black_box(sum);
}

/// One block's changes on their way into the pages.
struct Update<'a> {
    source: &'a dyn PageSource,
    forest: Forest,
    found: Found,
}

impl<'a> Update<'a> {
    fn new(source: &'a dyn PageSource) -> Self {
        Self { source, forest: Forest::default(), found: Found::default() }
    }

    /// Applies changes to a page, which the page above knows as `child`, and to those below, and brings their hashes up to
    /// that; returns what the page above keeps of it then.
    fn apply(
        &mut self,
        id: PageId,
        child: Child,
        slot: &mut Option<Resident>,
        changes: &[Change],
    ) -> Result<Child, Fault> {
        self.load(&id, child.is_empty(), slot)?;
        if changes.len() > CHANGES_TOGETHER_MAX {
            self.divide(id, slot, changes)?;
        } else {
            if let Some(resident) = slot {
                touch(resident, id.depth(), changes);
            }
            self.change(id, slot, changes)?;
        }
        Ok(slot.as_mut().map_or(Child::EMPTY, |resident| rehash(resident, id.depth(), &mut self.forest)))
    }

    /// Applies many changes to a page: if it is a branch, to each of the pages below it, whose hashes it then brings up to that.
    fn divide(&mut self, id: PageId, slot: &mut Option<Resident>, changes: &[Change]) -> Result<(), Fault> {
        let Some(resident) = slot else { return self.change(id, slot, changes) };
        self.set_ahead(resident);
        let Page::Branch(branch) = &mut resident.page else { return self.change(id, slot, changes) };
        let before = *branch.joins.entries();
        let source = self.source;
        let children = branch.children();
        let slots = children.into_iter().zip(&mut branch.below).enumerate();
        let work: Vec<_> = slots.zip(parts_of(&id, changes)).filter(|(_, changes)| !changes.is_empty()).collect();
        let apply = |((index, (child, slot)), changes): ((usize, (Child, &mut Option<Resident>)), _)| {
            let mut update = Update::new(source);
            let child = update.apply(id.child(index), child, slot, changes)?;
            Ok((index, child, update.found))
        };
        let parts: Vec<Result<_, Fault>> =
            if id.depth() == 0 { threads::each(work, apply) } else { work.into_iter().map(apply).collect() };
        for part in parts {
            let (index, child, found) = part?;
            branch.joins.set(index, child);
            branch.stale |= 1 << index;
            self.found.append(found);
        }
        if let Some(leaves) = self.settle(&id, branch, before)? {
            self.plant(id, slot, leaves);
        }
        Ok(())
    }

    /// Brings a page into memory, if there is one.
    fn load(&self, id: &PageId, is_empty: bool, slot: &mut Option<Resident>) -> Result<(), Fault> {
        if slot.is_none() && !is_empty {
            let page = load(self.source, id)?.ok_or_else(|| missing(id))?;
            *slot = Some(Resident::changed(page));
        }
        Ok(())
    }

    /// Applies changes to a page, which is in memory if there is one, and to those below.
    fn change(&mut self, id: PageId, slot: &mut Option<Resident>, changes: &[Change]) -> Result<(), Fault> {
        let Some(resident) = slot else {
            let leaves = changes.iter().filter_map(|(key, value)| Some(Leaf { key: *key, value: (*value)? }));
            self.plant(id, slot, leaves.collect());
            return Ok(());
        };
        self.set_ahead(resident);
        let leaves = match &mut resident.page {
            Page::Leaves(leaves) => {
                let quarters = &mut resident.quarters;
                if !quarters.is_known() {
                    quarters.divide(&id, leaves);
                }
                // Most blocks change values and no more; then the leaves stay where they are.
                let others = quarters.overwrite(&id, leaves, changes);
                if others.is_empty() {
                    return Ok(());
                }
                let merged = merge(leaves, others);
                if (1..=LEAVES_MAX).contains(&merged.len()) {
                    *leaves = merged;
                    quarters.divide(&id, leaves);
                    return Ok(());
                }
                merged
            }
            Page::Branch(branch) => match self.change_below(&id, branch, changes)? {
                Some(leaves) => leaves,
                None => return Ok(()),
            },
        };
        self.plant(id, slot, leaves);
        Ok(())
    }

    /// Applies changes to the pages below a branch; returns all entries if they are to be in one page again.
    fn change_below(
        &mut self,
        id: &PageId,
        branch: &mut Branch,
        changes: &[Change],
    ) -> Result<Option<Vec<Leaf>>, Fault> {
        let before = *branch.joins.entries();
        for below in changes.chunk_by(|(a, _), (b, _)| id.index_of(a) == id.index_of(b)) {
            let Some((first, _)) = below.first() else { continue };
            let index = id.index_of(first);
            let slot = &mut branch.below[index];
            self.load(&id.child(index), before[index] == 0, slot)?;
            self.change(id.child(index), slot, below)?;
            match slot {
                Some(resident) => branch.joins.set_entries(index, resident.page.entries()),
                None => branch.joins.set(index, Child::EMPTY),
            }
            branch.stale |= 1 << index;
        }
        self.settle(id, branch, before)
    }

    /// Ends the change of what is below a branch; returns all entries if they are to be in one page again. `before` is what
    /// the children had.
    fn settle(&mut self, id: &PageId, branch: &mut Branch, before: [u8; CHILDREN]) -> Result<Option<Vec<Leaf>>, Fault> {
        let after = branch.joins.entries();
        let entries = |index| branch.joins.child(index).entries();
        let listed = (0..CHILDREN).try_fold(0_usize, |sum, index| Some(sum.saturating_add(entries(index)?)));
        if listed.is_some_and(|entries| entries <= MERGE_MAX) {
            return self.take_children(id, branch).map(Some);
        }
        if before.map(|entries| entries == 0) != after.map(|entries| entries == 0) {
            self.found.due.push(*id);
        }
        Ok(None)
    }

    /// Takes the entries of all children, whose pages go.
    fn take_children(&mut self, id: &PageId, branch: &mut Branch) -> Result<Vec<Leaf>, Fault> {
        let mut leaves = Vec::with_capacity(MERGE_MAX);
        for index in (0..CHILDREN).filter(|index| branch.joins.entries()[*index] != 0) {
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
    fn plant(&mut self, id: PageId, slot: &mut Option<Resident>, leaves: Vec<Leaf>) {
        if leaves.is_empty() {
            *slot = None;
            self.found.gone.push(id);
            return;
        }
        self.found.due.push(id);
        if leaves.len() <= LEAVES_MAX {
            let resident = slot.insert(Resident::changed(Page::Leaves(Vec::new())));
            resident.quarters.divide(&id, &leaves);
            resident.page = Page::Leaves(leaves);
            return;
        }
        let mut branch = Box::new(Branch::EMPTY);
        for below in leaves.chunk_by(|a, b| id.index_of(&a.key) == id.index_of(&b.key)) {
            let Some(first) = below.first() else { continue };
            let index = id.index_of(&first.key);
            self.plant(id.child(index), &mut branch.below[index], below.to_vec());
            branch.joins.set_entries(index, branch.below[index].as_ref().map_or(0, |below| below.page.entries()));
            branch.stale |= 1 << index;
        }
        *slot = Some(Resident::changed(Page::Branch(branch)));
    }

    fn set_ahead(&mut self, resident: &mut Resident) {
        resident.used = true;
        if !std::mem::replace(&mut resident.changed, true) {
            self.found.ahead_bytes = self.found.ahead_bytes.saturating_add(resident.bytes());
        }
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
