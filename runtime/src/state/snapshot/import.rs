//! From a file to an empty store.
//!
//! Guarantees that nothing of a chunk is written before it is proven against the head's root, and that the database has a
//! chain's name and a head only when it is whole: until then it has a mark of the import, and is not opened.
//!
//! ```text
//! batch k      the entries of chunk k | their pages of the tree | meta "import" -> (checksum of the snapshot's head, k + 1)
//! last batch   the same, and in place of the mark: identity | head | block
//! ```
//! An import that was cut off goes on when it is run again with the same file: what is there is verified and not written
//! again. With another file it is refused.
//!
//! Costs: a chunk in memory a few times (about 10 MiB), and at most 128 MiB of pages of the tree; each page is written once for
//! each chunk that changes it. One sync at the end. 1,000,000 entries with values of 80 bytes take about 8 s.

use std::io::{self, Read};

use alloy_primitives::B256;
use parity_scale_codec::{Decode, DecodeAll, Encode};
use thiserror::Error;

use super::super::durable::commit::put_pages;
use super::super::durable::format::{IMPORT_KEY, check_identity, put_block, put_identity, put_reach};
use super::super::durable::{DurableConfig, DurableHead, Identity, OpenError, StoredPages, read_identity};
use super::super::store::{Batch, Durability, RowsBuilder, Store, Table};
use super::super::tree::{Change, Hash, Leaf, Tree, Turn};
use super::format::{Chunk, ChunkProblem, HeadProblem, SnapshotHead, read_chunk};
use crate::fault::Fault;

/// What a snapshot must be of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The chain, if it is known.
    pub identity: Option<Identity>,
    /// The root, if it is known from somebody who is trusted.
    pub root: Option<B256>,
}

/// Why a snapshot was not imported. Unless it says otherwise, importing the right file again goes on where this one stopped.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The file's head is none.
    #[error("the file cannot be imported: {0}")]
    Head(#[from] HeadProblem),
    /// The snapshot is of another chain.
    #[error("the snapshot is of another chain: {0}")]
    Foreign(String),
    /// The snapshot is of another state.
    #[error("the snapshot has the root {found}, not {expected}")]
    Root {
        /// Its root.
        found: B256,
        /// The root that was asked for.
        expected: B256,
    },
    /// A chunk is refused; nothing of it was written.
    #[error("chunk {number} of {chunks} is refused: {problem}")]
    Chunk {
        /// Its number, from 0.
        number: u32,
        /// How many there should be.
        chunks: u32,
        /// What is wrong with it.
        problem: ChunkProblem,
    },
    /// There is more in the file than its head says, or less.
    #[error("the file is not what its head says: {0}")]
    Rest(&'static str),
    /// The store holds something.
    #[error("there is a database already: import into a folder without one")]
    NotEmpty,
    /// The store holds a part of another snapshot.
    #[error("an import of another snapshot was not finished: run that one again, or remove the folder")]
    Another,
    /// What is read from failed.
    #[error("cannot read: {0}")]
    Io(#[from] io::Error),
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportProgress {
    /// Chunks that are verified and written.
    pub chunks_done: u32,
    /// How many there are.
    pub chunks: u32,
}

/// What was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// What the snapshot is of.
    pub head: SnapshotHead,
    /// Chunks that an earlier, unfinished import had written.
    pub chunks_found: u32,
}

/// What the mark of an unfinished import says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
struct Mark {
    snapshot: Hash,
    chunks: u32,
}

/// Imports a snapshot into an empty store, or finishes importing it; then the state can be opened.
///
/// # Errors
/// Says what is wrong with the file or the store.
pub fn import(
    store: &dyn Store,
    input: &mut dyn Read,
    expected: &Expected,
    progress: &mut dyn FnMut(ImportProgress),
) -> Result<Imported, ImportError> {
    let (head, checksum) = SnapshotHead::read(input)??;
    check_expected(&head, expected)?;
    let mut import = Import::begin(store, &head, checksum)?;
    let chunks_found = import.done;
    let (mut start, mut entries) = ([0; 32], 0_u64);
    for number in 0..head.chunks {
        let is_last = number.checked_add(1) == Some(head.chunks);
        let refused = |problem| ImportError::Chunk { number, chunks: head.chunks, problem };
        let content = read_chunk(input, number)?.map_err(refused)?;
        let chunk = Chunk::decode(content).ok_or(ChunkProblem::Content).map_err(refused)?;
        if chunk.range.start != start || chunk.range.end.is_none() != is_last {
            return Err(refused(ChunkProblem::Place));
        }
        let leaves = chunk.verify(&head.root).map_err(refused)?;
        entries = entries.saturating_add(u64::try_from(leaves.len()).unwrap_or(u64::MAX));
        if is_last {
            check_rest(&head, entries, input)?;
        }
        if number >= import.done {
            import.write(&chunk, &leaves, is_last)?;
        }
        progress(ImportProgress { chunks_done: number.saturating_add(1), chunks: head.chunks });
        start = chunk.range.end.unwrap_or(start);
    }
    Ok(Imported { head, chunks_found })
}

fn check_expected(head: &SnapshotHead, expected: &Expected) -> Result<(), ImportError> {
    if let Some(identity) = expected.identity {
        let (found, wanted) = (head.identity, identity);
        if check_identity(found, wanted).is_err() {
            let name = |of: Identity| format!("chain {} with genesis {}", of.chain_id, B256::new(of.genesis_hash));
            return Err(ImportError::Foreign(format!("{}, not {}", name(found), name(wanted))));
        }
    }
    let found = B256::new(head.root);
    match expected.root {
        Some(expected) if expected != found => Err(ImportError::Root { found, expected }),
        _ if head.chunks == 0 => Err(ImportError::Rest("it has no chunk")),
        _ => Ok(()),
    }
}

/// Checks what can be checked only when all is read.
fn check_rest(head: &SnapshotHead, entries: u64, input: &mut dyn Read) -> Result<(), ImportError> {
    if entries != head.entries {
        return Err(ImportError::Rest("it has another number of entries"));
    }
    if input.take(1).read_to_end(&mut Vec::new())? != 0 {
        return Err(ImportError::Rest("something follows the last chunk"));
    }
    Ok(())
}

struct Import<'a> {
    store: &'a dyn Store,
    head: &'a SnapshotHead,
    snapshot: Hash,
    tree: Tree,
    /// Chunks that are written.
    done: u32,
}

impl<'a> Import<'a> {
    fn begin(store: &'a dyn Store, head: &'a SnapshotHead, snapshot: Hash) -> Result<Self, ImportError> {
        let stored = store.snapshot();
        let done = match read_identity(&*stored) {
            Ok(None) => 0,
            Err(OpenError::Unfinished) => {
                let mark = stored.get(Table::Meta, IMPORT_KEY).map_err(Fault::from)?.unwrap_or_default();
                let corrupt = |error: parity_scale_codec::Error| Fault::Corrupt {
                    what: "mark of an import",
                    detail: error.to_string(),
                };
                let mark = Mark::decode_all(&mut &mark[..]).map_err(corrupt)?;
                if mark.snapshot != snapshot || mark.chunks >= head.chunks {
                    return Err(ImportError::Another);
                }
                mark.chunks
            }
            Err(OpenError::Fault(fault)) => return Err(fault.into()),
            Ok(Some(_)) | Err(_) => return Err(ImportError::NotEmpty),
        };
        let tree = Tree::open(&StoredPages(&*stored), DurableConfig::default().page_bytes_max)?;
        Ok(Self { store, head, snapshot, tree, done })
    }

    /// Writes a chunk that was verified.
    fn write(&mut self, chunk: &Chunk, leaves: &[Leaf], is_last: bool) -> Result<(), ImportError> {
        let mut batch = Batch::default();
        let changes: Vec<Change> = leaves.iter().map(|leaf| (leaf.key, Some(leaf.value))).collect();
        let root = self.tree.apply(&StoredPages(&*self.store.snapshot()), &changes)?;
        // Nothing of it is derived: nobody could make it again without the file.
        let mut rows = RowsBuilder::default();
        put_pages(&mut rows, &mut self.tree, Turn::ALL);
        chunk.entries.iter().for_each(|(key, value)| rows.put(Table::Entries, key, value));
        self.done = self.done.saturating_add(1);
        if !is_last {
            batch.append(rows.build());
            batch.put(Table::Meta, IMPORT_KEY, Mark { snapshot: self.snapshot, chunks: self.done }.encode());
            return Ok(self.store.write(batch, Durability::Buffered).map_err(Fault::from)?);
        }
        let SnapshotHead { identity, height, .. } = *self.head;
        if root != self.head.root {
            return Err(Fault::Invariant("chunks that are proven make another tree").into());
        }
        let undo_height = height.saturating_add(1);
        let head = DurableHead { height, root, derived_height: height, pages_height: height, undo_height };
        put_reach(&mut rows, &head);
        batch.append(rows.build());
        put_identity(&mut batch, identity);
        put_block(&mut batch, &head, &self.head.block);
        batch.remove(Table::Meta, IMPORT_KEY);
        Ok(self.store.write(batch, Durability::Synced).map_err(Fault::from)?)
    }
}
