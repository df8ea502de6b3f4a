//! Ends of the process: SIGKILL at any instant while it commits.
//!
//! What it has written is in the system's memory then and reaches the disk; what it was about to write does not.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::check::{Told, check};
use crate::child::Task;
use crate::dice::Dice;
use crate::model::Model;
use crate::story::Story;
use crate::{Tally, Trouble};

/// The longest that a process lives after it told of the block which dooms it, in microseconds.
const GRACE_MICROS: u64 = 12_000;

/// Rows in memory, so few that tables are written and merged all the time.
const MEMTABLE_BYTES: u64 = 16 << 10;

/// A story whose process is killed again and again; each goes on where the last was left.
#[derive(Debug)]
pub struct Kills {
    model: Model,
    dice: Dice,
    told: Told,
    tally: Tally,
}

impl Kills {
    /// Begins a story.
    pub fn new(seed: u64) -> Self {
        let story = Story { seed, keys: 400, changes: 60, codes: 0 };
        Self { model: Model::new(story), dice: Dice::new(seed), told: Told::default(), tally: Tally::default() }
    }

    /// Lets a process commit, kills it at some instant, and checks what is left.
    ///
    /// # Errors
    /// What hinders the test; findings are counted.
    pub fn kill(&mut self, folder: &Path, program: Command) -> Result<(), Trouble> {
        let last = self.told.committed.unwrap_or(0) + 1_000_000;
        let task = Task { folder: folder.to_owned(), story: self.model.story, memtable_bytes: MEMTABLE_BYTES, last };
        let mut child = task.give(program).stdout(Stdio::piped()).spawn()?;
        let (sender, lines) = channel();
        let out = child.stdout.take().ok_or_else(|| Trouble::Watch("no standard output".to_owned()))?;
        let reader = thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| sender.send(line).ok());
        });
        if let Some(mut gate) = child.stdin.take() {
            gate.write_all(b"\n")?;
        }
        // Some processes are killed while they open the database.
        let blocks = self.dice.below(12);
        let mut doomed = Duration::from_micros(self.dice.below(GRACE_MICROS + 1));
        let mut committed = 0;
        while committed < blocks {
            // A process that tells nothing for long is stuck, which the check finds.
            let Ok(line) = lines.recv_timeout(crate::check::READY) else { break };
            committed += u64::from(line.starts_with("committed"));
            self.told.hear(&line);
        }
        while let Some(left) = doomed.checked_sub(Duration::from_micros(100)) {
            doomed = left;
            match lines.recv_timeout(Duration::from_micros(100)) {
                Ok(line) => self.told.hear(&line),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        child.kill()?;
        child.wait()?;
        // What it told before it was killed counts, though it is heard only now.
        reader.join().map_err(|_| Trouble::Watch("the reader of its lines panicked".to_owned()))?;
        lines.try_iter().for_each(|line| self.told.hear(&line));
        if let Some(line) = self.told.other.first() {
            return self.tally.count(Err(Trouble::Lost(format!("the process told by itself: {line}"))));
        }
        let checked = check(folder, &mut self.model, MEMTABLE_BYTES, &self.told);
        if let Ok((head, _)) = checked {
            self.told = Told { committed: Some(head), begun: Some(head), other: Vec::new() };
        }
        self.tally.count(checked.map(drop))
    }

    /// Returns what was found so far.
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// Returns the newest block that was committed.
    pub fn head(&self) -> u64 {
        self.told.committed.unwrap_or(0)
    }
}
