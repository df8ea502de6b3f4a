//! What became of a transaction: a stable status code, the gas, the fee, the answer and the events.
//!
//! Guarantees that equal executions give equal receipts: no text of an engine and no figure of a clock is in one.
//! The chain's header commits to receipts in Ethereum's form ([`Receipt::to_ethereum`]): success, cumulative gas, logs.

use alloy_consensus::{Eip658Value, ReceiptWithBloom};
use alloy_primitives::{Address, B256, Bloom, Bytes, Log};
use florin_abi::Status;

use crate::{gas::Gas, ledger::Balance};

/// Something that a contract told the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The contract that emitted it.
    pub contract: Address,
    /// At most [`florin_abi::limits::EVENT_TOPICS_MAX`] topics.
    pub topics: Vec<B256>,
    /// At most [`florin_abi::limits::EVENT_BYTES_MAX`] bytes.
    pub data: Bytes,
}

impl Event {
    /// Returns the event as an Ethereum log.
    pub fn to_ethereum(&self) -> Log {
        Log::new_unchecked(self.contract, self.topics.clone(), self.data.clone())
    }
}

/// The outcome of one transaction of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What became of it.
    pub status: Status,
    /// The gas that was used and paid for.
    pub gas_used: Gas,
    /// The gas of this and all earlier transactions of the block.
    pub cumulative_gas_used: Gas,
    /// What the sender paid: gas used times gas price.
    pub fee: Balance,
    /// The transaction's id.
    pub transaction: B256,
    /// Who signed it.
    pub sender: Address,
    /// The contract that it created.
    pub contract: Option<Address>,
    /// Return data or revert data; at most [`florin_abi::limits::OUTPUT_BYTES_MAX`] bytes.
    pub output: Bytes,
    /// The events, in the order of emission; none if the transaction failed.
    pub events: Vec<Event>,
}

impl Receipt {
    /// Returns the bloom filter over the events.
    pub fn bloom(&self) -> Bloom {
        let mut bloom = Bloom::ZERO;
        for event in &self.events {
            bloom.accrue_raw_log(event.contract, &event.topics);
        }
        bloom
    }

    /// Returns the receipt as Ethereum encodes it.
    pub fn to_ethereum(&self) -> ReceiptWithBloom<alloy_consensus::Receipt<Log>> {
        let receipt = alloy_consensus::Receipt {
            status: Eip658Value::Eip658(self.status.is_success()),
            cumulative_gas_used: self.cumulative_gas_used.0,
            logs: self.events.iter().map(Event::to_ethereum).collect(),
        };
        ReceiptWithBloom { receipt, logs_bloom: self.bloom() }
    }
}
