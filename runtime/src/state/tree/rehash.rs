//! Bringing the hashes of a subtree up to its pages after they were changed: those of all its pages of entries first, many pages
//! together, then those of its branches, a level of pages after the other from below.
//!
//! Costs a visit of each page that was changed and of those above it, which an update has just brought into the processor's
//! cache.

#![allow(clippy::arithmetic_side_effects, reason = "counts what lies in memory, and levels, of which there are 64")]

use super::forest::{Forest, PAGE_HASHES, PAGES_MAX};
use super::hash::{EMPTY, Hash};
use super::joins::{Stale, hash_branches};
use super::page::{Branch, CHILDREN, Child, Leaf, MANY, Page};
use super::pages::Resident;
use super::quarters::{QUARTERS, Quarters};

/// A branch or a page of entries below one: where above it is, and which child.
#[derive(Clone, Copy)]
struct Above {
    nth: usize,
    index: usize,
}

/// The stale pages at the same depth.
#[derive(Default)]
struct Level<'a> {
    branches: Vec<(Stale<'a>, Above)>,
    /// The pages of entries below these branches.
    pages: Vec<StalePage<'a>>,
}

struct StalePage<'a> {
    leaves: &'a [Leaf],
    quarters: &'a mut Quarters,
    above: Above,
}

/// Brings the hashes of a page's subtree up to what was changed; returns what the page above keeps of it. The page begins at a
/// depth, in levels.
pub(super) fn rehash(resident: &mut Resident, depth: usize, forest: &mut Forest) -> Child {
    let entries = resident.page.entries();
    let hash = match &mut resident.page {
        Page::Leaves(leaves) => {
            let above = Above { nth: 0, index: 0 };
            let mut page = [StalePage { leaves, quarters: &mut resident.quarters, above }];
            let mut own = EMPTY;
            hash_pages(&mut page, depth, forest, |_, hash| own = hash);
            own
        }
        Page::Branch(branch) => {
            let mut levels = Vec::new();
            list(branch, Above { nth: 0, index: 0 }, 0, &mut levels);
            hash_levels(&mut levels, depth, forest)
        }
    };
    Child { hash, entries }
}

/// Lists a branch, and what is stale below it.
fn list<'a>(branch: &'a mut Branch, above: Above, level: usize, levels: &mut Vec<Level<'a>>) {
    let Branch { joins, below, stale } = branch;
    let stale = std::mem::take(stale);
    if levels.len() <= level {
        levels.push(Level::default());
    }
    let nth = levels[level].branches.len();
    levels[level].branches.push((Stale::new(joins, stale), above));
    for (index, resident) in below.iter_mut().enumerate().filter(|(index, _)| stale & (1 << index) != 0) {
        let above = Above { nth, index };
        match resident {
            Some(Resident { page: Page::Branch(branch), .. }) => list(branch, above, level + 1, levels),
            Some(Resident { page: Page::Leaves(leaves), quarters, .. }) => {
                levels[level].pages.push(StalePage { leaves, quarters, above });
            }
            // It is gone.
            None => {}
        }
    }
}

/// Hashes what is listed; returns the hash of the first branch.
fn hash_levels(levels: &mut [Level<'_>], depth: usize, forest: &mut Forest) -> Hash {
    let mut own = Vec::new();
    for level in (0..levels.len()).rev() {
        let below = depth + (level + 1) * CHILDREN.ilog2() as usize;
        let Level { branches, pages } = &mut levels[level];
        hash_pages(pages, below, forest, |page, hash| {
            let child = Child { hash, entries: u8::try_from(page.leaves.len()).unwrap_or(MANY) };
            branches[page.above.nth].0.set(page.above.index, child);
        });
        for (above, hash) in own.drain(..) {
            let Above { nth, index } = above;
            branches[nth].0.set(index, Child { hash, entries: MANY });
        }
        hash_branches(branches.iter_mut().map(|(stale, _)| stale));
        own.extend(branches.iter().map(|(stale, above)| (*above, stale.own())));
    }
    own.first().map_or(EMPTY, |(_, hash)| *hash)
}

/// Hashes pages of entries that begin at a depth, and tells the hash of each.
fn hash_pages<'a>(
    pages: &mut [StalePage<'a>],
    depth: usize,
    forest: &mut Forest,
    mut tell: impl FnMut(&StalePage<'a>, Hash),
) {
    let mut hashes = Vec::with_capacity(PAGES_MAX * PAGE_HASHES);
    for pages in pages.chunks_mut(PAGES_MAX) {
        for page in &*pages {
            forest.plant_quarters(depth, page.leaves, page.quarters);
        }
        forest.harvest(&mut hashes);
        for (page, hashes) in pages.iter_mut().zip(hashes.as_chunks::<PAGE_HASHES>().0) {
            let [inside @ .., own] = hashes;
            let inside: &[Hash; QUARTERS] = inside;
            page.quarters.take(inside);
            tell(page, *own);
        }
        hashes.clear();
    }
}
