//! The signer's side: from a [`Body`] to the bytes of a transaction.
//!
//! Keys stay outside: an unsigned transaction says what must be signed, and takes the signature. What is assembled here
//! decodes again to the same body, if the body is within the limits.
//!
//! ```
//! use florin_runtime::gas::Gas;
//! use florin_runtime::ledger::Balance;
//! use florin_runtime::transaction::{Body, Domain, GasPrice, RawTransaction, Transaction, build};
//! # use alloy_primitives::{Address, B256, Bytes};
//! # let secret = secp256k1::SecretKey::from_secret_bytes([1; 32])?;
//!
//! let domain = Domain { chain_id: 1947, genesis_hash: B256::ZERO };
//! let body = Body {
//!     nonce: 0,
//!     to: Some(Address::ZERO),
//!     value: Balance::new(5),
//!     gas_limit: Gas(21_000),
//!     gas_price: GasPrice::flat(1),
//!     input: Bytes::new(),
//! };
//! let unsigned = build::eip1559(&body, &domain);
//! let (recovery, rs) =
//!     secp256k1::ecdsa::RecoverableSignature::sign_ecdsa_recoverable(
//!         secp256k1::Message::from_digest(unsigned.digest().0),
//!         &secret,
//!     )
//!     .serialize_compact();
//! let raw = unsigned.assemble(&rs, recovery.to_u8() == 1);
//! let transaction = Transaction::decode(&RawTransaction::new(raw)?, &domain)?;
//! assert_eq!(transaction.value(), Balance::new(5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloy_consensus::transaction::RlpEcdsaEncodableTx;
use alloy_consensus::{SignableTransaction, TxEip1559, TxLegacy};
use alloy_eips::eip2930::AccessList;
use alloy_primitives::{B256, Bytes, Signature, TxKind, U256};

use super::{Body, Domain, NativeSignature, native};
use crate::amount::{EVM_WEI_PER_WEI, EvmWei};

/// An Ethereum transaction that waits for its ecdsa signature.
#[derive(Clone, Debug)]
pub struct UnsignedEthereum {
    format: Format,
    digest: B256,
}

#[derive(Clone, Debug)]
enum Format {
    Legacy(TxLegacy),
    Eip1559(TxEip1559),
}

/// A native transaction that waits for its signature.
#[derive(Clone, Debug)]
pub struct UnsignedNative {
    body: Body,
    message: Vec<u8>,
}

/// Wraps a body as EIP-1559.
pub fn eip1559(body: &Body, domain: &Domain) -> UnsignedEthereum {
    let transaction = TxEip1559 {
        chain_id: domain.chain_id,
        nonce: body.nonce,
        gas_limit: body.gas_limit.0,
        max_fee_per_gas: evm_price(body.gas_price.max),
        max_priority_fee_per_gas: evm_price(body.gas_price.priority),
        to: kind(body),
        value: evm_value(body),
        access_list: AccessList::default(),
        input: body.input.clone(),
    };
    UnsignedEthereum { digest: transaction.signature_hash(), format: Format::Eip1559(transaction) }
}

/// Wraps a body as a legacy transaction with EIP-155 chain id, at its maximum price.
pub fn legacy(body: &Body, domain: &Domain) -> UnsignedEthereum {
    let transaction = TxLegacy {
        chain_id: Some(domain.chain_id),
        nonce: body.nonce,
        gas_price: evm_price(body.gas_price.max),
        gas_limit: body.gas_limit.0,
        to: kind(body),
        value: evm_value(body),
        input: body.input.clone(),
    };
    UnsignedEthereum { digest: transaction.signature_hash(), format: Format::Legacy(transaction) }
}

/// Wraps a body in the native envelope, at its maximum price.
pub fn native(body: Body, domain: &Domain) -> UnsignedNative {
    UnsignedNative { message: native::signed_bytes(&body, domain), body }
}

impl UnsignedEthereum {
    /// Returns the digest that the sender signs.
    pub const fn digest(&self) -> B256 {
        self.digest
    }

    /// Returns the transaction's bytes, signed with r, s (low) and the parity of R's y coordinate.
    pub fn assemble(&self, signature: &[u8; 64], odd_y: bool) -> Bytes {
        let signature = Signature::from_bytes_and_parity(signature, odd_y);
        let mut bytes = Vec::new();
        match &self.format {
            Format::Legacy(transaction) => transaction.eip2718_encode(&signature, &mut bytes),
            Format::Eip1559(transaction) => transaction.eip2718_encode(&signature, &mut bytes),
        }
        bytes.into()
    }
}

impl UnsignedNative {
    /// Returns the bytes that the sender signs: as they are with ed25519 and sr25519, their
    /// [`digest`](Self::digest) with ecdsa.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Returns the BLAKE2b-256 hash of the signed bytes, which is what ecdsa signs.
    pub fn digest(&self) -> [u8; 32] {
        crate::signature::blake2b_256(&self.message)
    }

    /// Returns the transaction's bytes.
    pub fn assemble(&self, signature: &NativeSignature) -> Bytes {
        native::assemble(&self.body, signature)
    }
}

fn kind(body: &Body) -> TxKind {
    body.to.map_or(TxKind::Create, TxKind::Call)
}

fn evm_value(body: &Body) -> U256 {
    EvmWei::from_balance(body.value).figure()
}

/// Saturates at a price that no one can pay and that does not decode.
fn evm_price(price: u128) -> u128 {
    price.saturating_mul(u128::from(EVM_WEI_PER_WEI))
}
