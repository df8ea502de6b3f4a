//! Several transactions in one block: collected with the right nonces, mined together.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use alloy_primitives::{Address, Bytes};
use florin_runtime::transaction::Rejection;
use florin_sdk::client::RawCall;

use crate::error::SandboxError;
use crate::receipt::TransactionReceipt;
use crate::wallet::Wallet;
use crate::world::World;

/// A block in the making.
#[derive(Debug)]
pub struct PendingBlock {
    world: Rc<RefCell<World>>,
    transactions: Vec<Bytes>,
    /// How many transactions of each sender are in the block already.
    ahead: BTreeMap<Address, u64>,
}

impl PendingBlock {
    pub(crate) const fn new(world: Rc<RefCell<World>>) -> Self {
        Self { world, transactions: Vec::new(), ahead: BTreeMap::new() }
    }

    /// Adds a call by an account, at its gas limit; typed calls give theirs by `raw()`.
    ///
    /// # Errors
    /// If the chain fails.
    pub fn push(&mut self, wallet: &Wallet, call: &RawCall) -> Result<&mut Self, SandboxError> {
        let ahead = self.ahead.entry(wallet.account().address()).or_default();
        self.transactions.push(wallet.sign(call, *ahead)?);
        *ahead = ahead.saturating_add(1);
        Ok(self)
    }

    /// Adds a transaction as it travels. It takes part in no counting of nonces.
    pub fn push_raw(&mut self, transaction: impl Into<Bytes>) -> &mut Self {
        self.transactions.push(transaction.into());
        self
    }

    /// Mines the block. The outcomes stand in the order of the transactions: a receipt for each that was executed, the
    /// rejection for each that was not.
    ///
    /// # Errors
    /// If the chain fails.
    pub fn mine(self) -> Result<Vec<Result<TransactionReceipt, Rejection>>, SandboxError> {
        self.world.borrow_mut().submit_block(&self.transactions)
    }
}
