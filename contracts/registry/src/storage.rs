//! The keys of the contract's state, and what its entries are.
//!
//! Guarantees that these bytes never change their meaning: they are in the state root of every chain that runs the contract.
//!
//! What belongs to an epoch stands under the epoch modulo a number of places, so that the state does not grow with the chain:
//! weights and reports in [`OPEN_EPOCHS`] places, results in [`KEPT_EPOCHS`]. An entry names its epoch.

use florin_sdk::prelude::*;

/// The epochs whose weights and reports are kept.
pub const OPEN_EPOCHS: u64 = 4;

/// The epochs whose scores and metrics are kept.
pub const KEPT_EPOCHS: u64 = 128;

/// Weights of neighbouring slots in one entry.
pub const CHUNK_SLOTS: usize = 64;

/// The same, to divide a slot by.
pub(crate) const SLOTS_A_CHUNK: u32 = 64;

/// The contract's state.
#[florin_sdk::storage]
pub struct Registry {
    #[key(0)]
    pub(crate) setup: Item<Setup>,
    #[key(1)]
    pub(crate) miners: Map<Address, Miner>,
    /// How many miners there are, those who leave included.
    #[key(2)]
    pub(crate) miner_count: Item<u32>,
    /// The first slot that was never used.
    #[key(3)]
    pub(crate) fresh_slot: Item<u32>,
    /// Slots that are free again.
    #[key(4)]
    pub(crate) free_slots: Map<u32, u32>,
    #[key(5)]
    pub(crate) free_count: Item<u32>,
    /// (epoch modulo 4, validator) to what it committed to.
    #[key(6)]
    pub(crate) ballots: Map<(u64, Address), Ballot>,
    /// (epoch modulo 4, validator) to what it reported.
    #[key(7)]
    pub(crate) reports: Map<(u64, Address), Report>,
    /// (epoch modulo 4, chunk, validator) to weights of the chunk's slots.
    #[key(8)]
    pub(crate) weights: Map<(u64, u32, Address), Chunk>,
    /// How far the scores are.
    #[key(9)]
    pub(crate) progress: Item<Progress>,
    /// Scores by slot of the epoch that is being finalized.
    #[key(10)]
    pub(crate) slot_scores: Map<u32, Chunk>,
    /// (epoch modulo 128, page) to miners and scores, in the order of the addresses.
    #[key(11)]
    pub(crate) pages: Map<(u64, u32), Vec<(Address, u32)>>,
    #[key(12)]
    pub(crate) outcomes: Map<u64, Outcome>,
    #[key(13)]
    pub(crate) parameters: Item<Terms>,
    /// Epoch modulo 128 to what was accepted.
    #[key(14)]
    pub(crate) metrics: Map<u64, Report>,
    /// Who sets the parameters.
    #[key(15)]
    pub(crate) owner: Item<Address>,
    /// Who may become the owner.
    #[key(16)]
    pub(crate) offered: Item<Address>,
}

/// What the contract was created with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Scale)]
pub struct Setup {
    /// The staking contract.
    pub staking: Address,
    /// The recycling pool.
    pub recycling: Address,
    /// Blocks of an epoch.
    pub epoch_blocks: u64,
}

/// The parameters, with a change of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Scale)]
pub struct Terms {
    /// The parameters before `changed`.
    pub before: Parameters,
    /// An epoch.
    pub changed: u64,
    /// The parameters from `changed` on.
    pub after: Parameters,
}

/// What the owner may change from an epoch on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Scale)]
pub struct Parameters {
    /// What a registration costs, in wei.
    pub fee: u128,
    /// The most miners.
    pub miners_max: u32,
}

/// A miner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Scale)]
pub struct Miner {
    /// Its place in lists of weights.
    pub slot: u32,
    /// The first epoch that it counts in.
    pub first_epoch: u64,
    /// The last epoch that it counts in; 2^64 - 1 if it stays.
    pub last_epoch: u64,
}

/// What a validator committed to, and that it has shown it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Scale)]
pub struct Ballot {
    /// The epoch that the weights are for.
    pub epoch: u64,
    /// The hash.
    pub commitment: B256,
    /// The validator's stake that counts in the epoch, in wei.
    pub stake: u128,
    /// The chunks of the weights that were shown, later ones are zeros; 0 if none were shown.
    pub chunks: u32,
}

/// Weights or scores of 64 neighbouring slots, in ppm; what is missing is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Scale)]
pub struct Chunk {
    /// In the order of the slots.
    pub ppm: Vec<u32>,
}

/// How far the scores are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Scale)]
pub struct Progress {
    /// The epoch that is finalized next.
    pub epoch: u64,
    /// The chunks that are scored.
    pub chunk: u32,
    /// The last miner that was listed.
    pub after: Address,
    /// The pages that are written.
    pub pages: u32,
    /// The miners on them.
    pub miners: u32,
    /// Their scores together.
    pub total_score: u64,
}

/// The scores of an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Scale)]
pub struct Outcome {
    /// The epoch.
    pub epoch: u64,
    /// Its pages.
    pub pages: u32,
    /// The miners on them.
    pub miners: u32,
    /// Their scores together.
    pub total_score: u64,
}

/// What validators measured in an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Scale)]
pub struct Metrics {
    /// Tasks.
    pub tasks: u64,
    /// Mean difficulty, in ppm.
    pub difficulty: u32,
    /// Participation of validators, in ppm.
    pub participation: u32,
    /// Quality, in ppm.
    pub quality: u32,
}

/// What a validator reported of an epoch; or what was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Scale)]
pub struct Report {
    /// The epoch.
    pub epoch: u64,
    /// What was measured.
    pub metrics: Metrics,
    /// The stake behind it, in wei.
    pub stake: u128,
}
