//! Miners: they join and leave, and claim what epochs brought them.
//!
//! Guarantees that what is known of slots is what the registry told, and that claims are made with proofs of the list that the
//! chain told, against the root that the chain built. Of 16 miners one never claims, one claims itself, and for the others
//! relayers claim in batches.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use florin_tokenomics::{Claim, ClaimTree, Scope};

use super::EconomyError;
use super::cast::{Cast, RELAYERS, Who};
use super::contracts::{Claims, Registry};
use super::desk::{Desk, Intent};
use crate::genesis::address::{CLAIMS, REGISTRY};

/// Claims in a batch.
const BATCH_CLAIMS: usize = 64;

/// Gas of a batch.
const BATCH_GAS: u64 = 12_000_000;

/// A miner's slot, and the first and last epoch in which it counts.
#[derive(Clone, Copy, Debug)]
struct Seat {
    slot: u32,
    first_epoch: u64,
    last_epoch: u64,
}

/// Who works where, and what is to be claimed.
#[derive(Default)]
pub(super) struct Mining {
    seats: BTreeMap<Address, Seat>,
    slots: usize,
    /// Rewards by epoch, until they are settled.
    lists: BTreeMap<u64, Vec<(Address, u128)>>,
    /// The claims that nobody will make, by campaign.
    forgotten: BTreeMap<u64, (Claim, Vec<B256>)>,
    /// Claims that were made, by campaign: one of them.
    made: BTreeMap<u64, (Claim, Vec<B256>)>,
}

impl Mining {
    /// Lets miners of these numbers register, for a fee.
    pub(super) fn register(desk: &mut Desk, numbers: std::ops::Range<u32>, fee: u128) {
        for number in numbers {
            let call = Registry::registerCall {};
            desk.add(Intent::new("registry.register", Who::Miner(number), REGISTRY, &call).with_value(fee));
        }
    }

    /// Lets miners leave that still stay: of each hundred the one of this number.
    pub(super) fn leave(&self, desk: &mut Desk, cast: &Cast, number: u64) {
        let step = u64::from(cast.sizes.miners.clamp(1, 100));
        for own in 0..cast.sizes.miners {
            let miner = Who::Miner(own);
            let stays = self.seats.get(&cast.address(miner)).is_some_and(|seat| seat.last_epoch == u64::MAX);
            if stays && u64::from(own).checked_rem(step) == number.checked_rem(step) {
                let call = Registry::deregisterCall {};
                desk.add(Intent::new("registry.deregister", miner, REGISTRY, &call));
            }
        }
    }

    /// Takes note of a miner that joined or leaves.
    pub(super) fn learn_seat(&mut self, changed: &Registry::MinerChanged) {
        let Registry::MinerChanged { miner, slot, firstEpoch: first_epoch, lastEpoch: last_epoch } = *changed;
        self.seats.insert(miner, Seat { slot, first_epoch, last_epoch });
        self.slots = self.slots.max(usize::try_from(slot).unwrap_or(usize::MAX).saturating_add(1));
    }

    /// Takes note of a page of rewards: entries of account, 20 bytes, and amount, 16 bytes little-endian.
    pub(super) fn learn_list(&mut self, epoch: u64, entries: &[u8]) {
        let entry = |bytes: &[u8]| {
            let (account, amount) = bytes.split_first_chunk::<20>()?;
            Some((Address::from(*account), u128::from_le_bytes(*amount.first_chunk::<16>()?)))
        };
        self.lists.entry(epoch).or_default().extend(entries.chunks_exact(36).filter_map(entry));
    }

    /// Tells of each slot whether a miner works there in an epoch.
    pub(super) fn working(&self, epoch: u64) -> Vec<bool> {
        let mut working = vec![false; self.slots];
        for seat in self.seats.values().filter(|seat| seat.counts_in(epoch)) {
            if let Some(works) = usize::try_from(seat.slot).ok().and_then(|slot| working.get_mut(slot)) {
                *works = true;
            }
        }
        working
    }

    /// Returns the miners of an epoch in the order of their addresses, with their slots.
    pub(super) fn miners_of(&self, epoch: u64) -> impl Iterator<Item = (Address, usize)> {
        let counting = self.seats.iter().filter(move |(_, seat)| seat.counts_in(epoch));
        counting.map(|(address, seat)| (*address, usize::try_from(seat.slot).unwrap_or(usize::MAX)))
    }

    /// Returns the list of an epoch as far as it was told.
    pub(super) fn list(&self, epoch: u64) -> &[(Address, u128)] {
        self.lists.get(&epoch).map_or(&[], Vec::as_slice)
    }

    /// Has the rewards of an epoch claimed; returns root, count and sum of the tree over its list.
    ///
    /// # Errors
    /// The list makes no tree.
    pub(super) fn claim(
        &mut self,
        desk: &mut Desk,
        cast: &Cast,
        epoch: u64,
    ) -> Result<(B256, u32, u128), EconomyError> {
        let list = self.lists.remove(&epoch).unwrap_or_default();
        if list.is_empty() {
            return Ok((B256::ZERO, 0, 0));
        }
        let list: Vec<_> = list.into_iter().map(|(account, amount)| (account.into_array(), amount)).collect();
        let scope = Scope { chain_id: cast.chain_id, contract: CLAIMS.into_array(), campaign: epoch };
        let tree = ClaimTree::from_allocations(scope, &list)?;
        let proof =
            |claim: &Claim| tree.proof(claim.index).unwrap_or_default().into_iter().map(B256::from).collect::<Vec<_>>();
        let mut batched = Vec::new();
        for claim in tree.claims() {
            match cast.who(claim.account.into()) {
                Some(Who::Miner(number)) if number % 16 == 7 => {
                    self.forgotten.entry(epoch).or_insert_with(|| (*claim, proof(claim)));
                }
                Some(who @ Who::Miner(number)) if number % 16 == 0 => {
                    self.made.entry(epoch).or_insert_with(|| (*claim, proof(claim)));
                    desk.add(Intent::new("claims.claim", who, CLAIMS, &single(epoch, claim, proof(claim))));
                }
                _ => batched.push((claim.index, Address::from(claim.account), claim.amount, proof(claim))),
            }
        }
        for (relayer, batch) in (0..RELAYERS).cycle().zip(batched.chunks(BATCH_CLAIMS)) {
            let call = Claims::claimManyCall { campaign: epoch, claims: batch.to_vec() };
            desk.add(Intent::new("claims.claimMany", Who::Relayer(relayer), CLAIMS, &call).with_gas(BATCH_GAS));
        }
        Ok((tree.root().into(), tree.count(), tree.total()))
    }

    /// Returns the call that claims what nobody has claimed of a campaign.
    pub(super) fn forgotten(&self, campaign: u64) -> Option<Claims::claimCall> {
        self.forgotten.get(&campaign).map(|(claim, proof)| single(campaign, claim, proof.clone()))
    }

    /// Returns the call of a claim of a campaign that a miner makes itself.
    pub(super) fn made(&self, campaign: u64) -> Option<Claims::claimCall> {
        self.made.get(&campaign).map(|(claim, proof)| single(campaign, claim, proof.clone()))
    }
}

impl Seat {
    const fn counts_in(&self, epoch: u64) -> bool {
        self.first_epoch <= epoch && epoch <= self.last_epoch
    }
}

fn single(campaign: u64, claim: &Claim, proof: Vec<B256>) -> Claims::claimCall {
    Claims::claimCall { campaign, index: claim.index, account: claim.account.into(), amount: claim.amount, proof }
}
