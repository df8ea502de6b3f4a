//! The check beside the blocks: any rounds and steps come to the root, and a difference stops the writer.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::state::durable::tests::{IDENTITY, block, small};
use crate::state::durable::{DurableConfig, Retention};
use crate::state::store::memory::MemoryStore;
use crate::state::store::{Batch, Durability, Store, Table};
use crate::state::{ChangeSet, StateKey};

const EVERY_TEN: DurableConfig =
    DurableConfig { check_interval_blocks: 10, retained_blocks: Retention::Archive, ..small(0) };

fn state(entries: u16, config: DurableConfig) -> (Arc<dyn Store>, DurableState) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let genesis: ChangeSet =
        (0..entries).map(|n| (StateKey::from_bytes(&n.to_be_bytes()), Some(vec![1; 9].into()))).collect();
    (Arc::clone(&store), DurableState::create(store, IDENTITY, config, &genesis, vec![]).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_rounds_and_steps_come_to_the_root_while_blocks_go_on(
        entries in 0..300_u16,
        leaves_max in 0..200_usize,
        steps in 1..400_usize,
    ) {
        let (_, durable) = state(entries, EVERY_TEN);
        let root = durable.head().root;
        let mut check = RootCheck::with_rounds_of(durable.newest(), root, leaves_max);
        let mut height = 0;
        while check.advance(steps).unwrap() == CheckProgress::Going {
            height += 1;
            let (number, value) = (u8::try_from(height % 100).unwrap(), u8::try_from(height % 200).unwrap());
            durable.commit(height, &block(&[(number, Some(value))]), vec![]).unwrap();
        }
        prop_assert_eq!(check.advance(1).unwrap(), CheckProgress::Equal { height: 0 });
        // At an earlier height, through what the blocks replaced.
        RootCheck::with_rounds_of(durable.at(0).unwrap(), root, leaves_max).finish().unwrap();
        let wrong = RootCheck::with_rounds_of(durable.newest(), root, leaves_max).finish();
        prop_assert_eq!(wrong.is_err(), height > 0);
    }
}

#[test]
fn case_114_a_check_is_due_at_each_multiple_of_the_interval() {
    let (_, durable) = state(5, EVERY_TEN);
    let mut checked = Vec::new();
    for height in 1..=35 {
        durable.commit(height, &block(&[(1, Some(1))]), vec![]).unwrap();
        loop {
            match durable.advance_check(3).unwrap() {
                CheckProgress::Idle => break,
                CheckProgress::Going => {}
                CheckProgress::Equal { height } => checked.push(height),
            }
        }
    }
    assert_eq!(checked, [10, 20, 30]);
    let (_, never) = state(5, DurableConfig { check_interval_blocks: 0, ..EVERY_TEN });
    never.commit(1, &ChangeSet::new(), vec![]).unwrap();
    assert_eq!(never.advance_check(3).unwrap(), CheckProgress::Idle);
}

#[test]
fn case_114_a_root_that_differs_stops_the_writer() {
    let (store, durable) = state(300, EVERY_TEN);
    let mut batch = Batch::default();
    batch.put(Table::Entries, [0, 77], &b"flipped"[..]);
    store.write(batch, Durability::Synced).unwrap();
    for height in 1..=10 {
        durable.commit(height, &block(&[(1, Some(1))]), vec![]).unwrap();
    }
    let found = loop {
        match durable.advance_check(40) {
            Ok(progress) => assert_eq!(progress, CheckProgress::Going),
            Err(fault) => break fault,
        }
    };
    assert!(found.to_string().contains("the root of the entries is not the one of the head"), "{found}");
    assert!(durable.commit(11, &block(&[(1, Some(1))]), vec![]).is_err());
    assert!(durable.pin("a", 10).is_err());
    // Readers are not stopped.
    durable.at(5).unwrap();
}
