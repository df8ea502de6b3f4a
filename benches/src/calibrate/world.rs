//! A state of a million entries, and calls of contracts on it.
//!
//! Guarantees that successive steps of a guest meet entries that lie far apart in the state, so that each is as cold as an
//! attacker can make it. Every contract under test runs as [`STORE`], whose entries these are, whatever its code.
//!
//! Costs about 600 MB and 6 s in full, a tenth of that when quick.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, keccak256};
use florin_runtime::block::{BlockContext, ParentSigners};
use florin_runtime::execution::Session;
use florin_runtime::gas::Gas;
use florin_runtime::genesis::Genesis;
use florin_runtime::ledger::{Account, Balance, Capabilities};
use florin_runtime::state::{ChangeSet, State, StateKey, StateReader};
use florin_runtime::transaction::Domain;
use florin_runtime::vm::frame::{Entry, Frame, Message};
use florin_runtime::vm::{Code, Exit, LoadError, Vm, VmConfig};
use parity_scale_codec::Encode;

use super::Reading;
use super::clock::Clock;
use crate::ledger::WorkloadError;

/// The contract as which all code runs.
pub const STORE: Address = Address::repeat_byte(0x53);

/// Length of the keys of the entries.
pub const KEY_BYTES: u32 = 64;

/// Length of the values of the entries, which is a counter's.
pub const VALUE_BYTES: u32 = 16;

/// More ticks than any case burns.
const TICKS: u64 = 1 << 62;

/// How much is built and measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Entries of [`STORE`], and a quarter as many accounts, as a power of two.
    pub entries_log2: u32,
}

impl Scale {
    /// A million entries.
    pub const FULL: Self = Self { entries_log2: 20 };
    /// A state that is made in the blink of an eye.
    pub const QUICK: Self = Self { entries_log2: 16 };

    /// Returns the number of entries of [`STORE`].
    pub const fn entries(self) -> u32 {
        1 << self.entries_log2
    }

    /// Returns the number of accounts.
    pub const fn accounts(self) -> u32 {
        self.entries() / 4
    }
}

/// A machine and a state.
pub struct World {
    /// The machine.
    pub vm: Vm,
    scale: Scale,
    state: Arc<State>,
    block: Arc<BlockContext>,
}

/// What ended a call, and what it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The contract returns or finishes.
    Finished,
    /// The contract reverts or traps.
    Failed,
}

impl World {
    /// Builds the machine and the state.
    ///
    /// # Errors
    /// If the machine cannot be set up.
    pub fn new(scale: Scale) -> Result<Self, WorkloadError> {
        let vm = Vm::new(VmConfig { instances_max: 64, ..VmConfig::default() })?;
        let capabilities = Capabilities { mint: vec![STORE], burn: vec![STORE] };
        let allocations = vec![(STORE, Balance::new(1 << 53))];
        let genesis = Genesis { capabilities, allocations, ..Genesis::default() };
        let mut changes = genesis.state(vm.schedule()).map_err(|error| WorkloadError::Contract(error.to_string()))?;
        let one: Bytes = Account { balance: Balance::new(1), ..Account::default() }.encode().into();
        changes.extend((0..scale.accounts()).map(|index| (StateKey::account(account(index)), Some(one.clone()))));
        changes.extend((0..scale.entries()).map(|index| {
            // Each value has memory of its own, as in a state that was written by many.
            (StateKey::storage(STORE, &entry_key(index)), Some(Bytes::from(vec![0; VALUE_BYTES as usize])))
        }));
        let mut state = State::new();
        state.commit(&changes);
        let block = BlockContext {
            parent_hash: B256::ZERO,
            height: 1,
            time: 1,
            domain: Domain { chain_id: 1_947, genesis_hash: B256::ZERO },
            proposer: Address::ZERO,
            gas_limit: Gas(u64::MAX / 16),
            base_gas_price: 1,
            fee_burn_ppm: 0,
            state_root: B256::ZERO,
            parent_signers: ParentSigners::unknown(),
        };
        Ok(Self { vm, scale, state: Arc::new(state), block: Arc::new(block) })
    }

    /// Returns how large the state is.
    pub const fn scale(&self) -> Scale {
        self.scale
    }

    /// Compiles a contract in the text format.
    ///
    /// # Errors
    /// If it is refused.
    pub fn load(&self, text: &str) -> Result<Arc<Code>, WorkloadError> {
        let module = assemble(text)?;
        self.vm.load(keccak256(&module), &module).map_err(|error| match error {
            LoadError::Fault(fault) => fault.into(),
            LoadError::Refused(refusal) => WorkloadError::Contract(format!("{refusal}: {}", head(text))),
        })
    }

    /// Adds code, a contract with that code and entries of [`STORE`].
    ///
    /// # Errors
    /// If the state is in use.
    pub fn put(&mut self, changes: &ChangeSet) -> Result<(), WorkloadError> {
        self.state_mut()?.commit(changes);
        Ok(())
    }

    /// Runs a contract as [`STORE`] and forgets what it changed.
    ///
    /// # Errors
    /// If it ends in another way than expected.
    pub fn call(&self, code: &Arc<Code>, input: &Bytes, expected: Expected) -> Result<Reading, WorkloadError> {
        self.timed(Clock::Thread, code, input, expected, TICKS).map(|(reading, _)| reading)
    }

    /// Runs a contract that does not end until its ticks are burnt.
    ///
    /// # Errors
    /// If it ends otherwise.
    pub fn exhaust(&self, code: &Arc<Code>, ticks: u64) -> Result<Reading, WorkloadError> {
        self.timed(Clock::Thread, code, &Bytes::new(), Expected::Failed, ticks).map(|(reading, _)| reading)
    }

    /// As [`World::call`], so many times.
    ///
    /// # Errors
    /// If one ends in another way than expected.
    pub fn calls(
        &self,
        code: &Arc<Code>,
        input: &Bytes,
        expected: Expected,
        calls: u64,
    ) -> Result<Reading, WorkloadError> {
        let mut sum = Reading { ns: 0.0, ticks: 0 };
        for _ in 0..calls {
            let reading = self.call(code, input, expected)?;
            sum = Reading { ns: sum.ns + reading.ns, ticks: sum.ticks + reading.ticks };
        }
        Ok(sum)
    }

    /// As [`World::call`], with the time of all threads.
    ///
    /// # Errors
    /// If it ends in another way than expected.
    pub fn call_shared(&self, code: &Arc<Code>, input: &Bytes) -> Result<Reading, WorkloadError> {
        self.timed(Clock::Process, code, input, Expected::Finished, TICKS).map(|(reading, _)| reading)
    }

    /// Runs a contract as [`STORE`] and commits what it changed, the time of which counts too.
    ///
    /// # Errors
    /// If it fails.
    pub fn call_and_commit(&mut self, code: &Arc<Code>, input: &Bytes) -> Result<Reading, WorkloadError> {
        let (mut reading, frame) = self.timed(Clock::Thread, code, input, Expected::Finished, TICKS)?;
        // The frame holds the state that is about to change.
        let (ns, changes) = Clock::Thread.time(|| frame.session.into_changes());
        let state = self.state_mut()?;
        reading.ns += ns + Clock::Thread.time(|| state.commit(&changes)).0;
        Ok(reading)
    }

    fn timed(
        &self,
        clock: Clock,
        code: &Arc<Code>,
        input: &Bytes,
        expected: Expected,
        ticks: u64,
    ) -> Result<(Reading, Frame), WorkloadError> {
        let base = Arc::clone(&self.state) as Arc<dyn StateReader>;
        let message = Message {
            caller: Address::repeat_byte(0x43),
            contract: STORE,
            value: 0,
            input: input.clone(),
            read_only: false,
            depth: 1,
            entry: Entry::Call,
        };
        let frame = Frame::new(Session::new(base, Arc::clone(&self.block)), message, self.vm.clone());
        let (ns, (frame, outcome)) = clock.time(|| self.vm.run(code, frame, ticks));
        match (&outcome.exit, expected) {
            (Exit::Finished, Expected::Finished) | (Exit::Reverted | Exit::Trapped(_), Expected::Failed) => {
                Ok((Reading { ns, ticks: outcome.ticks_used }, frame))
            }
            (exit, _) => Err(WorkloadError::Contract(format!("a case ended as {exit:?}"))),
        }
    }

    fn state_mut(&mut self) -> Result<&mut State, WorkloadError> {
        Arc::get_mut(&mut self.state).ok_or_else(|| WorkloadError::Contract("the state is in use".to_owned()))
    }
}

/// Assembles a contract in the text format.
///
/// # Errors
/// If it is none.
pub fn assemble(text: &str) -> Result<Vec<u8>, WorkloadError> {
    wat::parse_str(text).map_err(|error| WorkloadError::Contract(format!("{error}: {}", head(text))))
}

/// Returns the key of an entry: zeros, and the number at the end, its lowest byte first.
pub fn entry_key(index: u32) -> [u8; KEY_BYTES as usize] {
    let mut key = [0; KEY_BYTES as usize];
    key[KEY_BYTES as usize - 4..].copy_from_slice(&index.to_le_bytes());
    key
}

/// Returns the address of an account, its number at the end, the lowest byte first.
pub fn account(index: u32) -> Address {
    let mut address = [0x41; 20];
    address[16..].copy_from_slice(&index.to_le_bytes());
    address.into()
}

fn head(text: &str) -> String {
    text.chars().take(400).collect()
}
