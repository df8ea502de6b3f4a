//! Miners, weights, scores and metrics by their definitions (economy E5, E11).

use std::collections::{BTreeMap, BTreeSet};

use florin_registry::RegistryError;
use florin_sandbox::Address;

use super::Model;
use super::arithmetic::floor;
use super::staking::next_epoch;
use crate::economy_model::act::Committed;
use crate::economy_model::terms::{FEE, MINERS_MAX, OWNER, RECYCLING, REGISTRY, address, epoch_of};

/// A miner's place in the weights, and the first and last epoch that it counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Miner {
    pub(crate) slot: u32,
    pub(crate) first_epoch: u64,
    pub(crate) last_epoch: u64,
}

/// Tasks, difficulty, participation, quality.
pub(crate) type Metrics = (u64, u32, u32, u32);

/// What validators said of an epoch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) commitments: BTreeMap<Address, Committed>,
    /// The weights of those who showed them.
    pub(crate) weights: BTreeMap<Address, Vec<u32>>,
    pub(crate) reports: BTreeMap<Address, Metrics>,
    pub(crate) accepted: Option<Metrics>,
    /// What came of it, when it is final: scores in the order of the addresses.
    pub(crate) scores: Option<Vec<(Address, u128)>>,
}

/// Who works and what is said of it.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    pub(crate) miners: BTreeMap<Address, Miner>,
    pub(crate) fresh_slot: u32,
    pub(crate) free_slots: Vec<u32>,
    pub(crate) epochs: BTreeMap<u64, Said>,
    /// Fee and most miners from an epoch on.
    pub(crate) parameters: BTreeMap<u64, (u128, u32)>,
    /// The epoch whose scores are computed next.
    pub(crate) next: u64,
}

type Answer<T> = Result<T, RegistryError>;

impl Registry {
    pub(crate) fn new() -> Self {
        Self {
            miners: BTreeMap::new(),
            fresh_slot: 0,
            free_slots: Vec::new(),
            epochs: BTreeMap::new(),
            parameters: [(0, (FEE, MINERS_MAX))].into(),
            next: 0,
        }
    }

    pub(crate) fn parameters_in(&self, epoch: u64) -> (u128, u32) {
        *self.parameters.range(..=epoch).next_back().unwrap().1
    }

    pub(crate) fn said(&self, epoch: u64) -> Said {
        self.epochs.get(&epoch).cloned().unwrap_or_default()
    }
}

impl Model {
    pub(crate) fn register_miner(&mut self, by: Address, value: u128) -> Answer<u32> {
        let (expected, miners_max) = self.registry.parameters_in(epoch_of(self.height));
        let registry = &mut self.registry;
        if value != expected {
            return Err(RegistryError::WrongFee { expected, value });
        }
        if registry.miners.contains_key(&by) {
            return Err(RegistryError::AlreadyRegistered { miner: by });
        }
        if registry.miners.len() as u32 >= miners_max {
            return Err(RegistryError::RegistryFull);
        }
        let slot = registry.free_slots.pop().unwrap_or_else(|| {
            registry.fresh_slot += 1;
            registry.fresh_slot - 1
        });
        let miner = Miner { slot, first_epoch: next_epoch(self.height), last_epoch: u64::MAX };
        registry.miners.insert(by, miner);
        self.money.pay(REGISTRY, RECYCLING, value);
        self.pool.take_in(0, value);
        Ok(slot)
    }

    pub(crate) fn deregister(&mut self, by: Address) -> Answer<()> {
        let miner = self.registry.miners.get_mut(&by).filter(|miner| miner.last_epoch == u64::MAX);
        miner.ok_or(RegistryError::UnknownMiner { miner: by })?.last_epoch = epoch_of(self.height);
        Ok(())
    }

    pub(crate) fn commit(&mut self, by: Address, commitment: &Committed) -> Answer<()> {
        let epoch = epoch_of(self.height);
        if self.registry.said(epoch).commitments.contains_key(&by) {
            return Err(RegistryError::AlreadyDone { validator: by, epoch });
        }
        if self.staking.effective(by, epoch).stake == 0 {
            return Err(RegistryError::NoStake { validator: by, epoch });
        }
        self.registry.epochs.entry(epoch).or_default().commitments.insert(by, commitment.clone());
        Ok(())
    }

    pub(crate) fn reveal(&mut self, by: usize, salt: u8, weights: &[u32]) -> Answer<()> {
        let (validator, fresh_slot) = (address(by), self.registry.fresh_slot as usize);
        let epoch = epoch_of(self.height).checked_sub(1).ok_or(RegistryError::TooEarly)?;
        let said = self.registry.epochs.entry(epoch).or_default();
        let shown = Committed { validator: by, epoch, salt, weights: weights.to_vec() };
        if said.commitments.get(&validator) != Some(&shown) {
            return Err(RegistryError::NoCommitment { validator, epoch });
        }
        if said.weights.contains_key(&validator) {
            return Err(RegistryError::AlreadyDone { validator, epoch });
        }
        let sum: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        if sum != 1_000_000 || weights.iter().skip(fresh_slot).any(|weight| *weight > 0) {
            return Err(RegistryError::InvalidWeights);
        }
        said.weights.insert(validator, weights.to_vec());
        Ok(())
    }

    pub(crate) fn report(&mut self, by: Address, metrics: Metrics) -> Answer<()> {
        let epoch = epoch_of(self.height).checked_sub(1).ok_or(RegistryError::TooEarly)?;
        let (_, difficulty, participation, quality) = metrics;
        if [difficulty, participation, quality].iter().any(|ratio| *ratio > 1_000_000) {
            return Err(RegistryError::InvalidReport);
        }
        if self.registry.said(epoch).reports.contains_key(&by) {
            return Err(RegistryError::AlreadyDone { validator: by, epoch });
        }
        if self.staking.effective(by, epoch).stake == 0 {
            return Err(RegistryError::NoStake { validator: by, epoch });
        }
        let said = self.registry.epochs.entry(epoch).or_default();
        said.reports.insert(by, metrics);
        let alike = said.reports.iter().filter(|(_, report)| **report == metrics);
        let stake: u128 = alike.map(|(validator, _)| self.staking.effective(*validator, epoch).stake).sum();
        if 3 * stake > 2 * self.staking.total(epoch) {
            said.accepted = Some(metrics);
        }
        Ok(())
    }

    pub(crate) fn set_registry(&mut self, by: usize, fee: u128, miners_max: u32) -> Answer<()> {
        if by != OWNER {
            return Err(RegistryError::Unauthorized { allowed: address(OWNER) });
        }
        if miners_max > florin_registry::SLOTS_MAX {
            return Err(RegistryError::InvalidParameter);
        }
        self.registry.parameters.insert(epoch_of(self.height) + 1, (fee, miners_max));
        Ok(())
    }

    /// Makes the scores of the epoch final that is next; returns them.
    pub(crate) fn finalize(&mut self) -> Vec<(Address, u128)> {
        let epoch = self.registry.next;
        self.registry.next += 1;
        let said = self.registry.said(epoch);
        let voices: Vec<(u128, &Vec<u32>)> = said
            .weights
            .iter()
            .map(|(validator, weights)| (self.staking.effective(*validator, epoch).stake, weights))
            .collect();
        let mut scores = Vec::new();
        if !voices.is_empty() {
            for (miner, Miner { slot, first_epoch, last_epoch }) in self.registry.miners.clone() {
                if last_epoch < epoch {
                    self.registry.miners.remove(&miner);
                    self.registry.free_slots.push(slot);
                } else if first_epoch <= epoch {
                    let given = voices
                        .iter()
                        .map(|(stake, weights)| (*stake, weights.get(slot as usize).copied().unwrap_or_default()));
                    let score = score(&given.collect::<Vec<_>>());
                    scores.extend((score > 0).then_some((miner, score)));
                }
            }
        }
        self.registry.epochs.entry(epoch).or_default().scores = Some(scores.clone());
        scores
    }
}

/// The mean of the weights by stake, each cut to the largest weight that more than half of the stake gives or exceeds.
fn score(voices: &[(u128, u32)]) -> u128 {
    let total: u128 = voices.iter().map(|(stake, _)| stake).sum();
    let giving =
        |least: u32| -> u128 { voices.iter().filter(|(_, weight)| *weight >= least).map(|(stake, _)| stake).sum() };
    let weights: BTreeSet<u32> = voices.iter().map(|(_, weight)| *weight).collect();
    let median = weights.into_iter().filter(|weight| 2 * giving(*weight) > total).max().unwrap_or(0);
    let sum: u128 = voices.iter().map(|(stake, weight)| stake * u128::from((*weight).min(median))).sum();
    floor(sum, 1, total)
}
