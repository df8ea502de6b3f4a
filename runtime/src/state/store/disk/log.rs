//! The log: every batch, behind each other in files, until the engine has it.
//!
//! ```text
//! segment  "FLORLOG" 01 | part...      named by the number of its first batch, 20 digits
//! part     "REC" 01 | fields | xxh3-128 of fields and rows [16] | rows
//! fields   row bytes u32 | number of the batch u64 | synced u64 | place u32
//! ```
//! Integers are little-endian. A batch is one part or more, numbered from 0 by their places; the last one's has the highest bit set.
//! Numbers of batches follow each other by one, over all segments. `synced` is a batch that was on the disk before this one was
//! written, and with it all before. A segment is synced whole before the next one is begun, and removed when the engine has its
//! batches on the disk.
//!
//! Guarantees that a batch which was synced is read again whole, and that one which was never finished is not read; damage is
//! found, unless it is to the last thing that the process wrote: then it cannot be told from a batch that was never finished.
//! Costs of a batch: one pass over its rows for the checksum, one write, one sync. What is *staged* is written before the rest of its
//! batch is known, and on its way to the disk when that comes.

use core::ops::Range;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use alloy_primitives::Bytes;
use xxhash_rust::xxh3::Xxh3;

use super::super::{Durability, Rows, StoreError};
use super::folder::sync;
use super::io_error;

/// What a segment begins with.
const SEGMENT: &[u8; 8] = b"FLORLOG\x01";

/// What a part begins with.
const PART: &[u8; 4] = b"REC\x01";

/// Bytes of a part's fields.
const FIELDS_BYTES: usize = 24;

/// Bytes of a part before its rows.
const HEADER_BYTES: usize = 44;

/// Stands in the place of a batch's last part.
const LAST: u32 = 1 << 31;

/// The newest segment, to which batches are added.
#[derive(Debug)]
pub(super) struct Log {
    folder: PathBuf,
    file: File,
    path: PathBuf,
    /// The end of the newest batch.
    bytes: u64,
    /// Rows of the next batch that are written already.
    staged: Vec<Rows>,
    /// The newest batch.
    number: u64,
    /// The newest batch that is on the disk.
    synced: u64,
}

/// A segment to which nothing is added any more.
#[derive(Debug)]
pub(super) struct Sealed {
    /// Its last batch.
    pub(super) last: u64,
    path: PathBuf,
}

impl Sealed {
    /// Removes the segment, whose batches the engine has on the disk.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn remove(&self) -> Result<(), StoreError> {
        fs::remove_file(&self.path).map_err(|error| io_error(&error))
    }
}

impl Log {
    /// Begins a log behind a batch, in a folder in which none is.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn begin(folder: &Path, number: u64) -> Result<Self, StoreError> {
        let (file, path) = begin_segment(folder, number).map_err(|error| io_error(&error))?;
        let bytes = SEGMENT.len() as u64;
        Ok(Self { folder: folder.to_owned(), file, path, bytes, staged: Vec::new(), number, synced: number })
    }

    /// Returns the number of the newest batch.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Returns the bytes of the newest segment.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Removes the newest segment, whose batches the engine has on the disk, as the last one.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn remove(&mut self) -> Result<(), StoreError> {
        fs::remove_file(&self.path).map_err(|error| io_error(&error))
    }

    /// Writes rows with which the next batch begins, and lets the system bring them to the disk. If the next batch begins with others,
    /// they are forgotten.
    ///
    /// # Errors
    /// What the system says; nothing may be added then.
    pub(super) fn stage(&mut self, rows: &[Rows]) -> Result<(), StoreError> {
        self.try_stage(rows).map_err(|error| io_error(&error))
    }

    fn try_stage(&mut self, rows: &[Rows]) -> io::Result<()> {
        self.forget_staged()?;
        if rows.is_empty() {
            return Ok(());
        }
        let bytes = self.write(rows, 0)?;
        self.staged = rows.to_vec();
        // Starts writing, and does not wait; it is a hint, which may fail. What remains in memory is not read again.
        rustix::fs::fadvise(&self.file, self.bytes, NonZeroU64::new(bytes), rustix::fs::Advice::DontNeed)
            .unwrap_or_default();
        Ok(())
    }

    /// Adds the next batch. After a failure it is not known what the log holds of it, and nothing may be added.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn append(&mut self, parts: &[Rows], durability: Durability) -> Result<(), StoreError> {
        self.try_append(parts, durability).map_err(|error| io_error(&error))
    }

    fn try_append(&mut self, parts: &[Rows], durability: Durability) -> io::Result<()> {
        let is_same = |(staged, part): (&Rows, &Rows)| {
            staged.bytes().as_ptr() == part.bytes().as_ptr() && staged.len() == part.len()
        };
        let begins = self.staged.len() <= parts.len() && self.staged.iter().zip(parts).all(is_same);
        if !begins {
            self.forget_staged()?;
        }
        let place = u32::from(!self.staged.is_empty());
        self.write(parts.get(self.staged.len()..).unwrap_or_default(), place | LAST)?;
        self.staged.clear();
        self.bytes = self.file.stream_position()?;
        self.number = self.number.saturating_add(1);
        if durability == Durability::Synced { self.sync() } else { Ok(()) }
    }

    /// Writes a part of the next batch; returns its bytes.
    fn write(&mut self, rows: &[Rows], place: u32) -> io::Result<u64> {
        let bytes = rows.iter().map(|rows| rows.bytes().len()).fold(0, usize::saturating_add);
        let too_large = |_| io::Error::new(io::ErrorKind::FileTooLarge, "a batch of more than 4 GiB");
        let bytes = u32::try_from(bytes).map_err(too_large)?;
        let header = header(fields(bytes, self.number.saturating_add(1), self.synced, place), rows);
        self.file.write_all(&header)?;
        rows.iter().try_for_each(|rows| self.file.write_all(rows.bytes()))?;
        Ok(u64::from(bytes).saturating_add(HEADER_BYTES as u64))
    }

    /// Takes back what is staged, if anything is.
    fn forget_staged(&mut self) -> io::Result<()> {
        if !self.staged.is_empty() {
            self.staged.clear();
            self.file.set_len(self.bytes)?;
            self.file.seek(SeekFrom::Start(self.bytes))?;
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.synced = self.number;
        Ok(())
    }

    /// Begins the next segment if this one has so many bytes; returns the one that it ended.
    ///
    /// # Errors
    /// What the system says; nothing may be added then.
    pub(super) fn rotate(&mut self, segment_bytes: u64) -> Result<Option<Sealed>, StoreError> {
        if self.bytes < segment_bytes { Ok(None) } else { self.seal().map(Some) }
    }

    /// Begins the next segment; returns the one that it ended.
    ///
    /// # Errors
    /// What the system says; nothing may be added then.
    pub(super) fn seal(&mut self) -> Result<Sealed, StoreError> {
        let sealed = self.forget_staged().and_then(|()| self.sync());
        let next = sealed.and_then(|()| begin_segment(&self.folder, self.number));
        let (file, path) = next.map_err(|error| io_error(&error))?;
        self.bytes = SEGMENT.len() as u64;
        self.file = file;
        Ok(Sealed { last: self.number, path: std::mem::replace(&mut self.path, path) })
    }
}

/// Makes the file of a segment that goes on behind a batch, and its name.
fn begin_segment(folder: &Path, number: u64) -> io::Result<(File, PathBuf)> {
    let path = folder.join(format!("{:020}", number.saturating_add(1)));
    let mut file = File::create(&path)?;
    file.write_all(SEGMENT)?;
    file.sync_all()?;
    sync(folder)?;
    Ok((file, path))
}

fn header(fields: [u8; FIELDS_BYTES], rows: &[Rows]) -> [u8; HEADER_BYTES] {
    let mut hasher = Xxh3::new();
    hasher.update(&fields);
    rows.iter().for_each(|rows| hasher.update(rows.bytes()));
    let mut header = [0; HEADER_BYTES];
    let bytes = PART.iter().copied().chain(fields).chain(hasher.digest128().to_le_bytes());
    header.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
    header
}

/// Returns what a part says of itself.
fn fields(bytes: u32, number: u64, synced: u64, place: u32) -> [u8; FIELDS_BYTES] {
    let mut fields = [0; FIELDS_BYTES];
    let words = bytes.to_le_bytes().into_iter().chain(number.to_le_bytes()).chain(synced.to_le_bytes());
    let words = words.chain(place.to_le_bytes());
    fields.iter_mut().zip(words).for_each(|(field, byte)| *field = byte);
    fields
}

/// The batches of a log from one on, segment by segment.
#[derive(Debug)]
pub(super) struct Reader {
    folder: PathBuf,
    /// Segments that may hold batches which are not yet read: the numbers of their first.
    segments: VecDeque<u64>,
    /// The batch that is read next.
    next: u64,
    /// All segments, the oldest first.
    all: Vec<u64>,
}

/// A batch as the log has it.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) number: u64,
    pub(super) parts: Vec<Rows>,
}

impl Reader {
    /// Reads which segments there are, and goes to the batch behind one.
    ///
    /// # Errors
    /// `Damaged` if that batch must have been there; what the system says.
    pub(super) fn open(folder: &Path, after: u64) -> Result<Self, StoreError> {
        let mut all = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| io_error(&error))? {
            let path = entry.map_err(|error| io_error(&error))?.path();
            let number = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<u64>().ok());
            all.push(number.ok_or_else(|| damaged(&path, "it is no part of the log"))?);
        }
        all.sort_unstable();
        let next = after.saturating_add(1);
        // The last one that begins at the batch or before it, and those behind.
        let read = all.partition_point(|first| *first <= next).saturating_sub(1);
        let segments: VecDeque<u64> = all.iter().copied().skip(read).collect();
        if segments.front().is_some_and(|first| *first > next) {
            return Err(damaged(folder, "its first part is missing"));
        }
        Ok(Self { folder: folder.to_owned(), segments, next, all })
    }

    /// Reads the batches of the next segment that are not passed over; nothing if there is no more.
    ///
    /// # Errors
    /// `Damaged` with the file; what the system says.
    pub(super) fn read(&mut self) -> Result<Option<Vec<Record>>, StoreError> {
        let Some(first) = self.segments.pop_front() else { return Ok(None) };
        let path = path_of(&self.folder, first);
        let bytes = fs::read(&path).map_err(|error| io_error(&error))?;
        let mut segment = Segment { bytes: bytes.into(), at: SEGMENT.len(), next: first };
        let is_last = self.segments.is_empty();
        let mut records = Vec::new();
        if segment.bytes.starts_with(SEGMENT) {
            while let Some(record) = segment.record() {
                if record.number == self.next {
                    self.next = self.next.saturating_add(1);
                    records.push(record);
                }
            }
        } else if !is_last || segment.was_synced() {
            return Err(damaged(&path, "its beginning"));
        }
        if is_last && !segment.is_at_end() && segment.was_synced() {
            return Err(damaged(&path, "a batch of the log"));
        }
        if !is_last && (!segment.is_at_end() || self.segments.front() != Some(&segment.next)) {
            return Err(damaged(&path, "a part of the log that was complete is not"));
        }
        Ok(Some(records))
    }

    /// Removes all segments, whose batches the engine has on the disk.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn remove(self) -> Result<(), StoreError> {
        let mut segments = self.all.iter();
        segments.try_for_each(|first| fs::remove_file(path_of(&self.folder, *first))).map_err(|error| io_error(&error))
    }
}

/// A segment that is read.
struct Segment {
    bytes: Bytes,
    at: usize,
    /// The number of the batch that comes next.
    next: u64,
}

impl Segment {
    /// Reads the next batch; nothing if there is no whole one.
    fn record(&mut self) -> Option<Record> {
        let (mut at, mut parts) = (self.at, Vec::new());
        loop {
            let part = Part::read(&self.bytes, at)?;
            if part.number != self.next || usize::try_from(part.place & !LAST) != Ok(parts.len()) {
                return None;
            }
            at = part.rows.end;
            parts.push(Rows::from_bytes(self.bytes.slice(part.rows))?);
            if part.place & LAST != 0 {
                break;
            }
        }
        self.at = at;
        self.next = self.next.saturating_add(1);
        self.next.checked_sub(1).map(|number| Record { number, parts })
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Tells whether the batch that cannot be read was once on the disk: a later one says so.
    fn was_synced(&self) -> bool {
        let rest = self.at.min(self.bytes.len())..self.bytes.len();
        rest.filter_map(|at| Part::read(&self.bytes, at)).any(|part| part.synced >= self.next)
    }
}

/// A part of a batch as it lies in a segment.
struct Part {
    number: u64,
    synced: u64,
    place: u32,
    rows: Range<usize>,
}

impl Part {
    /// Reads a part; nothing if there is no whole one.
    fn read(bytes: &[u8], at: usize) -> Option<Self> {
        let part = bytes.get(at..)?.strip_prefix(PART)?;
        let (length, rest) = part.split_first_chunk::<4>()?;
        let (number, rest) = rest.split_first_chunk::<8>()?;
        let (synced, rest) = rest.split_first_chunk::<8>()?;
        let (place, rest) = rest.split_first_chunk::<4>()?;
        let (checksum, rest) = rest.split_first_chunk::<16>()?;
        let [length, place] = [*length, *place].map(u32::from_le_bytes);
        let [number, synced] = [*number, *synced].map(u64::from_le_bytes);
        let rows = rest.get(..usize::try_from(length).ok()?)?;
        let mut hasher = Xxh3::new();
        hasher.update(&fields(length, number, synced, place));
        hasher.update(rows);
        let start = at.checked_add(HEADER_BYTES)?;
        let rows = start..start.checked_add(rows.len())?;
        (hasher.digest128().to_le_bytes() == *checksum).then_some(Self { number, synced, place, rows })
    }
}

fn path_of(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}"))
}

fn damaged(path: &Path, what: &str) -> StoreError {
    StoreError::Damaged(format!("{}: {what}", path.display()))
}

#[cfg(test)]
mod tests;
