//! Keys that follow from a seed, and what they sign.
//!
//! Guarantees that a seed and a path give the same key, address and signatures everywhere: derivation is sp-core's hard
//! derivation for ecdsa, signatures are RFC 6979 with low s.
//!
//! These keys are as secret as the seed, which for a demo is not secret at all. A key that must be secret is in a
//! [`secret_file`].

mod consensus;
pub mod secret_file;

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, keccak256};
use sp_core::{DeriveJunction, Pair, ecdsa};
use thiserror::Error;

pub use consensus::ConsensusKey;

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The derivation ended in a number that is no secret key: a chance of 1 in 2^127.
    #[error("the seed has no key on this path; choose another seed")]
    NoKey,
}

/// An account that can sign.
#[derive(Clone)]
pub struct Signer {
    pair: ecdsa::Pair,
    address: Address,
}

impl Signer {
    /// Derives the key `//role//number` of a seed.
    ///
    /// # Errors
    /// [`KeyError::NoKey`] if the numbers conspire.
    pub fn derive(seed: u64, role: &str, number: u64) -> Result<Self, KeyError> {
        let mut text = b"florin/seed/".to_vec();
        text.extend_from_slice(&seed.to_be_bytes());
        let root = ecdsa::Pair::from_seed_slice(keccak256(text).as_slice()).map_err(|_| KeyError::NoKey)?;
        let path = [DeriveJunction::hard(role), DeriveJunction::hard(number)];
        let (pair, _) = root.derive(path.into_iter(), None).map_err(|_| KeyError::NoKey)?;
        let public = secp256k1::PublicKey::from_slice(pair.public().as_ref()).map_err(|_| KeyError::NoKey)?;
        let [_, point @ ..] = public.serialize_uncompressed();
        Ok(Self { pair, address: Address::from_raw_public_key(&point) })
    }

    /// Returns the account's address.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Signs a hash.
    pub fn sign(&self, digest: &B256) -> Signature {
        let [rest @ .., parity] = self.pair.sign_prehashed(&digest.0).0;
        Signature::from_bytes_and_parity(&rest, parity == 1)
    }

    /// Signs a transaction; returns it as it travels.
    pub fn sign_transaction(&self, transaction: TxEip1559) -> Bytes {
        let signature = self.sign(&transaction.signature_hash());
        transaction.into_signed(signature).encoded_2718().into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use alloy_consensus::{TxEip1559, TxEnvelope};
    use alloy_eips::eip2718::Decodable2718;
    use alloy_primitives::{Address, B256, U256, keccak256};
    use secp256k1::Message;
    use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};

    use super::Signer;

    /// A change of these addresses changes every figure of the demo. They were computed in Python from the definitions of
    /// the derivation, the curve and the address.
    #[test]
    fn a_seed_and_a_path_always_give_the_same_account() {
        let address = |seed, role, number| Signer::derive(seed, role, number).unwrap().address().to_string();
        assert_eq!(address(0, "owner", 0), "0x8D6417b7106E0E3DaAF21FbE385086893FA90A33");
        assert_eq!(address(1, "relayer", 0), "0xaDB780bBD44a6072826C65C8C6C8c40ba1dC51D8");
        assert_eq!(address(1, "relayer", 63), "0x3Db953564512CBb35D852040dfD0C6D0b9C57F8C");
    }

    #[test]
    fn a_signature_has_a_low_s_and_recovers_to_the_account() {
        let signer = Signer::derive(7, "relayer", 3).unwrap();
        for number in 0..64_u64 {
            let digest = keccak256(number.to_be_bytes());
            let signature = signer.sign(&digest);
            assert_eq!(signature.normalize_s(), None);
            let parity = RecoveryId::try_from(i32::from(signature.v())).unwrap();
            let signature = RecoverableSignature::from_compact(&signature.as_bytes()[..64], parity).unwrap();
            let public = signature.recover_ecdsa(Message::from_digest(digest.0)).unwrap();
            assert_eq!(Address::from_raw_public_key(&public.serialize_uncompressed()[1..]), signer.address());
        }
    }

    #[test]
    fn a_signed_transaction_decodes_as_ethereum_tools_read_it() {
        let signer = Signer::derive(7, "owner", 0).unwrap();
        let transaction = TxEip1559 { chain_id: 5, nonce: 3, value: U256::from(9), ..TxEip1559::default() };
        let bytes = signer.sign_transaction(transaction.clone());
        let envelope = TxEnvelope::decode_2718(&mut bytes.as_ref()).unwrap();
        let signed = envelope.as_eip1559().unwrap();
        assert_eq!(signed.tx(), &transaction);
        assert_ne!(*signed.hash(), B256::ZERO);
    }
}
