//! What a block replaced: enough to read the state as it was before it.
//!
//! A block's record lies in the undo table as a list of fingerprints, by which is seen which blocks changed a key, and as
//! chunks of the replaced values in the order of their keys.
//!
//! ```text
//! height u64, big-endian            -> fingerprint u64, little-endian, of every key; ascending
//! height u64, big-endian | last key -> SCALE Vec<(key Vec<u8>, Option<value Vec<u8>>)>, ascending, at most 64
//! ```
//! The fingerprint of a key is the first 8 bytes of its BLAKE3 hash. Cost of a read at an earlier height: a binary search for
//! each block since then, and one chunk from the store where it finds the key.

use std::sync::Arc;

use alloy_primitives::Bytes;
use parity_scale_codec::{Compact, Decode, DecodeAll, Encode};

use super::StateKey;
use super::store::{RowsBuilder, Snapshot, StoreError, Table};
use super::tree::Hash;
use crate::fault::Fault;

/// Entries of one chunk.
const CHUNK_ENTRIES: usize = 64;

const HEIGHT_BYTES: usize = 8;

/// Eight bytes that stand for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// Takes the fingerprint of a key from its hash.
    pub fn of(key: &Hash) -> Self {
        Self(key.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)))
    }
}

/// The keys that one block changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedKeys {
    /// The block.
    pub height: u64,
    fingerprints: Vec<Fingerprint>,
}

impl ChangedKeys {
    /// Takes the fingerprints of the keys that a block changed.
    pub fn new(height: u64, mut fingerprints: Vec<Fingerprint>) -> Self {
        fingerprints.sort_unstable();
        Self { height, fingerprints }
    }

    /// Tells whether these are the keys that the block changed, by their fingerprints in order.
    pub fn is_of(&self, fingerprints: &[Fingerprint]) -> bool {
        self.fingerprints == fingerprints
    }

    /// Tells whether the block may have changed a key; it has not if the answer is no.
    ///
    /// Fingerprints are hashes, so one is where its share of all of them says, give or take the square root of their number. A
    /// read at an earlier height asks each block since, so that the place decides what it costs: a few lines of memory here, and
    /// no more than a search through all of them where somebody has chosen the keys.
    pub fn may_hold(&self, key: Fingerprint) -> bool {
        let count = self.fingerprints.len();
        let expected = usize::try_from(u128::from(key.0).saturating_mul(count as u128) >> 64).unwrap_or(count);
        let (from, to) = (expected.saturating_sub(count.isqrt()), expected.saturating_add(count.isqrt()).min(count));
        let near = self.fingerprints.get(from..to).unwrap_or_default();
        match near.binary_search(&key) {
            Ok(_) => true,
            Err(place) if (place == 0 && from > 0) || (place == near.len() && to < count) => {
                self.fingerprints.binary_search(&key).is_ok()
            }
            Err(_) => false,
        }
    }
}

/// Adds a part of a block's record: what it replaced under some keys that follow each other, in their order. `append` adds the row
/// of each ([`append_row`]).
///
/// # Errors
/// The first one of `append`.
pub fn put_replaced<E>(
    rows: &mut RowsBuilder,
    height: u64,
    keys: &[&StateKey],
    mut append: impl FnMut(&StateKey, &mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    for chunk in keys.chunks(CHUNK_ENTRIES) {
        let Some(last) = chunk.last() else { continue };
        let mut appended = Ok(());
        rows.put_with(Table::Undo, row(height, last.as_bytes()), |bytes| {
            Compact(u32::try_from(chunk.len()).unwrap_or(u32::MAX)).encode_to(bytes);
            appended = chunk.iter().try_for_each(|key| append(key, bytes));
        });
        appended?;
    }
    Ok(())
}

/// Appends a row of a record: a key, and what was under it.
pub fn append_row(bytes: &mut Vec<u8>, key: &StateKey, value: Option<&[u8]>) {
    (key.as_bytes(), value).encode_to(bytes);
}

/// Tells whether a row of a record is of a key.
pub fn is_row_of(mut row: &[u8], key: &StateKey) -> bool {
    Compact::<u32>::decode(&mut row).is_ok_and(|bytes| usize::try_from(bytes.0) == Ok(key.as_bytes().len()))
        && row.starts_with(key.as_bytes())
}

/// Writes which keys a block changed.
pub fn put_changed(rows: &mut RowsBuilder, changed: &ChangedKeys) {
    rows.put_with(Table::Undo, changed.height.to_be_bytes(), |bytes| {
        bytes.extend(changed.fingerprints.iter().flat_map(|fingerprint| fingerprint.0.to_le_bytes()));
    });
}

/// Removes the record of a block.
///
/// # Errors
/// Faults if the store cannot answer.
pub fn remove(rows: &mut RowsBuilder, snapshot: &dyn Snapshot, height: u64) -> Result<(), StoreError> {
    snapshot.scan(Table::Undo, &height.to_be_bytes(), &mut |key, _| {
        let is_of_block = key.starts_with(&height.to_be_bytes());
        if is_of_block {
            rows.remove(Table::Undo, key);
        }
        is_of_block
    })
}

/// Reads which keys the blocks from a height on changed.
///
/// # Errors
/// Faults if the store cannot answer, or if a record is damaged.
pub fn changed_keys(snapshot: &dyn Snapshot, mut height: u64, head: u64) -> Result<Vec<Arc<ChangedKeys>>, Fault> {
    let mut blocks = Vec::new();
    while height <= head {
        let bytes = snapshot.get(Table::Undo, &height.to_be_bytes())?.ok_or_else(|| corrupt(height, "is missing"))?;
        let (words, []) = bytes.as_chunks::<8>() else { return Err(corrupt(height, "has a torn fingerprint")) };
        let fingerprints: Vec<_> = words.iter().map(|word| Fingerprint(u64::from_le_bytes(*word))).collect();
        if !fingerprints.is_sorted() {
            return Err(corrupt(height, "is out of order"));
        }
        blocks.push(Arc::new(ChangedKeys { height, fingerprints }));
        height = height.saturating_add(1);
    }
    Ok(blocks)
}

/// Calls `visit` with every key that a block changed.
///
/// # Errors
/// Faults if the store cannot answer, or if the record is damaged.
pub fn for_each_key(snapshot: &dyn Snapshot, height: u64, visit: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
    let mut damaged = None;
    snapshot.scan(Table::Undo, &row(height, &[0]), &mut |key, value| {
        if !key.starts_with(&height.to_be_bytes()) {
            return false;
        }
        match decode(height, &value) {
            Ok(rows) => rows.iter().for_each(|(key, _)| visit(key)),
            Err(fault) => damaged = Some(fault),
        }
        damaged.is_none()
    })?;
    damaged.map_or(Ok(()), Err)
}

/// Returns what a block replaced under a key: nothing if it did not change the key.
///
/// # Errors
/// Faults if the store cannot answer, or if the record is damaged.
pub fn replaced(snapshot: &dyn Snapshot, height: u64, key: &[u8]) -> Result<Option<Option<Bytes>>, Fault> {
    let rows = chunk(snapshot, height, key)?;
    let found = rows.binary_search_by(|(row, _)| row.as_slice().cmp(key)).ok();
    let value = found.and_then(|index| rows.into_iter().nth(index)).map(|(_, value)| value);
    Ok(value.map(|value| value.map(Bytes::from)))
}

/// Returns the first key at or after another that a block changed.
///
/// # Errors
/// Faults if the store cannot answer, or if the record is damaged.
pub fn next_changed(snapshot: &dyn Snapshot, height: u64, from: &[u8]) -> Result<Option<StateKey>, Fault> {
    let rows = chunk(snapshot, height, from)?;
    Ok(rows.into_iter().map(|(key, _)| key).find(|key| key.as_slice() >= from).map(|key| StateKey::from_bytes(&key)))
}

/// Returns what a block replaced under some keys: the first of those at or after another that it changed, ordered by key.
/// Nothing if there is none.
///
/// # Errors
/// Faults if the store cannot answer, or if the record is damaged.
pub fn rows_from(snapshot: &dyn Snapshot, height: u64, from: &[u8]) -> Result<Vec<Row>, Fault> {
    let mut rows = chunk(snapshot, height, from)?;
    rows.drain(..rows.partition_point(|(key, _)| key.as_slice() < from));
    Ok(rows)
}

/// A key that a block changed, and what was there.
pub type Row = (Vec<u8>, Option<Vec<u8>>);

/// Returns the chunk in which a key lies if it is anywhere.
fn chunk(snapshot: &dyn Snapshot, height: u64, key: &[u8]) -> Result<Vec<Row>, Fault> {
    // Not the fingerprints, whose row has no key.
    let from = if key.is_empty() { &[0][..] } else { key };
    match snapshot.seek(Table::Undo, &row(height, from))? {
        Some((row, value)) if row.starts_with(&height.to_be_bytes()) => decode(height, &value),
        _ => Ok(Vec::new()),
    }
}

fn decode(height: u64, bytes: &[u8]) -> Result<Vec<Row>, Fault> {
    let rows = Vec::<Row>::decode_all(&mut &bytes[..]).map_err(|error| corrupt(height, error))?;
    if rows.is_sorted_by(|(a, _), (b, _)| a < b) { Ok(rows) } else { Err(corrupt(height, "is out of order")) }
}

fn row(height: u64, key: &[u8]) -> Vec<u8> {
    let mut row = Vec::with_capacity(key.len().saturating_add(HEIGHT_BYTES));
    row.extend_from_slice(&height.to_be_bytes());
    row.extend_from_slice(key);
    row
}

fn corrupt(height: u64, detail: impl core::fmt::Display) -> Fault {
    Fault::Corrupt { what: "undo record", detail: format!("of block {height}: {detail}") }
}

#[cfg(test)]
mod tests;
