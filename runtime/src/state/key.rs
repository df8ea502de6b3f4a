//! How state entries are named.
//!
//! ```text
//! account   0x00 | address [20]                 -> SCALE Account
//! storage   0x01 | address [20] | key [1..=256] -> the contract's bytes
//! code      0x02 | code hash [32]               -> the module as it was uploaded
//! system    0x03 | name                         -> the ledger's own totals
//! ```
//! Keys order as bytes, so that one contract's entries lie together and in the order of their keys.

use core::fmt;

use alloy_primitives::{Address, B256, hex};

const ACCOUNT: u8 = 0;
const STORAGE: u8 = 1;
const CODE: u8 = 2;
const SYSTEM: u8 = 3;
/// Bytes before a contract's own part of a storage key.
const STORAGE_PREFIX_BYTES: usize = 21;

/// The name of a state entry.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateKey(Box<[u8]>);

impl StateKey {
    /// Names an account.
    pub fn account(address: Address) -> Self {
        Self::join(ACCOUNT, address.as_slice(), &[])
    }

    /// Names an entry of a contract's storage.
    pub fn storage(contract: Address, key: &[u8]) -> Self {
        Self::join(STORAGE, contract.as_slice(), key)
    }

    /// Names the code with this hash.
    pub fn code(hash: B256) -> Self {
        Self::join(CODE, hash.as_slice(), &[])
    }

    /// Names one of the ledger's own entries.
    pub fn system(name: &str) -> Self {
        Self::join(SYSTEM, name.as_bytes(), &[])
    }

    /// Takes a key as it was stored.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// Returns the whole key.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the contract's own part, if this names a storage entry.
    pub fn storage_part(&self) -> Option<&[u8]> {
        match self.0.first() {
            Some(&STORAGE) => self.0.get(STORAGE_PREFIX_BYTES..),
            _ => None,
        }
    }

    fn join(tag: u8, first: &[u8], second: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(first.len().saturating_add(second.len()).saturating_add(1));
        bytes.push(tag);
        bytes.extend_from_slice(first);
        bytes.extend_from_slice(second);
        Self(bytes.into())
    }
}

impl fmt::Debug for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StateKey({})", hex::encode(&self.0))
    }
}
