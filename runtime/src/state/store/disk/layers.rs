//! Batches that the engine has not taken yet, over what it has: read as if they were one.
//!
//! A layer is a batch in memory, found by key and, where somebody walks through a table, by order. Layers never change. The newest
//! that names a row says what is there. Cost of a read: one look into a map for each layer, of which there are few.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::sync::{Arc, OnceLock};

use alloy_primitives::Bytes;
use foldhash::quality::RandomState;

use super::super::super::as_is::AsIs;
use super::super::{Row, Rows, StoreError, Table};

/// A row of a layer: its part, and its number there.
type Place = (u32, u32);

/// A batch.
pub(super) struct Layer {
    /// Its number.
    pub(super) number: u64,
    /// Its bytes in memory.
    pub(super) bytes: usize,
    parts: Vec<Rows>,
    places: HashMap<u64, Place, BuildHasherDefault<AsIs>>,
    /// Rows whose hash another row has, which hardly happens.
    others: Vec<Place>,
    /// The rows of each table in the order of their keys, once somebody asks.
    ordered: [OnceLock<Vec<Place>>; Table::ALL.len()],
}

/// Hashes of rows, with a seed of their own, so that nobody can look for rows that meet.
#[derive(Clone, Debug, Default)]
pub(super) struct RowHasher(RandomState);

impl RowHasher {
    /// Returns the hash of a row's name.
    pub(super) fn hash(&self, table: Table, key: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write_u8(table as u8);
        hasher.write(key);
        hasher.finish()
    }
}

impl Layer {
    /// Makes a layer without rows.
    pub(super) fn empty(number: u64) -> Self {
        Self {
            number,
            bytes: 0,
            parts: Vec::new(),
            places: HashMap::default(),
            others: Vec::new(),
            ordered: Default::default(),
        }
    }

    /// Adds a part of the batch.
    pub(super) fn add(&mut self, rows: Rows, hasher: &RowHasher) {
        self.bytes = self.bytes.saturating_add(rows.bytes().len());
        self.places.reserve(rows.len());
        let part = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        for (number, (table, key, _)) in (0_u32..).zip(rows.iter()) {
            match self.places.entry(hasher.hash(table, key)) {
                Entry::Vacant(entry) => drop(entry.insert((part, number))),
                Entry::Occupied(_) => self.others.push((part, number)),
            }
        }
        self.parts.push(rows);
    }

    /// Returns the parts of the batch.
    pub(super) fn parts(&self) -> &[Rows] {
        &self.parts
    }

    /// Returns what the batch says of a row: its value, or nothing for a removal.
    fn get(&self, hash: u64, table: Table, key: &[u8]) -> Option<Option<Bytes>> {
        let is_it = |place: &Place| self.row(*place).is_some_and(|(of, name, _)| of == table && name == key);
        let others = || self.others.iter().find(|place| is_it(place));
        let place = self.places.get(&hash).filter(|place| is_it(place)).or_else(others)?;
        let (part, number) = *place;
        self.parts.get(part as usize)?.slices(number as usize).map(|(.., value)| value)
    }

    fn row(&self, (part, number): Place) -> Option<Row<'_>> {
        self.parts.get(part as usize)?.get(number as usize)
    }

    /// Returns the rows of a table from a key on, ordered by their keys.
    fn from(&self, table: Table, key: &[u8]) -> &[Place] {
        let name = |place: &Place| self.row(*place).map_or(&[][..], |(_, key, _)| key);
        let order = || {
            let parts = (0_u32..).zip(&self.parts);
            let places = parts.flat_map(|(part, rows)| {
                let rows = (0_u32..).zip(rows.iter());
                rows.filter(|(_, (of, ..))| *of == table).map(move |(number, _)| (part, number))
            });
            let mut places: Vec<Place> = places.collect();
            // Finds what is in order already.
            places.sort_by(|a, b| name(a).cmp(name(b)));
            places
        };
        let ordered = self.ordered[table as usize].get_or_init(order);
        let start = ordered.partition_point(|place| name(place) < key);
        ordered.get(start..).unwrap_or_default()
    }
}

/// Returns what the newest of the layers, which are ordered from the oldest, says of a row; nothing if none names it.
pub(super) fn get(layers: &[Arc<Layer>], hasher: &RowHasher, table: Table, key: &[u8]) -> Option<Option<Bytes>> {
    // Most reads are of a state that the engine has.
    let hash = layers.first().map(|_| hasher.hash(table, key))?;
    layers.iter().rev().find_map(|layer| layer.get(hash, table, key))
}

/// A row that the engine has.
pub(super) type Stored = Result<(Bytes, Bytes), StoreError>;

/// Calls `visit` with the rows of a table from a key on, in order, until it returns false; `stored` are those that the engine has.
///
/// # Errors
/// The first one of the engine.
pub(super) fn scan(
    layers: &[Arc<Layer>],
    table: Table,
    from: &[u8],
    stored: impl Iterator<Item = Stored>,
    visit: &mut dyn FnMut(Bytes, Bytes) -> bool,
) -> Result<(), StoreError> {
    // The newest first, so that of one name the first says what is there.
    let mut layers: Vec<_> =
        layers.iter().rev().map(|layer| (layer, layer.from(table, from).iter().peekable())).collect();
    layers.retain_mut(|(_, places)| places.peek().is_some());
    let mut stored = stored.peekable();
    loop {
        let first =
            layers.iter_mut().filter_map(|(layer, places)| layer.row(**places.peek()?).map(|(_, key, _)| key)).min();
        let Some(first) = first else { break };
        // What the engine has before it.
        while let Some(row) = stored.next_if(|row| row.as_ref().map_or(true, |(key, _)| key[..] < *first)) {
            let (key, value) = row?;
            if !visit(key, value) {
                return Ok(());
            }
        }
        stored.next_if(|row| row.as_ref().is_ok_and(|(key, _)| key[..] == *first));
        let mut newest = None;
        for (layer, places) in &mut layers {
            let named = places.next_if(|place| layer.row(**place).is_some_and(|(_, key, _)| key == first));
            let (None, Some((part, number))) = (&newest, named) else { continue };
            newest = layer.parts.get(*part as usize).and_then(|rows| rows.slices(*number as usize));
        }
        if let Some((_, key, Some(value))) = newest
            && !visit(key, value)
        {
            return Ok(());
        }
    }
    for row in stored {
        let (key, value) = row?;
        if !visit(key, value) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
