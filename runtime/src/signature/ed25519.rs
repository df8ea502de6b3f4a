//! ed25519 by the rules of ZIP-215: `[8][s]B = [8]R + [8][k]A`, any encoding of A and R that decompresses, s below the order.
//!
//! These are the only common rules under which a batch and a single verification always agree.

use ed25519_zebra::{Signature, VerificationKey, VerificationKeyBytes, batch};

use super::coefficients::Coefficients;
use super::{Scheme, SignedMessage};

/// Tells whether one signature is valid.
pub(super) fn is_valid(item: &SignedMessage<'_>) -> bool {
    parse(item).is_some_and(|(key, signature)| {
        VerificationKey::try_from(key).is_ok_and(|key| key.verify(&signature, item.message).is_ok())
    })
}

/// Tells whether all signatures are valid.
pub(super) fn are_all_valid(items: &[SignedMessage<'_>]) -> bool {
    let mut verifier = batch::Verifier::new();
    for item in items {
        let Some((key, signature)) = parse(item) else { return false };
        verifier.queue((key, signature, item.message));
    }
    verifier.verify(Coefficients::of(Scheme::Ed25519, items)).is_ok()
}

/// Copies key and signature, wherever they lie in memory.
fn parse(item: &SignedMessage<'_>) -> Option<(VerificationKeyBytes, Signature)> {
    let key: [u8; 32] = item.key.try_into().ok()?;
    let signature: [u8; 64] = item.signature.try_into().ok()?;
    Some((key.into(), signature.into()))
}
