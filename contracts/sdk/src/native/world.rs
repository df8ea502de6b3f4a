//! The state of the in-memory world, and the stack of running calls.
//!
//! Guarantees that a failed call leaves the state as it was: the state is cloned before a call and put back after a
//! failure. That costs a copy of everything for each call, which is fine for tests and for nothing else.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use alloy_primitives::{Address, B256};
use florin_abi::Status;

use crate::{
    contract::{Answer, Contract},
    env::Supply,
};

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::new());
}

/// Gives access to the thread's world; not to be nested.
pub(super) fn with<R>(body: impl FnOnce(&mut World) -> R) -> R {
    WORLD.with(|world| body(&mut world.borrow_mut()))
}

/// An event as it was emitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// The contract that emitted it.
    pub contract: Address,
    /// The topics.
    pub topics: Vec<B256>,
    /// The data.
    pub data: Vec<u8>,
}

/// A contract's code: its dispatcher.
#[derive(Clone, Copy, Debug)]
pub(super) struct Code {
    pub(super) init: fn(&[u8]) -> Answer,
    pub(super) call: fn(&[u8]) -> Answer,
    pub(super) reentrant: &'static [[u8; 4]],
}

/// A running call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) caller: Address,
    pub(super) contract: Address,
    pub(super) value: u128,
    pub(super) read_only: bool,
}

/// What the block's header says.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) height: u64,
    pub(super) time: u64,
    pub(super) chain_id: u64,
    pub(super) proposer: Address,
    pub(super) parent_signers: Vec<u8>,
}

/// What a failed call takes back.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) balances: BTreeMap<Address, u128>,
    pub(super) storage: BTreeMap<(Address, Vec<u8>), Vec<u8>>,
    pub(super) contracts: BTreeMap<Address, B256>,
    pub(super) events: Vec<Emitted>,
    pub(super) supply: Supply,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) state: State,
    pub(super) codes: BTreeMap<B256, Code>,
    pub(super) frames: Vec<Frame>,
    pub(super) block: Header,
    may_mint: BTreeSet<Address>,
    deployments: u64,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            state: State { supply: Supply { max: u128::MAX, ..Supply::default() }, ..State::default() },
            codes: BTreeMap::new(),
            frames: Vec::new(),
            block: Header {
                height: 1,
                time: 1_700_000_000,
                chain_id: 1,
                proposer: Address::ZERO,
                parent_signers: Vec::new(),
            },
            may_mint: BTreeSet::new(),
            deployments: 0,
        }
    }

    /// The running call.
    ///
    /// # Panics
    /// Outside of a call: the environment belongs to a contract that is running.
    pub(super) fn frame(&self) -> Frame {
        *self.frames.last().expect("no contract is running: call through a client, or inside `Native::enter`")
    }

    pub(super) fn balance(&self, of: &Address) -> u128 {
        self.state.balances.get(of).copied().unwrap_or_default()
    }

    pub(super) fn set_balance(&mut self, of: Address, amount: u128) {
        self.state.balances.insert(of, amount);
    }

    pub(super) fn move_money(&mut self, from: Address, to: Address, amount: u128) -> Status {
        let Some(rest) = self.balance(&from).checked_sub(amount) else { return Status::InsufficientBalance };
        self.set_balance(from, rest);
        let sum = self.balance(&to).checked_add(amount).expect("the world's supply exceeds u128");
        self.set_balance(to, sum);
        Status::Success
    }

    pub(super) fn grant_supply(&mut self, contract: Address) {
        self.may_mint.insert(contract);
    }

    pub(super) fn may_mint(&self, contract: Address) -> bool {
        self.may_mint.contains(&contract)
    }

    pub(super) fn upload<C: Contract + 'static>(&mut self) -> B256 {
        let hash = alloy_primitives::keccak256(core::any::type_name::<C>());
        let code = Code { init: C::run_init, call: C::run_call, reentrant: C::REENTRANT };
        self.codes.insert(hash, code);
        hash
    }

    pub(super) fn next_address(&mut self, deployer: Address) -> Address {
        let preimage = [deployer.as_slice(), &self.deployments.to_be_bytes()].concat();
        let address = Address::from_word(alloy_primitives::keccak256(preimage));
        self.deployments = self.deployments.checked_add(1).expect("fewer than 2^64 deployments");
        address
    }

    pub(super) fn storage_of(&self, contract: Address) -> Vec<(Vec<u8>, Vec<u8>)> {
        let entries = self.state.storage.range((contract, Vec::new())..);
        let own = entries.take_while(|((owner, _), _)| *owner == contract);
        own.map(|((_, key), value)| (key.clone(), value.clone())).collect()
    }
}
