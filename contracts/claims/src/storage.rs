//! The keys of the contract's state, and what a campaign's entry is.
//!
//! Guarantees that these bytes never change their meaning: they are in the state root of every chain that runs the
//! contract. A claim reads the terms, writes an entry of its own and adds to the claimed total.

use florin_sdk::prelude::*;

/// The contract's state.
#[florin_sdk::storage]
pub struct Claims {
    /// What each campaign promises.
    #[key(0)]
    pub(crate) campaigns: Map<u64, Campaign>,
    /// Which claims of a campaign are paid: an entry is there or it is not, so that no two claims touch the same one.
    #[key(1)]
    pub(crate) paid: Map<(u64, u32), bool>,
    /// How much of a campaign is paid.
    #[key(2)]
    pub(crate) claimed: CounterMap<u64>,
    /// How much of a campaign was swept, once it was.
    #[key(3)]
    pub(crate) swept: Map<u64, u128>,
    /// Who creates the campaigns with numbers below 2^63.
    #[key(4)]
    pub(crate) authority: Item<Address>,
    /// How many campaigns an account has created with derived numbers.
    #[key(5)]
    pub(crate) created: Map<Address, u64>,
}

/// The terms of a campaign. They never change.
#[derive(Clone, Debug, PartialEq, Eq, Scale)]
pub struct Campaign {
    /// Who created and funded it.
    pub owner: Address,
    /// The token that it pays; zero for MDT.
    pub token: Address,
    /// The root over its leaves.
    pub root: B256,
    /// How many leaves there are.
    pub leaf_count: u32,
    /// How much it holds at first; no more is ever paid.
    pub total: u128,
    /// The first block in which it pays.
    pub first_block: u64,
    /// The last block in which it pays.
    pub last_block: u64,
    /// Who gets the rest.
    pub sweep_target: Address,
}

/// The terms as a message answers them: the fields of [`Campaign`] in their order.
pub type Terms = (Address, Address, B256, u32, u128, u64, u64, Address);
