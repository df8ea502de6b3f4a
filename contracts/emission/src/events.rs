//! What the contract tells the world.
//!
//! Guarantees that the event of an epoch tells every figure of it; each reward is told by the rewards contract.

use florin_sdk::{Address, B256, Vec};

/// An epoch was settled.
#[florin_sdk::event]
pub struct EpochSettled {
    #[indexed]
    epoch: u64,
    /// Tasks, and difficulty, participation and quality in ppm.
    metrics: (u64, u32, u32, u32),
    /// In ppm.
    utility: u32,
    /// Emitted, burned as unmet, distributed, of that from the pool, minted for it.
    figures: (u128, u128, u128, u128, u128),
    /// What each row of the split got.
    pools: Vec<u128>,
    /// The root of the campaign; zero without one.
    root: B256,
    leaf_count: u32,
    claimable: u128,
}

/// The rules change with an epoch.
#[florin_sdk::event]
pub struct ParametersChanged {
    #[indexed]
    first_epoch: u64,
}

/// The ownership was offered; zero took an offer back.
#[florin_sdk::event]
pub struct OwnershipTransferStarted {
    #[indexed]
    previous_owner: Address,
    #[indexed]
    new_owner: Address,
}

/// The ownership moved.
#[florin_sdk::event]
pub struct OwnershipTransferred {
    #[indexed]
    previous_owner: Address,
    #[indexed]
    new_owner: Address,
}
