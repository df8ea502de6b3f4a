//! Hooks: messages that the genesis lists, and that the chain itself sends before the transactions of every block.
//!
//! Guarantees that a hook's gas is bounded by its own limit and paid by nobody, and that what became of each hook is
//! committed to: a block's hook receipts have a hash, which is an entry of the state after the block, so that a state proof
//! shows them. They are not in the header's receipts root, which is Ethereum's and counts transactions only.
//!
//! ```text
//! state  system "hooks"          SCALE of the list; no entry if the genesis lists none
//!        system "hook receipts"  BLAKE3 of the SCALE of (height u64, receipts), of the newest block
//! receipt (contract [20], status u8, gas used u64, output bytes, events: (contract [20], topics [32] each, data bytes))
//! ```

use alloy_primitives::{Address, B256, Bytes};
use florin_abi::Status;
use parity_scale_codec::{Decode, Encode, Error, Input, Output};

use crate::{gas::Gas, receipt::Event};

/// Name of the system entry that holds the hooks.
pub(crate) const HOOKS: &str = "hooks";
/// Name of the system entry that commits to the hook receipts of the newest block.
pub const HOOK_RECEIPTS: &str = "hook receipts";

/// A message of every block. The caller is [`florin_abi::SYSTEM`]; it carries no money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Who is called.
    pub contract: Address,
    /// Calldata; at most [`florin_abi::limits::INPUT_BYTES_MAX`] bytes.
    pub message: Bytes,
    /// The most gas that it may burn in a block.
    pub gas_limit: Gas,
}

impl Encode for Hook {
    fn encode_to<T: Output + ?Sized>(&self, out: &mut T) {
        (self.contract.into_array(), &self.message[..], self.gas_limit).encode_to(out);
    }
}

impl Decode for Hook {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        let (contract, message, gas_limit) = <([u8; 20], Vec<u8>, Gas)>::decode(input)?;
        Ok(Self { contract: contract.into(), message: message.into(), gas_limit })
    }
}

/// The outcome of one hook in one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookReceipt {
    /// Who was called.
    pub contract: Address,
    /// What became of it; [`Status::NoContract`] if nobody is there yet. Whatever fails leaves nothing behind.
    pub status: Status,
    /// The gas that it burnt, which nobody pays.
    pub gas_used: Gas,
    /// Return data or revert data.
    pub output: Bytes,
    /// The events, in the order of emission; none if it failed.
    pub events: Vec<Event>,
}

impl HookReceipt {
    /// Returns the hash over the hook receipts of the block at a height, which the state after that block holds under
    /// [`HOOK_RECEIPTS`].
    pub fn hash_all(height: u64, receipts: &[Self]) -> B256 {
        B256::new(*blake3::hash(&(height, receipts).encode()).as_bytes())
    }
}

impl Encode for HookReceipt {
    fn encode_to<T: Output + ?Sized>(&self, out: &mut T) {
        let Self { contract, status, gas_used, output, events } = self;
        (contract.into_array(), status.code(), gas_used, &output[..]).encode_to(out);
        let event = |event: &Event| {
            let topics: Vec<[u8; 32]> = event.topics.iter().map(|topic| topic.0).collect();
            (event.contract.into_array(), topics, event.data.to_vec())
        };
        events.iter().map(event).collect::<Vec<_>>().encode_to(out);
    }
}

impl Decode for HookReceipt {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        let (contract, code, gas_used, output) = <([u8; 20], u8, Gas, Vec<u8>)>::decode(input)?;
        let status = Status::from_code(code).ok_or("unknown status")?;
        let events = Vec::<([u8; 20], Vec<[u8; 32]>, Vec<u8>)>::decode(input)?;
        let event = |(contract, topics, data): ([u8; 20], Vec<[u8; 32]>, Vec<u8>)| Event {
            contract: contract.into(),
            topics: topics.into_iter().map(B256::from).collect(),
            data: data.into(),
        };
        let events = events.into_iter().map(event).collect();
        Ok(Self { contract: contract.into(), status, gas_used, output: output.into(), events })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{Hook, HookReceipt};
    use crate::{gas::Gas, receipt::Event};
    use alloy_primitives::{Address, B256, Bytes};
    use florin_abi::Status;
    use parity_scale_codec::{Decode, Encode};

    #[test]
    fn a_hook_reads_back() {
        let hook =
            Hook { contract: Address::repeat_byte(1), message: Bytes::from_static(b"call"), gas_limit: Gas(5_000) };
        assert_eq!(Hook::decode(&mut &hook.encode()[..]).unwrap(), hook);
    }

    #[test]
    fn a_hook_receipt_reads_back_and_one_of_an_unknown_status_does_not() {
        let event = Event { contract: Address::ZERO, topics: vec![B256::ZERO], data: Bytes::from_static(b"x") };
        let receipt = HookReceipt {
            contract: Address::repeat_byte(1),
            status: Status::Reverted,
            gas_used: Gas(7),
            output: Bytes::from_static(b"why"),
            events: vec![event],
        };
        let mut bytes = receipt.encode();
        assert_eq!(HookReceipt::decode(&mut &bytes[..]).unwrap(), receipt);
        bytes[20] = u8::MAX;
        assert!(HookReceipt::decode(&mut &bytes[..]).is_err());
    }

    #[test]
    fn the_hash_of_receipts_covers_every_field_and_the_height() {
        let event = Event { contract: Address::ZERO, topics: vec![B256::ZERO], data: Bytes::from_static(b"x") };
        let receipt = HookReceipt {
            contract: Address::ZERO,
            status: Status::Success,
            gas_used: Gas(1),
            output: Bytes::new(),
            events: vec![event],
        };
        let changes: [fn(&mut HookReceipt); 7] = [
            |receipt| receipt.contract = Address::repeat_byte(1),
            |receipt| receipt.status = Status::Reverted,
            |receipt| receipt.gas_used = Gas(2),
            |receipt| receipt.output = Bytes::from_static(b"o"),
            |receipt| receipt.events.clear(),
            |receipt| receipt.events[0].topics.push(B256::ZERO),
            |receipt| receipt.events[0].data = Bytes::from_static(b"y"),
        ];
        let hash = HookReceipt::hash_all(7, std::slice::from_ref(&receipt));
        for change in changes {
            let mut other = receipt.clone();
            change(&mut other);
            assert_ne!(HookReceipt::hash_all(7, &[other]), hash);
        }
        assert_ne!(HookReceipt::hash_all(8, &[receipt]), hash);
    }
}
