//! Messages that are executed on a state one after the other, as a transaction's are, without signatures, nonces and fees.

use alloy_primitives::{Address, Bytes};
use florin_runtime::execution::{Session, invoke};
use florin_runtime::gas::Gas;
use florin_runtime::ledger::Balance;
use florin_runtime::state::ChangeSet;
use florin_runtime::vm::Vm;
use florin_runtime::vm::frame::{Entry, Message};

use crate::ledger::WorkloadError;

/// Gas of a message.
const GAS: Gas = Gas(100_000_000);

/// Messages in one block.
pub struct Calls<'a> {
    vm: &'a Vm,
    session: Option<Session>,
}

impl<'a> Calls<'a> {
    /// Begins on a session.
    pub const fn new(vm: &'a Vm, session: Session) -> Self {
        Self { vm, session: Some(session) }
    }

    /// Returns a balance, in wei.
    ///
    /// # Errors
    /// Faults if the state cannot be read.
    pub fn balance(&self, account: Address) -> Result<u128, WorkloadError> {
        Ok(self.session.as_ref().ok_or_else(no_session)?.balance(account)?.wei())
    }

    /// Moves an amount in wei.
    ///
    /// # Errors
    /// If it is not there.
    pub fn transfer(&mut self, from: Address, to: Address, amount: u128) -> Result<(), WorkloadError> {
        let session = self.session.as_mut().ok_or_else(no_session)?;
        let status = session.transfer(from, to, Balance::new(amount))?;
        if status.is_success() { Ok(()) } else { Err(WorkloadError::Contract(format!("no funds: {status:?}"))) }
    }

    /// Sends a message, which must succeed; returns what it burnt and answered.
    ///
    /// # Errors
    /// If it fails.
    pub fn send(
        &mut self,
        caller: Address,
        contract: Address,
        value: u128,
        input: Vec<u8>,
    ) -> Result<(Gas, Bytes), WorkloadError> {
        let session = self.session.take().ok_or_else(no_session)?;
        let input = input.into();
        let message = Message { caller, contract, value, input, read_only: false, depth: 1, entry: Entry::Call };
        let (mut session, answer) = invoke::call(session, self.vm, message, GAS.to_ticks());
        session.end_transaction();
        self.session = Some(session);
        let answer = answer?;
        if !answer.status.is_success() {
            return Err(WorkloadError::Contract(format!("{caller}: {answer:?}")));
        }
        Ok((Gas::from_ticks(answer.ticks_used), answer.output))
    }

    /// Returns what the messages have changed.
    ///
    /// # Errors
    /// If the last message did not give the session back.
    pub fn into_changes(self) -> Result<ChangeSet, WorkloadError> {
        Ok(self.session.ok_or_else(no_session)?.into_changes())
    }
}

fn no_session() -> WorkloadError {
    WorkloadError::Contract("the session did not come back".to_owned())
}
