//! Slashes: what they reach, in which proportion, and what they leave alone.

use florin_sdk::Client;

use super::{EPOCH_BLOCKS, MDT, MIN_STAKE, PURSE, Scene, UNBONDING_BLOCKS, refused};
use crate::{Slashed, StakingError};

/// A tenth, the slash of double signing.
const TENTH: u64 = 100_000_000_000;
/// All of it.
const WHOLE: u64 = 1_000_000_000_000;

#[test]
fn a_slash_falls_on_validator_and_delegators_in_proportion() {
    let (scene, [ann, joe]) = Scene::with_validators([("ann", MIN_STAKE), ("joe", MIN_STAKE)]);
    let bob = scene.account("bob");
    scene.delegate(ann, bob, 300 * MDT).unwrap();
    scene.enter_epoch(3);
    assert_eq!(scene.slash(ann, 3, TENTH), 40 * MDT);
    assert_eq!((scene.stake(ann, ann), scene.stake(ann, bob)), (90 * MDT, 270 * MDT));
    assert_eq!((scene.native.balance(scene.slashing), scene.balance()), (40 * MDT, 460 * MDT));
    assert_eq!(scene.stake(joe, joe), MIN_STAKE);
    assert_eq!(scene.native.events_of::<Slashed>(), [Slashed { validator: ann, epoch: 3, amount: 40 * MDT }]);
    // What counts in the running epoch is not changed; the next is without ann, whose own stake is below the minimum.
    assert_eq!([3, 4].map(|epoch| scene.effective(ann, epoch)), [400 * MDT, 0]);
}

#[test]
fn what_unbonds_since_the_offence_loses_its_part_and_what_had_left_before_does_not() {
    let (scene, [ann]) = Scene::with_validators([("ann", 200 * MDT)]);
    let [bob, eve] = ["bob", "eve"].map(|name| scene.account(name));
    scene.delegate(ann, bob, 100 * MDT).unwrap();
    scene.delegate(ann, eve, 100 * MDT).unwrap();
    scene.enter_epoch(3);
    scene.unbond(ann, eve, 100 * MDT).unwrap();
    scene.enter_epoch(5);
    scene.unbond(ann, bob, 50 * MDT).unwrap();
    // In epoch 4 eve's stake did not count any more: 300 MDT did, of which 250 are bonded and 50 unbonding.
    scene.enter_epoch(6);
    assert_eq!(scene.slash(ann, 4, TENTH), 30 * MDT);
    assert_eq!(scene.by(eve).unbonding(ann, eve).view().unwrap().1, 100 * MDT);
    assert_eq!(scene.by(bob).unbonding(ann, bob).view().unwrap().1, 45 * MDT);
    assert_eq!((scene.stake(ann, ann), scene.stake(ann, bob)), (180 * MDT, 45 * MDT));
    // For an offence in epoch 3 eve is within reach: 400 MDT counted, and 370 are left.
    assert_eq!(scene.slash(ann, 3, TENTH), 40 * MDT);
    let left = scene.by(eve).unbonding(ann, eve).view().unwrap().1;
    assert_eq!(left, 100 * MDT - 100 * MDT * 40 / 370);
    scene.enter_epoch(60);
    assert_eq!(scene.withdraw(ann, eve), left);
}

#[test]
fn no_more_is_slashed_than_counted_and_is_still_there() {
    let (scene, [ann]) = Scene::with_validators([("ann", 200 * MDT)]);
    // 200 counted in epoch 2; what came later does not make the slash larger.
    scene.delegate(ann, scene.account("bob"), 1_000 * MDT).unwrap();
    scene.enter_epoch(5);
    assert_eq!(scene.slash(ann, 2, TENTH), 20 * MDT);
    assert_eq!(scene.slash(ann, 1, WHOLE), 0);
    // Unbonded and withdrawn: there is nothing any more.
    scene.enter_epoch(6);
    let bob = scene.account("bob");
    for account in [bob, ann] {
        scene.unbond(ann, account, scene.stake(ann, account)).unwrap();
    }
    scene.native.set_height(7 * EPOCH_BLOCKS + UNBONDING_BLOCKS);
    scene.withdraw(ann, bob);
    scene.withdraw(ann, ann);
    assert!(scene.slash(ann, 6, TENTH) <= 2 && scene.balance() <= 2);
}

#[test]
fn case_105_all_of_a_stake_is_slashed_twice_with_rewards_and_unbondings_pending() {
    let (scene, [ann]) = Scene::with_validators([("ann", 200 * MDT)]);
    let [bob, eve] = ["bob", "eve"].map(|name| scene.account(name));
    scene.delegate(ann, bob, 100 * MDT).unwrap();
    scene.enter_epoch(4);
    scene.reward_whole(3, ann, 3_000);
    scene.unbond(ann, bob, 40 * MDT).unwrap();
    assert_eq!(scene.slash(ann, 4, WHOLE), 300 * MDT);
    assert_eq!(scene.slash(ann, 4, WHOLE), 0);
    // Rewards were earned before and stay; the stake is gone, for good.
    assert_eq!((scene.claim(ann, ann), scene.claim(ann, bob)), (2_000, 1_000));
    assert_eq!((scene.stake(ann, ann), scene.stake(ann, bob), scene.balance()), (0, 0, 0));
    assert_eq!(scene.delegate(ann, eve, MDT), Err(StakingError::Drained));
    scene.enter_epoch(60);
    assert_eq!(scene.withdraw(ann, bob), 0);
}

#[test]
fn case_105_a_queue_of_unbondings_by_many_accounts_is_slashed_in_a_few_steps() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    let accounts: Vec<_> = (0..500).map(|number| scene.account(&format!("account {number}"))).collect();
    for account in &accounts {
        scene.delegate(ann, *account, 1_000).unwrap();
    }
    scene.enter_epoch(3);
    for account in &accounts {
        scene.unbond(ann, *account, 1_000).unwrap();
    }
    let entries = scene.native.storage(scene.staking.address());
    let taken = scene.slash(ann, 3, TENTH);
    let after = scene.native.storage(scene.staking.address());
    // Validator, pool of the epoch, what counts of it and of all: no entry of an account is written.
    let written = after.iter().filter(|entry| !entries.contains(entry)).count();
    assert!(written <= 4, "{written} entries");
    assert_eq!(taken, (MIN_STAKE + 500_000) / 10);
    scene.enter_epoch(60);
    let withdrawn: u128 = accounts.iter().map(|account| scene.withdraw(ann, *account)).sum();
    assert_eq!(withdrawn + scene.stake(ann, ann) + taken, MIN_STAKE + 500_000);
    assert_eq!(scene.native.balance(accounts[0]), PURSE - 100);
}

#[test]
fn only_the_slashing_contract_slashes_and_sets_parameters() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    let only = StakingError::Unauthorized { allowed: scene.slashing };
    for other in [ann, scene.rewards, scene.staking.address()] {
        assert_eq!(refused(scene.by(other).slash(ann, 2, TENTH, 0)), Err(only.clone()));
        assert_eq!(refused(scene.by(other).set_parameters(1, 1)), Err(only.clone()));
    }
    let set = refused(scene.by(scene.slashing).set_parameters(0, 1));
    assert_eq!(set, Err(StakingError::InvalidParameter));
    assert_eq!(scene.bonded(ann), MIN_STAKE);
}
