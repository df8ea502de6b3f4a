//! The attacks on stakes and rewards, by their numbers.

use florin_sdk::Client;

use super::{EPOCH_BLOCKS, MDT, MIN_STAKE, PURSE, Scene, UNBONDING_BLOCKS, refused};
use crate::StakingError;

#[test]
fn case_94_stake_for_one_block_around_a_distribution_earns_nothing() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    let eve = scene.account("eve");
    scene.native.set_height(4 * EPOCH_BLOCKS - 1);
    scene.delegate(ann, eve, 900 * MIN_STAKE).unwrap();
    scene.enter_epoch(4);
    // The distribution for epochs 2 and 3 comes after her stake, which counts from epoch 4.
    scene.reward_whole(2, ann, 1_000_000);
    scene.reward_whole(3, ann, 1_000_000);
    let ready = scene.unbond(ann, eve, 900 * MIN_STAKE).unwrap();
    assert_eq!((scene.claim(ann, eve), scene.claim(ann, ann)), (0, 2_000_000));
    // It is bound for the whole unbonding period, and staking and unstaking within one block earns nothing either.
    assert_eq!(ready, 5 * EPOCH_BLOCKS + UNBONDING_BLOCKS);
    scene.delegate(ann, eve, MIN_STAKE).unwrap();
    scene.unbond(ann, eve, MIN_STAKE).unwrap();
    scene.enter_epoch(9);
    scene.reward_whole(5, ann, 1_000_000);
    assert_eq!((scene.owed(ann, eve), scene.owed(ann, ann)), (0, 1_000_000));
}

#[test]
fn case_94_a_catch_up_of_missed_epochs_pays_those_who_were_there() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    let eve = scene.account("eve");
    scene.enter_epoch(50);
    scene.delegate(ann, eve, 900 * MIN_STAKE).unwrap();
    scene.enter_epoch(52);
    for epoch in 2..50 {
        scene.reward_whole(epoch, ann, 1_000);
    }
    assert_eq!((scene.owed(ann, eve), scene.owed(ann, ann)), (0, 48_000));
}

#[test]
fn case_94_a_staker_of_one_wei_gets_its_part_and_no_more() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    let eve = scene.account("eve");
    scene.delegate(ann, eve, 1).unwrap();
    scene.enter_epoch(5);
    scene.reward_whole(3, ann, MIN_STAKE);
    // Just below a wei, then just below two.
    assert_eq!(scene.owed(ann, eve), 0);
    scene.reward_whole(4, ann, MIN_STAKE + 1);
    assert_eq!((scene.owed(ann, eve), scene.owed(ann, ann)), (1, 2 * MIN_STAKE - 1));
}

#[test]
fn case_95_a_new_staker_has_no_part_in_earlier_rewards() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    let [bob, eve] = ["bob", "eve"].map(|name| scene.account(name));
    scene.delegate(ann, bob, MIN_STAKE).unwrap();
    scene.enter_epoch(20);
    for epoch in 2..19 {
        scene.reward_whole(epoch, ann, 1_000);
    }
    scene.delegate(ann, eve, MIN_STAKE).unwrap();
    assert_eq!(scene.owed(ann, eve), 0);
    // An account is settled before its stake changes: nothing is lost and nothing is gained by it.
    let owed = scene.owed(ann, bob);
    scene.delegate(ann, bob, 5 * MIN_STAKE).unwrap();
    assert_eq!((scene.owed(ann, bob), owed), (owed, 16 * 500));
    scene.enter_epoch(22);
    scene.reward_whole(19, ann, 1_000);
    scene.reward_whole(20, ann, 1_000);
    scene.reward_whole(21, ann, 8_000);
    assert_eq!([bob, eve].map(|delegator| scene.owed(ann, delegator)), [owed + 1_000 + 6_000, 1_000]);
}

#[test]
fn case_96_splitting_a_stake_or_claiming_often_gains_nothing() {
    let (scene, [ann]) = Scene::with_validators([("ann", 101 * MDT + 7)]);
    let [bob, eve] = ["bob", "eve"].map(|name| scene.account(name));
    scene.delegate(ann, bob, 1_009).unwrap();
    scene.delegate(ann, eve, 1_009).unwrap();
    let mut claimed = 0;
    for epoch in 3..203 {
        scene.enter_epoch(epoch + 1);
        scene.reward_whole(epoch, ann, 77_777_777 + u128::from(epoch));
        claimed += scene.claim(ann, bob);
    }
    let at_once = scene.claim(ann, eve);
    assert!(claimed <= at_once && at_once - claimed <= 200, "{claimed} against {at_once}");
    // A thousand delegations and unbondings of a wei bring back what was put in, and no wei more.
    let before = scene.native.balance(bob);
    for _ in 0..500 {
        scene.delegate(ann, bob, 1).unwrap();
        scene.unbond(ann, bob, 1).unwrap();
    }
    scene.enter_epoch(300);
    assert_eq!(scene.withdraw(ann, bob), 500);
    assert_eq!(scene.native.balance(bob), before);
}

#[test]
fn case_97_a_donation_to_the_contract_changes_nobodys_stake() {
    // The first validator stakes the minimum and donates as much as there is; a victim stakes after it.
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    let bob = scene.account("bob");
    scene.native.fund(scene.staking.address(), scene.balance() + 1_000_000_000_000_000_000);
    scene.delegate(ann, bob, 3).unwrap();
    assert_eq!((scene.stake(ann, bob), scene.stake(ann, ann)), (3, MIN_STAKE));
    scene.unbond(ann, bob, 3).unwrap();
    scene.enter_epoch(60);
    assert_eq!((scene.withdraw(ann, bob), scene.native.balance(bob)), (3, PURSE));
    assert_eq!(scene.bonded(ann), MIN_STAKE);
}

#[test]
fn case_98_amounts_at_the_maximum_supply_neither_trap_nor_round_wrong() {
    let scene = Scene::new();
    let supply = 21_000_000 * MDT;
    let [ann, bob] = ["ann", "bob"].map(|name| scene.account(name));
    scene.native.fund(bob, supply);
    scene.native.fund(scene.rewards, supply);
    scene.register("ann", MIN_STAKE, 0).unwrap();
    scene.delegate(ann, bob, supply).unwrap();
    scene.enter_epoch(3);
    scene.reward_whole(2, ann, supply);
    let owed = [ann, bob].map(|delegator| scene.owed(ann, delegator));
    let exact = supply * MIN_STAKE / (supply + MIN_STAKE);
    assert!(owed[0].abs_diff(exact) <= 1 && owed[0] + owed[1] <= supply && owed[0] + owed[1] + 2 >= supply);
    assert_eq!(scene.slash(ann, 2, 1_000_000_000_000), supply + MIN_STAKE);
}

#[test]
fn case_102_what_unbonds_or_moves_after_an_offence_is_still_slashed() {
    let (scene, [ann]) = Scene::with_validators([("ann", 1_000 * MDT)]);
    scene.native.set_height(29);
    // The offence is in epoch 2. The offender runs in the very same epoch, with a commission of everything, and tops up.
    refused(scene.by(ann).set_commission(1_000_000)).unwrap();
    let ready = scene.unbond(ann, ann, 900 * MDT).unwrap();
    // The last block in which evidence for the last block of epoch 2 counts is before the stake is free.
    assert!(29 + UNBONDING_BLOCKS < ready);
    scene.native.set_height(29 + UNBONDING_BLOCKS);
    assert_eq!(scene.withdraw(ann, ann), 0);
    scene.delegate(ann, ann, 5_000 * MDT).unwrap();
    assert_eq!(scene.slash(ann, 2, 100_000_000_000), 100 * MDT);
    let left = scene.by(ann).unbonding(ann, ann).view().unwrap().1 + scene.stake(ann, ann);
    assert!(left <= 5_900 * MDT && left + 2 >= 5_900 * MDT);
}

#[test]
fn case_106_parameters_of_the_middle_of_an_epoch_wait_for_the_next() {
    let (scene, [ann]) = Scene::with_validators([("ann", 2 * MIN_STAKE)]);
    scene.native.set_height(25);
    refused(scene.by(scene.slashing).set_parameters(3 * MIN_STAKE, 1)).unwrap();
    // Bob registers by the old minimum and counts from epoch 3: for that epoch the new one holds.
    assert_eq!(
        scene.register("bob", MIN_STAKE, 0),
        Err(StakingError::BelowMinimum { stake: MIN_STAKE, min_stake: 3 * MIN_STAKE })
    );
    // Ann was in the set by the old minimum and stays.
    assert_eq!([2, 3, 4].map(|epoch| scene.effective(ann, epoch)), [2 * MIN_STAKE; 3]);
    assert_eq!(scene.unbond(ann, ann, 2 * MIN_STAKE), Ok(30 + UNBONDING_BLOCKS));
    // A second change in the same epoch replaces the first.
    refused(scene.by(scene.slashing).set_parameters(MIN_STAKE, UNBONDING_BLOCKS)).unwrap();
    scene.register("bob", MIN_STAKE, 0).unwrap();
}

#[test]
fn case_107_no_message_of_others_listens_to_an_outsider() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    let eve = scene.account("eve");
    scene.enter_epoch(3);
    let slashing = StakingError::Unauthorized { allowed: scene.slashing };
    let rewards = StakingError::Unauthorized { allowed: scene.rewards };
    let mut hers = scene.by(eve);
    assert_eq!(refused(hers.slash(ann, 2, 1, 0)), Err(slashing.clone()));
    assert_eq!(refused(hers.set_parameters(1, 1)), Err(slashing));
    assert_eq!(refused(hers.reward(2, ann).value(1)), Err(rewards.clone()));
    assert_eq!(refused(hers.close_epoch(2)), Err(rewards));
    assert_eq!(refused(hers.set_commission(1)), Err(StakingError::UnknownValidator { validator: eve }));
    assert_eq!(refused(hers.unbond(ann, 1)), Err(StakingError::InsufficientStake { amount: 1, stake: 0 }));
    assert_eq!((hers.withdraw(ann).send(), hers.claim_rewards(ann).send()), (Ok(0), Ok(0)));
}
