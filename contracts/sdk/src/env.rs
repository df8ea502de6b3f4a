//! What a contract can ask and do: the host's functions with Rust types.
//!
//! Guarantees one surface for two worlds: in a Wasm module each function is one host call; in a native build it acts on
//! the in-memory world of the thread ([`crate::native`]), with the same results. Costs the host call; the lists that
//! cross the boundary are passed in place, without a copy.

#[cfg(all(target_arch = "wasm32", target_os = "none"))]
pub(crate) mod wasm;

#[cfg(all(target_arch = "wasm32", target_os = "none"))]
pub(crate) use wasm as host;

#[cfg(not(all(target_arch = "wasm32", target_os = "none")))]
pub(crate) use crate::native::host;

#[cfg(all(target_arch = "wasm32", target_os = "none"))]
pub use wasm::run;

use alloc::vec::Vec;

use alloy_primitives::{Address, B256};
use florin_abi::Status;

use crate::event::Event;

/// Returns the environment of the running call.
pub const fn env() -> Env {
    Env { _private: () }
}

/// The environment of the running call; get it with [`env()`].
#[derive(Clone, Copy, Debug)]
pub struct Env {
    _private: (),
}

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Scheme {
    /// ed25519 by the rules of ZIP-215; keys of 32 bytes, signatures of 64.
    Ed25519 = 0,
    /// sr25519 in the context "substrate"; keys of 32 bytes, signatures of 64.
    Sr25519 = 1,
    /// secp256k1 over the SHA-256 of the message; compressed keys of 33 bytes, signatures of 64 with low s.
    Ecdsa = 2,
}

impl Scheme {
    /// Returns the length of a public key in bytes.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Ed25519 | Self::Sr25519 => 32,
            Self::Ecdsa => 33,
        }
    }
}

/// The length of a signature in bytes, in every scheme.
pub const SIGNATURE_LEN: usize = 64;

/// A call to another contract in bytes. For typed calls use that contract's client.
#[derive(Clone, Debug)]
pub struct ContractCall<'i> {
    /// The contract.
    pub to: Address,
    /// The amount that goes along, in wei.
    pub value: u128,
    /// The most gas it may burn; at most 63/64 of what is left are given.
    pub gas: u64,
    /// The calldata.
    pub input: &'i [u8],
    /// Whether the callee may only read.
    pub read_only: bool,
}

/// A contract to be created from uploaded code.
#[derive(Clone, Debug)]
pub struct Creation<'i> {
    /// The hash of the code.
    pub code_hash: B256,
    /// Makes the address unique among those that this contract creates from the code.
    pub salt: B256,
    /// The amount that goes along, in wei.
    pub value: u128,
    /// The most gas the constructor may burn; at most 63/64 of what is left are given.
    pub gas: u64,
    /// The ABI-encoded arguments of the constructor.
    pub input: &'i [u8],
}

/// The totals of the supply, in wei: `sum of balances = genesis + minted - burned_by_contracts - burned_fees`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Supply {
    /// The most that the genesis allocated and contracts have minted together.
    pub max: u128,
    /// What the genesis allocated.
    pub genesis: u128,
    /// What contracts have minted since.
    pub minted: u128,
    /// What contracts have burned.
    pub burned_by_contracts: u128,
    /// The burned part of the fees, in the blocks before this one.
    pub burned_fees: u128,
}

/// Money did not move: the status says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoneyError(pub Status);

impl Env {
    /// Returns who called: an account or a contract.
    pub fn caller(self) -> Address {
        host::caller()
    }

    /// Returns the amount in wei that came with the call; it is the contract's already.
    pub fn value(self) -> u128 {
        host::value()
    }

    /// Returns the address of this contract.
    pub fn self_address(self) -> Address {
        host::self_address()
    }

    /// Returns the height of the block.
    pub fn block_height(self) -> u64 {
        host::block_height()
    }

    /// Returns the time in the block's header, in seconds since 1970.
    pub fn block_time(self) -> u64 {
        host::block_time()
    }

    /// Returns the chain id.
    pub fn chain_id(self) -> u64 {
        host::chain_id()
    }

    /// Returns who proposed the block.
    pub fn block_proposer(self) -> Address {
        host::block_proposer()
    }

    /// Returns who signed the parent block: validator `i` of the set in force is bit `i % 8` of byte `i / 8`. Empty when nothing
    /// is known, as when one node produces.
    pub fn parent_signers(self) -> Vec<u8> {
        host::parent_signers()
    }

    /// Returns the gas that the call may still burn; natively `u64::MAX`.
    pub fn gas_left(self) -> u64 {
        host::gas_left()
    }

    /// Returns the balance of an account in wei.
    pub fn balance(self, of: Address) -> u128 {
        host::balance(&of)
    }

    /// Returns the totals of the supply.
    pub fn supply(self) -> Supply {
        host::supply()
    }

    /// Moves MDT from this contract.
    ///
    /// # Errors
    /// `InsufficientBalance`.
    pub fn transfer(self, to: Address, amount: u128) -> Result<(), MoneyError> {
        money(host::transfer(&to, amount))
    }

    /// Mints MDT to an account.
    ///
    /// # Errors
    /// `MissingCapability` or `SupplyExceeded`.
    pub fn mint(self, to: Address, amount: u128) -> Result<(), MoneyError> {
        money(host::mint(&to, amount))
    }

    /// Burns MDT of this contract.
    ///
    /// # Errors
    /// `MissingCapability` or `InsufficientBalance`.
    pub fn burn(self, amount: u128) -> Result<(), MoneyError> {
        money(host::burn(amount))
    }

    /// Calls another contract. A failed call has no effect but the gas it burnt.
    ///
    /// # Errors
    /// The callee's status, and its revert data if it reverted.
    pub fn call(self, call: &ContractCall<'_>) -> Result<Vec<u8>, (Status, Vec<u8>)> {
        let flags = if call.read_only { florin_abi::CALL_READ_ONLY } else { 0 };
        let (status, data) = host::call(&call.to, call.value, call.gas, call.input, flags);
        if status.is_success() { Ok(data) } else { Err((status, data)) }
    }

    /// Creates a contract and returns its address.
    ///
    /// # Errors
    /// The status of its constructor, and its revert data if it reverted.
    pub fn create(self, creation: &Creation<'_>) -> Result<Address, (Status, Vec<u8>)> {
        let (status, address, data) =
            host::create(&creation.code_hash, &creation.salt, creation.value, creation.gas, creation.input);
        if status.is_success() { Ok(address) } else { Err((status, data)) }
    }

    /// Emits an event.
    pub fn emit<E: Event>(self, event: &E) {
        let (topics, data) = (event.topics(), event.data());
        host::emit(&topics, &data);
        host::spent((topics, data));
    }

    /// Returns the SHA-256 of the data.
    pub fn sha256(self, data: &[u8]) -> B256 {
        host::sha256(data)
    }

    /// Returns the keccak-256 of the data.
    pub fn keccak256(self, data: &[u8]) -> B256 {
        host::keccak256(data)
    }

    /// Returns the BLAKE3 hash of the data.
    pub fn blake3(self, data: &[u8]) -> B256 {
        host::blake3(data)
    }

    /// Returns the root over leaf hashes: node = SHA-256(1 | left | right), an odd node is carried up.
    ///
    /// # Panics
    /// Without leaves, and above `MERKLE_LEAVES_MAX`.
    pub fn merkle_root(self, leaves: &[B256]) -> B256 {
        host::merkle_root(leaves)
    }

    /// Returns the proof of a leaf, from the leaf up.
    ///
    /// # Panics
    /// When there is no such leaf, and above `MERKLE_LEAVES_MAX`.
    pub fn merkle_proof(self, leaves: &[B256], index: u32) -> Vec<B256> {
        host::merkle_proof(leaves, index)
    }

    /// Tells whether the proof shows that the leaf stands at `index` of `count` leaves under the root. A proof of any
    /// other than the exact length is false.
    pub fn merkle_verify(self, root: &B256, leaf: &B256, index: u32, count: u32, proof: &[B256]) -> bool {
        host::merkle_verify(root, leaf, index, count, proof)
    }

    /// Tells whether the signature is valid; a key or signature of the wrong length is not.
    pub fn verify_signature(self, scheme: Scheme, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        key.len() == scheme.key_len()
            && signature.len() == SIGNATURE_LEN
            && host::verify_signature(scheme as u32, key, message, signature)
    }

    /// Verifies signatures of one scheme over messages of one length; keys, messages and signatures lie one after the
    /// other. The host spreads the work; the verdicts are those of [`Self::verify_signature`].
    ///
    /// # Panics
    /// When the lengths do not belong to `count` entries.
    pub fn verify_batch(self, batch: &Batch<'_>) -> Vec<bool> {
        let count = batch.count;
        assert!(
            count.checked_mul(batch.scheme.key_len()) == Some(batch.keys.len())
                && count.checked_mul(batch.message_len) == Some(batch.messages.len())
                && count.checked_mul(SIGNATURE_LEN) == Some(batch.signatures.len()),
            "a batch of signatures has lists of different lengths"
        );
        host::verify_batch(batch)
    }

    /// Returns the Ethereum address that signed the digest; the signature is r, s and v (0, 1, 27 or 28). `None` when it
    /// is invalid or s is high.
    pub fn ecdsa_recover(self, digest: &B256, signature: &[u8; 65]) -> Option<Address> {
        host::ecdsa_recover(digest, signature)
    }
}

/// Signatures of one scheme, for [`Env::verify_batch`].
#[derive(Clone, Copy, Debug)]
pub struct Batch<'b> {
    /// How they are made.
    pub scheme: Scheme,
    /// How many there are.
    pub count: usize,
    /// The keys, one after the other.
    pub keys: &'b [u8],
    /// The messages, one after the other.
    pub messages: &'b [u8],
    /// The length of one message.
    pub message_len: usize,
    /// The signatures, one after the other.
    pub signatures: &'b [u8],
}

fn money(status: Status) -> Result<(), MoneyError> {
    if status.is_success() { Ok(()) } else { Err(MoneyError(status)) }
}
