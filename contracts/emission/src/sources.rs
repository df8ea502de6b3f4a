//! The contracts that the machine asks and pays.
//!
//! Guarantees that a contract that fails or answers with something else stops the step, which is tried again in the next
//! block: silence is never taken for an empty epoch.

use alloc::boxed::Box;

use florin_sdk::prelude::*;
use florin_sdk::words::{Message, Unanswered, Words, selector};

use crate::errors::EmissionError;
use crate::machine::Step;

/// A message of another contract.
type Selector = [u8; 4];

/// The registry: `(bool isFinal, uint32 pages, uint32 miners, uint64 totalScore)`.
const OUTCOME: Selector = selector("outcome(uint64)");
/// The registry: `(bool isReported, uint64 tasks, uint32 difficulty, uint32 participation, uint32 quality)`.
const METRICS: Selector = selector("metrics(uint64)");
/// The registry: `uint64 nextEpoch`, the first that is not final.
const FINALIZE: Selector = selector("finalize(uint32)");
/// The staking contract: `uint128`.
const TOTAL_STAKE: Selector = selector("totalStake(uint64)");
/// The rewards contract takes pools: epoch, last block of the campaign, kinds, pools, sums of weights; the value is theirs.
const BEGIN: Selector = selector("begin(uint64,uint64,uint8[],uint128[],uint128[])");
/// The rewards contract: `(bool isSettled, bytes32 root, uint32 leafCount, uint128 claimable)`.
const ADVANCE: Selector = selector("advance()");
/// The recycling pool: `uint128`.
const POOL: Selector = selector("pool()");
/// The recycling pool pays an amount to the caller, and burns the value as unmet quota.
const CLOSE_EPOCH: Selector = selector("closeEpoch(uint128)");

impl From<Unanswered> for Box<EmissionError> {
    #[inline(never)]
    fn from(none: Unanswered) -> Self {
        Self::new(EmissionError::SourceFailed { source: none.contract, status: none.status.code() })
    }
}

/// Asks with an epoch.
fn of_epoch<T>(contract: &Address, selector: Selector, epoch: u64, read: impl FnOnce(&mut Words<'_>) -> T) -> Step<T> {
    Ok(Message::new(selector, 1).number(epoch.into()).view(contract, read)?)
}

/// Returns whether an epoch's outcome is final, and what its scores sum to.
#[inline(never)]
pub(crate) fn outcome(registry: &Address, epoch: u64) -> Step<(bool, u128)> {
    of_epoch(registry, OUTCOME, epoch, |words| (words.number(0) == 1, words.number(3)))
}

/// Returns tasks, difficulty, participation and quality of an epoch; all zero if nobody has reported.
pub(crate) fn metrics(registry: &Address, epoch: u64) -> Step<(u64, u32, u32, u32)> {
    of_epoch(registry, METRICS, epoch, |words| {
        if words.number(0) != 1 {
            return (0, 0, 0, 0);
        }
        let tasks = u64::try_from(words.number(1)).unwrap_or(u64::MAX);
        (tasks, words.small(2), words.small(3), words.small(4))
    })
}

/// Lets the registry go on; returns the first epoch that is not final.
pub(crate) fn finalize(registry: &Address, steps: u32) -> Step<u128> {
    Ok(Message::new(FINALIZE, 1).number(steps.into()).send(registry, 0, |words| words.number(0))?)
}

/// Returns the effective stake of an epoch.
pub(crate) fn total_stake(staking: &Address, epoch: u64) -> Step<u128> {
    of_epoch(staking, TOTAL_STAKE, epoch, |words| words.number(0))
}

/// Gives the shared rows of an epoch, (kind, pool, sum of weights) each, to the rewards contract.
pub(crate) fn begin(
    rewards: &Address,
    (epoch, last_block): (u64, u64),
    rows: &[(u8, u128, u128)],
    sum: u128,
) -> Step<()> {
    let count = rows.len() as u128;
    // Five words of head, then three lists with their lengths.
    let offset = |list: u128| list.saturating_mul(count.saturating_add(1)).saturating_add(5).saturating_mul(32);
    let mut message = Message::new(BEGIN, rows.len().saturating_add(1).saturating_mul(3).saturating_add(5));
    message.number(epoch.into()).number(last_block.into());
    message.number(offset(0)).number(offset(1)).number(offset(2));
    for list in 0..3_u8 {
        message.number(count);
        for (kind, pool, total) in rows {
            message.number(match list {
                0 => (*kind).into(),
                1 => *pool,
                _ => *total,
            });
        }
    }
    Ok(message.send(rewards, sum, |_| ())?)
}

/// Lets the rewards contract go on; returns root, leaf count and total of the campaign when the epoch is settled.
pub(crate) fn advance(rewards: &Address) -> Step<Option<(B256, u32, u128)>> {
    Ok(Message::new(ADVANCE, 0).send(rewards, 0, |words| {
        let outcome = (words.hash(1), words.small(2), words.number(3));
        (words.number(0) == 1).then_some(outcome)
    })?)
}

/// Returns what is in the recycling pool.
pub(crate) fn pool(recycling: &Address) -> Step<u128> {
    Ok(Message::new(POOL, 0).view(recycling, |words| words.number(0))?)
}

/// Takes an amount out of the recycling pool, and gives it what is to be burned as unmet quota.
pub(crate) fn settle_pool(recycling: &Address, from_pool: u128, unmet: u128) -> Step<()> {
    Ok(Message::new(CLOSE_EPOCH, 1).number(from_pool).send(recycling, unmet, |_| ())?)
}
