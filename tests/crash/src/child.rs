//! The process that commits a story's blocks and tells of each.
//!
//! What it is to do stands in its environment; it begins when a line arrives on its standard input. It tells on standard output, in
//! lines that are written at once:
//!
//! ```text
//! begun HEIGHT                 the block goes to `commit` next; the genesis is block 0
//! committed HEIGHT             `commit` returned its root
//! failed HEIGHT: MESSAGE       `commit` returned this
//! refused HEIGHT: MESSAGE      so did the next `commit`, with nothing opened in between
//! accepted HEIGHT              the next `commit` went on as if nothing had happened
//! closed: MESSAGE              the database could not be opened
//! done                         all blocks are committed
//! ```
//! After the first failure it opens the database once more and goes on.

use std::env;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use florin_runtime::state::DurableState;
use florin_runtime::state::durable::{DurableConfig, OpenError, PAGES_BEHIND_BLOCKS_MAX, Retention};
use florin_runtime::state::store::disk::{DiskConfig, DiskStore};
use florin_runtime::state::store::{Durability, Store};

use crate::Trouble;
use crate::story::Story;

/// What makes a process a child: the folder, the story, the bytes of a memtable and how many blocks.
const TASK: &str = "FLORIN_CRASH_TASK";

/// What a child is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The folder of the database.
    pub folder: PathBuf,
    /// The story whose blocks are committed.
    pub story: Story,
    /// Rows that the database keeps in memory before they become a file, in bytes for each table.
    pub memtable_bytes: u64,
    /// The last block.
    pub last: u64,
}

impl Task {
    /// Turns a command that starts this program into one that does the task.
    pub fn give(&self, mut command: Command) -> Command {
        let Self { folder, story, memtable_bytes, last } = self;
        command.env(TASK, format!("{story};{memtable_bytes};{last};{}", folder.display()));
        command.stdin(Stdio::piped()).stderr(Stdio::null());
        command
    }

    /// Returns the task of this process, if it is a child.
    pub fn of_this_process() -> Option<Self> {
        let text = env::var(TASK).ok()?;
        let mut parts = text.splitn(4, ';');
        let mut part = || parts.next();
        Some(Self {
            story: part()?.parse().ok()?,
            memtable_bytes: part()?.parse().ok()?,
            last: part()?.parse().ok()?,
            folder: part()?.into(),
        })
    }

    /// Does the task.
    ///
    /// # Errors
    /// Only what concerns the pipes to the parent; everything else is told.
    pub fn perform(&self) -> io::Result<()> {
        io::stdin().lock().read_line(&mut String::new())?;
        // Ends a line that something else may have begun.
        tell("")?;
        // What fails is opened once more, by the same process on the same system.
        for _ in 0..2 {
            match open(&self.folder, &self.story, self.memtable_bytes, &mut |line| tell(&line)) {
                Ok(state) if self.go_on(&state)? => return tell("done"),
                Ok(_) => {}
                Err(error) => tell(&format!("closed: {error}"))?,
            }
        }
        Ok(())
    }

    /// Commits up to the last block; tells whether it got there.
    fn go_on(&self, state: &DurableState) -> io::Result<bool> {
        let first = state.head().height + 1;
        for height in first..=self.last {
            tell(&format!("begun {height}"))?;
            if let Err(fault) = commit(state, &self.story, height) {
                tell(&format!("failed {height}: {fault}"))?;
                match commit(state, &self.story, height) {
                    Ok(()) => tell(&format!("accepted {height}"))?,
                    Err(fault) => tell(&format!("refused {height}: {fault}"))?,
                }
                return Ok(false);
            }
            tell(&format!("committed {height}"))?;
        }
        Ok(true)
    }
}

/// Commits the next block of a story.
///
/// # Errors
/// What the state says.
pub fn commit(state: &DurableState, story: &Story, height: u64) -> Result<(), florin_runtime::fault::Fault> {
    let changes = story.block(height, &state.newest())?;
    state.commit(height, &changes, story.record(height)).map(drop)
}

/// Opens the database of a story, or begins it.
///
/// # Errors
/// What the state says; standard output that is gone.
pub fn open(
    folder: &Path,
    story: &Story,
    memtable_bytes: u64,
    tell: &mut dyn FnMut(String) -> io::Result<()>,
) -> Result<DurableState, Trouble> {
    let wrong = |error: OpenError| Trouble::Refused(error.to_string());
    let store = DiskStore::open(folder, disk_config(memtable_bytes)).map_err(|error| wrong(error.into()))?;
    let store: Arc<dyn Store> = Arc::new(store);
    if let Some(state) = DurableState::open(Arc::clone(&store), story.identity(), config()).map_err(wrong)? {
        return Ok(state);
    }
    tell("begun 0".to_owned())?;
    let state = DurableState::create(store, story.identity(), config(), &story.genesis(), story.record(0));
    let state = state.map_err(wrong)?;
    tell("committed 0".to_owned())?;
    Ok(state)
}

/// Sizes that are too small, so that much happens.
const fn config() -> DurableConfig {
    DurableConfig {
        retained_blocks: Retention::Blocks(PAGES_BEHIND_BLOCKS_MAX),
        cache_bytes_max: 20 << 10,
        page_bytes_max: 20 << 10,
        check_interval_blocks: 0,
        check_steps_per_block: 0,
        durability: Durability::Synced,
        reader_wait_max: Duration::ZERO,
    }
}

const fn disk_config(memtable_bytes: u64) -> DiskConfig {
    // The journals' size is the least that the database takes.
    let log_segment_bytes = memtable_bytes;
    DiskConfig { block_cache_bytes: 1 << 20, memtable_bytes, journal_bytes_max: 64 << 20, log_segment_bytes }
}

/// Writes a line at once.
fn tell(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes())?;
    out.flush()
}
