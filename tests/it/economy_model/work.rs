//! Steps in which time passes, and those of miners, weights and metrics.

use std::collections::BTreeSet;

use super::act::{Act, Call, Committed};
use super::model::Model;
use super::stakes;
use super::terms::{CANDIDATES, EPOCH, MDT, NAMES, STRANGER, WINDOW, address, epoch_of, place_of};
use super::transition::{Dice, Driver, Kind};

/// Steps that only let time pass.
pub(crate) fn pass(kind: Kind, dice: &mut Dice, driver: &mut impl Driver) {
    let blocks = match kind {
        Kind::NextBlock => 1,
        Kind::EpochEnd => EPOCH - driver.model().height % EPOCH,
        Kind::ManyEpochs => EPOCH * (2 + dice.below(3)),
        _ => WINDOW + 2,
    };
    for _ in 0..blocks {
        driver.block(Vec::new());
    }
}

/// The epoch of the next block.
fn next(model: &Model) -> u64 {
    epoch_of(model.height + 1)
}

/// The places of those whose stake counts in an epoch.
fn set(model: &Model, epoch: u64) -> Vec<usize> {
    model.staking.set(epoch).into_iter().filter_map(|(validator, _)| place_of(validator)).collect()
}

/// Lets time pass until the next block is the first of an epoch.
fn to_the_next_epoch(driver: &mut impl Driver) {
    loop {
        driver.block(Vec::new());
        if (driver.model().height + 1).is_multiple_of(EPOCH) {
            return;
        }
    }
}

/// An epoch in which validators judge miners and report what was done, up to the block that settles it.
pub(crate) fn epoch(kind: Kind, dice: &mut Dice, driver: &mut impl Driver) {
    to_the_next_epoch(driver);
    let model = driver.model();
    let (epoch, now) = (next(model), model.height + 1);
    let mut workers = set(model, epoch);
    if kind == Kind::LazyWork {
        workers.truncate(workers.len().div_ceil(2));
    }
    let freed = CANDIDATES.into_iter().filter(|place| {
        let known = model.staking.validators.get(&address(*place));
        known.is_some_and(|known| known.jailed_until > 0 && known.jailed_until <= now)
    });
    let mut calls: Vec<Call> = freed.map(|place| Call::new(place, Act::Unjail)).collect();
    let style = dice.below(4);
    let mut given: Vec<_> = workers.iter().map(|place| (*place, weights(model, style + *place as u64))).collect();
    // Who disputes commits to what is no weights at all.
    if let Some((_, weights)) = given.get_mut(style as usize).filter(|_| kind == Kind::Dispute) {
        weights.push(1);
    }
    calls.extend(given.iter().map(|(place, weights)| {
        let commitment = Committed { validator: *place, epoch, salt: 1, weights: weights.clone() };
        Call::new(*place, Act::Commit { commitment })
    }));
    // Who is lazy forgets what it has done.
    let again = |calls: &mut Vec<Call>| calls.extend(calls.last().filter(|_| kind == Kind::LazyWork).cloned());
    again(&mut calls);
    driver.block(calls);
    // Stakes change while their epochs wait for their rewards.
    let change = dice.pick(&[Kind::Delegate, Kind::UnbondPart, Kind::UnbondAll, Kind::ClaimRewards]);
    driver.block(vec![stakes::message(change, driver.model(), dice)]);
    to_the_next_epoch(driver);
    let tasks = dice.below(1_500);
    let (difficulty, participation) = (100 * dice.below(10_001) as u32, 100 * dice.below(10_001) as u32);
    let quality = if kind == Kind::PoorWork { 77 * dice.below(5_000) as u32 } else { 1_000_000 };
    let mut calls = Vec::new();
    for (turn, (place, weights)) in given.into_iter().enumerate() {
        let disputes = kind == Kind::Dispute && turn as u64 == style;
        calls.push(Call::new(place, Act::Reveal { salt: 1, weights }));
        again(&mut calls);
        let participation = if disputes { participation / 2 } else { participation };
        calls.push(Call::new(place, Act::Report { tasks, difficulty, participation, quality }));
        again(&mut calls);
    }
    driver.block(calls);
    to_the_next_epoch(driver);
    driver.block(Vec::new());
}

/// Weights that are one whole over the slots that somebody had.
fn weights(model: &Model, style: u64) -> Vec<u32> {
    let slots = model.registry.fresh_slot.max(1) as usize;
    let mut weights = vec![0; slots];
    match style % 4 {
        0 => weights[style as usize % slots] = 1_000_000,
        1 => weights.fill(1_000_000 / slots as u32),
        2 => weights.iter_mut().zip(1..).for_each(|(weight, slot)| *weight = 7_919 * slot),
        _ => weights.iter_mut().rev().zip(1..).for_each(|(weight, slot)| *weight = 33_333 * slot),
    }
    let sum: u32 = weights.iter().sum();
    weights[0] = weights[0] + 1_000_000 - sum;
    weights
}

/// A message of a miner or a validator at work.
pub(crate) fn message(kind: Kind, model: &Model, dice: &mut Dice) -> Call {
    let anybody: Vec<usize> = (0..NAMES.len()).collect();
    let epoch = next(model);
    let (fee, _) = model.registry.parameters_in(epoch);
    match kind {
        Kind::RegisterMiner => Call::with(dice.pick(&anybody), fee, Act::RegisterMiner),
        Kind::WrongFee => {
            let wrong = [fee + 1, fee.saturating_sub(1), 0, 2 * fee, MDT];
            Call::with(dice.pick(&anybody), dice.pick(&wrong), Act::RegisterMiner)
        }
        Kind::Deregister => {
            let miners: Vec<_> = model.registry.miners.keys().filter_map(|miner| place_of(*miner)).collect();
            Call::new(if dice.below(5) == 0 { STRANGER } else { dice.pick_or(&miners, STRANGER) }, Act::Deregister)
        }
        Kind::Commit => {
            let by = dice.pick_or(&set(model, epoch), STRANGER);
            let mut weights = weights(model, dice.below(4));
            match dice.below(8) {
                0 => weights[0] += 1,
                1 => weights.insert(0, 0),
                _ => {}
            }
            Call::new(by, Act::Commit { commitment: Committed { validator: by, epoch, salt: 2, weights } })
        }
        Kind::CopyCommitment => {
            let said = model.registry.said(epoch);
            let others: Vec<_> = said.commitments.values().collect();
            let weights = weights(model, 1);
            let copied = Committed { validator: dice.pick(&CANDIDATES), epoch, salt: 3, weights };
            let commitment = if others.is_empty() { copied } else { dice.pick(&others).clone() };
            Call::new(dice.pick(&CANDIDATES), Act::Commit { commitment })
        }
        Kind::Reveal | Kind::RevealWrong => reveal(kind, model, dice),
        Kind::Report | Kind::ReportWrong => report(kind, model, dice),
        _ => Call::new(dice.pick(&anybody), Act::Finalize { steps: dice.below(9) as u32 }),
    }
}

fn reveal(kind: Kind, model: &Model, dice: &mut Dice) -> Call {
    let said = model.registry.said(next(model).saturating_sub(1));
    let hidden: Vec<_> = said.commitments.iter().filter(|(by, _)| !said.weights.contains_key(*by)).collect();
    let all: Vec<_> = said.commitments.iter().collect();
    let (by, Committed { salt, weights: promised, .. }) = match (hidden.as_slice(), all.as_slice()) {
        ([], []) => {
            let act = Act::Reveal { salt: 2, weights: weights(model, dice.below(4)) };
            return Call::new(dice.pick(&CANDIDATES), act);
        }
        ([], shown) => dice.pick(shown),
        (hidden, _) => dice.pick(hidden),
    };
    let by = place_of(*by).unwrap_or(STRANGER);
    let act = match (kind, dice.below(3)) {
        (Kind::Reveal, _) => Act::Reveal { salt: *salt, weights: promised.clone() },
        (_, 0) => Act::Reveal { salt: salt + 1, weights: promised.clone() },
        (_, 1) => Act::Reveal { salt: *salt, weights: weights(model, dice.below(4)) },
        _ => Act::Reveal { salt: *salt, weights: Vec::new() },
    };
    Call::new(by, act)
}

fn report(kind: Kind, model: &Model, dice: &mut Dice) -> Call {
    let before = next(model).saturating_sub(1);
    let reported = model.registry.said(before).reports;
    let all: BTreeSet<usize> = set(model, before).into_iter().collect();
    let silent: Vec<usize> = all.iter().copied().filter(|place| !reported.contains_key(&address(*place))).collect();
    let (tasks, difficulty) = (700, 123_456);
    let good =
        Act::Report { tasks, difficulty, participation: 1_000_000, quality: 400_000 + 1_000 * dice.below(3) as u32 };
    match (kind, dice.below(3)) {
        (Kind::Report, _) => Call::new(dice.pick_or(&silent, STRANGER), good),
        (_, 0) => {
            let act = Act::Report { tasks, difficulty: 1_000_001, participation: 0, quality: 0 };
            Call::new(dice.pick(&CANDIDATES), act)
        }
        (_, 1) => Call::new(STRANGER, good),
        _ => {
            let told: Vec<usize> = reported.keys().filter_map(|by| place_of(*by)).collect();
            Call::new(dice.pick_or(&told, STRANGER), good)
        }
    }
}
