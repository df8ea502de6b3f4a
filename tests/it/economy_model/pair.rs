//! The model and the chain, side by side: every block is made on both, and the chain must do what the model says.
//!
//! Compared after every block: what is said to each message, to the byte; every balance, to the wei; the ledger's totals; the
//! figures of settled epochs; and what the contracts tell of stakes, rewards, sets, pools, grants and campaigns.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use florin_claims::ClaimsClient;
use florin_emission::{EmissionClient, EpochSettled, StepFailed};
use florin_recycling::RecyclingClient;
use florin_registry::RegistryClient;
use florin_sandbox::{Address, Client, Status, Wallet};
use florin_sdk::AbiType;
use florin_slashing::SlashingClient;
use florin_staking::StakingClient;
use florin_treasury::TreasuryClient;

use super::act::Call;
use super::chain::{Chain, Seen, key};
use super::coverage::Pairs;
use super::invariants::Witness;
use super::model::{Model, Reply};
use super::terms::{
    CLAIMS, EMISSION, PROPOSER, RECYCLING, REGISTRY, SLASHING, STAKING, TREASURY, address, epoch_of, place_of,
};
use super::transition::{Driver, Transition};

/// Blocks that a failure tells of.
const STORY: usize = 25;

/// Fails with what was compared, and both sides.
macro_rules! same {
    ($pair:expr, $what:expr, $chain:expr, $model:expr) => {{
        let (chain, model) = (&$chain, &$model);
        if chain != model {
            $pair.fail(&format!("prediction of {}: the chain has {chain:?}, the model {model:?}", $what));
        }
    }};
}

/// Both sides.
pub(crate) struct Beside<'c> {
    pub(crate) model: Model,
    chain: &'c Chain,
    witness: Witness,
    story: VecDeque<String>,
    pub(crate) pairs: Pairs,
}

impl<'c> Beside<'c> {
    /// Begins with the genesis on both sides.
    pub(crate) fn new(chain: &'c Chain, model: Model) -> Self {
        chain.restart();
        let (story, pairs) = (VecDeque::new(), Pairs::default());
        let mut beside = Self { witness: Witness::new(chain), model, chain, story, pairs };
        beside.compare_everything();
        beside
    }

    /// Plays a step on both.
    pub(crate) fn play(&mut self, step: &Transition) {
        self.pairs.saw(step.kind);
        self.tell(format!("{:?}", step.kind));
        step.play(self);
    }

    fn tell(&mut self, line: String) {
        self.story.push_back(line);
        if self.story.len() > STORY {
            self.story.pop_front();
        }
    }

    pub(crate) fn fail(&self, what: &str) -> ! {
        let story: Vec<&str> = self.story.iter().map(String::as_str).collect();
        panic!("{what}\nat height {}, after\n  {}", self.model.height, story.join("\n  "));
    }

    fn make(&mut self, calls: &[Call]) {
        let before = self.model.clone();
        let signers: Vec<usize> = before.signers().into_iter().map(|(place, _)| place).collect();
        let replies = self.model.block(calls);
        for (call, reply) in calls.iter().zip(&replies) {
            self.tell(format!("block {}: {} {:?} -> {}", self.model.height, call.by, call, shown(reply)));
        }
        self.pairs.heard(calls, &replies);
        self.model.epochs.settled.iter().for_each(|settled| self.pairs.settled(settled));
        let seen = self.chain.block(calls, &before, &signers);
        self.compare_replies(calls, &replies, &seen);
        if let Some(failed) = seen.hooks.iter().find(|receipt| receipt.status != Status::Success) {
            self.fail(&format!("prediction of the hooks: {failed:?} failed"));
        }
        if let Some(failed) = self.chain.sandbox.hook_events_of::<StepFailed>().first() {
            self.fail(&format!("prediction of the hooks: {failed:?}"));
        }
        if let Err(broken) = self.witness.block(self.chain, &self.model, calls, &seen) {
            self.fail(&broken);
        }
        self.compare_money();
        self.compare_epochs();
        self.compare_totals();
        for validator in self.concerned(calls) {
            self.compare_validator(validator);
        }
    }

    /// The validators that the block may have changed, and one more in turn.
    fn concerned(&self, calls: &[Call]) -> BTreeSet<Address> {
        let all: Vec<Address> = self.model.staking.validators.keys().copied().collect();
        let mut concerned: BTreeSet<Address> = calls.iter().filter_map(|call| call.act.validator(call.by)).collect();
        concerned.extend(all.get(self.model.height as usize % all.len()));
        if !self.model.epochs.settled.is_empty() {
            concerned.extend(&all);
        }
        concerned.retain(|validator| all.contains(validator));
        concerned
    }

    fn compare_replies(&self, calls: &[Call], replies: &[Reply], seen: &Seen) {
        for ((call, reply), outcome) in calls.iter().zip(replies).zip(&seen.outcomes) {
            let told = match outcome {
                Err(_) => Reply::Rejected,
                Ok(receipt) if receipt.status == Status::Reverted => {
                    Reply::Refused(receipt.output.to_vec(), String::new())
                }
                Ok(receipt) if receipt.status == Status::Success => {
                    let numbers = receipt.output.chunks(32).map(|word| u128::decode_values(word).unwrap_or(u128::MAX));
                    Reply::Done(numbers.collect())
                }
                Ok(receipt) => self.fail(&format!("{call:?} stopped with {:?}", receipt.status)),
            };
            let is_same = match (&told, reply) {
                (Reply::Refused(told, _), Reply::Refused(expected, _)) => told == expected,
                (told, expected) => *told == *expected,
            };
            if !is_same {
                self.fail(&format!(
                    "prediction of the reply to {call:?} of {}: the chain says {}, the model {}",
                    call.by,
                    shown(&told),
                    shown(reply)
                ));
            }
        }
    }

    fn compare_money(&self) {
        let fees = self.witness.fees();
        for (account, expected) in &self.model.money.balances {
            let paid = fees.get(account).copied().unwrap_or(0);
            let earned = if *account == PROPOSER { self.witness.proposed() } else { 0 };
            let who = place_of(*account).map_or_else(|| account.to_string(), |place| format!("account {place}"));
            same!(self, format!("the balance of {who}"), self.chain.balance(*account) + paid, expected + earned);
        }
        let supply = self.chain.sandbox.supply().unwrap();
        let money = &self.model.money;
        let told = (supply.genesis.wei(), supply.minted.wei(), supply.burned_by_contracts.wei());
        same!(self, "the ledger's totals", told, (money.genesis, money.minted, money.burned));
    }

    fn compare_epochs(&self) {
        let told = self.chain.sandbox.hook_events_of::<EpochSettled>();
        same!(self, "the epochs settled in this block", told.len(), self.model.epochs.settled.len());
        for (told, settled) in told.iter().zip(&self.model.epochs.settled) {
            let epoch = settled.epoch;
            same!(self, "the epoch", told.epoch, epoch);
            same!(self, format!("the metrics of epoch {epoch}"), told.metrics, settled.metrics);
            same!(self, format!("the utility of epoch {epoch}"), told.utility, settled.utility);
            same!(self, format!("the figures of epoch {epoch}"), told.figures, settled.figures);
            same!(self, format!("the pools of epoch {epoch}"), told.pools, settled.pools);
            let list = (settled.list.len() as u32, settled.list.iter().map(|(_, amount)| amount).sum::<u128>());
            same!(self, format!("the claims of epoch {epoch}"), (told.leaf_count, told.claimable), list);
            self.compare_scores(epoch);
        }
    }

    fn compare_scores(&self, epoch: u64) {
        let mut registry = RegistryClient::new(REGISTRY, self.chain.reader());
        let (miners, scores) = registry.scores(epoch, 0).view().unwrap();
        let told: Vec<(Address, u128)> = miners.into_iter().zip(scores.into_iter().map(u128::from)).collect();
        same!(self, format!("the scores of epoch {epoch}"), told, self.model.registry.said(epoch).scores.unwrap());
        let miners = self.model.registry.miners.len() as u32;
        let count = registry.miners_count().view().unwrap();
        same!(self, "the number of miners", count, (miners, self.model.registry.fresh_slot));
        let next = EmissionClient::new(EMISSION, self.chain.reader()).next_epoch().view().unwrap();
        same!(self, "the next epoch", next, self.model.epochs.next);
    }

    /// The set of this epoch, the pool, the budget, and the campaign that is next to end.
    fn compare_totals(&self) {
        let (model, epoch) = (&self.model, epoch_of(self.model.height));
        let mut staking = StakingClient::new(STAKING, self.chain.reader());
        let (validators, keys, stakes) = staking.validators(epoch, Address::ZERO, 128).view().unwrap();
        let keys_known = validators.iter().map(|validator| key(place_of(*validator).unwrap()));
        same!(self, "the keys of the set", keys, keys_known.collect::<Vec<_>>());
        let told: Vec<(Address, u128)> = validators.into_iter().zip(stakes).collect();
        same!(self, format!("the set of epoch {epoch}"), told, model.staking.set(epoch));
        let total = model.staking.total(epoch);
        same!(self, "the total stake", staking.total_stake(epoch).view().unwrap(), (total, 2 * total / 3 + 1));

        let pool = &model.pool;
        let (balance, received, reused, _) =
            RecyclingClient::new(RECYCLING, self.chain.reader()).statistics().view().unwrap();
        same!(self, "the recycling pool", (balance, received, reused), (pool.pool, pool.received, pool.reused));
        let committed = model.treasury.committed();
        let holds = model.money.of(TREASURY);
        let budget = TreasuryClient::new(TREASURY, self.chain.reader()).budget().view().unwrap();
        same!(self, "the treasury's budget", budget, (holds, committed, holds - committed, model.treasury.spent));
        let campaigns: Vec<_> = model.claims.campaigns.iter().collect();
        if let Some((number, campaign)) = campaigns.get(model.height as usize % campaigns.len().max(1)) {
            let mut claims = ClaimsClient::new(CLAIMS, self.chain.reader());
            same!(self, "what was claimed", claims.claimed(**number).view().unwrap(), campaign.claimed);
            let sweep = (campaign.terms.last_block, campaign.swept.is_some(), campaign.swept.unwrap_or(0));
            same!(self, "what was swept", claims.sweep_of(**number).view().unwrap(), sweep);
        }
    }

    fn compare_validator(&self, validator: Address) {
        let model = &self.model;
        let known = &model.staking.validators[&validator];
        let mut staking: StakingClient<Wallet> = StakingClient::new(STAKING, self.chain.reader());
        let next = known.in_epoch(super::model::staking::next_epoch(model.height));
        let own = known.own_stake(validator);
        let place = place_of(validator).unwrap();
        let expected = (key(place), known.pool.stake, own, next.commission, known.jailed_until, next.stake > 0);
        same!(self, format!("validator {place}"), staking.validator(validator).view().unwrap(), expected);
        for (holder, delegation) in &known.delegations {
            let expected = (known.pool.worth(delegation.shares()), model.staking.claimable(validator, *holder));
            let who = format!("what {:?} has with {place}", place_of(*holder));
            same!(self, who, staking.delegation(validator, *holder).view().unwrap(), expected);
            let oldest = known.leaving.values().find_map(|left| Some((left, left.owners.get(holder)?)));
            let expected = oldest.map_or((0, 0), |(left, shares)| (left.ready, left.pool.worth(*shares)));
            let who = format!("what {:?} unbonds of {place}", place_of(*holder));
            same!(self, who, staking.unbonding(validator, *holder).view().unwrap(), expected);
        }
        let mut slashing = SlashingClient::new(SLASHING, self.chain.reader());
        let (heights, kinds, amounts) = slashing.history(validator, 0, 128).view().unwrap();
        let told: Vec<_> = heights.into_iter().zip(kinds).zip(amounts).map(|((h, kind), sum)| (h, kind, sum)).collect();
        let slashes = model.slashing.records.get(&validator).map(|record| record.slashes.clone());
        same!(self, format!("the history of {place}"), told, slashes.unwrap_or_default());
    }

    /// Compares what blocks compare in turns.
    pub(crate) fn compare_everything(&mut self) {
        self.compare_money();
        self.compare_totals();
        let all: Vec<Address> = self.model.staking.validators.keys().copied().collect();
        all.into_iter().for_each(|validator| self.compare_validator(validator));
        for (miner, known) in &self.model.registry.miners {
            let told = RegistryClient::new(REGISTRY, self.chain.reader()).miner(*miner).view().unwrap();
            same!(self, "a miner", told, (known.slot, known.first_epoch, known.last_epoch));
        }
        for source in 0..5 {
            let told = RecyclingClient::new(RECYCLING, self.chain.reader()).recycled(source).view().unwrap();
            same!(self, format!("source {source}"), told, self.model.pool.by_source[usize::from(source)]);
        }
        for (reason, expected) in [(0, self.model.pool.unmet), (2, self.model.pool.penalties)] {
            let told = RecyclingClient::new(RECYCLING, self.chain.reader()).burned(reason).view().unwrap();
            same!(self, format!("what was burned for {reason}"), told, expected);
        }
    }

    /// What two accounts have: money, stakes, rewards.
    fn holdings(&self, accounts: [usize; 2]) -> BTreeMap<(usize, Address), [u128; 3]> {
        let mut found = BTreeMap::new();
        for place in accounts {
            let account = address(place);
            for (validator, known) in &self.model.staking.validators {
                if let Some(delegation) = known.delegations.get(&account) {
                    let rewards = self.model.staking.claimable(*validator, account);
                    let money = self.model.money.of(account);
                    found.insert((place, *validator), [money, known.pool.worth(delegation.shares()), rewards]);
                }
            }
        }
        found
    }
}

impl Driver for Beside<'_> {
    fn model(&self) -> &Model {
        &self.model
    }

    fn block(&mut self, calls: Vec<Call>) {
        self.make(&calls);
    }

    /// I11: the order of independent messages in a block makes no difference to their senders, but for a wei that a share rounds.
    fn either_order(&mut self, one: Call, other: Call) {
        let accounts = [one.by, other.by];
        let (before, chain, witness) = (self.model.clone(), self.chain.sandbox.snapshot(), self.witness.clone());
        self.make(&[other.clone(), one.clone()]);
        let turned = self.holdings(accounts);
        self.chain.sandbox.revert(&chain);
        (self.model, self.witness) = (before, witness);
        self.make(&[one, other]);
        let straight = self.holdings(accounts);
        let is_near = |one: &[u128; 3], other: &[u128; 3]| one.iter().zip(other).all(|(a, b)| a.abs_diff(*b) <= 1);
        let alike = straight.len() == turned.len() && straight.iter().all(|(at, held)| is_near(held, &turned[at]));
        if !alike {
            self.fail(&format!("I11: the order of two messages matters: {straight:?} or {turned:?}"));
        }
    }

    fn sign(&mut self, signing: BTreeSet<usize>) {
        self.model.signing = signing;
    }
}

fn shown(reply: &Reply) -> String {
    match reply {
        Reply::Done(numbers) => format!("{numbers:?}"),
        Reply::Refused(bytes, text) if text.is_empty() => {
            format!("refused with {}", alloy_primitives::hex::encode(bytes))
        }
        Reply::Refused(_, text) => format!("refused: {text}"),
        Reply::Rejected => "rejected".to_owned(),
    }
}
