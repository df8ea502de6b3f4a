//! Why a transaction goes back to its sender.
//!
//! A rejected transaction never enters a block: it pays nothing, changes nothing and leaves its nonce unused. What happens
//! inside a block is a [`florin_abi::Status`]; what is our own fault is a [`crate::fault::Fault`].

use alloy_primitives::Address;
use thiserror::Error;

use super::Domain;
use crate::amount::AmountError;
use crate::gas::Gas;
use crate::ledger::Balance;

/// Why a transaction was refused. Prices are in ledger wei.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Rejection {
    // Bytes.
    /// There are no bytes.
    #[error("transaction is empty")]
    Empty,
    /// The bytes exceed the limit; nothing was decoded.
    #[error("transaction of {bytes} bytes exceeds the limit of {bytes_max}")]
    TooLarge {
        /// Length of the transaction.
        bytes: usize,
        /// The largest accepted length.
        bytes_max: usize,
    },
    /// The first byte names no envelope.
    #[error("unknown transaction type 0x{first_byte:02x}")]
    UnknownType {
        /// The first byte.
        first_byte: u8,
    },
    /// The first byte names an Ethereum envelope that this chain does not execute.
    #[error("{envelope} transactions are not supported; send an EIP-1559, EIP-2930 or EIP-155 legacy transaction")]
    UnsupportedType {
        /// The envelope's name.
        envelope: &'static str,
    },
    /// A legacy transaction without a chain id could be replayed on any chain.
    #[error("legacy transaction without a chain id; sign it as EIP-155 defines")]
    Unprotected,
    /// The RLP of an Ethereum envelope does not decode.
    #[error("malformed {envelope} transaction: {reason}")]
    MalformedEthereum {
        /// The envelope's name.
        envelope: &'static str,
        /// What the decoder met.
        reason: alloy_rlp::Error,
    },
    /// A field of the native envelope does not decode.
    #[error("malformed native transaction: field {field} at byte {offset} does not decode")]
    MalformedNative {
        /// The field.
        field: &'static str,
        /// Where the field begins.
        offset: usize,
    },
    /// The bytes go on after the transaction's end.
    #[error("{bytes} bytes after the end of the transaction")]
    TrailingBytes {
        /// How many bytes follow.
        bytes: usize,
    },
    /// The same transaction has a shorter or otherwise preferred encoding.
    #[error("transaction is not in its canonical encoding")]
    NotCanonical,

    // Meaning.
    /// The native envelope is of another release of the format.
    #[error("native transaction of format {actual}, this chain reads format {expected}")]
    WrongFormat {
        /// The format that this chain reads.
        expected: u8,
        /// The format of the transaction.
        actual: u8,
    },
    /// The transaction is for another chain.
    #[error("transaction for chain id {actual}, this chain has {expected}")]
    WrongChain {
        /// This chain's id.
        expected: u64,
        /// The transaction's chain id.
        actual: u64,
    },
    /// An amount or price is none that the ledger can hold.
    #[error("{field}: {reason}")]
    Amount {
        /// The field.
        field: &'static str,
        /// What is wrong with its figure.
        reason: AmountError,
    },
    /// The priority price exceeds the whole price.
    #[error("priority gas price {priority} exceeds the maximum gas price {max}")]
    PriorityAboveMax {
        /// The priority price.
        priority: u128,
        /// The maximum price.
        max: u128,
    },
    /// Value and fee together exceed what the ledger can count.
    #[error("value {value} plus {gas_limit} at gas price {gas_price} exceeds 128 bits")]
    CostOverflow {
        /// The value.
        value: Balance,
        /// The gas limit.
        gas_limit: Gas,
        /// The maximum gas price.
        gas_price: u128,
    },
    /// The nonce is the one that has no successor (EIP-2681).
    #[error("nonce {} has no successor", u64::MAX)]
    NonceExhausted,
    /// The calldata exceeds the limit.
    #[error("input of {bytes} bytes exceeds the limit of {bytes_max}")]
    InputTooLong {
        /// Length of the input.
        bytes: usize,
        /// The largest accepted length.
        bytes_max: usize,
    },
    /// The access list exceeds the limit.
    #[error("access list of {entries} entries exceeds the limit of {entries_max}")]
    AccessListTooLong {
        /// Addresses and keys together.
        entries: usize,
        /// The largest accepted count.
        entries_max: usize,
    },

    // Signature.
    /// The signature's `s` lies in the upper half of the group order, which would let anyone make a second valid form.
    #[error("signature has a high s; only the lower half of the order is accepted")]
    HighS,
    /// The signature does not verify.
    #[error("signature does not verify")]
    BadSignature,

    // State.
    /// The transaction was decoded by another chain of this process. Its bytes may still be valid here.
    #[error(
        "transaction was decoded for chain {} with genesis {}, this is chain {} with genesis {}; decode its bytes here",
        actual.chain_id, actual.genesis_hash, expected.chain_id, expected.genesis_hash
    )]
    OtherDomain {
        /// This chain.
        expected: Domain,
        /// The chain that decoded it.
        actual: Domain,
    },
    /// The nonce was used already.
    #[error("nonce too low: expected {expected}, got {actual}")]
    NonceTooLow {
        /// The sender's next nonce.
        expected: u64,
        /// The transaction's nonce.
        actual: u64,
    },
    /// Earlier nonces are missing.
    #[error("nonce gap: expected {expected}, got {actual}")]
    NonceGap {
        /// The sender's next nonce.
        expected: u64,
        /// The transaction's nonce.
        actual: u64,
    },
    /// The sender cannot pay value and maximum fee.
    #[error("insufficient funds of {sender}: needs {required}, has {available}")]
    InsufficientFunds {
        /// Who would pay.
        sender: Address,
        /// Value plus gas limit times maximum gas price.
        required: Balance,
        /// The sender's balance.
        available: Balance,
    },
    /// The sender is a contract (EIP-3607): whoever finds a key for a contract's address gets nothing by it.
    #[error("{sender} is a contract, which signs no transactions")]
    SenderIsContract {
        /// The address of key and contract.
        sender: Address,
    },
    /// The gas limit does not cover what every such transaction costs.
    #[error("gas limit too low: needs at least {required}, has {actual}")]
    GasLimitTooLow {
        /// The least gas.
        required: Gas,
        /// The transaction's gas limit.
        actual: Gas,
    },
    /// The gas limit exceeds a block's.
    #[error("gas limit too high: a block has {block_gas_limit}, the transaction asks for {actual}")]
    GasLimitTooHigh {
        /// A block's gas limit.
        block_gas_limit: Gas,
        /// The transaction's gas limit.
        actual: Gas,
    },
    /// The maximum gas price lies below the block's base price.
    #[error("gas price too low: the base price is {base}, the transaction offers at most {max}")]
    GasPriceTooLow {
        /// The block's base price.
        base: u128,
        /// The transaction's maximum price.
        max: u128,
    },
    /// The block has no room left; the transaction may enter a later one.
    #[error("block is full: {gas_left} left, the transaction asks for {actual}")]
    BlockFull {
        /// Gas left in the block.
        gas_left: Gas,
        /// The transaction's gas limit.
        actual: Gas,
    },
}
