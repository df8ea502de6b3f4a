//! What somebody without a right tries, and the error that each attempt must be refused with.
//!
//! Guarantees that the attempts are real: signed transactions that would take, make or redirect money if a contract fell for
//! them. What is tried with evidence, weights and decisions stands in `offences`, `voting` and `governing`.

use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError};

use super::cast::{Cast, Who};
use super::contracts::{Claims, Emission, Multisig, Recycling, Registry, Rewards, Staking, Treasury};
use super::day::Day;
use super::delegating::Delegating;
use super::desk::{Desk, Intent};
use super::mining::Mining;
use crate::genesis::address::{CLAIMS, EMISSION, MULTISIG, RECYCLING, REGISTRY, REWARDS, SLASHING, STAKING, TREASURY};

/// The first campaign with claims.
pub(super) const CAMPAIGN: u64 = 1;

/// What attacks aim at.
pub(super) struct Targets<'a> {
    pub(super) mining: &'a Mining,
    pub(super) delegating: &'a Delegating,
    /// The fee of a registration, in wei.
    pub(super) fee: u128,
    /// The last block of [`CAMPAIGN`], once it is known.
    pub(super) last_block: Option<u64>,
}

/// Says what is tried in a block.
pub(super) fn plan(desk: &mut Desk, cast: &Cast, day: &Day, targets: &Targets<'_>) {
    let attacker = cast.address(Who::Attacker);
    let attempts = if day.is_once(7, 1) {
        on_rights(attacker, targets.fee)
    } else if day.is_once(8, 3) {
        in_jail(targets.delegating)
    } else if day.is_once(7, 4) {
        on_money(attacker)
    } else if day.is_once(day.middle(), 4) {
        on_claims(attacker, targets.mining)
    } else if day.is_once(9, 5) {
        after_the_window(day, targets)
    } else {
        Vec::new()
    };
    for attempt in attempts {
        desk.hurry(attempt);
    }
}

/// What only the chain, the emission and validators may do.
fn on_rights(attacker: Address, fee: u128) -> Vec<Intent> {
    let caller = attacker;
    let low = fee.saturating_sub(1);
    let no_stake = Registry::NoStake { validator: attacker, epoch: 1 };
    let commit = Registry::commitCall { commitment: B256::ZERO };
    vec![
        attempt("minting by calling the hook", EMISSION, &Emission::onBlockCall {}, &Emission::OnlyTheChain { caller }),
        attempt(
            "taking from the pool",
            RECYCLING,
            &Recycling::closeEpochCall { amount: 1 },
            &Recycling::OnlyTheEmission { caller },
        ),
        attempt("advancing a settlement", REWARDS, &Rewards::advanceCall {}, &Rewards::OnlyTheEmission { caller }),
        attempt(
            "registration below the fee",
            REGISTRY,
            &Registry::registerCall {},
            &Registry::WrongFee { expected: fee, value: low },
        )
        .with_value(low),
        attempt("weights without stake", REGISTRY, &commit, &no_stake),
    ]
}

/// The money of the treasury and of others' stakes.
fn on_money(attacker: Address) -> Vec<Intent> {
    let spend = Treasury::spendCall { to: attacker, amount: 1, memo: B256::ZERO };
    let not_owner = Treasury::OwnableUnauthorizedAccount { account: attacker };
    let propose = Multisig::proposeCall { to: TREASURY, value: 0, input: spend.abi_encode().into() };
    let slash = Staking::slashCall { validator: attacker, epoch: 1, ratio: 1, jailedUntil: 0 };
    let only_slashing = Staking::Unauthorized { allowed: SLASHING };
    vec![
        attempt("spending the treasury", TREASURY, &spend, &not_owner),
        attempt("sitting on the board", MULTISIG, &propose, &Multisig::NotAnOwner { account: attacker }),
        attempt("slashing without evidence", STAKING, &slash, &only_slashing),
        attempt(
            "an unknown source of recycling",
            RECYCLING,
            &Recycling::recycleCall { source: 5 },
            &Recycling::UnknownSource { source: 5 },
        )
        .with_value(1),
    ]
}

/// The jail, before its time is over.
fn in_jail(delegating: &Delegating) -> Vec<Intent> {
    let attempt = |(validator, until)| {
        let early = attempt("out of jail too early", STAKING, &Staking::unjailCall {}, &Staking::Jailed { until });
        Intent { who: Who::Validator(validator), ..early }
    };
    delegating.jailed().map(attempt).into_iter().collect()
}

/// A claim that was paid, and one that is open.
fn on_claims(attacker: Address, mining: &Mining) -> Vec<Intent> {
    let mut attempts = Vec::new();
    if let Some(paid) = mining.made(CAMPAIGN) {
        let twice = Claims::AlreadyClaimed { campaign: CAMPAIGN, index: paid.index };
        attempts.push(attempt("claim twice", CLAIMS, &paid, &twice));
    }
    if let Some(open) = mining.forgotten(CAMPAIGN) {
        let invalid = Claims::InvalidProof { campaign: CAMPAIGN, index: open.index };
        let more = Claims::claimCall { amount: open.amount.saturating_add(1), ..open.clone() };
        let redirected = Claims::claimCall { account: attacker, ..open.clone() };
        let elsewhere = Claims::claimCall { campaign: CAMPAIGN.saturating_add(1), ..open.clone() };
        let mut forged = open;
        match forged.proof.first_mut() {
            Some(node) => node.0[0] ^= 1,
            None => forged.proof.push(B256::ZERO),
        }
        let other = Claims::InvalidProof { campaign: elsewhere.campaign, index: elsewhere.index };
        attempts.push(attempt("wrong amount", CLAIMS, &more, &invalid));
        attempts.push(attempt("someone else's leaf", CLAIMS, &redirected, &invalid));
        attempts.push(attempt("forged proof", CLAIMS, &forged, &invalid));
        attempts.push(attempt("a leaf of another epoch", CLAIMS, &elsewhere, &other));
    }
    attempts
}

/// A claim that nobody made in time.
fn after_the_window(day: &Day, targets: &Targets<'_>) -> Vec<Intent> {
    let Some((call, last_block)) = targets.mining.forgotten(CAMPAIGN).zip(targets.last_block) else {
        return Vec::new();
    };
    let late = Claims::WindowClosed { campaign: CAMPAIGN, lastBlock: last_block, height: day.height };
    vec![attempt("a claim after the window", CLAIMS, &call, &late)]
}

fn attempt(name: &'static str, to: Address, call: &impl SolCall, error: &impl SolError) -> Intent {
    Intent::new(name, Who::Attacker, to, call).refused_with(name, error)
}
