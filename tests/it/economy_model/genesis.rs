//! The genesis that ships, with short terms: a genesis file, and what only a test says in addition.
//!
//! Beside the file: the owner of the contracts is an account and not the multisignature, so that what it does is one message; the
//! first miners; and the blocks that the chain has refused, which a consensus would tell later.

use florin::genesis::{
    Allocation, Chain, Emission, GenesisFile, Owners, Party, Profile, Recipient, Registry, Slashing, SplitRow, Staking,
    ValidatorEntry, address as at,
};
use florin_runtime::genesis::{Genesis, GenesisCall};
use florin_runtime::ledger::Balance;
use florin_sandbox::{Address, Bytes, Client};
use florin_sdk::client::RawCall;
use florin_sdk::native::NativeTransport;
use florin_sdk::vote::Possession;
use florin_sdk::{FixedBytes, SYSTEM};
use florin_slashing::SlashingClient;

use super::act::{Act, Call};
use super::chain::{block_hash, encode, faucet, key, sign};
use super::model::slashing::REFUSED_BLOCK;
use super::model::{Model, genesis_calls};
use super::terms::{
    BASE, CHAIN_ID, EPOCH, FEE, FIRST_VALIDATORS, HALVING, MDT, MIN_STAKE, MINERS_MAX, MINTABLE, NAMES, OWNER,
    PROPOSER, PURSE, REFUSED_HEIGHTS, SHARES, SLASHING, SLASHING_TERMS, TASKS_FULL, THRESHOLD, TREASURE, TREASURY,
    UNBONDING, WINDOW, accounts, address,
};

/// Builds it.
pub(crate) fn genesis() -> Genesis {
    let file = file();
    let mut genesis = GenesisFile::parse(&file.to_toml()).unwrap().build().unwrap();
    assert_eq!(Ok(&genesis), file.build().as_ref(), "the text of the file says the same");
    for contract in &mut genesis.contracts {
        if contract.address != at::MULTISIG {
            contract.arguments = owned(&contract.arguments);
        }
    }
    genesis.calls.extend(first_calls());
    genesis
}

/// The file.
fn file() -> GenesisFile {
    let (
        jail_blocks,
        history_blocks,
        rate_ppm,
        double_sign_ppm,
        invalid_vote_ppm,
        downtime_ppm,
        reporter_ppm,
        burned_ppm,
    ) = SLASHING_TERMS;
    let row = |recipient, share_ppm| SplitRow { recipient, share_ppm };
    let recipients = [Recipient::Miners, Recipient::ClaimingValidators, Recipient::Validators, Recipient::Treasury];
    let allocated = accounts().iter().map(|account| (account.address(), PURSE)).chain([(TREASURY, TREASURE)]);
    let allocation = |(address, amount)| Allocation {
        address: Party::Account(address),
        amount: Balance::new(amount),
        vesting: None,
    };
    let max_supply = NAMES.len() as u128 * PURSE + TREASURE + faucet().1 + MINTABLE;
    let empty = GenesisFile::new(Profile::Mainnet);
    GenesisFile {
        chain: Chain {
            id: CHAIN_ID,
            epoch_blocks: EPOCH,
            max_supply: Balance::new(max_supply),
            proposer: Some(PROPOSER),
            ..empty.chain
        },
        owners: Owners { members: vec![address(OWNER)], required: 1 },
        emission: Emission {
            base: Balance::new(BASE),
            halving_epochs: HALVING,
            quality_threshold_ppm: THRESHOLD,
            tasks_full: TASKS_FULL,
            claim_window_blocks: WINDOW,
            split: recipients.into_iter().zip(SHARES).map(|(recipient, share)| row(recipient, share)).collect(),
            ..empty.emission
        },
        staking: Staking { min_stake: Balance::new(MIN_STAKE), unbonding_blocks: UNBONDING },
        slashing: Slashing {
            jail_blocks,
            history_blocks,
            rate_ppm,
            double_sign_ppm,
            invalid_vote_ppm,
            downtime_ppm,
            reporter_ppm,
            burned_ppm,
        },
        registry: Registry { fee: Balance::new(FEE), miners_max: MINERS_MAX },
        allocations: allocated.map(allocation).collect(),
        validators: FIRST_VALIDATORS.into_iter().map(validator).collect(),
        ..empty
    }
}

fn validator((place, stake, commission_ppm): (usize, u128, u32)) -> ValidatorEntry {
    let (address, key) = (address(place), key(place));
    let proven = Possession { chain_id: CHAIN_ID, validator: address.into_array(), key: key.0 };
    let possession = FixedBytes::from_slice(sign(place, &proven.encode()).map(|half| half.0).as_flattened());
    ValidatorEntry { address, key, possession, stake: Balance::new(stake * MDT), commission_ppm }
}

/// Constructor arguments with the owner's account in the place of the multisignature.
fn owned(arguments: &Bytes) -> Bytes {
    let word = |account: Address| account.into_word();
    let change = |argument: &[u8]| {
        if argument == word(at::MULTISIG).as_slice() { word(address(OWNER)).to_vec() } else { argument.to_vec() }
    };
    arguments.chunks(32).flat_map(change).collect::<Vec<u8>>().into()
}

/// What the file has no place for: the first miners, and the refused blocks.
fn first_calls() -> Vec<GenesisCall> {
    let nobody = Model::genesis(faucet(), Vec::new().into());
    let miners = genesis_calls().into_iter().filter(|call| matches!(call.act, Act::RegisterMiner)).map(|call: Call| {
        let RawCall { to: contract, input, .. } = encode(&call, &nobody);
        GenesisCall { caller: address(call.by), contract, value: Balance::new(call.value), message: input.into() }
    });
    let mut slashing = SlashingClient::new(SLASHING, NativeTransport { caller: SYSTEM });
    let refused = REFUSED_HEIGHTS.map(|height| {
        let message = slashing.on_refused(height, block_hash(REFUSED_BLOCK)).raw().input.clone().into();
        GenesisCall { caller: SYSTEM, contract: SLASHING, value: Balance::ZERO, message }
    });
    miners.chain(refused).collect()
}
