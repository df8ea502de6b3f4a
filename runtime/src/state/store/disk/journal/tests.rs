//! Journals that are whole, torn and damaged.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use std::fs;

use super::super::engine::Engine;
use super::super::{DiskConfig, DiskStore};
use super::*;
use crate::state::store::{Batch as Rows, Durability, RowsBuilder, Store, Table};

/// Lets the engine take batches and one of nothing behind them; returns its journal, with the room that it reserves cut off. Batch 1
/// is the first.
fn journal(batches: u64, durability: Durability) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path(), DiskConfig::default()).unwrap();
    for number in 1..=batches + 1 {
        let mut rows = RowsBuilder::default();
        if number <= batches {
            rows.put(Table::Entries, number.to_be_bytes(), [7; 5]);
            rows.remove(Table::Pages, [1, 2, 3]);
        }
        match durability {
            Durability::Synced => engine.apply(number, &[rows.build()]).unwrap(),
            Durability::Buffered => engine.apply_unsynced(number, &[rows.build()]).unwrap(),
        }
    }
    drop(engine);
    let mut journal = fs::read(folder.path().join("0.jnl")).unwrap();
    let end = Reader::default().take(&journal, Age::Newest).unwrap();
    assert!(journal[end..].iter().all(|byte| *byte == 0), "the engine's journal is not understood");
    journal.truncate(end);
    journal
}

/// Returns the last batch of a journal.
fn last_of(journal: &[u8], age: Age) -> Result<Option<u64>, &'static str> {
    let mut reader = Reader::default();
    reader.take(journal, age)?;
    Ok(reader.last_number())
}

/// Returns where the last batch begins.
fn begin_of_last(journal: &[u8]) -> usize {
    let starts = (0..journal.len()).rev();
    let mut starts =
        starts.filter(|at| Batch::read(&journal[*at..]).is_some_and(|batch| at + batch.bytes == journal.len()));
    starts.next().unwrap()
}

#[test]
fn case_112_every_flipped_bit_of_a_journal_is_found_but_in_a_batch_that_may_be_unfinished() {
    let journal = journal(4, Durability::Synced);
    let begin = begin_of_last(&journal);
    assert_eq!(last_of(&journal, Age::Newest), Ok(Some(5)));
    let mut harmless = 0;
    for bit in 0..journal.len() * 8 {
        let mut flipped = journal.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let in_last = bit / 8 >= begin;
        match last_of(&flipped, Age::Newest) {
            Err(_) => {}
            Ok(last) if in_last => assert!([Some(4), Some(5)].contains(&last), "bit {bit}"),
            // The sequence number is another, but one that the batch could have had.
            Ok(last) => {
                assert_eq!(last, Some(5), "bit {bit}");
                harmless += 1;
            }
        }
        let sealed = last_of(&flipped, Age::Sealed);
        assert!(sealed.is_err() || sealed == Ok(Some(5)), "bit {bit}");
    }
    assert!(harmless < 8, "{harmless} bits are not looked at");
}

#[test]
fn case_109_a_journal_that_ends_anywhere_ends_with_the_last_whole_batch() {
    for durability in [Durability::Synced, Durability::Buffered] {
        let journal = journal(3, durability);
        let mut lasts = Vec::new();
        for length in 0..=journal.len() {
            let mut torn = journal.clone();
            torn.truncate(length);
            lasts.push(last_of(&torn, Age::Newest).unwrap());
            // The room that was reserved is there too.
            torn.resize(journal.len() + 100, 0);
            assert_eq!(last_of(&torn, Age::Newest).unwrap(), *lasts.last().unwrap());
        }
        lasts.dedup();
        assert_eq!(lasts, [None, Some(1), Some(2), Some(3), Some(4)]);
    }
}

#[test]
fn case_109_batches_that_were_not_synced_may_be_missing_before_others() {
    let mut journal = journal(3, Durability::Buffered);
    let second = Batch::read(&journal).unwrap().bytes;
    journal[second + 20] ^= 1;
    assert_eq!(last_of(&journal, Age::Newest), Ok(Some(1)));
}

#[test]
fn a_journal_goes_on_where_the_one_before_ended() {
    let journal = journal(3, Durability::Synced);
    let first = Batch::read(&journal).unwrap().bytes;
    let second = first + Batch::read(&journal[first..]).unwrap().bytes;
    let mut reader = Reader::default();
    reader.take(&journal[..first], Age::Sealed).unwrap();
    assert_eq!(reader.last_number(), Some(1));
    let gap = Reader { last: reader.last, skips: false }.take(&journal[second..], Age::Newest);
    assert_eq!(gap, Err("a batch of the journal is missing"));
    reader.take(&journal[first..], Age::Newest).unwrap();
    assert_eq!(reader.last_number(), Some(4));
}

#[test]
fn case_109_behind_journals_that_are_gone_batches_go_on_but_never_back() {
    let journal = journal(4, Durability::Synced);
    let first = Batch::read(&journal).unwrap().bytes;
    let second = first + Batch::read(&journal[first..]).unwrap().bytes;
    let third = second + Batch::read(&journal[second..]).unwrap().bytes;
    let mut reader = Reader::default();
    reader.take(&journal[..first], Age::Sealed).unwrap();
    reader.skip();
    reader.take(&journal[second..third], Age::Sealed).unwrap();
    assert_eq!(reader.last_number(), Some(3));
    // It is no licence for the batches behind the first.
    assert_eq!(reader.take(&journal[third..third], Age::Sealed), Ok(0));
    assert_eq!(reader.take(&journal[first..second], Age::Newest), Err("a batch of the journal is missing"));
    reader.skip();
    assert_eq!(reader.take(&journal[first..second], Age::Newest), Err("a batch of the journal is missing"));
    assert_eq!(reader.take(&journal[third..], Age::Newest), Ok(journal.len() - third));
}

/// A power cut after the engine has removed two journals: the older name is there again, the newer is not.
#[test]
fn case_109_an_old_journal_whose_removal_was_lost_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let small = || DiskConfig { memtable_bytes: 1 << 20, journal_bytes_max: 64 << 20, ..DiskConfig::default() };
    let path = |name: &str| folder.path().join("database").join(name);
    let value = vec![9_u8; 1 << 20];
    // A second name, because the engine removes the first when it likes.
    let (elsewhere, mut number) = (tempfile::tempdir().unwrap(), 0_u64);
    let oldest = elsewhere.path().join("0.jnl");
    {
        let store = DiskStore::open(folder.path(), small()).unwrap();
        fs::hard_link(path("0.jnl"), &oldest).unwrap();
        // Until the journals 0 and 1 are gone.
        while path("0.jnl").exists() || path("1.jnl").exists() || !path("2.jnl").exists() {
            let mut rows = Rows::default();
            rows.put(Table::Entries, (number % 7).to_be_bytes(), [&number.to_be_bytes()[..], &value].concat());
            store.write(rows, Durability::Synced).unwrap();
            number += 1;
            assert!(number < 400, "the engine removes no journal");
        }
    }
    assert_ne!(fs::copy(&oldest, path("0.jnl")).unwrap(), 0);
    let store = DiskStore::open(folder.path(), small()).unwrap();
    let snapshot = store.snapshot();
    for key in 0..7_u64 {
        let newest = (0..number).rev().find(|number| number % 7 == key).unwrap();
        let stored = snapshot.get(Table::Entries, &key.to_be_bytes()).unwrap().unwrap();
        assert_eq!(stored[..8], newest.to_be_bytes(), "key {key}");
    }
}

#[test]
fn a_mark_survives_being_bytes() {
    let mark = Mark { number: 1, synced: 2, sequence: u64::MAX };
    assert_eq!(Mark::from_bytes(&mark.to_bytes()), Some(mark));
    assert_eq!(Mark::from_bytes(&mark.to_bytes()[1..]), None);
}
