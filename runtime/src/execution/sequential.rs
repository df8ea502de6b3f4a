//! The hooks, then one transaction after the other: the specification of what a block does.

use std::sync::Arc;

use super::{admission::Admission, hooks, session::Session, transact::transact};
use crate::{
    block::{Block, BlockError, ExecutedBlock},
    fault::Fault,
    gas::Gas,
    ledger::Balance,
    receipt::Receipt,
    signature::VerifiedTransaction,
    state::StateReader,
    vm::{Vm, trace::Trace},
};

/// Executes a block on the state after its parent.
///
/// # Errors
/// Refuses the block as a whole, before anything runs, if one of its transactions may not stand in it. Faults if the
/// state or the engine fails.
///
/// # Determinism
/// Equal states and equal blocks give equal receipts and changes.
pub fn execute(base: Arc<dyn StateReader>, vm: &Vm, block: &Block) -> Result<ExecutedBlock, BlockError> {
    run(base, vm, block, |session, transaction, gas_used| transact(session, vm, transaction, gas_used))
}

/// Executes a block as [`execute`] does, and returns the trace of every transaction beside what it did. Functions are in the
/// traces if `vm` is a [`Vm::traced`] machine.
///
/// # Errors
/// As [`execute`].
///
/// # Determinism
/// What the block does is the same as without a trace, and traces are the same on every engine.
pub fn trace(base: Arc<dyn StateReader>, vm: &Vm, block: &Block) -> Result<(ExecutedBlock, Vec<Trace>), BlockError> {
    let mut traces = Vec::with_capacity(block.transactions().len());
    let executed = run(base, vm, block, |mut session, transaction, gas_used| {
        session.start_trace();
        let (mut session, receipt) = transact(session, vm, transaction, gas_used)?;
        traces.push(session.end_trace());
        Ok((session, receipt))
    })?;
    Ok((executed, traces))
}

fn run(
    base: Arc<dyn StateReader>,
    vm: &Vm,
    block: &Block,
    mut act: impl FnMut(Session, &VerifiedTransaction, Gas) -> Result<(Session, Receipt), Fault>,
) -> Result<ExecutedBlock, BlockError> {
    let mut session = Session::new(base, Arc::clone(block.shared_context()));
    admit_all(&session, vm, block)?;
    let hook_receipts;
    (session, hook_receipts) = hooks::run(session, vm)?;
    let mut receipts = Vec::with_capacity(block.transactions().len());
    let mut gas_used = Gas(0);
    for transaction in block.transactions() {
        let receipt;
        (session, receipt) = act(session, transaction, gas_used)?;
        gas_used = receipt.cumulative_gas_used;
        receipts.push(receipt);
    }
    settle_fees(&mut session, &receipts)?;
    Ok(ExecutedBlock::new(block.clone(), hook_receipts, receipts, session.into_changes()))
}

fn admit_all(session: &Session, vm: &Vm, block: &Block) -> Result<(), BlockError> {
    let mut admission = Admission::new(session, vm.schedule());
    for (index, transaction) in block.transactions().iter().enumerate() {
        let admitted = admission.admit(transaction)?;
        admitted.map_err(|rejection| BlockError::Transaction { index, rejection })?;
    }
    Ok(())
}

/// Burns each fee's share, rounded down, and gives the rest to the proposer.
fn settle_fees(session: &mut Session, receipts: &[Receipt]) -> Result<(), Fault> {
    let ppm = session.block().fee_burn_ppm;
    let settle = |(burned, reward): (Balance, Balance), receipt: &Receipt| {
        let share = receipt.fee.share(ppm)?;
        Some((burned.checked_add(share)?, reward.checked_add(receipt.fee.checked_sub(share)?)?))
    };
    let (burned, reward) = receipts
        .iter()
        .try_fold((Balance::ZERO, Balance::ZERO), settle)
        .ok_or(Fault::Invariant("the fees of a block overflow"))?;
    session.settle_fees(burned, reward)
}
