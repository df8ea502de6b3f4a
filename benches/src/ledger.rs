//! A chain with funded accounts, and blocks for it.

use alloy_primitives::{Address, Bytes};
use florin_runtime::block::Block;
use florin_runtime::chain::{Chain, ChainConfig, ChainError};
use florin_runtime::fault::Fault;
use florin_runtime::gas::Gas;
use florin_runtime::genesis::Genesis;
use florin_runtime::ledger::{Balance, WEI_PER_MDT};
use florin_runtime::signature::{Scheme, VerifiedTransaction};
use florin_runtime::transaction::{Body, Rejection};
use florin_runtime::vm::VmConfig;
use thiserror::Error;

use crate::signer::{Signer, transfer};

/// Why a workload could not be made.
#[derive(Debug, Error)]
pub enum WorkloadError {
    /// The chain could not be made.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A transaction of the workload was rejected.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A block of the workload was refused.
    #[error(transparent)]
    Block(#[from] florin_runtime::block::BlockError),
    /// The host failed.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A contract is not there or failed.
    #[error("{0}")]
    Contract(String),
}

/// A chain and the keys of its accounts.
#[derive(Clone)]
pub struct Ledger {
    /// The chain.
    pub chain: Chain,
    /// The accounts' keys.
    pub signers: Vec<Signer>,
}

impl Ledger {
    /// Makes a chain with so many accounts of 10,000 MDT each, which sign with ecdsa.
    ///
    /// # Errors
    /// If the chain cannot be made.
    pub fn new(accounts: u32) -> Result<Self, WorkloadError> {
        let signers: Vec<Signer> = (0..accounts).map(|number| Signer::new(Scheme::Ecdsa, number)).collect();
        let balance = Balance::new(10_000 * WEI_PER_MDT);
        let genesis = Genesis {
            allocations: signers.iter().map(|signer| (signer.address(), balance)).collect(),
            block_gas_limit: Gas(u64::MAX / 16),
            ..Genesis::default()
        };
        Self::of(genesis, signers)
    }

    /// Makes the chain of a genesis, with the keys of its accounts.
    ///
    /// # Errors
    /// If the chain cannot be made.
    pub fn of(genesis: Genesis, signers: Vec<Signer>) -> Result<Self, WorkloadError> {
        let chain = Chain::new(ChainConfig { genesis, vm: VmConfig::default(), signature_threads: 1 })?;
        Ok(Self { chain, signers })
    }

    /// Signs, decodes and verifies the next transaction of an account.
    ///
    /// # Errors
    /// If it is rejected.
    pub fn admit(&self, signer: &Signer, body: &Body) -> Result<VerifiedTransaction, WorkloadError> {
        let transaction = self.chain.decode(&signer.sign(body, &self.chain.domain()))?;
        let mut verified = self.chain.verify(vec![transaction]);
        Ok(verified.pop().ok_or_else(|| WorkloadError::Contract("no verdict".to_owned()))??)
    }

    /// Returns a block with one transaction of each account, in order.
    ///
    /// # Errors
    /// If one is rejected.
    pub fn block(&self, body: impl Fn(u64, usize) -> Body) -> Result<Block, WorkloadError> {
        let mut transactions = Vec::with_capacity(self.signers.len());
        for (index, signer) in self.signers.iter().enumerate() {
            let nonce = self.chain.account(signer.address())?.nonce;
            transactions.push(self.admit(signer, &body(nonce, index))?);
        }
        let proposal = self.chain.propose(transactions, 0)?;
        match proposal.rejected.into_iter().next() {
            Some((_, rejection)) => Err(rejection.into()),
            None => Ok(proposal.block),
        }
    }

    /// Returns a block with one transaction of the first account.
    ///
    /// # Errors
    /// If it is rejected.
    pub fn block_of(&self, mut body: Body) -> Result<Block, WorkloadError> {
        let no_account = || WorkloadError::Contract("the ledger has no account".to_owned());
        let signer = self.signers.first().ok_or_else(no_account)?;
        body.nonce = self.chain.account(signer.address())?.nonce;
        let proposal = self.chain.propose(vec![self.admit(signer, &body)?], 0)?;
        match proposal.rejected.into_iter().next() {
            Some((_, rejection)) => Err(rejection.into()),
            None => Ok(proposal.block),
        }
    }

    /// Returns a block in which each account sends one wei to an account of its own.
    ///
    /// # Errors
    /// If a transfer is rejected.
    pub fn transfers(&self) -> Result<Block, WorkloadError> {
        self.block(|nonce, index| transfer(nonce, recipient(index)))
    }

    /// Executes and commits one transaction of the first account and returns what it gave back, and the contract that it
    /// created.
    ///
    /// # Errors
    /// If it is rejected or fails.
    pub fn commit(&mut self, body: Body) -> Result<(Bytes, Option<Address>), WorkloadError> {
        let block = self.block_of(body)?;
        let executed = self.chain.execute(&block)?;
        let receipt = executed.receipts().first().cloned();
        self.chain.commit(executed)?;
        match receipt {
            Some(receipt) if receipt.status.is_success() => Ok((receipt.output, receipt.contract)),
            Some(receipt) => Err(WorkloadError::Contract(format!("{:?}: {}", receipt.status, receipt.output))),
            None => Err(WorkloadError::Contract("no receipt".to_owned())),
        }
    }
}

/// Returns an address that nobody has a key of.
pub fn recipient(index: usize) -> Address {
    Address::left_padding_from(&(index as u64 | 1 << 40).to_be_bytes())
}
