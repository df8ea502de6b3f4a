//! A chain: its head, its state and the machine that executes its blocks, behind one face.
//!
//! Guarantees that blocks are committed one after the other, each on its parent's state, and that looking at the state
//! never changes it. A clone is a snapshot with the same machine: a state in memory is copied when one of the two goes on;
//! of a durable state only one can go on.

mod state;

use std::sync::Arc;

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes};
use florin_abi::Status;
use thiserror::Error;

use state::{ChainState, stored_block};

use crate::{
    block::{
        Block, BlockContext, BlockError, CommittedBlock, ExecutedBlock, ParentSigners, empty_header,
        stored::StoredBlock,
    },
    execution::{Session, admission::Admission, invoke, sequential},
    fault::Fault,
    gas::Gas,
    genesis::{Genesis, GenesisError},
    ledger::{Account, Supply},
    receipt::Event,
    signature::{self, VerifiedTransaction},
    state::durable::{DurableConfig, Identity, OpenError},
    state::store::Store,
    state::{DurableState, Proof, State, StateKey, StateReader, StateRoot},
    transaction::{Domain, RawTransaction, Rejection, Transaction},
    vm::{
        Vm, VmConfig,
        frame::{Entry, Message},
        trace::Trace,
    },
};

/// What a chain is made of.
#[derive(Clone, Debug)]
pub struct ChainConfig {
    /// What it begins with.
    pub genesis: Genesis,
    /// The machine. Its gas schedule must be the one of the genesis.
    pub vm: VmConfig,
    /// Threads that verify signatures, the caller's included; at least 1.
    pub signature_threads: usize,
}

impl Default for ChainConfig {
    /// Returns the default genesis and machine, and one thread.
    fn default() -> Self {
        Self { genesis: Genesis::default(), vm: VmConfig::default(), signature_threads: 1 }
    }
}

/// A chain up to its head.
#[derive(Clone, Debug)]
pub struct Chain {
    genesis: Arc<Genesis>,
    domain: Domain,
    vm: Vm,
    signature_threads: usize,
    state: ChainState,
    head: Header,
    head_hash: B256,
}

/// Why a chain could not be made.
#[derive(Debug, Error)]
pub enum ChainError {
    /// The genesis contradicts itself.
    #[error("genesis: {0}")]
    Genesis(#[from] GenesisError),
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The host failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A proposed block, and what is not in it.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The block.
    pub block: Block,
    /// Candidates that may not stand in the block, by their place among the candidates, with the reason.
    pub rejected: Vec<(usize, Rejection)>,
    /// Candidates that found no room, in their order: the first one that did not fit and all behind it.
    pub deferred: Vec<VerifiedTransaction>,
}

/// What became of transactions that were offered as bytes.
#[derive(Clone, Debug)]
pub struct Produced {
    /// The block, which is the head now.
    pub block: CommittedBlock,
    /// Transactions that are in no block, by their place among those that were offered, with the reason.
    pub rejected: Vec<(usize, Rejection)>,
    /// Transactions that found no room, in their order.
    pub deferred: Vec<VerifiedTransaction>,
}

/// What a simulated call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewOutcome {
    /// What became of it.
    pub status: Status,
    /// Return data or revert data.
    pub output: Bytes,
    /// The gas that a transaction with this call would use.
    pub gas_used: Gas,
    /// The events that it would emit.
    pub events: Vec<Event>,
}

impl Chain {
    /// Makes a chain with nothing but its genesis.
    ///
    /// # Errors
    /// Says what is wrong with the genesis; faults if the machine cannot be set up.
    pub fn new(config: ChainConfig) -> Result<Self, ChainError> {
        let vm = Vm::new(config.vm.clone())?;
        let changes = config.genesis.build(&vm)??;
        let mut state = State::new();
        state.commit(&changes);
        Ok(Self::start(config, vm, ChainState::Memory(Arc::new(state)), None))
    }

    /// Makes a chain whose state is in a store: with nothing but its genesis if the store is empty, else where its last block
    /// left it. The contracts of the genesis run for an empty store only; any other names the genesis that it began with.
    ///
    /// # Errors
    /// Says what is wrong with the genesis, or with the database; faults if the machine cannot be set up.
    pub fn open(config: ChainConfig, store: Arc<dyn Store>, durable: DurableConfig) -> Result<Self, ChainError> {
        let vm = Vm::new(config.vm.clone())?;
        config.genesis.check(vm.schedule())?;
        let domain = config.genesis.domain();
        let identity = Identity { chain_id: domain.chain_id, genesis_hash: domain.genesis_hash.0 };
        let state = match DurableState::open(Arc::clone(&store), identity, durable)? {
            Some(state) => state,
            None => DurableState::create(store, identity, durable, &config.genesis.build(&vm)??, Vec::new())?,
        };
        let header = match state.head().height {
            0 => None,
            height => Some(stored_block(&state, height, &domain)?.header().clone()),
        };
        Ok(Self::start(config, vm, ChainState::durable(state), header))
    }

    /// Starts from a state and the header of its block; without one, from the genesis.
    fn start(config: ChainConfig, vm: Vm, state: ChainState, head: Option<Header>) -> Self {
        let ChainConfig { genesis, signature_threads, .. } = config;
        let context = genesis.first_context(state.root().hash());
        let domain = context.domain;
        // The header names the genesis, so that chains that differ in anything differ in every block.
        let first = || Header { extra_data: domain.genesis_hash.into(), ..empty_header(&context) };
        let head = head.unwrap_or_else(first);
        let genesis = Arc::new(genesis);
        Self { genesis, domain, vm, signature_threads, state, head_hash: head.hash_slow(), head }
    }

    /// Returns what transactions are signed for.
    pub const fn domain(&self) -> Domain {
        self.domain
    }

    /// Returns the genesis.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Returns the machine.
    pub const fn vm(&self) -> &Vm {
        &self.vm
    }
}

/// The way of a transaction.
impl Chain {
    /// Decodes a transaction.
    ///
    /// # Errors
    /// Says what is wrong with the bytes.
    pub fn decode(&self, bytes: &[u8]) -> Result<Transaction, Rejection> {
        Transaction::decode(&RawTransaction::new(Bytes::copy_from_slice(bytes))?, &self.domain)
    }

    /// Verifies signatures, in batches on all threads.
    pub fn verify(&self, transactions: Vec<Transaction>) -> Vec<Result<VerifiedTransaction, Rejection>> {
        signature::verify(transactions, self.signature_threads)
    }

    /// Proposes the next block. Its time is `time`, or one second after the head if that is not later, so that a clock
    /// that stands still or steps back stops nothing.
    ///
    /// # Errors
    /// Faults if the state cannot be read.
    pub fn propose(&self, candidates: Vec<VerifiedTransaction>, time: u64) -> Result<Proposal, Fault> {
        self.propose_after(ParentSigners::unknown(), candidates, time)
    }

    /// Proposes the next block as [`Chain::propose`] does, with the list of who signed the head.
    ///
    /// # Errors
    /// Faults if the state cannot be read.
    pub fn propose_after(
        &self,
        parent_signers: ParentSigners,
        candidates: Vec<VerifiedTransaction>,
        time: u64,
    ) -> Result<Proposal, Fault> {
        let context = BlockContext { parent_signers, ..self.next_context(time) };
        let session = Session::new(self.reader(), Arc::new(context.clone()));
        let mut admission = Admission::new(&session, self.vm.schedule());
        let (mut admitted, mut rejected, mut deferred) = (Vec::new(), Vec::new(), Vec::new());
        for (index, candidate) in candidates.into_iter().enumerate() {
            if !deferred.is_empty() {
                deferred.push(candidate);
                continue;
            }
            match admission.admit(&candidate)? {
                Ok(()) => admitted.push(candidate),
                Err(Rejection::BlockFull { .. }) => deferred.push(candidate),
                Err(rejection) => rejected.push((index, rejection)),
            }
        }
        Ok(Proposal { block: Block::new(context, admitted), rejected, deferred })
    }

    /// Executes a block on the head's state. Nothing is kept until [`Chain::commit`].
    ///
    /// # Errors
    /// Refuses a block that does not follow the head, and one with a transaction that may not stand in it; faults if the
    /// state or the engine fails.
    pub fn execute(&self, block: &Block) -> Result<ExecutedBlock, BlockError> {
        self.check_context(block.context())?;
        sequential::execute(self.reader(), &self.vm, block)
    }

    /// Executes a block as [`Chain::execute`] does, and returns the trace of every transaction beside what it did. `vm` is the
    /// chain's own machine, or the one that [`Vm::traced`] makes of it if the traces shall tell of functions.
    ///
    /// # Errors
    /// As [`Chain::execute`].
    pub fn trace(&self, vm: &Vm, block: &Block) -> Result<(ExecutedBlock, Vec<Trace>), BlockError> {
        self.check_context(block.context())?;
        sequential::trace(self.reader(), vm, block)
    }

    /// Makes an executed block the head.
    ///
    /// # Errors
    /// Faults if it was executed on another head.
    pub fn commit(&mut self, executed: ExecutedBlock) -> Result<CommittedBlock, Fault> {
        if executed.block().context().parent_hash != self.head_hash {
            return Err(Fault::Invariant("a block was committed that was executed on another head"));
        }
        let header = executed.header();
        let state_root = self.state.commit(&header, &executed)?;
        let committed = CommittedBlock::new(header, state_root, executed);
        self.head = committed.header().clone();
        self.head_hash = committed.hash();
        Ok(committed)
    }

    /// Takes transactions the whole way: decodes, verifies, proposes, executes and commits the next block, at `time` as
    /// [`Chain::propose`] has it. For whoever has no network to agree with.
    ///
    /// # Errors
    /// As [`Chain::execute`], of which only faults can happen here.
    pub fn produce(&mut self, transactions: &[Bytes], time: u64) -> Result<Produced, BlockError> {
        let mut rejected = Vec::new();
        let (mut places, mut decoded) = (Vec::new(), Vec::new());
        for (place, bytes) in transactions.iter().enumerate() {
            match self.decode(bytes) {
                Ok(transaction) => {
                    places.push(place);
                    decoded.push(transaction);
                }
                Err(rejection) => rejected.push((place, rejection)),
            }
        }
        let (mut standing, mut candidates) = (Vec::new(), Vec::new());
        for (place, verified) in places.into_iter().zip(self.verify(decoded)) {
            match verified {
                Ok(transaction) => {
                    standing.push(place);
                    candidates.push(transaction);
                }
                Err(rejection) => rejected.push((place, rejection)),
            }
        }
        let Proposal { block, rejected: refused, deferred } = self.propose(candidates, time)?;
        let place = |(index, rejection)| standing.get(index).map(|place: &usize| (*place, rejection));
        rejected.extend(refused.into_iter().filter_map(place));
        rejected.sort_by_key(|(place, _)| *place);
        let executed = self.execute(&block)?;
        Ok(Produced { block: self.commit(executed)?, rejected, deferred })
    }

    fn next_context(&self, time: u64) -> BlockContext {
        BlockContext {
            parent_hash: self.head_hash,
            height: self.head.number.saturating_add(1),
            time: time.max(self.head.timestamp.saturating_add(1)),
            domain: self.domain,
            proposer: self.genesis.proposer,
            gas_limit: self.genesis.block_gas_limit,
            base_gas_price: self.genesis.gas_price,
            fee_burn_ppm: self.genesis.fee_burn_ppm,
            state_root: self.state.root().hash(),
            parent_signers: ParentSigners::unknown(),
        }
    }

    /// Compares a block's context with the only one that the head allows at its time. Who signed the head is not compared:
    /// whoever agrees on blocks answers for it.
    fn check_context(&self, actual: &BlockContext) -> Result<(), BlockError> {
        let expected = self.next_context(actual.time);
        let fields = [
            ("parent", actual.parent_hash == expected.parent_hash),
            ("height", actual.height == expected.height),
            ("time", actual.time == expected.time),
            ("chain", actual.domain == expected.domain),
            ("proposer", actual.proposer == expected.proposer),
            ("gas limit", actual.gas_limit == expected.gas_limit),
            ("base gas price", actual.base_gas_price == expected.base_gas_price),
            ("burned part of the fees", actual.fee_burn_ppm == expected.fee_burn_ppm),
            ("state root", actual.state_root == expected.state_root),
        ];
        match fields.into_iter().find(|(_, equal)| !equal) {
            Some((field, _)) => Err(BlockError::Context { field }),
            None => Ok(()),
        }
    }

    fn reader(&self) -> Arc<dyn StateReader> {
        self.state.reader()
    }
}

/// Queries of the head's state.
impl Chain {
    /// Simulates a call with at most `gas`, as if it were a transaction of the head. It has no effect, costs nothing and
    /// needs no nonce, but what it sends must be there.
    ///
    /// # Errors
    /// Faults if the state or the engine fails.
    pub fn view(
        &self,
        caller: Address,
        to: Address,
        value: u128,
        input: Bytes,
        gas: Gas,
    ) -> Result<ViewOutcome, Fault> {
        Ok(self.simulate(&self.vm, self.session(), (caller, to, value, input), gas)?.1)
    }

    /// Simulates a call as [`Chain::view`] does, and returns its trace beside what it came to; `vm` as in [`Chain::trace`].
    ///
    /// # Errors
    /// Faults if the state or the engine fails.
    pub fn trace_view(
        &self,
        vm: &Vm,
        caller: Address,
        to: Address,
        value: u128,
        input: Bytes,
        gas: Gas,
    ) -> Result<(ViewOutcome, Trace), Fault> {
        let mut session = self.session();
        session.start_trace();
        let (mut session, outcome) = self.simulate(vm, session, (caller, to, value, input), gas)?;
        Ok((outcome, session.end_trace()))
    }

    fn simulate(
        &self,
        vm: &Vm,
        session: Session,
        (caller, contract, value, input): (Address, Address, u128, Bytes),
        gas: Gas,
    ) -> Result<(Session, ViewOutcome), Fault> {
        let schedule = vm.schedule();
        let bytes = schedule.calldata_byte.saturating_mul(input.len() as u64);
        let intrinsic = schedule.transaction.saturating_add(bytes);
        let limit = gas.min(self.genesis.block_gas_limit);
        let Some(allowance) = limit.0.checked_sub(intrinsic) else {
            let (status, output, events) = (Status::OutOfGas, Bytes::new(), Vec::new());
            return Ok((session, ViewOutcome { status, output, gas_used: limit, events }));
        };
        let message = Message { caller, contract, value, input, read_only: false, depth: 1, entry: Entry::Call };
        let (mut session, answer) = invoke::call(session, vm, message, Gas(allowance).to_ticks());
        let answer = answer?;
        let gas_used = Gas(intrinsic.saturating_add(Gas::from_ticks(answer.ticks_used).0)).min(limit);
        let events = session.end_transaction();
        Ok((session, ViewOutcome { status: answer.status, output: answer.output, gas_used, events }))
    }

    /// Returns the number of the head.
    pub const fn height(&self) -> u64 {
        self.head.number
    }

    /// Returns the head's header.
    pub const fn head(&self) -> &Header {
        &self.head
    }

    /// Returns the hash of the head's header.
    pub const fn head_hash(&self) -> B256 {
        self.head_hash
    }

    /// Returns the root of the state after the head.
    pub fn state_root(&self) -> StateRoot {
        self.state.root()
    }

    /// Returns an account.
    ///
    /// # Errors
    /// Faults if the state cannot be read.
    pub fn account(&self, address: Address) -> Result<Account, Fault> {
        self.session().account(address)
    }

    /// Returns the totals of the supply.
    ///
    /// # Errors
    /// Faults if the state cannot be read.
    pub fn supply(&self) -> Result<Supply, Fault> {
        self.session().supply()
    }

    /// Returns an entry of a contract's storage.
    ///
    /// # Errors
    /// Faults if the state cannot be read.
    pub fn storage(&self, contract: Address, key: &[u8]) -> Result<Option<Bytes>, Fault> {
        self.session().storage(contract, key)
    }

    /// Returns what the state holds under a key, with the proof against [`Chain::state_root`].
    ///
    /// # Errors
    /// Faults if the state cannot be read.
    pub fn prove(&self, key: &StateKey) -> Result<(Option<Bytes>, Proof), Fault> {
        self.state.prove(key)
    }

    /// Returns a committed block. Nothing for one that is not committed yet, for the genesis, which is no block, and for a
    /// chain in memory, which keeps none.
    ///
    /// # Errors
    /// Faults if the store cannot answer, or if what it holds is not the block that was committed.
    pub fn block(&self, height: u64) -> Result<Option<StoredBlock>, Fault> {
        self.state.block(height, &self.domain)
    }

    /// Returns the state after the head, if it is in memory.
    pub fn memory(&self) -> Option<&State> {
        match &self.state {
            ChainState::Memory(state) => Some(state),
            ChainState::Durable { .. } => None,
        }
    }

    /// Returns the state with its earlier heights, if it is durable.
    pub fn durable(&self) -> Option<&DurableState> {
        match &self.state {
            ChainState::Memory(_) => None,
            ChainState::Durable { state, .. } => Some(state),
        }
    }

    /// Returns who signed the head's parent. The extra data of the genesis is something else.
    fn head_signers(&self) -> ParentSigners {
        let bitmap = (self.head.number > 0).then(|| self.head.extra_data.clone());
        bitmap.and_then(ParentSigners::from_bitmap).unwrap_or_default()
    }

    /// Opens a session that shows the head: its height and time, and the state after it.
    fn session(&self) -> Session {
        let context = BlockContext {
            parent_hash: self.head.parent_hash,
            height: self.head.number,
            time: self.head.timestamp,
            parent_signers: self.head_signers(),
            ..self.next_context(self.head.timestamp)
        };
        Session::new(self.reader(), Arc::new(context))
    }
}
