//! Files to begin with.
//!
//! `dev` is complete, and everybody knows its keys. `testnet` and `mainnet` lack what only their operators know: proposer,
//! owners, validators and their allocations.

use alloy_primitives::Address;
use florin_runtime::ledger::Balance;
use florin_tokenomics::units::WEI_PER_MDT;

use super::GenesisFile;
use super::address::Contract;
use super::sections::{Allocation, Chain, HookEntry, Owners, Party, ValidatorEntry, VestingTerms};
use crate::keys::{ConsensusKey, KeyError, Signer};

/// The seed of the keys of a `dev` chain, which everybody knows.
pub const DEV_SEED: u64 = 0;

/// Validators of a `dev` chain.
pub const DEV_VALIDATORS: u64 = 4;

/// Members of the multisignature of a `dev` chain, of whom two must confirm.
pub const DEV_OWNERS: u64 = 3;

/// Accounts of a `dev` chain that hold money and do nothing else.
pub const DEV_ACCOUNTS: u64 = 10;

/// What the file for development says of itself.
const DEV: &str = "\
# The genesis of a chain for development, complete.
#
# EVERYBODY KNOWS THE SECRET KEYS OF THE ADDRESSES IN THIS FILE: never use them for a network that others can reach.
# They follow from the seed 0.
";

/// How values are written.
const UNITS: &str = "\
#
# An amount has its unit: \"100 MDT\", \"0.5 MDT\" or \"5 wei\"; 1 MDT is 1000000000 wei. Of ppm, 1000000 are the whole.
# An address is 0x and 40 hexadecimal digits, or the name of a contract of the economy, such as \"treasury\".
# What is left out has its default. docs/genesis.md has every key with default and limits.
";

/// A file to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// A chain on one machine: complete, with keys that everybody knows.
    Dev,
    /// A network for tests, without its validators and owners.
    Testnet,
    /// The network, without its validators and owners.
    Mainnet,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Dev, Self::Testnet, Self::Mainnet];

    /// Returns the name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Testnet => "testnet",
            Self::Mainnet => "mainnet",
        }
    }

    /// Returns the chain id. Each profile has its own, so that nothing signed for one is valid on another.
    pub const fn chain_id(self) -> u64 {
        match self {
            Self::Dev => 1_947,
            Self::Testnet => 1_946,
            Self::Mainnet => 1_945,
        }
    }

    /// Returns the file as a person begins with it: TOML with comments.
    pub fn to_toml(self) -> String {
        format!("{}{UNITS}\n{}", self.heading(), self.file().to_commented_toml())
    }

    const fn heading(self) -> &'static str {
        match self {
            Self::Dev => DEV,
            Self::Testnet => "# The genesis of a network for tests. `florin genesis check` names what is missing.\n",
            Self::Mainnet => "# The genesis of the network. `florin genesis check` names what is missing.\n",
        }
    }

    pub(super) fn file(self) -> GenesisFile {
        let empty = GenesisFile { chain: Chain { id: self.chain_id(), ..Chain::default() }, ..GenesisFile::default() };
        match self {
            // A key that does not exist is a chance of 1 in 2^120, and the tests make these.
            Self::Dev => dev(empty.clone()).unwrap_or(empty),
            Self::Testnet | Self::Mainnet => empty,
        }
    }
}

impl Default for GenesisFile {
    /// Returns the values of the definitions, without a chain id, owners, allocations and validators.
    fn default() -> Self {
        Self {
            chain: Chain::default(),
            owners: Owners::default(),
            emission: Default::default(),
            staking: Default::default(),
            slashing: Default::default(),
            registry: Default::default(),
            capabilities: Default::default(),
            hooks: HookEntry::of_the_economy(),
            allocations: Vec::new(),
            validators: Vec::new(),
        }
    }
}

fn dev(mut file: GenesisFile) -> Result<GenesisFile, KeyError> {
    let account = |role, number| Signer::derive(DEV_SEED, role, number).map(|signer| signer.address());
    for number in 0..DEV_OWNERS {
        file.owners.members.push(account("owner", number)?);
    }
    file.owners.required = 2;
    file.allocations.push(plain(Party::Contract(Contract::Treasury), 1_000_000));
    for number in 0..DEV_VALIDATORS {
        let validator = dev_validator(number, file.chain.id)?;
        file.allocations.push(plain(Party::Account(validator.address), 10_000));
        file.chain.proposer.get_or_insert(validator.address);
        file.validators.push(validator);
    }
    for number in 0..DEV_ACCOUNTS {
        file.allocations.push(plain(Party::Account(account("account", number)?), 10_000));
    }
    let vesting = VestingTerms { at_start: mdt(10_000), cliff_blocks: 7_200, length_blocks: 216_000, revocable: true };
    let founder = Party::Account(account("founder", 0)?);
    file.allocations.push(Allocation { address: founder, amount: mdt(100_000), vesting: Some(vesting) });
    Ok(file)
}

/// Returns a validator whose keys everybody knows: 5,000 MDT of stake, a twentieth as commission.
fn dev_validator(number: u64, chain_id: u64) -> Result<ValidatorEntry, KeyError> {
    let address = Signer::derive(DEV_SEED, "validator", number)?.address();
    let key = ConsensusKey::derive(DEV_SEED, "validator", number)?;
    Ok(ValidatorEntry::new(chain_id, address, &key, mdt(5_000), 50_000))
}

impl GenesisFile {
    /// Returns the keys of the file whose addresses and consensus keys are those of the `dev` profile, which everybody has.
    pub fn public_keys(&self) -> Vec<String> {
        let dev = Profile::Dev.file();
        let mut addresses: Vec<Address> = dev.allocations.iter().map(|entry| entry.address.address()).collect();
        addresses.extend(dev.owners.members);
        let mut named: Vec<(String, Address)> = Vec::new();
        named.extend(self.chain.proposer.map(|proposer| ("chain.proposer".to_owned(), proposer)));
        let members = self.owners.members.iter().enumerate();
        named.extend(members.map(|(place, member)| (format!("owners.members[{place}]"), *member)));
        let allocations = self.allocations.iter().enumerate();
        named.extend(
            allocations.map(|(place, entry)| (format!("allocations[{place}].address"), entry.address.address())),
        );
        let validators = self.validators.iter().enumerate();
        named.extend(validators.map(|(place, entry)| (format!("validators[{place}].address"), entry.address)));
        // The contracts of the economy have no key.
        let is_contract = |address: &Address| Contract::ALL.iter().any(|contract| contract.address() == *address);
        named.retain(|(_, address)| addresses.contains(address) && !is_contract(address));
        let mut keys: Vec<String> = named.into_iter().map(|(key, _)| key).collect();
        for (place, entry) in self.validators.iter().enumerate() {
            if dev.validators.iter().any(|known| known.key == entry.key) {
                keys.push(format!("validators[{place}].key"));
            }
        }
        keys
    }
}

impl ValidatorEntry {
    /// Makes the entry of a validator, with the proof that its account holds its key on this chain. The commission is in ppm.
    pub fn new(chain_id: u64, address: Address, key: &ConsensusKey, stake: Balance, commission_ppm: u32) -> Self {
        let possession = key.prove(chain_id, address);
        Self { address, key: key.public(), possession, stake, commission_ppm }
    }
}

const fn mdt(mdt: u128) -> Balance {
    Balance::new(mdt.saturating_mul(WEI_PER_MDT))
}

const fn plain(address: Party, amount: u128) -> Allocation {
    Allocation { address, amount: mdt(amount), vesting: None }
}
