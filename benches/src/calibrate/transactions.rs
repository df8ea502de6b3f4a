//! Whole transactions, from their bytes to their place in the state, and what is uploaded and kept with them.

use std::cell::RefCell;
use std::rc::Rc;

use alloy_primitives::{Address, B256, Bytes};
use florin_abi::limits;
use florin_runtime::gas::{Gas, GasSchedule, TICKS_PER_GAS};
use florin_runtime::ledger::Balance;
use florin_runtime::transaction::{Body, GasPrice};
use florin_runtime::vm::Vm;

use super::clock::Clock;
use super::guest::Guest;
use super::world::{World, assemble};
use super::{Case, Kind, Reading, Run};
use crate::contracts::{Campaign, artifact, call, deploy_module, deploy_token, token_transfer};
use crate::ledger::{Ledger, WorkloadError, recipient};
use crate::signer::transfer;

/// Accounts, and transactions of a block.
const COUNT: u32 = 200;
/// Accounts of the campaign, so that a proof has the 16 nodes of the real list's.
const CLAIMS: u32 = 43_575;

/// Returns every case.
///
/// # Errors
/// If a workload cannot be made.
pub fn cases() -> Result<Vec<Case>, WorkloadError> {
    let mut ledger = Ledger::new(COUNT)?;
    let token = deploy_token(&mut ledger, 1_000_000)?;
    let campaign = Campaign::new(&mut ledger, CLAIMS)?;
    let emitting = |topics: u64, bytes: u64, count| Guest::host("emit", &[64, topics, 64, bytes], count);
    let small = deploy_module(&mut ledger, &assemble(&emitting(4, 0, 100).text())?, &[])?;
    let large = deploy_module(&mut ledger, &assemble(&emitting(0, 16_384, 10).text())?, &[])?;
    let answering = Guest::host("finish", &[64, limits::OUTPUT_BYTES_MAX.into()], 1).pages(2);
    let answering = deploy_module(&mut ledger, &assemble(&answering.text())?, &[])?;
    let shared = Rc::new(RefCell::new(ledger));
    let new = |price, units, label: &str, kind, body: Maker| block(&shared, (price, units), label, kind, body);
    let to = |contract: Address| -> Maker {
        Box::new(move |nonce, _, _| Ok(Body { gas_limit: Gas(100_000_000), ..call(nonce, contract, Vec::new()) }))
    };
    let mut cases = vec![
        new(
            "transaction",
            0,
            "plain transfer",
            Kind::Worst,
            Box::new(|nonce, index, _| Ok(transfer(nonce, recipient(index)))),
        ),
        new(
            "transaction",
            0,
            "token transfer",
            Kind::Usual,
            Box::new(move |nonce, index, _| Ok(call(nonce, token, token_transfer(recipient(index), 1)))),
        ),
        new(
            "transaction",
            0,
            "claim",
            Kind::Usual,
            Box::new(move |nonce, index, round| {
                let claim = campaign.claim(round * COUNT + index as u32)?;
                Ok(call(nonce, campaign.contract, claim.to_vec()))
            }),
        ),
        new(
            "calldata_byte",
            u64::from(limits::INPUT_BYTES_MAX),
            "the longest input",
            Kind::Usual,
            Box::new(|nonce, index, _| {
                let input = Bytes::from(vec![0x5a; limits::INPUT_BYTES_MAX as usize]);
                Ok(Body {
                    input,
                    gas_limit: Gas(20_000_000),
                    value: Balance::new(1),
                    ..transfer(nonce, recipient(index))
                })
            }),
        ),
    ];
    let mut emit_small = new("Emit", 128, "in a block: 4 topics", Kind::Worst, to(small));
    emit_small.operations *= 100;
    let mut emit_large = new("Emit", 16_384, "in a block: 16 KiB", Kind::Usual, to(large));
    emit_large.operations *= 10;
    cases.extend([emit_small, emit_large]);
    cases.push(new("output", limits::OUTPUT_BYTES_MAX.into(), "in a block: finish", Kind::Usual, to(answering)));
    for name in ["token", "claims"] {
        cases.push(upload(name, Kind::Usual, artifact(name)?)?);
    }
    for (name, text) in super::uploads::worst() {
        cases.push(upload(name, Kind::Worst, assemble(&text)?)?);
    }
    Ok(cases)
}

/// Makes the transaction of an account: its nonce, its place, the round.
type Maker = Box<dyn Fn(u64, usize, u32) -> Result<Body, WorkloadError>>;

/// Makes a case of a block with one transaction of each account: decoded, verified, proposed, executed, committed.
fn block(ledger: &Rc<RefCell<Ledger>>, price: (&'static str, u64), label: &str, kind: Kind, body: Maker) -> Case {
    let shared = Rc::clone(ledger);
    let run: Run = Box::new(move |_, round| {
        let ledger = &mut *shared.borrow_mut();
        let mut raw = Vec::new();
        for (index, signer) in ledger.signers.iter().enumerate() {
            let nonce = ledger.chain.account(signer.address())?.nonce;
            let body = Body { gas_price: GasPrice::flat(1), ..body(nonce, index, round)? };
            raw.push(signer.sign(&body, &ledger.chain.domain()));
        }
        let (ns, gas) = Clock::Thread.time(|| commit(ledger, &raw));
        Ok(Reading { ns, ticks: gas? * TICKS_PER_GAS })
    });
    let (price, units) = price;
    Case { price, label: label.to_owned(), units, operations: COUNT.into(), kind, run, before: None }
}

/// Takes transactions from their bytes into the state; returns their gas.
fn commit(ledger: &mut Ledger, raw: &[Bytes]) -> Result<u64, WorkloadError> {
    let decoded = raw.iter().map(|bytes| ledger.chain.decode(bytes)).collect::<Result<Vec<_>, _>>()?;
    let verified = ledger.chain.verify(decoded).into_iter().collect::<Result<Vec<_>, _>>()?;
    let proposal = ledger.chain.propose(verified, 0)?;
    let executed = ledger.chain.execute(&proposal.block)?;
    let gas = executed.receipts().iter().map(|receipt| receipt.gas_used.0).sum();
    let failed = executed.receipts().iter().find(|receipt| !receipt.status.is_success());
    if let Some(receipt) = failed {
        return Err(WorkloadError::Contract(format!("a transaction ended as {:?}", receipt.status)));
    }
    ledger.chain.commit(executed)?;
    Ok(gas)
}

/// Makes a case of an upload: check, metering and compiling.
fn upload(label: &str, kind: Kind, module: Vec<u8>) -> Result<Case, WorkloadError> {
    let schedule = GasSchedule::default();
    let units = module.len() as u64;
    let info = Vm::check(&module).map_err(|refusal| WorkloadError::Contract(format!("{label}: {refusal}")))?;
    let ticks = schedule.code_byte * TICKS_PER_GAS * units + schedule.compile.of(&info.work);
    let mut uploads = 0_u64;
    let run: Run = Box::new(move |world: &mut World, _| {
        uploads += 1;
        // A hash of its own, so that no cache knows it.
        let hash = B256::left_padding_from(&[&units.to_be_bytes()[..], &uploads.to_be_bytes()].concat());
        let (ns, loaded) = Clock::Thread.time(|| world.vm.load(hash, &module));
        loaded.map_err(|error| WorkloadError::Contract(error.to_string()))?;
        Ok(Reading { ns, ticks })
    });
    let label = label.to_owned();
    Ok(Case { price: "code_byte", label, units, operations: 1, kind, run, before: None })
}
