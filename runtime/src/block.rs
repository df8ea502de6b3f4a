//! Blocks: what is agreed, what it did, and the header that commits to both.
//!
//! ```text
//! Block --execution--> ExecutedBlock --commit--> CommittedBlock
//! ```
//! Order comes first: a [`Block`] is agreed before it is executed. Its header is Ethereum's (alloy-consensus). The
//! figures that follow from execution are the block's own (receipts root, bloom, gas used), but the state root is that
//! of the state *after the parent*, from which the block starts; the genesis carries the root of its own state. So who
//! agrees on a block agrees, through parent hash and state root, on everything that its ancestors did.
//!
//! - [`stored`]: how a durable chain keeps a committed block.

pub mod stored;

mod signers;

use std::sync::Arc;

use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, Header, proofs::ordered_trie_root_with_encoder};
use alloy_primitives::{Address, B256, Bloom};
use alloy_rlp::{BufMut, Encodable};
use thiserror::Error;

use crate::{
    amount::EVM_WEI_PER_WEI,
    fault::Fault,
    gas::Gas,
    hook::HookReceipt,
    receipt::Receipt,
    signature::VerifiedTransaction,
    state::{ChangeSet, StateRoot},
    transaction::{Domain, Envelope, Rejection, Transaction},
};

pub use signers::ParentSigners;

/// The largest base gas price, in ledger wei: a header counts it in 64 bits of 10^-18 MDT.
pub const GAS_PRICE_MAX: u128 = (u64::MAX / EVM_WEI_PER_WEI) as u128;

/// What a block fixes before its transactions: where it stands in the chain, and what its transactions can see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockContext {
    /// The hash of the parent's header.
    pub parent_hash: B256,
    /// The number of the block; the genesis is 0.
    pub height: u64,
    /// Seconds since 1970; greater than the parent's.
    pub time: u64,
    /// The chain: transactions of any other are refused.
    pub domain: Domain,
    /// Who proposed the block and gets its share of the fees.
    pub proposer: Address,
    /// The most gas that the transactions may ask for together.
    pub gas_limit: Gas,
    /// The lowest gas price, in ledger wei; at most [`GAS_PRICE_MAX`].
    pub base_gas_price: u128,
    /// The burned part of each fee, in parts per million.
    pub fee_burn_ppm: u32,
    /// The root of the state that the block starts from: the state after its parent.
    pub state_root: B256,
    /// Who signed the parent; the header carries it as its extra data.
    pub parent_signers: ParentSigners,
}

/// Transactions in an order, and where they stand. Whether they may is found out by executing it. A clone shares them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    context: Arc<BlockContext>,
    transactions: Arc<[VerifiedTransaction]>,
}

impl Block {
    /// Puts transactions in their order.
    pub fn new(context: BlockContext, transactions: Vec<VerifiedTransaction>) -> Self {
        Self { context: Arc::new(context), transactions: transactions.into() }
    }

    /// Returns what the block fixes before its transactions.
    pub fn context(&self) -> &BlockContext {
        &self.context
    }

    /// Returns the transactions.
    pub fn transactions(&self) -> &[VerifiedTransaction] {
        &self.transactions
    }

    pub(crate) const fn shared_context(&self) -> &Arc<BlockContext> {
        &self.context
    }

    /// Returns the root of Ethereum's trie over the transactions' bytes.
    pub fn transactions_root(&self) -> B256 {
        transactions_root(&self.borrowed())
    }

    fn borrowed(&self) -> Vec<&Transaction> {
        self.transactions.iter().map(VerifiedTransaction::transaction).collect()
    }
}

/// Why a block is not part of the chain, whoever proposed it.
#[derive(Debug, Error)]
pub enum BlockError {
    /// The block does not follow from the chain's head and parameters.
    #[error("block has another {field} than the chain's next block")]
    Context {
        /// The field that differs.
        field: &'static str,
    },
    /// A transaction may not stand where it stands.
    #[error("transaction {index} of the block: {rejection}")]
    Transaction {
        /// Its place in the block, from 0.
        index: usize,
        /// Why not.
        #[source]
        rejection: Rejection,
    },
    /// The host failed; the block may be valid.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A block with what it did. Made only by execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutedBlock {
    block: Block,
    hook_receipts: Vec<HookReceipt>,
    receipts: Vec<Receipt>,
    changes: ChangeSet,
}

impl ExecutedBlock {
    pub(crate) const fn new(
        block: Block,
        hook_receipts: Vec<HookReceipt>,
        receipts: Vec<Receipt>,
        changes: ChangeSet,
    ) -> Self {
        Self { block, hook_receipts, receipts, changes }
    }

    /// Returns the block.
    pub const fn block(&self) -> &Block {
        &self.block
    }

    /// Returns what became of the hooks, which ran before the transactions.
    pub fn hook_receipts(&self) -> &[HookReceipt] {
        &self.hook_receipts
    }

    /// Returns the receipts, in the order of the transactions.
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// Returns what the block changes.
    pub const fn changes(&self) -> &ChangeSet {
        &self.changes
    }

    /// Returns the gas that the transactions used.
    pub fn gas_used(&self) -> Gas {
        self.receipts.last().map_or(Gas(0), |receipt| receipt.cumulative_gas_used)
    }

    /// Returns the header.
    pub fn header(&self) -> Header {
        outcome_in(empty_header(self.block.context()), &self.block.borrowed(), &self.receipts)
    }
}

/// A block that is part of the chain. Made only by committing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedBlock {
    header: Header,
    hash: B256,
    state_root: StateRoot,
    block: Block,
    hook_receipts: Vec<HookReceipt>,
    receipts: Vec<Receipt>,
}

impl CommittedBlock {
    pub(crate) fn new(header: Header, state_root: StateRoot, executed: ExecutedBlock) -> Self {
        let ExecutedBlock { block, hook_receipts, receipts, .. } = executed;
        Self { hash: header.hash_slow(), header, state_root, block, hook_receipts, receipts }
    }

    /// Returns the header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the header's hash, which names the block.
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// Returns the root of the state after the block; the child's header carries it.
    pub const fn state_root(&self) -> StateRoot {
        self.state_root
    }

    /// Returns the block.
    pub const fn block(&self) -> &Block {
        &self.block
    }

    /// Returns what became of the hooks. The state after the block commits to them ([`HookReceipt::hash_all`]).
    pub fn hook_receipts(&self) -> &[HookReceipt] {
        &self.hook_receipts
    }

    /// Returns the receipts, in the order of the transactions.
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }
}

/// Returns the header of a block without transactions.
pub(crate) fn empty_header(context: &BlockContext) -> Header {
    Header {
        parent_hash: context.parent_hash,
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        beneficiary: context.proposer,
        state_root: context.state_root,
        number: context.height,
        gas_limit: context.gas_limit.0,
        timestamp: context.time,
        extra_data: context.parent_signers.bitmap().clone(),
        base_fee_per_gas: Some(evm_gas_price(context.base_gas_price)),
        ..Header::default()
    }
}

/// Returns the header with the figures that follow from these transactions and their receipts, and all else as it is.
fn outcome_in(header: Header, transactions: &[&Transaction], receipts: &[Receipt]) -> Header {
    let mut logs_bloom = Bloom::ZERO;
    for receipt in receipts {
        logs_bloom |= receipt.bloom();
    }
    Header {
        transactions_root: transactions_root(transactions),
        receipts_root: receipts_root(transactions, receipts),
        logs_bloom,
        gas_used: receipts.last().map_or(0, |receipt| receipt.cumulative_gas_used.0),
        ..header
    }
}

fn transactions_root(transactions: &[&Transaction]) -> B256 {
    ordered_trie_root_with_encoder(transactions, |transaction, out: &mut Vec<u8>| out.put_slice(transaction.raw()))
}

/// Returns the root of Ethereum's trie over the receipts: a legacy one as RLP, any other behind its type byte.
fn receipts_root(transactions: &[&Transaction], receipts: &[Receipt]) -> B256 {
    let envelopes = transactions.iter().map(|transaction| transaction.envelope());
    let receipts: Vec<(Envelope, &Receipt)> = envelopes.zip(receipts).collect();
    ordered_trie_root_with_encoder(&receipts, |(envelope, receipt), out: &mut Vec<u8>| {
        if *envelope != Envelope::Legacy {
            out.put_u8(envelope.type_byte());
        }
        receipt.to_ethereum().encode(out);
    })
}

/// Returns a gas price as the header counts it.
fn evm_gas_price(price: u128) -> u64 {
    let price = u64::try_from(price).unwrap_or(u64::MAX);
    price.saturating_mul(EVM_WEI_PER_WEI)
}
