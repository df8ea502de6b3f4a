//! The state of a sandbox: the chain, its clock and who has been funded. Copying it is a snapshot.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use alloy_primitives::{Address, Bytes};
use florin_runtime::block::{Block, ExecutedBlock, ParentSigners};
use florin_runtime::chain::{Chain, Proposal, ViewOutcome};
use florin_runtime::fault::Fault;
use florin_runtime::gas::Gas;
use florin_runtime::hook::HookReceipt;
use florin_runtime::ledger::Balance;
use florin_runtime::signature::VerifiedTransaction;
use florin_runtime::transaction::{Body, GasPrice, Rejection};

use crate::account::Account;
use crate::error::SandboxError;
use crate::receipt::TransactionReceipt;
use crate::trace::Watch;

/// The chain behind a [`crate::Sandbox`].
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) chain: Chain,
    /// The gas limit of a transaction that does not say otherwise.
    pub(crate) gas_limit: Gas,
    /// What became of the last transaction.
    pub(crate) last: Option<TransactionReceipt>,
    /// What became of the hooks of the last block.
    pub(crate) hook_receipts: Vec<HookReceipt>,
    /// Who will have signed the head of each later block.
    pub(crate) parent_signers: ParentSigners,
    /// The time that the next block was asked to have.
    next_time: Option<u64>,
    block_seconds: u64,
    account_balance: Balance,
    funded: BTreeSet<Arc<str>>,
    /// Who watches; shared with snapshots, because watching is no state of the chain.
    pub(crate) watch: Rc<RefCell<Watch>>,
}

/// One entry for each transaction that was offered to a block, in the order of the offer.
pub(crate) type Outcomes = Vec<Result<TransactionReceipt, Rejection>>;

impl World {
    /// The account that funds all others.
    pub(crate) const FAUCET: &'static str = "faucet";

    /// Takes over a chain at its genesis.
    pub(crate) fn new(chain: Chain, block_seconds: u64, gas_limit: Gas, account_balance: Balance) -> Self {
        let (next_time, last, funded) = (None, None, BTreeSet::new());
        let (hook_receipts, parent_signers) = (Vec::new(), ParentSigners::unknown());
        let watch = Rc::new(RefCell::new(Watch::from_environment()));
        Self {
            chain,
            gas_limit,
            last,
            hook_receipts,
            parent_signers,
            next_time,
            block_seconds,
            account_balance,
            funded,
            watch,
        }
    }

    /// Returns the time of the last block.
    pub(crate) const fn time(&self) -> u64 {
        self.chain.head().timestamp
    }

    /// Returns the price that transactions offer: the lowest.
    pub(crate) fn gas_price(&self) -> GasPrice {
        GasPrice::flat(self.chain.genesis().gas_price)
    }

    /// Returns the nonce that the next transaction of an account must carry.
    pub(crate) fn nonce(&self, address: Address) -> Result<u64, SandboxError> {
        Ok(self.chain.account(address)?.nonce)
    }

    /// Sets the time of the next block.
    pub(crate) const fn set_next_time(&mut self, time: u64) -> Result<(), SandboxError> {
        if time <= self.time() {
            return Err(SandboxError::TimeGoesBack { time, last: self.time() });
        }
        self.next_time = Some(time);
        Ok(())
    }

    /// Funds a name once, in a block of its own.
    pub(crate) fn fund(&mut self, account: &Account) -> Result<(), SandboxError> {
        if self.funded.contains(account.name()) || self.account_balance.is_zero() {
            return Ok(());
        }
        let faucet = Account::named(Self::FAUCET);
        let body = Body {
            nonce: self.nonce(faucet.address())?,
            to: Some(account.address()),
            value: self.account_balance,
            gas_limit: self.gas_limit,
            gas_price: self.gas_price(),
            input: Bytes::new(),
        };
        let raw = faucet.sign_transaction(&body, &self.chain.domain());
        let last = self.last.take();
        self.submit(&raw)?;
        self.last = last;
        self.funded.insert(account.name().into());
        Ok(())
    }

    /// Executes one transaction in a block of its own; a rejected one makes no block.
    pub(crate) fn submit(&mut self, raw: &[u8]) -> Result<TransactionReceipt, SandboxError> {
        let (_, transactions, refused) = sort([self.chain.decode(raw)]);
        let (_, candidates, unverified) = sort(self.chain.verify(transactions));
        let proposal = self.propose(candidates)?;
        let gas_left = gas_left(&proposal.block);
        let full = proposal.deferred.first().map(|left| Rejection::BlockFull { gas_left, actual: left.gas_limit() });
        let rejections = refused.into_iter().chain(unverified).chain(proposal.rejected).map(|(_, rejection)| rejection);
        if let Some(rejection) = rejections.chain(full).next() {
            return Err(rejection.into());
        }
        let receipts = self.commit(&proposal.block)?;
        receipts.into_iter().next().ok_or_else(|| Fault::Invariant("a block lost its transaction").into())
    }

    /// Mines one block of transactions. One that decoding, verification or the block refuses keeps its place in the
    /// outcomes.
    pub(crate) fn submit_block(&mut self, raws: &[impl AsRef<[u8]>]) -> Result<Outcomes, SandboxError> {
        let decoded = raws.iter().map(|raw| self.chain.decode(raw.as_ref()));
        let (places, transactions, mut refused) = sort(decoded);
        let verified = self.chain.verify(transactions);
        let (kept, candidates, unverified) = sort(verified);
        refused.extend(unverified.into_iter().map(|(index, rejection)| (places[index], rejection)));
        let kept: Vec<usize> = kept.into_iter().map(|index| places[index]).collect();

        let mut outcomes: BTreeMap<usize, Result<TransactionReceipt, Rejection>> =
            refused.into_iter().map(|(place, rejection)| (place, Err(rejection))).collect();
        outcomes.extend(kept.into_iter().zip(self.mine(candidates)?));
        Ok(outcomes.into_values().collect())
    }

    /// Proposes, executes and commits one block.
    pub(crate) fn mine(&mut self, candidates: Vec<VerifiedTransaction>) -> Result<Outcomes, SandboxError> {
        let limits: Vec<Gas> = candidates.iter().map(|candidate| candidate.gas_limit()).collect();
        let proposal = self.propose(candidates)?;
        let gas_left = gas_left(&proposal.block);
        let mut receipts = self.commit(&proposal.block)?.into_iter();
        let mut rejected: BTreeMap<usize, Rejection> = proposal.rejected.into_iter().collect();
        let outcome = |(place, actual): (usize, Gas)| match rejected.remove(&place) {
            Some(rejection) => Err(rejection),
            // What found no room stands behind all that did.
            None => receipts.next().ok_or(Rejection::BlockFull { gas_left, actual }),
        };
        Ok(limits.into_iter().enumerate().map(outcome).collect())
    }

    fn propose(&self, candidates: Vec<VerifiedTransaction>) -> Result<Proposal, SandboxError> {
        let time = self.next_time.unwrap_or_else(|| self.time().saturating_add(self.block_seconds));
        Ok(self.chain.propose_after(self.parent_signers.clone(), candidates, time)?)
    }

    /// Executes a block, traced if anybody watches.
    fn execute(&self, block: &Block) -> Result<ExecutedBlock, SandboxError> {
        let mut watch = self.watch.borrow_mut();
        let Some(vm) = watch.machine(&self.chain)? else {
            let executed = self.chain.execute(block)?;
            executed.receipts().iter().for_each(|receipt| watch.failed_unseen(receipt.status));
            return Ok(executed);
        };
        let (executed, traces) = self.chain.trace(&vm, block)?;
        for (receipt, trace) in executed.receipts().iter().zip(&traces) {
            watch.saw(trace, receipt.status, receipt.gas_used, &self.funded);
        }
        Ok(executed)
    }

    /// Simulates a call on the last block's state, traced if anybody watches.
    pub(crate) fn view(
        &self,
        caller: Address,
        to: Address,
        value: Balance,
        input: Bytes,
        gas: Gas,
    ) -> Result<ViewOutcome, SandboxError> {
        let mut watch = self.watch.borrow_mut();
        let Some(vm) = watch.machine(&self.chain)? else {
            return Ok(self.chain.view(caller, to, value.wei(), input, gas)?);
        };
        let (outcome, trace) = self.chain.trace_view(&vm, caller, to, value.wei(), input, gas)?;
        watch.saw(&trace, outcome.status, outcome.gas_used, &self.funded);
        Ok(outcome)
    }

    /// Executes and commits a block; returns what became of its transactions.
    fn commit(&mut self, block: &Block) -> Result<Vec<TransactionReceipt>, SandboxError> {
        let executed = self.execute(block)?;
        let committed = self.chain.commit(executed)?;
        self.next_time = None;
        self.hook_receipts = committed.hook_receipts().to_vec();
        let height = self.chain.height();
        let receipts: Vec<_> =
            committed.receipts().iter().map(|receipt| TransactionReceipt::of(receipt, height)).collect();
        if let Some(last) = receipts.last() {
            self.last = Some(last.clone());
        }
        Ok(receipts)
    }
}

/// Returns the gas that a block's transactions have not asked for.
fn gas_left(block: &Block) -> Gas {
    let asked = block.transactions().iter().map(|transaction| transaction.gas_limit());
    asked.fold(block.context().gas_limit, Gas::saturating_sub)
}

/// Splits results into the places of the good ones, the good ones, and the bad ones with their places.
fn sort<T>(results: impl IntoIterator<Item = Result<T, Rejection>>) -> (Vec<usize>, Vec<T>, Vec<(usize, Rejection)>) {
    let (mut places, mut good, mut bad) = (Vec::new(), Vec::new(), Vec::new());
    for (place, result) in results.into_iter().enumerate() {
        match result {
            Ok(value) => {
                places.push(place);
                good.push(value);
            }
            Err(rejection) => bad.push((place, rejection)),
        }
    }
    (places, good, bad)
}
