//! A validator that signs two blocks for one height, one that sleeps, and evidence that is none.
//!
//! Guarantees that the evidence is genuine: two ed25519 signatures by the validator's own consensus key over the votes that
//! consensus defines; and that what is refused differs from it in one thing each. Of downtime there is no evidence but the
//! chain's own record of who signed.

use alloy_primitives::{B256, keccak256};
use florin_abi::vote::Vote;
use florin_tokenomics::slash::SIGNED_WINDOW_BLOCKS;

use super::cast::{Cast, Who};
use super::contracts::Slashing;
use super::day::Day;
use super::desk::{Desk, Intent};
use super::voting::Member;
use crate::genesis::address::SLASHING;

/// The validator that sleeps, and the epochs in which it signs no block.
const SLEEPER: u32 = 0;
const ASLEEP: std::ops::RangeInclusive<u64> = 3..=6;

/// The blocks of the chain's record of signers.
const RECORD_BLOCKS: u64 = SIGNED_WINDOW_BLOCKS as u64;

/// Gas of a report.
const REPORT_GAS: u64 = 5_000_000;

/// Says what is reported in a block: in each eighth epoch, from the third on, a double sign in the epoch before, and in the
/// first of them everything that is refused. `before` is the set of the epoch before.
pub(super) fn plan(desk: &mut Desk, cast: &Cast, day: &Day, before: &[Member]) {
    let height = day.height.saturating_sub(day.epoch_blocks / 2);
    if day.is(3, 3, 8)
        && let Some(offender) = offender(cast, day, before)
    {
        let genuine = evidence(cast, offender, height, cast.chain_id);
        if day.epoch == 3 {
            for intent in forged(cast, offender, &genuine) {
                desk.hurry(intent);
            }
        }
        desk.hurry(report(Who::Watcher, &genuine));
    }
    if day.is_once(7, 3)
        && let Some(offender) = offender(cast, day, before)
    {
        // The offence was reported four blocks before this one, with a height four lower.
        let punished = evidence(cast, offender, height.saturating_sub(4), cast.chain_id);
        let reordered = swapped(&punished);
        let error = Slashing::AlreadyPunished { validator: punished.validator, height: punished.height };
        desk.hurry(report(Who::Attacker, &reordered).refused_with("evidence again, in another order", &error));
    }
    if day.is_once(7, 5)
        && let Some(honest) = before.first()
    {
        let stale = day.epoch_blocks.saturating_add(day.middle());
        let old = evidence(cast, honest.number, stale, cast.chain_id);
        let error = Slashing::StaleEvidence { height: stale, now: day.height };
        desk.hurry(report(Who::Attacker, &old).refused_with("evidence that is too old", &error));
    }
}

/// Says what is reported of validators that sign no blocks: the one that sleeps, and before that one that does not.
pub(super) fn plan_downtime(desk: &mut Desk, cast: &Cast, day: &Day) {
    let report = |who, number| {
        let call = Slashing::reportDowntimeCall { validator: cast.address(Who::Validator(number)) };
        Intent::new("slashing.reportDowntime", who, SLASHING, &call).with_gas(REPORT_GAS)
    };
    if day.is_once(8, 5) {
        // The block's own hook has recorded who signed its parent; the genesis is signed by nobody.
        let recorded = u32::try_from(day.height.saturating_sub(1).min(RECORD_BLOCKS)).unwrap_or_default();
        let awake = cast.sizes.validators.saturating_sub(1);
        let error = Slashing::NotDown { signed: recorded, recorded };
        desk.hurry(report(Who::Attacker, awake).refused_with("downtime of who was never down", &error));
    }
    if day.is_once(8, 7) {
        desk.hurry(report(Who::Watcher, SLEEPER));
    }
}

/// Tells whether a validator signs the blocks of an epoch.
pub(super) fn signs(number: u32, epoch: u64) -> bool {
    number != SLEEPER || !ASLEEP.contains(&epoch)
}

/// Returns who signs twice: another one each time, and never the first nor the last.
fn offender(cast: &Cast, day: &Day, before: &[Member]) -> Option<u32> {
    let turn = day.epoch.checked_div(8).unwrap_or_default();
    let others = u64::from(cast.sizes.validators).checked_sub(2)?;
    let number = u32::try_from(turn.checked_rem(others)?.saturating_add(1)).ok()?;
    before.iter().any(|member| member.number == number).then_some(number)
}

/// Returns genuine evidence against a validator, of votes for a chain.
fn evidence(cast: &Cast, number: u32, height: u64, chain_id: u64) -> Slashing::reportDoubleSignCall {
    let hash = |which: u8| keccak256([&height.to_be_bytes()[..], &[which]].concat());
    let sign = |block_hash: B256| cast.vote(number, &Vote { chain_id, height, view: 0, block_hash: block_hash.0 });
    let [first, second] = [hash(1), hash(2)];
    Slashing::reportDoubleSignCall {
        validator: cast.address(Who::Validator(number)),
        height,
        view: 0,
        hashA: first,
        signatureA: sign(first),
        hashB: second,
        signatureB: sign(second),
    }
}

/// Returns reports that must be refused while the offence is not punished.
fn forged(cast: &Cast, offender: u32, genuine: &Slashing::reportDoubleSignCall) -> Vec<Intent> {
    let other = evidence(cast, 0, genuine.height, cast.chain_id);
    let foreign = evidence(cast, offender, genuine.height, cast.chain_id.saturating_add(1));
    let framed = Slashing::reportDoubleSignCall { validator: other.validator, ..genuine.clone() };
    let half = Slashing::reportDoubleSignCall { signatureB: other.signatureB, ..genuine.clone() };
    let another_view = Slashing::reportDoubleSignCall { view: 1, ..genuine.clone() };
    let same =
        Slashing::reportDoubleSignCall { hashB: genuine.hashA, signatureB: genuine.signatureA, ..genuine.clone() };
    let invalid = Slashing::InvalidSignature {};
    let no_conflict = Slashing::NotConflicting {};
    let mut refused: Vec<Intent> = [
        ("forged evidence: another's signature", half),
        ("forged evidence: another's votes", framed),
        ("forged evidence: votes of another chain", foreign),
        ("forged evidence: another view", another_view),
    ]
    .iter()
    .map(|(attack, call)| report(Who::Attacker, call).refused_with(attack, &invalid))
    .collect();
    refused.push(report(Who::Attacker, &same).refused_with("evidence of one block twice", &no_conflict));
    refused
}

fn swapped(call: &Slashing::reportDoubleSignCall) -> Slashing::reportDoubleSignCall {
    let Slashing::reportDoubleSignCall { hashA, signatureA, hashB, signatureB, .. } = call.clone();
    Slashing::reportDoubleSignCall {
        hashA: hashB,
        signatureA: signatureB,
        hashB: hashA,
        signatureB: signatureA,
        ..call.clone()
    }
}

fn report(who: Who, call: &Slashing::reportDoubleSignCall) -> Intent {
    Intent::new("slashing.reportDoubleSign", who, SLASHING, call).with_gas(REPORT_GAS)
}
