//! Blocks: what is agreed, what it did, and the header that commits to both.

use alloy_primitives::{Address, B256};

use crate::gas::Gas;

/// What a block fixes before its transactions: where it stands in the chain, and what its transactions can see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockContext {
    /// The hash of the parent's header.
    pub parent_hash: B256,
    /// The number of the block; the genesis is 0.
    pub height: u64,
    /// Seconds since 1970; greater than the parent's.
    pub time: u64,
    /// The chain id.
    pub chain_id: u64,
    /// Who proposed the block and gets its share of the fees.
    pub proposer: Address,
    /// The most gas that the transactions may ask for together.
    pub gas_limit: Gas,
    /// The lowest gas price, in ledger wei.
    pub base_gas_price: u128,
    /// The burned part of each fee, in parts per million.
    pub fee_burn_ppm: u32,
    /// The root of the state that the block starts from: the state after its parent.
    pub state_root: B256,
}
