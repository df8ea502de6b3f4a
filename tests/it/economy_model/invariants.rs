//! The invariants I1 to I17, after every block, from what the chain itself tells: balances, totals, receipts and events.
//!
//! The witness keeps books of its own: it believes an event only as far as the balances agree, and knows of the model what no event
//! says, which is whose stake counted in which epoch.

use std::collections::{BTreeMap, BTreeSet};

use florin_claims::{CampaignCreated, Claimed, ClaimsClient, Swept};
use florin_emission::EpochSettled;
use florin_recycling::{Burned, Recycled, Reused};
use florin_rewards::RewardsListed;
use florin_sandbox::{Address, Client, Status, U256};
use florin_sdk::event::{Event, decode_events};
use florin_slashing::Punished;
use florin_staking::{Delegated, Rewarded, RewardsClaimed, Slashed, StakingClient, Unbonded, Withdrawn};

use super::act::{Act, Call};
use super::chain::{Chain, Seen};
use super::model::Model;
use super::model::staking::SCALE;
use super::terms::{BASE, CLAIMS, EPOCH, HALVING, PROPOSER, RECYCLING, SINK, STAKING, address, epoch_of};

/// What is wrong, with the number of the invariant in front.
type Verdict = Result<(), String>;

macro_rules! hold {
    ($invariant:literal, $holds:expr, $($told:tt)*) => {
        if !$holds {
            return Err(format!("{}: {}", $invariant, format!($($told)*)));
        }
    };
}

/// A campaign by its events.
#[derive(Clone, Debug, Default)]
struct Campaign {
    total: u128,
    list: Vec<(Address, u128)>,
    paid: BTreeMap<u32, u128>,
    swept: Option<u128>,
}

/// The stakes of a validator by its events.
#[derive(Clone, Debug, Default)]
struct Stakes {
    deposited: u128,
    withdrawn: u128,
    slashed: u128,
    rewarded: u128,
    commissions: u128,
    claimed: u128,
    rewards: u64,
}

/// The books.
#[derive(Clone, Debug)]
pub(crate) struct Witness {
    fees: BTreeMap<Address, u128>,
    proposed: u128,
    burned_fees: u128,
    minted: u128,
    burned: u128,
    next_epoch: u64,
    campaigns: BTreeMap<u64, Campaign>,
    lists: BTreeMap<u64, Vec<(Address, u128)>>,
    stakes: BTreeMap<Address, Stakes>,
    donated: u128,
    /// What each account unbonded, by the height from which on it may have it; and what it got.
    unbonding: BTreeMap<(Address, Address), Vec<(u64, u128)>>,
    withdrawn: BTreeMap<(Address, Address), u128>,
    /// What each account was credited with a validator, claimed or not.
    credited: BTreeMap<(Address, Address), u128>,
    claimed: BTreeMap<(Address, Address), u128>,
    slashes: BTreeSet<(Address, u8, u64, u64)>,
    /// The set that counts in the epoch that is running.
    set: (u64, Vec<(Address, u128)>),
    pool: u128,
}

/// All events of a type of a block: the hooks' first.
fn events<E: Event>(seen: &Seen) -> Vec<E> {
    let hooks = seen.hooks.iter().flat_map(|hook| &hook.events);
    let calls = seen.outcomes.iter().flatten().flat_map(|receipt| &receipt.events);
    decode_events(hooks.chain(calls).map(|event| (&event.topics[..], &event.data[..])))
}

impl Witness {
    pub(crate) fn new(chain: &Chain) -> Self {
        let mut witness = Self {
            fees: BTreeMap::new(),
            proposed: 0,
            burned_fees: 0,
            minted: 0,
            burned: 0,
            next_epoch: 0,
            campaigns: BTreeMap::new(),
            lists: BTreeMap::new(),
            stakes: BTreeMap::new(),
            donated: 0,
            unbonding: BTreeMap::new(),
            withdrawn: BTreeMap::new(),
            credited: BTreeMap::new(),
            claimed: BTreeMap::new(),
            slashes: BTreeSet::new(),
            set: (0, set(chain, 0)),
            pool: chain.balance(RECYCLING),
        };
        // The genesis has no events: its stakes are those of its set.
        for (validator, stake) in witness.set.1.clone() {
            witness.stakes.entry(validator).or_default().deposited = stake;
        }
        witness
    }

    /// What each account has paid in fees.
    pub(crate) const fn fees(&self) -> &BTreeMap<Address, u128> {
        &self.fees
    }

    /// What the proposer got of them.
    pub(crate) const fn proposed(&self) -> u128 {
        self.proposed
    }

    /// Checks everything that must hold after a block.
    pub(crate) fn block(&mut self, chain: &Chain, model: &Model, calls: &[Call], seen: &Seen) -> Verdict {
        self.fees_and_supply(chain, model, calls, seen)?;
        self.emission(chain, seen)?;
        self.claims(chain, model, seen)?;
        self.take_note_of_stakes(calls, seen);
        self.slashes(model, calls, seen)?;
        self.sets(chain, model)?;
        self.stakes(chain, model)
    }

    /// I1, I2, I4 and I5.
    fn fees_and_supply(&mut self, chain: &Chain, model: &Model, calls: &[Call], seen: &Seen) -> Verdict {
        let supply = chain.sandbox.supply().unwrap();
        let sum: u128 = model.money.balances.keys().map(|account| chain.balance(*account)).sum();
        let circulating = supply.circulating().map(|amount| amount.wei());
        hold!("I1", circulating == Some(sum), "balances sum to {sum}, the supply is {circulating:?}");

        let minted: u128 = events::<EpochSettled>(seen).iter().map(|epoch| epoch.figures.4 + epoch.figures.1).sum();
        let fires: u128 = events::<Burned>(seen).iter().map(|fire| fire.amount).sum();
        let punished: u128 = events::<Punished>(seen).iter().map(|slash| slash.burned).sum();
        hold!("I2", supply.minted.wei() == self.minted + minted, "{} minted, not by emission", supply.minted);
        let burned = supply.burned_by_contracts.wei();
        hold!("I2", burned == self.burned + fires + punished, "{burned} burned, not by the paths that are listed");

        let (mut charged, mut halves, proposed) = (0, 0, chain.balance(PROPOSER));
        for (call, outcome) in calls.iter().zip(&seen.outcomes) {
            let fee = outcome.as_ref().map_or(0, |receipt| receipt.fee.wei());
            *self.fees.entry(address(call.by)).or_default() += fee;
            charged += fee;
            halves += fee / 2;
        }
        let burned_fees = supply.burned_fees.wei();
        let (fire, earned) = (burned_fees - self.burned_fees, proposed - self.proposed);
        hold!("I5", charged == fire + earned, "{charged} charged, {fire} burned and {earned} earned");
        hold!("I5", fire == halves, "{fire} of {charged} burned, not a half of each");
        // Only a call that succeeded, or a hook, moves more than the fee.
        let is_quiet = seen.outcomes.iter().flatten().all(|receipt| receipt.status != Status::Success);
        let silent = seen.outcomes.iter().flatten().filter(|receipt| receipt.status != Status::Success);
        hold!("I4", silent.into_iter().all(|receipt| receipt.events.is_empty()), "a failed call has events");
        if is_quiet && seen.hooks.iter().all(|hook| hook.events.is_empty()) {
            hold!("I4", minted == 0 && fires == 0, "a failed call changed the supply");
        }
        (self.proposed, self.burned_fees) = (proposed, burned_fees);
        (self.minted, self.burned) = (supply.minted.wei(), burned);
        Ok(())
    }

    /// I3, and the pool's part of I2: what is taken from it is not minted.
    fn emission(&mut self, chain: &Chain, seen: &Seen) -> Verdict {
        for settled in events::<EpochSettled>(seen) {
            hold!("I3", settled.epoch == self.next_epoch, "epoch {} after {}", settled.epoch, self.next_epoch);
            self.next_epoch += 1;
            let (emitted, unmet, distributed, from_pool, minted) = settled.figures;
            hold!("I3", emitted <= BASE >> (settled.epoch / HALVING), "epoch {} brings {emitted}", settled.epoch);
            hold!("I3", emitted == unmet + distributed, "{emitted} is not {unmet} and {distributed}");
            hold!("I3", distributed == from_pool + minted, "{distributed} is not {from_pool} and {minted}");
            hold!("I3", distributed == settled.pools.iter().sum::<u128>(), "{distributed} is not {:?}", settled.pools);
        }
        let supply = chain.sandbox.supply().unwrap();
        let schedule: u128 = (0..self.next_epoch).map(|epoch| BASE >> (epoch / HALVING)).sum();
        hold!("I3", supply.minted.wei() <= schedule, "{} minted, the schedule has {schedule}", supply.minted);
        hold!("I3", supply.genesis.wei() + supply.minted.wei() <= supply.max.wei(), "minted beyond the maximum");
        let into: u128 = events::<Recycled>(seen).iter().map(|into| into.amount).sum();
        let out: u128 = events::<Reused>(seen).iter().map(|out| out.amount).sum();
        hold!("I2", self.pool + into >= out, "{out} out of a pool of {}", self.pool + into);
        self.pool = self.pool + into - out;
        let balance = chain.balance(RECYCLING);
        hold!("I1", balance >= self.pool, "the pool counts {} and holds {balance}", self.pool);
        Ok(())
    }

    /// I6, I7 and I8.
    fn claims(&mut self, chain: &Chain, model: &Model, seen: &Seen) -> Verdict {
        for page in events::<RewardsListed>(seen) {
            let list = self.lists.entry(page.epoch).or_default();
            hold!("I7", list.len() == page.first as usize, "a page of epoch {} is missing", page.epoch);
            list.extend(page.entries.0.chunks_exact(36).map(|entry| {
                (Address::from_slice(&entry[..20]), u128::from_le_bytes(entry[20..].try_into().unwrap()))
            }));
        }
        for created in events::<CampaignCreated>(seen) {
            let given = model.claims.campaigns.get(&created.campaign).map(|known| known.terms.list.clone());
            let list = self.lists.get(&created.campaign).cloned().or(given).unwrap_or_default();
            let campaign = Campaign { total: created.total, list, ..Campaign::default() };
            hold!(
                "I7",
                self.campaigns.insert(created.campaign, campaign).is_none(),
                "campaign {} twice",
                created.campaign
            );
        }
        let mut touched = BTreeSet::new();
        for claimed in events::<Claimed>(seen) {
            let Claimed { campaign: number, account, index, amount } = claimed;
            touched.insert(number);
            let campaign = self.campaigns.get_mut(&number).ok_or(format!("I7: no campaign {number}"))?;
            let line = campaign.list.get(index as usize);
            hold!("I7", line == Some(&(account, amount)), "{number}/{index} paid {amount} to {account}, not {line:?}");
            hold!("I7", campaign.paid.insert(index, amount).is_none(), "{number}/{index} was paid twice");
            hold!("I6", campaign.swept.is_none(), "{number}/{index} was paid after the sweep");
            self.donated += if account == STAKING { amount } else { 0 };
        }
        for swept in events::<Swept>(seen) {
            touched.insert(swept.campaign);
            let campaign = self.campaigns.get_mut(&swept.campaign).ok_or("I8: no campaign".to_owned())?;
            let paid: u128 = campaign.paid.values().sum();
            let (total, amount) = (campaign.total, swept.amount);
            hold!("I8", campaign.swept.replace(amount).is_none(), "campaign {} swept twice", swept.campaign);
            hold!("I8", paid + amount == total, "{paid} paid and {amount} swept of {total}");
        }
        let turn = self.campaigns.keys().nth(model.height as usize % self.campaigns.len().max(1)).copied();
        touched.extend(turn);
        let mut client = ClaimsClient::new(CLAIMS, chain.reader());
        for number in touched {
            let campaign = &self.campaigns[&number];
            let paid: u128 = campaign.paid.values().sum();
            let told = client.claimed(number).view().unwrap();
            hold!("I6", told == paid && paid <= campaign.total, "{paid} of {} paid, {told} told", campaign.total);
            for index in 0..campaign.list.len() as u32 {
                let is_set = client.status(number, index).view().unwrap() == 2;
                hold!("I6", is_set == campaign.paid.contains_key(&index), "{number}/{index} is marked {is_set}");
            }
        }
        let open = self.campaigns.values().filter(|campaign| campaign.swept.is_none());
        let owed: u128 = open.map(|campaign| campaign.total - campaign.paid.values().sum::<u128>()).sum();
        let held = chain.balance(CLAIMS);
        hold!("I6", held >= owed, "{owed} can still be claimed of {held}");
        Ok(())
    }

    fn take_note_of_stakes(&mut self, calls: &[Call], seen: &Seen) {
        for Delegated { validator, amount, .. } in events(seen) {
            self.stakes.entry(validator).or_default().deposited += amount;
        }
        for Unbonded { validator, delegator, amount, ready } in events(seen) {
            self.unbonding.entry((validator, delegator)).or_default().push((ready, amount));
        }
        for Withdrawn { validator, delegator, amount } in events(seen) {
            self.stakes.entry(validator).or_default().withdrawn += amount;
            *self.withdrawn.entry((validator, delegator)).or_default() += amount;
        }
        for Slashed { validator, amount, .. } in events(seen) {
            self.stakes.entry(validator).or_default().slashed += amount;
        }
        for Rewarded { validator, amount, commission, .. } in events(seen) {
            let stakes = self.stakes.entry(validator).or_default();
            stakes.rewarded += amount;
            stakes.commissions += commission;
            stakes.rewards += 1;
        }
        for RewardsClaimed { validator, delegator, amount } in events(seen) {
            self.stakes.entry(validator).or_default().claimed += amount;
            *self.claimed.entry((validator, delegator)).or_default() += amount;
        }
        for (call, outcome) in calls.iter().zip(&seen.outcomes) {
            if let (Act::Spend { to: STAKING, amount }, Ok(receipt)) = (&call.act, outcome)
                && receipt.status == Status::Success
            {
                self.donated += amount;
            }
        }
    }

    /// I14 and I17.
    fn slashes(&mut self, model: &Model, calls: &[Call], seen: &Seen) -> Verdict {
        for slash in events::<Punished>(seen) {
            let Punished { validator, kind, height, amount, rewarded, burned, recycled, .. } = slash;
            hold!("I17", rewarded + burned + recycled == amount, "{rewarded}, {burned} and {recycled} of {amount}");
            let counted = model.staking.effective(validator, epoch_of(height)).stake;
            hold!("I14", amount <= counted, "{amount} slashed of a stake of {counted}");
            // An offence is named by its view, too, where there is one.
            let view = calls.iter().find_map(|call| match call.act {
                Act::InvalidVote { height: at, view, .. } if at == height => Some(view),
                _ => None,
            });
            let name = (validator, kind, height, view.unwrap_or(0));
            hold!("I14", self.slashes.insert(name), "{validator} slashed twice for {kind} at {height}");
        }
        Ok(())
    }

    /// I15.
    fn sets(&mut self, chain: &Chain, model: &Model) -> Verdict {
        let epoch = epoch_of(model.height);
        let now = set(chain, epoch);
        if self.set.0 == epoch {
            hold!("I15", self.set.1 == now, "the set of epoch {epoch} changed within it: {:?} to {now:?}", self.set.1);
        }
        hold!("I15", now.iter().all(|(_, stake)| *stake > 0), "a validator without power in {now:?}");
        let sum: u128 = now.iter().map(|(_, stake)| stake).sum();
        let total = StakingClient::new(STAKING, chain.reader()).total_stake(epoch).view().unwrap().0;
        hold!("I15", sum == total && sum < 1 << 63, "a total power of {total} of {now:?}");
        self.set = (epoch, now);
        Ok(())
    }

    /// I9 to I13 and I16.
    fn stakes(&mut self, chain: &Chain, model: &Model) -> Verdict {
        let mut staking = StakingClient::new(STAKING, chain.reader());
        let (mut active, mut owed_in_all) = (0, 0);
        for (validator, known) in &model.staking.validators {
            let stakes = self.stakes.get(validator).cloned().unwrap_or_default();
            active += staking.validator(*validator).view().unwrap().1;
            let mut owed = 0;
            let mut floors = stakes.rewards;
            for (holder, delegation) in &known.delegations {
                let at = (*validator, *holder);
                let (_, claimable) = staking.delegation(*validator, *holder).view().unwrap();
                owed += claimable;
                let credited = self.claimed.get(&at).copied().unwrap_or(0) + claimable;
                let before = self.credited.insert(at, credited).unwrap_or(0);
                hold!("I12", credited >= before, "{holder} had earned {before} and now {credited}");
                // I10 and I11: as much as the shares that counted say, but for what settlements round down.
                let commissions = if validator == holder { stakes.commissions } else { 0 };
                let slack = U256::from(delegation.floors + 2);
                let earned = U256::from(credited.saturating_sub(commissions)) * U256::from(SCALE);
                let exact = delegation.exact;
                let one = U256::from(SCALE);
                hold!("I11", earned <= exact + one, "{holder} earned {credited}, its stake is worth {exact} 10^-18");
                hold!(
                    "I10",
                    exact <= earned + slack * one,
                    "{holder} earned {credited}, its stake is worth {exact} 10^-18"
                );
                floors += delegation.floors + 1;
                self.unbonds_in_time(model.height, at)?;
            }
            let (paid, given) = (stakes.claimed + owed, stakes.rewarded);
            hold!("I9", paid <= given, "{paid} claimed and claimable of {given} with {validator}");
            let dust = given - paid;
            hold!("I9", dust <= u128::from(floors), "{dust} of {given} with {validator} is nobody's");
            owed_in_all += given - stakes.claimed;
        }
        let sum = |of: fn(&Stakes) -> u128| self.stakes.values().map(of).sum::<u128>();
        let (deposited, withdrawn) = (sum(|stakes| stakes.deposited), sum(|stakes| stakes.withdrawn));
        let slashed = sum(|stakes| stakes.slashed);
        // What the contract holds and is neither bonded nor a reward nor a gift is unbonding.
        let held = chain.balance(STAKING);
        let others = active + owed_in_all + self.donated;
        hold!("I13", held >= others, "{held} held, {active} bonded, {owed_in_all} of rewards, {} given", self.donated);
        let unbonding = held - others;
        hold!(
            "I13",
            active + unbonding + slashed == deposited - withdrawn,
            "{active} active, {unbonding} unbonding, {slashed} slashed of {deposited} without {withdrawn}"
        );
        let leaving = model.staking.validators.values().flat_map(|known| known.leaving.values());
        let leaving: u128 = leaving.map(|leaving| leaving.pool.stake).sum();
        hold!("I13", unbonding == leaving, "{unbonding} is unbonding, {leaving} was unbonded and not withdrawn");
        Ok(())
    }

    /// I16.
    fn unbonds_in_time(&self, height: u64, at: (Address, Address)) -> Verdict {
        let Some(entries) = self.unbonding.get(&at) else { return Ok(()) };
        let ripe: u128 = entries.iter().filter(|(ready, _)| *ready <= height).map(|(_, amount)| amount).sum();
        let got = self.withdrawn.get(&at).copied().unwrap_or(0);
        hold!("I16", got <= ripe, "{} has {got} back at {height}, when {ripe} may be", at.1);
        hold!("I16", entries.iter().all(|(ready, _)| ready % EPOCH < EPOCH && *ready > 0), "no height in {entries:?}");
        Ok(())
    }
}

fn set(chain: &Chain, epoch: u64) -> Vec<(Address, u128)> {
    let told = StakingClient::new(STAKING, chain.reader()).validators(epoch, Address::ZERO, 128).view().unwrap();
    let (validators, _, stakes) = told;
    assert_ne!(SINK, STAKING);
    validators.into_iter().zip(stakes).collect()
}
