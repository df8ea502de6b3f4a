//! The import table: every host function, one row each, declared here and nowhere else.
//!
//! The host links the rows, the upload check compares a module's imports with them, and the SDK declares them as
//! `extern` functions: all three from [`for_each_import`].
//!
//! Conventions of the rows:
//! - A region of memory is a pointer and a length, both `u32`. A fixed-size region is a pointer alone: `_ptr20` an
//!   address, `_ptr32` a hash, `_ptr16` an amount (`u128`, little-endian). A region that leaves the memory traps with
//!   `BadPointer`; input is copied before output is written, so regions may overlap.
//! - An output of variable length is `out_ptr, out_cap`. The result is the full length; the bytes are written only when
//!   the capacity suffices, otherwise nothing is written and the caller asks again with more room. [`ABSENT`] means
//!   that there is no such thing.
//! - A storage key has 1 to [`crate::limits::KEY_BYTES_MAX`] bytes; an empty one traps with `BadArgument`.
//! - A result named `status` is a [`crate::Status`] code. What can go wrong by the contract's own fault (pointers,
//!   limits, writing in a read-only call) traps instead.
//! - Charging comes before work; the price is the schedule's for the row's [`GasClass`].

/// The module name of all imports.
pub const IMPORT_MODULE: &str = "florin";

/// The length that stands for "no such entry".
pub const ABSENT: i32 = -1;

/// The bits of the `flags` argument of `call`.
pub type CallFlags = u32;

/// The callee, and whatever it calls, may not write, emit, transfer, mint or burn.
pub const CALL_READ_ONLY: CallFlags = 1;

/// A type at the boundary. Pointers, lengths and codes are `I32`; gas, heights and times are `I64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// 32 bits.
    I32,
    /// 64 bits.
    I64,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Import {
    /// The name in module [`IMPORT_MODULE`].
    pub name: &'static str,
    /// The parameters.
    pub params: &'static [ValueType],
    /// The result, if any.
    pub result: Option<ValueType>,
    /// What it is charged as.
    pub gas_class: GasClass,
}

/// What a host function is charged as: the row of the gas schedule that prices it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GasClass {
    /// Reading a word of the call's context.
    Context,
    /// Copying bytes between host and contract.
    Copy,
    /// Reading a storage entry; per byte of key and value.
    StorageRead,
    /// Writing or removing a storage entry; per byte of key and value.
    StorageWrite,
    /// Finding the next storage key; per byte of the keys.
    StorageNext,
    /// Adding to a counter in storage; per byte of the key.
    StorageAdd,
    /// Reading a balance.
    Balance,
    /// Moving MDT between two accounts.
    Transfer,
    /// Calling another contract; per byte of input.
    Call,
    /// Creating a contract; per byte of input.
    Create,
    /// Emitting an event; per byte of topics and data.
    Emit,
    /// Minting or burning MDT.
    Supply,
    /// SHA-256; per byte.
    Sha256,
    /// keccak-256; per byte.
    Keccak256,
    /// BLAKE3; per byte.
    Blake3,
    /// Computing a Merkle root or proof; per leaf.
    MerkleRoot,
    /// Checking a Merkle proof; per node.
    MerkleVerify,
    /// Verifying an ecdsa signature or recovering its signer; per byte of message.
    Ecdsa,
    /// Verifying an ed25519 signature; per byte of message.
    Ed25519,
    /// Verifying an sr25519 signature; per byte of message.
    Sr25519,
    /// Verifying a batch of signatures; per signature.
    SignatureBatch,
}

impl GasClass {
    /// Every class, in the order of declaration.
    pub const ALL: &'static [Self] = &[
        Self::Context,
        Self::Copy,
        Self::StorageRead,
        Self::StorageWrite,
        Self::StorageNext,
        Self::StorageAdd,
        Self::Balance,
        Self::Transfer,
        Self::Call,
        Self::Create,
        Self::Emit,
        Self::Supply,
        Self::Sha256,
        Self::Keccak256,
        Self::Blake3,
        Self::MerkleRoot,
        Self::MerkleVerify,
        Self::Ecdsa,
        Self::Ed25519,
        Self::Sr25519,
        Self::SignatureBatch,
    ];
}

/// Hands every row of the import table to the macro `$callback`.
///
/// A row is `/// docs`, the gas class in brackets, then the function as Rust would declare it:
/// `[StorageRead] fn storage_read(key_ptr: u32, key_len: u32, out_ptr: u32, out_cap: u32) -> i32;`. Types are `u32`,
/// `i32`, `u64` and `i64`.
#[macro_export]
macro_rules! for_each_import {
    ($callback:ident) => {
        $callback! {
            // Input and answer.
            /// Copies the call's input; returns its length.
            [Copy] fn input(out_ptr: u32, out_cap: u32) -> i32;
            /// Ends the call successfully with this return data. Does not return.
            [Copy] fn finish(data_ptr: u32, data_len: u32);
            /// Ends the call, rolls its effects back and answers with this revert data. Does not return.
            [Copy] fn revert(data_ptr: u32, data_len: u32);

            // Context of the call and of the block.
            /// Writes the 20-byte address of the caller: an account or a contract.
            [Context] fn caller(out_ptr20: u32);
            /// Writes the 20-byte address of the running contract.
            [Context] fn self_address(out_ptr20: u32);
            /// Writes the amount in wei that came with the call.
            [Context] fn value(out_ptr16: u32);
            /// Returns the height of the block in execution.
            [Context] fn block_height() -> u64;
            /// Returns the time in the block's header, in seconds since 1970.
            [Context] fn block_time() -> u64;
            /// Returns the chain id.
            [Context] fn chain_id() -> u64;
            /// Writes the 20-byte address of who proposed the block.
            [Context] fn block_proposer(out_ptr20: u32);
            /// Copies the list of who signed the parent block; returns its length. Validator `i` of the set in force is bit
            /// `i % 8` of byte `i / 8`; an empty list says that nothing is known, as when one node produces.
            [Copy] fn parent_signers(out_ptr: u32, out_cap: u32) -> i32;
            /// Returns the gas that the call may still burn.
            [Context] fn gas_left() -> u64;

            // Storage of the running contract.
            /// Reads an entry; returns the length of the value, or ABSENT.
            [StorageRead] fn storage_read(key_ptr: u32, key_len: u32, out_ptr: u32, out_cap: u32) -> i32;
            /// Writes an entry.
            [StorageWrite] fn storage_write(key_ptr: u32, key_len: u32, value_ptr: u32, value_len: u32);
            /// Removes an entry, if it exists.
            [StorageWrite] fn storage_remove(key_ptr: u32, key_len: u32);
            /// Finds the first key with the prefix that is greater than `after` (empty: the first of all); copies the
            /// whole key; returns its length, or ABSENT. Sees the call's own writes.
            [StorageNext] fn storage_next(prefix_ptr: u32, prefix_len: u32, after_ptr: u32, after_len: u32, out_ptr: u32, out_cap: u32) -> i32;
            /// Adds a signed delta (`i128`, 16 bytes little-endian) to the counter under a key (a `u128`; absent is 0)
            /// if the sum stays within 0 and the bound (`u128`); returns status Success or CounterOutOfBounds.
            [StorageAdd] fn storage_add(key_ptr: u32, key_len: u32, delta_ptr16: u32, bound_ptr16: u32) -> i32;

            // Money.
            /// Writes the balance of an account in wei.
            [Balance] fn balance(address_ptr20: u32, out_ptr16: u32);
            /// Writes the totals of the supply in wei, 16 bytes little-endian each: the maximum, what the genesis allocated,
            /// minted since, burned by contracts, burned of fees in the blocks before.
            [Balance] fn supply(out_ptr80: u32);
            /// Moves MDT from the running contract; returns status Success or InsufficientBalance.
            [Transfer] fn transfer(to_ptr20: u32, amount_ptr16: u32) -> i32;
            /// Mints MDT to an account; returns status Success, MissingCapability or SupplyExceeded.
            [Supply] fn mint(to_ptr20: u32, amount_ptr16: u32) -> i32;
            /// Burns MDT of the running contract; returns status Success, MissingCapability or InsufficientBalance.
            [Supply] fn burn(amount_ptr16: u32) -> i32;

            // Other contracts.
            /// Calls a contract with at most `gas` gas (capped at 63/64 of what is left); returns the callee's status.
            /// What it returned, or reverted with, is read by `return_data`. An account without code takes the value of a
            /// call without input; with input the status is NoContract.
            [Call] fn call(to_ptr20: u32, value_ptr16: u32, gas: u64, input_ptr: u32, input_len: u32, flags: u32) -> i32;
            /// Creates a contract from uploaded code at an address that follows from self, salt and code hash; writes
            /// the address; returns the status of its `florin_init`.
            [Create] fn create(code_hash_ptr32: u32, salt_ptr32: u32, value_ptr16: u32, gas: u64, input_ptr: u32, input_len: u32, out_ptr20: u32) -> i32;
            /// Copies what the last `call` or `create` returned or reverted with; returns its length.
            [Copy] fn return_data(out_ptr: u32, out_cap: u32) -> i32;

            // Events.
            /// Emits an event of `topics_count` topics of 32 bytes each, and data.
            [Emit] fn emit(topics_ptr: u32, topics_count: u32, data_ptr: u32, data_len: u32);

            // Hashes.
            /// Writes the SHA-256 of the data.
            [Sha256] fn sha256(data_ptr: u32, data_len: u32, out_ptr32: u32);
            /// Writes the keccak-256 of the data.
            [Keccak256] fn keccak256(data_ptr: u32, data_len: u32, out_ptr32: u32);
            /// Writes the BLAKE3 hash of the data.
            [Blake3] fn blake3(data_ptr: u32, data_len: u32, out_ptr32: u32);

            // Merkle trees of claims: node = SHA-256(1 | left | right), an odd node is carried up.
            /// Writes the root over `count` leaf hashes of 32 bytes each; `count` is at least 1.
            [MerkleRoot] fn merkle_root(leaves_ptr: u32, count: u32, out_ptr32: u32);
            /// Writes the proof of a leaf: its nodes of 32 bytes each, from the leaf up; returns its length in bytes.
            [MerkleRoot] fn merkle_proof(leaves_ptr: u32, count: u32, index: u32, out_ptr: u32, out_cap: u32) -> i32;
            /// Tells (1 or 0) whether `nodes` nodes of 32 bytes prove that the leaf hash stands at `index` of `count`
            /// leaves under the root. A proof of any other than the exact length is false.
            [MerkleVerify] fn merkle_verify(root_ptr32: u32, leaf_ptr32: u32, index: u32, count: u32, proof_ptr: u32, nodes: u32) -> i32;

            // Signatures. Schemes: 0 ed25519 (ZIP-215; key 32 bytes, signature 64), 1 sr25519 (context "substrate";
            // key 32, signature 64), 2 ecdsa (secp256k1, low s; key 33 compressed, signature 64 over SHA-256 of the
            // message).
            /// Tells (1 or 0) whether the signature is valid; an unknown scheme traps with BadArgument.
            [Ed25519] fn verify_signature(scheme: u32, key_ptr: u32, message_ptr: u32, message_len: u32, signature_ptr: u32) -> i32;
            /// Verifies `count` signatures of one scheme over messages of equal length `message_len`, which lie one
            /// after the other, as keys and signatures do; writes one byte, 1 or 0, for each; returns how many are valid.
            [SignatureBatch] fn verify_batch(scheme: u32, count: u32, keys_ptr: u32, messages_ptr: u32, message_len: u32, signatures_ptr: u32, out_ptr: u32) -> i32;
            /// Recovers the Ethereum address that signed the 32-byte digest; the signature is r, s (low) and v (0, 1,
            /// 27 or 28), 65 bytes; returns 1, or 0 without writing.
            [Ecdsa] fn ecdsa_recover(digest_ptr32: u32, signature_ptr65: u32, out_ptr20: u32) -> i32;
        }
    };
}

macro_rules! value_type {
    (u32) => {
        ValueType::I32
    };
    (i32) => {
        ValueType::I32
    };
    (u64) => {
        ValueType::I64
    };
    (i64) => {
        ValueType::I64
    };
}

macro_rules! import_rows {
    ($($(#[doc = $doc:expr])* [$class:ident] fn $name:ident($($param:ident: $type:ident),*) $(-> $result:ident)?;)+) => {
        /// The rows, in the order of declaration.
        pub const IMPORTS: &[Import] = &[
            $(Import {
                name: stringify!($name),
                params: &[$(value_type!($type)),*],
                result: import_rows!(@result $($result)?),
                gas_class: GasClass::$class,
            },)+
        ];
    };
    (@result) => { None };
    (@result $result:ident) => { Some(value_type!($result)) };
}

for_each_import!(import_rows);

impl Import {
    /// Returns the row with this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        IMPORTS.iter().find(|import| import.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::{IMPORTS, Import};

    #[test]
    fn names_are_unique() {
        for (index, import) in IMPORTS.iter().enumerate() {
            assert!(IMPORTS[index + 1..].iter().all(|other| other.name != import.name), "{}", import.name);
        }
        assert_eq!(Import::find("storage_read").map(|import| import.params.len()), Some(4));
        assert_eq!(Import::find("clock"), None);
    }
}
