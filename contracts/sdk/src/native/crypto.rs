//! Hashes, Merkle trees and signatures on the machine that tests run on.
//!
//! Guarantees the verdicts of the chain's host functions: ed25519 by ZIP-215, sr25519 in the context "substrate", ecdsa
//! over SHA-256 with low s. Each signature is verified on its own, in batches too.

use std::{vec, vec::Vec};

use alloy_primitives::{Address, B256};
use secp256k1::{Message, ecdsa};
use sha2::{Digest, Sha256};

use crate::env::{Batch, SIGNATURE_LEN};

pub(crate) fn sha256(data: &[u8]) -> B256 {
    B256::from_slice(&Sha256::digest(data))
}

pub(crate) fn keccak256(data: &[u8]) -> B256 {
    alloy_primitives::keccak256(data)
}

pub(crate) fn blake3(data: &[u8]) -> B256 {
    B256::new(*::blake3::hash(data).as_bytes())
}

fn node(left: &B256, right: &B256) -> B256 {
    sha256(&[&[1], left.as_slice(), right.as_slice()].concat())
}

/// The levels of a tree from the leaves to the root; an odd node is carried up.
fn levels(leaves: &[B256]) -> Vec<Vec<B256>> {
    assert!(!leaves.is_empty(), "a Merkle tree has at least one leaf");
    let mut levels = vec![leaves.to_vec()];
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level =
            level.chunks(2).map(|pair| if let [left, right] = pair { node(left, right) } else { pair[0] }).collect();
        levels.push(level.clone());
    }
    levels
}

pub(crate) fn merkle_root(leaves: &[B256]) -> B256 {
    levels(leaves).pop().and_then(|top| top.first().copied()).expect("the last level is the root")
}

pub(crate) fn merkle_proof(leaves: &[B256], index: u32) -> Vec<B256> {
    let mut place = usize::try_from(index).expect("a native index");
    assert!(place < leaves.len(), "there is no such leaf");
    let mut proof = Vec::new();
    for level in levels(leaves) {
        proof.extend(level.get(place ^ 1).filter(|_| level.len() > 1));
        place >>= 1;
    }
    proof
}

pub(crate) fn merkle_verify(root: &B256, leaf: &B256, index: u32, count: u32, proof: &[B256]) -> bool {
    if index >= count {
        return false;
    }
    let (mut place, mut width, mut hash) = (index, count, *leaf);
    let mut siblings = proof.iter();
    while width > 1 {
        if place ^ 1 < width {
            let Some(sibling) = siblings.next() else { return false };
            hash = if place & 1 == 0 { node(&hash, sibling) } else { node(sibling, &hash) };
        }
        place >>= 1;
        width = width.div_ceil(2);
    }
    siblings.next().is_none() && hash == *root
}

pub(crate) fn verify_signature(scheme: u32, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let verdict = match scheme {
        0 => verify_ed25519(key, message, signature),
        1 => verify_sr25519(key, message, signature),
        2 => verify_ecdsa(key, message, signature),
        _ => panic!("unknown signature scheme {scheme}"),
    };
    verdict.unwrap_or(false)
}

fn verify_ed25519(key: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    let key = ed25519_zebra::VerificationKey::try_from(key).ok()?;
    let signature = ed25519_zebra::Signature::try_from(signature).ok()?;
    Some(key.verify(&signature, message).is_ok())
}

fn verify_sr25519(key: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    let key = schnorrkel::PublicKey::from_bytes(key).ok()?;
    let signature = schnorrkel::Signature::from_bytes(signature).ok()?;
    Some(key.verify_simple(b"substrate", message, &signature).is_ok())
}

fn verify_ecdsa(key: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    let key = secp256k1::PublicKey::from_slice(key).ok()?;
    let signature = ecdsa::Signature::from_compact(signature).ok()?;
    let digest = Message::from_digest(sha256(message).0);
    Some(ecdsa::verify(&signature, digest, &key).is_ok())
}

pub(crate) fn verify_batch(batch: &Batch<'_>) -> Vec<bool> {
    let message = |index: usize| {
        let start = index.checked_mul(batch.message_len)?;
        batch.messages.get(start..start.checked_add(batch.message_len)?)
    };
    let keys = batch.keys.chunks_exact(batch.scheme.key_len());
    let signatures = batch.signatures.chunks_exact(SIGNATURE_LEN);
    let triples = keys.zip(signatures).enumerate();
    triples
        .map(|(index, (key, signature))| {
            message(index).is_some_and(|message| verify_signature(batch.scheme as u32, key, message, signature))
        })
        .collect()
}

pub(crate) fn ecdsa_recover(digest: &B256, signature: &[u8; 65]) -> Option<Address> {
    let (compact, v) = (signature.get(..64)?, signature[64]);
    let parity = match v {
        0 | 27 => 0,
        1 | 28 => 1,
        _ => return None,
    };
    let id = ecdsa::RecoveryId::try_from(parity).ok()?;
    let recoverable = ecdsa::RecoverableSignature::from_compact(compact, id).ok()?;
    let plain = recoverable.to_standard();
    let mut low = plain;
    low.normalize_s();
    if low != plain {
        return None;
    }
    let key = recoverable.recover_ecdsa(Message::from_digest(digest.0)).ok()?;
    Some(Address::from_raw_public_key(key.serialize_uncompressed().get(1..)?))
}
