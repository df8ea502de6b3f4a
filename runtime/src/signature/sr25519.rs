//! sr25519: schnorrkel's Schnorr signatures over Ristretto, in the context that sp-core signs in.
//!
//! Ristretto has one encoding a point and no cofactor, so that a batch and a single verification agree.

use schnorrkel::context::SigningContext;
use schnorrkel::{PublicKey, Signature, signing_context, verify_batch_rng};

use super::coefficients::Coefficients;
use super::{Scheme, SignedMessage};

/// The signing context of sp-core.
const CONTEXT: &[u8] = b"substrate";

/// Tells whether one signature is valid.
pub(super) fn is_valid(item: &SignedMessage<'_>) -> bool {
    parse(item).is_some_and(|(key, signature)| key.verify_simple(CONTEXT, item.message, &signature).is_ok())
}

/// Tells whether all signatures are valid.
pub(super) fn are_all_valid(items: &[SignedMessage<'_>]) -> bool {
    let Some((keys, signatures)) = items.iter().map(parse).collect::<Option<(Vec<_>, Vec<_>)>>() else {
        return false;
    };
    let context: SigningContext = signing_context(CONTEXT);
    let transcripts = items.iter().map(|item| context.bytes(item.message));
    // The three sequences have the length of `items`, on which the library insists by panicking.
    verify_batch_rng(transcripts, &signatures, &keys, false, Coefficients::of(Scheme::Sr25519, items)).is_ok()
}

/// Copies key and signature, wherever they lie in memory.
fn parse(item: &SignedMessage<'_>) -> Option<(PublicKey, Signature)> {
    let key = PublicKey::from_bytes(item.key).ok()?;
    let signature = Signature::from_bytes(item.signature).ok()?;
    Some((key, signature))
}
