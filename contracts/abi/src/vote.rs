//! What validators sign: votes for blocks, and the proof that a validator holds its key.
//!
//! Guarantees that a signed vote says one thing only: the domain tag, the chain id and every field have bytes of their own, and
//! all are of fixed width, integers big-endian. Signatures are ed25519 over these bytes by the rules of ZIP-215. Consensus, contracts
//! and clients take the bytes from here.
//!
//! ```text
//! vote        0                16         24       32     40               72
//!             | tag [16]       | chain id | height | view | block hash [32] |
//! possession  0                16         24              44               76
//!             | tag [16]       | chain id | validator[20] | key [32]        |
//! ```
//!
//! One validator votes at most once for a height and a view. A vote for [`NO_BLOCK`] says that the view brought no block, and is
//! no vote for one.

/// What the bytes of a vote begin with.
pub const VOTE_TAG: [u8; 16] = *b"florin/vote/1\0\0\0";

/// What the bytes of a proof of possession begin with.
pub const POSSESSION_TAG: [u8; 16] = *b"florin/holder/1\0";

/// Bytes of a vote.
pub const VOTE_BYTES: usize = 72;

/// Bytes of a proof of possession.
pub const POSSESSION_BYTES: usize = 76;

/// The block hash of a vote for no block.
pub const NO_BLOCK: [u8; 32] = [0; 32];

/// A vote for a block, or for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Vote {
    /// The EIP-155 chain id.
    pub chain_id: u64,
    /// The number of the block that is voted for.
    pub height: u64,
    /// The attempt to agree on that height.
    pub view: u64,
    /// The hash of the block's header, or [`NO_BLOCK`].
    pub block_hash: [u8; 32],
}

/// A validator's statement that it holds a consensus key. It is bound to chain and validator, so that nobody registers with a
/// key, or a statement, of somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Possession {
    /// The EIP-155 chain id.
    pub chain_id: u64,
    /// The account that registers.
    pub validator: [u8; 20],
    /// Its ed25519 public key.
    pub key: [u8; 32],
}

impl Vote {
    /// Returns the bytes that are signed.
    pub fn encode(&self) -> [u8; VOTE_BYTES] {
        let mut bytes = [0; VOTE_BYTES];
        bytes[..16].copy_from_slice(&VOTE_TAG);
        bytes[16..24].copy_from_slice(&self.chain_id.to_be_bytes());
        bytes[24..32].copy_from_slice(&self.height.to_be_bytes());
        bytes[32..40].copy_from_slice(&self.view.to_be_bytes());
        bytes[40..].copy_from_slice(&self.block_hash);
        bytes
    }
}

impl Possession {
    /// Returns the bytes that are signed.
    pub fn encode(&self) -> [u8; POSSESSION_BYTES] {
        let mut bytes = [0; POSSESSION_BYTES];
        bytes[..16].copy_from_slice(&POSSESSION_TAG);
        bytes[16..24].copy_from_slice(&self.chain_id.to_be_bytes());
        bytes[24..44].copy_from_slice(&self.validator);
        bytes[44..].copy_from_slice(&self.key);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{Possession, Vote};

    const VOTE: Vote = Vote { chain_id: 0x0102, height: 0x0304, view: 0x0506, block_hash: [7; 32] };

    #[test]
    fn a_vote_has_the_defined_bytes() {
        let bytes = VOTE.encode();
        assert_eq!(&bytes[..16], b"florin/vote/1\0\0\0");
        assert_eq!(bytes[16..40], [0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0, 5, 6]);
        assert_eq!(bytes[40..], [7; 32]);
    }

    #[test]
    fn every_field_of_a_vote_is_signed() {
        let others = [
            Vote { chain_id: 0x0103, ..VOTE },
            Vote { height: 0x0305, ..VOTE },
            Vote { view: 0x0507, ..VOTE },
            Vote { block_hash: [8; 32], ..VOTE },
            // The same digits in other fields.
            Vote { height: VOTE.view, view: VOTE.height, ..VOTE },
        ];
        assert!(others.iter().all(|other| other.encode() != VOTE.encode()));
    }

    #[test]
    fn a_possession_has_the_defined_bytes_and_is_no_vote() {
        let bytes = Possession { chain_id: 0x0102, validator: [3; 20], key: [4; 32] }.encode();
        assert_eq!(&bytes[..16], b"florin/holder/1\0");
        assert_eq!(bytes[16..24], [0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(bytes[24..44], [3; 20]);
        assert_eq!(bytes[44..], [4; 32]);
        assert_ne!(bytes[..16], VOTE.encode()[..16]);
    }
}
