//! Events as Solidity events: the first topic is the signature's hash, indexed fields are topics, the rest is data.
//!
//! Guarantees that an event written by a contract is read back by type. An event has at most three indexed fields, each
//! a value of at most 32 bytes.

use alloc::vec::Vec;

use alloy_primitives::B256;

use crate::{
    abi::{Malformed, WORD},
    schema::Item,
};

/// An event; made by `#[event]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "cannot be emitted",
    note = "put `#[event]` on the struct"
)]
pub trait Event: Sized {
    /// What the ABI says about it.
    const ITEM: Item;
    /// The first topic.
    const TOPIC: B256;

    /// Returns the topics, 32 bytes each, one after the other.
    fn topics(&self) -> Vec<u8>;

    /// Returns the data.
    fn data(&self) -> Vec<u8>;

    /// Returns the topics and the data.
    fn encode(&self) -> (Vec<B256>, Vec<u8>) {
        (self.topics().chunks_exact(WORD).map(B256::from_slice).collect(), self.data())
    }

    /// Reads an event's topics and data.
    ///
    /// # Errors
    /// [`Malformed`] when it is another event, or not an encoding of this one.
    fn decode(topics: &[B256], data: &[u8]) -> Result<Self, Malformed>;
}

/// Reads those of the logs that are events of this type, in order.
pub fn decode_events<'l, E: Event>(logs: impl IntoIterator<Item = (&'l [B256], &'l [u8])>) -> Vec<E> {
    logs.into_iter().filter_map(|(topics, data)| E::decode(topics, data).ok()).collect()
}
