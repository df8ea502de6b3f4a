//! The hooks of a block, one after the other, before its transactions.
//!
//! Guarantees that a hook that fails takes back what it did and nothing else, and that the next one runs all the same.
//! A hook takes money from contracts only, so it changes nothing on which the admission of a transaction rests.

use alloy_primitives::{Address, Bytes};
use florin_abi::{SYSTEM, Status};

use super::{
    invoke::{self, Answer},
    session::Session,
};
use crate::{
    fault::Fault,
    gas::Gas,
    hook::{Hook, HookReceipt},
    vm::{
        Vm,
        frame::{Entry, Message},
    },
};

/// Runs the hooks that the state lists; returns what became of them, in their order.
///
/// # Errors
/// Faults if the state or the engine fails.
pub fn run(mut session: Session, vm: &Vm) -> Result<(Session, Vec<HookReceipt>), Fault> {
    let hooks = session.hooks()?;
    let mut receipts = Vec::with_capacity(hooks.len());
    for hook in hooks {
        let receipt;
        (session, receipt) = run_one(session, vm, hook)?;
        receipts.push(receipt);
    }
    if !receipts.is_empty() {
        let hash = HookReceipt::hash_all(session.block().height, &receipts);
        session.commit_to_hooks(hash);
    }
    Ok((session, receipts))
}

fn run_one(session: Session, vm: &Vm, hook: Hook) -> Result<(Session, HookReceipt), Fault> {
    let Hook { contract, message: input, gas_limit } = hook;
    if session.account(contract)?.code_hash.is_none() {
        let (status, gas_used) = (Status::NoContract, Gas(0));
        let receipt = HookReceipt { contract, status, gas_used, output: Bytes::new(), events: Vec::new() };
        return Ok((session, receipt));
    }
    let caller = Address::new(SYSTEM);
    let message = Message { caller, contract, value: 0, input, read_only: false, depth: 1, entry: Entry::Call };
    let (mut session, answer) = invoke::call(session, vm, message, gas_limit.to_ticks());
    let Answer { status, ticks_used, output } = answer?;
    let gas_used = Gas::from_ticks(ticks_used).min(gas_limit);
    let receipt = HookReceipt { contract, status, gas_used, output, events: session.end_transaction() };
    Ok((session, receipt))
}
