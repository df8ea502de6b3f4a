//! What a database says of itself: its format, the chain that it is of, and its head.
//!
//! ```text
//! meta "identity" -> SCALE (format u32, chain id u64, genesis hash [32])
//! meta "head"     -> SCALE (height u64, root [32])
//! meta "reach"    -> SCALE (height u64 that this is of, height of the pages u64, oldest undo record u64)
//! meta "pin/" | name -> SCALE height u64
//! meta "import"   -> SCALE (checksum of the snapshot's head [32], chunks u32), in place of the two while an import goes on
//! blocks height u64, big-endian -> root [32] of the state after the block | what the owner keeps of it
//! ```

use alloy_primitives::{B256, Bytes};
use parity_scale_codec::{Decode, DecodeAll, Encode};
use thiserror::Error;

use super::super::store::{Batch, RowsBuilder, Snapshot, StoreError, Table};
use super::super::tree::Hash;
use crate::fault::Fault;

/// Number of the format that this release reads and writes.
pub const FORMAT: u32 = 6;

pub(in super::super) const IDENTITY_KEY: &[u8] = b"identity";
pub(in super::super) const HEAD_KEY: &[u8] = b"head";
pub(in super::super) const REACH_KEY: &[u8] = b"reach";
pub(in super::super) const IMPORT_KEY: &[u8] = b"import";

/// What a database is of. One of another chain is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Identity {
    /// The chain's number.
    pub chain_id: u64,
    /// The hash of its genesis.
    pub genesis_hash: [u8; 32],
}

/// The newest committed block, as the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurableHead {
    /// Its number.
    pub height: u64,
    /// The root of the state after it.
    pub root: Hash,
    /// The block whose derived rows are the newest in the store: pages of the tree, records that go, and how far both reach. Those of
    /// the blocks behind it were lost with the process.
    pub(in super::super) derived_height: u64,
    /// The pages of the tree in the store are those after this block, or later.
    pub(in super::super) pages_height: u64,
    /// The oldest block whose record is kept.
    pub(in super::super) undo_height: u64,
}

/// Why a durable state cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The database was written by a release that this one does not understand.
    #[error(
        "the database has format {found}, this release reads {FORMAT}: use the release that wrote it, or start anew"
    )]
    Format {
        /// Its format.
        found: u32,
    },
    /// The database is of another chain.
    #[error("the database is of chain {}, not of chain {}: name another folder", .found.chain_id, .expected.chain_id)]
    Chain {
        /// What it is of.
        found: Box<Identity>,
        /// What was asked for.
        expected: Box<Identity>,
    },
    /// The database is of a chain of the same number with another genesis.
    #[error("the database has genesis {}, not {}: name another folder, or start anew", hex(.found), hex(.expected))]
    Genesis {
        /// What it is of.
        found: Box<Identity>,
        /// What was asked for.
        expected: Box<Identity>,
    },
    /// The folder holds something else.
    #[error("the folder holds no database of this program, or one whose first block was never finished")]
    Foreign,
    /// An import was not finished.
    #[error("an import into the database was not finished: run it again with the same file, or remove the folder")]
    Unfinished,
    /// The store failed, or what it holds is damaged.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

fn hex(identity: &Identity) -> B256 {
    B256::new(identity.genesis_hash)
}

/// Reads what a database is of, without opening it; nothing if the store is empty.
///
/// # Errors
/// Says what is wrong with the database; faults if it cannot be read.
pub fn read_identity(snapshot: &dyn Snapshot) -> Result<Option<Identity>, OpenError> {
    let Some(found) = snapshot.get(Table::Meta, IDENTITY_KEY)? else {
        if snapshot.get(Table::Meta, IMPORT_KEY)?.is_some() {
            return Err(OpenError::Unfinished);
        }
        for table in Table::ALL {
            if snapshot.seek(table, &[])?.is_some() {
                return Err(OpenError::Foreign);
            }
        }
        return Ok(None);
    };
    let found = &mut &found[..];
    let format = u32::decode(found).map_err(|_| OpenError::Foreign)?;
    if format != FORMAT {
        return Err(OpenError::Format { found: format });
    }
    Identity::decode_all(found).map(Some).map_err(|_| OpenError::Foreign)
}

/// Refuses a database of another chain than the one that was asked for.
pub(in super::super) fn check_identity(found: Identity, expected: Identity) -> Result<(), OpenError> {
    if found.chain_id != expected.chain_id {
        return Err(OpenError::Chain { found: Box::new(found), expected: Box::new(expected) });
    }
    if found != expected {
        return Err(OpenError::Genesis { found: Box::new(found), expected: Box::new(expected) });
    }
    Ok(())
}

/// Reads the newest block, and how far pages and records reach. After a crash the latter may be as some blocks before left it.
pub(in super::super) fn read_head(snapshot: &dyn Snapshot) -> Result<DurableHead, OpenError> {
    let head = snapshot.get(Table::Meta, HEAD_KEY)?.ok_or(OpenError::Foreign)?;
    let reach = snapshot.get(Table::Meta, REACH_KEY)?.ok_or(OpenError::Foreign)?;
    let corrupt = |error: parity_scale_codec::Error| Fault::Corrupt { what: "head", detail: error.to_string() };
    let (height, root) = <(u64, Hash)>::decode_all(&mut &head[..]).map_err(corrupt)?;
    let (derived_height, pages_height, undo_height) =
        <(u64, u64, u64)>::decode_all(&mut &reach[..]).map_err(corrupt)?;
    Ok(DurableHead { height, root, derived_height, pages_height, undo_height })
}

/// Writes what the database is of.
pub(in super::super) fn put_identity(batch: &mut Batch, identity: Identity) {
    batch.put(Table::Meta, IDENTITY_KEY, (FORMAT, identity).encode());
}

/// Writes the root after a block and what the owner keeps of the block, and the head.
pub(in super::super) fn put_block(batch: &mut Batch, head: &DurableHead, block: &[u8]) {
    batch.put(Table::Blocks, head.height.to_be_bytes(), [&head.root[..], block].concat());
    batch.put(Table::Meta, HEAD_KEY, (head.height, head.root).encode());
}

/// Writes how far pages and records reach: with them, so that it is missing where they are.
pub(in super::super) fn put_reach(rows: &mut RowsBuilder, head: &DurableHead) {
    rows.put(Table::Meta, REACH_KEY, (head.derived_height, head.pages_height, head.undo_height).encode());
}

/// Reads the root after a block, and what the owner keeps of it; nothing if there is no such block.
pub(in super::super) fn read_block(snapshot: &dyn Snapshot, height: u64) -> Result<Option<(Hash, Bytes)>, Fault> {
    let Some(row) = snapshot.get(Table::Blocks, &height.to_be_bytes())? else { return Ok(None) };
    let short = || Fault::Corrupt { what: "block", detail: format!("the row at height {height} is too short") };
    let root = *row.first_chunk().ok_or_else(short)?;
    Ok(Some((root, row.slice(size_of::<Hash>()..))))
}
