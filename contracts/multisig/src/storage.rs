//! The keys of the account's state, and what a proposal's entry is.
//!
//! Guarantees that these bytes never change their meaning: they are in the state root of every chain that runs the
//! contract.

use florin_sdk::prelude::*;

/// The contract's state.
#[florin_sdk::storage]
pub struct Multisig {
    #[key(0)]
    pub(crate) owners: Item<Vec<Address>>,
    #[key(1)]
    pub(crate) required: Item<u32>,
    #[key(2)]
    pub(crate) proposals: Map<u64, Proposal>,
    #[key(3)]
    pub(crate) proposals_count: Item<u64>,
    /// Who confirms what; an entry is there or it is not. Those of former owners do not count.
    #[key(4)]
    pub(crate) confirmations: Map<(u64, Address), bool>,
}

/// A call that owners agree on.
#[derive(Clone, Debug, PartialEq, Eq, Scale)]
pub struct Proposal {
    /// Who is called.
    pub to: Address,
    /// The amount that goes along, in wei.
    pub value: u128,
    /// Calldata.
    pub input: Bytes,
    /// Whether it was made.
    pub is_executed: bool,
}
