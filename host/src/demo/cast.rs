//! Who acts in the demo: an owner, 64 relayers and an attacker.

use alloy_primitives::Address;

use crate::actor::Actor;
use crate::keys::{KeyError, Signer};

/// Accounts that submit claims.
pub(super) const RELAYERS: u64 = 64;

/// Gas that a deployment or a step of the preparation may use.
pub(super) const GAS_LIMIT: u64 = 20_000_000;

/// Gas that a claim may use. 1,000 of them fit a block.
pub(super) const CLAIM_GAS_LIMIT: u64 = 1_000_000;

/// Everybody.
pub(super) struct Cast {
    /// Deploys, mints and funds.
    pub(super) owner: Actor,
    /// Submit claims, in turn.
    pub(super) relayers: Vec<Actor>,
    /// Tries everything else.
    pub(super) attacker: Actor,
    /// Gets the proposer's part of the fees.
    pub(super) proposer: Address,
}

impl Cast {
    /// Derives everybody from the seed.
    pub(super) fn new(seed: u64, chain_id: u64) -> Result<Self, KeyError> {
        let relayers = (0..RELAYERS).map(|number| Actor::derive(seed, "relayer", number, chain_id));
        Ok(Self {
            owner: Actor::derive(seed, "owner", 0, chain_id)?,
            relayers: relayers.collect::<Result<_, _>>()?,
            attacker: Actor::derive(seed, "attacker", 0, chain_id)?,
            proposer: Signer::derive(seed, "proposer", 0)?.address(),
        })
    }

    /// Returns everybody who signs.
    pub(super) fn everybody(&self) -> impl Iterator<Item = &Actor> {
        [&self.owner, &self.attacker].into_iter().chain(&self.relayers)
    }
}
