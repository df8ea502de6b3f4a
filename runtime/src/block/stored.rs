//! A committed block as a durable chain keeps it: header, transactions and receipts in one row, which proves itself when it
//! is read back.
//!
//! ```text
//! row          body | BLAKE3 of the body [32]
//! body         header Vec<u8>, in RLP | transactions Vec<Vec<u8>>, as they arrived | receipts Vec<receipt>, one for each
//!              | hook receipts Vec<hook receipt>
//! receipt      status u8 | gas used u64 | fee u128 | sender [20] | contract Option<[20]> | output Vec<u8> | events Vec<event>
//! event        contract [20] | topics Vec<[32]> | data Vec<u8>
//! hook receipt contract [20] | status u8 | gas used u64 | output Vec<u8> | events Vec<event>
//! ```
//! SCALE. What follows from the rest is not stored: the ids of the transactions, and the cumulative gas.
//!
//! Guarantees that what is read is what was committed: a changed bit is found by the hash, a row in another's place by its
//! height, transactions, gas and events by the roots of the header, and hook receipts by the entry of the state after the block
//! that commits to them. Of a height whose state is pruned that entry is gone, and the hash of the row is all that there is.
//! Costs, for a block read: its transactions decoded, two tries over them, and one entry of the state; no signature is verified
//! again, since the block was committed.

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes};
use alloy_rlp::{Decodable, Encodable};
use florin_abi::Status;
use parity_scale_codec::{Decode, DecodeAll, Encode};

use super::{ExecutedBlock, outcome_in};
use crate::fault::Fault;
use crate::gas::Gas;
use crate::hook::HookReceipt;
use crate::ledger::Balance;
use crate::receipt::{Event, Receipt};
use crate::transaction::{Domain, RawTransaction, Transaction};

/// Length of the hash behind the body, in bytes.
const HASH_BYTES: usize = 32;

/// A block that was committed, by this process or by an earlier one. Made only by reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBlock {
    header: Header,
    hash: B256,
    transactions: Vec<Transaction>,
    receipts: Vec<Receipt>,
    hook_receipts: Vec<HookReceipt>,
}

/// What the state after a block says of its hook receipts.
#[derive(Clone, Debug)]
pub(crate) enum HookCommitment {
    /// The entry [`HOOK_RECEIPTS`](crate::hook::HOOK_RECEIPTS); none if there are no hooks.
    Entry(Option<Bytes>),
    /// The state at this height cannot be read any more.
    Pruned,
}

impl StoredBlock {
    /// Returns the header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the header's hash, which names the block.
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// Returns the transactions, in their order. Their senders are in the receipts.
    pub fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }

    /// Returns the receipts, in the order of the transactions.
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// Returns what became of the hooks, in their order.
    pub fn hook_receipts(&self) -> &[HookReceipt] {
        &self.hook_receipts
    }

    /// Reads the row of a block.
    ///
    /// # Errors
    /// [`Fault::Corrupt`] if it is not the row that was written for this height of this chain.
    pub(crate) fn read(row: &[u8], height: u64, domain: &Domain, hooks: &HookCommitment) -> Result<Self, Fault> {
        let (body, hash) = row.split_last_chunk::<HASH_BYTES>().ok_or_else(|| corrupt("it is cut off"))?;
        if blake3::hash(body).as_bytes() != hash {
            return Err(corrupt("its hash is another"));
        }
        let body = Body::decode_all(&mut &*body).map_err(|error| corrupt(error.to_string()))?;
        let encoded = &mut &body.header[..];
        let header = Header::decode(encoded).map_err(|error| corrupt(error.to_string()))?;
        if !encoded.is_empty() || header.number != height {
            return Err(corrupt("its header is of another height"));
        }
        let decode = |bytes: Vec<u8>| Transaction::decode(&RawTransaction::new(Bytes::from(bytes))?, domain);
        let transactions = body.transactions.into_iter().map(decode).collect::<Result<Vec<_>, _>>();
        let transactions = transactions.map_err(|rejection| corrupt(rejection.to_string()))?;
        let receipts = receipts_of(body.receipts, &transactions)?;
        let borrowed = transactions.iter().collect::<Vec<_>>();
        if outcome_in(header.clone(), &borrowed, &receipts) != header {
            return Err(corrupt("it does not hold what its header commits to"));
        }
        let hook_receipts = body.hook_receipts;
        if !hooks.is_to(height, &hook_receipts) {
            return Err(corrupt("its hook receipts are not those that the state commits to"));
        }
        Ok(Self { hash: header.hash_slow(), header, transactions, receipts, hook_receipts })
    }
}

impl HookCommitment {
    /// Tells whether these are the receipts, as far as the state can tell.
    fn is_to(&self, height: u64, receipts: &[HookReceipt]) -> bool {
        match self {
            Self::Entry(None) => receipts.is_empty(),
            Self::Entry(Some(entry)) => entry[..] == HookReceipt::hash_all(height, receipts)[..],
            Self::Pruned => true,
        }
    }
}

/// Writes the row of a block, whose header is this one.
pub(crate) fn row(header: &Header, executed: &ExecutedBlock) -> Vec<u8> {
    let mut encoded = Vec::new();
    header.encode(&mut encoded);
    let transactions = executed.block().transactions().iter();
    let body = Body {
        header: encoded,
        transactions: transactions.map(|transaction| transaction.raw().to_vec()).collect(),
        receipts: executed.receipts().iter().map(ReceiptRow::of).collect(),
        hook_receipts: executed.hook_receipts().to_vec(),
    };
    let mut row = body.encode();
    let hash = blake3::hash(&row);
    row.extend_from_slice(hash.as_bytes());
    row
}

/// Returns the receipts of these transactions.
fn receipts_of(rows: Vec<ReceiptRow>, transactions: &[Transaction]) -> Result<Vec<Receipt>, Fault> {
    if rows.len() != transactions.len() {
        return Err(corrupt("there is not a receipt for each transaction"));
    }
    let mut gas = 0;
    let receipt = |(row, transaction): (ReceiptRow, &Transaction)| row.receipt(transaction.id(), &mut gas);
    let receipts = rows.into_iter().zip(transactions).map(receipt).collect::<Option<Vec<_>>>();
    receipts.ok_or_else(|| corrupt("a receipt has an unknown status"))
}

#[derive(Encode, Decode)]
struct Body {
    header: Vec<u8>,
    transactions: Vec<Vec<u8>>,
    receipts: Vec<ReceiptRow>,
    hook_receipts: Vec<HookReceipt>,
}

#[derive(Encode, Decode)]
struct ReceiptRow {
    status: u8,
    gas_used: u64,
    fee: Balance,
    sender: [u8; 20],
    contract: Option<[u8; 20]>,
    output: Vec<u8>,
    events: Vec<EventRow>,
}

#[derive(Encode, Decode)]
struct EventRow {
    contract: [u8; 20],
    topics: Vec<[u8; 32]>,
    data: Vec<u8>,
}

impl ReceiptRow {
    fn of(receipt: &Receipt) -> Self {
        let event = |event: &Event| EventRow {
            contract: event.contract.into_array(),
            topics: event.topics.iter().map(|topic| topic.0).collect(),
            data: event.data.to_vec(),
        };
        Self {
            status: receipt.status.code(),
            gas_used: receipt.gas_used.0,
            fee: receipt.fee,
            sender: receipt.sender.into_array(),
            contract: receipt.contract.map(Address::into_array),
            output: receipt.output.to_vec(),
            events: receipt.events.iter().map(event).collect(),
        }
    }

    /// Returns the receipt of a transaction, and adds its gas to that of the earlier ones.
    fn receipt(self, transaction: B256, gas: &mut u64) -> Option<Receipt> {
        let event = |row: EventRow| Event {
            contract: row.contract.into(),
            topics: row.topics.into_iter().map(B256::from).collect(),
            data: row.data.into(),
        };
        *gas = gas.saturating_add(self.gas_used);
        Some(Receipt {
            status: Status::from_code(self.status)?,
            gas_used: Gas(self.gas_used),
            cumulative_gas_used: Gas(*gas),
            fee: self.fee,
            transaction,
            sender: self.sender.into(),
            contract: self.contract.map(Address::from),
            output: self.output.into(),
            events: self.events.into_iter().map(event).collect(),
        })
    }
}

fn corrupt(detail: impl Into<String>) -> Fault {
    Fault::Corrupt { what: "block", detail: detail.into() }
}

#[cfg(test)]
mod tests;
