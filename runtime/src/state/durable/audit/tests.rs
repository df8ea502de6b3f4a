//! Damage of every kind of row, and what an audit says of it.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use std::sync::Arc;

use parity_scale_codec::{DecodeAll, Encode};

use super::*;
use crate::state::durable::tests::{IDENTITY, block, open, small};
use crate::state::store::memory::MemoryStore;
use crate::state::store::{Batch, Durability, Store};
use crate::state::{ChangeSet, StateKey};

/// A database of 600 entries and some blocks, with a pin.
fn database() -> Arc<dyn Store> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let genesis: ChangeSet =
        (0..600_u16).map(|n| (StateKey::from_bytes(&n.to_be_bytes()), Some(vec![1; 9].into()))).collect();
    let durable = DurableState::create(Arc::clone(&store), IDENTITY, small(0), &genesis, vec![]).unwrap();
    for height in 1..=72_u8 {
        let changes: Vec<_> = (0..100).map(|n| (n, (n % 3 != height % 3).then_some(height))).collect();
        durable.commit(u64::from(height), &block(&changes), vec![height]).unwrap();
        if height == 5 {
            durable.pin("held", 5).unwrap();
        }
    }
    store
}

fn audit(store: &Arc<dyn Store>) -> Vec<String> {
    open(store, small(0)).audit(&mut |_| {})
}

/// Returns what is found after a change of the rows.
fn found(change: impl FnOnce(&dyn Snapshot, &mut Batch)) -> Vec<String> {
    let store = database();
    assert_eq!(audit(&store), [""; 0]);
    let mut batch = Batch::default();
    change(&*store.snapshot(), &mut batch);
    store.write(batch, Durability::Synced).unwrap();
    audit(&store)
}

#[test]
fn a_sound_database_has_no_findings_whatever_its_age() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let durable = DurableState::create(Arc::clone(&store), IDENTITY, small(0), &ChangeSet::new(), vec![]).unwrap();
    assert_eq!(durable.audit(&mut |_| {}), [""; 0]);
    durable.commit(1, &block(&[(1, Some(1))]), vec![]).unwrap();
    drop(durable);
    assert_eq!(audit(&store), [""; 0]);
    let mut stages = Vec::new();
    open(&database(), small(0)).audit(&mut |progress| stages.push(progress.stage));
    stages.dedup();
    assert_eq!(stages, ["blocks", "pages", "records"]);
}

#[test]
fn case_112_every_damaged_page_is_found() {
    let store = database();
    let mut pages = Vec::new();
    let visit = &mut |key, value| {
        pages.push((key, value));
        true
    };
    store.snapshot().scan(Table::Pages, &[], visit).unwrap();
    assert!(pages.len() > 40);
    for (key, value) in pages.iter().skip(1).step_by(7) {
        let mut flipped = value.to_vec();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        let flipped = found(|_, batch| batch.put(Table::Pages, key.clone(), flipped));
        assert!(flipped[0].starts_with(&format!("the page {}", hex::encode(key))), "{flipped:?}");
        let gone = found(|_, batch| batch.remove(Table::Pages, key.clone()));
        assert!(!gone.is_empty());
    }
    let more = found(|_, batch| batch.put(Table::Pages, vec![4, 0, 0], vec![0]));
    assert!(more[0].contains("the page 040000"), "{more:?}");
}

#[test]
fn case_112_every_damaged_entry_and_record_is_found() {
    let entry = found(|_, batch| batch.put(Table::Entries, vec![0, 1], &b"flipped"[..]));
    assert_eq!(entry, ["stored state is corrupt: the root of the entries is not the one of the head"]);
    let mut records = Vec::new();
    let visit = &mut |key: Bytes, value: Bytes| {
        if key.len() > 8 {
            records.push((key, value));
        }
        true
    };
    database().snapshot().scan(Table::Undo, &[], visit).unwrap();
    // Each holds a value whose last byte can be another.
    for (key, value) in records.iter().step_by(17) {
        let height = u64::from_be_bytes(*key.first_chunk().unwrap());
        let mut rows = Vec::<undo::Row>::decode_all(&mut &value[..]).unwrap();
        rows[0].1 = Some(b"flipped".to_vec());
        let found = found(|_, batch| batch.put(Table::Undo, key.clone(), rows.encode()));
        let expected = format!("the record of block {height} does not lead back to the root of block {}", height - 1);
        assert_eq!(found, [expected]);
    }
    let torn = found(|_, batch| batch.put(Table::Undo, records[0].0.clone(), &b"torn"[..]));
    assert!(torn[0].starts_with("stored undo record is corrupt"), "{torn:?}");
}

#[test]
fn a_row_that_is_left_over_or_missing_is_found() {
    let height = |height: u64| height.to_be_bytes().to_vec();
    let row = |table, key: Vec<u8>| found(|_, batch| batch.put(table, key, vec![1; 40]));
    assert_eq!(
        row(Table::Blocks, height(73)),
        ["the row 0x0000000000000049 of the table blocks does not belong there"]
    );
    assert_eq!(row(Table::Undo, height(3)), ["the row 0x0000000000000003 of the table undo does not belong there"]);
    assert_eq!(row(Table::Meta, b"other".to_vec()), ["the row 0x6f74686572 of the table meta does not belong there"]);
    let short = found(|_, batch| batch.put(Table::Blocks, height(7), vec![1; 31]));
    assert!(short[0].contains("0x0000000000000007"), "{short:?}");
    assert_eq!(row(Table::Blocks, height(72)), ["the root of the newest block is not the one of the head"]);
    let missing = found(|_, batch| batch.remove(Table::Blocks, height(30)));
    assert_eq!(missing, ["block 30 is missing"]);
    let prints = found(|snapshot, batch| {
        let list = snapshot.get(Table::Undo, &height(20)).unwrap().unwrap();
        batch.put(Table::Undo, height(20), &list[8..]);
    });
    assert_eq!(prints, ["the record of block 20 does not list the keys that it holds"]);
}
