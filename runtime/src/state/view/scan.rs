//! Reading all entries of an earlier height: the newest ones merged with what later blocks replaced.
//!
//! Of what several blocks replaced under one key, the first block's holds.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::vec;

use alloy_primitives::Bytes;

use super::super::store::{Snapshot, Table};
use super::super::undo::{Row, rows_from};
use super::following;
use crate::fault::Fault;

/// What one block replaced, from a key on.
struct Record {
    height: u64,
    rows: vec::IntoIter<Row>,
    /// The key of the last row that was taken.
    last: Vec<u8>,
}

impl Record {
    fn next(&mut self, snapshot: &dyn Snapshot) -> Result<Option<Row>, Fault> {
        if self.rows.len() == 0 {
            self.rows = rows_from(snapshot, self.height, &following(&self.last))?.into_iter();
        }
        let row = self.rows.next();
        if let Some((key, _)) = &row {
            self.last.clone_from(key);
        }
        Ok(row)
    }
}

/// The next row of each record; the smallest key comes first, and of equal keys the first block's.
type Front = BinaryHeap<Reverse<(Vec<u8>, usize, Option<Vec<u8>>)>>;

/// What later blocks replaced, each key once, in the order of the keys.
struct Replaced<'a> {
    snapshot: &'a dyn Snapshot,
    records: Vec<Record>,
    front: Front,
}

impl<'a> Replaced<'a> {
    fn new(snapshot: &'a dyn Snapshot, later: impl Iterator<Item = u64>, from: &[u8]) -> Result<Self, Fault> {
        let record = |height| {
            let rows = rows_from(snapshot, height, from)?.into_iter();
            Ok(Record { height, rows, last: Vec::new() })
        };
        let records: Vec<Record> = later.map(record).collect::<Result<_, Fault>>()?;
        let mut replaced = Self { snapshot, records, front: Front::new() };
        for index in 0..replaced.records.len() {
            // A block that changed nothing from here on must not be asked for its first rows.
            if replaced.records.get(index).is_some_and(|record| record.rows.len() > 0) {
                replaced.advance(index)?;
            }
        }
        Ok(replaced)
    }

    fn advance(&mut self, index: usize) -> Result<(), Fault> {
        let Some(record) = self.records.get_mut(index) else { return Ok(()) };
        if let Some((key, value)) = record.next(self.snapshot)? {
            self.front.push(Reverse((key, index, value)));
        }
        Ok(())
    }

    /// Returns the first key of all records.
    fn key(&self) -> Option<&[u8]> {
        self.front.peek().map(|Reverse((key, ..))| key.as_slice())
    }

    fn next(&mut self) -> Result<Option<Row>, Fault> {
        let Some(Reverse((key, index, value))) = self.front.pop() else { return Ok(None) };
        self.advance(index)?;
        // What later blocks replaced under this key came after the height.
        while self.key() == Some(&key) {
            if let Some(Reverse((_, index, _))) = self.front.pop() {
                self.advance(index)?;
            }
        }
        Ok(Some((key, value)))
    }

    /// Visits what was replaced under keys below one of the newest entries, and the entry itself if it was not replaced.
    fn visit_through(&mut self, key: Bytes, value: Bytes, visit: &mut Visit<'_>) -> Result<bool, Fault> {
        while self.key().is_some_and(|first| first < &key[..]) {
            if !tell(self.next()?, visit) {
                return Ok(false);
            }
        }
        if self.key() == Some(&key[..]) { Ok(tell(self.next()?, visit)) } else { Ok(visit(key, value)) }
    }
}

type Visit<'a> = dyn FnMut(Bytes, Bytes) -> bool + 'a;

/// Visits a row if it is an entry.
fn tell(row: Option<Row>, visit: &mut Visit<'_>) -> bool {
    match row {
        Some((key, Some(value))) => visit(key.into(), value.into()),
        Some((_, None)) | None => true,
    }
}

/// Calls `visit` with every entry from a key on as it was before the later blocks, until it returns false.
pub(super) fn scan(
    snapshot: &dyn Snapshot,
    later: impl Iterator<Item = u64>,
    from: &[u8],
    visit: &mut Visit<'_>,
) -> Result<(), Fault> {
    let mut replaced = Replaced::new(snapshot, later, from)?;
    let (mut fault, mut goes_on) = (None, true);
    snapshot.scan(Table::Entries, from, &mut |key, value| {
        goes_on = replaced.visit_through(key, value, visit).unwrap_or_else(|error| {
            fault = Some(error);
            false
        });
        goes_on
    })?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    while goes_on && replaced.key().is_some() {
        goes_on = tell(replaced.next()?, visit);
    }
    Ok(())
}
