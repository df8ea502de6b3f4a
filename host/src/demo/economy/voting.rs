//! Validators: weights for every miner, committed to and shown, and reports of metrics, epoch by epoch.
//!
//! Guarantees that what is kept here is what validators sent, so that scores can be computed beside the contract's. One of them
//! cheats: the last gives all its weight to one miner, reports twice the tasks in every second epoch, and once copies the
//! commitment of another.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, keccak256};
use florin_tokenomics::Ppm;
use florin_tokenomics::commitment::Commitment;
use florin_tokenomics::units::PPM;
use florin_tokenomics::utility::Metrics;
use florin_tokenomics::weights::{Voice, weighted_score};

use super::cast::{Cast, Who};
use super::contracts::Registry;
use super::desk::{Desk, Intent};
use super::work::Work;
use crate::genesis::address::REGISTRY;

/// The epoch in which the cheat copies a commitment.
pub(super) const COPY_EPOCH: u64 = 2;

/// Gas of a reveal, and of each weight in it.
const REVEAL_GAS: u64 = 3_000_000;
const WEIGHT_GAS: u64 = 5_000;

/// A validator of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) number: u32,
    pub(super) address: Address,
    /// The stake that counts, in wei.
    pub(super) stake: u128,
}

/// What a validator committed to.
struct Ballot {
    member: Member,
    salt: B256,
    weights: Vec<u32>,
    /// Whether it is somebody else's, so that it cannot be shown.
    copied: bool,
}

/// Everything that validators say.
pub(super) struct Voting {
    seed: u64,
    work: Work,
    ballots: BTreeMap<u64, Vec<Ballot>>,
}

impl Voting {
    /// Begins with nothing said.
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed, work: Work::new(seed), ballots: BTreeMap::new() }
    }

    /// Commits a set to its weights for an epoch; `working` tells for each slot whether a miner works there.
    pub(super) fn commit(&mut self, desk: &mut Desk, cast: &Cast, epoch: u64, set: &[Member], working: &[bool]) {
        let mut ballots: Vec<Ballot> = Vec::with_capacity(set.len());
        // Who copies comes last, whatever its address.
        let (cheats, honest): (Vec<&Member>, Vec<&Member>) =
            set.iter().partition(|member| is_cheat(cast, member.number));
        for member in honest.into_iter().chain(cheats) {
            let number = member.number;
            let cheats = is_cheat(cast, number);
            let copied = cheats && epoch == COPY_EPOCH && !ballots.is_empty();
            let (salt, weights) = match ballots.first().filter(|_| copied) {
                Some(first) => (first.salt, first.weights.clone()),
                None if cheats => (self.salt(epoch, number), all_to_one(working)),
                None => (self.salt(epoch, number), self.work.weights(epoch, number, working)),
            };
            // A copy is the other's, byte for byte.
            let committed = ballots.first().map_or(member.address, |first| first.member.address);
            let committed = if copied { committed } else { member.address };
            let commitment = commitment(cast.chain_id, epoch, committed, salt, &weights);
            let call = Registry::commitCall { commitment };
            desk.hurry(Intent::new("registry.commit", Who::Validator(number), REGISTRY, &call));
            ballots.push(Ballot { member: *member, salt, weights, copied });
        }
        self.ballots.insert(epoch, ballots);
    }

    /// Shows the weights of an epoch; a copied commitment is refused.
    pub(super) fn reveal(&self, desk: &mut Desk, epoch: u64) {
        for Ballot { member, salt, weights, copied } in self.ballots.get(&epoch).into_iter().flatten() {
            let gas = REVEAL_GAS.saturating_add(WEIGHT_GAS.saturating_mul(weights.len() as u64));
            let call = Registry::revealCall { salt: *salt, weights: words(weights) };
            let who = Who::Validator(member.number);
            let intent = Intent::new("registry.reveal", who, REGISTRY, &call).with_gas(gas);
            let none = Registry::NoCommitment { validator: member.address, epoch };
            desk.hurry(if *copied { intent.refused_with("copied weights", &none) } else { intent });
        }
    }

    /// Reports the metrics of an epoch for its set.
    pub(super) fn report(&self, desk: &mut Desk, cast: &Cast, epoch: u64, set: &[Member]) {
        let Some(metrics) = self.metrics(epoch, set.len()) else { return };
        for member in set {
            let lies = is_cheat(cast, member.number) && epoch.is_multiple_of(2);
            let call = Registry::reportCall {
                tasks: metrics.tasks.saturating_mul(if lies { 2 } else { 1 }),
                difficulty: metrics.difficulty.get(),
                participation: metrics.participation.get(),
                quality: metrics.quality.get(),
            };
            desk.hurry(Intent::new("registry.report", Who::Validator(member.number), REGISTRY, &call));
        }
    }

    /// Returns the metrics that honest validators report of an epoch with a set of this size; none if nobody voted.
    pub(super) fn metrics(&self, epoch: u64, set: usize) -> Option<Metrics> {
        let rows = self.rows(epoch).count();
        (rows > 0).then(|| self.work.metrics(epoch, Ppm::of(rows as u128, set as u128)))
    }

    /// Returns the score of each slot in an epoch, by the formula.
    pub(super) fn scores(&self, epoch: u64) -> Vec<Ppm> {
        let slots = self.rows(epoch).map(|ballot| ballot.weights.len()).max().unwrap_or_default();
        let score = |slot: usize| {
            let weight = |ballot: &Ballot| ballot.weights.get(slot).copied().unwrap_or_default();
            let voice =
                |ballot: &Ballot| Voice { weight: Ppm::saturating(weight(ballot).into()), stake: ballot.member.stake };
            weighted_score(&self.rows(epoch).map(voice).collect::<Vec<_>>())
        };
        (0..slots).map(score).collect()
    }

    /// Forgets what was said of an epoch.
    pub(super) fn forget(&mut self, epoch: u64) {
        self.ballots.remove(&epoch);
    }

    /// Returns the ballots of an epoch that can be shown.
    fn rows(&self, epoch: u64) -> impl Iterator<Item = &Ballot> {
        self.ballots.get(&epoch).into_iter().flatten().filter(|ballot| !ballot.copied)
    }

    fn salt(&self, epoch: u64, number: u32) -> B256 {
        let mut text = b"florin/salt/".to_vec();
        text.extend_from_slice(&self.seed.to_be_bytes());
        text.extend_from_slice(&epoch.to_be_bytes());
        text.extend_from_slice(&number.to_be_bytes());
        keccak256(text)
    }
}

/// The last validator cheats.
const fn is_cheat(cast: &Cast, number: u32) -> bool {
    number.saturating_add(1) == cast.sizes.validators
}

fn all_to_one(working: &[bool]) -> Vec<u32> {
    let favourite = working.iter().position(|works| *works);
    (0..working.len()).map(|slot| if Some(slot) == favourite { PPM } else { 0 }).collect()
}

/// Returns weights as a message has them: 4 bytes each, big-endian, 8 a word, the rest of the last word zero.
fn words(weights: &[u32]) -> Vec<B256> {
    let word = |part: &[u32]| {
        let mut bytes = part.iter().flat_map(|weight| weight.to_be_bytes()).collect::<Vec<_>>();
        bytes.resize(32, 0);
        B256::from_slice(&bytes)
    };
    weights.chunks(8).map(word).collect()
}

fn commitment(chain_id: u64, epoch: u64, validator: Address, salt: B256, weights: &[u32]) -> B256 {
    let (contract, validator) = (REGISTRY.into_array(), validator.into_array());
    let head = Commitment { chain_id, contract, epoch, validator, salt: salt.0 };
    let bytes: Vec<u8> = words(weights).iter().flat_map(|word| word.0).collect();
    keccak256(head.encode(&bytes))
}
