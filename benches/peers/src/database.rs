//! One of the databases that are compared, as a program that answers one line with one line, so that blocks take turns.
//!
//! ```text
//! load              -> wall time in ns: every entry is written, in parts
//! block W R         -> wall and CPU time in ns of R reads and of what the database reads ahead, then of the commit of W
//!                      updates; the first 8 bytes of the root
//! untold W R        -> the same, without being told before the commit what the block will write
//! row B W           -> wall and CPU time in ns of B blocks of W updates without a pause: each is told of and committed behind the
//!                      one before, until everything is in the database
//! memory            -> the most bytes that this process had in memory so far
//! anything else     -> what the database answers itself
//! ```
//! Guarantees that all databases do the same: a commit ends when it is durable and the root is known; every value that is
//! read is compared with what must be there, outside the measured time; and what the database needs to get ready for a
//! commit, in its own form, is made outside of it too. CPU time is that of the process, with whatever it does beside.
//!
//! This file names nothing but the standard library, `cpu_time` and the workload, so that the peers include it as it is.

use std::error::Error;
use std::io::{BufRead, Write};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

use super::workload::{Key, Value, Workload};

/// Why a database did not do its part.
pub type Problem = Box<dyn Error + Send + Sync>;

/// The first bytes of a root; 0 without one.
pub type Root = u64;

/// Commits in which the entries are loaded: more than Florin's state retains blocks, so that every measured one prunes too.
pub const LOAD_COMMITS: u32 = 260;

/// A database under measurement.
pub trait Database {
    /// A block's updates as the database takes them.
    type Changes;

    /// A value as the database gives it.
    type Read: AsRef<[u8]>;

    /// Tells which keys the block that is being executed will write, so that the commit finds in memory what it needs.
    fn touch(&mut self, _keys: &[Key]) -> Result<(), Problem> {
        Ok(())
    }

    /// Reads the newest value.
    fn get(&mut self, key: &Key) -> impl Future<Output = Result<Option<Self::Read>, Problem>>;

    /// Brings updates into the database's form.
    fn prepare(&self, updates: &[(Key, Value)]) -> Self::Changes;

    /// Commits a block: durable when it returns.
    fn commit(&mut self, changes: Self::Changes) -> impl Future<Output = Result<Root, Problem>>;

    /// Waits until nothing of what was committed is left to be brought to where it stays, if that is done beside later commits.
    fn settle(&mut self) -> Result<(), Problem> {
        Ok(())
    }

    /// Answers what only this database is asked.
    fn answer(&mut self, words: &[&str], _: &mut Workload) -> impl Future<Output = Result<String, Problem>> {
        let unknown = format!("unknown: {}", words.join(" "));
        async move { Err(unknown.into()) }
    }
}

/// Whether a database is told, before the commit, which keys a block will write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// While the block is executed.
    Told,
    /// Not at all.
    Untold,
}

/// Wall and CPU time since a moment.
#[derive(Debug)]
pub struct Clock {
    wall: Instant,
    cpu: ProcessTime,
}

impl Clock {
    /// Starts now.
    pub fn start() -> Self {
        Self { wall: Instant::now(), cpu: ProcessTime::now() }
    }

    /// Returns the wall time and the CPU time of this process since then.
    pub fn elapsed(&self) -> (Duration, Duration) {
        (self.wall.elapsed(), self.cpu.elapsed())
    }
}

/// Answers lines until there are no more.
///
/// # Errors
/// The first problem, or a read that answered something else than what was written.
pub async fn serve<D: Database>(database: &mut D, workload: &mut Workload) -> Result<(), Problem> {
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = match words[..] {
            ["load"] => load(database, workload).await?,
            ["block", updates, reads] => {
                block(database, workload, Keys::Told, updates.parse()?, reads.parse()?).await?
            }
            ["untold", updates, reads] => {
                block(database, workload, Keys::Untold, updates.parse()?, reads.parse()?).await?
            }
            ["row", blocks, updates] => row(database, workload, blocks.parse()?, updates.parse()?).await?,
            ["memory"] => peak_bytes()?.to_string(),
            _ => database.answer(&words, workload).await?,
        };
        let mut out = std::io::stdout();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

/// Runs what never waits: the work of a database without an executor.
///
/// # Errors
/// Its own, or if it waits.
pub fn at_once<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err("waits, and nobody would wake it".into()),
    }
}

/// Writes every entry; returns the wall time in ns.
///
/// # Errors
/// The database's.
pub async fn load<D: Database>(database: &mut D, workload: &Workload) -> Result<String, Problem> {
    let clock = Clock::start();
    for part in workload.load(LOAD_COMMITS) {
        let changes = database.prepare(&part);
        database.commit(changes).await?;
    }
    Ok(clock.elapsed().0.as_nanos().to_string())
}

/// Reads, then commits the next block; returns the four times and the root.
///
/// # Errors
/// The database's, or if a read answered something else than what was written.
pub async fn block<D: Database>(
    database: &mut D,
    workload: &mut Workload,
    keys: Keys,
    updates: u32,
    reads: u32,
) -> Result<String, Problem> {
    let block = workload.next(updates, reads);
    let changes = database.prepare(&block.updates);
    let written: Vec<Key> = block.updates.iter().map(|(key, _)| *key).collect();
    let mut values = Vec::with_capacity(block.reads.len());
    let clock = Clock::start();
    if keys == Keys::Told {
        database.touch(&written)?;
    }
    for (key, _) in &block.reads {
        values.push(database.get(key).await?);
    }
    let (reads_wall, reads_cpu) = clock.elapsed();
    check(&block.reads, &values)?;
    drop(values);
    let clock = Clock::start();
    let root = database.commit(changes).await?;
    let (wall, cpu) = clock.elapsed();
    let [reads_wall, reads_cpu, wall, cpu] = [reads_wall, reads_cpu, wall, cpu].map(|time| time.as_nanos());
    Ok(format!("{reads_wall} {reads_cpu} {wall} {cpu} {root}"))
}

/// Commits blocks one behind the other; returns the two times of all of them.
///
/// # Errors
/// The database's, or if the last block is not there in the end.
pub async fn row<D: Database>(
    database: &mut D,
    workload: &mut Workload,
    blocks: u32,
    updates: u32,
) -> Result<String, Problem> {
    let mut last = Vec::new();
    let mut prepared = Vec::new();
    for _ in 0..blocks {
        last = workload.next(updates, 0).updates;
        let written: Vec<Key> = last.iter().map(|(key, _)| *key).collect();
        prepared.push((written, database.prepare(&last)));
    }
    let clock = Clock::start();
    for (written, changes) in prepared {
        // What is read ahead has to be read by somebody, so it counts here.
        database.touch(&written)?;
        database.commit(changes).await?;
    }
    database.settle()?;
    let (wall, cpu) = clock.elapsed();
    let mut values = Vec::with_capacity(last.len());
    for (key, _) in &last {
        values.push(database.get(key).await?);
    }
    check(&last, &values)?;
    Ok(format!("{} {}", wall.as_nanos(), cpu.as_nanos()))
}

/// Compares what was read with what must be there.
///
/// # Errors
/// If a value is another.
pub fn check<V: AsRef<[u8]>>(expected: &[(Key, Value)], values: &[Option<V>]) -> Result<(), Problem> {
    let right =
        |((_, value), read): (&(Key, Value), &Option<V>)| read.as_ref().is_some_and(|read| read.as_ref() == value);
    if expected.len() == values.len() && expected.iter().zip(values).all(right) {
        return Ok(());
    }
    Err("a read answered something else than what was written last".into())
}

/// Returns the most bytes that this process had in memory so far.
///
/// # Errors
/// If the kernel does not tell.
pub fn peak_bytes() -> Result<u64, Problem> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("the kernel does not tell the memory")?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::super::workload::{Key, Value, Workload};
    use super::{Database, Keys, Problem, Root, at_once, block, load, row};
    use std::collections::BTreeMap;

    /// A map that forgets the updates of its newest commits.
    #[derive(Default)]
    struct Forgetful {
        entries: BTreeMap<Key, Value>,
        forgets: bool,
    }

    impl Database for Forgetful {
        type Changes = Vec<(Key, Value)>;
        type Read = Value;

        async fn get(&mut self, key: &Key) -> Result<Option<Value>, Problem> {
            Ok(self.entries.get(key).copied())
        }

        fn prepare(&self, updates: &[(Key, Value)]) -> Self::Changes {
            updates.to_vec()
        }

        async fn commit(&mut self, changes: Self::Changes) -> Result<Root, Problem> {
            if !self.forgets {
                self.entries.extend(changes);
            }
            Ok(0)
        }
    }

    #[test]
    fn a_database_that_forgets_is_found_out() -> Result<(), Problem> {
        let (mut map, mut workload) = (Forgetful::default(), Workload::new(100));
        at_once(load(&mut map, &workload))?;
        at_once(block(&mut map, &mut workload, Keys::Told, 50, 100))?;
        assert!(at_once(block(&mut map, &mut workload, Keys::Told, 50, 100)).is_ok());
        map.forgets = true;
        at_once(block(&mut map, &mut workload, Keys::Told, 50, 100))?;
        assert!(at_once(block(&mut map, &mut workload, Keys::Told, 50, 100)).is_err());
        Ok(())
    }

    #[test]
    fn blocks_in_a_row_are_the_next_ones_and_one_that_is_forgotten_is_found_out() -> Result<(), Problem> {
        let (mut map, mut workload) = (Forgetful::default(), Workload::new(100));
        at_once(load(&mut map, &workload))?;
        let answer = at_once(row(&mut map, &mut workload, 3, 50))?;
        assert_eq!(answer.split_whitespace().count(), 2);
        assert!(at_once(block(&mut map, &mut workload, Keys::Told, 50, 100)).is_ok());
        map.forgets = true;
        assert!(at_once(row(&mut map, &mut workload, 3, 50)).is_err());
        Ok(())
    }

    #[test]
    fn work_that_waits_is_no_work_without_an_executor() {
        assert!(at_once(std::future::pending::<Result<(), Problem>>()).is_err());
    }
}
