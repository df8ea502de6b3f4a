//! The keys of the treasury's state, and what a grant's entry is.
//!
//! Guarantees that these bytes never change their meaning: they are in the state root of every chain that runs the
//! contract.

use florin_sdk::ownership::Ownership;
use florin_sdk::prelude::*;

/// The contract's state.
#[florin_sdk::storage]
pub struct Treasury {
    #[key(0)]
    pub(crate) ownership: Ownership,
    /// What grants have still to pay, all together.
    #[key(2)]
    pub(crate) committed: Item<u128>,
    /// What was ever spent, grants not counted.
    #[key(3)]
    pub(crate) spent: Item<u128>,
    #[key(4)]
    pub(crate) grants: Map<u64, Grant>,
    #[key(5)]
    pub(crate) grants_count: Item<u64>,
}

/// A grant; amounts in wei, times in blocks.
#[derive(Clone, Debug, PartialEq, Eq, Scale)]
pub struct Grant {
    /// Who is paid.
    pub holder: Address,
    /// The whole.
    pub total: u128,
    /// What vests at the start.
    pub at_start: u128,
    /// The height of the start.
    pub start: u64,
    /// Blocks from the start to the linear part.
    pub cliff: u64,
    /// Blocks of the linear part.
    pub length: u64,
    /// Whether the owner may end it.
    pub is_revocable: bool,
    /// What had vested when it was ended.
    pub ended: Option<u128>,
    /// What was paid.
    pub released: u128,
}

/// A grant as a message answers it: the fields of [`Grant`], but in place of `ended` what it pays in all.
pub type GrantTerms = (Address, u128, u128, u64, u64, u64, bool, u128, u128);
