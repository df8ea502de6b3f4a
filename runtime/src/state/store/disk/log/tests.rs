//! Logs that are whole, torn and damaged.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use tempfile::TempDir;

use super::super::super::{RowsBuilder, Table};
use super::*;

/// The rows of a batch, as two parts.
fn parts(number: u64) -> [Rows; 2] {
    let mut rows = [RowsBuilder::default(), RowsBuilder::default()];
    rows[0].put(Table::Entries, number.to_be_bytes(), [7; 5]);
    rows[0].remove(Table::Pages, [1, 2, 3]);
    rows[1].put(Table::Meta, b"head", number.to_be_bytes());
    rows.map(RowsBuilder::build)
}

/// Writes batches from 1 on into a new log.
fn log(batches: u64, durability: Durability) -> (TempDir, Log) {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::begin(folder.path(), 0).unwrap();
    for number in 1..=batches {
        let parts = parts(number);
        if number.is_multiple_of(2) {
            log.stage(&parts[..1]).unwrap();
        }
        log.append(&parts, durability).unwrap();
    }
    (folder, log)
}

/// Reads the numbers of the batches behind one; every row of them is compared.
fn read(folder: &Path, after: u64) -> Result<Vec<u64>, StoreError> {
    let mut reader = Reader::open(folder, after)?;
    let mut numbers = Vec::new();
    while let Some(records) = reader.read()? {
        for record in records {
            let expected: Vec<_> = parts(record.number).iter().map(|rows| rows.bytes().clone()).collect();
            let found: Vec<_> = record.parts.iter().map(|rows| rows.bytes().clone()).collect();
            assert_eq!(found.concat(), expected.concat());
            numbers.push(record.number);
        }
    }
    Ok(numbers)
}

/// Reads a log of one segment with other bytes.
fn read_bytes(bytes: &[u8], after: u64) -> Result<Vec<u64>, StoreError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(path_of(folder.path(), 1), bytes).unwrap();
    read(folder.path(), after)
}

/// Returns where each record of a segment begins, and where the last one ends.
fn starts(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![SEGMENT.len()];
    let mut at = starts[0];
    while let Some(part) = Part::read(bytes, at) {
        at = part.rows.end;
        if part.place & LAST != 0 {
            starts.push(at);
        }
    }
    starts
}

#[test]
fn what_was_added_is_read_from_any_batch_on() {
    let (folder, _) = log(5, Durability::Synced);
    for after in 0..=6 {
        assert_eq!(read(folder.path(), after).unwrap(), (after + 1..=5).collect::<Vec<_>>());
    }
}

#[test]
fn case_109_a_log_that_ends_anywhere_ends_with_the_last_whole_batch() {
    let (_folder, log) = log(4, Durability::Synced);
    let bytes = fs::read(&log.path).unwrap();
    let starts = starts(&bytes);
    assert_eq!(starts.len(), 5);
    for end in 0..=bytes.len() {
        let whole = starts.iter().skip(1).filter(|start| **start <= end).count() as u64;
        assert_eq!(read_bytes(&bytes[..end], 0).unwrap(), (1..=whole).collect::<Vec<_>>(), "cut at {end}");
        // What a file system may show behind the end of what was written.
        let mut zeros = bytes[..end].to_vec();
        zeros.resize(bytes.len() + 64, 0);
        let numbers = read_bytes(&zeros, 0).unwrap();
        assert!(numbers.len() as u64 >= whole && numbers.is_sorted(), "zeros from {end}");
    }
}

#[test]
fn case_112_every_flipped_bit_of_a_log_is_found_but_in_a_batch_that_may_be_unfinished() {
    let (_folder, log) = log(4, Durability::Synced);
    let bytes = fs::read(&log.path).unwrap();
    let last = starts(&bytes)[3];
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        match read_bytes(&flipped, 0) {
            Err(error) => assert!(matches!(error, StoreError::Damaged(_)) && bit / 8 < last, "bit {bit}: {error}"),
            Ok(numbers) => assert!(bit / 8 >= last && numbers == [1, 2, 3], "bit {bit}: {numbers:?}"),
        }
    }
}

#[test]
fn case_109_batches_that_were_not_synced_may_be_missing_before_others() {
    let (_folder, log) = log(4, Durability::Buffered);
    let mut bytes = fs::read(&log.path).unwrap();
    let starts = starts(&bytes);
    bytes[starts[1] + 50] ^= 1;
    assert_eq!(read_bytes(&bytes, 0).unwrap(), [1], "nothing behind a gap is read");
}

#[test]
fn segments_follow_each_other_and_those_that_are_not_needed_are_not_read() {
    let (folder, mut log) = log(2, Durability::Buffered);
    let first = log.seal().unwrap();
    log.append(&parts(3), Durability::Buffered).unwrap();
    let second = log.seal().unwrap();
    log.append(&parts(4), Durability::Synced).unwrap();
    assert_eq!((first.last, second.last, log.number()), (2, 3, 4));
    assert_eq!(read(folder.path(), 0).unwrap(), [1, 2, 3, 4]);

    let damaged = |found: Result<Vec<u64>, _>| assert!(matches!(found, Err(StoreError::Damaged(_))), "{found:?}");
    let bytes = fs::read(&second.path).unwrap();
    fs::write(&second.path, &bytes[..bytes.len() - 1]).unwrap();
    damaged(read(folder.path(), 0));
    assert_eq!(read(folder.path(), 3).unwrap(), [4], "batch 3 is not needed");
    second.remove().unwrap();
    damaged(read(folder.path(), 0));
    first.remove().unwrap();
    damaged(read(folder.path(), 2));
    assert_eq!(read(folder.path(), 3).unwrap(), [4]);
    assert_eq!(read(folder.path(), 9).unwrap(), [] as [u64; 0]);
}

#[test]
fn case_109_a_segment_whose_removal_was_lost_is_passed_over() {
    let (folder, mut log) = log(2, Durability::Synced);
    log.seal().unwrap();
    log.append(&parts(3), Durability::Synced).unwrap();
    log.seal().unwrap().remove().unwrap();
    log.append(&parts(4), Durability::Synced).unwrap();
    assert_eq!(read(folder.path(), 3).unwrap(), [4]);
    Reader::open(folder.path(), 4).unwrap().remove().unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_segment_that_was_just_begun_holds_nothing() {
    let (folder, mut log) = log(2, Durability::Synced);
    log.seal().unwrap();
    for bytes in [&SEGMENT[..], &SEGMENT[..5], &[]] {
        fs::write(&log.path, bytes).unwrap();
        assert_eq!(read(folder.path(), 0).unwrap(), [1, 2]);
    }
}

#[test]
fn a_file_that_is_no_segment_is_refused() {
    let (folder, _) = log(1, Durability::Synced);
    fs::write(folder.path().join("notes"), b"mine").unwrap();
    assert!(matches!(read(folder.path(), 0), Err(StoreError::Damaged(why)) if why.contains("no part of the log")));
}

#[test]
fn what_was_staged_is_nothing_without_its_batch() {
    let (folder, mut log) = log(2, Durability::Synced);
    let next = parts(3);
    for staged in 1..=2 {
        log.stage(&next[..staged]).unwrap();
        assert_eq!(read(folder.path(), 0).unwrap(), [1, 2]);
    }
    // Another batch comes instead, whose rows are the same but not the ones that were staged.
    log.append(&parts(3), Durability::Synced).unwrap();
    log.stage(&next).unwrap();
    log.seal().unwrap();
    assert_eq!(read(folder.path(), 0).unwrap(), [1, 2, 3]);
    log.stage(&parts(4)).unwrap();
    log.append(&[], Durability::Synced).unwrap();
    let mut reader = Reader::open(folder.path(), 3).unwrap();
    let found =
        std::iter::from_fn(|| reader.read().unwrap()).flatten().map(|record| (record.number, record.parts.len()));
    assert_eq!(found.collect::<Vec<_>>(), [(4, 1)], "an empty batch, and nothing of what was staged");
}
