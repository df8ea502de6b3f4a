//! What a campaign pays: MDT, or an ERC-20 token.
//!
//! Guarantees that collecting leaves the contract richer by exactly the amount, and that a payment either happened in
//! full or is an error. Tokens that return nothing instead of `true` are accepted; tokens that return `false`, fail, have
//! no code, or deliver less than was sent are not.
//!
//! Costs a transfer for MDT; for a token one call a payment, and three to collect.

use core::convert::Infallible;

use florin_sdk::client::{CallError, Failure};
use florin_sdk::prelude::*;
use florin_sdk::{Status, interface};

use crate::errors::ClaimsError;

/// What a campaign pays.
#[derive(Clone, Copy)]
pub(crate) enum Asset {
    /// The chain's own coin.
    Mdt,
    /// The token at this address.
    Token(Address),
}

#[interface]
trait Erc20 {
    fn balance_of(&self, account: Address) -> U256;
    fn transfer(&mut self, to: Address, value: U256) -> bool;
    fn transfer_from(&mut self, from: Address, to: Address, value: U256) -> bool;
}

impl Asset {
    /// Reads a campaign's token field: zero stands for MDT.
    pub(crate) fn of(token: Address) -> Self {
        if token.is_zero() { Self::Mdt } else { Self::Token(token) }
    }

    /// Takes the amount from the caller: as the value of the running call, or by the token's allowance.
    pub(crate) fn collect(self, from: Address, amount: u128) -> Result<(), ClaimsError> {
        let value = env().value();
        let Self::Token(token) = self else {
            return if value == amount { Ok(()) } else { Err(ClaimsError::WrongValue { expected: amount, value }) };
        };
        if value != 0 {
            return Err(ClaimsError::WrongValue { expected: 0, value });
        }
        let here = env().self_address();
        let mut erc20 = Erc20Client::at(token);
        let before = erc20.balance_of(here).view().map_err(|error| failed(token, &error))?;
        accept(token, erc20.transfer_from(from, here, U256::from(amount)).send())?;
        let after = erc20.balance_of(here).view().map_err(|error| failed(token, &error))?;
        let received = after.saturating_sub(before);
        if received == U256::from(amount) {
            Ok(())
        } else {
            Err(ClaimsError::ShortDelivery { token, amount, received })
        }
    }

    /// Pays the amount to an account.
    pub(crate) fn pay(self, to: Address, amount: u128) -> Result<(), ClaimsError> {
        match self {
            Self::Mdt => env().transfer(to, amount).map_err(|_| ClaimsError::PaymentFailed { account: to, amount }),
            Self::Token(token) => accept(token, Erc20Client::at(token).transfer(to, U256::from(amount)).send()),
        }
    }
}

/// Accepts `true`, and nothing at all from a token that is older than the rule.
fn accept(token: Address, answer: Result<bool, CallError<Infallible>>) -> Result<(), ClaimsError> {
    match answer {
        Ok(true) => Ok(()),
        Ok(false) => Err(ClaimsError::TokenRefused { token }),
        Err(CallError::Failed(Failure::BadOutput(data))) if data.is_empty() => Ok(()),
        Err(error) => Err(failed(token, &error)),
    }
}

fn failed(token: Address, error: &CallError<Infallible>) -> ClaimsError {
    match error {
        CallError::Failed(Failure::BadOutput(_)) => ClaimsError::TokenRefused { token },
        CallError::Failed(Failure::Stopped(status)) => ClaimsError::TokenFailed { token, status: status.code() },
        CallError::Failed(_) | CallError::Transport(_) => {
            ClaimsError::TokenFailed { token, status: Status::Reverted.code() }
        }
    }
}
