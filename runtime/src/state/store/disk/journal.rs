//! Whether a journal is whole. The engine takes the first record that it cannot decode for the torn end of the journal and
//! goes on without what follows, refuses a torn end that it can decode, covers no batch's sequence number by a checksum, and believes lengths before checking them. So
//! each batch begins with a mark of ours, and journals are read here before the engine reads them.
//!
//! ```text
//! batch   01 | rows u32 | sequence number u64 | row... | 03 | xxh3-64 of the rows u64 | "FJL" 03
//! row     02 | kind u8 | compression u8 | table u64 | key bytes u16 | value bytes u32 | stored bytes u32 | key | value
//! mark    the first row: key "batch", value number u64 | synced u64 | sequence u64
//! ```
//! Integers are little-endian. Numbers of batches follow each other by one, over all journals that follow each other. `synced` is a batch that was on the
//! disk before this one was written, and with it all before; `sequence` is at most this batch's sequence number and more than that of
//! the batch before. Guarantees that a journal which passes is read by the engine as it was written, except that its last
//! batch may be missing if it is damaged and was the last thing that the process did: then it cannot be told from one that
//! was never finished.

use xxhash_rust::xxh3::xxh3_64;

/// The key of a mark.
pub(super) const MARK_KEY: &[u8] = b"batch";

const START: u8 = 1;
const ROW: u8 = 2;
const END: u8 = 3;
const END_WORD: &[u8] = b"FJL\x03";

/// Sequence numbers that the background may have taken between reading the counter and writing a batch.
const SEQUENCE_SLACK: u64 = 1 << 32;

/// What a batch says of itself and of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The number of the batch.
    pub(super) number: u64,
    /// The newest batch that was surely on the disk.
    pub(super) synced: u64,
    /// The engine's sequence number was at least this.
    pub(super) sequence: u64,
}

impl Mark {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        [self.number, self.synced, self.sequence].iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, []) = bytes.as_chunks::<8>() else { return None };
        let [number, synced, sequence] = words else { return None };
        let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
        Some(Self { number: word(number), synced: word(synced), sequence: word(sequence) })
    }
}

/// Reads journals from the oldest to the newest.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// The newest batch, and its sequence number.
    last: Option<(Mark, u64)>,
    /// Batches may be missing before the next one.
    skips: bool,
}

/// Whether the engine goes on writing into a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// It was synced whole before the next was begun.
    Sealed,
    /// It may end in a batch that was never finished.
    Newest,
}

impl Reader {
    /// Takes the next journal; returns how many of its bytes hold batches.
    ///
    /// # Errors
    /// Says what is damaged.
    pub(super) fn take(&mut self, journal: &[u8], age: Age) -> Result<usize, &'static str> {
        let mut at = 0;
        while let Some(batch) = journal.get(at..).and_then(Batch::read) {
            self.follow(&batch)?;
            at = at.saturating_add(batch.bytes);
        }
        let rest = journal.get(at..).unwrap_or_default();
        // The engine reserves room, which is zeros.
        if rest.iter().all(|byte| *byte == 0) {
            return Ok(at);
        }
        match age {
            Age::Sealed => Err("a journal that was complete has a batch that is not"),
            Age::Newest if self.was_synced(rest) => Err("a batch of the journal is damaged"),
            Age::Newest => Ok(at),
        }
    }

    /// Lets batches be missing before the next one: those of a journal that is gone.
    pub(super) const fn skip(&mut self) {
        self.skips = true;
    }

    /// Returns the number of the newest batch; nothing if there is none.
    pub(super) fn last_number(&self) -> Option<u64> {
        self.last.map(|(mark, _)| mark.number)
    }

    fn follow(&mut self, batch: &Batch) -> Result<(), &'static str> {
        let Batch { mark, sequence, .. } = batch;
        if let Some((before, sequence_before)) = self.last {
            let missing = mark.number.checked_sub(before.number).and_then(|step| step.checked_sub(1));
            if missing.is_none_or(|missing| missing > 0 && !self.skips) {
                return Err("a batch of the journal is missing");
            }
            if sequence_before >= mark.sequence {
                return Err("a sequence number of the journal is damaged");
            }
        }
        if *sequence < mark.sequence || sequence.saturating_sub(mark.sequence) > SEQUENCE_SLACK {
            return Err("a sequence number of the journal is damaged");
        }
        self.last = Some((*mark, *sequence));
        self.skips = false;
        Ok(())
    }

    /// Tells whether the batch with which the rest of a journal begins was once on the disk: a later one says so.
    fn was_synced(&self, rest: &[u8]) -> bool {
        let starts = rest.iter().enumerate().filter(|(_, byte)| **byte == START);
        let mut later = starts.filter_map(|(at, _)| Batch::read(rest.get(at..)?));
        later.any(|batch| self.last.is_none_or(|(last, _)| batch.mark.synced > last.number))
    }
}

/// A batch in a journal.
struct Batch {
    mark: Mark,
    sequence: u64,
    bytes: usize,
}

impl Batch {
    /// Reads the batch at the beginning; nothing if there is no whole one that begins with a mark.
    fn read(journal: &[u8]) -> Option<Self> {
        let mut input = Input(journal);
        if input.byte()? != START {
            return None;
        }
        let (rows, sequence) = (input.u32()?, input.u64()?);
        let begin = input.0;
        let (key, value) = input.row()?;
        let mark = Mark::from_bytes(value).filter(|_| key == MARK_KEY)?;
        for _ in 1..rows {
            input.row()?;
        }
        let hashed = begin.get(..begin.len().checked_sub(input.0.len())?)?;
        if rows == 0 || input.byte()? != END {
            return None;
        }
        let (checksum, word) = (input.u64()?, input.bytes(END_WORD.len())?);
        if word != END_WORD || checksum != xxh3_64(hashed) {
            return None;
        }
        Some(Self { mark, sequence, bytes: journal.len().checked_sub(input.0.len())? })
    }
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        self.bytes(1)?.first().copied()
    }

    fn u32(&mut self) -> Option<u32> {
        self.bytes(4)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    fn u64(&mut self) -> Option<u64> {
        self.bytes(8)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    }

    /// Reads a row; returns its key and its value as it is stored.
    fn row(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        if self.byte()? != ROW {
            return None;
        }
        let (_kind, _compression, _table) = (self.byte()?, self.byte()?, self.u64()?);
        let key_bytes = self.bytes(2)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))?;
        let (_value_bytes, stored_bytes) = (self.u32()?, self.u32()?);
        Some((self.bytes(usize::from(key_bytes))?, self.bytes(usize::try_from(stored_bytes).ok()?)?))
    }
}

#[cfg(test)]
mod tests;
