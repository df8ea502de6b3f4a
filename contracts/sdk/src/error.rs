//! Errors as Solidity custom errors: a 4-byte selector and the ABI-encoded fields.
//!
//! Guarantees that an error written by a contract is read back by type, and that the dispatcher's own refusals
//! ([`DispatchError`]) look the same in every contract.

use alloc::{boxed::Box, vec::Vec};
use core::convert::Infallible;

use alloy_primitives::FixedBytes;

use crate::{abi::AbiType, schema::Item};

/// An error that a message may revert with; made by `#[error]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a contract error",
    label = "a message cannot revert with this",
    note = "put `#[error]` on the type; every variant becomes a Solidity custom error"
)]
pub trait ContractError: Sized {
    /// What the ABI says about it: one row per custom error.
    const ITEMS: &'static [Item];

    /// Returns the revert data.
    fn encode(&self) -> Vec<u8>;

    /// Reads revert data; `None` when it is another error.
    fn decode(data: &[u8]) -> Option<Self>;
}

impl ContractError for Infallible {
    const ITEMS: &'static [Item] = &[];

    fn encode(&self) -> Vec<u8> {
        match *self {}
    }

    fn decode(_: &[u8]) -> Option<Self> {
        None
    }
}

/// An error in a box is the same error. In a module, a message that fails deep inside hands a pointer up and not the error, which
/// saves code at every step.
impl<E: ContractError> ContractError for Box<E> {
    const ITEMS: &'static [Item] = E::ITEMS;

    fn encode(&self) -> Vec<u8> {
        E::encode(self)
    }

    fn decode(data: &[u8]) -> Option<Self> {
        E::decode(data).map(Self::new)
    }
}

/// Why the dispatcher refuses an input before any message runs.
#[florin_sdk_macros::error]
pub enum DispatchError {
    /// No message has this selector.
    UnknownSelector {
        /// The first four bytes of the calldata.
        selector: FixedBytes<4>,
    },
    /// The calldata is shorter than a selector.
    ShortCalldata {
        /// Its length in bytes.
        length: u32,
    },
    /// The bytes after the selector are not the message's arguments; of the constructor, the selector is zero.
    MalformedArguments {
        /// The message.
        selector: FixedBytes<4>,
    },
    /// The message does not accept money.
    NotPayable {
        /// The amount that came along, in wei.
        value: u128,
    },
}

/// Reads the fields of a custom error; `None` when the data is not that error.
pub fn decode_error<T: AbiType>(selector: [u8; 4], data: &[u8]) -> Option<T> {
    T::decode_values(data.strip_prefix(&selector)?).ok()
}
