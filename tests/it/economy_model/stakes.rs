//! Steps of validators and their delegators, and of those who bring evidence against them.

use std::collections::BTreeSet;

use super::act::{Act, Call, Signed};
use super::model::Model;
use super::model::slashing::REFUSED_BLOCK;
use super::terms::{CANDIDATES, CHAIN_ID, MDT, MIN_STAKE, NAMES, STRANGER, UNBONDING, address, place_of};
use super::transition::{Dice, Kind};

/// Amounts to stake: wei, odd amounts, and enough for a validator.
const AMOUNTS: [u128; 6] = [1, 7, MDT, 10 * MDT + 1, 33 * MDT + 7, 120 * MDT];

/// The places of everybody who is a validator.
fn validators(model: &Model) -> Vec<usize> {
    model.staking.validators.keys().filter_map(|validator| place_of(*validator)).collect()
}

/// Who has stake with whom: (validator, delegator).
fn delegations(model: &Model) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (validator, known) in &model.staking.validators {
        let holders = known.delegations.iter().filter(|(_, delegation)| delegation.shares() > 0);
        found.extend(holders.filter_map(|(holder, _)| Some((place_of(*validator)?, place_of(*holder)?))));
    }
    found
}

fn worth(model: &Model, (validator, holder): (usize, usize)) -> u128 {
    let known = &model.staking.validators[&address(validator)];
    known.pool.worth(known.delegations[&address(holder)].shares())
}

/// A message about stakes.
pub(crate) fn message(kind: Kind, model: &Model, dice: &mut Dice) -> Call {
    let anybody: Vec<usize> = (0..NAMES.len()).collect();
    let (validators, delegations) = (validators(model), delegations(model));
    let some = dice.pick_or(&validators, STRANGER);
    let fresh: Vec<usize> = CANDIDATES.into_iter().filter(|place| !validators.contains(place)).collect();
    match kind {
        Kind::RegisterValidator => {
            let by = dice.pick_or(&fresh, CANDIDATES[0]);
            let stake = dice.pick(&[MIN_STAKE, MIN_STAKE + 1, 250 * MDT + 3, 777 * MDT]);
            let commission = dice.pick(&[0, 1, 100_000, 999_999, 1_000_000]);
            Call::with(by, stake, Act::Register { key: by, prover: by, commission })
        }
        Kind::RegisterWrong => {
            let by = dice.pick_or(&fresh, STRANGER);
            let (stake, key, prover, commission) = match dice.below(5) {
                0 => (MIN_STAKE - 1, by, by, 0),
                1 => (MIN_STAKE, some, some, 0),
                2 => (MIN_STAKE, by, STRANGER, 0),
                3 => (MIN_STAKE, by, by, 1_000_001),
                _ => (0, by, by, 0),
            };
            Call::with(by, stake, Act::Register { key, prover, commission })
        }
        Kind::Delegate => {
            let validator = if dice.below(12) == 0 { STRANGER } else { some };
            let amount = if dice.below(12) == 0 { 0 } else { dice.pick(&AMOUNTS) };
            Call::with(dice.pick(&anybody), amount, Act::Delegate { validator })
        }
        Kind::AddOwnStake => Call::with(some, dice.pick(&AMOUNTS), Act::Delegate { validator: some }),
        Kind::UnbondPart | Kind::UnbondAll | Kind::UnbondTooMuch => {
            let Some(held) = (!delegations.is_empty()).then(|| dice.pick(&delegations)) else {
                return Call::new(STRANGER, Act::Unbond { validator: some, amount: 1 });
            };
            let worth = worth(model, held);
            let amount = match kind {
                Kind::UnbondPart => dice.pick(&[1, worth / 3, worth / 2, worth.saturating_sub(MIN_STAKE), worth / 7]),
                Kind::UnbondAll => worth,
                _ => dice.pick(&[worth + 1, 10 * worth + 1, 0, u128::MAX]),
            };
            Call::new(held.1, Act::Unbond { validator: held.0, amount })
        }
        Kind::Withdraw => {
            let mut waiting = Vec::new();
            for (validator, known) in &model.staking.validators {
                let owners = known.leaving.values().flat_map(|leaving| leaving.owners.keys());
                waiting.extend(owners.filter_map(|owner| Some((place_of(*validator)?, place_of(*owner)?))));
            }
            let (validator, by) = dice.pick_or(&waiting, (some, STRANGER));
            Call::new(by, Act::Withdraw { validator })
        }
        Kind::ClaimRewards => {
            let (validator, by) = dice.pick_or(&delegations, (some, STRANGER));
            Call::new(by, Act::ClaimRewards { validator })
        }
        Kind::SetCommission => {
            let ppm = dice.pick(&[0, 70_000, 1_000_000, 1_000_001]);
            Call::new(if dice.below(6) == 0 { STRANGER } else { some }, Act::SetCommission { ppm })
        }
        Kind::Unjail => {
            let is_jailed = |place: &usize| model.staking.validators[&address(*place)].jailed_until > 0;
            let jailed: Vec<usize> = validators.iter().copied().filter(is_jailed).collect();
            Call::new(dice.pick_or(&jailed, some), Act::Unjail)
        }
        _ => {
            let validator = if dice.below(4) == 0 { STRANGER } else { some };
            Call::new(dice.pick(&anybody), Act::Retire { validator })
        }
    }
}

/// Two messages of two accounts that have nothing to do with each other.
pub(crate) fn independent(model: &Model, dice: &mut Dice) -> [Call; 2] {
    let validators = validators(model);
    let mut of = |by: usize| {
        let validator = dice.pick_or(&validators, STRANGER);
        match dice.below(3) {
            0 => Call::new(by, Act::ClaimRewards { validator }),
            1 => Call::new(by, Act::Withdraw { validator }),
            _ => Call::with(by, 5 * MDT + 3, Act::Delegate { validator }),
        }
    };
    // Not the validators themselves, whose stake decides whether they are in the set.
    [of(0), of(STRANGER)]
}

/// Who signs from now on: all, all but one, or every other.
pub(crate) fn signers(dice: &mut Dice) -> BTreeSet<usize> {
    let missing = dice.pick(&CANDIDATES);
    match dice.below(4) {
        0 => CANDIDATES.into(),
        1 => CANDIDATES.into_iter().filter(|place| place % 2 == missing % 2).collect(),
        _ => CANDIDATES.into_iter().filter(|place| *place != missing).collect(),
    }
}

/// A vote of a validator for a block.
const fn vote(key: usize, block: u8) -> Signed {
    Signed { key, chain_id: CHAIN_ID, block, is_of_other_height: false }
}

/// A report of an offence.
pub(crate) fn evidence(kind: Kind, model: &Model, dice: &mut Dice) -> Call {
    let by = dice.pick(&[STRANGER, 0, 7, 8]);
    // Every other time somebody of whom stake is on its way out.
    let all = validators(model);
    let is_left = |place: &usize| !model.staking.validators[&address(*place)].leaving.is_empty();
    let left: Vec<usize> = all.iter().copied().filter(is_left).collect();
    let among = if left.is_empty() || dice.below(2) == 0 { &all } else { &left };
    let validator = dice.pick_or(among, STRANGER);
    let now = model.height + 1;
    let (height, view) = (now.saturating_sub(dice.below(8)).max(1), dice.below(2));
    let [one, other] = dice.pick(&[[1, 2], [2, 1], [1, 3]]).map(|block| vote(validator, block));
    let double_sign = |height, votes| Act::DoubleSign { validator, height, view, votes };
    let refused = vote(validator, REFUSED_BLOCK);
    let invalid = |vote| Act::InvalidVote { validator, height, view, vote };
    let act = match kind {
        Kind::DoubleSign => double_sign(height, [one, other]),
        Kind::DoubleSignForged => match dice.below(6) {
            0 => double_sign(height, [one, Signed { key: STRANGER, ..other }]),
            1 => double_sign(height, [Signed { key: (validator + 1) % NAMES.len(), ..one }, other]),
            2 => double_sign(height, [one, other].map(|vote| Signed { chain_id: CHAIN_ID + 1, ..vote })),
            3 => double_sign(height, [one, one]),
            4 => double_sign(height, [one, Signed { block: 0, ..other }]),
            _ => double_sign(height, [one, Signed { is_of_other_height: true, ..other }]),
        },
        Kind::EvidenceAgain => again(model, dice).unwrap_or_else(|| double_sign(height, [one, other])),
        Kind::EvidenceOutOfTime => {
            let far = dice.below(6);
            let heights = [now + 1 + far, now.saturating_sub(UNBONDING + 1 + far), 0];
            double_sign(dice.pick(&heights), [one, other])
        }
        Kind::InvalidVote => invalid(refused),
        Kind::InvalidVoteForged => match dice.below(3) {
            0 => invalid(Signed { block: 1, ..refused }),
            1 => invalid(Signed { key: STRANGER, ..refused }),
            _ => invalid(Signed { chain_id: CHAIN_ID + 1, ..refused }),
        },
        _ => Act::Downtime { validator: longest_away(model).unwrap_or(validator) },
    };
    Call::new(by, act)
}

/// The last evidence once more, its votes in the other order or not.
fn again(model: &Model, dice: &mut Dice) -> Option<Act> {
    let mut act = model.evidence.clone()?;
    if let (Act::DoubleSign { votes, .. }, 0) = (&mut act, dice.below(2)) {
        votes.reverse();
    }
    Some(act)
}

/// Who signed least of what the chain remembers.
fn longest_away(model: &Model) -> Option<usize> {
    let known = model.staking.validators.keys().copied();
    let away =
        known.map(|validator| (model.uptime(validator), validator)).filter(|((_, recorded, _), _)| *recorded >= 90);
    place_of(away.min_by_key(|((signed, ..), _)| *signed)?.1)
}
