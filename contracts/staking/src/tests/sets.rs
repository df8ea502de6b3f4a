//! The set of an epoch: pages, order, totals, places, bounds, jail.

use florin_sdk::Address;

use super::{MIN_STAKE, Scene, key, public, refused};
use crate::{MEMBERS_MAX, RETIRE_EPOCHS, StakingError};

/// The set of an epoch, by pages of a size.
fn set(scene: &Scene, epoch: u64, limit: u32) -> Vec<(Address, u128)> {
    let (mut set, mut after) = (Vec::new(), Address::ZERO);
    loop {
        let (validators, keys, stakes) = scene.by(scene.rewards).validators(epoch, after, limit).view().unwrap();
        assert_eq!((keys.len(), stakes.len()), (validators.len(), validators.len()));
        set.extend(validators.iter().copied().zip(stakes));
        match validators.last() {
            Some(last) if validators.len() == limit as usize => after = *last,
            _ => return set,
        }
    }
}

#[test]
fn a_set_is_in_the_order_of_the_addresses_in_pages_of_any_size() {
    let names = ["ann", "bob", "eve", "joe", "kim"];
    let (scene, addresses) = Scene::with_validators(names.map(|name| (name, MIN_STAKE)));
    let mut sorted = addresses;
    sorted.sort();
    let expected: Vec<_> = sorted.iter().map(|validator| (*validator, MIN_STAKE)).collect();
    for limit in [1, 2, 5, 6, 128, 1_000] {
        assert_eq!(set(&scene, 2, limit), expected);
    }
    assert_eq!(set(&scene, 1, 10), []);
    let (_, keys, _) = scene.by(scene.rewards).validators(2, Address::ZERO, 9).view().unwrap();
    let name = |address| names.into_iter().find(|name| scene.native.account(name) == address).unwrap();
    assert_eq!(keys, sorted.map(|address| public(&key(name(address)))));
    for (place, validator) in sorted.into_iter().enumerate() {
        let found = scene.by(scene.rewards).place(validator, 2).view().unwrap();
        assert_eq!(found, u32::try_from(place).unwrap());
        assert_eq!(scene.by(scene.rewards).place(validator, 1).view(), Ok(u32::MAX));
    }
}

#[test]
fn the_quorum_is_the_least_stake_above_two_thirds() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    for extra in 0..7 {
        let (total, quorum) = scene.by(ann).total_stake(3 + extra).view().unwrap();
        assert!(3 * quorum > 2 * total && 3 * (quorum - 1) <= 2 * total);
        scene.enter_epoch(3 + extra);
        scene.delegate(ann, scene.account("bob"), 1).unwrap();
    }
    assert_eq!(scene.by(ann).total_stake(0).view(), Ok((0, 1)));
}

#[test]
fn a_commission_changes_with_the_next_epoch() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    refused(scene.by(ann).set_commission(500_000)).unwrap();
    let too_much = StakingError::InvalidParameter;
    assert_eq!(refused(scene.by(ann).set_commission(1_000_001)), Err(too_much));
    scene.enter_epoch(4);
    scene.reward_whole(2, ann, 1_000);
    scene.reward_whole(3, ann, 1_000);
    // Epoch 2 without, epoch 3 with the commission; ann is her own only delegator.
    assert_eq!(scene.owed(ann, ann), 2_000);
    let bob = scene.account("bob");
    let unknown = StakingError::UnknownValidator { validator: bob };
    assert_eq!(refused(scene.by(bob).set_commission(1)), Err(unknown));
}

#[test]
fn a_jailed_validator_leaves_the_set_with_the_next_epoch_and_comes_back_when_its_time_is_over() {
    let (scene, [ann, bob]) = Scene::with_validators([("ann", MIN_STAKE * 3), ("bob", MIN_STAKE)]);
    scene.by(scene.slashing).slash(ann, 2, 0, 47).send().unwrap();
    assert_eq!([2, 3].map(|epoch| scene.effective(ann, epoch)), [MIN_STAKE * 3, 0]);
    assert_eq!((scene.total(2), scene.total(3)), (MIN_STAKE * 4, MIN_STAKE));
    assert_eq!(set(&scene, 3, 10), [(bob, MIN_STAKE)]);
    // More stake does not bring it back.
    scene.delegate(ann, ann, MIN_STAKE).unwrap();
    assert_eq!(scene.effective(ann, 3), 0);
    scene.native.set_height(46);
    assert_eq!(refused(scene.by(ann).unjail()), Err(StakingError::Jailed { until: 47 }));
    scene.native.set_height(47);
    refused(scene.by(ann).unjail()).unwrap();
    assert_eq!([4, 5].map(|epoch| scene.effective(ann, epoch)), [0, MIN_STAKE * 4]);
    assert_eq!(refused(scene.by(ann).unjail()), Err(StakingError::Jailed { until: 0 }));
    assert_eq!(refused(scene.by(bob).unjail()), Err(StakingError::Jailed { until: 0 }));
}

#[test]
fn a_validator_below_the_minimum_after_a_slash_is_out_until_it_tops_up() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    assert_eq!(scene.slash(ann, 2, 10_000_000_000), MIN_STAKE / 100);
    assert_eq!(scene.effective(ann, 3), 0);
    scene.delegate(ann, ann, MIN_STAKE / 100).unwrap();
    // Of a slashed pool a wei may be rounded away, in favour of the pool; one more and it is in.
    scene.delegate(ann, ann, 1).unwrap();
    assert_eq!(scene.effective(ann, 3), MIN_STAKE + 1);
}

#[test]
fn a_full_set_has_room_again_when_one_has_left_for_long() {
    let scene = Scene::new();
    for number in 0..MEMBERS_MAX {
        scene.register(&format!("validator {number}"), MIN_STAKE, 0).unwrap();
    }
    assert_eq!(scene.register("late", MIN_STAKE, 0), Err(StakingError::SetFull));
    let first = scene.native.account("validator 0");
    let retire = |validator| refused(scene.by(scene.rewards).retire(validator));
    let still = StakingError::StillEffective;
    assert_eq!(retire(first), Err(still.clone()));
    scene.enter_epoch(2);
    scene.unbond(first, first, MIN_STAKE).unwrap();
    scene.enter_epoch(3 + RETIRE_EPOCHS);
    assert_eq!(retire(first), Err(still));
    scene.enter_epoch(4 + RETIRE_EPOCHS);
    retire(first).unwrap();
    assert_eq!(retire(first), Err(StakingError::UnknownValidator { validator: first }));
    scene.register("late", MIN_STAKE, 0).unwrap();
    assert_eq!(set(&scene, 5 + RETIRE_EPOCHS, 100).len(), MEMBERS_MAX as usize);
    // Who left may come back when there is room.
    assert_eq!(scene.delegate(first, first, MIN_STAKE), Err(StakingError::SetFull));
}
