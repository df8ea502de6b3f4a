//! The genesis of the economy's demo: the economy of the definitions, with short periods, so that everything happens in eight
//! epochs.

use florin_runtime::genesis::Genesis;
use florin_runtime::ledger::Balance;
use florin_tokenomics::vesting::Vesting;

use super::EconomyError;
use super::cast::{Cast, Sizes, Who};
use super::delegating::DELEGATION;
use crate::actor::GAS_PRICE;
use crate::demo::GENESIS_TIME;
use crate::genesis::address::Contract;
use crate::genesis::sections::{Allocation, Party, ValidatorEntry, VestingTerms};
use crate::genesis::{GenesisFile, Profile};

/// Wei of an MDT.
const MDT: u128 = 1_000_000_000;

/// All registrations together bring the pool this much, in wei: less than an epoch distributes, so that minting goes on soon.
const FEES: u128 = 30 * MDT;

/// What the treasury has at the genesis, in wei.
const TREASURY: u128 = 1_000 * MDT;

/// What is granted to somebody, and what of it at once, in wei.
const GRANT: u128 = 100 * MDT;
const GRANT_AT_START: u128 = 10 * MDT;

/// Epochs until a grant begins to vest, and in which it does.
const CLIFF_EPOCHS: u64 = 1;
const VESTING_EPOCHS: u64 = 4;

/// What everybody has for gas and fees, in wei.
const ALLOWANCE: u128 = 20 * MDT;

/// What a validator keeps of its delegators' rewards, in ppm.
const COMMISSION_PPM: u32 = 50_000;

/// Epochs of the claim window.
const WINDOW_EPOCHS: u64 = 2;

/// Returns the fee of a registration, in wei.
pub(super) fn fee(sizes: &Sizes) -> u128 {
    FEES.checked_div(sizes.miners.into()).unwrap_or(FEES)
}

/// Returns a validator's own stake, in wei: each has a little more than the one before, and the last, who cheats, the least.
const fn own_stake(sizes: &Sizes, number: u32) -> u128 {
    let is_last = number.saturating_add(1) == sizes.validators;
    let mdt = if is_last { 100 } else { 300_u128.saturating_add(number as u128) };
    mdt.saturating_mul(MDT)
}

/// Returns the genesis.
///
/// # Errors
/// What the genesis file says is wrong.
pub(super) fn genesis(cast: &Cast, epoch_blocks: u64) -> Result<Genesis, EconomyError> {
    let mut file = GenesisFile::new(Profile::Dev);
    let sizes = &cast.sizes;
    file.chain.id = cast.chain_id;
    file.chain.time = GENESIS_TIME;
    file.chain.epoch_blocks = epoch_blocks;
    file.chain.gas_price = Balance::new(GAS_PRICE.into());
    file.chain.proposer = Some(cast.proposer);
    file.owners.members = (0..super::cast::MEMBERS).map(|number| cast.address(Who::Member(number))).collect();
    file.owners.required = 2;
    file.emission.claim_window_blocks = epoch_blocks.saturating_mul(WINDOW_EPOCHS);
    file.staking.unbonding_blocks = epoch_blocks;
    file.slashing.jail_blocks = epoch_blocks;
    file.registry.fee = Balance::new(fee(sizes));
    file.allocations = vec![allocation(Party::Contract(Contract::Treasury), TREASURY)];
    for (who, address) in cast.everybody() {
        let stake = match who {
            Who::Validator(number) => own_stake(sizes, number),
            Who::Delegator(_) => DELEGATION,
            _ => 0,
        };
        file.allocations.push(allocation(Party::Account(address), stake.saturating_add(ALLOWANCE)));
    }
    let vesting = VestingTerms {
        at_start: Balance::new(GRANT_AT_START),
        cliff_blocks: epoch_blocks.saturating_mul(CLIFF_EPOCHS),
        length_blocks: epoch_blocks.saturating_mul(VESTING_EPOCHS),
        revocable: false,
    };
    let grantee = Party::Account(cast.grantee);
    file.allocations.push(Allocation { address: grantee, amount: Balance::new(GRANT), vesting: Some(vesting) });
    file.validators = (0..sizes.validators).filter_map(|number| validator(cast, number)).collect();
    Ok(file.build()?)
}

/// Returns when the grant vests.
pub(super) fn vesting(epoch_blocks: u64) -> Option<Vesting> {
    let (cliff, length) = (epoch_blocks.saturating_mul(CLIFF_EPOCHS), epoch_blocks.saturating_mul(VESTING_EPOCHS));
    Vesting::new(GRANT, GRANT_AT_START, 0, cliff, length).ok()
}

fn allocation(address: Party, wei: u128) -> Allocation {
    Allocation { address, amount: Balance::new(wei), vesting: None }
}

fn validator(cast: &Cast, number: u32) -> Option<ValidatorEntry> {
    let (address, key) = (cast.address(Who::Validator(number)), cast.consensus_key(number)?);
    let stake = Balance::new(own_stake(&cast.sizes, number));
    Some(ValidatorEntry::new(cast.chain_id, address, key, stake, COMMISSION_PPM))
}
