//! What a database holds, counted without opening the state: for an operator, and for a database that does not open.
//!
//! Cost: every row of every table is read once, about 0.5 us a row.

use std::collections::BTreeMap;

use super::super::store::{Store, Table};
use super::format::{DurableHead, Identity, OpenError, read_head, read_identity};
use super::retention::read_pins;

/// Rows from one report of progress to the next.
const ROWS_REPORTED: u64 = 1 << 16;

/// What a database holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// What it is of.
    pub identity: Identity,
    /// The newest block.
    pub head: DurableHead,
    /// The oldest height that can be read.
    pub oldest: u64,
    /// The heights that are pinned, by the names of their pins.
    pub pins: BTreeMap<String, u64>,
    /// Every table, in the order of [`Table::ALL`].
    pub tables: Vec<TableSurvey>,
    /// Bytes on disk in all.
    pub disk_bytes: u64,
}

/// What a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableSurvey {
    /// The table.
    pub table: Table,
    /// Its rows.
    pub rows: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
    /// Bytes of its files, without what is still in a journal; nothing for a store that has none.
    pub disk_bytes: Option<u64>,
}

/// Counts what a database holds; nothing for an empty store. `progress` is told the rows that were read, now and then.
///
/// # Errors
/// Says what is wrong with the database; faults if it cannot be read.
pub fn survey(store: &dyn Store, progress: &mut dyn FnMut(u64)) -> Result<Option<Survey>, OpenError> {
    let snapshot = store.snapshot();
    let Some(identity) = read_identity(&*snapshot)? else { return Ok(None) };
    let head = read_head(&*snapshot)?;
    let pins = read_pins(&*snapshot)?;
    let (mut tables, mut rows_read) = (Vec::new(), 0_u64);
    for table in Table::ALL {
        let (mut rows, mut bytes) = (0_u64, 0_u64);
        snapshot.scan(table, &[], &mut |key, value| {
            let row = key.len().saturating_add(value.len());
            rows = rows.saturating_add(1);
            bytes = bytes.saturating_add(u64::try_from(row).unwrap_or(u64::MAX));
            rows_read = rows_read.saturating_add(1);
            if rows_read.is_multiple_of(ROWS_REPORTED) {
                progress(rows_read);
            }
            true
        })?;
        tables.push(TableSurvey { table, rows, bytes, disk_bytes: store.table_bytes(table) });
    }
    let (oldest, disk_bytes) = (head.undo_height.saturating_sub(1), store.disk_bytes()?);
    Ok(Some(Survey { identity, head, oldest, pins, tables, disk_bytes }))
}
