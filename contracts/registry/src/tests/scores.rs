//! Scores: their figures, their steps, and that steps make no difference.

use florin_tokenomics::Ppm;
use florin_tokenomics::weights::{Voice, by_sum, weighted_score};
use proptest::prelude::*;

use super::Scene;
use crate::EpochFinalized;

#[test]
fn a_score_is_the_mean_of_weights_cut_to_the_median() {
    let scene = Scene::new(&[("ann", 30), ("bob", 30), ("eve", 40)]);
    scene.register_miners(3);
    let rows = [
        ("ann", vec![500_000, 300_000, 200_000]),
        ("bob", vec![600_000, 400_000]),
        // Eve wants miner 2 to have all of it.
        ("eve", vec![0, 0, 1_000_000]),
    ];
    scene.vote(2, &rows);
    assert_eq!(scene.finalize(100), 3);
    // 0: median 500,000, so (30 * 500,000 + 30 * 500,000) / 100. 2: median 200,000 by 70 of 100.
    assert_eq!([0, 1, 2].map(|miner| scene.score(2, miner)), [300_000, 180_000, 140_000]);
    let event = EpochFinalized { epoch: 2, rows: 3, miners: 3, total_score: 620_000 };
    assert_eq!(scene.native.events_of::<EpochFinalized>().last(), Some(&event));
}

#[test]
fn who_does_not_reveal_counts_as_none() {
    let scene = Scene::new(&[("ann", 10), ("bob", 1_000)]);
    scene.register_miners(2);
    scene.enter_epoch(2);
    scene.commit("ann", 2, &[400_000, 600_000]).unwrap();
    scene.commit("bob", 2, &[1_000_000]).unwrap();
    scene.enter_epoch(3);
    scene.reveal("ann", &[400_000, 600_000]).unwrap();
    scene.enter_epoch(4);
    scene.finalize(100);
    assert_eq!([0, 1].map(|miner| scene.score(2, miner)), [400_000, 600_000]);
}

#[test]
fn scores_wait_for_the_epoch_after_the_reveals_and_epochs_come_in_order() {
    let scene = Scene::new(&[("ann", 10)]);
    scene.register_miners(1);
    scene.enter_epoch(2);
    assert_eq!(scene.finalize(100), 1);
    scene.commit("ann", 2, &[1_000_000]).unwrap();
    scene.enter_epoch(3);
    scene.reveal("ann", &[1_000_000]).unwrap();
    assert_eq!(scene.finalize(100), 2);
    assert_eq!(scene.by("anybody").outcome(2).view(), Ok((false, 0, 0, 0)));
    assert_eq!(scene.by("anybody").scores(2, 0).view(), Ok((vec![], vec![])));
    scene.enter_epoch(4);
    assert_eq!(scene.finalize(0), 2);
    assert_eq!(scene.finalize(100), 3);
    assert_eq!(scene.score(2, 0), 1_000_000);
    // Epochs without weights have no scores.
    scene.enter_epoch(10);
    assert_eq!((scene.finalize(3), scene.finalize(100)), (6, 9));
    assert_eq!(scene.by("anybody").next_to_finalize().view(), Ok(9));
    assert_eq!(scene.by("anybody").outcome(5).view(), Ok((true, 0, 0, 0)));
}

/// Votes over as many miners as make several chunks and pages.
fn large(scene: &Scene) -> [Vec<u32>; 3] {
    scene.register_miners(150);
    let row = |seed: u128| {
        let numbers: Vec<u128> = (0..150).map(|slot: u128| slot * slot * seed % 101).collect();
        by_sum(&numbers).unwrap().iter().map(|ppm| ppm.get()).collect::<Vec<u32>>()
    };
    let rows = [row(7), row(13), row(29)];
    scene.vote(2, &[("ann", rows[0].clone()), ("bob", rows[1].clone()), ("eve", rows[2].clone())]);
    rows
}

const STAKES: [(&str, u128); 3] = [("ann", 300), ("bob", 400), ("eve", 500)];

#[test]
fn scores_of_many_miners_are_the_defined_ones_in_whatever_steps() {
    let mut first: Option<Vec<_>> = None;
    for steps in [1, 2, 3, 1_000] {
        let scene = Scene::new(&STAKES);
        let rows = large(&scene);
        let mut calls = 0;
        while scene.finalize(steps) < 3 {
            calls += 1;
            assert!(calls < 100);
            // Between the steps others come and go.
            scene.register(&format!("between {calls}")).unwrap();
        }
        let scores = scene.scores(2);
        for slot in 0..150 {
            let voice = |(row, (_, stake)): (&Vec<u32>, &(_, u128))| Voice {
                weight: Ppm::new(row[slot]).unwrap(),
                stake: *stake,
            };
            let voices: Vec<_> = rows.iter().zip(&STAKES).map(voice).collect();
            let address = scene.native.account(&format!("miner {slot}"));
            let score = scores.iter().find(|(miner, _)| *miner == address).map_or(0, |(_, ppm)| *ppm);
            assert_eq!(score, weighted_score(&voices).get());
        }
        assert_eq!(first.get_or_insert_with(|| scores.clone()), &scores);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn random_rows_have_the_defined_scores(rows in prop::collection::vec(prop::collection::vec(0..50_u128, 6), 3), stakes in prop::collection::vec(1..1_000_u128, 3)) {
        let names = ["ann", "bob", "eve"];
        let validators: Vec<_> = names.into_iter().zip(stakes.iter().copied()).collect();
        let scene = Scene::new(&validators);
        scene.register_miners(6);
        let row = |numbers: &Vec<u128>| -> Vec<u32> { by_sum(numbers).unwrap().iter().map(|ppm| ppm.get()).collect() };
        let rows: Vec<Vec<u32>> = rows.iter().map(row).collect();
        prop_assume!(rows.iter().all(|row| row.iter().sum::<u32>() == 1_000_000));
        let voted: Vec<_> = names.into_iter().zip(rows.iter().cloned()).collect();
        scene.vote(2, &voted);
        scene.finalize(100);
        for miner in 0..6 {
            let voices: Vec<_> = rows.iter().zip(&stakes)
                .map(|(row, stake)| Voice { weight: Ppm::new(row[miner as usize]).unwrap(), stake: *stake }).collect();
            prop_assert_eq!(scene.score(2, miner), weighted_score(&voices).get());
        }
    }
}
