//! Pins and pruning against a model that keeps every value at every height.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use std::sync::Arc;

use alloy_primitives::Bytes;
use proptest::prelude::*;

use super::*;
use crate::state::StateReader;
use crate::state::durable::tests::{IDENTITY, Model, block, key, open, small};
use crate::state::store::Store;
use crate::state::store::memory::MemoryStore;

const SHORT: DurableConfig = DurableConfig { check_interval_blocks: 0, ..small(0) };
const ARCHIVE: DurableConfig = DurableConfig { retained_blocks: Retention::Archive, ..SHORT };

struct World {
    store: Arc<dyn Store>,
    durable: DurableState,
    model: Model,
}

impl World {
    fn new(config: DurableConfig) -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let genesis = block(&[(1, Some(1)), (200, Some(2))]);
        let durable = DurableState::create(Arc::clone(&store), IDENTITY, config, &genesis, vec![]).unwrap();
        Self { store, durable, model: Model::new(&genesis) }
    }

    /// Commits blocks that write, rewrite and remove a few keys.
    fn go_on(&mut self, blocks: u64) {
        for _ in 0..blocks {
            let height = self.model.head() + 1;
            let number = u8::try_from(height % 251).unwrap();
            let changes = block(&[(number % 7, Some(number)), (number % 5, None), (number, Some(1))]);
            let root = self.model.commit(&changes);
            assert_eq!(self.durable.commit(height, &changes, vec![number]).unwrap(), root);
        }
    }

    fn restart(self, config: DurableConfig) -> Self {
        let Self { store, durable, model } = self;
        drop(durable);
        let durable = open(&store, config);
        Self { store, durable, model }
    }

    fn rows(&self) -> Vec<(Bytes, Bytes)> {
        let mut rows = Vec::new();
        for table in Table::ALL {
            let visit = &mut |key, value| {
                rows.push((key, value));
                true
            };
            self.store.snapshot().scan(table, &[], visit).unwrap();
        }
        rows
    }
}

#[test]
fn a_pinned_height_stays_readable_across_restarts_until_it_is_unpinned() {
    let mut world = World::new(SHORT);
    world.go_on(3);
    world.durable.pin("export", 2).unwrap();
    world.durable.pin("export", 2).unwrap();
    world.go_on(40);
    world.model.check(&world.durable, 2);
    world = world.restart(SHORT);
    assert_eq!(world.durable.pins(), BTreeMap::from([("export".to_owned(), 2)]));
    world.go_on(40);
    world.model.check(&world.durable, 2);
    // All later ones too, and none before it.
    world.model.check(&world.durable, 30);
    assert_eq!(world.durable.at(1).unwrap_err(), ViewError::Pruned { height: 1, oldest: 2 });

    assert!(world.durable.unpin("export").unwrap());
    assert!(!world.durable.unpin("export").unwrap());
    world.model.check(&world.durable, 2);
    world.durable.prune(u64::MAX).unwrap();
    assert_eq!(world.durable.heights(), (83 - PAGES_BEHIND_BLOCKS_MAX, 83));
    assert_eq!(world.restart(SHORT).durable.pins(), BTreeMap::new());
}

#[test]
fn what_cannot_be_pinned_is_refused_with_the_reason() {
    let mut world = World::new(SHORT);
    world.go_on(PAGES_BEHIND_BLOCKS_MAX + 8);
    let durable = &world.durable;
    let why = |name: &str, height| durable.pin(name, height).unwrap_err().to_string();
    assert_eq!(why("a", 7), "cannot pin: height 7 is pruned; the oldest that is kept is 8");
    let head = PAGES_BEHIND_BLOCKS_MAX + 8;
    let future = format!("cannot pin: height {} is not committed; the newest is {head}", head + 1);
    assert_eq!(why("a", head + 1), future);
    for name in ["", "a b", "a/b", "ä", &"a".repeat(PIN_NAME_BYTES_MAX + 1)] {
        assert!(matches!(durable.pin(name, 40), Err(PinError::Name)), "{name}");
    }
    durable.pin("a", 30).unwrap();
    assert_eq!(why("a", 31), "pin a holds height 30 already: unpin it first, or take another name");
    for number in 1..PINS_MAX {
        durable.pin(&format!("pin-{number}"), 30).unwrap();
    }
    assert!(matches!(durable.pin("one-more", 30), Err(PinError::TooMany)));
    assert_eq!(durable.pins().len(), PINS_MAX);
}

#[test]
fn a_pin_that_is_damaged_in_the_database_is_found_when_it_is_opened() {
    let world = World::new(SHORT);
    let mut batch = Batch::default();
    batch.put(Table::Meta, row("a"), &b"short"[..]);
    world.store.write(batch, Durability::Synced).unwrap();
    let damage = DurableState::open(world.store, IDENTITY, SHORT).unwrap_err();
    assert!(damage.to_string().contains("stored pin is corrupt"), "{damage}");
}

#[test]
fn an_archive_keeps_every_height() {
    let mut world = World::new(ARCHIVE);
    world.go_on(100);
    assert_eq!(world.durable.prune(u64::MAX).unwrap(), Pruned::default());
    let world = world.restart(ARCHIVE);
    for height in [0, 1, 50, 100] {
        world.model.check(&world.durable, height);
    }
}

#[test]
fn blocks_and_pruning_together_reach_a_shorter_retention() {
    let mut world = World::new(ARCHIVE);
    world.go_on(150);
    world = world.restart(SHORT);
    let mut left = 150 - PAGES_BEHIND_BLOCKS_MAX;
    while left > 0 {
        // Two that opening or a block let go, and five more.
        let pruned = world.durable.prune(5).unwrap();
        assert_eq!((pruned.removed, pruned.left), (7.min(left), left.saturating_sub(7)));
        world.go_on(1);
        // A block needs one record more.
        left = pruned.left + u64::from(pruned.left > 0);
        world.model.check(&world.durable, world.durable.heights().0);
    }
    let head = world.model.head();
    assert_eq!(world.durable.heights(), (head - PAGES_BEHIND_BLOCKS_MAX, head));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pruning_in_steps_across_restarts_leaves_what_pruning_at_once_leaves(
        blocks in 0..90_u64,
        pinned in proptest::option::of(0..90_u64),
        steps in proptest::collection::vec(0..9_u64, 0..12),
    ) {
        let world = || {
            let mut world = World::new(ARCHIVE);
            world.go_on(blocks);
            if let Some(height) = pinned.filter(|height| *height <= blocks) {
                world.durable.pin("held", height).unwrap();
            }
            world.restart(SHORT)
        };
        let (once, mut stepwise) = (world(), world());
        let all = once.durable.prune(u64::MAX).unwrap();
        prop_assert_eq!(all.left, 0);
        let mut removed = 0;
        for steps in steps.into_iter().chain([u64::MAX]) {
            let pruned = stepwise.durable.prune(steps).unwrap();
            prop_assert!(pruned.removed <= steps.saturating_add(2), "and what opening let go");
            removed += pruned.removed;
            prop_assert_eq!(removed + pruned.left, all.removed);
            stepwise = stepwise.restart(SHORT);
            stepwise.model.check(&stepwise.durable, stepwise.durable.heights().0);
        }
        prop_assert_eq!(stepwise.rows(), once.rows());
        prop_assert_eq!(stepwise.durable.heights(), once.durable.heights());
    }
}

#[test]
fn a_view_of_a_height_outlives_its_pruning() {
    let mut world = World::new(ARCHIVE);
    world.go_on(2 * PAGES_BEHIND_BLOCKS_MAX);
    world = world.restart(SHORT);
    let (oldest, _) = world.durable.heights();
    let view = world.durable.at(oldest).unwrap();
    world.durable.prune(u64::MAX).unwrap();
    assert!(world.durable.at(oldest).is_err());
    let value = view.get(&key(1)).unwrap();
    assert_eq!(value, world.model.states[usize::try_from(oldest).unwrap()].get(&key(1)).unwrap());
    assert_ne!(value, world.durable.newest().get(&key(1)).unwrap());
}
