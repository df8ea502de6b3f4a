//! The sections of a genesis file, with the values that the definitions of the economy give.
//!
//! Ratios are parts per million, amounts are wei, times are blocks but for the genesis's own. What a key means to a reader of
//! the file stands in `schema.rs`.

use alloy_primitives::{Address, B256, FixedBytes};
use florin_runtime::gas::Gas;
use florin_runtime::genesis::Genesis;
use florin_runtime::ledger::{Balance, MAX_SUPPLY};
use florin_tokenomics::slash::{BURNED_PART, HISTORY_BLOCKS, JAIL_BLOCKS, Offence, REPORTER_PART, SLASH_RATE};
use florin_tokenomics::units::{CLAIM_WINDOW_BLOCKS, EPOCH_BLOCKS, STAKE_MIN, UNBONDING_BLOCKS, WEI_PER_MDT};
use serde::{Deserialize, Serialize};

use super::address::Contract;
use super::text;

/// The time of a genesis unless the file says otherwise: 2026-01-01 00:00:00 UTC.
const TIME: u64 = 1_767_225_600;

/// The most gas of the hook of the emission: enough for a step of any settlement, many times.
const EMISSION_GAS: u64 = 100_000_000;

/// The most gas of each of the other hooks.
const HOOK_GAS: u64 = 10_000_000;

/// The chain itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chain {
    /// The EIP-155 chain id.
    pub id: u64,
    /// Time of the genesis, in seconds since 1970.
    pub time: u64,
    /// Blocks of an epoch.
    pub epoch_blocks: u64,
    /// The lowest price of a gas, in wei.
    #[serde(with = "text")]
    pub gas_price: Balance,
    /// The burned part of each fee, in ppm.
    pub fee_burn_ppm: u32,
    /// The most gas that a block's transactions may ask for together.
    pub block_gas_limit: u64,
    /// The most that may ever be allocated and minted together.
    #[serde(with = "text")]
    pub max_supply: Balance,
    /// Who proposes blocks and gets the rest of the fees.
    #[serde(with = "text::optional", skip_serializing_if = "Option::is_none")]
    pub proposer: Option<Address>,
}

/// The multisignature that owns the treasury and the parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Owners {
    /// Its members.
    #[serde(with = "text::list")]
    pub members: Vec<Address>,
    /// How many of them must confirm a call.
    pub required: u32,
}

/// What an epoch brings, and who gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Emission {
    /// What an epoch of full utility brings before the first halving.
    #[serde(with = "text")]
    pub base: Balance,
    /// Epochs between two halvings; 0: there is none.
    pub halving_epochs: u64,
    /// Quality below which a part is burned, in ppm.
    pub quality_threshold_ppm: u32,
    /// Tasks of an epoch that count in full.
    pub tasks_full: u64,
    /// What tasks weigh in the utility, in ppm.
    pub tasks_weight_ppm: u32,
    /// What difficulty weighs in the utility, in ppm.
    pub difficulty_weight_ppm: u32,
    /// What participation weighs in the utility, in ppm.
    pub participation_weight_ppm: u32,
    /// Blocks in which rewards can be claimed.
    pub claim_window_blocks: u64,
    /// The rows of the split.
    pub split: Vec<SplitRow>,
}

/// A row of the split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitRow {
    /// Who gets it.
    #[serde(with = "text")]
    pub recipient: Recipient,
    /// Its share, in ppm.
    pub share_ppm: u32,
}

/// Who gets a row of the split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// Miners by score, who claim.
    Miners,
    /// Validators by stake, through the staking contract, which pays their delegators.
    Validators,
    /// Validators by stake, who claim and share with nobody.
    ClaimingValidators,
    /// The treasury, which also gets what has no recipient.
    Treasury,
    /// An account.
    Account(Address),
}

/// Stakes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Staking {
    /// The least own stake of a validator.
    #[serde(with = "text")]
    pub min_stake: Balance,
    /// How long unbonding takes, in blocks.
    pub unbonding_blocks: u64,
}

/// What offences cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Slashing {
    /// How long double signing jails, in blocks.
    pub jail_blocks: u64,
    /// The window of the history, in blocks.
    pub history_blocks: u64,
    /// What an offence takes before its severity, in ppm.
    pub rate_ppm: u32,
    /// How severe double signing is, in ppm.
    pub double_sign_ppm: u32,
    /// How severe a vote for a refused block is, in ppm.
    pub invalid_vote_ppm: u32,
    /// How severe downtime is, in ppm.
    pub downtime_ppm: u32,
    /// The reporter's part, in ppm.
    pub reporter_ppm: u32,
    /// The burned part, in ppm; the rest is recycled.
    pub burned_ppm: u32,
}

/// Miners.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Registry {
    /// What a registration costs; it is recycled.
    #[serde(with = "text")]
    pub fee: Balance,
    /// The most miners.
    pub miners_max: u32,
}

/// Who may make and destroy money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rights {
    /// Contracts that may mint.
    #[serde(with = "text::list")]
    pub mint: Vec<Party>,
    /// Contracts that may burn their own money.
    #[serde(with = "text::list")]
    pub burn: Vec<Party>,
}

/// A contract of the economy, by its name, or any account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// A contract of the economy.
    Contract(Contract),
    /// Anybody else.
    Account(Address),
}

/// What the chain calls before the transactions of every block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HookEntry {
    /// Who is called.
    #[serde(with = "text")]
    pub contract: Party,
    /// The signature of a message without arguments.
    pub message: String,
    /// The most gas that it may burn in a block.
    pub gas_limit: u64,
}

/// A first balance, or a grant of the treasury.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allocation {
    /// Whose it is.
    #[serde(with = "text")]
    pub address: Party,
    /// How much.
    #[serde(with = "text")]
    pub amount: Balance,
    /// If it vests: when. The treasury holds the amount until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vesting: Option<VestingTerms>,
}

/// When a grant vests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VestingTerms {
    /// What of the amount belongs to the holder from the genesis on.
    #[serde(with = "text")]
    pub at_start: Balance,
    /// Blocks until the rest begins to vest.
    pub cliff_blocks: u64,
    /// Blocks over which the rest vests; 0: all of it at the cliff.
    pub length_blocks: u64,
    /// Whether the owners can end it.
    pub revocable: bool,
}

/// A validator of epoch 0. Its stake is taken from its allocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidatorEntry {
    /// Its account.
    #[serde(with = "text")]
    pub address: Address,
    /// Its ed25519 consensus key.
    #[serde(with = "text")]
    pub key: B256,
    /// The signature that shows that the account holds the key, for this chain id.
    #[serde(with = "text")]
    pub possession: FixedBytes<64>,
    /// Its own stake.
    #[serde(with = "text")]
    pub stake: Balance,
    /// What it keeps of its delegators' rewards, in ppm.
    pub commission_ppm: u32,
}

impl Party {
    /// Returns the address.
    pub const fn address(self) -> Address {
        match self {
            Self::Contract(contract) => contract.address(),
            Self::Account(address) => address,
        }
    }
}

impl Default for Chain {
    fn default() -> Self {
        let Genesis { fee_burn_ppm, block_gas_limit, gas_price, .. } = Genesis::default();
        Self {
            id: 0,
            time: TIME,
            epoch_blocks: EPOCH_BLOCKS,
            gas_price: Balance::new(gas_price),
            fee_burn_ppm,
            block_gas_limit: block_gas_limit.0,
            max_supply: MAX_SUPPLY,
            proposer: None,
        }
    }
}

impl Default for Emission {
    fn default() -> Self {
        let row = |recipient, share_ppm| SplitRow { recipient, share_ppm };
        Self {
            base: Balance::new(50 * WEI_PER_MDT),
            halving_epochs: 210_000,
            quality_threshold_ppm: 500_000,
            tasks_full: 10_000,
            tasks_weight_ppm: 500_000,
            difficulty_weight_ppm: 300_000,
            participation_weight_ppm: 200_000,
            claim_window_blocks: CLAIM_WINDOW_BLOCKS,
            split: vec![
                row(Recipient::Miners, 400_000),
                row(Recipient::Validators, 400_000),
                row(Recipient::Treasury, 200_000),
            ],
        }
    }
}

impl Default for Staking {
    fn default() -> Self {
        Self { min_stake: Balance::new(STAKE_MIN), unbonding_blocks: UNBONDING_BLOCKS }
    }
}

impl Default for Slashing {
    fn default() -> Self {
        Self {
            jail_blocks: JAIL_BLOCKS,
            history_blocks: HISTORY_BLOCKS,
            rate_ppm: SLASH_RATE.get(),
            double_sign_ppm: Offence::DoubleSign.severity().get(),
            invalid_vote_ppm: Offence::InvalidVote.severity().get(),
            downtime_ppm: Offence::Downtime.severity().get(),
            reporter_ppm: REPORTER_PART.get(),
            burned_ppm: BURNED_PART.get(),
        }
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self { fee: Balance::new(WEI_PER_MDT), miners_max: 4_096 }
    }
}

impl Default for Rights {
    fn default() -> Self {
        let burn = [Contract::Slashing, Contract::Recycling];
        Self { mint: vec![Party::Contract(Contract::Emission)], burn: burn.map(Party::Contract).to_vec() }
    }
}

impl HookEntry {
    /// Returns the hooks of the economy, in the order in which they have to run: what the parent's signatures say, what an epoch
    /// brings, what comes back.
    pub fn of_the_economy() -> Vec<Self> {
        let hook = |contract, gas_limit| Self {
            contract: Party::Contract(contract),
            message: "onBlock()".to_owned(),
            gas_limit,
        };
        vec![
            hook(Contract::Slashing, HOOK_GAS),
            hook(Contract::Emission, EMISSION_GAS),
            hook(Contract::Recycling, HOOK_GAS),
        ]
    }

    /// Returns the most gas.
    pub const fn gas(&self) -> Gas {
        Gas(self.gas_limit)
    }
}
