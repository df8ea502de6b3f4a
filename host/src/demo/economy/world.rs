//! The whole circle, block by block: what is to be done in a block, and what is learned from it.
//!
//! ```text
//! plan (who does what) -> stage (block) -> books (facts, added up) -> learn (slots, lists, stakes) -> plan of the next block
//! ```

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes};
use florin_runtime::block::{CommittedBlock, ParentSigners};
use florin_tokenomics::Ppm;
use florin_tokenomics::emission::BASE_EMISSION;
use florin_tokenomics::utility::Metrics;

use super::attacks::{self, CAMPAIGN, Targets};
use super::audit::{self, Audit, Evidence};
use super::books::Books;
use super::cast::{Cast, Who};
use super::contracts::{Claims, Emission, Fact, Registry, Rewards, Slashing, Staking, Treasury};
use super::day::Day;
use super::delegating::Delegating;
use super::desk::Desk;
use super::governing::Governing;
use super::mining::Mining;
use super::report::EpochRow;
use super::stage::{Stage, Told};
use super::voting::{Member, Voting};
use super::{EconomyError, ground, offences};
use crate::genesis::address::STAKING;

/// Members of the set that are asked for at a time.
const PAGE: u32 = 128;

/// Everybody and everything.
pub(super) struct World {
    pub(super) cast: Cast,
    pub(super) stage: Stage,
    pub(super) books: Books,
    /// A row for each epoch.
    pub(super) rows: Vec<EpochRow>,
    desk: Desk,
    voting: Voting,
    mining: Mining,
    delegating: Delegating,
    governing: Governing,
    audit: Audit,
    /// The sets of the last epochs.
    sets: BTreeMap<u64, Vec<Member>>,
    epoch_blocks: u64,
    genesis_supply: u128,
    /// Epochs at whose end the books agreed with the state.
    pub(super) epochs_checked: u64,
    /// Miners that have registered so far.
    joined: u32,
}

impl World {
    /// Begins at the genesis.
    ///
    /// # Errors
    /// Faults if the state cannot be read.
    pub(super) fn new(cast: Cast, stage: Stage, seed: u64, epoch_blocks: u64) -> Result<Self, EconomyError> {
        Ok(Self {
            books: Books::open(&stage)?,
            epochs_checked: 0,
            genesis_supply: stage.chain().supply()?.genesis.wei(),
            joined: cast.sizes.miners,
            cast,
            stage,
            rows: Vec::new(),
            desk: Desk::default(),
            voting: Voting::new(seed),
            mining: Mining::default(),
            delegating: Delegating::default(),
            governing: Governing::default(),
            audit: Audit::default(),
            sets: BTreeMap::new(),
            epoch_blocks,
        })
    }

    /// Makes the next block.
    ///
    /// # Errors
    /// Whatever does not come out as it must.
    pub(super) fn step(&mut self) -> Result<CommittedBlock, EconomyError> {
        let day = Day::new(self.stage.chain().height().saturating_add(1), self.epoch_blocks);
        let signers = self.signers(&day);
        self.begin_epoch(&day)?;
        self.plan(&day);
        let intents = self.desk.take(self.stage.chain().genesis().block_gas_limit.0);
        let (block, told) = self.stage.produce(&mut self.cast, &intents, signers)?;
        self.learn(&told)?;
        if let Some(row) = self.rows.last_mut() {
            row.blocks = row.blocks.saturating_add(1);
            row.transactions = row.transactions.saturating_add(intents.len() as u64);
        }
        if day.is_last() {
            self.end_epoch(&day)?;
        }
        Ok(block)
    }

    /// Returns how many calls found no room so far.
    pub(super) fn waiting(&self) -> usize {
        self.desk.waiting()
    }

    /// Returns the root of the state after the head.
    pub(super) fn state_root(&self) -> String {
        self.stage.chain().state_root().hash().to_string()
    }

    /// Opens the row of an epoch and asks who is in its set, once an epoch.
    fn begin_epoch(&mut self, day: &Day) -> Result<(), EconomyError> {
        if self.sets.contains_key(&day.epoch) {
            return Ok(());
        }
        let mut set = Vec::new();
        let mut after = Address::ZERO;
        loop {
            let page = Staking::validatorsCall { epoch: day.epoch, after, limit: PAGE };
            let Staking::validatorsReturn { _0: addresses, _2: stakes, .. } = self.stage.ask(STAKING, &page)?;
            for (address, stake) in addresses.iter().zip(&stakes) {
                if let Some(Who::Validator(number)) = self.cast.who(*address) {
                    set.push(Member { number, address: *address, stake: *stake });
                }
            }
            match addresses.last() {
                Some(last) if addresses.len() == PAGE as usize => after = *last,
                _ => break,
            }
        }
        self.sets.insert(day.epoch, set);
        self.rows.push(EpochRow { epoch: day.epoch, ..EpochRow::default() });
        Ok(())
    }

    /// Says who of the parent's epoch signed it.
    fn signers(&self, day: &Day) -> ParentSigners {
        let parent = day.height.checked_sub(1).filter(|parent| *parent > 0);
        let Some(parent) = parent.map(|parent| Day::new(parent, self.epoch_blocks)) else {
            return ParentSigners::unknown();
        };
        let mut bits = [0_u8; 32];
        for (place, member) in self.sets.get(&parent.epoch).into_iter().flatten().enumerate() {
            if let Some(byte) = bits.get_mut(place / 8).filter(|_| offences::signs(member.number, parent.epoch)) {
                *byte |= 1_u8.wrapping_shl(u32::try_from(place % 8).unwrap_or_default());
            }
        }
        ParentSigners::from_bitmap(Bytes::copy_from_slice(&bits)).unwrap_or_default()
    }

    /// Puts on the desk what is to be done in a block.
    fn plan(&mut self, day: &Day) {
        let before = day.epoch.checked_sub(1);
        let fee = ground::fee(&self.cast.sizes);
        let nobody = Vec::new();
        let set_before = before.and_then(|before| self.sets.get(&before)).unwrap_or(&nobody);
        if day.is_once(1, 0) {
            Mining::register(&mut self.desk, 0..self.cast.sizes.miners, fee);
        }
        if let (1, Some(before)) = (day.offset, before) {
            self.voting.reveal(&mut self.desk, before);
            self.voting.report(&mut self.desk, &self.cast, before, set_before);
        }
        if day.is(day.middle(), 1, 1)
            && let Some(set) = self.sets.get(&day.epoch)
        {
            let working = self.mining.working(day.epoch);
            self.voting.commit(&mut self.desk, &self.cast, day.epoch, set, &working);
        }
        if day.is(2, 3, 3) {
            self.mining.leave(&mut self.desk, &self.cast, day.epoch / 3);
        }
        if day.is(2, 6, 3) {
            let more = newcomers_at_once(self.cast.sizes.miners);
            let end = self.joined.saturating_add(more).min(self.cast.sizes.all_miners());
            Mining::register(&mut self.desk, self.joined..end, fee);
            self.joined = end;
        }
        self.delegating.plan(&mut self.desk, &self.cast, day);
        self.governing.plan(&mut self.desk, &self.cast, day);
        offences::plan(&mut self.desk, &self.cast, day, set_before);
        offences::plan_downtime(&mut self.desk, &self.cast, day);
        let last_block = self.books.last_block(CAMPAIGN);
        let targets = Targets { mining: &self.mining, delegating: &self.delegating, fee, last_block };
        attacks::plan(&mut self.desk, &self.cast, day, &targets);
    }

    /// Books what a block told, and learns from it.
    fn learn(&mut self, told: &Told) -> Result<(), EconomyError> {
        let since = std::time::Instant::now();
        let (genesis, epoch_blocks) = (self.genesis_supply, self.epoch_blocks);
        let Self { books, cast, mining, delegating, voting, audit, sets, desk, rows, .. } = self;
        let height = told.height;
        let mut row = rows.last_mut();
        books.book(told, |books, fact| {
            match fact {
                Fact::Registry(event) => learn_registry(mining, audit, event),
                Fact::Rewards(Rewards::RewardsEvents::RewardsListed(page)) => {
                    mining.learn_list(page.epoch, &page.entries);
                }
                Fact::Staking(Staking::StakingEvents::Rewarded(reward)) => {
                    audit.learn_reward(reward.epoch, reward.validator, reward.amount);
                }
                Fact::Staking(Staking::StakingEvents::Unbonded(unbonded)) => delegating.learn_unbonded(cast, unbonded),
                Fact::Slashing(Slashing::SlashingEvents::Punished(punished)) => {
                    delegating.learn_jailed(cast, punished.validator, punished.jailedUntil);
                    let epoch = Day::new(punished.height, epoch_blocks).epoch;
                    let set = sets.get(&epoch).map_or(&[][..], Vec::as_slice);
                    audit::check_slash(height, punished, set)?;
                }
                Fact::Treasury(Treasury::TreasuryEvents::Released(_)) => {
                    audit::check_vesting(height, books.released.wei, ground::vesting(epoch_blocks))?;
                }
                Fact::Claims(Claims::ClaimsEvents::Claimed(_)) => {
                    if let Some(row) = &mut row {
                        row.claims = row.claims.saturating_add(1);
                    }
                }
                Fact::Emission(Emission::EmissionEvents::EpochSettled(settled)) => {
                    let set = sets.get(&settled.epoch).map_or(&[][..], Vec::as_slice);
                    audit.check(&Evidence { height, settled, set, voting, mining, books, genesis })?;
                    let tree = mining.claim(desk, cast, settled.epoch)?;
                    audit::check_tree(height, settled, tree)?;
                    if let Some(row) = &mut row {
                        row.settle(settled);
                    }
                    voting.forget(settled.epoch);
                }
                _ => {}
            }
            Ok(())
        })?;
        self.stage.clocks.add("books", since);
        Ok(())
    }

    /// Checks the books and ends the row of an epoch.
    fn end_epoch(&mut self, day: &Day) -> Result<(), EconomyError> {
        let since = std::time::Instant::now();
        self.books.check(&self.stage, BASE_EMISSION)?;
        self.epochs_checked = self.epochs_checked.saturating_add(1);
        let next = Staking::totalStakeCall { epoch: day.epoch.saturating_add(1) };
        let stake = self.stage.ask(STAKING, &next)?._0;
        let supply = self.stage.chain().supply()?;
        let wei = |balance: Option<florin_runtime::ledger::Balance>| balance.map_or(0, |balance| balance.wei());
        let before = self.rows.iter().fold(0_u128, |sum, row| sum.saturating_add(row.burned));
        if let Some(row) = self.rows.last_mut() {
            row.burned = wei(supply.burned()).saturating_sub(before);
            row.supply = wei(supply.circulating());
            row.pool = self.books.pool();
            row.stake = stake;
        }
        self.sets.retain(|epoch, _| epoch.saturating_add(3) > day.epoch);
        self.stage.clocks.add("books", since);
        Ok(())
    }
}

/// Returns how many miners join at a time: as many as leave.
pub(super) fn newcomers_at_once(miners: u32) -> u32 {
    miners.div_ceil(100)
}

fn learn_registry(mining: &mut Mining, audit: &mut Audit, event: &Registry::RegistryEvents) {
    match event {
        Registry::RegistryEvents::MinerChanged(changed) => mining.learn_seat(changed),
        Registry::RegistryEvents::MetricsAccepted(metrics) => {
            let ppm = |ppm: u32| Ppm::saturating(ppm.into());
            let accepted = Metrics {
                tasks: metrics.tasks,
                difficulty: ppm(metrics.difficulty),
                participation: ppm(metrics.participation),
                quality: ppm(metrics.quality),
            };
            audit.learn_metrics(metrics.epoch, accepted);
        }
        Registry::RegistryEvents::EpochFinalized(finalized) => {
            audit.learn_scores(finalized.epoch, finalized.totalScore);
        }
        Registry::RegistryEvents::WeightsCommitted(_) | Registry::RegistryEvents::WeightsRevealed(_) => {}
    }
}
