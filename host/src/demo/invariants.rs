//! What must hold when every claim is paid, checked against the chain's own answers.
//!
//! Costs one simulated call an account, for the balances.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use florin_runtime::chain::Chain;

use super::DemoError;
use super::campaign::{CAMPAIGN, Campaign};
use super::cast::Cast;
use super::contracts::{Claims, Token, describe};
use super::payout::Payout;
use super::progress::Progress;
use super::report::Invariant;

/// Accounts asked between two steps of the progress.
const STEP: usize = 500;

/// Checks everything.
pub(super) fn check(
    chain: &Chain,
    cast: &Cast,
    campaign: &Campaign,
    payout: &Payout,
    progress: &mut dyn Progress,
) -> Result<Vec<Invariant>, DemoError> {
    Ok(vec![
        every_claim_is_paid(campaign, payout),
        the_sum_is_the_lists(chain, campaign, payout)?,
        every_balance_is_the_amount(chain, campaign, progress)?,
        the_tokens_are_all_there(chain, campaign)?,
        the_supply_adds_up(chain, cast, campaign)?,
    ])
}

fn every_claim_is_paid(campaign: &Campaign, payout: &Payout) -> Invariant {
    let (paid, count) = (payout.paid, u64::from(campaign.tree.count()));
    let detail = format!("{paid} of {count}, each with its own event");
    Invariant { name: "every claim is paid", holds: paid == count, detail }
}

fn the_sum_is_the_lists(chain: &Chain, campaign: &Campaign, payout: &Payout) -> Result<Invariant, DemoError> {
    let (sum, total) = (payout.sum, campaign.tree.total());
    let claimed = ask(chain, campaign.claims, &Claims::claimedCall { campaign: CAMPAIGN })?;
    let holds = sum == total && claimed == total;
    let detail = if holds { total.to_string() } else { format!("events {sum}, contract {claimed}, list {total}") };
    Ok(Invariant { name: "paid = claimed = sum of the list", holds, detail })
}

fn every_balance_is_the_amount(
    chain: &Chain,
    campaign: &Campaign,
    progress: &mut dyn Progress,
) -> Result<Invariant, DemoError> {
    let lines = campaign.tree.claims();
    progress.begin("checking balances", u64::from(campaign.tree.count()));
    let mut equal = 0_usize;
    for part in lines.chunks(STEP) {
        for line in part {
            let balance = balance_of(chain, campaign, line.account.into())?;
            equal = equal.saturating_add(usize::from(balance == U256::from(line.amount)));
        }
        progress.advance(part.len() as u64);
    }
    progress.end();
    let detail = format!("{equal} of {}", lines.len());
    Ok(Invariant { name: "each account has its amount", holds: equal == lines.len(), detail })
}

fn the_tokens_are_all_there(chain: &Chain, campaign: &Campaign) -> Result<Invariant, DemoError> {
    let supply = ask(chain, campaign.token, &Token::totalSupplyCall {})?;
    let left = balance_of(chain, campaign, campaign.claims)?;
    let holds = supply == U256::from(campaign.tree.total()) && left.is_zero();
    let detail = format!("supply {supply}, {left} left in the contract");
    Ok(Invariant { name: "tokens minted = sum of the list", holds, detail })
}

/// The people, the contracts and the proposer are all who ever had MDT.
fn the_supply_adds_up(chain: &Chain, cast: &Cast, campaign: &Campaign) -> Result<Invariant, DemoError> {
    let others = [campaign.claims, campaign.token, chain.genesis().proposer];
    let mut sum = 0_u128;
    for address in cast.everybody().map(|actor| actor.address()).chain(others) {
        sum = sum.saturating_add(chain.account(address)?.balance.wei());
    }
    let supply = chain.supply()?;
    let circulating = supply.circulating().map(|balance| balance.wei());
    let (genesis, minted) = (supply.genesis.wei(), supply.minted.wei());
    let burned = supply.burned().map_or(0, |balance| balance.wei());
    let detail = format!("{sum} wei = {genesis} at genesis + {minted} minted - {burned} burned");
    Ok(Invariant { name: "MDT supply adds up", holds: circulating == Some(sum), detail })
}

fn balance_of(chain: &Chain, campaign: &Campaign, account: Address) -> Result<U256, DemoError> {
    ask(chain, campaign.token, &Token::balanceOfCall { account })
}

/// Asks a contract; an answer that is not of the message's type is a failure.
fn ask<C: SolCall>(chain: &Chain, contract: Address, call: &C) -> Result<C::Return, DemoError> {
    let input = call.abi_encode().into();
    let answer = chain.view(Address::ZERO, contract, 0, input, chain.genesis().block_gas_limit)?;
    let unexpected = || DemoError::Failed {
        what: "asking a contract",
        status: answer.status.name(),
        error: describe(&answer.output),
    };
    if !answer.status.is_success() {
        return Err(unexpected());
    }
    C::abi_decode_returns(&answer.output).map_err(|_| unexpected())
}
