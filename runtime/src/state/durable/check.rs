//! The root from scratch beside the blocks: every [`check_interval_blocks`](super::DurableConfig::check_interval_blocks) blocks
//! all entries are read again, and their root is computed without the tree.
//!
//! ```text
//! reading  rows in the order of keys, of which those with the lowest hashes are kept: a round
//! hashing  the round's leaves, some at a time
//! reading  again, for the hashes behind the last round's; until there are none
//! equal, or a fault that stops the writer
//! ```
//! A check looks at the state as it was when it began, while blocks go on, and is advanced in steps by whoever has time: the
//! chain before each commit, or a thread of the host. It starts no thread itself.
//!
//! Costs: 64 bytes of memory a leaf of a round, at most 64 MiB; n entries are read n / 900,000 times, rounded up, about 0.6 us
//! each time, and hashed once, about 0.6 us. A round ends with sorting it, which is its longest step (about 0.1 s). The store keeps
//! what the check's own height needs until it is done.

use std::sync::PoisonError;

use super::super::commit::StateRoot;
use super::super::tree::range::{Crown, HashRange, Lowest, border};
use super::super::tree::{Hash, Leaf, key_hash, value_hash};
use super::super::view::{StateView, following};
use super::DurableState;
use super::recover::wrong_root;
use crate::fault::Fault;

/// The most leaves of a round.
const ROUND_LEAVES_MAX: usize = 1 << 20;

/// The fewest leaves that are hashed together, but for the last ones of a round: each piece leaves its ends in memory, about
/// 2 KiB of them.
const PIECE_LEAVES_MIN: usize = 1024;

/// A root that is computed from every entry, step by step.
#[derive(Debug)]
pub struct RootCheck {
    view: StateView,
    expected: Hash,
    crown: Crown,
    leaves_max: usize,
    phase: Phase,
    rows_read: u64,
}

#[derive(Debug)]
enum Phase {
    Reading { lowest: Lowest<Hash>, from: Vec<u8> },
    Hashing { leaves: Vec<Leaf>, done: usize, range: HashRange },
    Done,
}

impl Phase {
    fn round(start: Hash, leaves_max: usize) -> Self {
        Self::Reading { lowest: Lowest::new(start, leaves_max), from: Vec::new() }
    }
}

/// How far a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckProgress {
    /// No check is due.
    Idle,
    /// There is more to do.
    Going,
    /// The root of the entries at this height is the one that was committed.
    Equal {
        /// The height.
        height: u64,
    },
}

impl RootCheck {
    /// Begins a check of what a view shows against a root.
    pub(super) fn new(view: StateView, expected: Hash) -> Self {
        Self::with_rounds_of(view, expected, ROUND_LEAVES_MAX)
    }

    /// Begins a check in rounds of at most so many leaves.
    pub(super) fn with_rounds_of(view: StateView, expected: Hash, leaves_max: usize) -> Self {
        let phase = Phase::round([0; 32], leaves_max);
        Self { view, expected, crown: Crown::default(), leaves_max, phase, rows_read: 0 }
    }

    /// Returns the height that is checked.
    pub const fn height(&self) -> u64 {
        self.view.height()
    }

    /// Returns how many rows were read, in all rounds.
    pub const fn rows_read(&self) -> u64 {
        self.rows_read
    }

    /// Goes on by so many steps, at least 1, each a row that is read or a leaf that is hashed (1,024 leaves or
    /// more at once). A check that is done stays so.
    ///
    /// # Errors
    /// Faults if the store cannot answer, or if the root is another.
    pub fn advance(&mut self, mut steps: usize) -> Result<CheckProgress, Fault> {
        steps = steps.max(1);
        while steps > 0 {
            let taken = match &self.phase {
                Phase::Reading { .. } => self.read(steps)?,
                Phase::Hashing { .. } => self.hash(steps)?,
                Phase::Done => return Ok(CheckProgress::Equal { height: self.height() }),
            };
            steps = steps.saturating_sub(taken.max(1));
        }
        match self.phase {
            Phase::Done => Ok(CheckProgress::Equal { height: self.height() }),
            _ => Ok(CheckProgress::Going),
        }
    }

    /// Reads rows; returns how many.
    fn read(&mut self, steps: usize) -> Result<usize, Fault> {
        let Phase::Reading { lowest, from } = &mut self.phase else { return Ok(0) };
        let (mut read, mut last) = (0_usize, None);
        self.view.scan(from, &mut |key, value| {
            lowest.offer(key_hash(&key), || value_hash(&value));
            read = read.saturating_add(1);
            let goes_on = read < steps;
            last = (!goes_on).then_some(key);
            goes_on
        })?;
        self.rows_read = self.rows_read.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        match last {
            Some(last) => *from = following(&last),
            None => {
                let (range, items) = std::mem::replace(lowest, Lowest::new([0; 32], 0)).take();
                let leaves = items.into_iter().map(|(key, value)| Leaf { key, value }).collect();
                self.phase = Phase::Hashing { leaves, done: 0, range };
            }
        }
        Ok(read)
    }

    /// Hashes leaves; returns how many.
    fn hash(&mut self, steps: usize) -> Result<usize, Fault> {
        let Phase::Hashing { leaves, done, range } = &mut self.phase else { return Ok(0) };
        let rest = leaves.get(*done..).unwrap_or_default();
        let piece = rest.get(..steps.max(PIECE_LEAVES_MIN)).unwrap_or(rest);
        let end = match (piece.last(), rest.get(piece.len())) {
            (Some(last), Some(next)) => Some(border(&last.key, &next.key)),
            _ => range.end,
        };
        self.crown.fill(&HashRange { start: range.start, end }, piece);
        let taken = piece.len();
        match end {
            Some(end) if taken < rest.len() => {
                *done = done.saturating_add(taken);
                range.start = end;
            }
            Some(end) => self.phase = Phase::round(end, self.leaves_max),
            None if self.crown.close() == Some(self.expected) => self.phase = Phase::Done,
            None => return Err(wrong_root("the entries")),
        }
        Ok(taken)
    }

    /// Goes on to the end.
    ///
    /// # Errors
    /// As [`advance`](Self::advance).
    pub fn finish(mut self) -> Result<(), Fault> {
        while self.advance(ROUND_LEAVES_MAX)? == CheckProgress::Going {}
        Ok(())
    }
}

/// The checks of a durable state.
#[derive(Debug)]
pub(super) struct Checks {
    /// The one under way.
    current: Option<RootCheck>,
    /// The height at which the last one began.
    last: u64,
}

impl Checks {
    /// Counts from a height on.
    pub(super) fn since(height: u64) -> Self {
        Self { current: None, last: height }
    }
}

impl DurableState {
    /// Begins a check of the head.
    pub fn root_check(&self) -> RootCheck {
        // The view and the root of the same head.
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        RootCheck::new(self.newest(), writer.head.root)
    }

    /// Goes on with the check that is due, if there is one, by so many steps. One is due whenever the head has passed a multiple
    /// of [`check_interval_blocks`](super::DurableConfig::check_interval_blocks), and begins when the one before it is done.
    ///
    /// # Errors
    /// Faults if the store cannot answer, or if the root is another; then nothing more is committed, now or later.
    pub fn advance_check(&self, steps: usize) -> Result<CheckProgress, Fault> {
        let mut checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        let checks = &mut *checks;
        if checks.current.is_none() {
            let interval = self.config.check_interval_blocks;
            if checks.last.checked_div(interval) == self.published().head.checked_div(interval) {
                return Ok(CheckProgress::Idle);
            }
            let check = self.root_check();
            checks.last = check.height();
            checks.current = Some(check);
        }
        let Some(check) = &mut checks.current else { return Ok(CheckProgress::Idle) };
        let progress = check.advance(steps).inspect_err(|_| self.stop())?;
        if progress != CheckProgress::Going {
            checks.current = None;
        }
        Ok(progress)
    }

    /// Computes the root from every entry, without the tree. Reads all of the state; costs as of a [`RootCheck`].
    ///
    /// # Errors
    /// Faults if the store cannot answer, or if the root is not the head's.
    pub fn check_root(&self) -> Result<StateRoot, Fault> {
        let check = self.root_check();
        let root = StateRoot::new(check.expected);
        check.finish().map(|()| root)
    }

    /// Lets nothing more be committed.
    fn stop(&self) {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).failed = true;
    }
}

#[cfg(test)]
mod tests;
