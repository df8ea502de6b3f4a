//! Attacks on weights.

use florin_sdk::B256;

use super::{Scene, refused, salt, words};
use crate::{OPEN_EPOCHS, RegistryError};

fn none(scene: &Scene, name: &str, epoch: u64) -> Result<(), RegistryError> {
    Err(RegistryError::NoCommitment { validator: scene.native.account(name), epoch })
}

#[test]
fn a_copied_commitment_cannot_be_revealed() {
    let scene = Scene::new(&[("ann", 10), ("eve", 10)]);
    scene.register_miners(1);
    scene.enter_epoch(2);
    let weights = [1_000_000];
    scene.commit("ann", 2, &weights).unwrap();
    // Eve commits to what ann committed to, and in the next epoch knows ann's salt and weights.
    let copied = scene.native.events_of::<crate::WeightsCommitted>()[0].commitment;
    refused(scene.by("eve").commit(copied)).unwrap();
    scene.enter_epoch(3);
    scene.reveal("ann", &weights).unwrap();
    assert_eq!(refused(scene.by("eve").reveal(salt("ann"), words(&weights))), none(&scene, "eve", 2));
}

#[test]
fn weights_are_those_that_were_committed_to_for_that_epoch() {
    let scene = Scene::new(&[("ann", 10)]);
    scene.register_miners(2);
    scene.enter_epoch(2);
    assert_eq!(scene.reveal("ann", &[1_000_000]), none(&scene, "ann", 1));
    scene.commit("ann", 2, &[400_000, 600_000]).unwrap();
    // Not in the same epoch, not others, not with another salt, not too late.
    assert_eq!(scene.reveal("ann", &[400_000, 600_000]), none(&scene, "ann", 1));
    scene.enter_epoch(3);
    assert_eq!(scene.reveal("ann", &[600_000, 400_000]), none(&scene, "ann", 2));
    let other = scene.by("ann").reveal(B256::ZERO, words(&[400_000, 600_000])).send();
    assert_eq!(other.map_err(|error| *error.reverted().unwrap()), none(&scene, "ann", 2));
    let later = scene.native.account("ann");
    scene.reveal("ann", &[400_000, 600_000]).unwrap();
    let again = RegistryError::AlreadyDone { validator: later, epoch: 2 };
    assert_eq!(scene.reveal("ann", &[400_000, 600_000]), Err(again));
    scene.commit("ann", 3, &[1_000_000]).unwrap();
    scene.enter_epoch(5);
    assert_eq!(scene.reveal("ann", &[1_000_000]), none(&scene, "ann", 4));
}

#[test]
fn a_validator_commits_once_and_only_with_stake() {
    let scene = Scene::new(&[("ann", 10)]);
    let [ann, eve] = ["ann", "eve"].map(|name| scene.native.account(name));
    scene.commit("ann", 1, &[1_000_000]).unwrap();
    let again = RegistryError::AlreadyDone { validator: ann, epoch: 1 };
    assert_eq!(scene.commit("ann", 1, &[1_000_000]), Err(again));
    assert_eq!(scene.commit("eve", 1, &[1]), Err(RegistryError::NoStake { validator: eve, epoch: 1 }));
}

#[test]
fn weights_that_are_no_whole_or_for_slots_of_nobody_are_refused() {
    let scene = Scene::new(&[("ann", 10)]);
    scene.register_miners(2);
    let wrong: [&[u32]; 6] = [
        &[],
        &[1_000_001],
        &[500_000, 499_999],
        &[u32::MAX, u32::MAX],
        // Slot 2 is nobody's.
        &[500_000, 0, 500_000],
        &[1_000_000, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    ];
    let mut epoch = 2;
    for weights in wrong {
        scene.enter_epoch(epoch);
        scene.finalize(100);
        scene.commit("ann", epoch, weights).unwrap();
        epoch += 1;
        scene.enter_epoch(epoch);
        assert_eq!(scene.reveal("ann", weights), Err(RegistryError::InvalidWeights));
    }
}

#[test]
fn weights_of_an_epoch_are_not_overwritten_before_it_is_final() {
    let scene = Scene::new(&[("ann", 10)]);
    scene.register_miners(1);
    // Nothing is final: the oldest epoch is 0, and its place is that of epoch 4.
    scene.enter_epoch(OPEN_EPOCHS - 1);
    scene.commit("ann", OPEN_EPOCHS - 1, &[1_000_000]).unwrap();
    scene.enter_epoch(OPEN_EPOCHS);
    let behind = RegistryError::FinalizationBehind { epoch: 0 };
    assert_eq!(scene.commit("ann", OPEN_EPOCHS, &[1_000_000]), Err(behind));
    scene.finalize(100);
    scene.commit("ann", OPEN_EPOCHS, &[1_000_000]).unwrap();
}

#[test]
fn case_94_a_miner_that_registers_in_an_epoch_has_no_score_in_it() {
    let scene = Scene::new(&[("ann", 10)]);
    scene.register_miners(1);
    scene.enter_epoch(2);
    assert_eq!(scene.register("miner 1"), Ok(1));
    scene.vote(2, &[("ann", vec![500_000, 500_000])]);
    scene.finalize(100);
    assert_eq!([0, 1].map(|miner| scene.score(2, miner)), [500_000, 0]);
}
