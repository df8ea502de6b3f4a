//! The keys of the contract's state.
//!
//! Guarantees that these bytes never change their meaning: they are in the state root of every chain that runs the
//! contract.

use florin_sdk::ownership::Ownership;
use florin_sdk::prelude::*;

/// The contract's state.
#[florin_sdk::storage]
pub struct Recycling {
    #[key(0)]
    pub(crate) ownership: Ownership,
    #[key(2)]
    pub(crate) fixed: Item<Fixed>,
    /// What is in the pool.
    #[key(3)]
    pub(crate) pool: Counter,
    /// What ever came in.
    #[key(4)]
    pub(crate) received: Counter,
    /// What ever went out.
    #[key(5)]
    pub(crate) reused: Counter,
    /// What each source has brought.
    #[key(6)]
    pub(crate) recycled: CounterMap<u8>,
    /// What was burned here, by reason.
    #[key(7)]
    pub(crate) burned: CounterMap<u8>,
    /// The first epoch whose campaign did not come back yet.
    #[key(8)]
    pub(crate) sweep_epoch: Item<u64>,
}

/// What never changes.
#[derive(Clone, Debug, PartialEq, Eq, Scale)]
pub struct Fixed {
    /// Who takes from the pool.
    pub emission: Address,
    /// Whose campaigns come back to it.
    pub claims: Address,
}
