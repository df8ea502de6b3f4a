//! The keys of the contract's state, and what its entries are.
//!
//! Guarantees that these bytes never change their meaning: they are in the state root of every chain that runs the
//! contract.
//!
//! ```text
//! weights   (row u8, page u32)   -> entries of one pool, ascending by account   | account [20] | weight u128 LE | ..
//! lists     (slot u8, page u32)  -> entries of one epoch, ascending by account  | account [20] | amount u128 LE | ..
//! ```
//! Both are written over by later epochs: weights by the next settlement, a list by the epoch that is [`LISTS_KEPT`] later.

use florin_sdk::prelude::*;

use crate::settlement::Settlement;

/// Epochs whose list of rewards is kept in the state. Older ones are in the events.
pub const LISTS_KEPT: u64 = 16;

/// The contract's state.
#[florin_sdk::storage]
pub struct Rewards {
    #[key(0)]
    pub(crate) fixed: Item<Fixed>,
    /// The settlement that is under way.
    #[key(1)]
    pub(crate) settlement: Item<Settlement>,
    #[key(2)]
    pub(crate) weights: Pages<(u8, u32)>,
    #[key(3)]
    pub(crate) lists: Pages<(u8, u32)>,
    /// Whose list a slot holds, and how many rewards it has.
    #[key(4)]
    pub(crate) listed: Map<u8, (u64, u32)>,
}

/// What never changes.
#[derive(Clone, Debug, PartialEq, Eq, Scale)]
pub struct Fixed {
    /// Who gives the pools.
    pub emission: Address,
    /// Where rewards are claimed.
    pub claims: Address,
    /// Who gets what is not claimed.
    pub recycling: Address,
    /// Who knows the scores of miners.
    pub registry: Address,
    /// Who knows the stakes of validators, and takes what is theirs.
    pub staking: Address,
}

/// Returns the place of an epoch among those whose lists are kept.
pub(crate) fn slot(epoch: u64) -> u8 {
    let place = epoch.checked_rem(LISTS_KEPT).unwrap_or_default();
    u8::try_from(place).unwrap_or_default()
}
