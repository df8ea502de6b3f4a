//! One transaction: it buys its gas, consumes its nonce, runs, and gets the unused gas back.
//!
//! Guarantees that a transaction that fails changes nothing but the sender's nonce and balance, both once, and that
//! whatever it burnt is paid for. The fee leaves the sender here; where it goes is settled at the block's end.

use alloy_primitives::{Address, B256, Bytes, keccak256};
use florin_abi::{Status, limits};

use super::{
    admission::intrinsic_gas,
    deploy::DeployPayload,
    invoke::{self, Answer},
    session::Session,
};
use crate::{
    fault::Fault,
    gas::Gas,
    ledger::Balance,
    receipt::Receipt,
    signature::VerifiedTransaction,
    vm::{
        LoadError, Vm,
        frame::{Entry, Message},
    },
};

/// Executes an admitted transaction. `gas_before` is the gas that the block's earlier transactions used.
///
/// # Errors
/// Faults if the state or the engine fails, and if the transaction was not admitted: its nonce, funds, gas limit or gas
/// price do not fit the session.
pub fn transact(
    mut session: Session,
    vm: &Vm,
    transaction: &VerifiedTransaction,
    gas_before: Gas,
) -> Result<(Session, Receipt), Fault> {
    const NOT_ADMITTED: Fault = Fault::Invariant("a transaction was executed that was not admitted");
    let (sender, limit) = (transaction.sender(), transaction.gas_limit());
    let price = transaction.gas_price().effective(session.block().base_gas_price).ok_or(NOT_ADMITTED)?;
    let intrinsic = intrinsic_gas(vm.schedule(), transaction);
    let allowance = limit.0.checked_sub(intrinsic.0).map(Gas).ok_or(NOT_ADMITTED)?;
    let bought = Balance::new(price).checked_mul(limit.0).ok_or(NOT_ADMITTED)?;
    if !session.use_nonce(sender, transaction.nonce())? || !session.debit(sender, bought)?.is_success() {
        return Err(NOT_ADMITTED);
    }

    let (mut session, answer) = match transaction.to() {
        Some(to) => {
            let message = message(transaction, to, transaction.input().clone(), Entry::Call);
            invoke::call(session, vm, message, allowance.to_ticks())
        }
        None => deploy(session, vm, transaction, allowance.to_ticks()),
    };
    let Answer { status, ticks_used, output } = answer?;

    let gas_used = Gas(intrinsic.0.saturating_add(Gas::from_ticks(ticks_used).0)).min(limit);
    let fee = Balance::new(price).checked_mul(gas_used.0).ok_or(NOT_ADMITTED)?;
    session.credit(sender, bought.checked_sub(fee).ok_or(NOT_ADMITTED)?)?;
    let created = transaction.to().is_none() && status.is_success();
    let receipt = Receipt {
        status,
        gas_used,
        cumulative_gas_used: gas_before.checked_add(gas_used).ok_or(Fault::Invariant("gas of a block overflows"))?,
        fee,
        transaction: transaction.id(),
        sender,
        contract: created.then(|| sender.create(transaction.nonce())),
        output,
        events: session.end_transaction(),
    };
    Ok((session, receipt))
}

/// Uploads the code, unless the state has it already, and creates the contract. Whatever fails takes the upload back.
fn deploy(
    mut session: Session,
    vm: &Vm,
    transaction: &VerifiedTransaction,
    ticks: u64,
) -> (Session, Result<Answer, Fault>) {
    let refused = |status| Ok(Answer { status, ticks_used: 0, output: Bytes::new() });
    let Some(DeployPayload { code, arguments }) = DeployPayload::split(transaction.input()) else {
        return (session, refused(Status::BadDeployPayload));
    };
    if code.len() > limits::CODE_BYTES_MAX as usize {
        return (session, refused(Status::CodeRefused));
    }
    let code_hash = keccak256(&code);
    let paid = match compile_ticks(&session, vm, code_hash, &code) {
        Ok(Some(paid)) => paid,
        Ok(None) => return (session, refused(Status::CodeRefused)),
        Err(fault) => return (session, Err(fault)),
    };
    let Some(left) = ticks.checked_sub(paid) else {
        return (session, Ok(Answer { status: Status::OutOfGas, ticks_used: ticks, output: Bytes::new() }));
    };
    let checkpoint = session.checkpoint();
    if let Err(fault) = upload(&mut session, vm, code_hash, &code) {
        return (session, Err(fault));
    }
    let contract = transaction.sender().create(transaction.nonce());
    let message = message(transaction, contract, arguments, Entry::Init);
    let (mut session, mut answer) = invoke::create(session, vm, code_hash, message, left);
    if let Ok(answer) = &mut answer {
        answer.ticks_used = answer.ticks_used.saturating_add(paid);
    }
    if !answer.as_ref().is_ok_and(|answer| answer.status.is_success()) {
        session.rollback(checkpoint);
    }
    (session, answer)
}

/// Returns what compiling code costs: nothing if the state has it already. Nothing at all if the upload check refuses it.
fn compile_ticks(session: &Session, vm: &Vm, hash: B256, code: &Bytes) -> Result<Option<u64>, Fault> {
    if session.code(hash)?.is_some() {
        return Ok(Some(0));
    }
    let prices = &vm.schedule().compile;
    // Whether a cache knows the code changes who is asked, and not what is answered.
    if let Some(known) = vm.cached(hash) {
        return Ok(Some(prices.of(&known.info().work)));
    }
    Ok(Vm::check(code).ok().map(|info| prices.of(&info.work)))
}

/// Stores code that passed the upload check, unless the state has it already. The contract that is created next needs the
/// compiled form; so this makes it.
fn upload(session: &mut Session, vm: &Vm, hash: B256, code: &Bytes) -> Result<(), Fault> {
    if session.code(hash)?.is_none() {
        match vm.load(hash, code) {
            Ok(_) => {}
            Err(LoadError::Refused(_)) => return Err(Fault::Invariant("code is refused that passed the upload check")),
            Err(LoadError::Fault(fault)) => return Err(fault),
        }
        // A copy of its own: the state must not keep the whole transaction alive.
        session.upload(hash, Bytes::copy_from_slice(code));
    }
    Ok(())
}

fn message(transaction: &VerifiedTransaction, contract: Address, input: Bytes, entry: Entry) -> Message {
    let (caller, value) = (transaction.sender(), transaction.value().wei());
    Message { caller, contract, value, input, read_only: false, depth: 1, entry }
}
