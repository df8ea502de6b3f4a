//! Commitments to weights: what a validator publishes before it shows its weights.
//!
//! ```text
//! 0                16         24             44      52               72        104
//! | tag [16]       | chain id | contract[20] | epoch | validator [20] | salt[32] | weights, 4 bytes each |
//! ```
//!
//! A commitment is the keccak-256 of these bytes, integers big-endian. Guarantees that it binds one validator: who copies another's
//! commitment can never show weights for it, because the address in the bytes is not the own. The salt keeps others from trying
//! likely weights.

use alloc::vec::Vec;

/// What the bytes begin with.
pub const COMMITMENT_TAG: [u8; 16] = *b"florin/weights/1";

/// Bytes in front of the weights.
const HEAD_BYTES: usize = 104;

/// Whose weights for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// The EIP-155 chain id.
    pub chain_id: u64,
    /// The registry.
    pub contract: [u8; 20],
    /// The epoch that the weights are for.
    pub epoch: u64,
    /// Who commits.
    pub validator: [u8; 20],
    /// Bytes that nobody else can guess.
    pub salt: [u8; 32],
}

impl Commitment {
    /// Returns the bytes that are hashed.
    pub fn encode(&self, weights: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES.saturating_add(weights.len()));
        bytes.extend_from_slice(&COMMITMENT_TAG);
        bytes.extend_from_slice(&self.chain_id.to_be_bytes());
        bytes.extend_from_slice(&self.contract);
        bytes.extend_from_slice(&self.epoch.to_be_bytes());
        bytes.extend_from_slice(&self.validator);
        bytes.extend_from_slice(&self.salt);
        bytes.extend_from_slice(weights);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{Commitment, HEAD_BYTES};

    const COMMITMENT: Commitment =
        Commitment { chain_id: 0x0102, contract: [3; 20], epoch: 0x0405, validator: [6; 20], salt: [7; 32] };

    #[test]
    fn a_commitment_has_the_defined_bytes() {
        let bytes = COMMITMENT.encode(&[8, 9]);
        assert_eq!(&bytes[..16], b"florin/weights/1");
        assert_eq!(bytes[16..24], [0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(bytes[24..44], [3; 20]);
        assert_eq!(bytes[44..52], [0, 0, 0, 0, 0, 0, 4, 5]);
        assert_eq!((&bytes[52..72], &bytes[72..HEAD_BYTES]), (&[6; 20][..], &[7; 32][..]));
        assert_eq!(bytes[HEAD_BYTES..], [8, 9]);
    }

    #[test]
    fn a_copied_commitment_is_not_the_own() {
        let copied = Commitment { validator: [9; 20], ..COMMITMENT };
        assert_ne!(copied.encode(&[1]), COMMITMENT.encode(&[1]));
    }
}
