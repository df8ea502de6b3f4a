//! The contracts that the settlement asks and pays.
//!
//! Guarantees that a contract that fails or answers with something else stops the step, which is tried again in the next
//! block: silence is never taken for an empty list.

use alloc::boxed::Box;

use florin_sdk::prelude::*;
use florin_sdk::words::{Message, Unanswered, selector};

use crate::errors::RewardsError;
use crate::work::Step;

/// A message of another contract.
type Selector = [u8; 4];

/// The registry: `(address[] miners, uint32[] scores)` of a page, ascending.
const SCORES: Selector = selector("scores(uint64,uint32)");
/// The staking contract: `(address[] validators, bytes32[] keys, uint128[] stakes)` behind an account, ascending.
const VALIDATORS: Selector = selector("validators(uint64,address,uint32)");
/// The staking contract takes the reward of a validator, which is the value.
const REWARD: Selector = selector("reward(uint64,address)");
/// The staking contract: the rewards up to an epoch are complete.
const CLOSE_EPOCH: Selector = selector("closeEpoch(uint64)");
/// The claims contract creates a campaign, funded with the value: number, token (zero for MDT), root, leaf count, total, first
/// block (0: this one), last block, sweep target.
const CREATE_CAMPAIGN: Selector =
    selector("createCampaign(uint64,address,bytes32,uint32,uint128,uint64,uint64,address)");

impl From<Unanswered> for Box<RewardsError> {
    #[inline(never)]
    fn from(none: Unanswered) -> Self {
        Self::new(RewardsError::SourceFailed { source: none.contract, status: none.status.code() })
    }
}

/// Returns the question for a page of miners and scores.
pub(crate) fn scores(epoch: u64, page: u32) -> Message {
    let mut message = Message::new(SCORES, 2);
    message.number(epoch.into()).number(page.into());
    message
}

/// Returns the question for validators, keys and stakes behind an account.
pub(crate) fn validators(epoch: u64, after: &Address, limit: u32) -> Message {
    let mut message = Message::new(VALIDATORS, 3);
    message.number(epoch.into()).account(after).number(limit.into());
    message
}

/// Pays the reward of an epoch to a validator and its delegators.
pub(crate) fn reward(staking: &Address, epoch: u64, validator: &Address, amount: u128) -> Step<()> {
    Ok(Message::new(REWARD, 2).number(epoch.into()).account(validator).send(staking, amount, |_| ())?)
}

/// Ends the rewards of an epoch.
pub(crate) fn close_epoch(staking: &Address, epoch: u64) -> Step<()> {
    Ok(Message::new(CLOSE_EPOCH, 1).number(epoch.into()).send(staking, 0, |_| ())?)
}

/// Creates the campaign of an epoch, from this block on; what is left of it goes back to the pool.
pub(crate) fn create_campaign(
    (claims, recycling): (&Address, &Address),
    epoch: u64,
    (root, leaf_count, total): (B256, u32, u128),
    last_block: u64,
) -> Step<()> {
    let mut message = Message::new(CREATE_CAMPAIGN, 8);
    message.number(epoch.into()).account(&Address::ZERO).hash(&root).number(leaf_count.into());
    message.number(total).number(0).number(last_block.into()).account(recycling);
    Ok(message.send(claims, total, |_| ())?)
}
