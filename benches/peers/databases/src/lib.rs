//! What the programs of the databases share: the blocks and the protocol, which are Florin's files, and the command line.

#[path = "../../src/database.rs"]
pub mod database;
#[path = "../../src/workload.rs"]
pub mod workload;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a program is told: `FOLDER ENTRIES BLOCK-CACHE MEMTABLE JOURNAL`, the last three in bytes.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the data lies.
    pub folder: PathBuf,
    /// How many entries there will be.
    pub entries: u32,
    /// Sizes of the store of Florin's state, for a database over the same store.
    pub store_bytes: [u64; 3],
}

impl Settings {
    /// Reads the command line.
    ///
    /// # Errors
    /// If it is not as told above.
    pub fn from_arguments() -> Result<Self> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [folder, entries, sizes @ ..] = &arguments[..] else {
            anyhow::bail!("use: FOLDER ENTRIES BLOCK-CACHE MEMTABLE JOURNAL");
        };
        let sizes: Vec<u64> = sizes.iter().map(|size| size.parse()).collect::<Result<_, _>>()?;
        let entries = entries.parse().context("entries is no number")?;
        ensure!(entries > 0, "there must be entries");
        let store_bytes = sizes.try_into().ok().context("three sizes are needed")?;
        Ok(Self { folder: folder.into(), entries, store_bytes })
    }
}

/// Returns the first bytes of a root.
pub fn first_bytes(root: &[u8]) -> database::Root {
    root.first_chunk().map_or(0, |bytes| database::Root::from_be_bytes(*bytes))
}

/// Turns a failure into what the protocol knows.
pub fn problem(error: anyhow::Error) -> database::Problem {
    error.into()
}

/// Returns how many threads the machine runs at once.
pub fn threads() -> std::num::NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN)
}
