//! Offences and what they cost, by their definitions (economy E23 to E26).

use std::collections::{BTreeMap, BTreeSet};

use florin_sandbox::Address;
use florin_sdk::SYSTEM;
use florin_slashing::{ParameterValues, SlashingError};

use super::Model;
use super::arithmetic::floor;
use crate::economy_model::act::Signed;
use crate::economy_model::terms::{
    CHAIN_ID, OWNER, RECYCLING, REFUSED_HEIGHTS, SLASHING, SLASHING_TERMS, STAKING, address, epoch_of, place_of,
};

/// The blocks that the record of signers holds, and that are the last ones.
const RECORD: u64 = 100;
/// The byte of the blocks that the chain has refused.
pub(crate) const REFUSED_BLOCK: u8 = 0xbb;
/// The kinds of offences.
pub(crate) const DOUBLE_SIGN: u8 = 0;
pub(crate) const INVALID_VOTE: u8 = 1;
pub(crate) const DOWNTIME: u8 = 2;

/// What a validator was punished for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) punished_until: u64,
    pub(crate) down_until: u64,
    /// Height of the slash, kind, amount.
    pub(crate) slashes: Vec<(u64, u8, u128)>,
}

/// All offences.
#[derive(Clone, Debug)]
pub(crate) struct Slashing {
    /// Parameters from an epoch on.
    pub(crate) parameters: BTreeMap<u64, ParameterValues>,
    pub(crate) records: BTreeMap<Address, Record>,
    /// Votes for refused blocks that were punished: validator, height, view.
    pub(crate) votes: BTreeSet<(Address, u64, u64)>,
    /// Who signed a block, by height modulo the length of the record.
    pub(crate) signed: BTreeMap<u64, (u64, BTreeSet<Address>)>,
}

type Answer<T> = Result<T, SlashingError>;

impl Slashing {
    pub(crate) fn new() -> Self {
        let parameters = [(0, SLASHING_TERMS)].into();
        Self { parameters, records: BTreeMap::new(), votes: BTreeSet::new(), signed: BTreeMap::new() }
    }

    pub(crate) fn parameters_in(&self, epoch: u64) -> ParameterValues {
        *self.parameters.range(..=epoch).next_back().unwrap().1
    }
}

impl Model {
    /// Who of the set of the last block's epoch signed it.
    pub(crate) fn signers(&self) -> Vec<(usize, Address)> {
        let set = self.staking.set(epoch_of(self.height));
        let places = set.into_iter().map(|(validator, _)| validator).enumerate();
        places
            .filter(|(_, validator)| place_of(*validator).is_some_and(|place| self.signing.contains(&place)))
            .collect()
    }

    /// Takes note of who signed the block that was the last one.
    pub(crate) fn record_signers(&mut self, parent: u64, signers: &[(usize, Address)]) {
        if parent > 0 && !signers.is_empty() {
            let signers = signers.iter().map(|(_, validator)| *validator).collect();
            self.slashing.signed.insert(parent % RECORD, (parent, signers));
        }
    }

    /// Returns the blocks that a validator signed, those that count for it, and the last of them.
    pub(crate) fn uptime(&self, validator: Address) -> (u32, u32, u64) {
        let used_up = self.slashing.records.get(&validator).map_or(0, |record| record.down_until);
        let counts = |height: &u64| {
            *height > used_up
                && *height + RECORD >= self.height
                && self.staking.effective(validator, epoch_of(*height)).stake > 0
        };
        let blocks: Vec<_> = self.slashing.signed.values().filter(|(height, _)| counts(height)).collect();
        let signed = blocks.iter().filter(|(_, signers)| signers.contains(&validator)).count();
        (signed as u32, blocks.len() as u32, blocks.iter().map(|(height, _)| *height).max().unwrap_or(0))
    }

    /// Checks that an offence can still be punished.
    fn in_time(&self, validator: Address, height: u64) -> Answer<()> {
        let (now, epoch) = (self.height, epoch_of(height));
        if height > now {
            return Err(SlashingError::FutureEvidence { height, now });
        }
        if now - height > self.staking.parameters_in(epoch).1 {
            return Err(SlashingError::StaleEvidence { height, now });
        }
        if self.staking.effective(validator, epoch).stake == 0 {
            return Err(SlashingError::NotEffective { validator, epoch });
        }
        Ok(())
    }

    pub(crate) fn double_sign(
        &mut self,
        by: Address,
        validator: usize,
        (height, view): (u64, u64),
        votes: &[Signed; 2],
    ) -> Answer<u128> {
        let _ = view;
        let offender = address(validator);
        if votes[0].block == votes[1].block || votes.iter().any(|vote| vote.block == 0) {
            return Err(SlashingError::NotConflicting);
        }
        if height <= self.slashing.records.get(&offender).map_or(0, |record| record.punished_until) {
            return Err(SlashingError::AlreadyPunished { validator: offender, height });
        }
        self.in_time(offender, height)?;
        if votes.iter().any(|vote| !is_genuine(validator, vote)) {
            return Err(SlashingError::InvalidSignature);
        }
        self.slashing.records.entry(offender).or_default().punished_until = self.height;
        Ok(self.punish(by, offender, DOUBLE_SIGN, height))
    }

    pub(crate) fn invalid_vote(
        &mut self,
        by: Address,
        validator: usize,
        (height, view): (u64, u64),
        vote: &Signed,
    ) -> Answer<u128> {
        let offender = address(validator);
        if vote.block != REFUSED_BLOCK || !REFUSED_HEIGHTS.contains(&height) {
            return Err(SlashingError::NotRefused { height });
        }
        if self.slashing.votes.contains(&(offender, height, view)) {
            return Err(SlashingError::AlreadyPunished { validator: offender, height });
        }
        self.in_time(offender, height)?;
        if !is_genuine(validator, vote) {
            return Err(SlashingError::InvalidSignature);
        }
        self.slashing.votes.insert((offender, height, view));
        Ok(self.punish(by, offender, INVALID_VOTE, height))
    }

    pub(crate) fn downtime(&mut self, by: Address, offender: Address) -> Answer<u128> {
        let (signed, recorded, last) = self.uptime(offender);
        if u64::from(recorded) < RECORD || signed * 2 >= recorded {
            return Err(SlashingError::NotDown { signed, recorded });
        }
        self.in_time(offender, last)?;
        self.slashing.records.entry(offender).or_default().down_until = last;
        Ok(self.punish(by, offender, DOWNTIME, last))
    }

    /// Slashes, pays the reporter, burns, recycles and jails.
    fn punish(&mut self, by: Address, offender: Address, kind: u8, height: u64) -> u128 {
        let (jail, _, rate, double_sign, invalid_vote, downtime, reporter, burned) =
            self.slashing.parameters_in(epoch_of(self.height));
        let severity = [double_sign, invalid_vote, downtime][usize::from(kind)];
        let jailed_until = if kind == DOUBLE_SIGN { (self.height + jail).max(1) } else { 0 };
        let ratio = u128::from(rate) * u128::from(severity);
        let amount = self.staking.slash(self.height, offender, epoch_of(height), ratio, jailed_until);
        let rewarded = floor(amount, reporter.into(), 1_000_000);
        let burned = floor(amount, burned.into(), 1_000_000);
        let recycled = amount - rewarded - burned;
        self.money.pay(STAKING, SLASHING, amount);
        self.money.pay(SLASHING, by, rewarded);
        self.money.burn(SLASHING, burned);
        self.money.slashed_and_burned += burned;
        self.money.pay(SLASHING, RECYCLING, recycled);
        self.pool.take_in(1, recycled);
        let now = self.height;
        self.slashing.records.entry(offender).or_default().slashes.push((now, kind, amount));
        amount
    }

    pub(crate) fn set_slashing(&mut self, by: usize, terms: ParameterValues) -> Answer<()> {
        only(by, address(OWNER))?;
        let (_, _, rate, double_sign, invalid_vote, downtime, reporter, burned) = terms;
        let whole = 1_000_000;
        let ratios = [rate, double_sign, invalid_vote, downtime].into_iter().map(|ratio| ratio <= whole);
        let parts = [reporter < whole, burned > 0 && reporter + burned <= whole];
        if let Some((place, _)) = (3..).zip(ratios.chain(parts)).find(|(_, fits)| !fits) {
            return Err(SlashingError::InvalidParameter { place });
        }
        self.slashing.parameters.insert(epoch_of(self.height) + 1, terms);
        Ok(())
    }

    pub(crate) fn set_staking(&mut self, by: usize, min_stake: u128, unbonding: u64) -> Answer<()> {
        only(by, address(OWNER))?;
        if min_stake == 0 || unbonding == 0 {
            return Err(SlashingError::StakingFailed);
        }
        self.staking.parameters.insert(epoch_of(self.height) + 1, (min_stake, unbonding));
        Ok(())
    }

    /// What the chain alone may say.
    pub(crate) fn only_the_chain(&self) -> SlashingError {
        SlashingError::Unauthorized { allowed: SYSTEM }
    }
}

fn only(by: usize, allowed: Address) -> Answer<()> {
    if address(by) == allowed { Ok(()) } else { Err(SlashingError::Unauthorized { allowed }) }
}

/// Tells whether a validator signed this, on this chain.
fn is_genuine(validator: usize, vote: &Signed) -> bool {
    vote.key == validator && vote.chain_id == CHAIN_ID && !vote.is_of_other_height
}
