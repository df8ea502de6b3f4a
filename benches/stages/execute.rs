//! `Block` to `ExecutedBlock`, and single warm calls.

use criterion::{Criterion, Throughput};
use florin_benches::contracts::{Campaign, call, deploy_token, token_transfer};
use florin_benches::ledger::{Ledger, WorkloadError, recipient};
use florin_benches::signer::Signer;
use florin_runtime::block::Block;
use florin_runtime::chain::Chain;
use florin_runtime::gas::Gas;

/// Transactions of a block, each from an account of its own.
const COUNT: u32 = 1_000;
/// Accounts of the campaign, so that a proof has the 16 nodes of the real list's.
const CLAIMS: u32 = 43_575;

pub(crate) fn bench(criterion: &mut Criterion) -> Result<(), WorkloadError> {
    let mut ledger = Ledger::new(COUNT)?;
    let plain = ledger.transfers()?;
    blocks(criterion, "transfer", &ledger.chain, &plain)?;
    let token = deploy_token(&mut ledger, 1_000_000)?;
    let tokens = ledger.block(|nonce, index| call(nonce, token, token_transfer(recipient(index), 1)))?;
    blocks(criterion, "token.transfer", &ledger.chain, &tokens)?;
    let campaign = Campaign::new(&mut ledger, CLAIMS)?;
    let inputs = (0..COUNT).map(|index| campaign.claim(index)).collect::<Result<Vec<_>, _>>()?;
    let claims = ledger.block(|nonce, index| call(nonce, campaign.contract, inputs[index].to_vec()))?;
    blocks(criterion, "claims.claim", &ledger.chain, &claims)?;
    calls(criterion, &ledger, token, &campaign)
}

/// Executes a block again and again on the same state.
fn blocks(criterion: &mut Criterion, name: &str, chain: &Chain, block: &Block) -> Result<(), WorkloadError> {
    let count = block.transactions().len();
    let executed = chain.execute(block)?;
    let succeeded = executed.receipts().iter().filter(|receipt| receipt.status.is_success()).count();
    if succeeded != COUNT as usize {
        return Err(WorkloadError::Contract(format!("{succeeded} of {COUNT} transactions of {name} succeed")));
    }
    let mut group = criterion.benchmark_group("execute");
    group.sample_size(10);
    group.throughput(Throughput::Elements(count as u64));
    group.bench_function(format!("{name},block={count}"), |bencher| bencher.iter(|| chain.execute(block)));
    group.finish();
    Ok(())
}

/// Calls a contract whose code and state are in memory.
fn calls(
    criterion: &mut Criterion,
    ledger: &Ledger,
    token: alloy_primitives::Address,
    campaign: &Campaign,
) -> Result<(), WorkloadError> {
    let caller = ledger.signers.first().map(Signer::address).unwrap_or_default();
    let transfer = token_transfer(recipient(0), 1).into();
    let mut group = criterion.benchmark_group("call");
    for (name, contract, input) in
        [("token.transfer", token, transfer), ("claims.claim", campaign.contract, campaign.claim(0)?)]
    {
        let view = || ledger.chain.view(caller, contract, 0, input.clone(), Gas(1_000_000));
        let outcome = view()?;
        if !outcome.status.is_success() {
            return Err(WorkloadError::Contract(format!("{name}: {:?} {}", outcome.status, outcome.output)));
        }
        group.bench_function(format!("{name},warm"), |bencher| bencher.iter(view));
    }
    group.finish();
    Ok(())
}
