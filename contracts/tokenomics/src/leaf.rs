//! One leaf of a claim tree: who may claim how much, in which campaign of which contract on which chain.
//!
//! Guarantees that a leaf is 85 bytes of fixed width, so that no two claims share an encoding, and that it begins with
//! a tag that no inner node begins with.
//!
//! ```text
//! 0      1            9              29           37        41            61           77       85
//! | 0x00 | chain id 8 | contract 20  | campaign 8 | index 4 | account 20  | amount 16  | zero 8 |   integers big-endian
//! ```
//!
//! Costs two SHA-256 blocks a leaf.

use sha2::{Digest, Sha256};

use crate::merkle::Hash;

/// Length of an encoded leaf, in bytes. Not 64: an encoded leaf cannot pass for a pair of nodes.
pub const LEAF_BYTES: usize = 85;

/// The first byte of an encoded leaf.
pub const LEAF_TAG: u8 = 0x00;

/// Where a claim is valid: a leaf of one scope proves nothing in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The chain.
    pub chain_id: u64,
    /// The claims contract.
    pub contract: [u8; 20],
    /// The campaign's number in the contract.
    pub campaign: u64,
}

/// One claim within its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Where the claim is valid.
    pub scope: Scope,
    /// The place in the list, from 0.
    pub index: u32,
    /// Who is paid.
    pub account: [u8; 20],
    /// How much, in the smallest unit of what the campaign pays.
    pub amount: u128,
}

impl Leaf {
    /// Returns the bytes that are hashed.
    pub fn encode(&self) -> [u8; LEAF_BYTES] {
        let mut bytes = [0; LEAF_BYTES];
        bytes[0] = LEAF_TAG;
        bytes[1..9].copy_from_slice(&self.scope.chain_id.to_be_bytes());
        bytes[9..29].copy_from_slice(&self.scope.contract);
        bytes[29..37].copy_from_slice(&self.scope.campaign.to_be_bytes());
        bytes[37..41].copy_from_slice(&self.index.to_be_bytes());
        bytes[41..61].copy_from_slice(&self.account);
        bytes[61..77].copy_from_slice(&self.amount.to_be_bytes());
        bytes
    }

    /// Returns the hash that stands in the tree. A contract hashes [`Leaf::encode`] through the host instead.
    pub fn hash(&self) -> Hash {
        Sha256::digest(self.encode()).into()
    }
}

/// What became of a claim; the number is its code in the contract's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ClaimStatus {
    /// There is no such campaign or claim, or the campaign has not begun.
    Unknown = 0,
    /// The claim is open.
    Claimable = 1,
    /// The claim was paid.
    Claimed = 2,
    /// The window closed before the claim was made.
    Expired = 3,
}

impl ClaimStatus {
    /// Returns the code.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Returns the status with this code.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Unknown),
            1 => Some(Self::Claimable),
            2 => Some(Self::Claimed),
            3 => Some(Self::Expired),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::{ClaimStatus, Leaf, Scope};

    fn leaf() -> Leaf {
        Leaf {
            scope: Scope { chain_id: 0x0102_0304_0506_0708, contract: [0xc0; 20], campaign: 7 },
            index: 0x0a0b_0c0d,
            account: [0xac; 20],
            amount: 1_000_000_007,
        }
    }

    /// The vector was computed with Python's hashlib over `struct.pack` of the definition.
    #[test]
    fn the_bytes_and_the_hash_are_the_defined_ones() {
        let expected = concat!(
            "00",
            "0102030405060708",
            "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0",
            "0000000000000007",
            "0a0b0c0d",
            "acacacacacacacacacacacacacacacacacacacac",
            "0000000000000000000000003b9aca07",
            "0000000000000000",
        );
        assert_eq!(hex::encode(leaf().encode()), expected);
        assert_eq!(hex::encode(leaf().hash()), "6105fb37b4a45fe00fc6cbbecc32279f77495791a9a7744783b5abed07bda2c5");
    }

    #[test]
    fn case_84_another_chain_contract_campaign_or_index_is_another_leaf() {
        let hash = leaf().hash();
        let scope = leaf().scope;
        let others = [
            Leaf { scope: Scope { chain_id: scope.chain_id + 1, ..scope }, ..leaf() },
            Leaf { scope: Scope { contract: [0xc1; 20], ..scope }, ..leaf() },
            Leaf { scope: Scope { campaign: scope.campaign + 1, ..scope }, ..leaf() },
            Leaf { index: leaf().index + 1, ..leaf() },
            Leaf { account: [0xad; 20], ..leaf() },
            Leaf { amount: leaf().amount + 1, ..leaf() },
        ];
        for other in others {
            assert_ne!(other.hash(), hash, "{other:?}");
        }
    }

    #[test]
    fn status_codes_round_trip() {
        for status in [ClaimStatus::Unknown, ClaimStatus::Claimable, ClaimStatus::Claimed, ClaimStatus::Expired] {
            assert_eq!(ClaimStatus::from_code(status.code()), Some(status));
        }
        assert_eq!(ClaimStatus::from_code(4), None);
    }

    proptest! {
        /// Each field can be read back from its own bytes, so nothing of one field can pass for a part of another.
        #[test]
        fn case_85_every_field_has_bytes_of_its_own(fields: (u64, [u8; 20], u64, u32, [u8; 20], u128)) {
            let (chain_id, contract, campaign, index, account, amount) = fields;
            let bytes = Leaf { scope: Scope { chain_id, contract, campaign }, index, account, amount }.encode();
            let (tag, rest) = bytes.split_first().unwrap();
            let (chain_id_bytes, rest) = rest.split_first_chunk().unwrap();
            let (contract_bytes, rest) = rest.split_first_chunk().unwrap();
            let (campaign_bytes, rest) = rest.split_first_chunk().unwrap();
            let (index_bytes, rest) = rest.split_first_chunk().unwrap();
            let (account_bytes, rest) = rest.split_first_chunk().unwrap();
            let (amount_bytes, rest) = rest.split_first_chunk().unwrap();
            prop_assert_eq!(*tag, 0);
            prop_assert_eq!(rest, [0; 8]);
            let read = (
                u64::from_be_bytes(*chain_id_bytes),
                *contract_bytes,
                u64::from_be_bytes(*campaign_bytes),
                u32::from_be_bytes(*index_bytes),
                *account_bytes,
                u128::from_be_bytes(*amount_bytes),
            );
            prop_assert_eq!(read, fields);
        }
    }
}
