//! ecdsa on secp256k1, with low s everywhere: `s <= n / 2`, as EIP-2 and libsecp256k1 demand.
//!
//! There are no batches. The library keeps one context a thread, so that threads do not wait for each other.

use alloy_primitives::{Address, keccak256};
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId, Signature};
use secp256k1::{Message, PublicKey};
use sha2::{Digest, Sha256};

use super::SignedMessage;

/// Half of the group order, rounded down, big-endian.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e,
    0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

/// Tells whether the 64-byte signature over the SHA-256 of the message is valid.
pub(super) fn is_valid(item: &SignedMessage<'_>) -> bool {
    let digest = Message::from_digest(Sha256::digest(item.message).into());
    let Some(key) = parse_key(item.key) else { return false };
    // The library refuses a high s by itself.
    Signature::from_compact(item.signature).is_ok_and(|signature| signature.verify(digest, &key).is_ok())
}

/// Recovers the key that signed the digest; the signature is r, s and the recovery id, 0 or 1.
pub(super) fn recover(digest: [u8; 32], signature: &[u8; 65]) -> Option<PublicKey> {
    if !is_low_s(signature) {
        return None;
    }
    let (rs, id) = signature.split_last_chunk::<1>()?;
    let id = match id {
        [0] => RecoveryId::Zero,
        [1] => RecoveryId::One,
        _ => return None,
    };
    RecoverableSignature::from_compact(rs, id).ok()?.recover_ecdsa(Message::from_digest(digest)).ok()
}

/// Tells whether s, the second 32 bytes, lies in the lower half of the order.
pub(crate) fn is_low_s(signature: &[u8; 65]) -> bool {
    signature[32..64] <= HALF_ORDER[..]
}

/// Parses a compressed key.
pub(super) fn parse_key(key: &[u8]) -> Option<PublicKey> {
    let key: [u8; 33] = key.try_into().ok()?;
    PublicKey::from_byte_array_compressed(key).ok()
}

/// Returns the Ethereum address of a key.
pub(super) fn address(key: &PublicKey) -> Address {
    let [_, point @ ..] = key.serialize_uncompressed();
    Address::from_word(keccak256(point))
}

/// Hashes with BLAKE2b to 256 bits, which is what sp-core's ecdsa signs.
pub(crate) fn blake2b_256(bytes: &[u8]) -> [u8; 32] {
    let hash = blake2b_simd::Params::new().hash_length(32).hash(bytes);
    let mut out = [0; 32];
    out.copy_from_slice(hash.as_bytes());
    out
}
