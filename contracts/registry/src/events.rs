//! What happened, for those who watch. Ratios are in ppm.

use florin_sdk::{Address, B256};

/// An account is a miner from one epoch to another; to 2^64 - 1 as long as it stays.
#[florin_sdk::event]
pub struct MinerChanged {
    #[indexed]
    miner: Address,
    slot: u32,
    first_epoch: u64,
    last_epoch: u64,
}

/// A validator committed to weights for an epoch.
#[florin_sdk::event]
pub struct WeightsCommitted {
    #[indexed]
    validator: Address,
    #[indexed]
    epoch: u64,
    commitment: B256,
}

/// A validator showed its weights for an epoch.
#[florin_sdk::event]
pub struct WeightsRevealed {
    #[indexed]
    validator: Address,
    #[indexed]
    epoch: u64,
    stake: u128,
}

/// The scores of an epoch are final.
#[florin_sdk::event]
pub struct EpochFinalized {
    #[indexed]
    epoch: u64,
    rows: u32,
    miners: u32,
    total_score: u64,
}

/// Holders of more than two thirds of the stake reported the same metrics of an epoch.
#[florin_sdk::event]
pub struct MetricsAccepted {
    #[indexed]
    epoch: u64,
    tasks: u64,
    difficulty: u32,
    participation: u32,
    quality: u32,
}

/// The owner set what holds from an epoch on.
#[florin_sdk::event]
pub struct ParametersSet {
    #[indexed]
    epoch: u64,
}

/// The contract has another owner.
#[florin_sdk::event]
pub struct OwnershipTransferred {
    #[indexed]
    owner: Address,
    #[indexed]
    new_owner: Address,
}
