//! The blocks that every database of the comparison commits: the same bytes for all of them, from one seed.
//!
//! Every number is a word of splitmix64 (Steele, Lea and Flood, 2014), begun for what it is drawn for:
//!
//! ```text
//! key of an entry      32 bytes, begun for (1, index)
//! value of an entry    80 bytes, begun for (2, index << 32 | block that wrote it, 0 for the load)
//! block                begun for (3, block): first the indices that it updates, each once, then those that it reads
//! ```
//! So keys are spread as hashes are, and neither keys nor values can be compressed. What a read must answer is computed, not
//! kept. Costs four bytes an entry.
//!
//! This file names nothing but the standard library, so that the peers include it as it is.

use std::collections::BTreeSet;

/// Bytes of a value.
pub const VALUE_BYTES: usize = 80;

/// The hashed name of an entry.
pub type Key = [u8; 32];

/// What an entry holds.
pub type Value = [u8; VALUE_BYTES];

const SEED: u64 = 0x666c_6f72_696e_0001;
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
const KEYS: u64 = 1;
const VALUES: u64 = 2;
const BLOCKS: u64 = 3;

/// Words that look random and are the same in every run.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Begins the words of one purpose and number.
    pub const fn new(purpose: u64, number: u64) -> Self {
        Self(mix(mix(SEED ^ purpose).wrapping_add(number)))
    }

    /// Returns the next word.
    pub const fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// Returns a number below a bound.
    pub const fn below(&mut self, bound: u32) -> u32 {
        let [_, _, _, _, high @ ..] = ((self.word() >> 32).wrapping_mul(bound as u64)).to_le_bytes();
        u32::from_le_bytes(high)
    }

    /// Returns so many bytes, a multiple of eight.
    fn bytes<const N: usize>(mut self) -> [u8; N] {
        let mut bytes = [0; N];
        for word in bytes.as_chunks_mut().0 {
            *word = self.word().to_le_bytes();
        }
        bytes
    }
}

const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Returns the key of an entry.
pub fn key(index: u32) -> Key {
    Random::new(KEYS, index.into()).bytes()
}

fn value(index: u32, block: u32) -> Value {
    Random::new(VALUES, u64::from(index) << 32 | u64::from(block)).bytes()
}

/// What one block writes and reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The new values, each key once, in no order.
    pub updates: Vec<(Key, Value)>,
    /// What is read before the block is committed, and what the answer must be.
    pub reads: Vec<(Key, Value)>,
}

/// The entries and, for each, the block that wrote it last.
#[derive(Clone, Debug)]
pub struct Workload {
    written: Vec<u32>,
    block: u32,
}

impl Workload {
    /// Begins with so many entries, at least one.
    pub fn new(entries: u32) -> Self {
        Self { written: vec![0; usize::try_from(entries.max(1)).unwrap_or(usize::MAX)], block: 0 }
    }

    /// Returns how many entries there are.
    pub fn entries(&self) -> u32 {
        u32::try_from(self.written.len()).unwrap_or(u32::MAX)
    }

    /// Returns all entries as they begin, in so many parts.
    pub fn load(&self, parts: u32) -> impl Iterator<Item = Vec<(Key, Value)>> + use<> {
        let entries = self.entries();
        let part = usize::try_from(entries.div_ceil(parts.max(1))).unwrap_or(usize::MAX);
        (0..entries)
            .step_by(part)
            .map(move |first| (first..entries).take(part).map(|index| (key(index), value(index, 0))).collect())
    }

    /// Returns the next block. It updates no more entries than there are.
    pub fn next(&mut self, updates: u32, reads: u32) -> Block {
        let entries = self.entries();
        self.block = self.block.saturating_add(1);
        let mut random = Random::new(BLOCKS, self.block.into());
        let mut updated = BTreeSet::new();
        while updated.len() < usize::try_from(updates.min(entries)).unwrap_or(usize::MAX) {
            updated.insert(random.below(entries));
        }
        let reads = (0..reads).map(|_| self.entry(random.below(entries))).collect();
        for index in &updated {
            if let Some(written) = usize::try_from(*index).ok().and_then(|index| self.written.get_mut(index)) {
                *written = self.block;
            }
        }
        Block { updates: updated.into_iter().map(|index| self.entry(index)).collect(), reads }
    }

    /// Returns an entry as it is after the newest block.
    pub fn entry(&self, index: u32) -> (Key, Value) {
        let written = usize::try_from(index).ok().and_then(|index| self.written.get(index));
        (key(index), value(index, written.copied().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Workload, key};
    use std::collections::BTreeMap;

    #[test]
    fn two_workloads_make_the_same_blocks() {
        let [mut one, mut two] = [Workload::new(1_000), Workload::new(1_000)];
        for _ in 0..3 {
            assert_eq!(one.next(100, 100), two.next(100, 100));
        }
    }

    #[test]
    fn a_read_expects_what_was_written_last() {
        let mut workload = Workload::new(500);
        let mut model: BTreeMap<_, _> = workload.load(7).flatten().collect();
        assert_eq!(model.len(), 500);
        for _ in 0..20 {
            let block = workload.next(50, 200);
            assert!(block.reads.iter().all(|(key, value)| model.get(key) == Some(value)));
            assert_eq!(block.updates.iter().map(|(key, _)| key).collect::<std::collections::BTreeSet<_>>().len(), 50);
            assert!(block.updates.iter().all(|(key, value)| model.insert(*key, *value) != Some(*value)));
        }
    }

    #[test]
    fn the_bytes_are_those_of_every_run() {
        // A change of the generator changes what all figures are about.
        assert_eq!(key(7)[..8], [158, 32, 208, 109, 250, 77, 133, 132]);
    }
}
