//! One message to one contract, from a transaction or from another contract.
//!
//! ```text
//! depth -> code -> reentrancy -> value -> run --finished--> keep
//!    \        \         \          \        \-otherwise----> roll back
//!     \--------\---------\----------\------- a status, nothing burnt
//! ```
//! Guarantees that a message that fails leaves no write, event, transfer or contract behind, that a contract is not
//! entered while it runs unless the message opts in, and that the session comes back whatever happens.

use std::sync::Arc;

use alloy_primitives::{B256, Bytes};
use florin_abi::{Status, limits};

use super::session::{Checkpoint, Session};
use crate::{
    fault::Fault,
    ledger::Balance,
    vm::{
        Code, Exit, LoadError, Vm,
        frame::{Frame, Message},
    },
};

/// What a message came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What became of it.
    pub status: Status,
    /// What it burnt.
    pub ticks_used: u64,
    /// Return data or revert data.
    pub output: Bytes,
}

/// What there is to do once the checks have passed.
enum Step {
    /// Nothing more: the status stands.
    Done(Status),
    /// To run this code.
    Run(Arc<Code>),
}

/// Calls an account with at most `ticks`. An account without code takes the value and answers nothing; a contract that has
/// something to say to it is told `NoContract`, so that it does not take silence for an answer.
///
/// # Errors
/// Faults if the state or the engine fails; the session comes back either way.
pub fn call(mut session: Session, vm: &Vm, message: Message, ticks: u64) -> (Session, Result<Answer, Fault>) {
    session.observe(|recorder| recorder.begin(&message, ticks));
    let checkpoint = session.checkpoint();
    let step = prepare_call(&mut session, vm, &message);
    proceed(session, vm, message, ticks, checkpoint, step)
}

/// Makes `message.contract` a contract with uploaded code and runs its `florin_init` with at most `ticks`.
///
/// # Errors
/// Faults if the state or the engine fails; the session comes back either way.
pub fn create(
    mut session: Session,
    vm: &Vm,
    code_hash: B256,
    message: Message,
    ticks: u64,
) -> (Session, Result<Answer, Fault>) {
    session.observe(|recorder| recorder.begin(&message, ticks));
    let checkpoint = session.checkpoint();
    let step = prepare_create(&mut session, vm, code_hash, &message);
    proceed(session, vm, message, ticks, checkpoint, step)
}

fn prepare_call(session: &mut Session, vm: &Vm, message: &Message) -> Result<Step, Fault> {
    if message.depth > limits::CALL_DEPTH_MAX {
        return Ok(Step::Done(Status::CallDepth));
    }
    let code_hash = session.account(message.contract)?.code_hash;
    let code = code_hash.map(|hash| load(session, vm, hash)).transpose()?;
    if code.is_none() && message.depth > 1 && !message.input.is_empty() {
        return Ok(Step::Done(Status::NoContract));
    }
    if let Some(code) = &code
        && session.is_active(message.contract)
        && !opts_in(code, &message.input)
    {
        return Ok(Step::Done(Status::Reentrancy));
    }
    let status = session.transfer(message.caller, message.contract, Balance::new(message.value))?;
    Ok(match code {
        Some(code) if status.is_success() => Step::Run(code),
        _ => Step::Done(status),
    })
}

/// Whether the code exists is asked of the state: a cache may know code that this state does not have.
fn prepare_create(session: &mut Session, vm: &Vm, code_hash: B256, message: &Message) -> Result<Step, Fault> {
    if message.depth > limits::CALL_DEPTH_MAX {
        return Ok(Step::Done(Status::CallDepth));
    }
    if session.code(code_hash)?.is_none() {
        return Ok(Step::Done(Status::NoCode));
    }
    let code = load(session, vm, code_hash)?;
    if !code.info().has_init && !message.input.is_empty() {
        return Ok(Step::Done(Status::BadDeployPayload));
    }
    let mut status = session.install(message.contract, code_hash)?;
    if status.is_success() {
        status = session.transfer(message.caller, message.contract, Balance::new(message.value))?;
    }
    let run = status.is_success() && code.info().has_init;
    Ok(if run { Step::Run(code) } else { Step::Done(status) })
}

fn proceed(
    session: Session,
    vm: &Vm,
    message: Message,
    ticks: u64,
    checkpoint: Checkpoint,
    step: Result<Step, Fault>,
) -> (Session, Result<Answer, Fault>) {
    let (mut session, answer) = match step {
        Ok(Step::Run(code)) => run(session, vm, &code, message, ticks),
        Ok(Step::Done(status)) => (session, Ok(Answer { status, ticks_used: 0, output: Bytes::new() })),
        Err(fault) => (session, Err(fault)),
    };
    if let Ok(Answer { status, ticks_used, output }) = &answer {
        session.observe(|recorder| recorder.end(*status, *ticks_used, output));
        if !status.is_success() {
            session.rollback(checkpoint);
        }
    }
    (session, answer)
}

fn run(
    mut session: Session,
    vm: &Vm,
    code: &Arc<Code>,
    message: Message,
    ticks: u64,
) -> (Session, Result<Answer, Fault>) {
    session.observe(|recorder| recorder.code(code.hash()));
    session.enter(message.contract);
    let (frame, outcome) = vm.run(code, Frame::new(session, message, vm.clone()), ticks);
    let Frame { mut session, output, .. } = frame;
    if session.is_lent() {
        return (session, Err(Fault::Invariant("a nested call did not give the session back")));
    }
    session.leave();
    let (status, output) = match outcome.exit {
        Exit::Finished => (Status::Success, output),
        Exit::Reverted => (Status::Reverted, output),
        Exit::Trapped(status) => (status, Bytes::new()),
        Exit::Fault(fault) => return (session, Err(fault)),
    };
    (session, Ok(Answer { status, ticks_used: outcome.ticks_used.min(ticks), output }))
}

fn opts_in(code: &Code, input: &[u8]) -> bool {
    input.first_chunk::<4>().is_some_and(|selector| code.info().reentrant.binary_search(selector).is_ok())
}

fn load(session: &Session, vm: &Vm, hash: B256) -> Result<Arc<Code>, Fault> {
    if let Some(code) = vm.cached(hash) {
        return Ok(code);
    }
    let bytes = session.code(hash)?.ok_or(Fault::Invariant("a contract's code is not in the state"))?;
    vm.load(hash, &bytes).map_err(|error| match error {
        LoadError::Fault(fault) => fault,
        LoadError::Refused(refusal) => Fault::Corrupt { what: "code", detail: refusal.to_string() },
    })
}
