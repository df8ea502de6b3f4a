//! Ranges of the tree: what the entries of a range and the subtrees beside it say of the root.
//!
//! Cutting the space of key hashes at the two ends of a range leaves whole subtrees inside and whole subtrees beside it:
//!
//! ```text
//!                  root               range [start, end)
//!             /            \          cut      the subtrees that hold start or end below their first place
//!          cut              cut       beside   * : given by the one who proves, from left to right
//!        /     \          /     \     inside   + : computed from the entries
//!       *      cut      cut      *
//!             /   \    /   \
//!            *     +  +     *
//! ```
//! Guarantees that [`root_of`] gives the tree's own root only if the entries are those that the tree has in the range: all of
//! them, no other, none changed. For the tree's shape follows from its hashes: leaf and branch are hashed in domains of their own,
//! and a branch stands at its depth. The one thing that does not stand at its place is an entry that is alone in a subtree, so
//! that of such a subtree beside the range the whole leaf is given, and whether it belongs there is checked.
//!
//! [`Crown`] gathers a root range by range, and then knows what lies beside each of them. Costs: two compressions an entry; a
//! range cuts at most 512 subtrees, about twice log2(entries) if its ends were chosen by [`border`].

use super::forest::of_entries;
use super::hash::{Domain, EMPTY, Hash, turns_right};
use super::page::Leaf;

/// Levels of the tree.
const DEPTH_MAX: usize = 256;

/// The most subtrees beside a range: one a level at each end.
pub const BESIDE_MAX: usize = 2 * DEPTH_MAX;

/// Key hashes from `start` on to `end`, which is not among them; to the last one if there is no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashRange {
    /// The first key hash.
    pub start: Hash,
    /// The first key hash behind it.
    pub end: Option<Hash>,
}

/// Where a subtree lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Inside,
    Beside,
    Cut,
}

impl HashRange {
    /// All key hashes.
    pub const ALL: Self = Self { start: [0; 32], end: None };

    /// Tells whether it has any key hash.
    pub fn is_empty(&self) -> bool {
        self.end.is_some_and(|end| end <= self.start)
    }

    /// Tells whether a key hash is in it.
    pub fn holds(&self, key: &Hash) -> bool {
        self.start <= *key && self.end.is_none_or(|end| *key < end)
    }

    /// Tells where the subtree below a path lies.
    fn place(&self, below: &Below) -> Place {
        let (first, last) = (below.path, below.last());
        if last < self.start || self.end.is_some_and(|end| end <= first) {
            Place::Beside
        } else if self.start <= first && self.end.is_none_or(|end| last < end) {
            Place::Inside
        } else {
            Place::Cut
        }
    }
}

/// The key hashes of a subtree.
#[derive(Clone, Copy, Debug)]
struct Below {
    depth: usize,
    /// Zero from `depth` on.
    path: Hash,
}

impl Below {
    const ROOT: Self = Self { depth: 0, path: [0; 32] };

    fn last(&self) -> Hash {
        let mut last = self.path;
        for (index, byte) in last.iter_mut().enumerate() {
            let bits = self.depth.saturating_sub(index.saturating_mul(8)).min(8);
            *byte |= u8::MAX.checked_shr(u32::try_from(bits).unwrap_or(8)).unwrap_or(0);
        }
        last
    }

    fn children(&self) -> [Self; 2] {
        let depth = self.depth.saturating_add(1);
        let left = Self { depth, path: self.path };
        let mut right = left;
        if let Some(byte) = right.path.get_mut(self.depth / 8) {
            *byte |= 0x80 >> (self.depth % 8);
        }
        [left, right]
    }

    fn holds(&self, key: &Hash) -> bool {
        self.path <= *key && *key <= self.last()
    }
}

/// A subtree as those around it need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// No entry.
    Empty,
    /// One entry, which stands for its subtree at any depth.
    One(Leaf),
    /// More entries: the hash of their branch.
    Many(Hash),
}

impl Part {
    /// Returns the hash that commits to it.
    pub fn hash(&self) -> Hash {
        match self {
            Self::Empty => EMPTY,
            Self::One(leaf) => Domain::Leaf.hash(&leaf.key, &leaf.value),
            Self::Many(hash) => *hash,
        }
    }

    /// Takes the entries of a subtree that begins at a depth, ordered by key hash.
    fn of(depth: usize, leaves: &[Leaf]) -> Self {
        match leaves {
            [] => Self::Empty,
            [leaf] => Self::One(*leaf),
            _ => Self::Many(of_entries(depth, leaves).hash()),
        }
    }

    fn join(left: Self, right: Self) -> Self {
        match (left, right) {
            (Self::Empty, Self::Empty) => Self::Empty,
            (one @ Self::One(_), Self::Empty) | (Self::Empty, one @ Self::One(_)) => one,
            (left, right) => Self::Many(Domain::Branch.hash(&left.hash(), &right.hash())),
        }
    }
}

/// Why a range proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Entries are not in the order of their key hashes, or lie outside of the range.
    #[error("its entries are out of order or out of its range")]
    Order,
    /// There are more or fewer subtrees beside the range than its ends cut off.
    #[error("it names {named} subtrees beside its range, which has others")]
    Beside {
        /// How many are named.
        named: usize,
    },
    /// A leaf beside the range does not lie where it is said to.
    #[error("it names an entry beside its range that does not belong there")]
    Foreign,
}

/// Returns the root that follows from all entries of a range and from what lies beside it.
///
/// # Errors
/// Says why these entries have no root.
pub fn root_of(range: &HashRange, leaves: &[Leaf], beside: &[Part]) -> Result<Hash, RangeError> {
    let in_order = leaves.is_sorted_by(|a, b| a.key < b.key) && leaves.iter().all(|leaf| range.holds(&leaf.key));
    if !in_order || range.is_empty() {
        return Err(RangeError::Order);
    }
    let mut rest = beside.iter();
    let root = climb(range, Below::ROOT, leaves, &mut rest, beside.len())?;
    if rest.next().is_some() {
        return Err(RangeError::Beside { named: beside.len() });
    }
    Ok(root.hash())
}

fn climb(
    range: &HashRange,
    below: Below,
    leaves: &[Leaf],
    beside: &mut core::slice::Iter<'_, Part>,
    named: usize,
) -> Result<Part, RangeError> {
    match range.place(&below) {
        Place::Inside => Ok(Part::of(below.depth, leaves)),
        Place::Beside => match beside.next().ok_or(RangeError::Beside { named })? {
            Part::One(leaf) if !below.holds(&leaf.key) => Err(RangeError::Foreign),
            part => Ok(*part),
        },
        Place::Cut => {
            let (left, right) = halves(leaves, below.depth);
            let [left_below, right_below] = below.children();
            let left = climb(range, left_below, left, beside, named)?;
            let right = climb(range, right_below, right, beside, named)?;
            Ok(Part::join(left, right))
        }
    }
}

fn halves(leaves: &[Leaf], depth: usize) -> (&[Leaf], &[Leaf]) {
    leaves.split_at(leaves.partition_point(|leaf| !turns_right(&leaf.key, depth)))
}

/// Returns the end of a range with as few bits as tell two key hashes apart, of which the first is the smaller: the shortest
/// beginning of `next`, and zeros behind it.
pub fn border(last: &Hash, next: &Hash) -> Hash {
    let shared = (0..DEPTH_MAX).take_while(|depth| turns_right(last, *depth) == turns_right(next, *depth)).count();
    let mut border = [0; 32];
    for (index, (byte, own)) in border.iter_mut().zip(next).enumerate() {
        let bits = shared.saturating_add(1).saturating_sub(index.saturating_mul(8)).min(8);
        let behind = u8::MAX.checked_shr(u32::try_from(bits).unwrap_or(8)).unwrap_or(0);
        *byte = own & !behind;
    }
    border
}

/// The tree as far as it is known from ranges that were filled in: whole subtrees, and the cuts above them.
#[derive(Debug, Default)]
pub struct Crown(Node);

#[derive(Debug, Default)]
enum Node {
    #[default]
    Unknown,
    Whole(Part),
    Cut(Box<Cut>),
}

#[derive(Debug)]
struct Cut {
    children: [Node; 2],
    /// What both come to; not known before [`Crown::close`].
    part: Option<Part>,
}

impl Node {
    fn part(&self) -> Option<Part> {
        match self {
            Self::Unknown => None,
            Self::Whole(part) => Some(*part),
            Self::Cut(cut) => cut.part,
        }
    }

    fn fill(&mut self, range: &HashRange, below: Below, leaves: &[Leaf]) {
        match range.place(&below) {
            Place::Beside => {}
            Place::Inside => *self = Self::Whole(Part::of(below.depth, leaves)),
            Place::Cut => {
                if !matches!(self, Self::Cut(_)) {
                    *self = Self::Cut(Box::new(Cut { children: Default::default(), part: None }));
                }
                let Self::Cut(cut) = self else { return };
                cut.part = None;
                let (left, right) = halves(leaves, below.depth);
                for ((child, below), leaves) in cut.children.iter_mut().zip(below.children()).zip([left, right]) {
                    child.fill(range, below, leaves);
                }
            }
        }
    }

    fn close(&mut self) -> Option<Part> {
        if let Self::Cut(cut) = self {
            let [left, right] = &mut cut.children;
            cut.part = Some(Part::join(left.close()?, right.close()?));
        }
        self.part()
    }

    fn beside(&self, range: &HashRange, below: Below, out: &mut Vec<Part>) -> Option<()> {
        match (range.place(&below), self) {
            (Place::Inside, _) => {}
            (Place::Beside, node) => out.push(node.part()?),
            (Place::Cut, Self::Cut(cut)) => {
                for (child, below) in cut.children.iter().zip(below.children()) {
                    child.beside(range, below, out)?;
                }
            }
            (Place::Cut, _) => return None,
        }
        Some(())
    }
}

impl Crown {
    /// Takes all entries of a range, ordered by key hash.
    pub fn fill(&mut self, range: &HashRange, leaves: &[Leaf]) {
        self.0.fill(range, Below::ROOT, leaves);
    }

    /// Returns the root, once every key hash was in a range that was filled in.
    pub fn close(&mut self) -> Option<Hash> {
        self.0.close().map(|part| part.hash())
    }

    /// Returns the subtrees beside a range that was filled in, from left to right; nothing before [`Crown::close`] gave a root.
    pub fn beside(&self, range: &HashRange) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        self.0.beside(range, Below::ROOT, &mut parts)?;
        Some(parts)
    }
}

/// The items with the smallest key hashes of those that are offered, within a number of them: how a range is read whose
/// entries come in another order. What does not fit is left to a later reading, which begins where this one ended.
#[derive(Debug)]
pub struct Lowest<T> {
    range: HashRange,
    items: Vec<(Hash, T)>,
    items_max: usize,
}

impl<T> Lowest<T> {
    /// Collects at most so many items, at least 8, from a key hash on.
    pub fn new(start: Hash, items_max: usize) -> Self {
        Self { range: HashRange { start, end: None }, items: Vec::new(), items_max: items_max.max(8) }
    }

    /// Takes an item, which is made if it belongs to the smallest.
    pub fn offer(&mut self, key: Hash, item: impl FnOnce() -> T) {
        if !self.range.holds(&key) {
            return;
        }
        if self.items.len() >= self.items_max {
            // An eighth goes, so that the next ones find room without a search for each.
            let kept = self.items_max.saturating_sub(self.items_max / 8);
            let (_, (first, _), _) = self.items.select_nth_unstable_by_key(kept, |(key, _)| *key);
            self.range.end = Some(*first);
            self.items.truncate(kept);
            if !self.range.holds(&key) {
                return;
            }
        }
        self.items.push((key, item()));
    }

    /// Returns the items in the order of their key hashes, and the range of which they are all.
    pub fn take(mut self) -> (HashRange, Vec<(Hash, T)>) {
        self.items.sort_unstable_by_key(|(key, _)| *key);
        if let (Some(end), Some((last, _))) = (&mut self.range.end, self.items.last()) {
            *end = border(last, end);
        }
        (self.range, self.items)
    }
}

#[cfg(test)]
mod tests;
