//! The contracts of the genesis, created at fixed addresses, and the first calls to them: the machine runs both at height 0.
//!
//! ```text
//! balances -> constructors, in their order -> calls, in their order -> the first state
//! ```
//! Guarantees that each sees what was allocated and what those before it did, and that one that fails leaves no chain.
//! A call moves money that was allocated to its caller, so the supply is what was allocated. What is emitted is dropped: no
//! block stands for it.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, keccak256};
use florin_abi::{Status, limits};
use parity_scale_codec::{Encode, Output};

use super::{Genesis, GenesisError};
use crate::{
    execution::{
        Session,
        invoke::{self, Answer},
    },
    fault::Fault,
    ledger::Balance,
    state::{ChangeSet, State},
    vm::{
        LoadError, Vm,
        frame::{Entry, Message},
    },
};

/// A contract of the genesis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenesisContract {
    /// Where it is.
    pub address: Address,
    /// Who its constructor takes for the caller; as a rule [`florin_abi::SYSTEM`].
    pub creator: Address,
    /// The module.
    pub code: Bytes,
    /// ABI-encoded arguments of the constructor.
    pub arguments: Bytes,
}

/// A message of the genesis, such as the stake of a first validator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenesisCall {
    /// Whom the contract takes for the caller; its allocation pays the value.
    pub caller: Address,
    /// Who is called.
    pub contract: Address,
    /// The amount that goes along.
    pub value: Balance,
    /// Calldata.
    pub message: Bytes,
}

impl Encode for GenesisCall {
    fn encode_to<T: Output + ?Sized>(&self, out: &mut T) {
        let Self { caller, contract, value, message } = self;
        (caller.into_array(), contract.into_array(), value, &message[..]).encode_to(out);
    }
}

impl Encode for GenesisContract {
    fn encode_to<T: Output + ?Sized>(&self, out: &mut T) {
        let Self { address, creator, code, arguments } = self;
        (address.into_array(), creator.into_array(), &code[..], &arguments[..]).encode_to(out);
    }
}

impl Genesis {
    /// Returns the first state with the contracts; each constructor and each call may burn the block gas limit.
    ///
    /// # Errors
    /// `GenesisError` says what contradicts itself, or which contract or call failed; faults if the machine fails.
    pub fn build(&self, vm: &Vm) -> Result<Result<ChangeSet, GenesisError>, Fault> {
        let mut changes = match self.state(vm.schedule()) {
            Ok(changes) => changes,
            Err(error) => return Ok(Err(error)),
        };
        if self.contracts.is_empty() && self.calls.is_empty() {
            return Ok(Ok(changes));
        }
        let mut state = State::new();
        state.commit(&changes);
        let mut session = Session::new(Arc::new(state), Arc::new(self.first_context(B256::ZERO)));
        for contract in &self.contracts {
            match self.create(session, vm, contract)? {
                Ok(created) => session = created,
                Err(error) => return Ok(Err(error)),
            }
        }
        for (index, call) in self.calls.iter().enumerate() {
            match self.call(session, vm, index, call)? {
                Ok(called) => session = called,
                Err(error) => return Ok(Err(error)),
            }
        }
        changes.extend(session.into_changes());
        Ok(Ok(changes))
    }

    fn call(
        &self,
        session: Session,
        vm: &Vm,
        index: usize,
        call: &GenesisCall,
    ) -> Result<Result<Session, GenesisError>, Fault> {
        let GenesisCall { caller, contract, value, message } = call.clone();
        if session.account(contract)?.code_hash.is_none() {
            let (status, output) = (Status::NoContract, Bytes::new());
            return Ok(Err(GenesisError::CallFailed { index, contract, status, output }));
        }
        let value = value.wei();
        let message =
            Message { caller, contract, value, input: message, read_only: false, depth: 1, entry: Entry::Call };
        let (mut session, answer) = invoke::call(session, vm, message, self.block_gas_limit.to_ticks());
        let Answer { status, output, .. } = answer?;
        session.end_transaction();
        let failed = GenesisError::CallFailed { index, contract, status, output };
        Ok(if status.is_success() { Ok(session) } else { Err(failed) })
    }

    fn create(
        &self,
        mut session: Session,
        vm: &Vm,
        contract: &GenesisContract,
    ) -> Result<Result<Session, GenesisError>, Fault> {
        let GenesisContract { address, creator, code, arguments } = contract.clone();
        let code_hash = keccak256(&code);
        match vm.load(code_hash, &code) {
            Ok(_) => {}
            Err(LoadError::Refused(refusal)) => {
                return Ok(Err(GenesisError::ContractRefused { address, refusal: refusal.to_string() }));
            }
            Err(LoadError::Fault(fault)) => return Err(fault),
        }
        session.upload(code_hash, code);
        let message = Message {
            caller: creator,
            contract: address,
            value: 0,
            input: arguments,
            read_only: false,
            depth: 1,
            entry: Entry::Init,
        };
        let (mut session, answer) = invoke::create(session, vm, code_hash, message, self.block_gas_limit.to_ticks());
        let answer = answer?;
        session.end_transaction();
        if answer.status.is_success() {
            Ok(Ok(session))
        } else {
            Ok(Err(GenesisError::ContractFailed { address, status: answer.status, output: answer.output }))
        }
    }

    /// Checks what can be said of the contracts without running them.
    pub(super) fn check_contracts(&self) -> Result<(), GenesisError> {
        let (count, calls) = (self.contracts.len(), self.calls.len());
        if calls > limits::GENESIS_CALLS_MAX as usize {
            return Err(GenesisError::TooManyCalls { count: calls });
        }
        if count > limits::GENESIS_CONTRACTS_MAX as usize {
            return Err(GenesisError::TooManyContracts { count });
        }
        for (place, contract) in self.contracts.iter().enumerate() {
            let address = contract.address;
            if self.contracts.iter().take(place).any(|before| before.address == address) {
                return Err(GenesisError::ContractTwice { address });
            }
            if contract.code.len() > limits::CODE_BYTES_MAX as usize {
                let refusal = format!("{} bytes of code, at most {}", contract.code.len(), limits::CODE_BYTES_MAX);
                return Err(GenesisError::ContractRefused { address, refusal });
            }
        }
        Ok(())
    }
}
