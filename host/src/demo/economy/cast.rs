//! Who acts in the economy: miners, validators, delegators, the treasury's board, relayers, a watcher and an attacker.
//!
//! Guarantees that a seed gives the same people with the same keys.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use florin_abi::vote::Vote;

use crate::actor::Actor;
use crate::keys::{ConsensusKey, KeyError, Signer};

/// The treasury's board, of whom two must agree.
pub(super) const MEMBERS: u32 = 3;

/// Accounts that submit claims of miners.
pub(super) const RELAYERS: u32 = 8;

/// An ed25519 signature as contracts take it.
pub(super) type Signature = [B256; 2];

/// Somebody, by role and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// Works. Those with numbers behind the first miners join later.
    Miner(u32),
    /// Votes, weighs and reports.
    Validator(u32),
    /// Stakes with the validator of the same number.
    Delegator(u32),
    /// Sits on the treasury's board.
    Member(u32),
    /// Submits claims.
    Relayer(u32),
    /// Reports offences.
    Watcher,
    /// Tries everything else.
    Attacker,
}

impl Who {
    /// Returns the path of the account's key: role and number.
    const fn path(self) -> (&'static str, u64) {
        match self {
            Self::Miner(number) => ("miner", number as u64),
            Self::Validator(number) => ("validator", number as u64),
            Self::Delegator(number) => ("delegator", number as u64),
            Self::Member(number) => ("member", number as u64),
            Self::Relayer(number) => ("relayer", number as u64),
            Self::Watcher => ("watcher", 0),
            Self::Attacker => ("attacker", 0),
        }
    }
}

/// How many there are of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Miners that register in the first epoch.
    pub(super) miners: u32,
    /// Miners that may join later.
    pub(super) newcomers: u32,
    /// Validators of the genesis, each with one delegator.
    pub(super) validators: u32,
}

impl Sizes {
    /// Returns all miners, those who join later included.
    pub(super) const fn all_miners(&self) -> u32 {
        self.miners.saturating_add(self.newcomers)
    }
}

/// Everybody.
pub(super) struct Cast {
    actors: BTreeMap<Who, Actor>,
    consensus_keys: Vec<ConsensusKey>,
    names: BTreeMap<Address, Who>,
    /// How many there are.
    pub(super) sizes: Sizes,
    /// The chain that they act on.
    pub(super) chain_id: u64,
    /// Gets the proposer's part of the fees.
    pub(super) proposer: Address,
    /// What the treasury pays to.
    pub(super) grantee: Address,
}

impl Cast {
    /// Derives everybody from the seed.
    ///
    /// # Errors
    /// [`KeyError::NoKey`] if the numbers conspire.
    pub(super) fn new(seed: u64, sizes: Sizes, chain_id: u64) -> Result<Self, KeyError> {
        let miners = (0..sizes.all_miners()).map(Who::Miner);
        let validators = (0..sizes.validators).flat_map(|number| [Who::Validator(number), Who::Delegator(number)]);
        let others = (0..MEMBERS).map(Who::Member).chain((0..RELAYERS).map(Who::Relayer));
        let everybody = miners.chain(validators).chain(others).chain([Who::Watcher, Who::Attacker]);
        let mut actors = BTreeMap::new();
        for who in everybody {
            let (role, number) = who.path();
            actors.insert(who, Actor::derive(seed, role, number, chain_id)?);
        }
        let consensus_keys = (0..sizes.validators).map(|number| ConsensusKey::derive(seed, "validator", number.into()));
        let consensus_keys = consensus_keys.collect::<Result<_, _>>()?;
        let names = actors.iter().map(|(who, actor)| (actor.address(), *who)).collect();
        let proposer = Signer::derive(seed, "proposer", 0)?.address();
        let grantee = Signer::derive(seed, "grantee", 0)?.address();
        Ok(Self { actors, consensus_keys, names, sizes, chain_id, proposer, grantee })
    }

    /// Returns everybody who signs.
    pub(super) fn everybody(&self) -> impl Iterator<Item = (Who, Address)> {
        self.actors.iter().map(|(who, actor)| (*who, actor.address()))
    }

    /// Returns somebody's address; zero for nobody.
    pub(super) fn address(&self, who: Who) -> Address {
        self.actors.get(&who).map_or(Address::ZERO, Actor::address)
    }

    /// Returns somebody to sign for.
    pub(super) fn actor(&mut self, who: Who) -> Option<&mut Actor> {
        self.actors.get_mut(&who)
    }

    /// Returns whose address this is.
    pub(super) fn who(&self, address: Address) -> Option<Who> {
        self.names.get(&address).copied()
    }

    /// Returns a validator's consensus key.
    pub(super) fn consensus_key(&self, number: u32) -> Option<&ConsensusKey> {
        self.consensus_keys.get(usize::try_from(number).ok()?)
    }

    /// Returns a validator's vote, signed.
    pub(super) fn vote(&self, number: u32, vote: &Vote) -> Signature {
        let signature = self.consensus_key(number).map(|key| key.vote(vote)).unwrap_or_default();
        let (r, s) = signature.split_at(32);
        [B256::from_slice(r), B256::from_slice(s)]
    }
}
