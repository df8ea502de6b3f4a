//! The steps of a generated dispatcher: selector, value, arguments, message, answer.
//!
//! Guarantees that input which is not exactly a message of the contract ends in a revert with a [`DispatchError`] before
//! any of the contract's code runs.

use alloc::vec::Vec;

use alloy_primitives::FixedBytes;

use crate::{
    abi::{AbiType, Decoder},
    contract::{Answer, Returns},
    env::env,
    error::{ContractError, DispatchError},
};

/// Splits calldata into the selector, as a big-endian number, and the arguments.
///
/// # Errors
/// The revert data of `ShortCalldata`.
pub fn selector(input: &[u8]) -> Result<(u32, Decoder<'_>), Vec<u8>> {
    match input.split_first_chunk() {
        Some((selector, arguments)) => Ok((u32::from_be_bytes(*selector), Decoder::new(arguments))),
        None => {
            let length = u32::try_from(input.len()).unwrap_or(u32::MAX);
            Err(DispatchError::ShortCalldata { length }.encode())
        }
    }
}

/// Refuses the arguments of a message.
///
/// # Errors
/// Always: the revert data of `MalformedArguments`.
#[cold]
#[inline(never)]
pub fn malformed(selector: u32) -> Answer {
    let selector = FixedBytes::new(selector.to_be_bytes());
    Err(DispatchError::MalformedArguments { selector }.encode())
}

/// Refuses a call that brings money to a message that does not accept it.
///
/// # Errors
/// The revert data of `NotPayable`.
pub fn refuse_value() -> Result<(), Vec<u8>> {
    match env().value() {
        0 => Ok(()),
        value => Err(DispatchError::NotPayable { value }.encode()),
    }
}

/// Encodes what a message returned.
///
/// # Errors
/// The revert data of the message's error.
pub fn answer<R: Returns>(returned: R) -> Answer {
    match returned.into_result() {
        Ok(value) => Ok(value.encode_values()),
        Err(error) => Err(error.encode()),
    }
}

/// Refuses a selector that no message has.
///
/// # Errors
/// Always: the revert data of `UnknownSelector`.
#[cold]
#[inline(never)]
pub fn unknown(selector: u32) -> Answer {
    let selector = FixedBytes::new(selector.to_be_bytes());
    Err(DispatchError::UnknownSelector { selector }.encode())
}
