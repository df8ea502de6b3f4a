//! The way of a transaction with a clock at each stage: bytes in, a committed block out. A block that an earlier run has
//! committed is not executed again but read:
//!
//! ```text
//! height    1 .. found                                       found + 1 ..
//! submit    the stored block holds these very transactions   decode, verify, order, execute, commit
//! ```
//! Guarantees that every transaction takes the way that a node gives it, that a block's time follows from its height, and
//! that clocks are read between stages only, so that they cannot influence a result. Refuses stored blocks that hold
//! anything else than what is submitted. The chain can be looked at only when all of its blocks were submitted.

use std::time::Instant;

use alloy_primitives::Bytes;
use florin_runtime::chain::Chain;
use florin_runtime::fault::Fault;
use florin_runtime::genesis::Genesis;
use florin_runtime::receipt::Receipt;
use florin_runtime::transaction::Transaction;

use super::DemoError;
use super::clocks::Clocks;
use super::contracts::describe;

/// Seconds between two blocks.
const BLOCK_SECONDS: u64 = 12;

/// The stages, in order.
const STAGES: [&str; 5] = ["decode", "signatures", "order", "execution", "commit"];

/// A chain, how far this run is on it, and the clocks of its stages.
pub(super) struct Pipeline {
    chain: Chain,
    /// The last block of earlier runs.
    found: u64,
    /// The block that was submitted last.
    height: u64,
    clocks: Clocks,
}

impl Pipeline {
    /// Takes a chain.
    pub(super) fn new(chain: Chain) -> Self {
        Self { found: chain.height(), chain, height: 0, clocks: Clocks::new(&STAGES) }
    }

    /// Returns what the chain begins with.
    pub(super) fn genesis(&self) -> &Genesis {
        self.chain.genesis()
    }

    /// Returns the number of the block that was submitted last.
    pub(super) const fn height(&self) -> u64 {
        self.height
    }

    /// Returns the number of the last block of earlier runs; 0 without one.
    pub(super) const fn found(&self) -> u64 {
        self.found
    }

    /// Returns the chain when everything was submitted.
    ///
    /// # Errors
    /// An earlier run has committed more blocks.
    pub(super) fn into_chain(self) -> Result<Chain, DemoError> {
        match self.chain.height().checked_sub(self.height) {
            Some(0) => Ok(self.chain),
            _ => Err(DemoError::AnotherRun { height: self.height.saturating_add(1) }),
        }
    }

    /// Takes transactions as the next block; returns their receipts, in the same order.
    ///
    /// # Errors
    /// A transaction that does not enter the block, a stored block with other transactions, and faults. The chain is as before
    /// then.
    pub(super) fn submit(&mut self, transactions: &[Bytes]) -> Result<Vec<Receipt>, DemoError> {
        let next = self.height.saturating_add(1);
        let receipts = if next <= self.found { self.recall(next, transactions)? } else { self.produce(transactions)? };
        self.height = next;
        Ok(receipts)
    }

    /// Returns the receipts of a block that an earlier run has committed.
    fn recall(&self, height: u64, transactions: &[Bytes]) -> Result<Vec<Receipt>, DemoError> {
        let missing = Fault::Invariant("a chain does not keep a block that it began with");
        let block = self.chain.block(height)?.ok_or(missing)?;
        if !block.transactions().iter().map(Transaction::raw).eq(transactions) {
            return Err(DemoError::AnotherRun { height });
        }
        Ok(block.receipts().to_vec())
    }

    /// Sends transactions through every stage as one block.
    fn produce(&mut self, transactions: &[Bytes]) -> Result<Vec<Receipt>, DemoError> {
        let since = Instant::now();
        let decoded = transactions.iter().map(|bytes| self.chain.decode(bytes)).collect::<Result<Vec<_>, _>>()?;
        let since = self.clocks.add("decode", since);
        let verified = self.chain.verify(decoded).into_iter().collect::<Result<Vec<_>, _>>()?;
        let since = self.clocks.add("signatures", since);
        let time = self.chain.head().timestamp.saturating_add(BLOCK_SECONDS);
        let proposal = self.chain.propose(verified, time)?;
        if let Some((_, rejection)) = proposal.rejected.into_iter().next() {
            return Err(rejection.into());
        }
        if !proposal.deferred.is_empty() {
            return Err(DemoError::BlockFull { left: proposal.deferred.len() });
        }
        let since = self.clocks.add("order", since);
        let executed = self.chain.execute(&proposal.block)?;
        let since = self.clocks.add("execution", since);
        let committed = self.chain.commit(executed)?;
        self.clocks.add("commit", since);
        Ok(committed.receipts().to_vec())
    }

    /// Submits transactions that must succeed.
    ///
    /// # Errors
    /// As [`Pipeline::submit`], and a receipt with any other status.
    pub(super) fn settle(&mut self, what: &'static str, transactions: &[Bytes]) -> Result<(), DemoError> {
        match self.submit(transactions)?.into_iter().find(|receipt| !receipt.status.is_success()) {
            Some(receipt) => {
                Err(DemoError::Failed { what, status: receipt.status.name(), error: describe(&receipt.output) })
            }
            None => Ok(()),
        }
    }

    /// Takes the clocks and starts them anew: what comes next is measured by itself.
    pub(super) fn take_clocks(&mut self) -> Clocks {
        std::mem::replace(&mut self.clocks, Clocks::new(&STAGES))
    }
}
