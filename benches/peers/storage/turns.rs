//! Databases by turns: each commits its block while the others rest, and of every time the median counts.
//!
//! Every database is a process of its own, so that its CPU time and its memory are its own too. The turns begin with
//! another database in every block, so that none always comes after the same one.

use std::path::Path;
use std::process::Command;

use florin_peers::clock::median;
use florin_peers::database::Keys;
use florin_peers::failure::Failure;
use florin_peers::process::Process;

/// A database at work, in a folder of its own.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) process: Process,
    /// Whether it has a root, which then every block must change.
    has_root: bool,
    root: u64,
}

/// Wall time and CPU time, in ms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
}

/// What a block takes: medians.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Medians {
    pub(crate) reads: Spent,
    pub(crate) commit: Spent,
}

/// What is done by turns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) keys: Keys,
    pub(crate) blocks: u32,
    pub(crate) updates: u32,
    pub(crate) reads: u32,
}

impl Contestant {
    /// Starts a database.
    ///
    /// # Errors
    /// If the system does not start it.
    pub(crate) fn start(name: &'static str, has_root: bool, command: &mut Command) -> Result<Self, Failure> {
        Ok(Self { name, process: Process::start(name, command)?, has_root, root: 0 })
    }

    /// Starts one of those that are part of this program.
    ///
    /// # Errors
    /// If the system does not start it.
    pub(crate) fn of_this_program(
        name: &'static str,
        verb: &str,
        folder: &Path,
        entries: u32,
    ) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(Failure::system("cannot find this program"))?;
        Self::start(name, verb == "ours", Command::new(program).arg(verb).arg(folder).arg(entries.to_string()))
    }

    /// Executes and commits a block; returns times of reads and commit in ns, wall and CPU each.
    fn turn(&mut self, work: &Work) -> Result<[f64; 4], Failure> {
        let verb = match work.keys {
            Keys::Told => "block",
            Keys::Untold => "untold",
        };
        let question = format!("{verb} {} {}", work.updates, work.reads);
        let [reads_wall, reads_cpu, wall, cpu, root] = self.process.ask(&question)?;
        if self.has_root && root == self.root {
            return Err(Failure::Wrong(format!("{}: a block did not change the root", self.name)));
        }
        self.root = root;
        Ok([reads_wall, reads_cpu, wall, cpu].map(|time| time as f64))
    }
}

/// Loads all of them, side by side.
///
/// # Errors
/// The first that fails.
pub(crate) fn load(contestants: &mut [Contestant]) -> Result<(), Failure> {
    for contestant in &mut *contestants {
        contestant.process.tell("load")?;
    }
    for contestant in contestants {
        let [time] = contestant.process.answer()?;
        eprintln!("loaded: {} in {:.1} s", contestant.name, time as f64 / 1e9);
    }
    Ok(())
}

/// Lets all of them execute and commit blocks by turns; returns the medians of each.
///
/// # Errors
/// The first that fails, or whose root a block did not change.
pub(crate) fn take_turns(mut contestants: Vec<&mut Contestant>, work: Work) -> Result<Vec<Medians>, Failure> {
    let mut times: Vec<[Vec<f64>; 4]> = contestants.iter().map(|_| Default::default()).collect();
    let count = contestants.len();
    for block in 0..usize::try_from(work.blocks).unwrap_or(usize::MAX) {
        for turn in 0..count {
            // There is at least one, or there is no turn.
            let index = turn.wrapping_add(block).checked_rem(count).unwrap_or_default();
            for (time, times) in contestants[index].turn(&work)?.into_iter().zip(&mut times[index]) {
                times.push(time / 1e6);
            }
        }
    }
    let medians = times.into_iter().map(|times| {
        let [reads_wall, reads_cpu, wall, cpu] = times.map(median);
        Medians { reads: Spent { wall: reads_wall, cpu: reads_cpu }, commit: Spent { wall, cpu } }
    });
    Ok(medians.collect())
}
