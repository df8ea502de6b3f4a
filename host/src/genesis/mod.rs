//! A chain's genesis as a file that people write: parameters, owners, first balances, validators, and the contracts of the
//! economy with their hooks.
//!
//! Guarantees that a file that is built gives the same genesis on every machine, and that what is wrong with one is said with
//! its line, its key and what to do. Whoever holds the file holds the chain's identity: the genesis hash covers every value,
//! the contracts' code included.
//!
//! ```text
//! TOML ──parse──> GenesisFile ──build──> florin_runtime::genesis::Genesis ──chain──> block 0
//! ```
//!
//! - [`address`]: where the contracts of the economy are.
//! - [`sections`]: what a file says.
//! - [`schema`]: every key, its unit and its meaning.
//! - [`profile`]: files to begin with.
//! - [`problem`]: what can be wrong.
//! - `comments`: a file with the meaning of each key.

pub mod address;
mod check;
mod comments;
mod contracts;
pub mod problem;
pub mod profile;
pub mod schema;
pub mod sections;
pub(crate) mod text;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes, keccak256};
use florin_runtime::gas::Gas;
use florin_runtime::genesis::{Genesis, GenesisCall};
use florin_runtime::hook::Hook;
use florin_runtime::ledger::{Balance, Capabilities};
use serde::{Deserialize, Serialize};

pub use address::Contract;
pub use problem::{GenesisFileError, Mistake, Problem};
pub use profile::Profile;
pub use sections::{
    Allocation, Chain, Emission, HookEntry, Owners, Party, Recipient, Registry, Rights, Slashing, SplitRow, Staking,
    ValidatorEntry, VestingTerms,
};

/// What a genesis file says. A section or a key that is left out has the value of the definitions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GenesisFile {
    /// The chain itself.
    pub chain: Chain,
    /// The multisignature that owns the treasury and the parameters.
    pub owners: Owners,
    /// What an epoch brings, and who gets it.
    pub emission: Emission,
    /// Stakes.
    pub staking: Staking,
    /// What offences cost.
    pub slashing: Slashing,
    /// Miners.
    pub registry: Registry,
    /// Who may mint and burn.
    pub capabilities: Rights,
    /// What the chain calls before the transactions of every block, in this order.
    pub hooks: Vec<HookEntry>,
    /// First balances and grants.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allocations: Vec<Allocation>,
    /// The validators of epoch 0.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validators: Vec<ValidatorEntry>,
}

impl GenesisFile {
    /// Returns the file of a profile.
    pub fn new(profile: Profile) -> Self {
        profile.file()
    }

    /// Reads TOML. Whether the values make a genesis is what [`GenesisFile::problems`] says.
    ///
    /// # Errors
    /// If the text is no TOML, holds a key that there is not, or a value of another kind.
    pub fn parse(text: &str) -> Result<Self, GenesisFileError> {
        let unknown = schema::unknown_keys(text);
        if !unknown.is_empty() {
            return Err(GenesisFileError { problems: unknown });
        }
        toml::from_str(text).map_err(|error| {
            let message = error.message().to_owned();
            let offset = error.span().map_or(0, |span| span.start);
            let key = schema::key_at(text, offset);
            let is_toml = toml::de::DeTable::parse(text).is_ok();
            let mistake = if is_toml { Mistake::Value { message } } else { Mistake::Syntax { message } };
            let key = if key.is_empty() { "file".to_owned() } else { key };
            GenesisFileError { problems: vec![Problem { key, line: Some(schema::line_at(text, offset)), mistake }] }
        })
    }

    /// Returns the file as TOML, which [`GenesisFile::parse`] reads back.
    pub fn to_toml(&self) -> String {
        // The writer refuses kinds of values that a file does not hold.
        toml::to_string(self).unwrap_or_default()
    }

    /// Returns everything that keeps the file from being a genesis.
    pub fn problems(&self) -> Vec<Problem> {
        check::problems(self)
    }

    /// Returns what keeps the file from being a genesis, with the lines of the text that it was read from.
    pub fn problems_in(&self, text: &str) -> Vec<Problem> {
        schema::with_lines(text, self.problems())
    }

    /// Returns the genesis: balances, contracts, grants, validators, rights and hooks.
    ///
    /// # Errors
    /// All of [`GenesisFile::problems`].
    pub fn build(&self) -> Result<Genesis, GenesisFileError> {
        let problems = self.problems();
        let Some(proposer) = self.chain.proposer.filter(|_| problems.is_empty()) else {
            return Err(GenesisFileError { problems });
        };
        let addresses = |parties: &[Party]| parties.iter().map(|party| party.address()).collect();
        let capabilities =
            Capabilities { mint: addresses(&self.capabilities.mint), burn: addresses(&self.capabilities.burn) };
        Ok(Genesis {
            chain_id: self.chain.id,
            time: self.chain.time,
            allocations: self.balances(),
            capabilities: capabilities.normalized(),
            max_supply: self.chain.max_supply,
            gas_price: self.chain.gas_price.wei(),
            fee_burn_ppm: self.chain.fee_burn_ppm,
            block_gas_limit: Gas(self.chain.block_gas_limit),
            proposer,
            contracts: Contract::ALL.map(|contract| contracts::contract(contract, self)).to_vec(),
            calls: self.calls(),
            hooks: self.hooks.iter().map(hook).collect(),
            ..Genesis::default()
        })
    }

    /// Returns what is allocated to an address at once, without what vests.
    pub(crate) fn balance_of(&self, address: Address) -> Balance {
        let plain = |entry: &&Allocation| entry.vesting.is_none() && entry.address.address() == address;
        self.allocations.iter().find(plain).map_or(Balance::ZERO, |entry| entry.amount)
    }

    /// Returns the first balances by address; what vests is the treasury's.
    fn balances(&self) -> Vec<(Address, Balance)> {
        let mut balances = BTreeMap::<Address, Balance>::new();
        for Allocation { address, amount, vesting } in &self.allocations {
            let holder = if vesting.is_some() { address::TREASURY } else { address.address() };
            let balance = balances.entry(holder).or_default();
            // The sum of all was checked against the maximum supply.
            *balance = balance.checked_add(*amount).unwrap_or(*balance);
        }
        balances.into_iter().collect()
    }

    /// Returns the first messages: the grants of the treasury, then the validators' registrations, in the order of the file.
    fn calls(&self) -> Vec<GenesisCall> {
        let call = |caller, contract, value, message| GenesisCall { caller, contract, value, message };
        let grants = self.allocations.iter().filter_map(|Allocation { address, amount, vesting }| {
            let message = contracts::grant(address.address(), amount.wei(), vesting.as_ref()?);
            Some(call(address::MULTISIG, address::TREASURY, Balance::ZERO, message))
        });
        let validators = self.validators.iter().map(|validator| {
            call(validator.address, address::STAKING, validator.stake, contracts::register(validator))
        });
        grants.chain(validators).collect()
    }
}

fn hook(entry: &HookEntry) -> Hook {
    let selector = keccak256(&entry.message).0.first_chunk::<4>().copied().unwrap_or_default();
    Hook { contract: entry.contract.address(), message: Bytes::copy_from_slice(&selector), gas_limit: entry.gas() }
}
