//! The keys of the contract's state, and what its entries are.
//!
//! Guarantees that these bytes never change their meaning: they are in the state root of every chain that runs the
//! contract.

use florin_sdk::ownership::Ownership;
use florin_sdk::prelude::*;

use crate::rules::Rules;

/// Epochs whose figures are kept.
pub const RECORD_EPOCHS: u64 = 100;

/// The contract's state.
#[florin_sdk::storage]
pub struct Emission {
    #[key(0)]
    pub(crate) ownership: Ownership,
    #[key(2)]
    pub(crate) fixed: Item<Fixed>,
    /// The rules of the next epoch that is settled.
    #[key(3)]
    pub(crate) rules: Item<Rules>,
    /// Rules by the first epoch that they are for.
    #[key(4)]
    pub(crate) changes: Map<u64, Rules>,
    /// The first epoch that is not settled.
    #[key(5)]
    pub(crate) next_epoch: Item<u64>,
    /// The epoch whose rewards are being divided.
    #[key(6)]
    pub(crate) under_way: Item<Record>,
    /// What became of the last epochs, by slot.
    #[key(7)]
    pub(crate) records: Map<u8, Record>,
}

/// What never changes.
#[derive(Clone, Debug, PartialEq, Eq, Scale)]
pub struct Fixed {
    /// Who divides the pools.
    pub rewards: Address,
    /// The recycling pool.
    pub recycling: Address,
    /// Who knows the metrics and the scores of miners.
    pub registry: Address,
    /// Who knows the stakes of validators.
    pub staking: Address,
    /// Length of an epoch.
    pub epoch_blocks: u64,
}

/// The figures of an epoch, amounts in wei, ratios in ppm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Scale)]
pub struct Figures {
    /// Tasks done.
    pub tasks: u64,
    /// Their mean difficulty.
    pub difficulty: u32,
    /// Validators that took part.
    pub participation: u32,
    /// Quality.
    pub quality: u32,
    /// Utility.
    pub utility: u32,
    /// The whole emission.
    pub emitted: u128,
    /// Burned for want of quality.
    pub unmet: u128,
    /// Distributed.
    pub distributed: u128,
    /// Of that, out of the recycling pool.
    pub from_pool: u128,
    /// Of that, minted.
    pub minted: u128,
}

impl Figures {
    pub(crate) const fn metrics(&self) -> (u64, u32, u32, u32) {
        (self.tasks, self.difficulty, self.participation, self.quality)
    }

    pub(crate) const fn amounts(&self) -> (u128, u128, u128, u128, u128) {
        (self.emitted, self.unmet, self.distributed, self.from_pool, self.minted)
    }
}

/// What became of an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Scale)]
pub struct Record {
    /// The epoch.
    pub epoch: u64,
    /// Its figures.
    pub figures: Figures,
    /// What each row of the split got.
    pub pools: Vec<u128>,
    /// The root of its campaign; zero if nobody has a claim.
    pub root: B256,
    /// How many rewards can be claimed.
    pub leaf_count: u32,
    /// How much can be claimed.
    pub claimable: u128,
    /// The block in which it was settled.
    pub height: u64,
}

/// A record as a message answers it: (tasks, difficulty, participation, quality), utility, (emitted, unmet, distributed, from
/// the pool, minted), pools, root, leaf count, claimable, height.
pub type RecordTerms = ((u64, u32, u32, u32), u32, (u128, u128, u128, u128, u128), Vec<u128>, B256, u32, u128, u64);
