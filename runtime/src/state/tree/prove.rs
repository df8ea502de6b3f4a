//! Proofs of what the tree holds under a key.

use std::borrow::Cow;

use super::forest::{Subtree, of_children, of_entries};
use super::hash::{Hash, turns_right};
use super::page::{CHILDREN, Child, Leaf, Page, PageId};
use super::pages::{PageSource, load, missing};
use super::update::Tree;
use crate::fault::Fault;

/// The way from the root to where a key belongs.
#[derive(Debug)]
pub struct Path {
    /// The hashes beside the way, from the root down.
    pub siblings: Vec<Hash>,
    /// The entry at the end, if there is one: the key's own, or another that has the place for itself.
    pub end: Option<Leaf>,
}

/// Where a page's part of a path ends.
enum Step {
    /// Here, where nothing is.
    End,
    /// At a child, whose page goes on.
    Below(usize),
    /// At the only entry of a child.
    Alone(usize),
}

impl Tree {
    /// Walks to where a key hash belongs. Cost: a page every four levels, and about fifteen compressions a page.
    ///
    /// # Errors
    /// Faults if a page cannot be read.
    pub fn path(&self, source: &dyn PageSource, key: &Hash) -> Result<Path, Fault> {
        let mut siblings = Vec::new();
        let Some(root) = &self.pages.root else { return Ok(Path { siblings, end: None }) };
        let mut id = PageId::ROOT;
        let mut page = Cow::Borrowed(&root.page);
        loop {
            let branch = match &*page {
                Page::Leaves(leaves) => {
                    return Ok(Path { end: in_entries(id.depth(), leaves, key, &mut siblings), siblings });
                }
                Page::Branch(branch) => branch,
            };
            let (index, is_alone) = match in_children(&branch.children(), id.index_of(key), &mut siblings) {
                Step::End => return Ok(Path { siblings, end: None }),
                Step::Below(index) => (index, false),
                Step::Alone(index) => (index, true),
            };
            id = id.child(index);
            let next = match page {
                Cow::Borrowed(Page::Branch(branch)) => branch.below[index].as_ref().map(|below| &below.page),
                _ => None,
            };
            page = match next {
                Some(below) => Cow::Borrowed(below),
                None => Cow::Owned(load(source, &id)?.ok_or_else(|| missing(&id))?),
            };
            if is_alone {
                let Page::Leaves(leaves) = &*page else { return Err(missing(&id)) };
                return Ok(Path { siblings, end: leaves.first().copied() });
            }
        }
    }
}

fn in_entries(mut depth: usize, mut leaves: &[Leaf], key: &Hash, siblings: &mut Vec<Hash>) -> Option<Leaf> {
    while leaves.len() > 1 {
        let (left, right) = leaves.split_at(leaves.partition_point(|leaf| !turns_right(&leaf.key, depth)));
        let (next, beside) = if turns_right(key, depth) { (right, left) } else { (left, right) };
        depth = depth.saturating_add(1);
        siblings.push(of_entries(depth, beside).hash());
        leaves = next;
    }
    leaves.first().copied()
}

fn in_children(children: &[Child], index: usize, siblings: &mut Vec<Hash>) -> Step {
    let mut range = 0..CHILDREN;
    while range.len() > 1 {
        match of_children(&children[range.clone()]) {
            Subtree::Empty => return Step::End,
            Subtree::One(_) => {
                let alone = range.clone().find(|index| !children[*index].is_empty());
                return alone.map_or(Step::End, Step::Alone);
            }
            Subtree::Many(_) => {}
        }
        let middle = range.start.midpoint(range.end);
        let (left, right) = (range.start..middle, middle..range.end);
        let (next, beside) = if index >= middle { (right, left) } else { (left, right) };
        siblings.push(of_children(&children[beside]).hash());
        range = next;
    }
    match children[range.start].subtree() {
        Subtree::Empty => Step::End,
        Subtree::One(_) => Step::Alone(range.start),
        Subtree::Many(_) => Step::Below(range.start),
    }
}
