//! Which transactions may stand in a block: the one rule for who proposes a block and who checks it.
//!
//! Guarantees that whether a block is valid is known before anything of it is executed: the answer depends on the
//! state at its beginning and on the transactions' own figures alone. A sender's transactions need its nonces in order,
//! and its balance at the beginning must cover value and maximum fee of all of them together; money that arrives within
//! the block counts from the next one on. Only its own transactions take money from an account without code, and an account
//! with code sends none, so every admitted transaction can pay when its turn comes, and is charged once whatever happens.
//! The gas limits together, not the gas used, must fit the block.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use florin_abi::limits;

use super::{deploy::DeployPayload, session::Session};
use crate::{
    fault::Fault,
    gas::{Gas, GasSchedule},
    ledger::Balance,
    signature::VerifiedTransaction,
    transaction::{Rejection, Transaction},
};

/// Admits the transactions of one block in their order.
#[derive(Debug)]
pub struct Admission<'a> {
    /// The state at the block's beginning.
    state: &'a Session,
    schedule: &'a GasSchedule,
    senders: BTreeMap<Address, Sender>,
    gas_left: Gas,
    transactions: u32,
}

/// What the admitted transactions leave of a sender.
#[derive(Clone, Copy, Debug)]
struct Sender {
    nonce: u64,
    balance: Balance,
}

impl<'a> Admission<'a> {
    /// Begins with a block's first transaction. The session has no changes yet.
    pub fn new(state: &'a Session, schedule: &'a GasSchedule) -> Self {
        let gas_left = state.block().gas_limit;
        Self { state, schedule, senders: BTreeMap::new(), gas_left, transactions: 0 }
    }

    /// Admits the next transaction, or says why it may not stand here. A rejected one leaves no trace. That the block is
    /// full is said last, of a transaction that fits otherwise.
    ///
    /// # Errors
    /// Faults if the sender's account cannot be read.
    pub fn admit(&mut self, transaction: &VerifiedTransaction) -> Result<Result<(), Rejection>, Fault> {
        let address = transaction.sender();
        let sender = match self.senders.get(&address) {
            Some(sender) => *sender,
            None => {
                let account = self.state.account(address)?;
                if account.code_hash.is_some() {
                    return Ok(Err(Rejection::SenderIsContract { sender: address }));
                }
                Sender { nonce: account.nonce, balance: account.balance }
            }
        };
        Ok(self.check(transaction, sender).map(|(sender, gas_left)| {
            self.senders.insert(address, sender);
            self.gas_left = gas_left;
            self.transactions = self.transactions.saturating_add(1);
        }))
    }

    /// Returns what is left of the sender and of the block's gas.
    fn check(&self, transaction: &VerifiedTransaction, sender: Sender) -> Result<(Sender, Gas), Rejection> {
        let (block, actual) = (self.state.block(), transaction.gas_limit());
        if transaction.domain() != block.domain {
            return Err(Rejection::OtherDomain { expected: block.domain, actual: transaction.domain() });
        }
        if actual > block.gas_limit {
            return Err(Rejection::GasLimitTooHigh { block_gas_limit: block.gas_limit, actual });
        }
        let required = intrinsic_gas(self.schedule, transaction);
        if actual < required {
            return Err(Rejection::GasLimitTooLow { required, actual });
        }
        let price = transaction.gas_price();
        if price.effective(block.base_gas_price).is_none() {
            return Err(Rejection::GasPriceTooLow { base: block.base_gas_price, max: price.max });
        }
        let (expected, nonce) = (sender.nonce, transaction.nonce());
        if nonce < expected {
            return Err(Rejection::NonceTooLow { expected, actual: nonce });
        }
        if nonce > expected {
            return Err(Rejection::NonceGap { expected, actual: nonce });
        }
        let next = nonce.checked_add(1).ok_or(Rejection::NonceExhausted)?;
        let (required, available) = (transaction.cost_max(), sender.balance);
        let balance = available.checked_sub(required);
        let sender = transaction.sender();
        let balance = balance.ok_or(Rejection::InsufficientFunds { sender, required, available })?;
        let gas_left = if self.transactions < limits::BLOCK_TRANSACTIONS_MAX { self.gas_left } else { Gas(0) };
        let rest = gas_left.0.checked_sub(actual.0).ok_or(Rejection::BlockFull { gas_left, actual })?;
        Ok((Sender { nonce: next, balance }, Gas(rest)))
    }
}

/// Returns the gas that a transaction costs before anything runs: itself, its bytes, its access list, and for a deploy
/// the creation and the bytes of the code.
pub fn intrinsic_gas(schedule: &GasSchedule, transaction: &Transaction) -> Gas {
    let bytes = transaction.input().len() as u64;
    let mut gas = schedule.transaction.saturating_add(schedule.calldata_byte.saturating_mul(bytes));
    let entries = u64::from(transaction.access_list_entries());
    gas = gas.saturating_add(schedule.access_list_entry.saturating_mul(entries));
    if transaction.to().is_none() {
        let code = DeployPayload::split(transaction.input()).map_or(0, |payload| payload.code.len() as u64);
        gas = gas.saturating_add(schedule.create).saturating_add(schedule.code_byte.saturating_mul(code));
    }
    Gas(gas)
}
