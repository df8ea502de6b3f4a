//! The key with which a validator votes: ed25519, apart from the account that holds its stake.

use alloy_primitives::{Address, B256, FixedBytes, keccak256};
use florin_abi::vote::{Possession, Vote};
use sp_core::{DeriveJunction, Pair, ed25519};

use super::KeyError;

/// A validator's consensus key.
#[derive(Clone)]
pub struct ConsensusKey(ed25519::Pair);

impl ConsensusKey {
    /// Derives the key `//role//number` of a seed.
    ///
    /// # Errors
    /// [`KeyError::NoKey`] if the numbers conspire.
    pub fn derive(seed: u64, role: &str, number: u64) -> Result<Self, KeyError> {
        let mut text = b"florin/consensus/".to_vec();
        text.extend_from_slice(&seed.to_be_bytes());
        let root = Self::from_secret(&keccak256(text).0)?;
        let path = [DeriveJunction::hard(role), DeriveJunction::hard(number)];
        let (pair, _) = root.0.derive(path.into_iter(), None).map_err(|_| KeyError::NoKey)?;
        Ok(Self(pair))
    }

    /// Takes the 32 bytes of a secret.
    ///
    /// # Errors
    /// [`KeyError::NoKey`] for none: every 32 bytes are a secret.
    pub fn from_secret(secret: &[u8; 32]) -> Result<Self, KeyError> {
        ed25519::Pair::from_seed_slice(secret).map(Self).map_err(|_| KeyError::NoKey)
    }

    /// Returns the public key.
    pub fn public(&self) -> B256 {
        B256::new(self.0.public().0)
    }

    /// Signs bytes.
    pub fn sign(&self, bytes: &[u8]) -> FixedBytes<64> {
        FixedBytes::new(self.0.sign(bytes).0)
    }

    /// Signs that an account holds this key on a chain, as a validator registers.
    pub fn prove(&self, chain_id: u64, validator: Address) -> FixedBytes<64> {
        self.sign(&Possession { chain_id, validator: validator.into_array(), key: self.public().0 }.encode())
    }

    /// Signs a vote.
    pub fn vote(&self, vote: &Vote) -> FixedBytes<64> {
        self.sign(&vote.encode())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use alloy_primitives::Address;
    use florin_abi::vote::Possession;
    use florin_runtime::signature::{Scheme, verify_one};

    use super::ConsensusKey;

    #[test]
    fn a_path_is_one_key_and_its_proof_is_for_one_chain_and_account() {
        let key = ConsensusKey::derive(0, "validator", 1).unwrap();
        assert_eq!(key.public(), ConsensusKey::derive(0, "validator", 1).unwrap().public());
        assert_ne!(key.public(), ConsensusKey::derive(0, "validator", 2).unwrap().public());
        let account = Address::repeat_byte(3);
        let proof = key.prove(7, account);
        let verdict = |chain_id, validator: Address| {
            let statement = Possession { chain_id, validator: validator.into_array(), key: key.public().0 };
            verify_one(Scheme::Ed25519, &key.public().0, &statement.encode(), &proof.0)
        };
        assert!(verdict(7, account) && !verdict(8, account) && !verdict(7, Address::repeat_byte(4)));
    }
}
