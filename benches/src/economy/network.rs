//! A network: the chain of a genesis file with all contracts of the economy, its validators and miners, and the keys of all.
//!
//! ```text
//! signers   0 .. miners | validators | owner | user
//! epochs    0 miners register   1 validators commit   2 they reveal and report   3 epoch 1 is settled in its first block
//! ```
//! Everything is done by signed transactions; what a transaction costs is what its receipt says.

use std::sync::Arc;

use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::SolCall;
use florin::genesis::address::{REGISTRY, TREASURY};
use florin::genesis::{
    Allocation, Chain as ChainSection, GenesisFile, Owners, Party, Profile, Staking, ValidatorEntry,
};
use florin::keys::ConsensusKey;
use florin_runtime::block::{Block, CommittedBlock, ExecutedBlock};
use florin_runtime::execution::Session;
use florin_runtime::gas::Gas;
use florin_runtime::ledger::{Balance, WEI_PER_MDT as MDT};
use florin_runtime::receipt::Receipt;
use florin_runtime::signature::Scheme;
use florin_runtime::state::State;
use florin_runtime::transaction::{Body, GasPrice};
use florin_tokenomics::commitment::Commitment;
use florin_tokenomics::weights::by_sum;

use super::calls::Calls;
use super::messages::Registry;
use crate::calibrate::clock::Clock;
use crate::ledger::{Ledger, WorkloadError};
use crate::signer::Signer;

/// Blocks of an epoch.
pub const EPOCH_BLOCKS: u64 = 20;
/// Blocks of unbonding: as few as an epoch has, so that somebody can wait for it here.
pub const UNBONDING_BLOCKS: u64 = 20;
/// What a miner pays to register.
const FEE: u128 = MDT;
/// Gas of a transaction; the rest is not paid.
const GAS: Gas = Gas(100_000_000);
const SALT: B256 = B256::repeat_byte(7);

/// The chain and its people.
pub struct Network {
    /// The chain.
    pub ledger: Ledger,
    /// The consensus keys of the validators.
    pub keys: Vec<ConsensusKey>,
    miners: u32,
}

impl Network {
    /// Begins a chain with so many validators; the miners have money and are not registered.
    ///
    /// # Errors
    /// If the genesis is none.
    pub fn new(miners: u32, validators: u32) -> Result<Self, WorkloadError> {
        let people = miners.saturating_add(validators).saturating_add(2);
        let signers: Vec<Signer> = (0..people).map(|number| Signer::new(Scheme::Ecdsa, number)).collect();
        let keys = (0..u64::from(validators)).map(|number| ConsensusKey::derive(0, "bench", number));
        let keys = keys.collect::<Result<Vec<_>, _>>().map_err(|error| WorkloadError::Contract(error.to_string()))?;
        let chain_id = Profile::Dev.chain_id();
        let owner = signers.get(miners as usize + keys.len()).map(Signer::address).unwrap_or_default();
        let allocation = |address, mdt| Allocation { address, amount: Balance::new(mdt * MDT), vesting: None };
        let mut allocations: Vec<_> =
            signers.iter().map(|signer| allocation(Party::Account(signer.address()), 1_000)).collect();
        allocations.push(allocation(Party::Account(TREASURY), 100_000));
        let entries = signers.iter().skip(miners as usize).zip(&keys).zip(0_u128..);
        let validators = entries.map(|((signer, key), place)| {
            ValidatorEntry::new(chain_id, signer.address(), key, Balance::new((200 + place) * MDT), 50_000)
        });
        let file = GenesisFile {
            chain: ChainSection {
                id: chain_id,
                epoch_blocks: EPOCH_BLOCKS,
                block_gas_limit: u64::MAX / 16,
                proposer: Some(owner),
                ..ChainSection::default()
            },
            owners: Owners { members: vec![owner], required: 1 },
            staking: Staking { unbonding_blocks: UNBONDING_BLOCKS, ..Staking::default() },
            allocations,
            validators: validators.collect(),
            ..GenesisFile::default()
        };
        let genesis = file.build().map_err(|error| WorkloadError::Contract(error.to_string()))?;
        Ok(Self { ledger: Ledger::of(genesis, signers)?, keys, miners })
    }

    /// Returns the place of a validator among the signers.
    pub fn validator(&self, number: usize) -> usize {
        (self.miners as usize).saturating_add(number)
    }

    /// Returns the place of the owner of treasury and parameters among the signers.
    pub fn owner(&self) -> usize {
        self.validator(self.keys.len())
    }

    /// Returns the place of somebody else among the signers.
    pub fn user(&self) -> usize {
        self.owner().saturating_add(1)
    }

    /// Returns the address of a signer.
    pub fn address(&self, signer: usize) -> Address {
        self.ledger.signers.get(signer).map(Signer::address).unwrap_or_default()
    }

    /// Returns the epoch of the next block.
    pub fn epoch(&self) -> u64 {
        (self.ledger.chain.height() + 1) / EPOCH_BLOCKS
    }

    /// Commits empty blocks until the next is the first of an epoch.
    ///
    /// # Errors
    /// If a hook fails.
    pub fn approach(&mut self, epoch: u64) -> Result<(), WorkloadError> {
        self.advance_to((epoch * EPOCH_BLOCKS).saturating_sub(1))
    }

    /// Commits empty blocks up to a height.
    ///
    /// # Errors
    /// If a hook fails.
    pub fn advance_to(&mut self, height: u64) -> Result<(), WorkloadError> {
        while self.ledger.chain.height() < height {
            self.commit(self.block(Vec::new())?)?;
        }
        Ok(())
    }

    /// Puts a message of each of some signers into a block: place of the signer, contract, value, input.
    ///
    /// # Errors
    /// If a transaction is rejected.
    pub fn block(&self, messages: Vec<Sent>) -> Result<Block, WorkloadError> {
        let mut transactions = Vec::with_capacity(messages.len());
        for Sent { signer, to, value, input } in messages {
            let none = || WorkloadError::Contract(format!("there is no signer {signer}"));
            let signer = self.ledger.signers.get(signer).ok_or_else(none)?;
            let body = Body {
                nonce: self.ledger.chain.account(signer.address())?.nonce,
                to: Some(to),
                value: Balance::new(value),
                gas_limit: GAS,
                gas_price: GasPrice::flat(1),
                input: input.into(),
            };
            transactions.push(self.ledger.admit(signer, &body)?);
        }
        let proposal = self.ledger.chain.propose(transactions, 0)?;
        match proposal.rejected.into_iter().next() {
            Some((_, rejection)) => Err(rejection.into()),
            None => Ok(proposal.block),
        }
    }

    /// Executes and commits a block, in which everything must succeed.
    ///
    /// # Errors
    /// If a hook or a transaction fails.
    pub fn commit(&mut self, block: Block) -> Result<CommittedBlock, WorkloadError> {
        let executed = self.ledger.chain.execute(&block)?;
        checked(&executed)?;
        Ok(self.ledger.chain.commit(executed)?)
    }

    /// Executes and commits a block of messages; returns their receipts.
    ///
    /// # Errors
    /// As [`Self::block`] and [`Self::commit`].
    pub fn send_all(&mut self, messages: Vec<Sent>) -> Result<Vec<Receipt>, WorkloadError> {
        let block = self.block(messages)?;
        Ok(self.commit(block)?.receipts().to_vec())
    }

    /// Registers all miners, in one block.
    ///
    /// # Errors
    /// If one is refused.
    pub fn register_miners(&mut self) -> Result<Vec<Receipt>, WorkloadError> {
        let register = |miner| Sent::paying(miner, REGISTRY, FEE, Registry::registerCall {}.abi_encode());
        self.send_all((0..self.miners as usize).map(register).collect())
    }

    /// Lets all validators commit to their weights, in one block.
    ///
    /// # Errors
    /// If one is refused.
    pub fn commit_weights(&mut self) -> Result<Vec<Receipt>, WorkloadError> {
        let epoch = self.epoch();
        let chain_id = self.ledger.chain.domain().chain_id;
        let commit = |number| {
            let signer = self.validator(number);
            let validator = self.address(signer).into_array();
            let head = Commitment { chain_id, contract: REGISTRY.into_array(), epoch, validator, salt: SALT.0 };
            let bytes: Vec<u8> = self.weights(number).iter().flat_map(|word| word.0).collect();
            let commitment = keccak256(head.encode(&bytes));
            Sent::free(signer, REGISTRY, Registry::commitCall { commitment }.abi_encode())
        };
        let messages = (0..self.keys.len()).map(commit).collect();
        self.send_all(messages)
    }

    /// Lets all validators show their weights, in one block, and report metrics, in the next; returns the receipts of both.
    ///
    /// # Errors
    /// If one is refused.
    pub fn reveal_and_report(&mut self) -> Result<[Vec<Receipt>; 2], WorkloadError> {
        let reveal = |number| {
            let input = Registry::revealCall { salt: SALT, weights: self.weights(number) }.abi_encode();
            Sent::free(self.validator(number), REGISTRY, input)
        };
        let report = |number| {
            let report =
                Registry::reportCall { tasks: 9_000, difficulty: 800_000, participation: 900_000, quality: 700_000 };
            Sent::free(self.validator(number), REGISTRY, report.abi_encode())
        };
        let numbers = 0..self.keys.len();
        let (reveals, reports) = (numbers.clone().map(reveal).collect(), numbers.map(report).collect());
        Ok([self.send_all(reveals)?, self.send_all(reports)?])
    }

    /// Returns the weights of a validator for all miners, every one above zero, no two validators alike; 8 a word.
    fn weights(&self, validator: usize) -> Vec<B256> {
        let seed = validator as u64 + 1;
        let number = |slot: u64| u128::from((slot + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ seed) >> 54) + 1_024;
        let numbers: Vec<u128> = (0..u64::from(self.miners)).map(number).collect();
        let weights = by_sum(&numbers).unwrap_or_default();
        let bytes: Vec<u8> = weights.iter().flat_map(|ppm| ppm.get().to_be_bytes()).collect();
        bytes.chunks(32).map(B256::right_padding_from).collect()
    }
}

/// Scores.
impl Network {
    /// Goes to the head behind which epoch 1 is settled: everybody has worked, weighed and reported in it.
    ///
    /// # Errors
    /// If a message is refused.
    pub fn work(&mut self) -> Result<(), WorkloadError> {
        self.register_miners()?;
        self.approach(1)?;
        self.commit_weights()?;
        self.approach(2)?;
        self.reveal_and_report()?;
        self.approach(3)
    }

    /// Lets the registry compute the scores of epoch 1 on the head's state, so many steps a call. The chain stays as it is.
    ///
    /// # Errors
    /// If a call fails.
    pub fn finalize(&self, steps: u32) -> Result<Finalized, WorkloadError> {
        let chain = &self.ledger.chain;
        let state = chain.memory().ok_or_else(|| WorkloadError::Contract("the chain is in memory".to_owned()))?;
        let mut state = state.clone();
        let context = self.block(Vec::new())?.context().clone();
        let mut calls = Calls::new(chain.vm(), Session::new(Arc::new(state.clone()), Arc::new(context)));
        let mut gas = Vec::new();
        let (nanoseconds, done) = Clock::Thread.time(|| -> Result<(), WorkloadError> {
            loop {
                let input = Registry::finalizeCall { maxSteps: steps }.abi_encode();
                let (burnt, output) = calls.send(Address::ZERO, REGISTRY, 0, input)?;
                gas.push(burnt);
                // The next epoch to finalize is the one behind.
                if output.last() == Some(&2) {
                    return Ok(());
                }
            }
        });
        done?;
        state.commit(&calls.into_changes()?);
        Ok(Finalized { gas, nanoseconds, state })
    }
}

/// Scores that are final.
pub struct Finalized {
    /// The gas of each call.
    pub gas: Vec<Gas>,
    /// The time of all calls.
    pub nanoseconds: f64,
    /// The state behind them.
    pub state: State,
}

/// A message of somebody.
pub struct Sent {
    signer: usize,
    to: Address,
    value: u128,
    input: Vec<u8>,
}

impl Sent {
    /// A message without money.
    pub const fn free(signer: usize, to: Address, input: Vec<u8>) -> Self {
        Self::paying(signer, to, 0, input)
    }

    /// A message with so many wei.
    pub const fn paying(signer: usize, to: Address, value: u128, input: Vec<u8>) -> Self {
        Self { signer, to, value, input }
    }
}

/// Says what of a block failed.
pub(super) fn checked(executed: &ExecutedBlock) -> Result<(), WorkloadError> {
    if let Some(failed) = executed.hook_receipts().iter().find(|receipt| !receipt.status.is_success()) {
        return Err(WorkloadError::Contract(format!("a hook failed: {failed:?}")));
    }
    match executed.receipts().iter().find(|receipt| !receipt.status.is_success()) {
        Some(failed) => Err(WorkloadError::Contract(format!("a message failed: {failed:?}"))),
        None => Ok(()),
    }
}

/// Returns the halves of a signature, as contracts take it.
pub(super) fn halves(signature: &[u8; 64]) -> [B256; 2] {
    let (r, s) = signature.split_at(32);
    [B256::from_slice(r), B256::from_slice(s)]
}
