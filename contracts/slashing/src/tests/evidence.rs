//! Evidence of votes: what is punished, how, and what is refused.

use florin_sdk::{B256, Client};

use super::{CHAIN_ID, EPOCH_BLOCKS, MDT, STAKE, Scene, UNBONDING_BLOCKS, refused, vote};
use crate::{Punished, SlashingError};

#[test]
fn double_signing_costs_a_tenth_jails_and_pays_reporter_fire_and_pool() {
    let scene = Scene::new();
    assert_eq!(scene.report(scene.reporter, 100, 7, [1, 2], ["ann"; 2]), Ok(100 * MDT));
    assert_eq!(scene.stake(scene.ann), 900 * MDT);
    assert_eq!((scene.native.balance(scene.reporter), scene.recycled()), (5 * MDT, 50 * MDT));
    assert_eq!(scene.native.balance(scene.slashing.address()), 0);
    assert_eq!(scene.native.balance(scene.staking.address()), 1_900 * MDT);
    let jailed_until = 2 * EPOCH_BLOCKS + 7_200;
    let expected = Punished {
        validator: scene.ann,
        reporter: scene.reporter,
        kind: 0,
        height: 100,
        amount: 100 * MDT,
        rewarded: 5 * MDT,
        burned: 45 * MDT,
        recycled: 50 * MDT,
        jailed_until,
    };
    assert_eq!(scene.native.events_of::<Punished>(), [expected]);
    let known = scene.staking.by(scene.ann).validator(scene.ann).view().unwrap();
    assert_eq!((known.4, known.5), (jailed_until, false));
    assert_eq!(scene.staking.by(scene.ann).total_stake(3).view().unwrap().0, STAKE);
}

#[test]
fn a_vote_for_a_refused_block_costs_half_of_that_and_does_not_jail() {
    let scene = Scene::new();
    let refused_block = B256::repeat_byte(9);
    let signature = vote("ann", CHAIN_ID, 100, 3, refused_block);
    let report = |height, hash, signature| {
        refused(scene.slashing.by(scene.reporter).report_invalid_vote(scene.ann, height, 3, hash, signature))
    };
    assert_eq!(report(100, refused_block, signature), Err(SlashingError::NotRefused { height: 100 }));
    scene.system().on_refused(100, refused_block).send().unwrap();
    assert_eq!(report(101, refused_block, signature), Err(SlashingError::NotRefused { height: 101 }));
    assert_eq!(
        report(100, refused_block, vote("bob", CHAIN_ID, 100, 3, refused_block)),
        Err(SlashingError::InvalidSignature)
    );
    assert_eq!(report(100, refused_block, signature), Ok(50 * MDT));
    let again = SlashingError::AlreadyPunished { validator: scene.ann, height: 100 };
    assert_eq!(report(100, refused_block, signature), Err(again));
    assert!(scene.staking.by(scene.ann).validator(scene.ann).view().unwrap().5);
}

#[test]
fn case_100_forged_votes_are_refused() {
    let scene = Scene::new();
    let by = scene.reporter;
    // One of the two, or both, signed by somebody else.
    for names in [["bob", "ann"], ["ann", "bob"], ["bob", "bob"]] {
        assert_eq!(scene.report(by, 100, 7, [1, 2], names), Err(SlashingError::InvalidSignature));
    }
    // The same block twice; no block against a block.
    for blocks in [[1, 1], [0, 1], [1, 0], [0, 0]] {
        assert_eq!(scene.report(by, 100, 7, blocks, ["ann"; 2]), Err(SlashingError::NotConflicting));
    }
    let (a, b) = (B256::repeat_byte(1), B256::repeat_byte(2));
    let sign = |chain_id, height, view, hash| vote("ann", chain_id, height, view, hash);
    let good = sign(CHAIN_ID, 100, 7, a);
    let bad = [
        // Another chain, height or view.
        sign(CHAIN_ID + 1, 100, 7, b),
        sign(CHAIN_ID, 99, 7, b),
        sign(CHAIN_ID, 100, 8, b),
        // A signature of the other vote, halves swapped, nothing.
        good,
        {
            let [r, s] = sign(CHAIN_ID, 100, 7, b);
            [s, r]
        },
        [B256::ZERO; 2],
    ];
    for bad in bad {
        let report = refused(scene.slashing.by(by).report_double_sign(scene.ann, 100, 7, a, good, b, bad));
        assert_eq!(report, Err(SlashingError::InvalidSignature));
    }
    // Ann's votes, reported as those of another validator or of somebody who is none.
    let votes = (sign(CHAIN_ID, 100, 7, a), sign(CHAIN_ID, 100, 7, b));
    let of = |validator| refused(scene.slashing.by(by).report_double_sign(validator, 100, 7, a, votes.0, b, votes.1));
    assert_eq!(of(scene.bob), Err(SlashingError::InvalidSignature));
    assert_eq!(of(by), Err(SlashingError::NotEffective { validator: by, epoch: 2 }));
    assert_eq!((scene.stake(scene.ann), scene.stake(scene.bob)), (STAKE, STAKE));
    assert_eq!(scene.native.balance(by), 0);
}

#[test]
fn case_101_an_offence_is_punished_once_in_whatever_order_and_by_whomever_it_is_reported() {
    let scene = Scene::new();
    scene.report(scene.reporter, 100, 7, [1, 2], ["ann"; 2]).unwrap();
    let punished = |height| Err(SlashingError::AlreadyPunished { validator: scene.ann, height });
    // Again, in the other order, by another reporter, with a third vote, for another view or an earlier height.
    assert_eq!(scene.report(scene.reporter, 100, 7, [1, 2], ["ann"; 2]), punished(100));
    assert_eq!(scene.report(scene.reporter, 100, 7, [2, 1], ["ann"; 2]), punished(100));
    assert_eq!(scene.report(scene.bob, 100, 7, [1, 3], ["ann"; 2]), punished(100));
    assert_eq!(scene.report(scene.bob, 100, 8, [1, 2], ["ann"; 2]), punished(100));
    scene.native.set_height(120);
    assert_eq!(scene.report(scene.bob, 99, 1, [1, 2], ["ann"; 2]), punished(99));
    assert_eq!(scene.stake(scene.ann), 900 * MDT);
    // Jailed from the next epoch on; back, and at it again: punished again.
    scene.native.set_height(100 + 7_200);
    scene.staking.by(scene.ann).unjail().send().unwrap();
    let height = 100 + 7_200 + EPOCH_BLOCKS;
    scene.native.set_height(height);
    assert_eq!(scene.report(scene.bob, height, 1, [1, 2], ["ann"; 2]), Ok(90 * MDT));
    assert_eq!(scene.slashing.by(scene.bob).slashed_within(scene.ann, 0).view(), Ok((1, 90 * MDT)));
    let within = scene.slashing.by(scene.bob).slashed_within(scene.ann, 7_250).view();
    assert_eq!(within, Ok((2, 190 * MDT)));
}

#[test]
fn case_103_evidence_from_the_future_too_old_or_from_before_the_validator_joined_is_refused() {
    let scene = Scene::new();
    let by = scene.reporter;
    let future = SlashingError::FutureEvidence { height: 101, now: 100 };
    assert_eq!(scene.report(by, 101, 7, [1, 2], ["ann"; 2]), Err(future));
    let before = SlashingError::NotEffective { validator: scene.ann, epoch: 1 };
    assert_eq!(scene.report(by, 99, 7, [1, 2], ["ann"; 2]), Err(before));
    scene.native.set_height(101 + UNBONDING_BLOCKS);
    let stale = SlashingError::StaleEvidence { height: 100, now: 101 + UNBONDING_BLOCKS };
    assert_eq!(scene.report(by, 100, 7, [1, 2], ["ann"; 2]), Err(stale));
    assert_eq!(scene.report(by, 101, 7, [1, 2], ["ann"; 2]), Ok(100 * MDT));
}

#[test]
fn case_104_reporting_oneself_costs_more_than_it_brings() {
    let scene = Scene::new();
    let before = scene.native.balance(scene.ann);
    assert_eq!(scene.report(scene.ann, 100, 7, [1, 2], ["ann"; 2]), Ok(100 * MDT));
    assert_eq!(scene.native.balance(scene.ann) - before, 5 * MDT);
    assert_eq!(scene.stake(scene.ann), 900 * MDT);
}

#[test]
fn case_105_slashes_are_at_most_the_stake_and_their_parts_are_the_whole() {
    let scene = Scene::new();
    let mut left = STAKE;
    for view in 0..30 {
        let block = B256::repeat_byte(9);
        scene.system().on_refused(100, block).send().unwrap();
        let signature = vote("ann", CHAIN_ID, 100, view, block);
        let mut reporter = scene.slashing.by(scene.reporter);
        let slashed = reporter.report_invalid_vote(scene.ann, 100, view, block, signature).send().unwrap();
        // A twentieth of what counted at that height, until there is nothing left.
        assert_eq!(slashed, left.min(50 * MDT));
        left -= slashed;
        assert_eq!(scene.stake(scene.ann), left);
    }
    assert_eq!(left, 0);
    for event in scene.native.events_of::<Punished>() {
        assert_eq!(event.rewarded + event.burned + event.recycled, event.amount);
    }
    assert_eq!((scene.native.balance(scene.reporter), scene.recycled()), (50 * MDT, 500 * MDT));
    assert_eq!(scene.native.balance(scene.staking.address()), STAKE);
}

#[test]
fn a_history_is_paged_and_tells_a_repeat_offender() {
    let scene = Scene::new();
    let reader = scene.slashing.by(scene.bob);
    let mut reader = reader;
    assert_eq!(reader.is_repeat_offender(scene.ann).view(), Ok(false));
    let block = B256::repeat_byte(9);
    scene.system().on_refused(100, block).send().unwrap();
    for view in 0..3 {
        scene.native.set_height(100 + view * 10);
        let signature = vote("ann", CHAIN_ID, 100, view, block);
        reader.report_invalid_vote(scene.ann, 100, view, block, signature).send().unwrap();
        assert_eq!(reader.is_repeat_offender(scene.ann).view(), Ok(view > 0));
    }
    let amounts = vec![50 * MDT; 3];
    assert_eq!(reader.history(scene.ann, 0, 9).view(), Ok((vec![100, 110, 120], vec![1; 3], amounts)));
    assert_eq!(reader.history(scene.ann, 1, 1).view(), Ok((vec![110], vec![1], vec![50 * MDT])));
    assert_eq!(reader.history(scene.ann, 3, 9).view(), Ok((vec![], vec![], vec![])));
    assert_eq!(reader.slashed_within(scene.ann, 10).view(), Ok((2, 100 * MDT)));
    scene.native.set_height(120 + 7_191);
    assert_eq!(reader.is_repeat_offender(scene.ann).view(), Ok(false));
    assert_eq!(reader.slashed_within(scene.ann, 0).view(), Ok((1, 50 * MDT)));
}
