//! What `#[contract]` makes of a module: one type that names, describes and runs a contract.
//!
//! Guarantees that the same type serves the Wasm module (its entry points), native tests (the same dispatcher on the
//! in-memory world) and clients (constants and argument types).

use alloc::vec::Vec;
use core::convert::Infallible;

use crate::{
    abi::AbiType,
    client::{Client, Transport},
    error::ContractError,
    schema::Item,
};

/// What a run answers: `Ok` is return data, `Err` is revert data.
pub type Answer = Result<Vec<u8>, Vec<u8>>;

/// A contract; made by `#[contract]` for its storage struct.
pub trait Contract: Sized {
    /// The name, which is the module's; the artifact is `<NAME>.wasm`.
    const NAME: &'static str;
    /// The folder of the crate's `Cargo.toml`; the artifact lies in `artifacts/` there or in the folder above.
    const MANIFEST_DIR: &'static str;
    /// The rows of the ABI: constructor, messages, events, errors.
    const ITEMS: &'static [&'static [Item]];
    /// The ABI in Solidity's JSON form.
    const ABI_JSON: &'static str;
    /// The keccak-256 of [`Self::ABI_JSON`].
    const ABI_HASH: [u8; 32];
    /// The content of the custom section `florin.metadata`: SCALE `(name, SDK release, ABI hash)`.
    const METADATA: &'static [u8];
    /// The selectors of the messages that may be entered again while the contract is running.
    const REENTRANT: &'static [[u8; 4]];

    /// The constructor's arguments, as a tuple; `()` when there is no constructor.
    type InitArgs: AbiType;
    /// The error that the constructor may revert with.
    type InitError: ContractError;
    /// The typed client.
    type Client<T: Transport>: Client<T>;

    /// Returns the storage struct: handles to the entries, nothing is read yet.
    fn load() -> Self;

    /// Runs the constructor on its ABI-encoded arguments.
    fn run_init(input: &[u8]) -> Answer;

    /// Runs a message on calldata.
    fn run_call(input: &[u8]) -> Answer;

    /// Returns the ABI encoding of the constructor's arguments: what follows the code in a deployment.
    fn encode_init(args: &Self::InitArgs) -> Vec<u8> {
        args.encode_values()
    }

    /// Makes a client of the contract at an address.
    fn client<T: Transport>(address: alloy_primitives::Address, transport: T) -> Self::Client<T> {
        Client::new(address, transport)
    }
}

/// What a message may return: nothing, a value, several values as a tuple, or a `Result` of those.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by a message",
    label = "neither a Solidity type nor a `Result` of one with an `#[error]`",
    note = "return nothing, a type with a Solidity type, a tuple of them, or Result<such a type, a type with #[error]>"
)]
pub trait Returns {
    /// The value.
    type Output: AbiType;
    /// The error.
    type Error: ContractError;

    /// Returns the value or the error.
    ///
    /// # Errors
    /// The message's own.
    fn into_result(self) -> Result<Self::Output, Self::Error>;
}

impl<T: AbiType> Returns for T {
    type Output = T;
    type Error = Infallible;

    fn into_result(self) -> Result<T, Infallible> {
        Ok(self)
    }
}

impl<T: AbiType, E: ContractError> Returns for Result<T, E> {
    type Output = T;
    type Error = E;

    fn into_result(self) -> Self {
        self
    }
}
