//! One contract on a state in memory, called as a block calls it.
//!
//! A call is all that a transaction's message costs behind admission: the account and its code looked up, a checkpoint, the
//! run in an instance of its own, the outcome, the end of the transaction. The state is carried from call to call.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, keccak256};
use florin_runtime::block::{BlockContext, ParentSigners};
use florin_runtime::execution::{Session, invoke};
use florin_runtime::gas::Gas;
use florin_runtime::ledger::Account;
use florin_runtime::state::{ChangeSet, State, StateKey};
use florin_runtime::transaction::Domain;
use florin_runtime::vm::frame::{Entry, Frame, Message};
use florin_runtime::vm::{Code, Exit, RunOutcome, Vm};
use parity_scale_codec::Encode;

use florin_peers::failure::Failure;

/// Who calls.
pub(crate) const CALLER: Address = Address::repeat_byte(1);

/// Where the contract is.
pub(crate) const CONTRACT: Address = Address::repeat_byte(2);

/// More than any call here burns.
pub(crate) const TICKS: u64 = 1 << 50;

/// A contract on its machine, and its state.
pub(crate) struct World {
    /// The machine.
    pub(crate) vm: Vm,
    /// The contract's code on that machine.
    pub(crate) code: Arc<Code>,
    session: Option<Session>,
}

impl World {
    /// Makes a state in which the module is a contract.
    ///
    /// # Errors
    /// If the module is refused.
    pub(crate) fn new(vm: Vm, module: &[u8]) -> Result<Self, Failure> {
        let hash = keccak256(module);
        let code = vm.load(hash, module)?;
        Ok(Self { vm, code, session: Some(session(hash, module)) })
    }

    /// Calls the contract, which must succeed, and returns what it answers.
    ///
    /// # Errors
    /// If it does not.
    pub(crate) fn call(&mut self, entry: Entry, input: Bytes) -> Result<Bytes, Failure> {
        let session = self.session.take().ok_or_else(no_session)?;
        let (mut session, answer) = invoke::call(session, &self.vm, message(entry, input), TICKS);
        session.end_transaction();
        self.session = Some(session);
        let answer = answer?;
        if answer.status.is_success() {
            return Ok(answer.output);
        }
        Err(Failure::Wrong(format!("a call ended with {:?}: {}", answer.status, answer.output)))
    }

    /// Takes the state into the frame of a call, for [`World::end`] to give back.
    ///
    /// # Errors
    /// If a call has not given it back.
    pub(crate) fn begin(&mut self, input: Bytes) -> Result<Frame, Failure> {
        let session = self.session.take().ok_or_else(no_session)?;
        Ok(Frame::new(session, message(Entry::Call, input), self.vm.clone()))
    }

    /// Takes the state back from a call, which must have succeeded, and returns what it answered.
    ///
    /// # Errors
    /// If it has not.
    pub(crate) fn end(&mut self, (frame, outcome): (Frame, RunOutcome)) -> Result<Bytes, Failure> {
        let Frame { mut session, output, .. } = frame;
        session.end_transaction();
        self.session = Some(session);
        match outcome.exit {
            Exit::Finished => Ok(output),
            exit => Err(Failure::Wrong(format!("a call ended with {exit:?}"))),
        }
    }

    /// Returns the state.
    ///
    /// # Errors
    /// If a call did not give it back.
    pub(crate) fn session(&mut self) -> Result<&mut Session, Failure> {
        self.session.as_mut().ok_or_else(no_session)
    }
}

fn no_session() -> Failure {
    Failure::Wrong("a call did not give the state back".to_owned())
}

fn message(entry: Entry, input: Bytes) -> Message {
    Message { caller: CALLER, contract: CONTRACT, value: 0, input, read_only: false, depth: 1, entry }
}

fn session(hash: B256, module: &[u8]) -> Session {
    let account = Account { code_hash: Some(hash), ..Account::default() };
    let mut state = State::new();
    state.commit(&ChangeSet::from([
        (StateKey::account(CONTRACT), Some(account.encode().into())),
        (StateKey::code(hash), Some(Bytes::copy_from_slice(module))),
    ]));
    let block = BlockContext {
        parent_hash: B256::ZERO,
        height: 1,
        time: 1_700_000_000,
        domain: Domain { chain_id: 1, genesis_hash: B256::ZERO },
        proposer: Address::ZERO,
        gas_limit: Gas(1 << 40),
        base_gas_price: 1,
        fee_burn_ppm: 0,
        state_root: B256::ZERO,
        parent_signers: ParentSigners::unknown(),
    };
    Session::new(Arc::new(state), Arc::new(block))
}
