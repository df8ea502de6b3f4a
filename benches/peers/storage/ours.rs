//! Florin's durable state as one of the databases, and what only it is asked.
//!
//! ```text
//! height            -> the newest block
//! warm R            -> R reads of entries that are in the cache: CPU time in ns
//! cold B N          -> N reads of entries that were not read before, batch B of them, in a state that was just opened: ns
//! reopen            -> closed and opened again, with nothing in memory: ns
//! readers T B W     -> B blocks of W updates without and B with T threads of historic readers, by turns: medians of the
//!                      commit in ns, and how often the readers read
//! zipf S N          -> hits of N reads by Zipf with s = S / 10, after as many that do not count, in a cache with room for
//!                      5 % of the entries; entries that it held; ns of all
//! scan N            -> hits of N such reads with s = 1.2, after as many and then one read of every entry
//! proofs V          -> bytes of the median and of the largest proof over all entries; ns to verify V of them
//! prune             -> bytes on disk when only the fewest blocks are retained, as the store says and as the files take
//! check             -> the first bytes of the root, computed from all entries
//! ```
//! Whatever is read is compared with what must be there.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use alloy_primitives::Bytes;
use florin_peers::database::{Database, Problem, Root};
use florin_peers::workload::{Key, Value, Workload};
use florin_runtime::state::durable::{DurableConfig, Identity, PAGES_BEHIND_BLOCKS_MAX, Retention};
use florin_runtime::state::store::Store;
use florin_runtime::state::store::disk::{DiskConfig, DiskStore};
use florin_runtime::state::{ChangeSet, DurableState, StateKey, StateReader};

use crate::{hit_rates, proofs, readers, reads};

const IDENTITY: Identity = Identity { chain_id: 1, genesis_hash: [7; 32] };

/// A durable state in a folder.
pub(crate) struct Ours {
    folder: PathBuf,
    store: Arc<DiskStore>,
    state: DurableState,
    height: u64,
}

impl Ours {
    /// Opens the state in a folder, or makes it.
    pub(crate) fn open(folder: &Path, config: DurableConfig) -> Result<Self, Problem> {
        let store = Arc::new(DiskStore::open(folder, DiskConfig::default())?);
        let opened = DurableState::open(store.clone(), IDENTITY, config)?;
        let create = || DurableState::create(store.clone(), IDENTITY, config, &ChangeSet::new(), Vec::new());
        let state = opened.map_or_else(create, Ok)?;
        let height = state.head().height;
        Ok(Self { folder: folder.to_owned(), store, state, height })
    }

    /// Closes it and opens it again.
    pub(crate) fn reopened(self, config: DurableConfig) -> Result<Self, Problem> {
        let Self { folder, store, state, .. } = self;
        drop(state);
        drop(store);
        Self::open(&folder, config)
    }

    pub(crate) const fn state(&self) -> &DurableState {
        &self.state
    }

    /// Commits the next block and returns its root.
    pub(crate) fn commit_block(&mut self, changes: &ChangeSet) -> Result<Root, Problem> {
        self.height = self.height.saturating_add(1);
        let root = self.state.commit(self.height, changes, Vec::new())?;
        Ok(first_bytes(&root.hash().0))
    }

    /// Takes note of blocks that were committed to the state directly.
    pub(crate) fn follow(&mut self) {
        self.height = self.state.head().height;
    }

    /// Retains as few blocks as it may, and gives back the room of what is older.
    fn prune(self) -> Result<(Self, u64), Problem> {
        let retained = Retention::Blocks(PAGES_BEHIND_BLOCKS_MAX);
        let ours = self.reopened(DurableConfig { retained_blocks: retained, ..DurableConfig::default() })?;
        ours.state.prune(u64::MAX)?;
        ours.state.compact()?;
        let bytes = ours.store.disk_bytes()?;
        Ok((ours, bytes))
    }
}

/// Returns the changes as the state takes them.
pub(crate) fn changes(updates: &[(Key, Value)]) -> ChangeSet {
    updates.iter().map(|(key, value)| (StateKey::from_bytes(key), Some(Bytes::copy_from_slice(value)))).collect()
}

fn first_bytes(root: &[u8; 32]) -> Root {
    root.first_chunk().map_or(0, |bytes| Root::from_be_bytes(*bytes))
}

/// A state that may be closed for a moment.
pub(crate) struct Contestant(Option<Ours>);

impl Contestant {
    pub(crate) fn open(folder: &Path) -> Result<Self, Problem> {
        Ok(Self(Some(Ours::open(folder, DurableConfig::default())?)))
    }

    fn ours(&mut self) -> Result<&mut Ours, Problem> {
        self.0.as_mut().ok_or_else(|| "the state did not open again".into())
    }

    /// Replaces the state by what becomes of it.
    fn change<T>(&mut self, work: impl FnOnce(Ours) -> Result<(Ours, T), Problem>) -> Result<T, Problem> {
        let ours = self.0.take().ok_or("the state did not open again")?;
        let (ours, answer) = work(ours)?;
        self.0 = Some(ours);
        Ok(answer)
    }
}

impl Database for Contestant {
    type Changes = ChangeSet;
    type Read = Bytes;

    /// The pages of the last block, and all that is on its way to the engine.
    fn settle(&mut self) -> Result<(), Problem> {
        let ours = self.ours()?;
        ours.state.prefetch(&[])?;
        Ok(ours.store.settle()?)
    }

    fn touch(&mut self, keys: &[Key]) -> Result<(), Problem> {
        let keys: Vec<_> = keys.iter().map(|key| StateKey::from_bytes(key)).collect();
        Ok(self.ours()?.state.prefetch(&keys)?)
    }

    async fn get(&mut self, key: &Key) -> Result<Option<Bytes>, Problem> {
        Ok(self.ours()?.state.newest().get(&StateKey::from_bytes(key))?)
    }

    fn prepare(&self, updates: &[(Key, Value)]) -> ChangeSet {
        changes(updates)
    }

    async fn commit(&mut self, changes: ChangeSet) -> Result<Root, Problem> {
        self.ours()?.commit_block(&changes)
    }

    async fn answer(&mut self, words: &[&str], workload: &mut Workload) -> Result<String, Problem> {
        let answer = match *words {
            ["height"] => self.ours()?.state.head().height.to_string(),
            ["warm", count] => reads::warm(self.ours()?, workload, count.parse()?)?,
            ["cold", batch, count] => {
                let view = self.ours()?.state.newest();
                let get = |key: &Key| Ok(view.get(&StateKey::from_bytes(key))?);
                reads::cold(workload, batch.parse()?, count.parse()?, get)?
            }
            ["reopen"] => self.change(|ours| {
                let start = Instant::now();
                let ours = ours.reopened(DurableConfig::default())?;
                Ok((ours, start.elapsed().as_nanos().to_string()))
            })?,
            ["readers", threads, blocks, updates] => {
                readers::measure(self.ours()?, workload, threads.parse()?, blocks.parse()?, updates.parse()?)?
            }
            ["zipf", tenths, reads] => {
                self.change(|ours| hit_rates::zipf(ours, workload, tenths.parse()?, reads.parse()?))?
            }
            ["scan", reads] => self.change(|ours| hit_rates::scan(ours, workload, reads.parse()?))?,
            ["proofs", verified] => proofs::measure(self.ours()?, workload, verified.parse()?)?,
            ["prune"] => {
                let bytes = self.change(Ours::prune)?;
                format!("{bytes} {}", bytes_below(&self.ours()?.folder)?)
            }
            ["check"] => first_bytes(&self.ours()?.state.check_root()?.hash().0).to_string(),
            _ => return Err(format!("unknown: {}", words.join(" ")).into()),
        };
        Ok(answer)
    }
}

/// Returns the bytes that the files below a folder take on the disk.
fn bytes_below(folder: &Path) -> Result<u64, Problem> {
    use std::os::unix::fs::MetadataExt;
    const BLOCK_BYTES: u64 = 512;
    let mut bytes = 0_u64;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let more =
            if metadata.is_dir() { bytes_below(&entry.path())? } else { metadata.blocks().saturating_mul(BLOCK_BYTES) };
        bytes = bytes.saturating_add(more);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::Contestant;
    use crate::engine::Engine;
    use crate::raw::Raw;
    use florin_peers::database::{Database, Keys, Problem, at_once, block, load};
    use florin_peers::workload::Workload;

    /// Loads, and commits some blocks; every read is compared on the way.
    fn commit_blocks(database: &mut impl Database) -> Result<Vec<String>, Problem> {
        let mut workload = Workload::new(300);
        at_once(load(database, &workload))?;
        let mut roots = Vec::new();
        for keys in [Keys::Told, Keys::Untold, Keys::Told] {
            let answer = at_once(block(database, &mut workload, keys, 20, 100))?;
            roots.push(answer.split_whitespace().last().unwrap_or_default().to_owned());
        }
        Ok(roots)
    }

    #[test]
    fn ours_fjall_alone_and_the_bare_store_read_what_the_blocks_wrote() -> Result<(), Problem> {
        let folder = tempfile::tempdir()?;
        let mut ours = Contestant::open(&folder.path().join("ours"))?;
        let roots = commit_blocks(&mut ours)?;
        assert!(roots.iter().collect::<std::collections::BTreeSet<_>>().len() == 3, "a block changes the root");
        let root = at_once(ours.answer(&["check"], &mut Workload::new(1)))?;
        assert_eq!(Some(&root), roots.last(), "the root from all entries is the last block's");
        commit_blocks(&mut Engine::open(&folder.path().join("engine"))?)?;
        commit_blocks(&mut Raw::open(&folder.path().join("raw"))?).map(drop)
    }
}
