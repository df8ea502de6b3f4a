//! Rows as bytes and back.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;

fn rows() -> Rows {
    let mut rows = RowsBuilder::default();
    rows.put(Table::Entries, b"key", b"value");
    rows.put(Table::Meta, b"", b"");
    rows.remove(Table::Pages, b"gone");
    rows.put_with(Table::Undo, [7; 300], |bytes| bytes.extend_from_slice(&[1; 70_000]));
    rows.build()
}

#[test]
fn rows_are_read_as_they_were_added() {
    let rows = rows();
    let expected: [Row<'_>; 4] = [
        (Table::Entries, b"key", Some(b"value")),
        (Table::Meta, b"", Some(b"")),
        (Table::Pages, b"gone", None),
        (Table::Undo, &[7; 300], Some(&[1; 70_000])),
    ];
    assert_eq!(rows.iter().collect::<Vec<_>>(), expected);
    let read = Rows::from_bytes(rows.bytes().clone()).unwrap();
    assert_eq!(read.iter().collect::<Vec<_>>(), expected);
    for (index, (table, key, value)) in expected.into_iter().enumerate() {
        assert_eq!(read.get(index), Some(expected[index]));
        let slices = (table, Bytes::copy_from_slice(key), value.map(Bytes::copy_from_slice));
        assert_eq!(read.slices(index), Some(slices));
    }
    assert_eq!((read.len(), read.get(4)), (4, None));
}

#[test]
fn bytes_that_are_no_rows_are_refused() {
    let rows = rows();
    let ends: Vec<usize> =
        [0].into_iter().chain(rows.places.iter().map(|place| place.value().unwrap_or(place.key()).end)).collect();
    for end in 0..rows.bytes().len() {
        let found = Rows::from_bytes(rows.bytes().slice(..end));
        assert_eq!(found.is_some(), ends.contains(&end), "cut at {end}");
    }
    let mut other = rows.bytes().to_vec();
    other[0] = 5;
    assert!(Rows::from_bytes(other.into()).is_none(), "there is no such table");
}
