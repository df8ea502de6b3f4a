//! Owner and parameters.

use florin_sdk::{Address, B256, Client, SYSTEM};

use super::{EPOCH_BLOCKS, MDT, Scene, UNBONDING_BLOCKS, refused};
use crate::{DEFAULTS, OwnershipTransferred, ParametersSet, Slashing, SlashingError};

#[test]
fn case_106_parameters_change_with_the_next_epoch() {
    let scene = Scene::new();
    let mut owner = scene.slashing.by(scene.owner);
    let doubled = (7_200, 7_200, 200_000, 1_000_000, 500_000, 100_000, 50_000, 450_000);
    owner.set_parameters(doubled).send().unwrap();
    owner.set_staking_parameters(200 * MDT, 1_500).send().unwrap();
    assert_eq!(owner.parameters().view(), Ok(DEFAULTS));
    // One for each contract.
    assert_eq!(scene.native.events_of::<ParametersSet>(), [ParametersSet { epoch: 3 }, ParametersSet { epoch: 3 }]);
    let staking = scene.staking.by(scene.ann);
    let mut staking = staking;
    assert_eq!(staking.parameters(2).view(), Ok((100 * MDT, UNBONDING_BLOCKS)));
    assert_eq!(staking.parameters(3).view(), Ok((200 * MDT, 1_500)));
    assert_eq!(scene.report(scene.reporter, 100, 7, [1, 2], ["ann"; 2]), Ok(100 * MDT));
    scene.native.set_height(3 * EPOCH_BLOCKS);
    assert_eq!(owner.parameters().view(), Ok(doubled));
}

#[test]
fn parameters_that_cannot_be_lived_with_are_refused() {
    let scene = Scene::new();
    let mut owner = scene.slashing.by(scene.owner);
    let (jail, history, ..) = DEFAULTS;
    let wrong = [
        ((jail, history, 1_000_001, 0, 0, 0, 0, 1), 3),
        ((jail, history, 0, 1_000_001, 0, 0, 0, 1), 4),
        ((jail, history, 0, 0, 1_000_001, 0, 0, 1), 5),
        ((jail, history, 0, 0, 0, 1_000_001, 0, 1), 6),
        // A reporter that gets all of it; nothing burned; more than there is.
        ((jail, history, 0, 0, 0, 0, 1_000_000, 0), 7),
        ((jail, history, 0, 0, 0, 0, 999_999, 0), 8),
        ((jail, history, 0, 0, 0, 0, 600_000, 400_001), 8),
    ];
    for (parameters, place) in wrong {
        assert_eq!(refused(owner.set_parameters(parameters)), Err(SlashingError::InvalidParameter { place }));
    }
    assert_eq!(refused(owner.set_staking_parameters(0, 5)), Err(SlashingError::StakingFailed));
    let a = Address::repeat_byte(1);
    for args in [(Address::ZERO, a, a, 1), (a, Address::ZERO, a, 1), (a, a, Address::ZERO, 1), (a, a, a, 0)] {
        let args = (args.0, args.1, args.2, args.3, DEFAULTS);
        let error = scene.native.deploy::<Slashing>(scene.owner, &args).unwrap_err();
        assert_eq!(*error.reverted().unwrap(), SlashingError::InvalidParameter { place: 0 });
    }
}

#[test]
fn case_107_only_the_owner_owns_and_only_who_accepts_becomes_it() {
    let scene = Scene::new();
    let (owner, eve, next) = (scene.owner, scene.reporter, scene.bob);
    let only = |allowed| Err(SlashingError::Unauthorized { allowed });
    let mut hers = scene.slashing.by(eve);
    assert_eq!(refused(hers.set_parameters(DEFAULTS)), only(owner));
    assert_eq!(refused(hers.set_staking_parameters(1, 1)), only(owner));
    assert_eq!(refused(hers.offer_ownership(eve)), only(owner));
    assert_eq!(refused(hers.accept_ownership()), only(Address::ZERO));
    assert_eq!(refused(hers.on_block()), only(SYSTEM));
    assert_eq!(refused(hers.on_refused(1, B256::ZERO)), only(SYSTEM));

    let mut owners = scene.slashing.by(owner);
    owners.offer_ownership(next).send().unwrap();
    assert_eq!(refused(hers.accept_ownership()), only(next));
    // Offered is not given; and an offer can be taken back.
    assert_eq!(owners.owner().view(), Ok(owner));
    owners.offer_ownership(Address::ZERO).send().unwrap();
    assert_eq!(refused(scene.slashing.by(next).accept_ownership()), only(Address::ZERO));
    owners.offer_ownership(next).send().unwrap();
    refused(scene.slashing.by(next).accept_ownership()).unwrap();
    assert_eq!(owners.owner().view(), Ok(next));
    assert_eq!(refused(owners.set_parameters(DEFAULTS)), only(next));
    assert_eq!(scene.native.events_of::<OwnershipTransferred>(), [OwnershipTransferred { owner, new_owner: next }]);
    assert_eq!(refused(scene.slashing.by(next).accept_ownership()), only(Address::ZERO));
}
