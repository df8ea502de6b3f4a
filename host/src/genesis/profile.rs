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
