//! What must hold when a database is opened after any end of its process or of its disk.
//!
//! The head is at least the last block that was told and at most the last that was begun. It is a block of the story: its root is
//! the model's, by the tree and from scratch, and so are its values, those of the retained heights, and the records of all
//! blocks. The story goes on from it.

use std::path::Path;
use std::time::{Duration, Instant};

use florin_runtime::fault::Fault;
use florin_runtime::state::{DurableState, State, StateReader};

use crate::Trouble;
use crate::child::{commit, open};
use crate::model::Model;

/// How long a database may take to be ready after any end.
pub const READY: Duration = Duration::from_secs(10);

/// Blocks that are committed after an end, to see that the story goes on.
const MORE: u64 = 2;

/// What a process told before it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The newest block for which `commit` had returned.
    pub committed: Option<u64>,
    /// The newest block that went to `commit`.
    pub begun: Option<u64>,
    /// Every line that says something else.
    pub other: Vec<String>,
}

impl Told {
    /// Takes a line.
    pub fn hear(&mut self, line: &str) {
        let number = |word: &str| line.strip_prefix(word)?.trim().parse::<u64>().ok();
        if let Some(height) = number("committed ") {
            self.committed = Some(height);
        } else if let Some(height) = number("begun ") {
            self.begun = Some(height);
        } else if ["failed", "refused", "accepted", "closed", "done"].iter().any(|word| line.starts_with(word)) {
            self.other.push(line.to_owned());
        }
    }

    /// Returns what follows a word in the first line that begins with it.
    pub fn after(&self, word: &str) -> Option<&str> {
        self.other.iter().find_map(|line| line.strip_prefix(word))
    }
}

/// Opens a database and checks it; returns its head and how long opening took.
///
/// # Errors
/// What is lost or half.
pub fn check(folder: &Path, model: &mut Model, memtable_bytes: u64, told: &Told) -> Result<(u64, Duration), Trouble> {
    let story = model.story;
    let start = Instant::now();
    let mut is_begun_here = false;
    let state = open(folder, &story, memtable_bytes, &mut |_| {
        is_begun_here = true;
        Ok(())
    })?;
    let ready = start.elapsed();
    let head = state.head().height;
    if is_begun_here && told.committed.is_some() {
        return Err(Trouble::Lost(format!("the database is empty, {:?} was told", told.committed)));
    }
    if ready > READY {
        return Err(Trouble::Lost(format!("ready after {} s only", ready.as_secs())));
    }
    if told.committed.is_some_and(|told| told > head) {
        return Err(Trouble::Lost(format!("the head is {head}, block {:?} was told", told.committed)));
    }
    if !is_begun_here && told.begun.is_none_or(|begun| begun < head) {
        return Err(Trouble::Half(format!("the head is {head}, block {:?} was the last begun", told.begun)));
    }
    let refused = |fault: Fault| Trouble::Refused(format!("at head {head}: {fault}"));
    model.reach(head).map_err(refused)?;
    compare(&state, model, head).map_err(refused)?.map_or(Ok(()), |found| Err(Trouble::Half(found)))?;
    for height in head + 1..=head + MORE {
        commit(&state, &story, height).map_err(refused)?;
    }
    let root = model.reach(head + MORE).map_err(refused)?.root();
    if state.head().root != root.hash().0 {
        return Err(Trouble::Half(format!("the root after {MORE} more blocks from {head} is not the model's")));
    }
    Ok((head + MORE, ready))
}

/// Returns what a state has other than the model.
///
/// # Errors
/// What cannot be read.
pub fn compare(state: &DurableState, model: &Model, head: u64) -> Result<Option<String>, Fault> {
    let Some(expected) = model.at(head) else { return Ok(Some(format!("the head is {head}, of which nobody told"))) };
    if state.head().root != expected.root().hash().0 {
        return Ok(Some(format!("the root of head {head} is not the model's")));
    }
    if state.check_root()? != expected.root() {
        return Ok(Some(format!("the root of the entries at head {head} is not the model's")));
    }
    let (oldest, newest) = state.heights();
    for height in [oldest, oldest.midpoint(newest), newest.saturating_sub(1).max(oldest), newest] {
        let Some(expected) = model.at(height) else { return Ok(Some(format!("height {height} is shown"))) };
        if let Some(found) =
            differs(&state.at(height).map_err(|_| Fault::Invariant("a height is not shown"))?, expected)?
        {
            return Ok(Some(format!("at height {height} with head {head}: {found}")));
        }
    }
    for height in 0..=head {
        if state.block(height)?.as_ref().map(AsRef::as_ref) != Some(model.story.record(height).as_slice()) {
            return Ok(Some(format!("the record of block {height} is another, with head {head}")));
        }
    }
    Ok(None)
}

/// Returns the first difference between two states, by walking both.
fn differs(state: &dyn StateReader, expected: &State) -> Result<Option<String>, Fault> {
    let mut expected = expected.entries().iter();
    let mut after = Vec::new();
    loop {
        let next = state.next(&[], &after)?;
        match (next, expected.next()) {
            (None, None) => return Ok(None),
            (Some(key), Some((expected_key, value))) if key == *expected_key => {
                if state.get(&key)?.as_ref() != Some(value) {
                    return Ok(Some(format!("{key:?} has another value")));
                }
                after = key.as_bytes().to_vec();
            }
            (next, expected) => {
                return Ok(Some(format!("{next:?} follows where {:?} must", expected.map(|(key, _)| key))));
            }
        }
    }
}
