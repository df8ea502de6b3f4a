//! The staking contract, as Wasm on the chain.

use florin_sandbox::{Address, Client, ExpectRevert};
use florin_sdk::Contract;
use florin_staking::{Staking, StakingError, Withdrawn};

use crate::economy::{EPOCH_BLOCKS, Economy, MDT, UNBONDING_BLOCKS};

#[test]
fn stake_earns_unbonds_and_comes_back_to_the_wei() {
    let (economy, [ann]) = Economy::with_validators([("ann", 300)]);
    let bob = economy.sandbox.account("bob");
    let (staking, contract) = (economy.staking.by(&bob), economy.staking.address());
    let mut staking = staking;
    staking.delegate(ann.address()).value(100 * MDT).send().unwrap();
    let earning = economy.next_epoch();
    economy.next_epoch();
    let mut rewards = economy.staking.by(&economy.rewards);
    rewards.reward(earning, ann.address()).value(1_000).send().unwrap();
    rewards.close_epoch(earning).send().unwrap();
    assert_eq!(economy.holding(&ann, &bob), (100 * MDT, 250));
    assert_eq!(economy.holding(&ann, &ann), (300 * MDT, 750));
    assert_eq!(economy.balance(contract), 400 * MDT + 1_000);

    let before = economy.balance(&bob);
    assert_eq!(staking.claim_rewards(ann.address()).send().unwrap(), 250);
    assert_eq!(economy.balance(&bob), before + 250 - economy.fee());
    let ready = staking.unbond(ann.address(), 100 * MDT).send().unwrap();
    assert_eq!(ready, (economy.sandbox.height() / EPOCH_BLOCKS + 1) * EPOCH_BLOCKS + UNBONDING_BLOCKS);
    economy.sandbox.advance_to(ready - 2).unwrap();
    assert_eq!(staking.withdraw(ann.address()).send().unwrap(), 0);
    assert_eq!(staking.withdraw(ann.address()).send().unwrap(), 100 * MDT);
    let event = Withdrawn { validator: ann.address(), delegator: bob.address(), amount: 100 * MDT };
    assert_eq!(economy.sandbox.last_receipt().unwrap().events_of::<Withdrawn>(), [event]);
    assert_eq!(economy.balance(contract), 300 * MDT + 750);
}

#[test]
fn case_94_stake_around_a_distribution_earns_nothing() {
    let (economy, [ann]) = Economy::with_validators([("ann", 100)]);
    let eve = economy.sandbox.account("eve");
    let earned = economy.epoch();
    // Her stake comes in the last block of the epoch, the distribution right behind it.
    economy.sandbox.advance_to((earned + 1) * EPOCH_BLOCKS - 2).unwrap();
    let mut hers = economy.staking.by(&eve);
    hers.delegate(ann.address()).value(900 * MDT).send().unwrap();
    let mut rewards = economy.staking.by(&economy.rewards);
    rewards.reward(earned, ann.address()).value(1_000_000).send().unwrap();
    rewards.close_epoch(earned).send().unwrap();
    hers.unbond(ann.address(), 900 * MDT).send().unwrap();
    assert_eq!(hers.claim_rewards(ann.address()).send().unwrap(), 0);
    assert_eq!(economy.holding(&ann, &ann).1, 1_000_000);
}

#[test]
fn case_96_dust_of_many_rewards_stays_in_the_contract() {
    let (economy, [ann]) = Economy::with_validators([("ann", 100)]);
    let [bob, eve] = economy.sandbox.accounts(["bob", "eve"]);
    economy.staking.by(&bob).delegate(ann.address()).value(7).send().unwrap();
    economy.staking.by(&eve).delegate(ann.address()).value(33 * MDT + 1).send().unwrap();
    economy.next_epoch();
    let (mut rewards, mut paid) = (economy.staking.by(&economy.rewards), 0);
    for round in 0..12_u128 {
        let earned = economy.epoch();
        economy.next_epoch();
        let amount = 77_777_777 + round;
        rewards.reward(earned, ann.address()).value(amount).send().unwrap();
        rewards.close_epoch(earned).send().unwrap();
        paid += amount;
        let held = [&ann, &bob, &eve].map(|account| economy.holding(&ann, account));
        let owned: u128 = held.iter().map(|(stake, owed)| stake + owed).sum();
        let balance = economy.balance(economy.staking.address());
        assert!(owned <= balance && balance - owned <= 3);
        let owed: u128 = held.iter().map(|(_, owed)| owed).sum();
        assert!(owed <= paid && paid - owed <= 3);
    }
}

#[test]
fn case_107_outsiders_are_refused_on_the_chain() {
    let (economy, [ann]) = Economy::with_validators([("ann", 100)]);
    let eve = economy.sandbox.account("eve");
    let mut hers = economy.staking.by(&eve);
    let epoch = economy.epoch() - 1;
    let only = |allowed: Address| StakingError::Unauthorized { allowed };
    let slashing = economy.slashing.address();
    assert_eq!(*hers.slash(ann.address(), epoch, 1, 0).send().expect_revert(), only(slashing));
    assert_eq!(*hers.set_parameters(1, 1).send().expect_revert(), only(slashing));
    let rewards = only(economy.rewards.address());
    assert_eq!(*hers.reward(epoch, ann.address()).value(1).send().expect_revert(), rewards);
    assert_eq!(*hers.close_epoch(epoch).send().expect_revert(), rewards);
    assert_eq!(economy.balance(economy.staking.address()), 100 * MDT);
}

#[test]
fn a_proof_of_possession_of_somebody_else_registers_nobody() {
    let economy = Economy::new();
    let [ann, eve] = economy.sandbox.accounts(["ann", "eve"]);
    let (key, possession) = economy.possession(&ann);
    let mut hers = economy.staking.by(&eve);
    let error = hers.register(key, possession, 0).value(100 * MDT).send().expect_revert();
    assert_eq!(*error, StakingError::InvalidPossession);
}

#[test]
fn every_artifact_of_the_economy_is_below_40_kilobytes() {
    let sizes = [
        (Staking::NAME, florin_sandbox::artifact::<Staking>().unwrap().len()),
        ("slashing", florin_sandbox::artifact::<florin_slashing::Slashing>().unwrap().len()),
        ("registry", florin_sandbox::artifact::<florin_registry::Registry>().unwrap().len()),
    ];
    for (name, bytes) in sizes {
        assert!(bytes < 40 << 10, "{name} has {bytes} bytes");
    }
}
