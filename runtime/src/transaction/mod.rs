//! Transactions: from bytes to a decoded, limited and named request. Whether the signature holds is the next step's
//! business ([`crate::signature`]).
//!
//! ```text
//! first byte   envelope
//! 0x01         EIP-2930, RLP
//! 0x02         EIP-1559, RLP
//! 0x46 'F'     native, SCALE
//! 0xc0..=0xff  legacy with EIP-155 chain id, RLP
//! ```
//! Guarantees that a [`Transaction`] is for this chain, in its one canonical encoding, within every limit, with amounts that
//! the ledger can hold and a cost that fits 128 bits, and that its [`id`](Transaction::id) covers no byte that a third party
//! could change. Decoding allocates no more than a small multiple of the input, whatever lengths the input claims.

pub mod build;
mod ethereum;
mod native;
mod rejection;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
pub(crate) mod sample;
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test may panic, on small figures"
)]
mod tests;

use alloy_primitives::{Address, B256, Bytes};
use florin_abi::limits::{INPUT_BYTES_MAX, TRANSACTION_BYTES_MAX};

use crate::gas::Gas;
use crate::ledger::Balance;

pub use native::{NATIVE_FORMAT, NATIVE_TYPE, NativeSignature};
pub use rejection::Rejection;

/// The chain that a transaction must be signed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Domain {
    /// The EIP-155 chain id.
    pub chain_id: u64,
    /// The hash of the chain's genesis.
    pub genesis_hash: B256,
}

/// Bytes that may be a transaction: not empty and not too large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawTransaction(Bytes);

impl RawTransaction {
    /// Takes bytes as they arrived.
    ///
    /// # Errors
    /// Refuses no bytes and more than [`TRANSACTION_BYTES_MAX`], before anything is decoded.
    pub fn new(bytes: Bytes) -> Result<Self, Rejection> {
        let bytes_max = TRANSACTION_BYTES_MAX as usize;
        match bytes.len() {
            0 => Err(Rejection::Empty),
            bytes if bytes > bytes_max => Err(Rejection::TooLarge { bytes, bytes_max }),
            _ => Ok(Self(bytes)),
        }
    }

    /// Returns the bytes.
    pub const fn bytes(&self) -> &Bytes {
        &self.0
    }
}

/// How a transaction is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Envelope {
    /// Ethereum's first format, with an EIP-155 chain id.
    Legacy,
    /// With an access list.
    Eip2930,
    /// With a priority price.
    Eip1559,
    /// This chain's own.
    Native,
}

impl Envelope {
    /// Returns the type byte that receipts and RPC show.
    pub const fn type_byte(self) -> u8 {
        match self {
            Self::Legacy => 0,
            Self::Eip2930 => 1,
            Self::Eip1559 => 2,
            Self::Native => NATIVE_TYPE,
        }
    }
}

/// What a sender offers for a unit of gas, in ledger wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GasPrice {
    /// The most that is paid in all.
    pub max: u128,
    /// The most that is paid above the block's base price; at most `max`.
    pub priority: u128,
}

impl GasPrice {
    /// Offers one price, whatever the base price is.
    pub const fn flat(price: u128) -> Self {
        Self { max: price, priority: price }
    }

    /// Returns the price that is paid in a block with this base price, or nothing if the offer lies below it.
    pub const fn effective(self, base: u128) -> Option<u128> {
        if self.max < base {
            return None;
        }
        let wanted = base.saturating_add(self.priority);
        Some(if wanted < self.max { wanted } else { self.max })
    }
}

/// What a transaction asks for, whatever its envelope. Plain data; proof of validity is [`Transaction`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The sender's count of earlier transactions.
    pub nonce: u64,
    /// The recipient; none deploys a contract.
    pub to: Option<Address>,
    /// What goes to the recipient.
    pub value: Balance,
    /// The most gas that may be used.
    pub gas_limit: Gas,
    /// The price of gas.
    pub gas_price: GasPrice,
    /// Calldata, or the deploy payload.
    pub input: Bytes,
}

impl Body {
    /// Returns value plus gas limit times maximum price, or nothing if that exceeds 128 bits.
    pub fn cost_max(&self) -> Option<Balance> {
        Balance::new(self.gas_price.max).checked_mul(self.gas_limit.0)?.checked_add(self.value)
    }

    fn check(&self) -> Result<Balance, Rejection> {
        let bytes_max = INPUT_BYTES_MAX as usize;
        // A deploy payload is limited by the transaction's own size.
        if self.to.is_some() && self.input.len() > bytes_max {
            return Err(Rejection::InputTooLong { bytes: self.input.len(), bytes_max });
        }
        if self.nonce == u64::MAX {
            return Err(Rejection::NonceExhausted);
        }
        let GasPrice { max, priority } = self.gas_price;
        if priority > max {
            return Err(Rejection::PriorityAboveMax { priority, max });
        }
        self.cost_max().ok_or(Rejection::CostOverflow { value: self.value, gas_limit: self.gas_limit, gas_price: max })
    }
}

/// What must be verified before the sender is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// An ecdsa signature (r, s, parity) over a digest; the signer is recovered from it.
    Ethereum { digest: B256, signature: [u8; 65] },
    /// A signature of a named key over the signed bytes.
    Native { message: Bytes, signature: NativeSignature },
}

/// A decoded transaction within every limit; its signature is not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    id: B256,
    domain: Domain,
    envelope: Envelope,
    body: Body,
    cost_max: Balance,
    access_list_entries: u32,
    raw: Bytes,
    proof: Proof,
}

impl Transaction {
    /// Decodes either envelope for the chain of `domain`.
    ///
    /// # Errors
    /// Says what is wrong with the bytes and where, and what about their meaning.
    pub fn decode(raw: &RawTransaction, domain: &Domain) -> Result<Self, Rejection> {
        match raw.0.first() {
            Some(&NATIVE_TYPE) => native::decode(&raw.0, domain),
            Some(_) => ethereum::decode(&raw.0, domain),
            None => Err(Rejection::Empty),
        }
    }

    /// Returns the name of the transaction. Ethereum envelopes: keccak-256 of the bytes, of which only one form is valid.
    /// Native: keccak-256 of what is signed and of the signer's key.
    pub const fn id(&self) -> B256 {
        self.id
    }

    /// Returns the chain that it was decoded for, and that alone admits it. An Ethereum envelope itself names the chain id
    /// only, so that chains of one id have to be told apart here.
    pub const fn domain(&self) -> Domain {
        self.domain
    }

    /// Returns the envelope.
    pub const fn envelope(&self) -> Envelope {
        self.envelope
    }

    /// Returns the sender's count of earlier transactions.
    pub const fn nonce(&self) -> u64 {
        self.body.nonce
    }

    /// Returns the recipient; none deploys a contract.
    pub const fn to(&self) -> Option<Address> {
        self.body.to
    }

    /// Returns what goes to the recipient.
    pub const fn value(&self) -> Balance {
        self.body.value
    }

    /// Returns the most gas that may be used.
    pub const fn gas_limit(&self) -> Gas {
        self.body.gas_limit
    }

    /// Returns what is offered for a unit of gas.
    pub const fn gas_price(&self) -> GasPrice {
        self.body.gas_price
    }

    /// Returns the calldata, or the deploy payload.
    pub const fn input(&self) -> &Bytes {
        &self.body.input
    }

    /// Returns value plus gas limit times maximum gas price.
    pub const fn cost_max(&self) -> Balance {
        self.cost_max
    }

    /// Returns the addresses and keys of the access list, which is paid for and has no other effect.
    pub const fn access_list_entries(&self) -> u32 {
        self.access_list_entries
    }

    /// Returns the bytes as they arrived, which are the only valid encoding.
    pub const fn raw(&self) -> &Bytes {
        &self.raw
    }

    pub(crate) const fn proof(&self) -> &Proof {
        &self.proof
    }
}
