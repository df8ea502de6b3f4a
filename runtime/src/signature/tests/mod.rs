//! One verdict for a signature: alone, in every batch, in every place, on any number of threads.
//!
//! - `rules`: what each scheme accepts, and in what form.
//! - `points`: the ed25519 signatures that libraries disagree on.
//! - `vectors`: published vectors.
//! - `batches`: bad signatures among good ones.

mod batches;
mod points;
mod rules;
mod vectors;

use curve25519_dalek::EdwardsPoint;
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::scalar::Scalar;
use proptest::prelude::*;
use rand_core_06::RngCore;
use sha2::{Digest, Sha256, Sha512};
use sp_core::Pair;

use super::coefficients::Coefficients;
use super::*;
use crate::transaction::build;
use crate::transaction::sample::{DOMAIN, body, decode, one_of_each, sign_digest, sign_message, sr25519_pair};

/// A signed message that owns its bytes.
#[derive(Clone, Debug)]
struct Case {
    key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Case {
    fn item(&self) -> SignedMessage<'_> {
        SignedMessage { key: &self.key, message: &self.message, signature: &self.signature }
    }

    fn is_valid(&self, scheme: Scheme) -> bool {
        verify_one(scheme, &self.key, &self.message, &self.signature)
    }
}

/// A good signature; each number makes another key and message.
fn good(scheme: Scheme, number: u32) -> Case {
    let seed = (number % 250) as u8 + 1;
    let message = [&b"message "[..], &number.to_le_bytes()].concat();
    let signed = sign_message(scheme, &message, seed);
    let signature = match scheme {
        Scheme::Ecdsa => sign_digest(Sha256::digest(&message).into(), seed).0.to_vec(),
        Scheme::Ed25519 | Scheme::Sr25519 => signed.signature().to_vec(),
    };
    Case { key: signed.key().to_vec(), message, signature }
}

fn verdicts(scheme: Scheme, cases: &[Case], threads: usize) -> Vec<bool> {
    let items: Vec<_> = cases.iter().map(Case::item).collect();
    verify_batch(scheme, &items, threads)
}

/// A seeded generator, for orders and companions.
fn numbers(seed: u8) -> impl RngCore {
    Coefficients::of(Scheme::Ed25519, &[SignedMessage { key: &[seed], message: b"", signature: b"" }])
}

/// Shuffles in place (Fisher and Yates).
fn shuffle<T>(items: &mut [T], numbers: &mut impl RngCore) {
    for last in (1..items.len()).rev() {
        items.swap(last, numbers.next_u32() as usize % (last + 1));
    }
}
