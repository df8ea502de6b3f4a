//! The in-memory world for native tests: contracts run as plain Rust, under a debugger if you like.
//!
//! Guarantees the dispatcher, storage layout, events, value transfer, rollback of failed calls, reentrancy guard and
//! read-only calls of the chain, and the same cryptography. It does not meter gas, limit sizes or take memory away: what
//! depends on those is tested in the sandbox, on the Wasm module. Each thread has its own world, so tests run in parallel.
//!
//! ```text
//! Native::new()         an empty world for this thread
//!   .deploy::<Token>()  -> TokenClient: calls go through the dispatcher, as on the chain
//!   .enter(..)          or call methods directly: Token::load().transfer(..) with a caller, a value and a self address
//! ```

mod crypto;
pub(crate) mod host;
mod world;

use std::vec::Vec;

use alloy_primitives::{Address, B256};

pub use world::Emitted;
use world::{Frame, World};

use crate::{
    abi::AbiType,
    client::{ActAs, CallError, Client, RawCall, Reply, Transport, sort},
    contract::Contract,
    env::Supply,
    event::{Event, decode_events},
};

/// The in-memory world of this thread.
#[derive(Debug)]
pub struct Native {
    _thread_bound: core::marker::PhantomData<*const ()>,
}

/// What a native call reports: the events that it emitted, none if it failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NativeReceipt {
    /// The events, in order.
    pub events: Vec<Emitted>,
}

/// Why a deployment failed.
pub type DeployError<C> = CallError<<C as Contract>::InitError>;

impl Native {
    /// Begins an empty world: height 1, time 1,700,000,000, chain id 1, no balances, no contracts.
    #[expect(clippy::new_without_default, reason = "it resets the thread's world, which a default should not")]
    pub fn new() -> Self {
        world::with(|world| *world = World::new());
        Self { _thread_bound: core::marker::PhantomData }
    }

    /// Returns the address that belongs to a name: the last 20 bytes of its keccak-256.
    pub fn account(&self, name: &str) -> Address {
        Address::from_word(alloy_primitives::keccak256(name))
    }

    /// Gives an account this balance in wei.
    pub fn fund(&self, account: Address, amount: u128) {
        world::with(|world| world.set_balance(account, amount));
    }

    /// Returns an account's balance in wei.
    pub fn balance(&self, account: Address) -> u128 {
        world::with(|world| world.balance(&account))
    }

    /// Sets the height of the block.
    pub fn set_height(&self, height: u64) {
        world::with(|world| world.block.height = height);
    }

    /// Sets the time of the block, in seconds since 1970.
    pub fn set_time(&self, time: u64) {
        world::with(|world| world.block.time = time);
    }

    /// Sets the chain id.
    pub fn set_chain_id(&self, chain_id: u64) {
        world::with(|world| world.block.chain_id = chain_id);
    }

    /// Sets who proposed the block.
    pub fn set_proposer(&self, proposer: Address) {
        world::with(|world| world.block.proposer = proposer);
    }

    /// Sets the list of who signed the parent block; empty, which it is at first, says that nothing is known.
    pub fn set_parent_signers(&self, bitmap: &[u8]) {
        world::with(|world| world.block.parent_signers = bitmap.to_vec());
    }

    /// Sets the totals of the supply. At first the maximum is `u128::MAX` and the rest 0; balances that are given by
    /// [`Self::fund`] are not counted.
    pub fn set_supply(&self, supply: Supply) {
        world::with(|world| world.state.supply = supply);
    }

    /// Returns the totals of the supply.
    pub fn supply(&self) -> Supply {
        world::with(|world| world.state.supply)
    }

    /// Lets a contract mint and burn MDT.
    pub fn grant_supply(&self, contract: Address) {
        world::with(|world| world.grant_supply(contract));
    }

    /// Makes a contract's code known for `create`, and returns its code hash.
    pub fn upload<C: Contract + 'static>(&self) -> B256 {
        world::with(World::upload::<C>)
    }

    /// Creates a contract as the account `deployer` and runs its constructor.
    ///
    /// # Errors
    /// The constructor's error; the contract does not exist then.
    pub fn deploy<C: Contract + 'static>(
        &self,
        deployer: Address,
        args: &C::InitArgs,
    ) -> Result<C::Client<NativeTransport>, DeployError<C>> {
        let address = world::with(|world| world.next_address(deployer));
        let code = self.upload::<C>();
        let (status, output) = host::instantiate(deployer, address, code, 0, &args.encode_values());
        sort::<Result<(), C::InitError>>(status, output).map_err(CallError::Failed)?;
        Ok(C::Client::new(address, NativeTransport { caller: deployer }))
    }

    /// Runs `body` as if the contract at `contract` had been called by `caller` with `value` wei: for calling methods of
    /// the storage struct directly. What it writes stays, whatever it returns.
    pub fn enter<R>(&self, contract: Address, caller: Address, value: u128, body: impl FnOnce() -> R) -> R {
        world::with(|world| world.frames.push(Frame { caller, contract, value, read_only: false }));
        let result = body();
        world::with(|world| world.frames.pop());
        result
    }

    /// Returns all events that were emitted, in order.
    pub fn events(&self) -> Vec<Emitted> {
        world::with(|world| world.state.events.clone())
    }

    /// Returns all events of this type that were emitted, in order.
    pub fn events_of<E: Event>(&self) -> Vec<E> {
        let events = self.events();
        decode_events(events.iter().map(|event| (event.topics.as_slice(), event.data.as_slice())))
    }

    /// Returns a contract's storage: every key with its value, in the order of the keys.
    pub fn storage(&self, contract: Address) -> Vec<(Vec<u8>, Vec<u8>)> {
        world::with(|world| world.storage_of(contract))
    }
}

/// Calls on the in-memory world as one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NativeTransport {
    /// Who calls.
    pub caller: Address,
}

impl Transport for NativeTransport {
    type Receipt = NativeReceipt;
    type Error = core::convert::Infallible;

    fn call(&mut self, call: RawCall) -> Result<Reply<NativeReceipt>, Self::Error> {
        let before = world::with(|world| world.state.events.len());
        let (status, output) = host::run(self.caller, call.to, call.value, &call.input, false);
        let events = world::with(|world| world.state.events.get(before..).unwrap_or_default().to_vec());
        Ok(Reply { status, output, receipt: NativeReceipt { events } })
    }

    fn view(&mut self, call: RawCall) -> Result<Reply<NativeReceipt>, Self::Error> {
        let saved = world::with(|world| world.state.clone());
        let reply = self.call(call);
        world::with(|world| world.state = saved);
        reply
    }
}

impl ActAs<Address> for NativeTransport {
    fn act_as(&self, account: Address) -> Self {
        Self { caller: account }
    }
}
