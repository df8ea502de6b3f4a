//! What an epoch brings and who gets it, by its definition (economy E5 to E12).

use std::collections::BTreeMap;

use florin_emission::{EmissionError, RuleTerms};
use florin_sandbox::{Address, U256};
use florin_tokenomics::split::RowKind;

use super::Model;
use super::arithmetic::{divide, floor};
use crate::economy_model::act::Airdrop;
use crate::economy_model::terms::{
    CLAIMS, EMISSION, OWNER, RECYCLING, REWARDS, STAKING, address, epoch_of, first_rules, other_rules,
};

/// Epochs until an epoch is settled.
const DELAY: u64 = 2;

/// The figures of a settled epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) epoch: u64,
    pub(crate) metrics: (u64, u32, u32, u32),
    pub(crate) utility: u32,
    /// Whether the maximum supply allows less than the utility does.
    pub(crate) is_cut: bool,
    /// Emitted, unmet, distributed, out of the pool, minted.
    pub(crate) figures: (u128, u128, u128, u128, u128),
    pub(crate) pools: Vec<u128>,
    /// What accounts can claim, in their order.
    pub(crate) list: Vec<(Address, u128)>,
    /// What each validator got through staking.
    pub(crate) rewards: Vec<(Address, u128)>,
}

/// The epochs.
#[derive(Clone, Debug)]
pub(crate) struct Epochs {
    /// The first that is not settled.
    pub(crate) next: u64,
    /// Rules from an epoch on.
    pub(crate) rules: BTreeMap<u64, RuleTerms>,
    /// What was settled in the last block.
    pub(crate) settled: Vec<Settled>,
}

impl Epochs {
    pub(crate) fn new() -> Self {
        Self { next: 0, rules: [(0, first_rules())].into(), settled: Vec::new() }
    }

    pub(crate) fn rules_in(&self, epoch: u64) -> &RuleTerms {
        self.rules.range(..=epoch).next_back().unwrap().1
    }
}

impl Model {
    pub(crate) fn set_rules(&mut self, by: usize, which: usize) -> Result<u64, EmissionError> {
        if by != OWNER {
            return Err(EmissionError::Unauthorized { account: address(by) });
        }
        let first = epoch_of(self.height) + 1;
        self.epochs.rules.insert(first, other_rules(which));
        Ok(first)
    }

    /// Settles every epoch whose time has come.
    pub(crate) fn settle_due(&mut self) {
        self.epochs.settled.clear();
        while epoch_of(self.height) >= self.epochs.next + DELAY {
            let epoch = self.epochs.next;
            let scores = self.finalize();
            let settled = self.settle_epoch(epoch, &scores);
            self.epochs.settled.push(settled);
            self.epochs.next += 1;
        }
    }

    fn settle_epoch(&mut self, epoch: u64, scores: &[(Address, u128)]) -> Settled {
        let (base, halving, threshold, tasks_full, w_t, w_d, w_p, window, treasury, rows) =
            self.epochs.rules_in(epoch).clone();
        let metrics = self.registry.said(epoch).accepted.unwrap_or_default();
        let utility = utility(metrics, tasks_full, (w_t, w_d, w_p));
        let halvings = epoch.checked_div(halving).unwrap_or(0);
        let left = self.money.max_supply - self.money.genesis - self.money.minted;
        let full = floor(base, utility, 1_000_000) >> halvings;
        let (emitted, is_cut) = (full.min(left), full > left);
        let unmet = floor(emitted, threshold.saturating_sub(metrics.3).into(), 1_000_000);
        let distributed = emitted - unmet;
        let from_pool = self.pool.pool.min(distributed);
        let minted = distributed - from_pool;
        self.money.mint(EMISSION, minted + unmet);
        self.close_pool(from_pool, unmet);

        let set = self.staking.set(epoch);
        let weights_of = |kind: u8| -> Vec<(Address, u128)> {
            if kind == RowKind::Miners.code() { scores.to_vec() } else { set.clone() }
        };
        let shares: Vec<u128> = rows.iter().map(|(share, ..)| u128::from(*share)).collect();
        let mut pools = divide(distributed, &shares, 1_000_000);
        for (row, (_, kind, account)) in rows.iter().enumerate() {
            let is_somebody = if *kind == 0 { !account.is_zero() } else { !weights_of(*kind).is_empty() };
            if !is_somebody {
                let orphaned = std::mem::take(&mut pools[row]);
                pools[treasury as usize] += orphaned;
            }
        }
        let (mut list, mut rewards) = (BTreeMap::new(), Vec::new());
        for ((_, kind, account), pool) in rows.iter().zip(&pools) {
            if *kind == 0 {
                self.money.pay(EMISSION, *account, *pool);
                continue;
            }
            self.money.pay(EMISSION, REWARDS, *pool);
            let weights = weights_of(*kind);
            let numbers: Vec<u128> = weights.iter().map(|(_, weight)| *weight).collect();
            let shares = divide(*pool, &numbers, numbers.iter().sum::<u128>().max(1));
            let paid = weights.iter().map(|(account, _)| *account).zip(shares).filter(|(_, amount)| *amount > 0);
            if *kind == RowKind::Staking.code() {
                rewards.extend(paid);
            } else {
                paid.for_each(|(account, amount)| *list.entry(account).or_insert(0) += amount);
            }
        }
        for (validator, amount) in &rewards {
            self.money.pay(REWARDS, STAKING, *amount);
            self.staking.reward(epoch, *validator, *amount);
        }
        self.staking.open_epoch = epoch + 1;
        let list: Vec<_> = list.into_iter().collect();
        self.open_epoch_campaign(epoch, &list, window);
        let figures = (emitted, unmet, distributed, from_pool, minted);
        Settled { epoch, metrics, utility: utility as u32, is_cut, figures, pools, list, rewards }
    }

    fn open_epoch_campaign(&mut self, epoch: u64, list: &[(Address, u128)], window: u64) {
        if list.is_empty() {
            return;
        }
        let total = list.iter().map(|(_, amount)| amount).sum();
        self.money.pay(REWARDS, CLAIMS, total);
        self.open_campaign(Airdrop {
            campaign: epoch,
            list: list.to_vec(),
            leaf_count: list.len() as u32,
            total,
            first_block: self.height,
            last_block: self.height + window - 1,
            target: RECYCLING,
        });
    }
}

/// Utility as one fraction with one floor.
fn utility((tasks, difficulty, participation, _): (u64, u32, u32, u32), full: u64, weights: (u32, u32, u32)) -> u128 {
    let wide = |number: u64| U256::from(number);
    let (w_t, w_d, w_p) = (wide(weights.0.into()), wide(weights.1.into()), wide(weights.2.into()));
    let rest = w_d * wide(difficulty.into()) + w_p * wide(participation.into());
    let million = wide(1_000_000);
    let fraction = if full == 0 {
        rest / million
    } else {
        (w_t * wide(tasks.min(full)) * million + rest * wide(full)) / (million * wide(full))
    };
    fraction.to::<u128>()
}
