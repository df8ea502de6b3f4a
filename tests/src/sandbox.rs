//! The chain in a test: accounts, deployments, blocks, time, snapshots.

use std::cell::RefCell;
use std::rc::Rc;

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes};
use florin_runtime::block::ParentSigners;
use florin_runtime::hook::HookReceipt;
use florin_runtime::ledger::{Balance, Supply};
use florin_runtime::state::{Proof, StateKey};
use florin_runtime::transaction::Domain;
use florin_sdk::event::decode_events;
use florin_sdk::{Contract, Event};

use crate::account::Account;
use crate::block::PendingBlock;
use crate::builder::SandboxBuilder;
use crate::error::{DeployError, SandboxError};
use crate::receipt::TransactionReceipt;
use crate::trace::Trace;
use crate::wallet::{ClientOf, Wallet};
use crate::world::World;

/// The account that [`Sandbox::deploy`] acts as.
const DEPLOYER: &str = "deployer";

/// A chain of its own, in memory. A copy of the handle is the same chain.
///
/// A transaction makes a block, unless it is put into a [`Sandbox::block`]. Blocks are 12 seconds apart.
#[derive(Clone, Debug)]
pub struct Sandbox {
    world: Rc<RefCell<World>>,
}

/// The whole state of a sandbox at one time.
#[derive(Clone, Debug)]
pub struct Snapshot(World);

impl Sandbox {
    /// Starts a chain with default settings.
    ///
    /// # Panics
    /// If the engine cannot be set up, which is a matter of the machine; [`SandboxBuilder::build`] returns it.
    #[expect(clippy::new_without_default, reason = "starting an engine is no default value")]
    pub fn new() -> Self {
        match Self::builder().build() {
            Ok(sandbox) => sandbox,
            Err(error) => panic!("no sandbox with default settings: {error}"),
        }
    }

    /// Returns the settings, to change some.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    pub(crate) fn of(world: World) -> Self {
        Self { world: Rc::new(RefCell::new(world)) }
    }

    /// Returns the account with this name. The first time it is funded with 1,000 MDT, which takes a block.
    ///
    /// # Panics
    /// If the funds for accounts are used up, after 9,999 names, or the chain fails.
    pub fn account(&self, name: &str) -> Account {
        let account = Account::named(name);
        match self.world.borrow_mut().fund(&account) {
            Ok(()) => account,
            Err(error) => panic!("account {name} cannot be funded: {error}"),
        }
    }

    /// Returns several accounts; see [`Sandbox::account`].
    ///
    /// # Panics
    /// As [`Sandbox::account`].
    pub fn accounts<const N: usize>(&self, names: [&str; N]) -> [Account; N] {
        names.map(|name| self.account(name))
    }

    /// Returns what acts as the account: transactions, deployments, views.
    pub fn by(&self, account: &Account) -> Wallet {
        Wallet::new(Rc::clone(&self.world), account.clone())
    }

    /// Deploys a contract as the account "deployer" and returns a client that acts as it.
    ///
    /// # Errors
    /// If there is no artifact, the module is refused or the constructor fails.
    pub fn deploy<C: Contract>(&self, args: C::InitArgs) -> Result<ClientOf<C>, DeployError<C::InitError>>
    where
        C::InitError: std::fmt::Debug,
    {
        self.by(&self.account(DEPLOYER)).deploy::<C>(args)
    }

    /// Deploys a module with ABI-encoded constructor arguments as the account "deployer".
    ///
    /// # Errors
    /// If the transaction is rejected.
    pub fn deploy_wasm(&self, code: &[u8], args: &[u8]) -> Result<TransactionReceipt, SandboxError> {
        self.by(&self.account(DEPLOYER)).deploy_wasm(code, args)
    }

    /// Executes the bytes of a transaction in a block of its own.
    ///
    /// # Errors
    /// If the transaction is rejected.
    pub fn submit(&self, transaction: impl AsRef<[u8]>) -> Result<TransactionReceipt, SandboxError> {
        self.world.borrow_mut().submit(transaction.as_ref())
    }

    /// Begins a block of several transactions.
    pub fn block(&self) -> PendingBlock {
        PendingBlock::new(Rc::clone(&self.world))
    }

    /// Returns the receipt of the last transaction, also of one whose typed call returned its value only.
    pub fn last_receipt(&self) -> Option<TransactionReceipt> {
        self.world.borrow().last.clone()
    }

    /// Traces what `act` does on this sandbox; returns what it returns, and a trace of each transaction and view in their order.
    /// As text, a trace is a tree of calls. What is traced takes longer and is the same otherwise.
    ///
    /// ```
    /// use florin_sandbox::{Client, Sandbox, U256};
    /// use florin_token::Token;
    ///
    /// let sandbox = Sandbox::new();
    /// let alice = sandbox.account("alice");
    /// let token = sandbox.deploy::<Token>(("Gold".into(), "GLD".into(), 18, alice.address(), U256::from(9)))?;
    /// let (_, traces) = sandbox.trace(|| token.by(&alice).transfer(alice.address(), U256::from(5)).send());
    /// println!("{}", traces[0]);
    /// assert_eq!(traces[0].report.calls[0].message, "transfer(to: alice, value: 5)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn trace<R>(&self, act: impl FnOnce() -> R) -> (R, Vec<Trace>) {
        let watch = Rc::clone(&self.world.borrow().watch);
        let before = watch.borrow_mut().begin();
        let result = act();
        let traces = watch.borrow_mut().end(before);
        (result, traces)
    }

    /// Returns what became of the hooks of the last block.
    pub fn hook_receipts(&self) -> Vec<HookReceipt> {
        self.world.borrow().hook_receipts.clone()
    }

    /// Returns the events of one type that the hooks of the last block emitted, in the order of emission.
    pub fn hook_events_of<E: Event>(&self) -> Vec<E> {
        let receipts = self.hook_receipts();
        let events = receipts.iter().flat_map(|receipt| &receipt.events);
        decode_events(events.map(|event| (&event.topics[..], &event.data[..])))
    }

    /// Sets who will have signed the head of each later block: validator `i` is bit `i % 8` of byte `i / 8`. Empty, as it is
    /// at first, says that nothing is known.
    ///
    /// # Panics
    /// If the list is longer than `PARENT_SIGNERS_BYTES_MAX`.
    pub fn set_parent_signers(&self, bitmap: &[u8]) {
        match ParentSigners::from_bitmap(Bytes::copy_from_slice(bitmap)) {
            Some(signers) => self.world.borrow_mut().parent_signers = signers,
            None => panic!("a list of {} bytes does not fit a header", bitmap.len()),
        }
    }

    /// Returns the header of the last block.
    pub fn head(&self) -> Header {
        self.world.borrow().chain.head().clone()
    }

    /// Returns what the state holds under a key, with the proof against [`Self::state_root`].
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn prove(&self, key: &StateKey) -> Result<(Option<Bytes>, Proof), SandboxError> {
        Ok(self.world.borrow().chain.prove(key)?)
    }

    /// Returns the height of the last block; the genesis is 0.
    pub fn height(&self) -> u64 {
        self.world.borrow().chain.height()
    }

    /// Returns the time of the last block, in seconds since 1970.
    pub fn time(&self) -> u64 {
        self.world.borrow().time()
    }

    /// Mines empty blocks.
    ///
    /// # Errors
    /// If the chain fails.
    pub fn advance(&self, blocks: u64) -> Result<(), SandboxError> {
        for _ in 0..blocks {
            self.world.borrow_mut().mine(Vec::new())?;
        }
        Ok(())
    }

    /// Mines empty blocks up to this height; none if it is reached already.
    ///
    /// # Errors
    /// If the chain fails.
    pub fn advance_to(&self, height: u64) -> Result<(), SandboxError> {
        self.advance(height.saturating_sub(self.height()))
    }

    /// Sets the time of the next block; the block after it is 12 seconds later again.
    ///
    /// # Errors
    /// If it is not after the last block's.
    pub fn set_next_time(&self, time: u64) -> Result<(), SandboxError> {
        self.world.borrow_mut().set_next_time(time)
    }

    /// Returns the MDT of an address.
    ///
    /// # Errors
    /// If the chain fails.
    pub fn balance(&self, address: impl Into<Address>) -> Result<Balance, SandboxError> {
        Ok(self.world.borrow().chain.account(address.into())?.balance)
    }

    /// Returns the nonce that the next transaction of an address must carry.
    ///
    /// # Errors
    /// If the chain fails.
    pub fn nonce(&self, address: impl Into<Address>) -> Result<u64, SandboxError> {
        self.world.borrow().nonce(address.into())
    }

    /// Returns the hash of a contract's code; nothing if there is no contract.
    ///
    /// # Errors
    /// If the chain fails.
    pub fn code_hash(&self, contract: Address) -> Result<Option<B256>, SandboxError> {
        Ok(self.world.borrow().chain.account(contract)?.code_hash)
    }

    /// Returns an entry of a contract's storage.
    ///
    /// # Errors
    /// If the chain fails.
    pub fn storage(&self, contract: Address, key: &[u8]) -> Result<Option<Bytes>, SandboxError> {
        Ok(self.world.borrow().chain.storage(contract, key)?)
    }

    /// Returns the totals of the ledger.
    ///
    /// # Errors
    /// If the chain fails.
    pub fn supply(&self) -> Result<Supply, SandboxError> {
        Ok(self.world.borrow().chain.supply()?)
    }

    /// Returns the root of the state.
    pub fn state_root(&self) -> B256 {
        self.world.borrow().chain.state_root().hash()
    }

    /// Returns what transactions are signed for.
    pub fn domain(&self) -> Domain {
        self.world.borrow().chain.domain()
    }

    /// Keeps the whole state. The engine and its compiled code are shared.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.world.borrow().clone())
    }

    /// Goes back to a snapshot: accounts, contracts, height, time. Clients and accounts stay usable; an account that
    /// was funded later is funded again when it is asked for again.
    pub fn revert(&self, snapshot: &Snapshot) {
        *self.world.borrow_mut() = snapshot.0.clone();
    }
}
