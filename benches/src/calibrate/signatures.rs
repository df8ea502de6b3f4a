//! Signatures: each scheme, alone and in batches, with the longest messages, and with the one invalid signature at the end.

use std::sync::Arc;

use florin_abi::limits;
use sha2::{Digest, Sha256};
use sp_core::{Pair, ecdsa, ed25519, sr25519};

use super::guest::{Guest, case, seed};
use super::world::World;
use super::{Case, Kind, Run};
use crate::ledger::WorkloadError;

/// Where keys, signatures, messages and verdicts lie; messages are zeros.
const KEYS: u32 = 1 << 16;
const SIGNATURES: u32 = 1 << 17;
const MESSAGES: u32 = 3 << 16;
const VERDICTS: u32 = 5 << 16;

/// The schemes by their number at the boundary, with the price of a single signature.
const SCHEMES: [(u64, &str); 3] = [(0, "Ed25519"), (1, "Sr25519"), (2, "Ecdsa")];

/// Returns every case.
///
/// # Errors
/// If a contract is refused.
pub fn cases(world: &mut World) -> Result<Vec<Case>, WorkloadError> {
    let mut cases = Vec::new();
    for (scheme, price) in SCHEMES {
        for bytes in [0_u64, 1_024, limits::SIGNED_BYTES_MAX.into()] {
            for valid in [true, false] {
                let label = if valid { "a valid signature" } else { "a signature that fails in the end" };
                let (key, mut signature) = signed(scheme, 0, &vec![0; bytes as usize]);
                if !valid {
                    spoil(&mut signature);
                }
                let arguments = [scheme, KEYS.into(), MESSAGES.into(), bytes, SIGNATURES.into()];
                let guest = Guest::host("verify_signature", &arguments, 100).pages(8);
                let guest = guest.data(KEYS, &key).data(SIGNATURES, &signature);
                cases.push(case(world, (price, bytes), label, Kind::Worst, &guest)?);
            }
        }
    }
    let digest = [7; 32];
    let recoverable = ecdsa::Pair::from_seed(&[1; 32]).sign_prehashed(&digest).0;
    let guest = Guest::host("ecdsa_recover", &[KEYS.into(), SIGNATURES.into(), VERDICTS.into()], 200).pages(8);
    let guest = guest.data(KEYS, &digest).data(SIGNATURES, &recoverable);
    cases.push(case(world, ("Ecdsa", 32), "recovery of a signer", Kind::Worst, &guest)?);
    for (scheme, _) in SCHEMES {
        for count in [1_u32, 64, limits::SIGNATURE_BATCH_MAX] {
            for valid in [true, false] {
                cases.push(batch(world, scheme, count, valid)?);
            }
        }
    }
    Ok(cases)
}

/// A batch over messages of 32 bytes. The work may be shared by threads, whose time counts together.
fn batch(world: &World, scheme: u64, count: u32, valid: bool) -> Result<Case, WorkloadError> {
    let (mut keys, mut signatures) = (Vec::new(), Vec::new());
    for number in 0..count {
        let (key, mut signature) = signed(scheme, number, &[0; 32]);
        if !valid && number == count - 1 {
            spoil(&mut signature);
        }
        keys.extend(key);
        signatures.extend(signature);
    }
    let arguments = [scheme, count.into(), KEYS.into(), MESSAGES.into(), 32, SIGNATURES.into(), VERDICTS.into()];
    let rounds = (64 / count).max(1);
    let guest = Guest::host("verify_batch", &arguments, rounds).pages(8);
    let code = Arc::clone(&world.load(&guest.data(KEYS, &keys).data(SIGNATURES, &signatures).text())?);
    let run: Run = Box::new(move |world, round| world.call_shared(&code, &seed(round)));
    let (name, end) = (SCHEMES[scheme as usize].1, if valid { "valid" } else { "the last one fails" });
    let label = format!("{name}, {end}");
    Ok(Case {
        price: "SignatureBatch",
        label,
        units: count.into(),
        operations: rounds.into(),
        kind: Kind::Worst,
        run,
        before: None,
    })
}

/// Returns a key and its signature of a message, as a contract passes them.
fn signed(scheme: u64, number: u32, message: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut seed = [1; 32];
    seed[..4].copy_from_slice(&number.to_be_bytes());
    match scheme {
        0 => {
            let pair = ed25519::Pair::from_seed(&seed);
            (pair.public().0.to_vec(), pair.sign(message).0.to_vec())
        }
        1 => {
            let pair = sr25519::Pair::from_seed(&seed);
            (pair.public().0.to_vec(), pair.sign(message).0.to_vec())
        }
        _ => {
            let pair = ecdsa::Pair::from_seed(&seed);
            let [signature @ .., _] = pair.sign_prehashed(&Sha256::digest(message).into()).0;
            (pair.public().0.to_vec(), signature.to_vec())
        }
    }
}

/// Changes the lowest bits of the scalar, so that only the last equation fails. It is the same byte in no two schemes: the
/// first of the second half, which is the lowest of the two little-endian ones and of no weight in the other.
fn spoil(signature: &mut [u8]) {
    if let Some(byte) = signature.get_mut(40) {
        *byte ^= 1;
    }
}
