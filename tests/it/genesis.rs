//! The genesis of a file on a chain: contracts that know each other, validators that count, hooks that run, a supply that adds up.

use florin::genesis::address::{CLAIMS, EMISSION, MULTISIG, RECYCLING, REGISTRY, SLASHING, STAKING, TREASURY};
use florin::genesis::{Allocation, Contract, GenesisFile, Party, Profile, ValidatorEntry};
use florin::keys::ConsensusKey;
use florin_claims::ClaimsClient;
use florin_emission::{EmissionClient, EpochSettled};
use florin_multisig::MultisigClient;
use florin_recycling::RecyclingClient;
use florin_registry::RegistryClient;
use florin_sandbox::{Account, Address, B256, Balance, Client, Sandbox, Status, WEI_PER_MDT as MDT};
use florin_slashing::SlashingClient;
use florin_staking::StakingClient;
use florin_tokenomics::commitment::Commitment;
use florin_tokenomics::{ClaimTree, Scope};
use florin_treasury::TreasuryClient;

/// The money of the sandbox's own accounts.
const SANDBOX: u128 = 10_000_000 * MDT;

/// Returns a profile with the pieces that a template leaves to its operators: those of the file for development.
fn complete(profile: Profile) -> GenesisFile {
    let dev = GenesisFile::new(Profile::Dev);
    let mut file = GenesisFile::new(profile);
    file.chain.proposer = dev.chain.proposer;
    file.owners = dev.owners;
    file.allocations = dev.allocations;
    file.validators = (0..)
        .zip(&dev.validators)
        .map(|(number, entry)| {
            let key = ConsensusKey::derive(florin::genesis::profile::DEV_SEED, "validator", number).unwrap();
            ValidatorEntry::new(file.chain.id, entry.address, &key, entry.stake, entry.commission_ppm)
        })
        .collect();
    file
}

/// Starts the chain of a file.
fn start(file: &GenesisFile) -> (Sandbox, Account) {
    let sandbox = Sandbox::builder().genesis(file.build().unwrap()).build().unwrap();
    let anybody = sandbox.account("anybody");
    (sandbox, anybody)
}

/// Returns what everybody holds: those whom the file names, the contracts, and the accounts of the sandbox.
fn held(sandbox: &Sandbox, file: &GenesisFile, others: &[Address]) -> u128 {
    let mut holders: Vec<Address> = file.allocations.iter().map(|entry| entry.address.address()).collect();
    holders.extend(Contract::ALL.map(Contract::address));
    holders.extend(file.chain.proposer);
    holders.extend(others);
    holders.sort_unstable();
    holders.dedup();
    holders.iter().map(|holder| sandbox.balance(*holder).unwrap().wei()).sum()
}

#[test]
fn every_profile_starts_a_chain_whose_validators_count_in_epoch_0() {
    for profile in Profile::ALL {
        let file = complete(profile);
        let (sandbox, anybody) = start(&file);
        let mut staking = StakingClient::new(STAKING, sandbox.by(&anybody));
        let (mut addresses, keys, stakes) = staking.validators(0, Address::ZERO, 128).view().unwrap();
        assert_eq!((addresses.len(), keys.len()), (4, 4), "{}", profile.name());
        assert_eq!(stakes, [5_000 * MDT; 4]);
        let mut expected: Vec<Address> = file.validators.iter().map(|entry| entry.address).collect();
        expected.sort_unstable();
        addresses.sort_unstable();
        assert_eq!(addresses, expected);
        for entry in &file.validators {
            let (key, stake, own, commission, _, is_in) = staking.validator(entry.address).view().unwrap();
            assert_eq!((key, stake, own), (entry.key, 5_000 * MDT, 5_000 * MDT));
            assert_eq!((commission, is_in), (50_000, true));
        }
        assert_eq!(sandbox.balance(expected[0]).unwrap().wei(), 5_000 * MDT);
    }
}

#[test]
fn a_hook_of_the_emission_that_could_never_begin_a_step_is_refused() {
    let mut file = GenesisFile::new(Profile::Dev);
    let hook = file.hooks.iter_mut().find(|hook| hook.contract == Party::Contract(Contract::Emission)).unwrap();
    hook.gas_limit = florin_emission::machine::STEP_GAS;
    let problems = file.build().unwrap_err().problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].key, "hooks[1].gas_limit");
}

#[test]
fn the_hooks_of_every_profile_succeed_and_the_supply_adds_up_in_every_block() {
    for profile in Profile::ALL {
        let file = complete(profile);
        let (sandbox, anybody) = start(&file);
        let faucet = Account::named("faucet").address();
        let allocated: u128 = file.allocations.iter().map(|entry| entry.amount.wei()).sum();
        let mut settled = Vec::new();
        // Four validators, and all of them sign.
        sandbox.set_parent_signers(&[0b1111]);
        for _ in 0..120 {
            sandbox.advance(1).unwrap();
            let receipts = sandbox.hook_receipts();
            assert_eq!(receipts.len(), 3);
            for (receipt, hook) in receipts.iter().zip(&file.hooks) {
                assert_eq!(receipt.contract, hook.contract.address());
                assert_eq!(receipt.status, Status::Success, "block {}: {receipt:?}", sandbox.height());
                assert!(receipt.gas_used.0 < hook.gas_limit);
            }
            settled.extend(sandbox.hook_events_of::<EpochSettled>().into_iter().map(|event| event.epoch));
            let supply = sandbox.supply().unwrap();
            assert_eq!(supply.genesis.wei(), allocated + SANDBOX);
            let held = held(&sandbox, &file, &[faucet, anybody.address()]);
            assert_eq!(supply.circulating().unwrap().wei(), held, "block {}", sandbox.height());
        }
        assert_eq!(settled, [0], "{}: epoch 0 is due in block 100", profile.name());
    }
}

#[test]
fn signatures_of_the_parent_reach_the_slashing_contract() {
    let file = GenesisFile::new(Profile::Dev);
    let (sandbox, anybody) = start(&file);
    let mut addresses: Vec<Address> = file.validators.iter().map(|entry| entry.address).collect();
    addresses.sort_unstable();
    sandbox.set_parent_signers(&[0b0101]);
    sandbox.advance(10).unwrap();
    let mut slashing = SlashingClient::new(SLASHING, sandbox.by(&anybody));
    let signed: Vec<u32> =
        addresses.iter().map(|validator| slashing.signatures(*validator).view().unwrap().0).collect();
    assert!(signed[0] >= 9 && signed[2] == signed[0], "{signed:?}");
    assert_eq!((signed[1], signed[3]), (0, 0));
}

#[test]
fn the_multisignature_owns_what_has_an_owner_and_the_grants_are_the_treasurys() {
    let file = GenesisFile::new(Profile::Dev);
    let (sandbox, anybody) = start(&file);
    let by = || sandbox.by(&anybody);
    assert_eq!(MultisigClient::new(MULTISIG, by()).owners().view().unwrap(), file.owners.members);
    assert_eq!(MultisigClient::new(MULTISIG, by()).required().view().unwrap(), 2);
    let owners = [
        TreasuryClient::new(TREASURY, by()).owner().view().unwrap(),
        SlashingClient::new(SLASHING, by()).owner().view().unwrap(),
        RegistryClient::new(REGISTRY, by()).owner().view().unwrap(),
        EmissionClient::new(EMISSION, by()).owner().view().unwrap(),
        RecyclingClient::new(RECYCLING, by()).owner().view().unwrap(),
    ];
    assert_eq!(owners, [MULTISIG; 5]);
    let mut treasury = TreasuryClient::new(TREASURY, by());
    assert_eq!(treasury.budget().view().unwrap(), (1_100_000 * MDT, 100_000 * MDT, 1_000_000 * MDT, 0));
    let (holder, total, at_start, _, cliff, length, is_revocable, ..) = treasury.grant_of(0).view().unwrap();
    assert_eq!(holder, file.allocations.last().unwrap().address.address());
    assert_eq!((total, at_start, cliff, length, is_revocable), (100_000 * MDT, 10_000 * MDT, 7_200, 216_000, true));
    assert_eq!(treasury.release(0).send().unwrap(), 10_000 * MDT);
}

/// Miners, validators with their delegators' contract, and the treasury get an epoch of full work, through every contract.
#[test]
fn work_of_an_epoch_is_paid_to_miners_validators_and_treasury() {
    let mut file = GenesisFile::new(Profile::Dev);
    file.chain.epoch_blocks = 10;
    file.validators.clear();
    let validators = ["ann", "bob"].map(Account::named);
    for validator in &validators {
        let key = ConsensusKey::derive(1, validator.name(), 0).unwrap();
        let (address, stake) = (validator.address(), Balance::new(500 * MDT));
        let amount = Balance::new(1_000 * MDT);
        file.allocations.push(Allocation { address: Party::Account(address), amount, vesting: None });
        file.validators.push(ValidatorEntry::new(file.chain.id, address, &key, stake, 0));
    }
    let (sandbox, miner) = start(&file);
    let registry = |account: &Account| RegistryClient::new(REGISTRY, sandbox.by(account));
    registry(&miner).register().value(MDT).send().unwrap();
    sandbox.advance_to(9).unwrap();

    // Epoch 1 is worked in, weights and reports of it come in epoch 2, and with epoch 3 it is settled.
    let weights = vec![B256::from_slice(&[&1_000_000_u32.to_be_bytes()[..], &[0; 28]].concat())];
    for validator in &validators {
        let head = Commitment {
            chain_id: file.chain.id,
            contract: REGISTRY.into_array(),
            epoch: 1,
            validator: validator.address().into_array(),
            salt: [7; 32],
        };
        let commitment = alloy_primitives::keccak256(head.encode(weights[0].as_slice()));
        registry(validator).commit(commitment).send().unwrap();
    }
    sandbox.advance_to(19).unwrap();
    for validator in &validators {
        registry(validator).reveal(B256::repeat_byte(7), weights.clone()).send().unwrap();
        registry(validator).report(10_000, 1_000_000, 1_000_000, 1_000_000).send().unwrap();
    }
    let settled = loop {
        sandbox.advance(1).unwrap();
        for receipt in sandbox.hook_receipts() {
            assert_eq!(receipt.status, Status::Success, "block {}: {receipt:?}", sandbox.height());
        }
        let settled = sandbox.hook_events_of::<EpochSettled>().into_iter().find(|event| event.epoch == 1);
        if let Some(settled) = settled {
            break settled;
        }
        assert!(sandbox.height() < 40);
    };
    assert_eq!(settled.figures, (50 * MDT, 0, 50 * MDT, MDT, 49 * MDT), "the fee of the registration comes first");
    assert_eq!(settled.pools, [20 * MDT, 20 * MDT, 10 * MDT]);
    let mut staking = StakingClient::new(STAKING, sandbox.by(&miner));
    for validator in &validators {
        let address = validator.address();
        assert_eq!(staking.delegation(address, address).view().unwrap(), (500 * MDT, 10 * MDT));
    }
    let scope = Scope { chain_id: file.chain.id, contract: CLAIMS.into_array(), campaign: 1 };
    let tree = ClaimTree::from_allocations(scope, &[(miner.address().into_array(), 20 * MDT)]).unwrap();
    assert_eq!(settled.root.0, tree.root());
    let before = sandbox.balance(miner.address()).unwrap().wei();
    let mut claims = ClaimsClient::new(CLAIMS, sandbox.by(&validators[0]));
    claims.claim(1, 0, miner.address(), 20 * MDT, Vec::new()).send().unwrap();
    assert_eq!(sandbox.balance(miner.address()).unwrap().wei(), before + 20 * MDT);
    assert_eq!(TreasuryClient::new(TREASURY, sandbox.by(&miner)).budget().view().unwrap().0, 1_100_010 * MDT);
}
