//! Signatures: from [`Transaction`] to [`VerifiedTransaction`], and the verdicts that contracts ask for.
//!
//! Guarantees one verdict for a signature, whoever asks: alone, in any batch, on any number of threads. ed25519 follows
//! ZIP-215 (cofactored, non-canonical points accepted, s below the order), sr25519 is schnorrkel's in the context
//! "substrate", ecdsa is secp256k1's with low s. Batches are only a faster way to the same verdict; a batch that fails is
//! searched for its bad signatures.
//!
//! Cost: a batch of n good signatures is one multi-scalar multiplication of 2n + 1 points; ecdsa has no batches. Each chunk of
//! 128 signatures is one unit of work for a thread.

mod batch;
mod coefficients;
mod ecdsa;
mod ed25519;
mod spread;
mod sr25519;

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test may panic, on small figures"
)]
mod tests;

use core::ops::Deref;

use alloy_primitives::{Address, keccak256};

use crate::transaction::{NativeSignature, Proof, Rejection, Transaction};

pub(crate) use ecdsa::{blake2b_256, is_low_s};

/// A signature scheme; the number is its tag in envelopes and host functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Scheme {
    /// ed25519 by the rules of ZIP-215; key 32 bytes, signature 64.
    Ed25519 = 0,
    /// sr25519 in the context "substrate"; key 32 bytes, signature 64.
    Sr25519 = 1,
    /// ecdsa on secp256k1 with low s; compressed key 33 bytes, signature 64 over the SHA-256 of the message.
    Ecdsa = 2,
}

impl Scheme {
    /// Every scheme, in the order of the tags.
    pub const ALL: [Self; 3] = [Self::Ed25519, Self::Sr25519, Self::Ecdsa];

    /// Returns the scheme with this tag.
    pub const fn from_tag(tag: u32) -> Option<Self> {
        match tag {
            0 => Some(Self::Ed25519),
            1 => Some(Self::Sr25519),
            2 => Some(Self::Ecdsa),
            _ => None,
        }
    }

    /// Returns the length of a public key, in bytes.
    pub const fn key_bytes(self) -> usize {
        match self {
            Self::Ed25519 | Self::Sr25519 => 32,
            Self::Ecdsa => 33,
        }
    }

    /// Returns the length of a signature, in bytes.
    pub const fn signature_bytes(self) -> usize {
        64
    }
}

/// A message with the key that is said to have signed it.
#[derive(Clone, Copy, Debug)]
pub struct SignedMessage<'a> {
    /// The public key.
    pub key: &'a [u8],
    /// What was signed.
    pub message: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
}

/// Tells whether a signature is valid; a key or signature of the wrong length makes it invalid.
pub fn verify_one(scheme: Scheme, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let item = SignedMessage { key, message, signature };
    match scheme {
        Scheme::Ed25519 => ed25519::is_valid(&item),
        Scheme::Sr25519 => sr25519::is_valid(&item),
        Scheme::Ecdsa => ecdsa::is_valid(&item),
    }
}

/// Tells of each signature whether it is valid, with the verdicts of [`verify_one`] in the order of the items; no items
/// give no verdicts. The work is spread over at most `threads` threads, the caller's included.
pub fn verify_batch(scheme: Scheme, items: &[SignedMessage<'_>], threads: usize) -> Vec<bool> {
    let mut verdicts = vec![false; items.len()];
    spread::over_threads(items, &mut verdicts, threads, |items, verdicts| verify_chunk(scheme, items, verdicts));
    verdicts
}

/// Recovers the Ethereum address whose key signed the digest.
///
/// The signature is r, s and v; v is 0, 1, 27 or 28. Returns nothing for a high s and for what no key can have signed.
pub fn ecdsa_recover(digest: &[u8; 32], signature: &[u8; 65]) -> Option<Address> {
    let mut signature = *signature;
    let [.., v] = &mut signature;
    if let 27 | 28 = *v {
        *v = v.saturating_sub(27);
    }
    let key = ecdsa::recover(*digest, &signature)?;
    Some(ecdsa::address(&key))
}

/// A transaction whose signature holds, with the sender that follows from it. Made only by [`verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedTransaction {
    transaction: Transaction,
    sender: Address,
}

impl VerifiedTransaction {
    /// Returns who signed.
    pub const fn sender(&self) -> Address {
        self.sender
    }

    /// Returns the transaction.
    pub const fn transaction(&self) -> &Transaction {
        &self.transaction
    }
}

impl Deref for VerifiedTransaction {
    type Target = Transaction;

    fn deref(&self) -> &Transaction {
        &self.transaction
    }
}

/// Verifies transactions, in batches over at most `threads` threads, the caller's included.
///
/// Returns one result for each, in the same order. A bad signature rejects its own transaction and no other.
pub fn verify(transactions: Vec<Transaction>, threads: usize) -> Vec<Result<VerifiedTransaction, Rejection>> {
    let mut senders = vec![None; transactions.len()];
    spread::over_threads(&transactions, &mut senders, threads, recover_senders);
    transactions
        .into_iter()
        .zip(senders)
        .map(|(transaction, sender)| {
            let sender = sender.ok_or(Rejection::BadSignature)?;
            Ok(VerifiedTransaction { transaction, sender })
        })
        .collect()
}

/// Returns the address of a key that signs native transactions: of an ecdsa key its Ethereum address, else the last 20 bytes
/// of keccak-256 over the scheme's tag and the key. Nothing, if the bytes are no ecdsa key.
pub fn key_address(scheme: Scheme, key: &[u8]) -> Option<Address> {
    match scheme {
        Scheme::Ed25519 | Scheme::Sr25519 => {
            let hash = keccak256([&[scheme as u8], key].concat());
            Some(Address::from_word(hash))
        }
        Scheme::Ecdsa => ecdsa::parse_key(key).map(|key| ecdsa::address(&key)),
    }
}

fn verify_chunk(scheme: Scheme, items: &[SignedMessage<'_>], verdicts: &mut [bool]) {
    match scheme {
        Scheme::Ed25519 => batch::verdicts(items, verdicts, ed25519::are_all_valid, ed25519::is_valid),
        Scheme::Sr25519 => batch::verdicts(items, verdicts, sr25519::are_all_valid, sr25519::is_valid),
        Scheme::Ecdsa => {
            for (item, verdict) in items.iter().zip(verdicts) {
                *verdict = ecdsa::is_valid(item);
            }
        }
    }
}

/// Finds the sender of each transaction whose signature holds.
fn recover_senders(transactions: &[Transaction], senders: &mut [Option<Address>]) {
    for scheme in [Scheme::Ed25519, Scheme::Sr25519] {
        let (indices, items): (Vec<usize>, Vec<_>) = transactions
            .iter()
            .enumerate()
            .filter_map(|(index, transaction)| Some((index, batchable(transaction, scheme)?)))
            .unzip();
        let mut verdicts = vec![false; items.len()];
        verify_chunk(scheme, &items, &mut verdicts);
        for ((index, item), verdict) in indices.into_iter().zip(items).zip(verdicts) {
            if let (true, Some(sender)) = (verdict, senders.get_mut(index)) {
                *sender = key_address(scheme, item.key);
            }
        }
    }
    for (transaction, sender) in transactions.iter().zip(senders) {
        match transaction.proof() {
            Proof::Ethereum { digest, signature } => *sender = ecdsa_recover(digest, signature),
            Proof::Native { message, signature: NativeSignature::Ecdsa { key, signature } } => {
                *sender = ecdsa::recover(blake2b_256(message), signature)
                    .filter(|recovered| recovered.serialize() == *key)
                    .map(|recovered| ecdsa::address(&recovered));
            }
            Proof::Native { .. } => {}
        }
    }
}

fn batchable(transaction: &Transaction, scheme: Scheme) -> Option<SignedMessage<'_>> {
    match transaction.proof() {
        Proof::Native { message, signature } if signature.scheme() == scheme => {
            Some(SignedMessage { key: signature.key(), message, signature: signature.signature() })
        }
        _ => None,
    }
}
