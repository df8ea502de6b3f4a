//! What the contract tells the world.
//!
//! Guarantees that the events of a campaign add up: total = sum of claimed + swept, once it is swept.

use florin_sdk::{Address, B256};

/// A campaign was created and funded.
#[florin_sdk::event]
pub struct CampaignCreated {
    #[indexed]
    campaign: u64,
    #[indexed]
    owner: Address,
    #[indexed]
    token: Address,
    root: B256,
    leaf_count: u32,
    total: u128,
    first_block: u64,
    last_block: u64,
    sweep_target: Address,
}

/// A claim was paid.
#[florin_sdk::event]
pub struct Claimed {
    #[indexed]
    campaign: u64,
    #[indexed]
    account: Address,
    index: u32,
    amount: u128,
}

/// The rest of a campaign was moved to its target.
#[florin_sdk::event]
pub struct Swept {
    #[indexed]
    campaign: u64,
    #[indexed]
    target: Address,
    amount: u128,
}
