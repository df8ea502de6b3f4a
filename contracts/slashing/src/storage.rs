//! The keys of the contract's state, and what its entries are.
//!
//! Guarantees that these bytes never change their meaning: they are in the state root of every chain that runs the contract.

use florin_sdk::FixedBytes;
use florin_sdk::prelude::*;

/// An ed25519 signature: R and s.
pub type Signature = [B256; 2];

/// The contract's state.
#[florin_sdk::storage]
pub struct Slashing {
    #[key(0)]
    pub(crate) settings: Item<Settings>,
    #[key(1)]
    pub(crate) terms: Item<Terms>,
    /// What a validator was punished for.
    #[key(2)]
    pub(crate) records: Map<Address, Record>,
    /// (validator, number of the slash, big-endian) to the slash.
    #[key(3)]
    pub(crate) slashes: Map<(Address, FixedBytes<4>), Slash>,
    /// Votes for refused blocks that were punished.
    #[key(4)]
    pub(crate) punished: Map<B256, bool>,
    /// Who signed the last 100 blocks: height modulo 100 to the block's signers.
    #[key(5)]
    pub(crate) signed: Map<u32, Signed>,
    /// Blocks that the chain has refused.
    #[key(6)]
    pub(crate) refused: Map<(u64, B256), bool>,
}

/// What the contract was created with, and its owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Scale)]
pub struct Settings {
    /// Who sets parameters.
    pub owner: Address,
    /// Who may become the owner; zero for nobody.
    pub offered: Address,
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

/// What the owner may change from an epoch on. Ratios are in ppm, lengths in blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Scale)]
pub struct Parameters {
    /// How long double signing jails.
    pub jail_blocks: u64,
    /// How long a slash counts for a repeat offence.
    pub history_blocks: u64,
    /// What an offence takes of the stake, before its severity.
    pub rate: u32,
    /// Severity of double signing.
    pub double_sign: u32,
    /// Severity of a vote for a refused block.
    pub invalid_vote: u32,
    /// Severity of downtime.
    pub downtime: u32,
    /// The reporter's part of a slash.
    pub reporter: u32,
    /// The burned part of a slash; the rest is recycled.
    pub burned: u32,
}

/// [`Parameters`] as values of the ABI, in their order.
pub type ParameterValues = (u64, u64, u32, u32, u32, u32, u32, u32);

/// What a validator was punished for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Scale)]
pub struct Record {
    /// Double signing up to this height is punished; 0 if it was never.
    pub punished_until: u64,
    /// Downtime up to this height is punished; 0 if it was never.
    pub down_until: u64,
    /// How often it was slashed.
    pub slash_count: u32,
}

/// A slash in the history of a validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Scale)]
pub struct Slash {
    /// The height of the block that slashed.
    pub height: u64,
    /// The offence's code.
    pub kind: u8,
    /// What was taken, in wei.
    pub amount: u128,
}

/// Who signed a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Scale)]
pub struct Signed {
    /// The block's height.
    pub height: u64,
    /// A bit for each validator of the block's epoch, in the order of the addresses; the lowest bit first.
    pub signers: U256,
}
