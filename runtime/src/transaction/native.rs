//! The native envelope: SCALE, signed with ed25519, sr25519 or ecdsa as sp-core signs.
//!
//! ```text
//! transaction  0x46 | body | signature
//! body         format u8 = 1 | nonce u64 | to Option<[u8; 20]> | value u128 | gas limit u64 | gas price u128 |
//!              input Vec<u8>
//! signature    0 key [32] signature [64]     ed25519, ZIP-215
//!              1 key [32] signature [64]     sr25519, context "substrate"
//!              2 key [33] signature [65]     ecdsa over BLAKE2b-256 of the signed bytes: r, low s, recovery id 0 or 1
//! signed       "florin/transaction/1" as SCALE text | chain id u64 | genesis hash [32] | body
//! id           keccak-256(signed | signature tag u8 | key)
//! ```
//! SCALE integers are little-endian. Guarantees that a signature made for another chain, genesis, format or purpose is none
//! here, and that bytes of a signature are no part of the id. The structure is flat, so that nothing nests; a claimed length
//! beyond the input is refused before anything is allocated. Amounts are ledger wei.

use alloy_primitives::{Address, Bytes, keccak256};
use parity_scale_codec::{Compact, CompactLen, Decode, Encode};

use super::{Body, Domain, Envelope, GasPrice, Proof, Rejection, Transaction};
use crate::gas::Gas;
use crate::ledger::Balance;
use crate::signature::{self, Scheme};

/// The first byte of a native transaction.
pub const NATIVE_TYPE: u8 = b'F';
/// The format that this chain reads.
pub const NATIVE_FORMAT: u8 = 1;
/// What is signed begins with this text, which nothing else that is signed begins with.
const DOMAIN_TAG: &str = "florin/transaction/1";

/// A signature with the key that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[allow(clippy::cast_possible_truncation, reason = "the derived code casts the index of a variant, which is a byte")]
pub enum NativeSignature {
    /// ed25519 by the rules of ZIP-215.
    #[codec(index = 0)]
    Ed25519 {
        /// The public key.
        key: [u8; 32],
        /// R and s.
        signature: [u8; 64],
    },
    /// sr25519 in the context "substrate".
    #[codec(index = 1)]
    Sr25519 {
        /// The public key.
        key: [u8; 32],
        /// R and s.
        signature: [u8; 64],
    },
    /// ecdsa on secp256k1 over the BLAKE2b-256 hash of the signed bytes.
    #[codec(index = 2)]
    Ecdsa {
        /// The compressed public key.
        key: [u8; 33],
        /// r, low s and the recovery id, 0 or 1.
        signature: [u8; 65],
    },
}

impl NativeSignature {
    /// Returns the scheme.
    pub const fn scheme(&self) -> Scheme {
        match self {
            Self::Ed25519 { .. } => Scheme::Ed25519,
            Self::Sr25519 { .. } => Scheme::Sr25519,
            Self::Ecdsa { .. } => Scheme::Ecdsa,
        }
    }

    /// Returns the public key.
    pub const fn key(&self) -> &[u8] {
        match self {
            Self::Ed25519 { key, .. } | Self::Sr25519 { key, .. } => key,
            Self::Ecdsa { key, .. } => key,
        }
    }

    /// Returns the signature without the key.
    pub const fn signature(&self) -> &[u8] {
        match self {
            Self::Ed25519 { signature, .. } | Self::Sr25519 { signature, .. } => signature,
            Self::Ecdsa { signature, .. } => signature,
        }
    }
}

/// Decodes a transaction that begins with the native type byte.
pub(super) fn decode(raw: &Bytes, domain: &Domain) -> Result<Transaction, Rejection> {
    let mut reader = Reader { whole: raw, rest: raw.get(1..).unwrap_or_default() };
    let format: u8 = reader.field("format")?;
    if format != NATIVE_FORMAT {
        return Err(Rejection::WrongFormat { expected: NATIVE_FORMAT, actual: format });
    }
    let body = Body {
        nonce: reader.field("nonce")?,
        to: reader.field::<Option<[u8; 20]>>("to")?.map(Address::from),
        value: Balance::new(reader.field("value")?),
        gas_limit: Gas(reader.field("gas limit")?),
        gas_price: GasPrice::flat(reader.field("gas price")?),
        input: reader.bytes("input")?,
    };
    let body_end = reader.offset();
    let signature: NativeSignature = reader.field("signature")?;
    if !reader.rest.is_empty() {
        return Err(Rejection::TrailingBytes { bytes: reader.rest.len() });
    }
    if let NativeSignature::Ecdsa { signature, .. } = &signature
        && !signature::is_low_s(signature)
    {
        return Err(Rejection::HighS);
    }
    let cost_max = body.check()?;
    let mut message = signed_prefix(domain);
    message.extend_from_slice(raw.get(1..body_end).unwrap_or_default());
    let message = Bytes::from(message);
    let id = keccak256([&message, &[signature.scheme() as u8][..], signature.key()].concat());
    let proof = Proof::Native { message, signature };
    let (domain, raw) = (*domain, raw.clone());
    Ok(Transaction { id, domain, envelope: Envelope::Native, body, cost_max, access_list_entries: 0, raw, proof })
}

/// Returns the bytes that the sender of this body signs.
pub(super) fn signed_bytes(body: &Body, domain: &Domain) -> Vec<u8> {
    let mut bytes = signed_prefix(domain);
    encode_body(body, &mut bytes);
    bytes
}

/// Returns the transaction's bytes.
pub(super) fn assemble(body: &Body, signature: &NativeSignature) -> Bytes {
    let mut bytes = vec![NATIVE_TYPE];
    encode_body(body, &mut bytes);
    signature.encode_to(&mut bytes);
    bytes.into()
}

fn signed_prefix(domain: &Domain) -> Vec<u8> {
    (DOMAIN_TAG, domain.chain_id, domain.genesis_hash.0).encode()
}

fn encode_body(body: &Body, bytes: &mut Vec<u8>) {
    NATIVE_FORMAT.encode_to(bytes);
    body.nonce.encode_to(bytes);
    body.to.map(|address| address.into_array()).encode_to(bytes);
    body.value.wei().encode_to(bytes);
    body.gas_limit.0.encode_to(bytes);
    body.gas_price.max.encode_to(bytes);
    body.input[..].encode_to(bytes);
}

/// Reads field after field and knows where it stands.
struct Reader<'a> {
    whole: &'a Bytes,
    rest: &'a [u8],
}

impl Reader<'_> {
    fn offset(&self) -> usize {
        self.whole.len().saturating_sub(self.rest.len())
    }

    fn field<T: Decode>(&mut self, field: &'static str) -> Result<T, Rejection> {
        let offset = self.offset();
        T::decode(&mut self.rest).map_err(|_| Rejection::MalformedNative { field, offset })
    }

    /// Reads a length and then so many bytes, which share the input's memory.
    fn bytes(&mut self, field: &'static str) -> Result<Bytes, Rejection> {
        let offset = self.offset();
        let length: Compact<u32> = self.field(field)?;
        let start = self.offset();
        // SCALE lets a length be written in one way only.
        debug_assert_eq!(start, offset.saturating_add(Compact::compact_len(&length.0)));
        let end = usize::try_from(length.0).ok().and_then(|length| start.checked_add(length));
        let (Some(end), Some(rest)) = (end, end.and_then(|end| self.whole.get(end..))) else {
            return Err(Rejection::MalformedNative { field, offset });
        };
        self.rest = rest;
        Ok(self.whole.slice(start..end))
    }
}
