//! Stakes by their definitions (economy E21, E22, E24): what counts in each epoch is kept for every epoch, and a reward is what
//! each epoch added to each share.

use std::collections::{BTreeMap, BTreeSet};

use florin_sandbox::Address;
use florin_staking::StakingError;

use super::arithmetic::{Pool, floor, rest};
use crate::economy_model::terms::{MIN_STAKE, UNBONDING, address, epoch_of};

/// One share of the index.
pub(crate) const SCALE: u128 = 1_000_000_000_000_000_000;
/// Epochs out of the set until a validator can be retired.
const RETIRE_EPOCHS: u64 = 128;

/// What counts of a validator in an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effective {
    pub(crate) stake: u128,
    pub(crate) shares: u128,
    pub(crate) commission: u32,
}

/// What was unbonded of a validator in one epoch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leaving {
    pub(crate) pool: Pool,
    pub(crate) ready: u64,
    pub(crate) owners: BTreeMap<Address, u128>,
}

/// An account's stake with a validator.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delegation {
    /// Shares from an epoch on, for each epoch in which they changed.
    pub(crate) changes: BTreeMap<u64, u128>,
    /// The first epoch whose rewards are not credited.
    pub(crate) settled: u64,
    pub(crate) owed: u128,
    /// What was ever credited, how often something was rounded down on the way, and what it would be without rounding, in 10^-18.
    pub(crate) earned: u128,
    pub(crate) floors: u64,
    pub(crate) exact: florin_sandbox::U256,
}

impl Delegation {
    pub(crate) fn shares(&self) -> u128 {
        self.changes.values().next_back().copied().unwrap_or(0)
    }

    pub(crate) fn shares_in(&self, epoch: u64) -> u128 {
        self.changes.range(..=epoch).next_back().map_or(0, |(_, shares)| *shares)
    }
}

/// A validator.
#[derive(Clone, Debug, Default)]
pub(crate) struct Validator {
    pub(crate) pool: Pool,
    pub(crate) jailed_until: u64,
    pub(crate) counts: BTreeMap<u64, Effective>,
    /// What each epoch added to a share, in 10^-18 wei, and what was left of it.
    pub(crate) raises: BTreeMap<u64, u128>,
    pub(crate) carried: u128,
    pub(crate) leaving: BTreeMap<u64, Leaving>,
    pub(crate) delegations: BTreeMap<Address, Delegation>,
}

impl Validator {
    pub(crate) fn in_epoch(&self, epoch: u64) -> Effective {
        self.counts.range(..=epoch).next_back().map_or_else(Effective::default, |(_, held)| *held)
    }

    pub(crate) fn own_stake(&self, of: Address) -> u128 {
        self.pool.worth(self.delegations.get(&of).map_or(0, Delegation::shares))
    }
}

/// All stakes.
#[derive(Clone, Debug)]
pub(crate) struct Staking {
    pub(crate) validators: BTreeMap<Address, Validator>,
    pub(crate) keys: BTreeSet<usize>,
    /// Least own stake and unbonding blocks from an epoch on.
    pub(crate) parameters: BTreeMap<u64, (u128, u64)>,
    /// The first epoch whose rewards are not complete.
    pub(crate) open_epoch: u64,
}

type Answer<T> = Result<T, StakingError>;

impl Staking {
    pub(crate) fn new() -> Self {
        let parameters = [(0, (MIN_STAKE, UNBONDING))].into();
        Self { validators: BTreeMap::new(), keys: BTreeSet::new(), parameters, open_epoch: 0 }
    }

    pub(crate) fn parameters_in(&self, epoch: u64) -> (u128, u64) {
        *self.parameters.range(..=epoch).next_back().unwrap().1
    }

    /// The validators whose stake counts in an epoch, in the order of their addresses.
    pub(crate) fn set(&self, epoch: u64) -> Vec<(Address, u128)> {
        let stakes = self.validators.iter().map(|(validator, known)| (*validator, known.in_epoch(epoch).stake));
        stakes.filter(|(_, stake)| *stake > 0).collect()
    }

    pub(crate) fn total(&self, epoch: u64) -> u128 {
        self.set(epoch).iter().map(|(_, stake)| stake).sum()
    }

    pub(crate) fn effective(&self, validator: Address, epoch: u64) -> Effective {
        self.validators.get(&validator).map_or_else(Effective::default, |known| known.in_epoch(epoch))
    }

    fn known(&self, validator: Address) -> Answer<&Validator> {
        self.validators.get(&validator).ok_or(StakingError::UnknownValidator { validator })
    }

    /// Writes what counts of a validator from the next epoch on.
    fn refresh(&mut self, height: u64, validator: Address, commission: Option<u32>) {
        let next = next_epoch(height);
        let (min_stake, _) = self.parameters_in(next);
        let known = self.validators.get_mut(&validator).unwrap();
        let is_in = known.jailed_until == 0 && known.own_stake(validator) >= min_stake;
        let commission = commission.unwrap_or_else(|| known.in_epoch(next).commission);
        let Pool { stake, shares } = if is_in { known.pool } else { Pool::default() };
        known.counts.insert(next, Effective { stake, shares, commission });
    }

    pub(crate) fn register(
        &mut self,
        height: u64,
        by: usize,
        value: u128,
        (key, prover, commission): (usize, usize, u32),
    ) -> Answer<()> {
        let validator = address(by);
        let (min_stake, _) = self.parameters_in(next_epoch(height));
        if self.validators.contains_key(&validator) {
            return Err(StakingError::AlreadyRegistered);
        }
        if self.keys.contains(&key) {
            return Err(StakingError::KeyTaken);
        }
        if commission > 1_000_000 {
            return Err(StakingError::InvalidParameter);
        }
        if value < min_stake {
            return Err(StakingError::BelowMinimum { stake: value, min_stake });
        }
        if key != prover {
            return Err(StakingError::InvalidPossession);
        }
        self.keys.insert(key);
        self.validators.insert(validator, Validator::default());
        self.bond(height, validator, validator, value);
        self.refresh(height, validator, Some(commission));
        Ok(())
    }

    pub(crate) fn delegate(&mut self, height: u64, by: Address, validator: Address, amount: u128) -> Answer<()> {
        if amount == 0 {
            return Err(StakingError::ZeroAmount);
        }
        self.known(validator)?.pool.price(amount).ok_or(StakingError::Drained)?;
        self.bond(height, by, validator, amount);
        self.refresh(height, validator, None);
        Ok(())
    }

    fn bond(&mut self, height: u64, by: Address, validator: Address, amount: u128) {
        self.settle(validator, by);
        let known = self.validators.get_mut(&validator).unwrap();
        let bought = known.pool.buy(amount);
        let delegation = known.delegations.entry(by).or_default();
        let shares = delegation.shares() + bought;
        delegation.changes.insert(next_epoch(height), shares);
    }

    pub(crate) fn unbond(&mut self, height: u64, by: Address, validator: Address, amount: u128) -> Answer<u64> {
        if amount == 0 {
            return Err(StakingError::ZeroAmount);
        }
        let (min_stake, _) = self.parameters_in(next_epoch(height));
        let (this, blocks) = (epoch_of(height), self.parameters_in(epoch_of(height)).1);
        let known = self.known(validator)?;
        let owned = known.delegations.get(&by).map_or(0, Delegation::shares);
        let worth = known.pool.worth(owned);
        if amount > worth {
            return Err(StakingError::InsufficientStake { amount, stake: worth });
        }
        let cost = known.pool.cost(owned, amount);
        let after = Pool { stake: known.pool.stake - amount, shares: known.pool.shares - cost };
        let (left, stake) = (owned - cost, after.worth(owned - cost));
        if validator == by && left > 0 && stake < min_stake {
            return Err(StakingError::BelowMinimum { stake, min_stake });
        }
        if known.leaving.get(&this).is_some_and(|leaving| leaving.pool.price(amount).is_none()) {
            return Err(StakingError::Drained);
        }
        self.settle(validator, by);
        let known = self.validators.get_mut(&validator).unwrap();
        known.pool = after;
        known.delegations.get_mut(&by).unwrap().changes.insert(next_epoch(height), left);
        let ready = (this + 1) * crate::economy_model::terms::EPOCH + blocks;
        let leaving = known.leaving.entry(this).or_insert_with(|| Leaving { ready, ..Leaving::default() });
        let shares = leaving.pool.buy(amount);
        *leaving.owners.entry(by).or_default() += shares;
        let ready = leaving.ready;
        self.refresh(height, validator, None);
        Ok(ready)
    }

    /// Pays what is ready, the oldest first; what is behind something that is not ready waits.
    pub(crate) fn withdraw(&mut self, height: u64, by: Address, validator: Address) -> u128 {
        let Some(known) = self.validators.get_mut(&validator) else { return 0 };
        let mut amount = 0;
        let epochs: Vec<u64> =
            known.leaving.iter().filter(|(_, leaving)| leaving.owners.contains_key(&by)).map(|(at, _)| *at).collect();
        for epoch in epochs {
            let leaving = known.leaving.get_mut(&epoch).unwrap();
            if leaving.ready > height {
                break;
            }
            let shares = leaving.owners.remove(&by).unwrap();
            let worth = leaving.pool.worth(shares);
            leaving.pool = Pool { stake: leaving.pool.stake - worth, shares: leaving.pool.shares - shares };
            amount += worth;
            if leaving.owners.is_empty() {
                known.leaving.remove(&epoch);
            }
        }
        amount
    }

    pub(crate) fn claim_rewards(&mut self, by: Address, validator: Address) -> u128 {
        self.settle(validator, by);
        let known = self.validators.get_mut(&validator);
        let delegation = known.and_then(|known| known.delegations.get_mut(&by));
        delegation.map_or(0, |delegation| std::mem::take(&mut delegation.owed))
    }

    pub(crate) fn set_commission(&mut self, height: u64, by: Address, ppm: u32) -> Answer<()> {
        if ppm > 1_000_000 {
            return Err(StakingError::InvalidParameter);
        }
        self.known(by)?;
        self.refresh(height, by, Some(ppm));
        Ok(())
    }

    pub(crate) fn unjail(&mut self, height: u64, by: Address) -> Answer<()> {
        let until = self.known(by)?.jailed_until;
        if until == 0 || height < until {
            return Err(StakingError::Jailed { until });
        }
        self.validators.get_mut(&by).unwrap().jailed_until = 0;
        self.refresh(height, by, None);
        Ok(())
    }

    /// Nobody is out of the set for 128 epochs in these runs.
    pub(crate) fn retire(&self, height: u64, validator: Address) -> Answer<()> {
        let known = self.known(validator)?;
        let (since, held) = known.counts.range(..=next_epoch(height)).next_back().unwrap();
        assert!(held.stake > 0 || since + RETIRE_EPOCHS >= epoch_of(height), "the model knows no retirement");
        Err(StakingError::StillEffective)
    }

    /// Credits an account with the rewards of all complete epochs: a floor for each stretch of epochs between two changes.
    fn settle(&mut self, validator: Address, by: Address) {
        let open = self.open_epoch;
        let Some(known) = self.validators.get_mut(&validator) else { return };
        let Some(delegation) = known.delegations.get_mut(&by) else { return };
        let mut from = delegation.settled;
        while from < open {
            let change = delegation.changes.range(from + 1..open).next().map(|(epoch, _)| *epoch);
            let end = change.unwrap_or(open);
            let raise: u128 = known.raises.range(from..end).map(|(_, raise)| raise).sum();
            let credit = floor(delegation.shares_in(from), raise, SCALE);
            delegation.owed += credit;
            delegation.earned += credit;
            delegation.floors += u64::from(delegation.shares_in(from) > 0);
            from = end;
        }
        delegation.settled = delegation.settled.max(open);
    }

    /// Returns what an account could claim.
    pub(crate) fn claimable(&self, validator: Address, by: Address) -> u128 {
        let mut settled = self.clone_of(validator);
        settled.settle(validator, by);
        settled.validators[&validator].delegations.get(&by).map_or(0, |delegation| delegation.owed)
    }

    fn clone_of(&self, validator: Address) -> Self {
        let validators = [(validator, self.validators[&validator].clone())].into();
        Self { validators, keys: BTreeSet::new(), parameters: BTreeMap::new(), open_epoch: self.open_epoch }
    }

    /// Pays a validator's reward of an epoch: the commission to itself, the rest to the shares that counted.
    pub(crate) fn reward(&mut self, epoch: u64, validator: Address, amount: u128) {
        let known = self.validators.get_mut(&validator).unwrap();
        let Effective { shares, commission, .. } = known.in_epoch(epoch);
        let part = floor(amount, commission.into(), 1_000_000);
        let net = amount - part;
        let carried = rest(net, SCALE, shares) + known.carried;
        known.raises.insert(epoch, floor(net, SCALE, shares) + carried / shares);
        known.carried = carried % shares;
        let own = known.delegations.entry(validator).or_default();
        own.owed += part;
        for delegation in known.delegations.values_mut() {
            let wide = |number: u128| florin_sandbox::U256::from(number);
            let share = delegation.shares_in(epoch);
            delegation.exact += wide(net) * wide(SCALE) * wide(share) / wide(shares);
        }
    }

    /// Slashes what counted in an epoch, of all that is bonded or was unbonded since; returns what was taken.
    pub(crate) fn slash(
        &mut self,
        height: u64,
        validator: Address,
        epoch: u64,
        ratio: u128,
        jailed_until: u64,
    ) -> u128 {
        let counted = self.effective(validator, epoch).stake;
        let known = self.validators.get_mut(&validator).unwrap();
        let mut total = known.pool.stake + known.leaving.range(epoch..).map(|(_, left)| left.pool.stake).sum::<u128>();
        let amount = floor(counted, ratio, 1_000_000_000_000).min(total);
        let mut left = amount;
        for (_, leaving) in known.leaving.range_mut(epoch..) {
            let part = if total == 0 { 0 } else { floor(left, leaving.pool.stake, total) };
            total -= leaving.pool.stake;
            left -= part;
            leaving.pool.stake -= part;
        }
        known.pool.stake -= left;
        known.jailed_until = known.jailed_until.max(jailed_until);
        self.refresh(height, validator, None);
        amount
    }
}

/// The epoch from which on a change counts.
pub(crate) const fn next_epoch(height: u64) -> u64 {
    if height == 0 { 0 } else { epoch_of(height) + 1 }
}
