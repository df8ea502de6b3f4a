//! Rows of tables as one piece of memory: built once, written as it is, and read where it lies.
//!
//! ```text
//! row   table u8 | key bytes u32 | value bytes u32, or u32::MAX for a removal | key | value
//! ```
//! Integers are little-endian. Costs of a row: its bytes, the nine before them, and 16 for its place. Copies each byte once.

use core::ops::Range;

use alloy_primitives::Bytes;

use super::Table;

/// Bytes of a row before its key.
const HEADER_BYTES: usize = 9;

/// Stands for a removal where the length of the value would be.
const REMOVED: u32 = u32::MAX;

/// Rows, behind each other.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    bytes: Bytes,
    places: Vec<Place>,
}

/// A row: its table, its key, and its value or nothing for a removal.
pub type Row<'a> = (Table, &'a [u8], Option<&'a [u8]>);

/// Where a row is.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// The beginning of the key.
    key: u32,
    key_bytes: u32,
    value_bytes: u32,
    table: Table,
}

impl Place {
    fn key(self) -> Range<usize> {
        let start = self.key as usize;
        start..start.saturating_add(self.key_bytes as usize)
    }

    fn value(self) -> Option<Range<usize>> {
        let start = self.key().end;
        (self.value_bytes != REMOVED).then(|| start..start.saturating_add(self.value_bytes as usize))
    }
}

impl Rows {
    /// Reads rows as they were written; nothing if the bytes are none.
    pub fn from_bytes(bytes: Bytes) -> Option<Self> {
        let mut places = Vec::new();
        let mut at = 0_usize;
        while at < bytes.len() {
            let (header, _) = bytes.get(at..)?.split_first_chunk::<HEADER_BYTES>()?;
            let [table, a, b, c, d, e, f, g, h] = *header;
            let place = Place {
                table: Table::ALL.get(usize::from(table)).copied()?,
                key: u32::try_from(at.checked_add(HEADER_BYTES)?).ok()?,
                key_bytes: u32::from_le_bytes([a, b, c, d]),
                value_bytes: u32::from_le_bytes([e, f, g, h]),
            };
            at = place.value().unwrap_or_else(|| place.key()).end;
            places.push(place);
        }
        (at == bytes.len()).then_some(Self { bytes, places })
    }

    /// Returns the rows as they are written.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns a row by its number.
    pub fn get(&self, index: usize) -> Option<Row<'_>> {
        let place = *self.places.get(index)?;
        let part = |range| self.bytes.get(range).unwrap_or_default();
        Some((place.table, part(place.key()), place.value().map(part)))
    }

    /// Returns a row by its number, as parts of the piece of memory in which all of them lie.
    pub fn slices(&self, index: usize) -> Option<(Table, Bytes, Option<Bytes>)> {
        let place = *self.places.get(index)?;
        let part = |range: Range<usize>| self.bytes.slice(range);
        Some((place.table, part(place.key()), place.value().map(part)))
    }

    /// Returns the rows in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        rows_of(&self.bytes, &self.places)
    }
}

/// Rows that are being added.
#[derive(Clone, Debug, Default)]
pub struct RowsBuilder {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

impl RowsBuilder {
    /// Makes room for so many rows of so many bytes in all.
    pub fn with_capacity(rows: usize, bytes: usize) -> Self {
        let bytes = rows.saturating_mul(HEADER_BYTES).saturating_add(bytes);
        Self { bytes: Vec::with_capacity(bytes), places: Vec::with_capacity(rows) }
    }

    /// Writes a row.
    pub fn put(&mut self, table: Table, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.put_with(table, key, |bytes| bytes.extend_from_slice(value.as_ref()));
    }

    /// Writes a row whose value `append` adds.
    pub fn put_with(&mut self, table: Table, key: impl AsRef<[u8]>, append: impl FnOnce(&mut Vec<u8>)) {
        let row = self.begin(table, key.as_ref());
        let start = self.bytes.len();
        append(&mut self.bytes);
        let value_bytes = length(self.bytes.len().saturating_sub(start));
        self.finish(row, value_bytes);
    }

    /// Removes a row.
    pub fn remove(&mut self, table: Table, key: impl AsRef<[u8]>) {
        let row = self.begin(table, key.as_ref());
        self.finish(row, REMOVED);
    }

    /// Tells whether there are none yet.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns the rows so far.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        rows_of(&self.bytes, &self.places)
    }

    /// Ends the adding.
    pub fn build(self) -> Rows {
        Rows { bytes: self.bytes.into(), places: self.places }
    }

    fn begin(&mut self, table: Table, key: &[u8]) -> Place {
        let key_bytes = length(key.len());
        self.bytes.push(table as u8);
        self.bytes.extend_from_slice(&key_bytes.to_le_bytes());
        self.bytes.extend_from_slice(&REMOVED.to_le_bytes());
        let start = length(self.bytes.len());
        self.bytes.extend_from_slice(key);
        Place { key: start, key_bytes, value_bytes: REMOVED, table }
    }

    fn finish(&mut self, row: Place, value_bytes: u32) {
        let row = Place { value_bytes, ..row };
        let header = row.key().start.saturating_sub(size_of::<u32>());
        if let Some(bytes) = self.bytes.get_mut(header..).and_then(<[u8]>::first_chunk_mut) {
            *bytes = value_bytes.to_le_bytes();
        }
        self.places.push(row);
    }
}

fn rows_of<'a>(bytes: &'a [u8], places: &'a [Place]) -> impl Iterator<Item = Row<'a>> {
    places.iter().map(|place| {
        let part = |range| bytes.get(range).unwrap_or_default();
        (place.table, part(place.key()), place.value().map(part))
    })
}

/// Lengths are below those of a batch, which is far below 4 GiB.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(REMOVED)
}

#[cfg(test)]
mod tests;
