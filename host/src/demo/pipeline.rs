//! The way of a transaction with a clock at each stage: bytes in, a committed block out.
//!
//! Guarantees that every transaction takes the way that a node gives it, that a block's time follows from its height, and
//! that clocks are read between stages only, so that they cannot influence a result.

use std::time::{Duration, Instant};

use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolCall;
use florin_runtime::chain::Chain;
use florin_runtime::receipt::Receipt;

use super::DemoError;
use super::contracts::describe;

/// Seconds between two blocks.
const BLOCK_SECONDS: u64 = 12;

/// The stages, in order.
const STAGES: [&str; 5] = ["decode", "signatures", "order", "execution", "commit"];

/// Time spent in each stage.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clocks([Duration; STAGES.len()]);

impl Clocks {
    /// Returns the stages with their times.
    pub(super) fn times(&self) -> Vec<(&'static str, Duration)> {
        STAGES.into_iter().zip(self.0).collect()
    }

    /// Returns the time of all stages.
    pub(super) fn total(&self) -> Duration {
        self.0.iter().fold(Duration::ZERO, |sum, time| sum.saturating_add(*time))
    }

    /// Adds other clocks.
    pub(super) fn merge(&mut self, other: Self) {
        for (time, more) in self.0.iter_mut().zip(other.0) {
            *time = time.saturating_add(more);
        }
    }

    fn add(&mut self, stage: usize, since: Instant) -> Instant {
        let now = Instant::now();
        if let Some(time) = self.0.get_mut(stage) {
            *time = time.saturating_add(now.saturating_duration_since(since));
        }
        now
    }
}

/// A chain and the clocks of its stages.
pub(super) struct Pipeline {
    chain: Chain,
    clocks: Clocks,
}

impl Pipeline {
    /// Takes a chain.
    pub(super) fn new(chain: Chain) -> Self {
        Self { chain, clocks: Clocks::default() }
    }

    /// Returns the chain, to look at.
    pub(super) const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Sends transactions through every stage as one block; returns their receipts, in the same order.
    ///
    /// # Errors
    /// A transaction that does not enter the block, and faults. The chain is as before then.
    pub(super) fn submit(&mut self, transactions: &[Bytes]) -> Result<Vec<Receipt>, DemoError> {
        let since = Instant::now();
        let decoded = transactions.iter().map(|bytes| self.chain.decode(bytes)).collect::<Result<Vec<_>, _>>()?;
        let since = self.clocks.add(0, since);
        let verified = self.chain.verify(decoded).into_iter().collect::<Result<Vec<_>, _>>()?;
        let since = self.clocks.add(1, since);
        let time = self.chain.head().timestamp.saturating_add(BLOCK_SECONDS);
        let proposal = self.chain.propose(verified, time)?;
        if let Some((_, rejection)) = proposal.rejected.into_iter().next() {
            return Err(rejection.into());
        }
        if !proposal.deferred.is_empty() {
            return Err(DemoError::BlockFull { left: proposal.deferred.len() });
        }
        let since = self.clocks.add(2, since);
        let executed = self.chain.execute(&proposal.block)?;
        let since = self.clocks.add(3, since);
        let committed = self.chain.commit(executed)?;
        self.clocks.add(4, since);
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

    /// Asks a contract.
    ///
    /// # Errors
    /// Faults, and an answer that is not of the message's type.
    pub(super) fn ask<C: SolCall>(&self, contract: Address, call: &C) -> Result<C::Return, DemoError> {
        let input = call.abi_encode().into();
        let answer = self.chain.view(Address::ZERO, contract, 0, input, self.chain.genesis().block_gas_limit)?;
        let unexpected = || DemoError::Failed {
            what: "asking a contract",
            status: answer.status.name(),
            error: describe(&answer.output),
        };
        if !answer.status.is_success() {
            return Err(unexpected());
        }
        C::abi_decode_returns(&answer.output).map_err(|_| unexpected())
    }

    /// Takes the clocks and starts them anew: what comes next is measured by itself.
    pub(super) fn take_clocks(&mut self) -> Clocks {
        std::mem::take(&mut self.clocks)
    }
}
