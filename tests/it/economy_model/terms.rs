//! The terms of the economy under test: who there is, where the contracts stand, and the parameters of the genesis.
//!
//! Everything is short, so that a run of 150 steps sees epochs, windows, halvings and the end of the supply: an epoch is 4 blocks,
//! unbonding takes 10, a claim stays open for 24, the supply ends some 75 MDT above the genesis.

use std::sync::OnceLock;

use florin_emission::RuleTerms;
use florin_sandbox::{Account, Address};
use florin_slashing::ParameterValues;
use florin_tokenomics::split::RowKind;

/// Wei of an MDT.
pub(crate) const MDT: u128 = 1_000_000_000;
/// Blocks of an epoch.
pub(crate) const EPOCH: u64 = 4;
/// The chain's id.
pub(crate) const CHAIN_ID: u64 = 1_947;

pub(crate) use florin::genesis::address::{
    CLAIMS, EMISSION, RECYCLING, REGISTRY, REWARDS, SLASHING, STAKING, TREASURY,
};

/// Every contract.
pub(crate) const CONTRACTS: [Address; 8] =
    [TREASURY, STAKING, SLASHING, REGISTRY, EMISSION, REWARDS, RECYCLING, CLAIMS];

/// Who proposes the blocks.
pub(crate) const PROPOSER: Address = Address::repeat_byte(0xb1);
/// An account that only ever gets something.
pub(crate) const SINK: Address = Address::repeat_byte(0xb2);

/// The accounts that act. The first owns the contracts, the last has no right at all.
pub(crate) const NAMES: [&str; 10] = ["owner", "ann", "bob", "cay", "dan", "eve", "fay", "gus", "hal", "mal"];
/// The owner's place among them.
pub(crate) const OWNER: usize = 0;
/// The places of those who can validate.
pub(crate) const CANDIDATES: [usize; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
/// The places of those who validate from the genesis on, with their stakes in MDT and commissions in ppm.
pub(crate) const FIRST_VALIDATORS: [(usize, u128, u32); 3] = [(1, 300, 50_000), (2, 200, 0), (3, 150, 333_333)];
/// The places of those who mine from the genesis on; one of them validates too.
pub(crate) const FIRST_MINERS: [usize; 3] = [6, 7, 1];
/// The place of an account without any right.
pub(crate) const STRANGER: usize = 9;

/// What each account holds in the genesis.
pub(crate) const PURSE: u128 = 200_000 * MDT;
/// What the treasury holds in the genesis.
pub(crate) const TREASURE: u128 = 5_000 * MDT;
/// What may be minted beside the genesis: the end of the supply is within a run's reach.
pub(crate) const MINTABLE: u128 = 75 * MDT + 1;

/// The least own stake of a validator.
pub(crate) const MIN_STAKE: u128 = 100 * MDT;
/// Blocks of unbonding.
pub(crate) const UNBONDING: u64 = 10;
/// What a miner's registration costs.
pub(crate) const FEE: u128 = 2 * MDT;
/// The most miners.
pub(crate) const MINERS_MAX: u32 = 5;
/// Blocks in which rewards can be claimed.
pub(crate) const WINDOW: u64 = 24;
/// What an epoch brings at most.
pub(crate) const BASE: u128 = 50 * MDT;
/// Quality below which a part is burned.
pub(crate) const THRESHOLD: u32 = 500_000;
/// Tasks that count in full.
pub(crate) const TASKS_FULL: u64 = 1_000;
/// What miners, validators who claim, validators through staking, and the treasury get.
pub(crate) const SHARES: [u32; 4] = [400_000, 100_000, 300_000, 200_000];
/// Epochs between two halvings.
pub(crate) const HALVING: u64 = 24;
/// The heights of blocks that the chain has refused, known from the genesis on.
pub(crate) const REFUSED_HEIGHTS: std::ops::Range<u64> = 1..400;

/// Parameters of slashing in the genesis: jail and history in blocks, then ratios in ppm.
pub(crate) const SLASHING_TERMS: ParameterValues = (6, 20, 100_000, 1_000_000, 500_000, 100_000, 50_000, 450_000);

/// Other parameters of slashing that an owner may choose: a slash of everything, of next to nothing, of which nothing is recycled.
pub(crate) const OTHER_SLASHING_TERMS: [ParameterValues; 4] = [
    (3, 9, 1_000_000, 1_000_000, 500_000, 400_000, 50_000, 450_000),
    (12, 40, 1, 7, 3, 1, 333_333, 333_333),
    (1, 5, 250_000, 999_999, 123_457, 777_777, 50_000, 950_000),
    (0, 0, 500_000, 500_000, 500_000, 500_000, 0, 1),
];

/// The rules of an epoch by these figures; the rows are miners, validators who claim, validators through staking, the treasury.
pub(crate) fn rules(base: u128, threshold: u32, window: u64, shares: [u32; 4]) -> RuleTerms {
    let kinds = [RowKind::Miners, RowKind::Validators, RowKind::Staking, RowKind::Account];
    let rows = kinds.into_iter().zip(shares).map(|(kind, share)| {
        let account = if kind == RowKind::Account { TREASURY } else { Address::ZERO };
        (share, kind.code(), account)
    });
    (base, HALVING, threshold, TASKS_FULL, 500_000, 300_000, 200_000, window, 3, rows.collect())
}

/// The rules of the genesis.
pub(crate) fn first_rules() -> RuleTerms {
    rules(BASE, THRESHOLD, WINDOW, SHARES)
}

/// Other rules that an owner may choose.
pub(crate) fn other_rules(which: usize) -> RuleTerms {
    match which % 4 {
        0 => rules(BASE / 3, 700_000, 11, [333_333, 333_333, 333_333, 1]),
        1 => rules(BASE, 1_000_000, 31, [0, 0, 1_000_000, 0]),
        2 => rules(1_000_003, 0, 1, [999_999, 0, 0, 1]),
        _ => first_rules(),
    }
}

/// The accounts, in the order of [`NAMES`].
pub(crate) fn accounts() -> &'static [Account] {
    static ACCOUNTS: OnceLock<Vec<Account>> = OnceLock::new();
    ACCOUNTS.get_or_init(|| NAMES.iter().map(|name| Account::named(name)).collect())
}

/// The address of an account.
pub(crate) fn address(place: usize) -> Address {
    accounts()[place].address()
}

/// The place of an address among the accounts.
pub(crate) fn place_of(address: Address) -> Option<usize> {
    accounts().iter().position(|account| account.address() == address)
}

/// The epoch of a height.
pub(crate) const fn epoch_of(height: u64) -> u64 {
    height / EPOCH
}
