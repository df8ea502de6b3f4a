//! What the contract tells the world.
//!
//! Guarantees that the event of an epoch tells every figure of it; each reward is told by the rewards contract.

use florin_sdk::abi::Octets;
use florin_sdk::{B256, Vec};

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

/// A step failed while this epoch was the next to settle. What the block had done before it stays, and the next block tries it
/// again.
#[florin_sdk::event]
pub struct StepFailed {
    #[indexed]
    epoch: u64,
    /// How the step ended; 1 is a revert.
    status: u8,
    /// The revert data: an error of this contract, which names the contract that failed.
    reason: Octets,
}
