//! The cut tree against its definition: any changes, pages that stay unwritten for a while, crashes in between.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use alloy_primitives::Bytes;
use proptest::prelude::*;

use super::page::{LEAVES_MAX, MERGE_MAX};
use super::{
    Change, Domain, EMPTY, Hash, Leaf, Page, PageId, PageSource, Tree, Turn, key_hash, root_from_scratch, turns_right,
};
use crate::fault::Fault;

/// Blocks that a page may stay unwritten.
const UNWRITTEN_BLOCKS: u64 = 4;

#[derive(Default)]
struct Disk(BTreeMap<PageId, Bytes>);

impl Disk {
    /// Writes what the tree wants written.
    fn take(&mut self, tree: &mut Tree, turn: Turn) {
        tree.flush(turn, |id, page| {
            match page {
                Some(page) => self.0.insert(*id, encoded(page).into()),
                None => self.0.remove(id),
            };
        });
    }
}

impl PageSource for Disk {
    fn page(&self, id: &PageId) -> Result<Option<Bytes>, Fault> {
        Ok(self.0.get(id).cloned())
    }
}

/// The entries by definition, a tree over them, and the pages that survive a crash.
struct World {
    entries: BTreeMap<Hash, Hash>,
    tree: Tree,
    disk: Disk,
    height: u64,
    /// Keys that the last blocks changed.
    recent: VecDeque<Vec<Hash>>,
}

/// A page cache that is too small, so that pages come from the disk.
const PAGE_BYTES_MAX: usize = 8 << 10;

impl World {
    fn new() -> Self {
        let disk = Disk::default();
        let tree = Tree::open(&disk, PAGE_BYTES_MAX).unwrap();
        Self { entries: BTreeMap::new(), tree, disk, height: 0, recent: VecDeque::new() }
    }

    fn commit(&mut self, block: &BTreeMap<Hash, Option<Hash>>) -> Hash {
        self.height += 1;
        for (key, value) in block {
            match value {
                Some(value) => self.entries.insert(*key, *value),
                None => self.entries.remove(key),
            };
        }
        let changes: Vec<Change> = block.iter().map(|(key, value)| (*key, *value)).collect();
        let root = self.tree.apply(&self.disk, &changes).unwrap();
        self.disk.take(&mut self.tree, Turn::of_block(self.height, UNWRITTEN_BLOCKS));
        self.recent.push_back(block.keys().copied().collect());
        if self.recent.len() as u64 > UNWRITTEN_BLOCKS {
            self.recent.pop_front();
        }
        root
    }

    /// Loses what was not written and brings it back from the entries that changed since.
    fn crash(&mut self) -> Hash {
        let changed: BTreeSet<Hash> = self.recent.iter().flatten().copied().collect();
        let changes: Vec<Change> = changed.into_iter().map(|key| (key, self.entries.get(&key).copied())).collect();
        self.tree = Tree::open(&self.disk, PAGE_BYTES_MAX).unwrap();
        let root = self.tree.apply(&self.disk, &changes).unwrap();
        self.disk.take(&mut self.tree, Turn::ALL);
        root
    }

    fn root(&self) -> Hash {
        let leaves: Vec<Leaf> = self.entries.iter().map(|(key, value)| Leaf { key: *key, value: *value }).collect();
        root_from_scratch(&leaves)
    }

    fn check_path(&self, key: &Hash) {
        let path = self.tree.path(&self.disk, key).unwrap();
        let own = path.end.filter(|leaf| leaf.key == *key).map(|leaf| leaf.value);
        assert_eq!(own, self.entries.get(key).copied());
        let end = path.end.map_or(EMPTY, |leaf| Domain::Leaf.hash(&leaf.key, &leaf.value));
        let root = path.siblings.iter().enumerate().rev().fold(end, |hash, (depth, sibling)| {
            let (left, right) = if turns_right(key, depth) { (sibling, &hash) } else { (&hash, sibling) };
            Domain::Branch.hash(left, right)
        });
        assert_eq!(root, self.tree.root());
    }
}

fn encoded(page: &Page) -> Vec<u8> {
    let mut bytes = Vec::new();
    page.encode(&mut bytes);
    bytes
}

fn name(number: u16) -> Hash {
    key_hash(&number.to_le_bytes())
}

/// A key hash that agrees with many others in its first bits, as an attacker may look for.
fn ground(number: u16) -> Hash {
    let mut hash = [0; 32];
    hash[30..].copy_from_slice(&number.to_be_bytes());
    hash
}

#[derive(Clone, Debug)]
struct Step {
    block: Vec<(u16, Option<u16>)>,
    crash: bool,
}

fn steps(keys: u16, writes: usize) -> impl Strategy<Value = Vec<Step>> {
    // Whole blocks of removals, so that pages merge again.
    let kept = prop_oneof![Just(0.95), Just(0.5), Just(0.03)];
    let block = kept.prop_flat_map(move |kept| {
        proptest::collection::vec((0..keys, proptest::option::weighted(kept, any::<u16>())), 0..writes)
    });
    let step = (block, proptest::bool::weighted(0.2)).prop_map(|(block, crash)| Step { block, crash });
    proptest::collection::vec(step, 1..24)
}

fn play(steps: Vec<Step>, place: fn(u16) -> Hash) {
    let mut world = World::new();
    for Step { block, crash } in steps {
        let block: BTreeMap<Hash, Option<Hash>> =
            block.into_iter().map(|(key, value)| (place(key), value.map(name))).collect();
        let root = world.commit(&block);
        assert_eq!(root, world.root());
        if crash {
            assert_eq!(world.crash(), root);
        }
        for key in block.keys().take(4) {
            world.check_path(key);
        }
        world.check_path(&place(u16::MAX));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn case_114_the_root_is_that_of_the_definition_whatever_is_written_when(
        steps in prop_oneof![steps(8, 8), steps(200, 120), steps(4_000, 900)],
    ) {
        play(steps, name);
    }

    #[test]
    fn keys_that_agree_in_many_bits_make_the_tree_deep_and_nothing_worse(steps in steps(400, 150)) {
        play(steps, ground);
    }
}

#[test]
fn a_page_splits_above_its_limit_and_is_taken_back_far_below_it() {
    let mut world = World::new();
    let block = |keys: std::ops::Range<usize>, value: Option<Hash>| {
        keys.map(|key| (name(u16::try_from(key).unwrap()), value)).collect::<BTreeMap<_, _>>()
    };
    world.commit(&block(0..LEAVES_MAX, Some(EMPTY)));
    assert_eq!(world.disk.0.len(), 1, "one page holds as many entries as its limit");
    world.commit(&block(LEAVES_MAX..LEAVES_MAX + 1, Some(EMPTY)));
    assert!(world.disk.0.len() > 1, "one entry more splits it");
    world.commit(&block(MERGE_MAX + 1..LEAVES_MAX + 1, None));
    assert!(world.disk.0.len() > 1, "few entries fewer do not merge it");
    world.commit(&block(MERGE_MAX..MERGE_MAX + 1, None));
    assert_eq!(world.disk.0.len(), 1);
    world.commit(&block(0..MERGE_MAX, None));
    assert_eq!((world.disk.0.len(), world.tree.root()), (0, EMPTY), "an empty tree has no page");
}

#[test]
fn a_page_that_changes_in_every_block_is_written_once_in_a_while() {
    let mut world = World::new();
    let mut written = 0;
    for height in 0..40_u16 {
        let before = world.disk.0.clone();
        world.commit(&BTreeMap::from([(name(0), Some(name(height)))]));
        written += usize::from(world.disk.0 != before);
    }
    assert_eq!(written, 1 + 40 / usize::try_from(UNWRITTEN_BLOCKS).unwrap());
}

#[test]
fn case_112_a_page_that_is_missing_or_garbage_is_a_fault_and_no_answer() {
    let mut world = World::new();
    world.commit(&(0..500).map(|key| (name(key), Some(EMPTY))).collect());
    let child = PageId::ROOT.child(PageId::ROOT.index_of(&name(3)));
    let open = |disk: &Disk| Tree::open(disk, PAGE_BYTES_MAX).unwrap();

    world.disk.0.insert(child, Bytes::from_static(b"no page"));
    assert!(matches!(open(&world.disk).path(&world.disk, &name(3)), Err(Fault::Corrupt { .. })));
    world.disk.0.remove(&child);
    assert!(matches!(open(&world.disk).path(&world.disk, &name(3)), Err(Fault::Corrupt { .. })));
    let changes = [(name(3), Some(name(1)))];
    assert!(matches!(open(&world.disk).apply(&world.disk, &changes), Err(Fault::Corrupt { .. })));
}

proptest! {
    #[test]
    fn a_page_is_read_as_it_was_written(keys in proptest::collection::btree_set(any::<[u8; 32]>(), 1..=LEAVES_MAX)) {
        let page = Page::Leaves(keys.iter().map(|key| Leaf { key: *key, value: key_hash(key) }).collect());
        prop_assert_eq!(Page::decode(&encoded(&page)), Some(page));
    }

    #[test]
    fn garbage_is_no_page_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Some(page) = Page::decode(&bytes) {
            prop_assert_eq!(encoded(&page), bytes);
        }
    }

    #[test]
    fn a_place_leads_back_to_the_page_above(path in proptest::collection::vec(0..16_usize, 1..64)) {
        let mut id = PageId::ROOT;
        for index in path {
            let child = id.child(index);
            prop_assert_eq!(child.parent(), Some((id, index)));
            id = child;
        }
    }
}
