//! Keys and signed transactions for tests.

use alloy_primitives::{Address, B256, Bytes, bytes};
use schnorrkel::{ExpansionMode, MiniSecretKey};
use secp256k1::ecdsa::RecoverableSignature;
use secp256k1::{Message, SecretKey};

use super::build::{self, UnsignedEthereum, UnsignedNative};
use super::{Body, Domain, GasPrice, NativeSignature, RawTransaction, Rejection, Transaction};
use crate::gas::Gas;
use crate::ledger::Balance;
use crate::signature::{self, Scheme, VerifiedTransaction};

pub(crate) const DOMAIN: Domain = Domain { chain_id: 1947, genesis_hash: B256::repeat_byte(0x11) };

pub(crate) fn body(nonce: u64) -> Body {
    Body {
        nonce,
        to: Some(Address::repeat_byte(0x22)),
        value: Balance::new(1_000_000_007),
        gas_limit: Gas(100_000),
        gas_price: GasPrice { max: 9, priority: 2 },
        input: bytes!("a9059cbb00112233"),
    }
}

pub(crate) fn secp256k1_key(seed: u8) -> SecretKey {
    SecretKey::from_secret_bytes([seed; 32]).unwrap()
}

pub(crate) fn sr25519_pair(seed: u8) -> schnorrkel::Keypair {
    MiniSecretKey::from_bytes(&[seed; 32]).unwrap().expand_to_keypair(ExpansionMode::Ed25519)
}

/// Signs a digest: r and s, and the recovery id.
pub(crate) fn sign_digest(digest: [u8; 32], seed: u8) -> ([u8; 64], u8) {
    let message = Message::from_digest(digest);
    let (id, rs) = RecoverableSignature::sign_ecdsa_recoverable(message, &secp256k1_key(seed)).serialize_compact();
    (rs, id.to_u8())
}

pub(crate) fn sign_ethereum(unsigned: &UnsignedEthereum, seed: u8) -> Bytes {
    let (rs, id) = sign_digest(unsigned.digest().0, seed);
    unsigned.assemble(&rs, id == 1)
}

/// Signs bytes with the key that this seed makes.
pub(crate) fn sign_message(scheme: Scheme, message: &[u8], seed: u8) -> NativeSignature {
    match scheme {
        Scheme::Ed25519 => {
            let key = ed25519_zebra::SigningKey::from([seed; 32]);
            let public = ed25519_zebra::VerificationKeyBytes::from(&key);
            NativeSignature::Ed25519 { key: public.into(), signature: key.sign(message).to_bytes() }
        }
        Scheme::Sr25519 => {
            let pair = sr25519_pair(seed);
            let signature = pair.sign_simple(b"substrate", message).to_bytes();
            NativeSignature::Sr25519 { key: pair.public.to_bytes(), signature }
        }
        Scheme::Ecdsa => {
            let (rs, id) = sign_digest(signature::blake2b_256(message), seed);
            let mut signature = [id; 65];
            signature[..64].copy_from_slice(&rs);
            let key = secp256k1::PublicKey::from_secret_key(&secp256k1_key(seed)).serialize();
            NativeSignature::Ecdsa { key, signature }
        }
    }
}

pub(crate) fn sign_native(unsigned: &UnsignedNative, scheme: Scheme, seed: u8) -> Bytes {
    unsigned.assemble(&sign_message(scheme, unsigned.message(), seed))
}

/// One transaction in each envelope and scheme, all with this nonce and signed with keys of this seed.
pub(crate) fn one_of_each(nonce: u64, seed: u8) -> Vec<Bytes> {
    let body = body(nonce);
    let mut all =
        vec![sign_ethereum(&build::legacy(&body, &DOMAIN), seed), sign_ethereum(&build::eip1559(&body, &DOMAIN), seed)];
    let unsigned = build::native(body, &DOMAIN);
    all.extend(Scheme::ALL.map(|scheme| sign_native(&unsigned, scheme, seed)));
    all
}

pub(crate) fn decode(bytes: &Bytes) -> Result<Transaction, Rejection> {
    Transaction::decode(&RawTransaction::new(bytes.clone())?, &DOMAIN)
}

/// Takes bytes the whole way to a verified transaction.
pub(crate) fn admit(bytes: &Bytes) -> Result<VerifiedTransaction, Rejection> {
    signature::verify(vec![decode(bytes)?], 1).remove(0)
}
