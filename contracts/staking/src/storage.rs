//! The keys of the contract's state, and what its entries are.
//!
//! Guarantees that these bytes never change their meaning: they are in the state root of every chain that runs the contract.
//!
//! What holds from an epoch on stands under a [`Since`], which counts downwards: the next key from an epoch on is the latest
//! entry that is not later, so that one search finds what held in any epoch, and the past stays.

use florin_sdk::FixedBytes;
use florin_sdk::prelude::*;
use florin_tokenomics::stake_pool::StakePool;

/// An epoch as a key: 2^64 - 1 - epoch, big-endian, so that later epochs come first.
pub(crate) type Since = FixedBytes<8>;

/// An epoch as a key in its own order, big-endian.
pub(crate) type InEpoch = FixedBytes<8>;

/// An ed25519 signature: R and s.
pub type Signature = [B256; 2];

/// The contract's state.
#[florin_sdk::storage]
pub struct Staking {
    #[key(0)]
    pub(crate) settings: Item<Settings>,
    /// Every validator that ever registered.
    #[key(2)]
    pub(crate) validators: Map<Address, Validator>,
    /// Which validator a consensus key belongs to; for good.
    #[key(3)]
    pub(crate) keys: Map<B256, Address>,
    /// The validators that can be in a set that somebody asks for; at most [`crate::MEMBERS_MAX`].
    #[key(4)]
    pub(crate) members: Map<Address, bool>,
    #[key(5)]
    pub(crate) member_count: Item<u32>,
    /// What holds from an epoch on: what counts of a validator, what its shares were paid, the parameters. What is of all
    /// validators together stands under the zero address.
    #[key(6)]
    pub(crate) held: Map<(Kind, Address, Since), Held>,
    /// The first epoch whose rewards are not complete.
    #[key(8)]
    pub(crate) open_epoch: Item<u64>,
    /// (validator, delegator) to stake and rewards.
    #[key(9)]
    pub(crate) delegations: Map<(Address, Address), Delegation>,
    /// What was unbonded of a validator in an epoch.
    #[key(10)]
    pub(crate) leaving: Map<(Address, InEpoch), Leaving>,
    /// (validator, delegator, epoch) to shares of what was unbonded then.
    #[key(11)]
    pub(crate) withdrawals: Map<((Address, Address), InEpoch), u128>,
}

/// What the contract was created with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Scale)]
pub struct Settings {
    /// Who slashes, and sets the parameters.
    pub slashing: Address,
    /// The rewards contract, which pays them in.
    pub rewards: Address,
    /// Blocks of an epoch.
    pub epoch_blocks: u64,
}

/// A validator.
#[derive(Clone, Debug, PartialEq, Eq, Scale)]
pub struct Validator {
    /// Its consensus key, ed25519.
    pub key: B256,
    /// What is bonded to it, in wei.
    pub stake: u128,
    /// The shares of that.
    pub shares: u128,
    /// The height from which on it may come back; 0 if it is not jailed.
    pub jailed_until: u64,
}

/// What an entry of what holds is about: 0 effective stake, 1 accrued rewards, 2 parameters.
pub(crate) type Kind = u8;

/// What counts of a validator in an epoch, or what its shares were paid up to it, or the parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Scale)]
pub struct Held {
    /// Its stake, in wei, 0 if it is not in the set; or the reward index, in 10^-18 wei a share; or the least own stake.
    pub first: u128,
    /// The shares that rewards of the epoch go to; or what was too little for the index and waits for the next reward, in 10^-18
    /// wei; or how long unbonding takes, in blocks.
    pub second: u128,
    /// Its commission, in ppm; or 1 of what was paid, and 0 of parameters.
    pub commission: u32,
}

/// One account's stake with one validator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Scale)]
pub struct Delegation {
    /// The index up to which the first span is settled.
    pub settled: u128,
    /// Rewards that are settled and not claimed, in wei.
    pub owed: u128,
    /// Shares by the epoch that they count from, ascending; the last are those of today.
    pub spans: Vec<Span>,
}

/// Shares that count from an epoch on, until the next span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Scale)]
pub struct Span {
    /// The first epoch.
    pub from: u64,
    /// The shares.
    pub shares: u128,
}

/// What was unbonded of a validator in one epoch. It is slashed together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Scale)]
pub struct Leaving {
    /// What is left of it, in wei.
    pub stake: u128,
    /// The shares of that.
    pub shares: u128,
    /// The height from which on it can be withdrawn.
    pub ready: u64,
}

impl Validator {
    /// Returns what is bonded to it.
    pub(crate) const fn pool(&self) -> StakePool {
        StakePool { stake: self.stake, shares: self.shares }
    }

    /// Takes over what is bonded to it.
    pub(crate) const fn set_pool(&mut self, pool: StakePool) {
        (self.stake, self.shares) = (pool.stake, pool.shares);
    }
}

impl Leaving {
    pub(crate) const fn pool(&self) -> StakePool {
        StakePool { stake: self.stake, shares: self.shares }
    }

    pub(crate) const fn set_pool(&mut self, pool: StakePool) {
        (self.stake, self.shares) = (pool.stake, pool.shares);
    }
}

impl Delegation {
    /// Returns the shares of today.
    pub(crate) fn shares(&self) -> u128 {
        self.spans.last().map_or(0, |span| span.shares)
    }
}
