//! The books of the economy: what contracts told, added up, and compared with what the state says.
//!
//! Guarantees of every epoch's last block (economy E35 to E39), to the wei:
//!
//! - balances: the sum over all accounts = genesis + minted - burned;
//! - minted = what the emission told, within the schedule; burned = unmet quota + penalties + slashes + fees;
//! - of each campaign: claimed <= total; what the claims contract holds = totals - claimed - swept;
//! - of each slash: reporter + burned + recycled = slashed;
//! - what the staking contract, the pool and the treasury hold = what came in - what went out.

use std::collections::BTreeMap;

use florin_tokenomics::slash::Offence;

use super::EconomyError;
use super::contracts::{Claims, Emission, Fact, Recycling, Slashing, Staking, Treasury};
use super::stage::{Stage, Told};
use crate::genesis::address::{CLAIMS, EMISSION, RECYCLING, REGISTRY, REWARDS, SLASHING, STAKING, TREASURY};

/// A flow of money: how often, and how much in wei.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flow {
    pub(super) count: u64,
    pub(super) wei: u128,
}

impl Flow {
    fn add(&mut self, wei: u128) {
        self.count = self.count.saturating_add(1);
        self.wei = self.wei.saturating_add(wei);
    }
}

/// What is known of a campaign.
#[derive(Clone, Copy, Debug, Default)]
struct Campaign {
    total: u128,
    claimed: u128,
    swept: u128,
    last_block: u64,
}

/// Everything that contracts told, added up.
#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    /// What contracts held at the genesis: staking, treasury.
    opening: (u128, u128),
    /// Epochs that were settled, with what they emitted.
    pub(super) settled: Flow,
    /// Distributed: by minting and from the pool.
    pub(super) minted: u128,
    pub(super) from_pool: Flow,
    pub(super) distributed: u128,
    /// Burned for want of quality, as penalties, and of slashes.
    pub(super) unmet: Flow,
    pub(super) penalties: Flow,
    pub(super) slash_burned: u128,
    /// What came into the pool, by source.
    pub(super) recycled: [Flow; 5],
    reused: u128,
    campaigns: BTreeMap<u64, Campaign>,
    pub(super) claimed: Flow,
    pub(super) swept: Flow,
    pub(super) delegated: Flow,
    pub(super) unbonded: Flow,
    pub(super) withdrawn: Flow,
    pub(super) rewarded: Flow,
    pub(super) rewards_claimed: Flow,
    pub(super) slashed: Flow,
    /// What offences cost: double signing, downtime.
    pub(super) punished: [Flow; 2],
    /// Rewards of validators by epoch, until it is settled.
    rewarded_of: BTreeMap<u64, u128>,
    treasury_in: u128,
    pub(super) spent: Flow,
    /// Paid of grants.
    pub(super) released: Flow,
    fees: u128,
    /// The pool at the end of the block before; when an epoch that is not settled took from it; and for the last settled epoch.
    pool_before: u128,
    pool_taken_from: Option<u128>,
    pool_of_epoch: u128,
}

impl Books {
    /// Opens the books of a chain at its genesis.
    ///
    /// # Errors
    /// Faults if the state cannot be read.
    pub(super) fn open(stage: &Stage) -> Result<Self, EconomyError> {
        Ok(Self { opening: (stage.balance(STAKING)?, stage.balance(TREASURY)?), ..Self::default() })
    }

    /// Books a block. `learn` is told each fact after it is booked.
    ///
    /// # Errors
    /// A fact that contradicts itself, and what `learn` says.
    pub(super) fn book(
        &mut self,
        told: &Told,
        mut learn: impl FnMut(&Self, &Fact) -> Result<(), EconomyError>,
    ) -> Result<(), EconomyError> {
        self.pool_before = self.pool();
        self.fees = self.fees.saturating_add(told.fees);
        for fact in &told.facts {
            self.book_fact(told.height, fact)?;
            learn(self, fact)?;
        }
        Ok(())
    }

    fn book_fact(&mut self, height: u64, fact: &Fact) -> Result<(), EconomyError> {
        match fact {
            Fact::Emission(Emission::EmissionEvents::EpochSettled(settled)) => self.book_epoch(height, settled)?,
            Fact::Recycling(event) => self.book_pool(event),
            Fact::Claims(event) => self.book_claims(height, event)?,
            Fact::Staking(event) => self.book_stake(event),
            Fact::Slashing(Slashing::SlashingEvents::Punished(punished)) => {
                let Slashing::Punished { amount, rewarded, burned, recycled, .. } = *punished;
                let parts = rewarded.saturating_add(burned).saturating_add(recycled);
                expect(height, "the parts of a slash", amount, parts)?;
                let [double_sign, downtime] = &mut self.punished;
                if punished.kind == Offence::Downtime.code() { downtime } else { double_sign }.add(amount);
                self.slash_burned = self.slash_burned.saturating_add(burned);
            }
            Fact::Treasury(Treasury::TreasuryEvents::Spent(spent)) => self.spent.add(spent.amount),
            Fact::Treasury(Treasury::TreasuryEvents::Released(released)) => self.released.add(released.amount),
            Fact::Treasury(Treasury::TreasuryEvents::Deposited(deposited)) => {
                self.treasury_in = self.treasury_in.saturating_add(deposited.amount);
            }
            Fact::Registry(_) | Fact::Rewards(_) => {}
        }
        Ok(())
    }

    fn book_epoch(&mut self, height: u64, settled: &Emission::EpochSettled) -> Result<(), EconomyError> {
        let (emitted, unmet, distributed, from_pool, minted) = settled.figures;
        expect(height, "emitted = unmet + distributed", emitted, unmet.saturating_add(distributed))?;
        expect(height, "distributed = from the pool + minted", distributed, from_pool.saturating_add(minted))?;
        let pools = settled.pools.iter().fold(0_u128, |sum, pool| sum.saturating_add(*pool));
        expect(height, "the pools of an epoch", distributed, pools)?;
        let pool = |row: usize| settled.pools.get(row).copied().unwrap_or_default();
        expect(height, "what miners can claim", pool(0), settled.claimable)?;
        let rewarded = self.rewarded_of.remove(&settled.epoch).unwrap_or_default();
        expect(height, "what validators were paid", pool(1), rewarded)?;
        self.pool_of_epoch = self.pool_taken_from.take().unwrap_or(self.pool_before);
        self.settled.add(emitted);
        self.minted = self.minted.saturating_add(minted);
        self.distributed = self.distributed.saturating_add(distributed);
        if from_pool > 0 {
            self.from_pool.add(from_pool);
        }
        self.treasury_in = self.treasury_in.saturating_add(pool(2));
        Ok(())
    }

    fn book_pool(&mut self, event: &Recycling::RecyclingEvents) {
        match event {
            Recycling::RecyclingEvents::Recycled(recycled) => {
                if let Some(flow) = self.recycled.get_mut(usize::from(recycled.source)) {
                    flow.add(recycled.amount);
                }
            }
            Recycling::RecyclingEvents::Reused(reused) => {
                self.pool_taken_from = Some(self.pool());
                self.reused = self.reused.saturating_add(reused.amount);
            }
            Recycling::RecyclingEvents::Burned(burned) if burned.reason == 0 => self.unmet.add(burned.amount),
            Recycling::RecyclingEvents::Burned(burned) => self.penalties.add(burned.amount),
        }
    }

    fn book_claims(&mut self, height: u64, event: &Claims::ClaimsEvents) -> Result<(), EconomyError> {
        match event {
            Claims::ClaimsEvents::CampaignCreated(created) => {
                let Claims::CampaignCreated { total, lastBlock: last_block, .. } = *created;
                self.campaigns.insert(created.campaign, Campaign { total, last_block, ..Campaign::default() });
            }
            Claims::ClaimsEvents::Claimed(claimed) => {
                let campaign = self.campaigns.entry(claimed.campaign).or_default();
                campaign.claimed = campaign.claimed.saturating_add(claimed.amount);
                let (claimed_of, total) = (campaign.claimed, campaign.total);
                expect(height, "claimed within the total", claimed_of.min(total), claimed_of)?;
                self.claimed.add(claimed.amount);
            }
            Claims::ClaimsEvents::Swept(swept) => {
                let campaign = self.campaigns.entry(swept.campaign).or_default();
                campaign.swept = campaign.swept.saturating_add(swept.amount);
                let gone = campaign.claimed.saturating_add(campaign.swept);
                expect(height, "claimed + swept of a campaign", campaign.total, gone)?;
                self.swept.add(swept.amount);
            }
        }
        Ok(())
    }

    fn book_stake(&mut self, event: &Staking::StakingEvents) {
        use Staking::StakingEvents;
        match event {
            StakingEvents::Delegated(event) => self.delegated.add(event.amount),
            StakingEvents::Unbonded(event) => self.unbonded.add(event.amount),
            StakingEvents::Withdrawn(event) => self.withdrawn.add(event.amount),
            StakingEvents::Rewarded(event) => {
                self.rewarded.add(event.amount);
                let of_epoch = self.rewarded_of.entry(event.epoch).or_default();
                *of_epoch = of_epoch.saturating_add(event.amount);
            }
            StakingEvents::RewardsClaimed(event) => self.rewards_claimed.add(event.amount),
            StakingEvents::Slashed(event) => self.slashed.add(event.amount),
        }
    }

    /// Returns what is in the pool by what it told.
    pub(super) fn pool(&self) -> u128 {
        let received = self.recycled.iter().fold(0_u128, |sum, flow| sum.saturating_add(flow.wei));
        received.saturating_sub(self.reused)
    }

    /// Returns what was in the pool when the last settled epoch took from it, or could have.
    pub(super) const fn pool_of_epoch(&self) -> u128 {
        self.pool_of_epoch
    }

    /// Returns everything burned by contracts.
    pub(super) fn burned_by_contracts(&self) -> u128 {
        self.unmet.wei.saturating_add(self.penalties.wei).saturating_add(self.slash_burned)
    }

    /// Returns the last block of a campaign's window.
    pub(super) fn last_block(&self, campaign: u64) -> Option<u64> {
        self.campaigns.get(&campaign).map(|campaign| campaign.last_block)
    }

    /// Compares the books with the head's state.
    ///
    /// # Errors
    /// Says what differs, and faults.
    pub(super) fn check(&self, stage: &Stage, base: u128) -> Result<(), EconomyError> {
        let (supply, proposer) = (stage.chain().supply()?, stage.chain().genesis().proposer);
        let counted = stage.recount()?.sum();
        let circulating = supply.circulating().map_or(0, |balance| balance.wei());
        stage.expect("the sum of all balances", circulating, counted)?;

        let schedule = base.saturating_mul(u128::from(self.settled.count));
        stage.expect("minted within the schedule", self.settled.wei.min(schedule), self.settled.wei)?;
        stage.expect("burned by contracts", self.burned_by_contracts(), supply.burned_by_contracts.wei())?;
        let fees = supply.burned_fees.wei().saturating_add(stage.balance(proposer)?);
        stage.expect("fees = burned + the proposer's", self.fees, fees)?;

        let open = |campaign: &Campaign| campaign.total.saturating_sub(campaign.claimed).saturating_sub(campaign.swept);
        let open = self.campaigns.values().fold(0_u128, |sum, campaign| sum.saturating_add(open(campaign)));
        stage.expect("what the claims contract holds", open, stage.balance(CLAIMS)?)?;
        for (number, campaign) in self.campaigns.iter().rev().take(4) {
            let claimed = stage.ask(CLAIMS, &Claims::claimedCall { campaign: *number })?;
            stage.expect("claimed of a campaign", campaign.claimed, claimed)?;
        }
        stage.expect("what the pool holds", self.pool(), stage.balance(RECYCLING)?)?;
        stage.expect("the pool by its own count", self.pool(), stage.ask(RECYCLING, &Recycling::poolCall {})?)?;
        let [double_sign, downtime] = self.punished;
        stage.expect("slashed = punished", self.slashed.wei, double_sign.wei.saturating_add(downtime.wei))?;
        let came = self.opening.0.saturating_add(self.delegated.wei).saturating_add(self.rewarded.wei);
        let went = self.withdrawn.wei.saturating_add(self.rewards_claimed.wei).saturating_add(self.slashed.wei);
        stage.expect("what the staking contract holds", came.saturating_sub(went), stage.balance(STAKING)?)?;
        for passing in [SLASHING, REGISTRY] {
            stage.expect("what only passes through", 0, stage.balance(passing)?)?;
        }
        // What an epoch mints, pays out and gives to others is told when it is settled.
        if !stage.ask(EMISSION, &Emission::isUnderWayCall {})? {
            let minted = self.minted.saturating_add(self.unmet.wei);
            stage.expect("minted", minted, supply.minted.wei())?;
            let treasury = self.opening.1.saturating_add(self.treasury_in);
            let treasury = treasury.saturating_sub(self.spent.wei).saturating_sub(self.released.wei);
            stage.expect("what the treasury holds", treasury, stage.balance(TREASURY)?)?;
            for passing in [EMISSION, REWARDS] {
                stage.expect("what only passes through", 0, stage.balance(passing)?)?;
            }
        }
        Ok(())
    }
}

fn expect(height: u64, what: &'static str, expected: u128, actual: u128) -> Result<(), EconomyError> {
    if expected == actual {
        return Ok(());
    }
    Err(EconomyError::Differs { height, what, expected: expected.to_string(), actual: actual.to_string() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use alloy_primitives::{Address, B256};

    use super::{Books, Claims, Emission, Fact, Slashing, Told};

    /// Books facts of one block; returns what is wrong with them.
    fn wrong(facts: Vec<Fact>) -> Option<String> {
        let told = Told { height: 7, facts, fees: 0 };
        Books::default().book(&told, |_, _| Ok(())).err().map(|error| error.to_string())
    }

    fn settled(figures: (u128, u128, u128, u128, u128), pools: Vec<u128>, claimable: u128) -> Fact {
        let (metrics, root) = ((0, 0, 0, 0), B256::ZERO);
        let settled =
            Emission::EpochSettled { epoch: 1, metrics, utility: 0, figures, pools, root, leafCount: 0, claimable };
        Fact::Emission(Emission::EmissionEvents::EpochSettled(settled))
    }

    #[test]
    fn figures_of_an_epoch_that_do_not_add_up_are_found() {
        assert_eq!(wrong(vec![settled((10, 2, 8, 3, 5), vec![6, 0, 2], 6)]), None);
        let found = |figures, pools, claimable| wrong(vec![settled(figures, pools, claimable)]).unwrap();
        assert!(found((11, 2, 8, 3, 5), vec![6, 0, 2], 6).contains("emitted = unmet + distributed after block 7"));
        assert!(found((10, 2, 8, 3, 6), vec![6, 0, 2], 6).contains("distributed = from the pool + minted"));
        assert!(found((10, 2, 8, 3, 5), vec![6, 0, 3], 6).contains("the pools of an epoch"));
        assert!(found((10, 2, 8, 3, 5), vec![6, 0, 2], 5).contains("what miners can claim"));
        assert!(found((10, 2, 8, 3, 5), vec![4, 2, 2], 4).contains("what validators were paid"));
    }

    #[test]
    fn more_claims_than_the_total_and_a_sweep_of_too_little_are_found() {
        let created = Claims::CampaignCreated {
            campaign: 1,
            owner: Address::ZERO,
            token: Address::ZERO,
            root: B256::ZERO,
            leafCount: 2,
            total: 10,
            firstBlock: 1,
            lastBlock: 9,
            sweepTarget: Address::ZERO,
        };
        let created = Fact::Claims(Claims::ClaimsEvents::CampaignCreated(created));
        let claimed = |amount| {
            let claimed = Claims::Claimed { campaign: 1, account: Address::ZERO, index: 0, amount };
            Fact::Claims(Claims::ClaimsEvents::Claimed(claimed))
        };
        let swept = |amount| {
            let swept = Claims::Swept { campaign: 1, target: Address::ZERO, amount };
            Fact::Claims(Claims::ClaimsEvents::Swept(swept))
        };
        assert_eq!(wrong(vec![created.clone(), claimed(6), claimed(3), swept(1)]), None);
        assert!(wrong(vec![created.clone(), claimed(6), claimed(5)]).unwrap().contains("10 expected, 11 found"));
        assert!(wrong(vec![created, claimed(6), swept(3)]).unwrap().contains("claimed + swept of a campaign"));
    }

    #[test]
    fn parts_of_a_slash_that_are_not_the_whole_are_found() {
        let punished = |recycled| {
            let punished = Slashing::Punished {
                validator: Address::ZERO,
                reporter: Address::ZERO,
                kind: 0,
                height: 3,
                amount: 10,
                rewarded: 1,
                burned: 4,
                recycled,
                jailedUntil: 0,
            };
            wrong(vec![Fact::Slashing(Slashing::SlashingEvents::Punished(punished))])
        };
        assert_eq!(punished(5), None);
        assert!(punished(6).unwrap().contains("the parts of a slash after block 7: 10 expected, 11 found"));
    }
}
