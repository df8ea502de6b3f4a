//! Signatures: one, a batch, and the recovery of an Ethereum signer.
//!
//! Guarantees that a signature has one verdict, alone or in any batch, however many threads share the work.

use std::thread;

use florin_abi::{GasClass, Status, limits};

use super::{Abort, Frame, Guest, at_most, charge, charge_more};
use crate::signature::{self, Scheme, SignedMessage};

/// Threads that share one batch at most; a batch of the largest size gives each of them some milliseconds of work.
const BATCH_THREADS_MAX: usize = 8;

pub(in crate::vm) fn verify_signature(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    scheme: u32,
    key_ptr: u32,
    message_ptr: u32,
    message_len: u32,
    signature_ptr: u32,
) -> Result<i32, Abort> {
    let scheme = Scheme::from_tag(scheme).ok_or(Abort::Trap(Status::BadArgument))?;
    charge(guest, frame, class(scheme), message_len.into())?;
    at_most(message_len, limits::SIGNED_BYTES_MAX)?;
    let key = read_many(guest, key_ptr, 1, scheme.key_bytes())?;
    let message = guest.read(message_ptr, message_len)?;
    let signature = read_many(guest, signature_ptr, 1, scheme.signature_bytes())?;
    Ok(signature::verify_one(scheme, key, message, signature).into())
}

/// The price of the messages' bytes is the scheme's own.
pub(in crate::vm) fn verify_batch(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    scheme: u32,
    count: u32,
    keys_ptr: u32,
    messages_ptr: u32,
    message_len: u32,
    signatures_ptr: u32,
    out_ptr: u32,
) -> Result<i32, Abort> {
    let scheme = Scheme::from_tag(scheme).ok_or(Abort::Trap(Status::BadArgument))?;
    charge(guest, frame, GasClass::SignatureBatch, count.into())?;
    charge_more(guest, frame, class(scheme), u64::from(count).saturating_mul(message_len.into()))?;
    at_most(count, limits::SIGNATURE_BATCH_MAX)?;
    at_most(message_len, limits::SIGNED_BYTES_MAX)?;
    let (key_bytes, signature_bytes) = (scheme.key_bytes(), scheme.signature_bytes());
    let keys = read_many(guest, keys_ptr, count, key_bytes)?;
    let messages = read_many(guest, messages_ptr, count, message_len as usize)?;
    let signatures = read_many(guest, signatures_ptr, count, signature_bytes)?;
    guest.read(out_ptr, count)?;
    let items = keys.chunks_exact(key_bytes).zip(signatures.chunks_exact(signature_bytes));
    let items = items.enumerate().map(|(index, (key, signature))| {
        let start = index.saturating_mul(message_len as usize);
        let message = messages.get(start..start.saturating_add(message_len as usize)).unwrap_or_default();
        SignedMessage { key, message, signature }
    });
    let verdicts = signature::verify_batch(scheme, &items.collect::<Vec<_>>(), threads());
    let bytes: Vec<u8> = verdicts.iter().map(|valid| u8::from(*valid)).collect();
    guest.write(out_ptr, &bytes)?;
    Ok(verdicts.iter().map(|valid| i32::from(*valid)).sum())
}

pub(in crate::vm) fn ecdsa_recover(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    digest_ptr32: u32,
    signature_ptr65: u32,
    out_ptr20: u32,
) -> Result<i32, Abort> {
    charge(guest, frame, GasClass::Ecdsa, 32)?;
    let digest = guest.read_array(digest_ptr32)?;
    let signature = guest.read_array(signature_ptr65)?;
    guest.read_array::<20>(out_ptr20)?;
    match signature::ecdsa_recover(&digest, &signature) {
        Some(signer) => guest.write(out_ptr20, signer.as_slice()).map(|()| 1),
        None => Ok(0),
    }
}

const fn class(scheme: Scheme) -> GasClass {
    match scheme {
        Scheme::Ed25519 => GasClass::Ed25519,
        Scheme::Sr25519 => GasClass::Sr25519,
        Scheme::Ecdsa => GasClass::Ecdsa,
    }
}

/// Borrows `count` regions of equal size, one after the other.
fn read_many<'a>(guest: &'a Guest<'_>, ptr: u32, count: u32, bytes: usize) -> Result<&'a [u8], Abort> {
    let len = u32::try_from(bytes).ok().and_then(|bytes| bytes.checked_mul(count));
    guest.read(ptr, len.ok_or(Abort::Trap(Status::BadPointer))?)
}

/// The number of threads changes no verdict.
fn threads() -> usize {
    thread::available_parallelism().map_or(1, |threads| threads.get().min(BATCH_THREADS_MAX))
}
