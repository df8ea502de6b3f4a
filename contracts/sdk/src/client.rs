//! Typed calls from outside: one client per contract, over any way to reach the chain.
//!
//! Guarantees that a call is encoded by the same types as the contract decodes it with, and that what comes back is
//! sorted into exactly one of: the message's value, the contract's own error, a refusal by the dispatcher, unknown
//! revert data, a stop without data (trap, out of gas), undecodable return data, a failure of the transport.
//!
//! ```text
//! TokenClient::transfer(to, value) -> Call ── send()    a transaction (or a sub-call)      -> value
//!                                         ├─ view()    a simulation without effect        -> value
//!                                         └─ outcome() a transaction, with its receipt    -> Outcome
//!                                                 │
//!                                             Transport   sandbox, RPC, native world, another contract
//! ```

use alloc::vec::Vec;
use core::{convert::Infallible, fmt, marker::PhantomData};

use alloy_primitives::Address;
use florin_abi::Status;

use crate::{
    abi::AbiType,
    contract::Returns,
    env::{ContractCall, env},
    error::{ContractError, DispatchError},
};

/// A call in bytes: what a [`Transport`] carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawCall {
    /// The contract.
    pub to: Address,
    /// The amount that goes along, in wei.
    pub value: u128,
    /// The calldata: a 4-byte selector and the ABI-encoded arguments.
    pub input: Vec<u8>,
}

/// What came of a call in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply<R> {
    /// How the call ended.
    pub status: Status,
    /// Return data, or revert data when the status is `Reverted`.
    pub output: Vec<u8>,
    /// What the transport knows besides: gas, events, a transaction's hash.
    pub receipt: R,
}

/// A way to reach a contract: the sandbox, RPC, the native world, or a call from another contract.
pub trait Transport {
    /// What the transport reports about a call besides its output.
    type Receipt;
    /// Why a call could not be carried out at all; a revert is not such a failure.
    type Error;

    /// Carries the call out and keeps its effects if it succeeds.
    ///
    /// # Errors
    /// When the call did not take place.
    fn call(&mut self, call: RawCall) -> Result<Reply<Self::Receipt>, Self::Error>;

    /// Carries the call out without any effect.
    ///
    /// # Errors
    /// When the call did not take place.
    fn view(&mut self, call: RawCall) -> Result<Reply<Self::Receipt>, Self::Error>;
}

/// A transport that can act for several accounts; gives every client its `by`.
pub trait ActAs<A>: Transport + Sized {
    /// Returns a transport over the same chain that signs as `account`.
    fn act_as(&self, account: A) -> Self;
}

/// Calls from within a contract: whoever is running is the caller. A view is a read-only call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrossContract;

impl Transport for CrossContract {
    type Receipt = ();
    type Error = Infallible;

    fn call(&mut self, call: RawCall) -> Result<Reply<()>, Infallible> {
        Ok(from_contract(&call, false))
    }

    fn view(&mut self, call: RawCall) -> Result<Reply<()>, Infallible> {
        Ok(from_contract(&call, true))
    }
}

fn from_contract(call: &RawCall, read_only: bool) -> Reply<()> {
    let call = ContractCall { to: call.to, value: call.value, gas: u64::MAX, input: &call.input, read_only };
    let (status, output) = match env().call(&call) {
        Ok(output) => (Status::Success, output),
        Err(failed) => failed,
    };
    Reply { status, output, receipt: () }
}

/// A generated client: an address and the transport to it.
pub trait Client<T: Transport>: Sized {
    /// Makes a client of the contract at the address.
    fn new(address: Address, transport: T) -> Self;

    /// Returns the contract's address.
    fn address(&self) -> Address;

    /// Returns the transport.
    fn transport(&self) -> &T;

    /// Returns a client of the same contract that acts as another account.
    fn by<A>(&self, account: A) -> Self
    where
        T: ActAs<A>,
    {
        Self::new(self.address(), self.transport().act_as(account))
    }
}

/// A message ready to go; `R` is the return type of the contract's method.
#[must_use = "a call does nothing until `send`, `view` or `outcome`"]
pub struct Call<'t, T: Transport, R: Returns> {
    transport: &'t mut T,
    raw: RawCall,
    returns: PhantomData<fn() -> R>,
}

/// The value of a call, or why there is none.
pub type CallResult<T, R> = Result<<R as Returns>::Output, CallError<<R as Returns>::Error, <T as Transport>::Error>>;

impl<'t, T: Transport, R: Returns> Call<'t, T, R> {
    /// Makes a call of encoded input. Clients are generated; this is for tests that send odd bytes.
    pub fn new(transport: &'t mut T, to: Address, input: Vec<u8>) -> Self {
        Self { transport, raw: RawCall { to, value: 0, input }, returns: PhantomData }
    }

    /// Sends this amount of wei along.
    pub fn value(mut self, value: u128) -> Self {
        self.raw.value = value;
        self
    }

    /// Returns the bytes that would be sent.
    pub fn raw(&self) -> &RawCall {
        &self.raw
    }

    /// Carries the call out.
    ///
    /// # Errors
    /// [`CallError`], by what went wrong.
    pub fn send(self) -> CallResult<T, R> {
        self.outcome().map_err(CallError::Transport)?.result.map_err(CallError::Failed)
    }

    /// Carries the call out without any effect.
    ///
    /// # Errors
    /// [`CallError`], by what went wrong.
    pub fn view(self) -> CallResult<T, R> {
        let reply = self.transport.view(self.raw).map_err(CallError::Transport)?;
        sort::<R>(reply.status, reply.output).map_err(CallError::Failed)
    }

    /// Carries the call out and returns the receipt with the result, for a failed call too.
    ///
    /// # Errors
    /// The transport's, when the call did not take place.
    pub fn outcome(self) -> Result<OutcomeOf<T, R>, T::Error> {
        let reply = self.transport.call(self.raw)?;
        Ok(Outcome { status: reply.status, result: sort::<R>(reply.status, reply.output), receipt: reply.receipt })
    }
}

/// The outcome of a message over a transport.
pub type OutcomeOf<T, R> = Outcome<<R as Returns>::Output, <R as Returns>::Error, <T as Transport>::Receipt>;

/// A call that took place: its status, its decoded result and the transport's receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<V, E, R> {
    /// How the call ended.
    pub status: Status,
    /// The message's value, or the decoded failure.
    pub result: Result<V, Failure<E>>,
    /// What the transport knows besides.
    pub receipt: R,
}

/// Why a call that took place has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure<E> {
    /// The contract's own error.
    Reverted(E),
    /// The dispatcher refused the input before the message ran.
    Refused(DispatchError),
    /// Revert data that neither the message's error type nor the dispatcher's knows.
    Unknown(Vec<u8>),
    /// The call ended without revert data: a trap, the gas limit, no contract at the address.
    Stopped(Status),
    /// The call succeeded, but its return data is not the message's type.
    BadOutput(Vec<u8>),
}

/// Why a call has no value: it failed, or it did not take place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError<E, X = Infallible> {
    /// It took place and failed.
    Failed(Failure<E>),
    /// It did not take place.
    Transport(X),
}

impl<E, X> CallError<E, X> {
    /// Returns the contract's own error, if that is what it is.
    pub fn reverted(self) -> Option<E> {
        match self {
            Self::Failed(Failure::Reverted(error)) => Some(error),
            _ => None,
        }
    }
}

/// Sorts a reply into the message's value or the kind of failure.
pub fn sort<R: Returns>(status: Status, output: Vec<u8>) -> Result<R::Output, Failure<R::Error>> {
    match status {
        Status::Success => R::Output::decode_values(&output).map_err(|_| Failure::BadOutput(output)),
        Status::Reverted => Err(match (R::Error::decode(&output), DispatchError::decode(&output)) {
            (Some(error), _) => Failure::Reverted(error),
            (None, Some(error)) => Failure::Refused(error),
            (None, None) => Failure::Unknown(output),
        }),
        status => Err(Failure::Stopped(status)),
    }
}

impl<E: fmt::Debug> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reverted(error) => write!(f, "reverted with {error:?}"),
            Self::Refused(error) => write!(f, "refused by the contract's dispatcher: {error:?}"),
            Self::Unknown(data) => write!(f, "reverted with {} bytes of unknown revert data", data.len()),
            Self::Stopped(status) => write!(f, "stopped with status {}: {}", status.name(), status.describe()),
            Self::BadOutput(data) => write!(f, "return data of {} bytes is not of the message's type", data.len()),
        }
    }
}

impl<E: fmt::Debug, X: fmt::Display> fmt::Display for CallError<E, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => failure.fmt(f),
            Self::Transport(error) => write!(f, "the call did not take place: {error}"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for Failure<E> {}
impl<E: fmt::Debug, X: fmt::Debug + fmt::Display> core::error::Error for CallError<E, X> {}
