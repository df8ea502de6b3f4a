//! What became of a transaction, with its events decoded by type.

use alloy_primitives::{Address, B256, Bytes};
use florin_abi::Status;
use florin_runtime::gas::Gas;
use florin_runtime::ledger::Balance;
use florin_runtime::receipt::{Event, Receipt};
use florin_sdk::client::{Failure, sort};
use florin_sdk::contract::Returns;
use florin_sdk::error::ContractError;
use florin_sdk::event::{self, decode_events};

use crate::trace::HINT;

/// The outcome of a transaction, or of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionReceipt {
    /// How it ended.
    pub status: Status,
    /// The gas that it used.
    pub gas_used: Gas,
    /// What the sender paid for the gas; nothing for a view.
    pub fee: Balance,
    /// The height of its block; of a view, the last height.
    pub height: u64,
    /// The transaction's id; none for a view.
    pub transaction: Option<B256>,
    /// The contract that it created.
    pub contract: Option<Address>,
    /// Return data or revert data.
    pub output: Bytes,
    /// The events, in the order of emission.
    pub events: Vec<Event>,
}

impl TransactionReceipt {
    pub(crate) fn of(receipt: &Receipt, height: u64) -> Self {
        Self {
            status: receipt.status,
            gas_used: receipt.gas_used,
            fee: receipt.fee,
            height,
            transaction: Some(receipt.transaction),
            contract: receipt.contract,
            output: receipt.output.clone(),
            events: receipt.events.clone(),
        }
    }

    /// Returns the events of one type, of whichever contract, in the order of emission.
    pub fn events_of<E: event::Event>(&self) -> Vec<E> {
        decode_events(self.events.iter().map(|event| (&event.topics[..], &event.data[..])))
    }

    /// Returns the output as what a message returns, e.g. `receipt.result::<Result<bool, TokenError>>()`.
    ///
    /// # Errors
    /// The contract's own error, or how else the call failed.
    pub fn result<R: Returns>(&self) -> Result<R::Output, Failure<R::Error>> {
        sort::<R>(self.status, self.output.to_vec())
    }

    /// Returns the error that the transaction reverted with.
    ///
    /// # Panics
    /// If it did not revert, or with another error.
    #[track_caller]
    pub fn expect_revert<E: ContractError>(&self) -> E {
        let wanted = std::any::type_name::<E>();
        assert_eq!(
            self.status,
            Status::Reverted,
            "expected a revert with {wanted}; the transaction ended otherwise; {HINT}"
        );
        match E::decode(&self.output) {
            Some(error) => error,
            None => panic!("expected a revert with {wanted}; the revert data is {}", self.output),
        }
    }
}
