//! What a genesis file must fulfil before anything is built of it.
//!
//! Guarantees that every problem is found, not only the first, in the order of the sections, and that a file without a problem
//! gives a chain: what the contracts' constructors would refuse without a word is refused here with one. Costs one signature
//! check a validator.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use florin_abi::vote::Possession;
use florin_runtime::block::GAS_PRICE_MAX;
use florin_runtime::gas::GasSchedule;
use florin_runtime::ledger::{Balance, MAX_SUPPLY, PPM};
use florin_runtime::signature::{Scheme, verify_one};
use florin_tokenomics::validate::AMOUNT_MAX;
use florin_tokenomics::vesting::Vesting;

use super::GenesisFile;
use super::address::Contract;
use super::problem::{Mistake, Problem};
use super::sections::{Allocation, Party, Recipient, ValidatorEntry, VestingTerms};

/// The most members of the multisignature: its contract's.
const OWNERS_MAX: usize = 32;

/// The most rows of a split: the emission contract's.
const ROWS_MAX: usize = 16;

/// The most validators: the staking contract's set.
const VALIDATORS_MAX: usize = 256;

/// The most miners: the registry's.
const MINERS_MAX: u32 = 4_096;

/// The least gas of the emission's hook: it begins no step without 12,000,000, and would never settle an epoch with less.
const EMISSION_GAS_MIN: u64 = 13_000_000;

/// The longest epoch, window or wait, in blocks; more is a slip of the pen, and sums of such times never overflow.
const BLOCKS_MAX: u64 = 1 << 40;

/// Returns what is wrong with a file.
pub(super) fn problems(file: &GenesisFile) -> Vec<Problem> {
    let mut check = Check { file, problems: Vec::new() };
    check.chain();
    check.owners();
    check.emission();
    check.staking_and_slashing();
    check.rights();
    check.hooks();
    check.allocations();
    check.validators();
    check.problems
}

struct Check<'a> {
    file: &'a GenesisFile,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn add(&mut self, key: impl Into<String>, mistake: Mistake) {
        self.problems.push(Problem::new(key, mistake));
    }

    fn range(&mut self, key: &str, value: impl Into<u128>, least: impl Into<u128>, most: impl Into<u128>) {
        let (value, least, most) = (value.into(), least.into(), most.into());
        if value < least || value > most {
            self.add(key, Mistake::Range { value, least, most });
        }
    }

    fn ppm(&mut self, key: &str, ppm: u32) {
        self.range(key, ppm, 0_u32, PPM);
    }

    fn chain(&mut self) {
        let chain = &self.file.chain;
        self.range("chain.id", chain.id, 1_u64, u64::MAX);
        self.range("chain.epoch_blocks", chain.epoch_blocks, 1_u64, BLOCKS_MAX);
        self.range("chain.gas_price", chain.gas_price.wei(), 0_u32, GAS_PRICE_MAX);
        self.ppm("chain.fee_burn_ppm", chain.fee_burn_ppm);
        let least = GasSchedule::default().transaction;
        self.range("chain.block_gas_limit", chain.block_gas_limit, least, u64::MAX);
        self.range("chain.max_supply", chain.max_supply.wei(), 0_u32, AMOUNT_MAX);
        if chain.proposer.is_none() {
            let write = "the address of who proposes blocks";
            self.add("chain.proposer", Mistake::Missing { write });
        }
    }

    fn owners(&mut self) {
        let owners = &self.file.owners;
        if owners.members.is_empty() {
            let write = "the addresses of who decides over the treasury and the parameters";
            self.add("owners.members", Mistake::Missing { write });
            return;
        }
        self.range("owners.members", owners.members.len() as u128, 1_u32, OWNERS_MAX as u128);
        self.range("owners.required", owners.required, 1_u32, owners.members.len() as u128);
        self.unique("owners.members", owners.members.iter().copied(), |member| format!("the member {member}"));
    }

    /// Complains of elements that are there before.
    fn unique<T: Ord>(&mut self, list: &str, elements: impl Iterator<Item = T>, name: impl Fn(&T) -> String) {
        let mut seen = BTreeMap::new();
        for (place, element) in elements.enumerate() {
            let key = format!("{list}[{place}]");
            let what = name(&element);
            match seen.get(&element) {
                Some(first) => self.add(key, Mistake::Twice { what, first: String::clone(first) }),
                None => drop(seen.insert(element, key)),
            }
        }
    }

    fn emission(&mut self) {
        let emission = &self.file.emission;
        self.range("emission.base", emission.base.wei(), 0_u32, AMOUNT_MAX);
        self.ppm("emission.quality_threshold_ppm", emission.quality_threshold_ppm);
        let weights = [emission.tasks_weight_ppm, emission.difficulty_weight_ppm, emission.participation_weight_ppm];
        self.whole("emission.tasks_weight_ppm", weights);
        self.range("emission.claim_window_blocks", emission.claim_window_blocks, 1_u64, BLOCKS_MAX);
        let rows = &emission.split;
        self.range("emission.split", rows.len() as u128, 1_u32, ROWS_MAX as u128);
        self.whole("emission.split", rows.iter().map(|row| row.share_ppm));
        let treasuries = rows.iter().filter(|row| row.recipient == Recipient::Treasury).count();
        if treasuries != 1 {
            self.add("emission.split", Mistake::TreasuryRows { rows: treasuries });
        }
    }

    fn whole(&mut self, key: &str, parts: impl IntoIterator<Item = u32>) {
        let sum = parts.into_iter().fold(0_u64, |sum, part| sum.saturating_add(part.into()));
        if sum != u64::from(PPM) {
            self.add(key, Mistake::NotWhole { sum });
        }
    }

    fn staking_and_slashing(&mut self) {
        let (staking, slashing, registry) = (&self.file.staking, &self.file.slashing, &self.file.registry);
        self.range("staking.min_stake", staking.min_stake.wei(), 1_u32, AMOUNT_MAX);
        self.range("staking.unbonding_blocks", staking.unbonding_blocks, 1_u64, BLOCKS_MAX);
        self.range("slashing.jail_blocks", slashing.jail_blocks, 0_u64, BLOCKS_MAX);
        self.range("slashing.history_blocks", slashing.history_blocks, 0_u64, BLOCKS_MAX);
        self.ppm("slashing.rate_ppm", slashing.rate_ppm);
        self.ppm("slashing.double_sign_ppm", slashing.double_sign_ppm);
        self.ppm("slashing.invalid_vote_ppm", slashing.invalid_vote_ppm);
        self.ppm("slashing.downtime_ppm", slashing.downtime_ppm);
        // A reporter gets less than the slash, and something is burned, so that reporting oneself does not pay.
        self.range("slashing.reporter_ppm", slashing.reporter_ppm, 0_u32, PPM.saturating_sub(1));
        let rest = PPM.saturating_sub(slashing.reporter_ppm);
        self.range("slashing.burned_ppm", slashing.burned_ppm, 1_u32, rest);
        self.range("registry.fee", registry.fee.wei(), 0_u32, AMOUNT_MAX);
        self.range("registry.miners_max", registry.miners_max, 0_u32, MINERS_MAX);
    }

    fn rights(&mut self) {
        let rights = &self.file.capabilities;
        self.needed("capabilities.mint", &rights.mint, &[Contract::Emission]);
        self.needed("capabilities.burn", &rights.burn, &[Contract::Slashing, Contract::Recycling]);
    }

    fn needed(&mut self, key: &str, parties: &[Party], needed: &[Contract]) {
        for contract in needed {
            if !parties.contains(&Party::Contract(*contract)) {
                self.add(key, Mistake::Needed { contract: contract.name() });
            }
        }
        self.unique(key, parties.iter().map(|party| party.address()), |address| address.to_string());
    }

    fn hooks(&mut self) {
        let hooks = &self.file.hooks;
        self.range("hooks", hooks.len() as u128, 0_u32, u128::from(florin_abi::limits::HOOKS_MAX));
        for (place, hook) in hooks.iter().enumerate() {
            let name = hook.message.strip_suffix("()").unwrap_or_default();
            let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if name.is_empty() || !is_name {
                let message = hook.message.clone();
                self.add(format!("hooks[{place}].message"), Mistake::Message { message });
            }
            if hook.contract == Party::Contract(Contract::Emission) {
                self.range(&format!("hooks[{place}].gas_limit"), hook.gas_limit, EMISSION_GAS_MIN, u64::MAX);
            }
        }
        for contract in [Contract::Slashing, Contract::Emission, Contract::Recycling] {
            let is_hook = |hook: &super::HookEntry| hook.contract == Party::Contract(contract);
            if !hooks.iter().any(|hook| is_hook(hook) && hook.message == "onBlock()") {
                self.add("hooks", Mistake::Needed { contract: contract.name() });
            }
        }
        let asked = hooks.iter().fold(0_u64, |sum, hook| sum.saturating_add(hook.gas_limit));
        let limit = self.file.chain.block_gas_limit;
        if asked > limit {
            self.add("hooks", Mistake::HookGas { asked, limit });
        }
    }

    fn allocations(&mut self) {
        let allocations = &self.file.allocations;
        let mut first = BTreeMap::new();
        for (place, Allocation { address, amount, vesting }) in allocations.iter().enumerate() {
            let key = format!("allocations[{place}]");
            let address = address.address();
            match vesting {
                Some(terms) => self.vesting(&key, *amount, terms),
                None => match first.get(&address) {
                    Some(first) => {
                        let (what, first) = (format!("the address {address}"), String::clone(first));
                        self.add(format!("{key}.address"), Mistake::Twice { what, first });
                    }
                    None => drop(first.insert(address, key)),
                },
            }
        }
        let sum = self.file.allocations.iter().fold(0_u128, |sum, entry| sum.saturating_add(entry.amount.wei()));
        let (sum, max) = (Balance::new(sum), self.file.chain.max_supply);
        if sum > max {
            self.add("allocations", Mistake::SupplyExceeded { sum, max });
        }
    }

    fn vesting(&mut self, key: &str, amount: Balance, terms: &VestingTerms) {
        let VestingTerms { at_start, cliff_blocks, length_blocks, .. } = *terms;
        self.range(&format!("{key}.amount"), amount.wei(), 1_u32, MAX_SUPPLY.wei());
        self.range(&format!("{key}.vesting.cliff_blocks"), cliff_blocks, 0_u64, BLOCKS_MAX);
        self.range(&format!("{key}.vesting.length_blocks"), length_blocks, 0_u64, BLOCKS_MAX);
        if let Err(error) = Vesting::new(amount.wei(), at_start.wei(), 0, cliff_blocks, length_blocks) {
            self.add(format!("{key}.vesting"), Mistake::Grant { reason: error.to_string() });
        }
    }

    fn validators(&mut self) {
        let validators = &self.file.validators;
        if validators.is_empty() {
            let write = "a [[validators]] entry for each: `florin genesis validator` prints one";
            self.add("validators", Mistake::Missing { write });
        }
        self.range("validators", validators.len() as u128, 0_u32, VALIDATORS_MAX as u128);
        self.unique("validators", validators.iter().map(|entry| entry.address), |address: &Address| {
            format!("the validator {address}")
        });
        self.unique("validators", validators.iter().map(|entry| entry.key), |key: &B256| format!("the key {key}"));
        for (place, validator) in validators.iter().enumerate() {
            self.validator(&format!("validators[{place}]"), validator);
        }
    }

    fn validator(&mut self, key: &str, validator: &ValidatorEntry) {
        let (address, stake) = (validator.address, validator.stake);
        let least = self.file.staking.min_stake;
        if stake < least {
            self.add(format!("{key}.stake"), Mistake::StakeTooSmall { stake, least });
        }
        let allocated = self.file.balance_of(address);
        if stake > allocated {
            self.add(format!("{key}.stake"), Mistake::StakeNotAllocated { address, stake, allocated });
        }
        self.ppm(&format!("{key}.commission_ppm"), validator.commission_ppm);
        let chain_id = self.file.chain.id;
        let statement = Possession { chain_id, validator: address.into_array(), key: validator.key.0 };
        if !verify_one(Scheme::Ed25519, &validator.key.0, &statement.encode(), &validator.possession.0) {
            let mistake = Mistake::Possession { address, key: validator.key, chain_id };
            self.add(format!("{key}.possession"), mistake);
        }
    }
}
