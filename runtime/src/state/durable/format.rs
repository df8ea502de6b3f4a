//! What a database says of itself: its format, the chain that it is of, and its head.
//!
//! ```text
//! meta "identity" -> SCALE (format u32, chain id u64, genesis hash [32])
//! meta "head"     -> SCALE (height u64, root [32], height of the pages u64, oldest undo record u64)
//! ```

use alloy_primitives::B256;
use parity_scale_codec::{Decode, DecodeAll, Encode};
use thiserror::Error;

use super::super::store::StoreError;
use super::super::tree::Hash;
use crate::fault::Fault;

/// Number of the format that this release reads and writes.
pub const FORMAT: u32 = 3;

pub(super) const IDENTITY_KEY: &[u8] = b"identity";
pub(super) const HEAD_KEY: &[u8] = b"head";

/// What a database is of. One of another chain is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Identity {
    /// The chain's number.
    pub chain_id: u64,
    /// The hash of its genesis.
    pub genesis_hash: [u8; 32],
}

/// The newest committed block, as the database has it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DurableHead {
    /// Its number.
    pub height: u64,
    /// The root of the state after it.
    pub root: Hash,
    /// The pages of the tree in the store are those after this block, or later.
    pub(super) pages_height: u64,
    /// The oldest block whose record is kept.
    pub(super) undo_height: u64,
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

pub(super) fn check_identity(found: &[u8], expected: Identity) -> Result<(), OpenError> {
    let found = &mut &found[..];
    let format = u32::decode(found).map_err(|_| OpenError::Foreign)?;
    if format != FORMAT {
        return Err(OpenError::Format { found: format });
    }
    let found = Identity::decode_all(found).map_err(|_| OpenError::Foreign)?;
    if found.chain_id != expected.chain_id {
        return Err(OpenError::Chain { found: Box::new(found), expected: Box::new(expected) });
    }
    if found != expected {
        return Err(OpenError::Genesis { found: Box::new(found), expected: Box::new(expected) });
    }
    Ok(())
}
