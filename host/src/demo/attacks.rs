//! Five attacks on the campaign, each a signed transaction that is executed and has to fail with one certain error.
//!
//! Guarantees that they are real: three of them aim at a claim that is still open and would pay if the contract fell for
//! them; the claim is paid afterwards. An attack counts as refused only if the revert data is the expected error with the
//! expected fields, byte for byte.

use alloy_primitives::{B256, Bytes};
use alloy_sol_types::{SolCall, SolInterface};
use florin_runtime::receipt::Receipt;
use florin_tokenomics::Claim;

use super::DemoError;
use super::campaign::{CAMPAIGN, Campaign};
use super::cast::CLAIM_GAS_LIMIT;
use super::contracts::{Claims, ClaimsErrors, describe, describe_error};
use super::pipeline::Pipeline;
use super::report::Attack;
use crate::actor::Actor;

/// An attack that is ready to be submitted.
struct Attempt {
    name: &'static str,
    call: Claims::claimCall,
    expected: ClaimsErrors,
}

/// Tries to get an open claim for another amount, for oneself, and with a made-up proof; all in one block.
pub(super) fn on_an_open_claim(
    pipeline: &mut Pipeline,
    attacker: &mut Actor,
    campaign: &Campaign,
    line: &Claim,
) -> Result<Vec<Attack>, DemoError> {
    let right = campaign.claim(line);
    let invalid = Claims::InvalidProof { campaign: CAMPAIGN, index: line.index };
    let more = Claims::claimCall { amount: line.amount.saturating_add(1), ..right.clone() };
    let redirected = Claims::claimCall { account: attacker.address(), ..right.clone() };
    let mut forged = right;
    match forged.proof.first_mut() {
        Some(node) => node.0[0] ^= 1,
        None => forged.proof.push(B256::ZERO),
    }
    let calls = [("wrong amount", more), ("someone else's leaf", redirected), ("forged proof", forged)];
    let attempt = |(name, call)| Attempt { name, call, expected: ClaimsErrors::InvalidProof(invalid.clone()) };
    submit(pipeline, attacker, campaign, calls.map(attempt).into())
}

/// Submits a paid claim again.
pub(super) fn on_a_paid_claim(
    pipeline: &mut Pipeline,
    attacker: &mut Actor,
    campaign: &Campaign,
    line: &Claim,
) -> Result<Vec<Attack>, DemoError> {
    let expected = Claims::AlreadyClaimed { campaign: CAMPAIGN, index: line.index };
    let call = campaign.claim(line);
    let attempt = Attempt { name: "claim twice", call, expected: ClaimsErrors::AlreadyClaimed(expected) };
    submit(pipeline, attacker, campaign, vec![attempt])
}

/// Lets the window pass and submits a claim.
pub(super) fn after_the_window(
    pipeline: &mut Pipeline,
    attacker: &mut Actor,
    campaign: &Campaign,
    line: &Claim,
) -> Result<Vec<Attack>, DemoError> {
    while pipeline.height() < campaign.last_block {
        pipeline.submit(&[])?;
    }
    let height = pipeline.height().saturating_add(1);
    let expected = Claims::WindowClosed { campaign: CAMPAIGN, lastBlock: campaign.last_block, height };
    let call = campaign.claim(line);
    let attempt = Attempt { name: "after the window", call, expected: ClaimsErrors::WindowClosed(expected) };
    submit(pipeline, attacker, campaign, vec![attempt])
}

fn submit(
    pipeline: &mut Pipeline,
    attacker: &mut Actor,
    campaign: &Campaign,
    attempts: Vec<Attempt>,
) -> Result<Vec<Attack>, DemoError> {
    let sign = |attempt: &Attempt| attacker.call(campaign.claims, attempt.call.abi_encode(), CLAIM_GAS_LIMIT);
    let transactions = attempts.iter().map(sign).collect::<Vec<Bytes>>();
    let receipts = pipeline.submit(&transactions)?;
    Ok(attempts.iter().zip(&receipts).map(|(attempt, receipt)| judge(attempt, receipt)).collect())
}

fn judge(attempt: &Attempt, receipt: &Receipt) -> Attack {
    let is_reverted = receipt.status == florin_abi::Status::Reverted;
    let refused = is_reverted && receipt.events.is_empty() && receipt.output == attempt.expected.abi_encode();
    Attack {
        name: attempt.name,
        transaction: receipt.transaction.to_string(),
        status: receipt.status.name(),
        error: if is_reverted { describe(&receipt.output) } else { "none".to_owned() },
        expected: describe_error(&attempt.expected),
        refused,
    }
}
