//! Campaigns and the recycling pool by their definitions (economy E17 to E20, E27, E28).

use std::collections::{BTreeMap, BTreeSet};

use florin_claims::ClaimsError;
use florin_recycling::RecyclingError;
use florin_sandbox::Address;

use super::Model;
use crate::economy_model::act::{Airdrop, Line, Proof};
use crate::economy_model::terms::{CLAIMS, EMISSION, OWNER, RECYCLING, address};

/// Campaigns of epochs that the pool looks at in a block.
const SWEEPS: u32 = 4;
/// The most claims of a batch.
const BATCH: usize = 256;

/// A campaign and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Campaign {
    pub(crate) terms: Airdrop,
    pub(crate) paid: BTreeSet<u32>,
    pub(crate) claimed: u128,
    pub(crate) swept: Option<u128>,
}

/// All campaigns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims {
    pub(crate) campaigns: BTreeMap<u64, Campaign>,
    /// How many each account created.
    pub(crate) created: BTreeMap<Address, u64>,
}

/// The recycling pool.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecyclingPool {
    pub(crate) pool: u128,
    pub(crate) received: u128,
    pub(crate) reused: u128,
    pub(crate) by_source: [u128; 5],
    /// Burned as unmet quota and as penalties.
    pub(crate) unmet: u128,
    pub(crate) penalties: u128,
    pub(crate) next_sweep: u64,
}

impl RecyclingPool {
    pub(crate) fn take_in(&mut self, source: usize, amount: u128) {
        self.pool += amount;
        self.received += amount;
        self.by_source[source] += amount;
    }
}

impl Claims {
    /// The number of the next campaign of an account: its name and count, hashed.
    pub(crate) fn next_number(&self, creator: Address) -> u64 {
        let count = self.created.get(&creator).copied().unwrap_or(0);
        let hash = alloy_primitives::keccak256([creator.as_slice(), &count.to_be_bytes()].concat());
        (1 << 63) | (u64::from_be_bytes(hash[..8].try_into().unwrap()) >> 1)
    }

    fn check(&self, campaign: u64, height: u64, lines: &[Line]) -> Result<u128, ClaimsError> {
        let Some(Campaign { terms, paid, claimed, .. }) = self.campaigns.get(&campaign) else {
            return Err(ClaimsError::UnknownCampaign { campaign });
        };
        let Airdrop { first_block, last_block, leaf_count, total, list, .. } = terms;
        if height < *first_block {
            return Err(ClaimsError::NotStarted { campaign, first_block: *first_block, height });
        }
        if height > *last_block {
            return Err(ClaimsError::WindowClosed { campaign, last_block: *last_block, height });
        }
        if lines.is_empty() || lines.len() > BATCH {
            return Err(ClaimsError::BatchSize { claims: lines.len() as u32, claims_max: BATCH as u32 });
        }
        let (mut paid, mut claimed) = (paid.clone(), *claimed);
        let before = claimed;
        for Line { index, account, amount, proof } in lines.iter().copied() {
            if index >= *leaf_count {
                return Err(ClaimsError::IndexOutOfRange { index, leaf_count: *leaf_count });
            }
            let is_listed = list.get(index as usize) == Some(&(account, amount));
            if !is_listed || proof == Proof::Broken {
                return Err(ClaimsError::InvalidProof { campaign, index });
            }
            if amount == 0 {
                return Err(ClaimsError::ZeroAmount { campaign, index });
            }
            if !paid.insert(index) {
                return Err(ClaimsError::AlreadyClaimed { campaign, index });
            }
            if claimed + amount > *total {
                return Err(ClaimsError::TotalExceeded { campaign, amount, claimed, total: *total });
            }
            claimed += amount;
        }
        Ok(claimed - before)
    }
}

impl Model {
    pub(crate) fn create_campaign(&mut self, by: Address, value: u128, given: &Airdrop) -> Result<(), ClaimsError> {
        let (height, campaign) = (self.height, given.campaign);
        let first_block = if given.first_block == 0 { height } else { given.first_block };
        let last_block = if given.last_block == 0 { first_block + 50_400 - 1 } else { given.last_block };
        if self.claims.campaigns.contains_key(&campaign) {
            return Err(ClaimsError::CampaignExists { campaign });
        }
        let expected = self.claims.next_number(by);
        if campaign != expected {
            return Err(ClaimsError::WrongNumber { campaign, expected });
        }
        if given.leaf_count == 0 || given.total == 0 {
            return Err(ClaimsError::EmptyCampaign { campaign });
        }
        if last_block < first_block || last_block < height {
            return Err(ClaimsError::InvalidWindow { first_block, last_block, height });
        }
        if given.target.is_zero() {
            return Err(ClaimsError::NoSweepTarget { campaign });
        }
        if value != given.total {
            return Err(ClaimsError::WrongValue { expected: given.total, value });
        }
        *self.claims.created.entry(by).or_default() += 1;
        self.open_campaign(Airdrop { first_block, last_block, ..given.clone() });
        Ok(())
    }

    /// Writes a campaign whose money is there.
    pub(crate) fn open_campaign(&mut self, terms: Airdrop) {
        let campaign = Campaign { paid: BTreeSet::new(), claimed: 0, swept: None, terms };
        self.claims.campaigns.insert(campaign.terms.campaign, campaign);
    }

    pub(crate) fn claim(&mut self, number: u64, lines: &[Line]) -> Result<(), ClaimsError> {
        let sum = self.claims.check(number, self.height, lines)?;
        let campaign = self.claims.campaigns.get_mut(&number).unwrap();
        campaign.claimed += sum;
        for line in lines {
            campaign.paid.insert(line.index);
            self.money.pay(CLAIMS, line.account, line.amount);
        }
        Ok(())
    }

    pub(crate) fn sweep(&mut self, campaign: u64) -> Result<(), ClaimsError> {
        let height = self.height;
        let known = self.claims.campaigns.get_mut(&campaign).ok_or(ClaimsError::UnknownCampaign { campaign })?;
        let last_block = known.terms.last_block;
        if height <= last_block {
            return Err(ClaimsError::WindowOpen { campaign, last_block, height });
        }
        if known.swept.is_some() {
            return Err(ClaimsError::AlreadySwept { campaign });
        }
        let rest = known.terms.total - known.claimed;
        known.swept = Some(rest);
        let target = known.terms.target;
        self.money.pay(CLAIMS, target, rest);
        Ok(())
    }

    /// The pool's hook: takes back what nobody claimed in time, in the order of the epochs.
    pub(crate) fn take_back(&mut self) {
        for _ in 0..SWEEPS {
            let epoch = self.pool.next_sweep;
            if epoch >= self.epochs.next {
                return;
            }
            if let Some(campaign) = self.claims.campaigns.get(&epoch) {
                if self.height <= campaign.terms.last_block {
                    return;
                }
                let rest = campaign.swept.unwrap_or(campaign.terms.total - campaign.claimed);
                // Whoever swept it before: the money is here.
                let _ = self.sweep(epoch);
                self.pool.take_in(4, rest);
            }
            self.pool.next_sweep += 1;
        }
    }

    pub(crate) fn recycle(&mut self, value: u128, source: u8) -> Result<(), RecyclingError> {
        if source > 4 {
            return Err(RecyclingError::UnknownSource { source });
        }
        if value == 0 {
            return Err(RecyclingError::NoValue {});
        }
        self.pool.take_in(source.into(), value);
        Ok(())
    }

    pub(crate) fn burn_penalty(&mut self, by: usize, value: u128) -> Result<(), RecyclingError> {
        if by != OWNER {
            return Err(RecyclingError::Unauthorized { account: address(by) });
        }
        if value == 0 {
            return Err(RecyclingError::NoValue {});
        }
        self.money.burn(RECYCLING, value);
        self.pool.penalties += value;
        Ok(())
    }

    /// Pays an epoch out of the pool, and burns what it has not met.
    pub(crate) fn close_pool(&mut self, from_pool: u128, unmet: u128) {
        self.money.pay(EMISSION, RECYCLING, unmet);
        self.money.burn(RECYCLING, unmet);
        self.money.pay(RECYCLING, EMISSION, from_pool);
        self.pool.pool -= from_pool;
        self.pool.reused += from_pool;
        self.pool.unmet += unmet;
    }
}
