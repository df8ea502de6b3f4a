//! Claim trees once more, in a few lines over `sha2`, written from the definition and from nothing of ours.
//!
//! ```text
//! leaf = SHA-256(0x00 | chain id u64 | contract [20] | campaign u64 | index u32 | account [20] | amount u128 | 0 [8])
//! node = SHA-256(0x01 | left | right)                integers big-endian; an odd node is carried up
//! ```

use florin_sandbox::Address;
use sha2::{Digest, Sha256};

pub(crate) type Hash = [u8; 32];

/// What every leaf of a campaign binds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Campaign {
    pub(crate) chain_id: u64,
    pub(crate) contract: Address,
    pub(crate) number: u64,
}

impl Campaign {
    pub(crate) fn leaf(&self, index: u32, account: Address, amount: u128) -> Hash {
        let mut hash = Sha256::new();
        hash.update([0]);
        hash.update(self.chain_id.to_be_bytes());
        hash.update(self.contract);
        hash.update(self.number.to_be_bytes());
        hash.update(index.to_be_bytes());
        hash.update(account);
        hash.update(amount.to_be_bytes());
        hash.update([0; 8]);
        hash.finalize().into()
    }

    /// Returns the leaves of a list, in its order.
    pub(crate) fn leaves(&self, list: &[(Address, u128)]) -> Vec<Hash> {
        (0..).zip(list).map(|(index, (account, amount))| self.leaf(index, *account, *amount)).collect()
    }
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

fn level_above(level: &[Hash]) -> Vec<Hash> {
    level.chunks(2).map(|pair| if let [left, right] = pair { node(left, right) } else { pair[0] }).collect()
}

pub(crate) fn root(leaves: &[Hash]) -> Hash {
    if leaves.len() == 1 { leaves[0] } else { root(&level_above(leaves)) }
}

/// Returns the nodes beside the way from a leaf up; a node that is carried up has none beside it.
pub(crate) fn proof(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let beside = leaves.get(index ^ 1).copied();
    beside.into_iter().chain(proof(&level_above(leaves), index / 2)).collect()
}
