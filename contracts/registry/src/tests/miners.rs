//! Miners come and go.

use florin_sdk::{Address, Client};

use super::{EPOCH_BLOCKS, FEE, MINERS_MAX, Scene, refused};
use crate::{MinerChanged, ParametersSet, Registry, RegistryError, SLOTS_MAX};

#[test]
fn a_miner_registers_for_the_fee_which_is_recycled_and_counts_from_the_next_epoch() {
    let scene = Scene::new(&[]);
    let miner = scene.native.account("miner");
    scene.native.fund(miner, 3 * FEE);
    for value in [0, FEE - 1, FEE + 1] {
        let wrong = RegistryError::WrongFee { expected: FEE, value };
        assert_eq!(refused(scene.by("miner").register().value(value)), Err(wrong));
    }
    assert_eq!(refused(scene.by("miner").register().value(FEE)), Ok(0));
    assert_eq!(scene.by("miner").miner(miner).view(), Ok((0, 2, u64::MAX)));
    assert_eq!(scene.native.balance(miner), 2 * FEE);
    assert_eq!(scene.others.by(scene.owner).recycled(0).view(), Ok(FEE));
    assert_eq!(scene.native.balance(scene.registry.address()), 0);
    let event = MinerChanged { miner, slot: 0, first_epoch: 2, last_epoch: u64::MAX };
    assert_eq!(scene.native.events_of::<MinerChanged>(), [event]);
    let again = refused(scene.by("miner").register().value(FEE));
    assert_eq!(again, Err(RegistryError::AlreadyRegistered { miner }));
}

#[test]
fn a_miner_leaves_with_the_epoch_and_its_slot_is_free_when_the_epoch_is_final() {
    let scene = Scene::new(&[("ann", 10)]);
    scene.register_miners(3);
    let [leaver, late] = ["miner 1", "late"].map(|name| scene.native.account(name));
    scene.vote(2, &[("ann", vec![200_000, 300_000, 500_000])]);
    scene.finalize(100);
    refused(scene.by("miner 1").deregister()).unwrap();
    let left = MinerChanged { miner: leaver, slot: 1, first_epoch: 2, last_epoch: 4 };
    assert_eq!(scene.native.events_of::<MinerChanged>().last(), Some(&left));
    let unknown = Err(RegistryError::UnknownMiner { miner: leaver });
    assert_eq!(refused(scene.by("miner 1").deregister()), unknown);
    assert_eq!(scene.register("miner 1"), Err(RegistryError::AlreadyRegistered { miner: leaver }));
    assert_eq!(scene.by("late").miner(leaver).view(), Ok((1, 2, 4)));
    // It counts in epochs 3 and 4 still, and a newcomer has another slot.
    assert_eq!(scene.register("late"), Ok(3));
    let weights = vec![200_000, 300_000, 500_000];
    scene.vote(4, &[("ann", weights.clone())]);
    scene.finalize(100);
    assert_eq!((scene.score(2, 1), scene.score(4, 1)), (300_000, 300_000));
    // The next epoch with weights passes it, and forgets it.
    scene.vote(6, &[("ann", vec![500_000, 500_000])]);
    scene.finalize(100);
    assert_eq!(scene.score(6, 1), 0);
    assert_eq!(
        scene.by("late").miner(leaver).view().unwrap_err().reverted().map(|error| *error),
        Some(RegistryError::UnknownMiner { miner: leaver })
    );
    assert_eq!(scene.register("miner 1"), Ok(1));
    assert_eq!(scene.by("late").miner(late).view(), Ok((3, 5, u64::MAX)));
    assert_eq!(scene.by("late").miners_count().view(), Ok((4, 4)));
}

#[test]
fn there_are_only_so_many_miners() {
    let scene = Scene::new(&[]);
    scene.register_miners(MINERS_MAX);
    assert_eq!(scene.register("one more"), Err(RegistryError::RegistryFull));
}

#[test]
fn miners_of_an_epoch_are_paged_by_address() {
    let scene = Scene::new(&[]);
    scene.register_miners(9);
    scene.enter_epoch(2);
    scene.register("late").unwrap();
    for limit in [1, 4, 100] {
        let (mut all, mut after) = (Vec::new(), Address::ZERO);
        loop {
            let (miners, slots, last) = scene.by("anybody").miners(2, after, limit).view().unwrap();
            assert_eq!(miners.len(), slots.len());
            all.extend(miners);
            if last == after {
                break;
            }
            after = last;
        }
        assert_eq!(all.len(), 9);
        assert!(all.is_sorted());
    }
    assert_eq!(scene.by("anybody").miners(3, Address::ZERO, 100).view().unwrap().0.len(), 10);
}

#[test]
fn case_106_parameters_change_with_the_next_epoch() {
    let scene = Scene::new(&[]);
    let mut owner = scene.registry.by(scene.owner);
    owner.set_parameters(5, 1).send().unwrap();
    assert_eq!(scene.native.events_of::<ParametersSet>(), [ParametersSet { epoch: 2 }]);
    assert_eq!(owner.parameters().view(), Ok((FEE, MINERS_MAX)));
    scene.register_miners(2);
    scene.enter_epoch(2);
    assert_eq!(owner.parameters().view(), Ok((5, 1)));
    // More are there than may be: they stay, nobody comes.
    assert_eq!(scene.by("anybody").miners_count().view(), Ok((2, 2)));
    scene.native.fund(scene.owner, 5);
    assert_eq!(refused(owner.register().value(5)), Err(RegistryError::RegistryFull));
}

#[test]
fn case_107_only_the_owner_sets_parameters_and_only_who_accepts_becomes_it() {
    let scene = Scene::new(&[]);
    let (owner, next) = (scene.owner, scene.native.account("next"));
    let only = |allowed| Err(RegistryError::Unauthorized { allowed });
    let mut eve = scene.by("eve");
    assert_eq!(refused(eve.set_parameters(1, 1)), only(owner));
    assert_eq!(refused(eve.offer_ownership(next)), only(owner));
    assert_eq!(refused(eve.accept_ownership()), only(Address::ZERO));
    let mut owners = scene.registry.by(owner);
    assert_eq!(refused(owners.set_parameters(1, SLOTS_MAX + 1)), Err(RegistryError::InvalidParameter));
    owners.offer_ownership(next).send().unwrap();
    assert_eq!(refused(eve.accept_ownership()), only(next));
    refused(scene.by("next").accept_ownership()).unwrap();
    assert_eq!((owners.owner().view(), refused(owners.set_parameters(1, 1))), (Ok(next), only(next)));
    let a = Address::repeat_byte(1);
    let wrong = [
        (Address::ZERO, a, a, 1, 0, 1),
        (a, Address::ZERO, a, 1, 0, 1),
        (a, a, Address::ZERO, 1, 0, 1),
        (a, a, a, 0, 0, 1),
        (a, a, a, EPOCH_BLOCKS, 0, SLOTS_MAX + 1),
    ];
    for args in wrong {
        let error = scene.native.deploy::<Registry>(owner, &args).unwrap_err();
        assert_eq!(*error.reverted().unwrap(), RegistryError::InvalidParameter);
    }
}
