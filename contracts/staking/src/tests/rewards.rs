//! Rewards: who gets them, when, and to which wei.

use super::{MDT, MIN_STAKE, Scene, refused};
use crate::{Rewarded, RewardsClaimed, SPANS_MAX, StakingError};

#[test]
fn a_reward_goes_to_validator_and_delegators_by_stake_after_the_commission() {
    let scene = Scene::new();
    scene.register("ann", MIN_STAKE, 100_000).unwrap();
    let [ann, bob] = ["ann", "bob"].map(|name| scene.account(name));
    scene.delegate(ann, bob, 3 * MIN_STAKE).unwrap();
    scene.enter_epoch(3);
    scene.reward(2, ann, 1_000).unwrap();
    // Not before the epoch is complete.
    assert_eq!((scene.owed(ann, ann), scene.owed(ann, bob)), (100, 0));
    scene.by(scene.rewards).close_epoch(2).send().unwrap();
    assert_eq!((scene.owed(ann, ann), scene.owed(ann, bob)), (100 + 225, 675));
    let before = scene.native.balance(bob);
    assert_eq!((scene.claim(ann, bob), scene.claim(ann, bob)), (675, 0));
    assert_eq!(scene.native.balance(bob), before + 675);
    assert_eq!(scene.claim(ann, ann), 325);
    assert_eq!(scene.balance(), 4 * MIN_STAKE);
    let rewarded = Rewarded { validator: ann, epoch: 2, amount: 1_000, commission: 100 };
    assert_eq!(scene.native.events_of::<Rewarded>(), [rewarded]);
    let claimed = RewardsClaimed { validator: ann, delegator: bob, amount: 675 };
    assert_eq!(scene.native.events_of::<RewardsClaimed>()[0], claimed);
}

#[test]
fn what_is_too_little_for_the_index_is_carried_to_the_next_reward() {
    // 7 wei over a stake of 3 * 100 MDT, again and again: the index rounds down, the rest is not lost.
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    let [bob, eve] = ["bob", "eve"].map(|name| scene.account(name));
    scene.delegate(ann, bob, MIN_STAKE).unwrap();
    scene.delegate(ann, eve, MIN_STAKE).unwrap();
    for epoch in 3..303 {
        scene.enter_epoch(epoch + 1);
        scene.reward_whole(epoch, ann, 7);
    }
    let owed = [ann, bob, eve].map(|delegator| scene.owed(ann, delegator));
    assert_eq!(owed, [700, 700, 700]);
}

#[test]
fn a_reward_of_an_epoch_is_paid_once_in_order_and_by_the_rewards_contract_alone() {
    let (scene, [ann, bob]) = Scene::with_validators([("ann", MIN_STAKE), ("bob", MIN_STAKE)]);
    scene.enter_epoch(6);
    scene.reward(3, ann, 5).unwrap();
    assert_eq!(scene.reward(3, ann, 5), Err(StakingError::AlreadyRewarded { validator: ann, epoch: 3 }));
    scene.reward(3, bob, 5).unwrap();
    scene.reward(4, bob, 5).unwrap();
    // Epoch 4 was begun: epoch 3 is over. Epoch 6 is running.
    assert_eq!(scene.reward(3, ann, 5), Err(StakingError::EpochClosed { epoch: 3, open_epoch: 4 }));
    assert_eq!(scene.reward(6, ann, 5), Err(StakingError::EpochClosed { epoch: 6, open_epoch: 4 }));
    let early = refused(scene.by(scene.rewards).close_epoch(6));
    assert_eq!(early, Err(StakingError::EpochClosed { epoch: 6, open_epoch: 4 }));
    refused(scene.by(scene.rewards).close_epoch(5)).unwrap();
    assert_eq!(scene.reward(5, ann, 5), Err(StakingError::EpochClosed { epoch: 5, open_epoch: 6 }));
    let eve = scene.account("eve");
    let only = StakingError::Unauthorized { allowed: scene.rewards };
    assert_eq!(refused(scene.by(eve).reward(5, ann).value(5)), Err(only.clone()));
    assert_eq!(refused(scene.by(eve).close_epoch(5)), Err(only));
    assert_eq!(scene.balance(), 2 * MIN_STAKE + 15);
}

#[test]
fn who_was_not_in_the_set_is_not_paid() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    scene.enter_epoch(3);
    assert_eq!(scene.reward(1, ann, 5), Err(StakingError::NotEffective { validator: ann, epoch: 1 }));
    let bob = scene.account("bob");
    assert_eq!(scene.reward(2, bob, 5), Err(StakingError::NotEffective { validator: bob, epoch: 2 }));
    assert_eq!(scene.balance(), MIN_STAKE);
}

#[test]
fn who_has_left_since_still_gets_the_rewards_of_its_epochs() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    let bob = scene.account("bob");
    scene.delegate(ann, bob, MIN_STAKE).unwrap();
    scene.enter_epoch(3);
    scene.unbond(ann, bob, MIN_STAKE).unwrap();
    scene.enter_epoch(9);
    for epoch in 2..6 {
        scene.reward_whole(epoch, ann, 100);
    }
    // Bob's stake counted in epoch 3 alone.
    assert_eq!((scene.owed(ann, bob), scene.owed(ann, ann)), (50, 350));
}

#[test]
fn changes_wait_for_the_rewards_of_their_epochs_and_only_so_many() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    let bob = scene.account("bob");
    let last = u64::from(SPANS_MAX) + 1;
    for epoch in 2..last {
        scene.enter_epoch(epoch);
        scene.delegate(ann, bob, MDT).unwrap();
    }
    scene.enter_epoch(last);
    assert_eq!(scene.delegate(ann, bob, MDT), Err(StakingError::TooManyChanges));
    // Once the rewards of the first epochs are in, there is room again; nothing is lost.
    let mut expected = 0;
    for epoch in 2..last {
        scene.reward_whole(epoch, ann, 1_000_000);
        let stake = u128::from(epoch - 2) * MDT;
        expected += 1_000_000 * stake / (MIN_STAKE + stake);
    }
    let owed = scene.owed(ann, bob);
    assert!(owed <= expected + 1 && expected - owed < last.into());
    scene.delegate(ann, bob, MDT).unwrap();
}
