//! The contracts that the settlement asks and pays.
//!
//! Guarantees that a contract that fails or answers with something else stops the step, which is tried again in the next
//! block: silence is never taken for an empty list.

use alloc::boxed::Box;

use florin_sdk::prelude::*;
use florin_sdk::words::{Message, NoAnswer, Words, selector};

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

impl From<NoAnswer> for Box<RewardsError> {
    #[inline(never)]
    fn from(none: NoAnswer) -> Self {
        Self::new(RewardsError::SourceFailed { source: none.contract, status: none.status.code() })
    }
}

/// Returns a page of miners and scores.
pub(crate) fn scores(registry: Address, epoch: u64, page: u32) -> Step<Words> {
    Ok(Message::new(SCORES, 2).number(epoch.into()).number(page.into()).view(registry)?)
}

/// Returns validators, keys and stakes behind an account.
pub(crate) fn validators(staking: Address, epoch: u64, after: Address, limit: u32) -> Step<Words> {
    let message = Message::new(VALIDATORS, 3).number(epoch.into()).account(after).number(limit.into());
    Ok(message.view(staking)?)
}

/// Pays the reward of an epoch to a validator and its delegators.
pub(crate) fn reward(staking: Address, epoch: u64, validator: Address, amount: u128) -> Step<()> {
    Message::new(REWARD, 2).number(epoch.into()).account(validator).send(staking, amount)?;
    Ok(())
}

/// Ends the rewards of an epoch.
pub(crate) fn close_epoch(staking: Address, epoch: u64) -> Step<()> {
    Message::new(CLOSE_EPOCH, 1).number(epoch.into()).send(staking, 0)?;
    Ok(())
}

/// Creates the campaign of an epoch, from this block on; what is left of it goes back to the pool.
pub(crate) fn create_campaign(
    (claims, recycling): (Address, Address),
    epoch: u64,
    (root, leaf_count, total): (B256, u32, u128),
    last_block: u64,
) -> Step<()> {
    let message = Message::new(CREATE_CAMPAIGN, 8).number(epoch.into()).account(Address::ZERO).hash(root);
    let message = message.number(leaf_count.into()).number(total).number(0).number(last_block.into());
    message.account(recycling).send(claims, total)?;
    Ok(())
}
