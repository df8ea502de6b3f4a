//! Acting as an account: transactions, deployments, calls and views. The transport of typed clients.
//!
//! Guarantees that each call is a transaction as a wallet would send it: signed with the account's key, with its next
//! nonce, encoded, and taken through decoding, verification, proposal, execution and commit.

use std::cell::RefCell;
use std::rc::Rc;

use alloy_primitives::{Address, Bytes};
use florin_abi::Status;
use florin_runtime::gas::Gas;
use florin_runtime::ledger::Balance;
use florin_runtime::transaction::Body;
use florin_runtime::vm::Vm;
use florin_sdk::Contract;
use florin_sdk::client::{ActAs, RawCall, Reply, Transport, sort};

use crate::account::Account;
use crate::artifact::find;
use crate::error::{DeployError, SandboxError};
use crate::receipt::TransactionReceipt;
use crate::world::World;

/// An account on a sandbox.
#[derive(Clone, Debug)]
pub struct Wallet {
    world: Rc<RefCell<World>>,
    account: Account,
    gas_limit: Option<Gas>,
}

/// A typed client that acts as one account.
pub type ClientOf<C> = <C as Contract>::Client<Wallet>;

impl Wallet {
    pub(crate) const fn new(world: Rc<RefCell<World>>, account: Account) -> Self {
        Self { world, account, gas_limit: None }
    }

    /// Returns the account.
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// Limits the gas of each transaction from here on.
    #[must_use]
    pub fn with_gas_limit(&self, gas: Gas) -> Self {
        Self { gas_limit: Some(gas), ..self.clone() }
    }

    /// Deploys a contract from its artifact and returns a client that acts as this account.
    ///
    /// # Errors
    /// If there is no artifact, the module is refused or the constructor fails.
    pub fn deploy<C: Contract>(&self, args: C::InitArgs) -> Result<ClientOf<C>, DeployError<C::InitError>>
    where
        C::InitError: std::fmt::Debug,
    {
        let (path, code) = find::<C>()?;
        self.world.borrow().watch.borrow_mut().learn(path, &code);
        let receipt = self.deploy_wasm(&code, &C::encode_init(&args))?;
        match (receipt.status, receipt.contract) {
            (Status::Success, Some(address)) => Ok(C::client(address, self.clone())),
            (Status::CodeRefused, _) => match Vm::check(&code) {
                Err(refusal) => Err(DeployError::Refused(refusal)),
                Ok(_) => Err(DeployError::Failed(florin_sdk::client::Failure::Stopped(Status::CodeRefused))),
            },
            (status, _) => match sort::<Result<(), C::InitError>>(status, receipt.output.to_vec()) {
                Err(failure) => Err(DeployError::Failed(failure)),
                Ok(()) => Err(DeployError::Failed(florin_sdk::client::Failure::Stopped(status))),
            },
        }
    }

    /// Deploys a module with ABI-encoded constructor arguments; the receipt tells whether it was accepted, and where
    /// the contract stands.
    ///
    /// # Errors
    /// If the transaction is rejected.
    pub fn deploy_wasm(&self, code: &[u8], args: &[u8]) -> Result<TransactionReceipt, SandboxError> {
        self.send_to(None, Balance::ZERO, deploy_payload(code, args))
    }

    /// Sends MDT.
    ///
    /// # Errors
    /// If the transaction is rejected.
    pub fn transfer(&self, to: impl Into<Address>, amount: Balance) -> Result<TransactionReceipt, SandboxError> {
        self.send_to(Some(to.into()), amount, Bytes::new())
    }

    /// Calls a contract with raw calldata, in a block of its own.
    ///
    /// # Errors
    /// If the transaction is rejected. A failed call is not an error here: the receipt tells.
    pub fn send(
        &self,
        to: impl Into<Address>,
        value: Balance,
        input: impl Into<Bytes>,
    ) -> Result<TransactionReceipt, SandboxError> {
        self.send_to(Some(to.into()), value, input.into())
    }

    /// Simulates a call with raw calldata on the last block's state.
    ///
    /// # Errors
    /// If the chain fails.
    pub fn simulate(
        &self,
        to: impl Into<Address>,
        value: Balance,
        input: impl Into<Bytes>,
    ) -> Result<TransactionReceipt, SandboxError> {
        let world = self.world.borrow();
        let gas = self.gas_limit.unwrap_or(world.gas_limit);
        let view = world.view(self.account.address(), to.into(), value, input.into(), gas)?;
        Ok(TransactionReceipt {
            status: view.status,
            gas_used: view.gas_used,
            fee: Balance::ZERO,
            height: world.chain.height(),
            transaction: None,
            contract: None,
            output: view.output,
            events: view.events,
        })
    }

    /// Signs a call as the transaction that comes `ahead` transactions after the account's next one, and returns its
    /// bytes. Nothing is sent.
    ///
    /// # Errors
    /// If the chain fails.
    pub fn sign(&self, call: &RawCall, ahead: u64) -> Result<Bytes, SandboxError> {
        let body = self.body(Some(call.to), Balance::new(call.value), call.input.clone().into(), ahead)?;
        Ok(self.account.sign_transaction(&body, &self.world.borrow().chain.domain()))
    }

    fn send_to(&self, to: Option<Address>, value: Balance, input: Bytes) -> Result<TransactionReceipt, SandboxError> {
        let body = self.body(to, value, input, 0)?;
        let mut world = self.world.borrow_mut();
        let raw = self.account.sign_transaction(&body, &world.chain.domain());
        world.submit(&raw)
    }

    fn body(&self, to: Option<Address>, value: Balance, input: Bytes, ahead: u64) -> Result<Body, SandboxError> {
        let world = self.world.borrow();
        Ok(Body {
            nonce: world.nonce(self.account.address())?.saturating_add(ahead),
            to,
            value,
            gas_limit: self.gas_limit.unwrap_or(world.gas_limit),
            gas_price: world.gas_price(),
            input,
        })
    }
}

impl Transport for Wallet {
    type Receipt = TransactionReceipt;
    type Error = SandboxError;

    fn call(&mut self, call: RawCall) -> Result<Reply<TransactionReceipt>, SandboxError> {
        let receipt = self.send_to(Some(call.to), Balance::new(call.value), call.input.into())?;
        Ok(Reply { status: receipt.status, output: receipt.output.to_vec(), receipt })
    }

    fn view(&mut self, call: RawCall) -> Result<Reply<TransactionReceipt>, SandboxError> {
        let receipt = self.simulate(call.to, Balance::new(call.value), call.input)?;
        Ok(Reply { status: receipt.status, output: receipt.output.to_vec(), receipt })
    }
}

impl ActAs<&Account> for Wallet {
    fn act_as(&self, account: &Account) -> Self {
        Self { account: account.clone(), ..self.clone() }
    }
}

/// Returns what a transaction without recipient carries: `code length u32 big-endian | code | arguments`.
pub fn deploy_payload(code: &[u8], args: &[u8]) -> Bytes {
    // A module that needs more than 32 bits is above every limit; it is refused by its transaction's size.
    let length = u32::try_from(code.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], code, args].concat().into()
}
