//! Delegators, each with a validator of its own, and what stakes earn.
//!
//! Guarantees that stake comes and goes: in every epoch one delegator begins to take a part back, withdraws it when it is ready,
//! and stakes it again.

use alloy_primitives::Address;

use super::cast::{Cast, Who};
use super::contracts::Staking;
use super::day::Day;
use super::desk::{Desk, Intent};
use crate::genesis::address::STAKING;

/// What a delegator stakes, in wei.
pub(super) const DELEGATION: u128 = 50_000_000_000;

/// What it takes back at a time, in wei.
const PART: u128 = 10_000_000_000;

/// What a delegator is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waiting {
    number: u32,
    /// The height from which on it can withdraw.
    ready: u64,
}

/// Everybody who stakes.
#[derive(Default)]
pub(super) struct Delegating {
    waiting: Vec<Waiting>,
    /// Validators in jail with the heights at which they may come back.
    jailed: Vec<(u32, u64)>,
}

impl Delegating {
    /// Takes note of stake that leaves.
    pub(super) fn learn_unbonded(&mut self, cast: &Cast, unbonded: &Staking::Unbonded) {
        if let Some(Who::Delegator(number)) = cast.who(unbonded.delegator) {
            self.waiting.push(Waiting { number, ready: unbonded.ready });
        }
    }

    /// Takes note of a validator in jail until a height.
    pub(super) fn learn_jailed(&mut self, cast: &Cast, validator: Address, until: u64) {
        if let (Some(Who::Validator(number)), 1..) = (cast.who(validator), until) {
            self.jailed.push((number, until));
        }
    }

    /// Says what is done in a block.
    pub(super) fn plan(&mut self, desk: &mut Desk, cast: &Cast, day: &Day) {
        let validators = cast.sizes.validators;
        if day.is_once(2, 0) {
            for number in 0..validators {
                desk.hurry(call("staking.delegate", cast, Who::Delegator(number), number).with_value(DELEGATION));
            }
        }
        if day.is(3, 2, 1) {
            let number = day.epoch.saturating_sub(1).checked_rem(validators.into()).unwrap_or_default();
            let number = u32::try_from(number).unwrap_or_default();
            let unbond = Staking::unbondCall { validator: cast.address(Who::Validator(number)), amount: PART };
            desk.hurry(Intent::new("staking.unbond", Who::Delegator(number), STAKING, &unbond));
        }
        if day.offset == 4 {
            let (ready, waiting) = self.waiting.iter().partition(|waiting| waiting.ready <= day.height);
            self.waiting = waiting;
            let ready: Vec<Waiting> = ready;
            for Waiting { number, .. } in ready {
                let withdraw = Staking::withdrawCall { validator: cast.address(Who::Validator(number)) };
                desk.hurry(Intent::new("staking.withdraw", Who::Delegator(number), STAKING, &withdraw));
                desk.hurry(call("staking.delegate", cast, Who::Delegator(number), number).with_value(PART));
            }
        }
        if day.is(5, 4, 2) {
            for number in 0..validators {
                let claim = Staking::claimRewardsCall { validator: cast.address(Who::Validator(number)) };
                for who in [Who::Validator(number), Who::Delegator(number)] {
                    desk.add(Intent::new("staking.claimRewards", who, STAKING, &claim));
                }
            }
        }
        if day.offset == 6 {
            let (free, jailed) = self.jailed.iter().partition(|(_, until)| *until <= day.height);
            self.jailed = jailed;
            let free: Vec<(u32, u64)> = free;
            for (number, _) in free {
                desk.hurry(Intent::new("staking.unjail", Who::Validator(number), STAKING, &Staking::unjailCall {}));
            }
        }
    }

    /// Returns a validator in jail with the height at which it may come back.
    pub(super) fn jailed(&self) -> Option<(u32, u64)> {
        self.jailed.first().copied()
    }
}

fn call(operation: &'static str, cast: &Cast, who: Who, validator: u32) -> Intent {
    let call = Staking::delegateCall { validator: cast.address(Who::Validator(validator)) };
    Intent::new(operation, who, STAKING, &call)
}
