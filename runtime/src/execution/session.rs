//! A transaction's view of the state, in the words of the ledger and of the contracts.
//!
//! Guarantees that a rollback takes back balances, storage, code, created contracts and events together, that amounts
//! move without being made or lost, and that equal operations give equal results: nothing here is iterated in the order
//! of a hash. One session serves all transactions of a block one after the other, or one transaction alone; it owns
//! what it needs, so that it moves into a running call and back.
//!
//! Expected failures are a [`Status`]; a [`Fault`] means that the state cannot be read or contradicts itself.

use core::fmt;
use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes};
use florin_abi::{Status, limits};
use parity_scale_codec::{Decode, Encode};

use super::overlay::{self, Overlay, Seek};
use crate::{
    block::BlockContext,
    fault::Fault,
    genesis::{CAPABILITIES, SUPPLY},
    hook::{HOOK_RECEIPTS, HOOKS, Hook},
    ledger::{Account, Balance, Capabilities, Supply},
    receipt::Event,
    state::{ChangeSet, StateKey, StateReader},
    vm::trace::{Recorder, Trace},
};

/// Length of a counter in storage: a `u128`, little-endian.
const COUNTER_BYTES: usize = 16;

/// A state with a block's, or a transaction's, changes so far.
pub struct Session {
    block: Arc<BlockContext>,
    overlay: Overlay,
    events: Vec<Event>,
    /// The contracts that are running, from the outermost to the innermost.
    active: Vec<Address>,
    /// Whether the content is with a nested call.
    lent: bool,
    /// Whoever watches, for a trace; nobody in consensus.
    recorder: Option<Box<Recorder>>,
}

/// A point to which a session can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Checkpoint {
    overlay: overlay::Checkpoint,
    events: usize,
}

impl Session {
    /// Opens a session without changes.
    pub fn new(base: Arc<dyn StateReader>, block: Arc<BlockContext>) -> Self {
        Self { block, overlay: Overlay::new(base), events: Vec::new(), active: Vec::new(), lent: false, recorder: None }
    }

    /// Moves the content out and leaves an empty session that is marked as lent: a running call hands its session to the
    /// call that it makes, and gets it back afterwards.
    pub(crate) fn lend(&mut self) -> Self {
        let block = Arc::clone(&self.block);
        let overlay = self.overlay.hollow();
        let empty = Self { block, overlay, events: Vec::new(), active: Vec::new(), lent: true, recorder: None };
        core::mem::replace(self, empty)
    }

    /// Tells whether the content was moved out and did not come back.
    pub(crate) const fn is_lent(&self) -> bool {
        self.lent
    }

    /// Returns the block in execution.
    pub fn block(&self) -> &BlockContext {
        &self.block
    }

    /// Returns the point to which [`Session::rollback`] can go back. Checkpoints nest; keeping the changes needs no act.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { overlay: self.overlay.checkpoint(), events: self.events.len() }
    }

    /// Takes back every change and event since the checkpoint.
    pub fn rollback(&mut self, checkpoint: Checkpoint) {
        self.overlay.rollback(checkpoint.overlay);
        self.events.truncate(checkpoint.events);
    }

    /// Makes the changes so far final and returns the events since the last time.
    pub fn end_transaction(&mut self) -> Vec<Event> {
        self.overlay.seal();
        core::mem::take(&mut self.events)
    }

    /// Returns every change.
    pub fn into_changes(self) -> ChangeSet {
        self.overlay.into_changes()
    }
}

/// Tracing.
impl Session {
    /// Begins a trace. What the session does is the same with and without.
    pub(crate) fn start_trace(&mut self) {
        self.recorder = Some(Box::default());
    }

    /// Returns what was traced since [`Session::start_trace`].
    pub(crate) fn end_trace(&mut self) -> Trace {
        self.recorder.take().map(|recorder| recorder.finish()).unwrap_or_default()
    }

    /// Tells whoever watches.
    pub(crate) fn observe(&mut self, tell: impl FnOnce(&mut Recorder)) {
        if let Some(recorder) = &mut self.recorder {
            tell(recorder);
        }
    }
}

/// Accounts and money.
impl Session {
    /// Returns an account; an address without an entry is the empty account.
    ///
    /// # Errors
    /// Faults if the entry cannot be read.
    pub fn account(&self, address: Address) -> Result<Account, Fault> {
        let account = self.get_scale(&StateKey::account(address), "account")?;
        Ok(account.unwrap_or_default())
    }

    /// Returns a balance.
    ///
    /// # Errors
    /// Faults if the account cannot be read.
    pub fn balance(&self, address: Address) -> Result<Balance, Fault> {
        Ok(self.account(address)?.balance)
    }

    /// Moves an amount; answers `Success` or `InsufficientBalance`. A transfer to oneself needs the balance too.
    ///
    /// # Errors
    /// Faults if an account cannot be read.
    pub fn transfer(&mut self, from: Address, to: Address, amount: Balance) -> Result<Status, Fault> {
        if amount.is_zero() {
            return Ok(Status::Success);
        }
        let status = self.debit(from, amount)?;
        if status.is_success() {
            self.credit(to, amount)?;
        }
        Ok(status)
    }

    /// Mints to an account by the right of a contract; answers `Success`, `MissingCapability` or `SupplyExceeded`.
    ///
    /// # Errors
    /// Faults if an entry cannot be read.
    pub fn mint(&mut self, contract: Address, to: Address, amount: Balance) -> Result<Status, Fault> {
        if !self.capabilities()?.may_mint(contract) {
            return Ok(Status::MissingCapability);
        }
        let Some(supply) = self.supply()?.with_minted(amount) else { return Ok(Status::SupplyExceeded) };
        self.set_supply(supply);
        self.credit(to, amount)?;
        Ok(Status::Success)
    }

    /// Burns of a contract's balance; answers `Success`, `MissingCapability` or `InsufficientBalance`.
    ///
    /// # Errors
    /// Faults if an entry cannot be read.
    pub fn burn(&mut self, contract: Address, amount: Balance) -> Result<Status, Fault> {
        if !self.capabilities()?.may_burn(contract) {
            return Ok(Status::MissingCapability);
        }
        let status = self.debit(contract, amount)?;
        if status.is_success() {
            let mut supply = self.supply()?;
            let burned = supply.burned_by_contracts.checked_add(amount);
            supply.burned_by_contracts = burned.ok_or(Fault::Invariant("burned total overflows"))?;
            self.set_supply(supply);
        }
        Ok(status)
    }

    /// Returns the totals.
    ///
    /// # Errors
    /// Faults if the entry cannot be read.
    pub fn supply(&self) -> Result<Supply, Fault> {
        Ok(self.get_scale(&StateKey::system(SUPPLY), "supply")?.unwrap_or_default())
    }

    /// Settles a block's fees, which its senders have paid already: the burned part leaves the supply, the rest goes to
    /// the proposer.
    ///
    /// # Errors
    /// Faults if an entry cannot be read.
    pub(crate) fn settle_fees(&mut self, burned: Balance, reward: Balance) -> Result<(), Fault> {
        if !burned.is_zero() {
            let mut supply = self.supply()?;
            let total = supply.burned_fees.checked_add(burned);
            supply.burned_fees = total.ok_or(Fault::Invariant("burned fees overflow"))?;
            self.set_supply(supply);
        }
        self.credit(self.block.proposer, reward)
    }

    /// Consumes a nonce; tells whether it was the account's next.
    pub(crate) fn use_nonce(&mut self, address: Address, nonce: u64) -> Result<bool, Fault> {
        let mut account = self.account(address)?;
        let Some(next) = nonce.checked_add(1) else { return Ok(false) };
        if account.nonce != nonce {
            return Ok(false);
        }
        account.nonce = next;
        self.set_account(address, account);
        Ok(true)
    }

    /// Takes an amount from an account; answers `Success` or `InsufficientBalance`. The caller says where it goes.
    pub(crate) fn debit(&mut self, address: Address, amount: Balance) -> Result<Status, Fault> {
        let mut account = self.account(address)?;
        let Some(rest) = account.balance.checked_sub(amount) else { return Ok(Status::InsufficientBalance) };
        account.balance = rest;
        self.set_account(address, account);
        Ok(Status::Success)
    }

    /// Gives an amount to an account. The caller says where it comes from.
    pub(crate) fn credit(&mut self, address: Address, amount: Balance) -> Result<(), Fault> {
        if amount.is_zero() {
            return Ok(());
        }
        let mut account = self.account(address)?;
        let sum = account.balance.checked_add(amount);
        account.balance = sum.ok_or(Fault::Invariant("a balance exceeds the supply"))?;
        self.set_account(address, account);
        Ok(())
    }

    /// Sets an account. The empty account has no entry.
    fn set_account(&mut self, address: Address, account: Account) {
        let value = (account != Account::default()).then(|| account.encode().into());
        self.overlay.put(StateKey::account(address), value);
    }

    fn set_supply(&mut self, supply: Supply) {
        self.overlay.put(StateKey::system(SUPPLY), Some(supply.encode().into()));
    }

    fn capabilities(&self) -> Result<Capabilities, Fault> {
        Ok(self.get_scale(&StateKey::system(CAPABILITIES), "capabilities")?.unwrap_or_default())
    }

    fn get_scale<T: Decode>(&self, key: &StateKey, what: &'static str) -> Result<Option<T>, Fault> {
        let Some(bytes) = self.overlay.get(key)? else { return Ok(None) };
        let value = T::decode(&mut &bytes[..]);
        value.map(Some).map_err(|error| Fault::Corrupt { what, detail: error.to_string() })
    }
}

/// A contract's storage.
impl Session {
    /// Returns an entry.
    ///
    /// # Errors
    /// Faults if the state cannot be read.
    pub fn storage(&self, contract: Address, key: &[u8]) -> Result<Option<Bytes>, Fault> {
        self.overlay.get(&StateKey::storage(contract, key))
    }

    /// Writes an entry.
    pub fn storage_write(&mut self, contract: Address, key: &[u8], value: Bytes) {
        self.overlay.put(StateKey::storage(contract, key), Some(value));
    }

    /// Removes an entry, if it exists.
    pub fn storage_remove(&mut self, contract: Address, key: &[u8]) {
        self.overlay.put(StateKey::storage(contract, key), None);
    }

    /// Returns what stands first behind `after` (empty: from the start) among a contract's keys with the prefix. One
    /// step: a removed entry is reported, so that the caller charges for passing it.
    ///
    /// # Errors
    /// Faults if the state cannot be read.
    pub fn storage_seek(&self, contract: Address, prefix: &[u8], after: &[u8]) -> Result<Seek, Fault> {
        let prefix = StateKey::storage(contract, prefix);
        if after.is_empty() {
            return self.overlay.seek(prefix.as_bytes(), &[]);
        }
        self.overlay.seek(prefix.as_bytes(), StateKey::storage(contract, after).as_bytes())
    }

    /// Adds to a counter if the sum stays within 0 and the bound; answers `Success`, `CounterOutOfBounds`, or
    /// `BadArgument` if the entry is no counter.
    ///
    /// # Errors
    /// Faults if the state cannot be read.
    pub fn storage_add(&mut self, contract: Address, key: &[u8], delta: i128, bound: u128) -> Result<Status, Fault> {
        let key = StateKey::storage(contract, key);
        let counter = match self.overlay.get(&key)? {
            None => 0,
            Some(bytes) => match <[u8; COUNTER_BYTES]>::try_from(&bytes[..]) {
                Ok(bytes) => u128::from_le_bytes(bytes),
                Err(_) => return Ok(Status::BadArgument),
            },
        };
        match counter.checked_add_signed(delta) {
            Some(sum) if sum <= bound => {
                self.overlay.put(key, Some(Bytes::copy_from_slice(&sum.to_le_bytes())));
                Ok(Status::Success)
            }
            _ => Ok(Status::CounterOutOfBounds),
        }
    }
}

/// Hooks.
impl Session {
    /// Returns the hooks of every block; none if the genesis lists none.
    ///
    /// # Errors
    /// Faults if the entry cannot be read.
    pub(crate) fn hooks(&self) -> Result<Vec<Hook>, Fault> {
        Ok(self.get_scale(&StateKey::system(HOOKS), "hooks")?.unwrap_or_default())
    }

    /// Writes down what became of the block's hooks.
    pub(crate) fn commit_to_hooks(&mut self, hash: B256) {
        self.overlay.put(StateKey::system(HOOK_RECEIPTS), Some(Bytes::copy_from_slice(hash.as_slice())));
    }
}

/// Code, running contracts, events.
impl Session {
    /// Returns an uploaded module.
    ///
    /// # Errors
    /// Faults if the state cannot be read.
    pub fn code(&self, hash: B256) -> Result<Option<Bytes>, Fault> {
        self.overlay.get(&StateKey::code(hash))
    }

    /// Stores a module that passed the upload check.
    pub(crate) fn upload(&mut self, hash: B256, code: Bytes) {
        self.overlay.put(StateKey::code(hash), Some(code));
    }

    /// Makes an address a contract; answers `Success` or `AddressTaken`. A balance that was sent there before stays.
    ///
    /// # Errors
    /// Faults if the account cannot be read.
    pub(crate) fn install(&mut self, address: Address, code_hash: B256) -> Result<Status, Fault> {
        let account = self.account(address)?;
        if account.code_hash.is_some() || account.nonce > 0 {
            return Ok(Status::AddressTaken);
        }
        self.set_account(address, Account { code_hash: Some(code_hash), ..account });
        Ok(Status::Success)
    }

    /// Tells whether a contract is running.
    pub fn is_active(&self, contract: Address) -> bool {
        self.active.contains(&contract)
    }

    /// Notes that a contract begins to run.
    pub(crate) fn enter(&mut self, contract: Address) {
        self.active.push(contract);
    }

    /// Notes that the innermost contract ended.
    pub(crate) fn leave(&mut self) {
        self.active.pop();
    }

    /// Emits an event; answers `Success`, or `LimitExceeded` if the transaction has emitted its maximum.
    pub fn emit(&mut self, event: Event) -> Status {
        if self.events.len() >= limits::EVENTS_MAX as usize {
            return Status::LimitExceeded;
        }
        self.observe(|recorder| recorder.event(&event));
        self.events.push(event);
        Status::Success
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { block, overlay, events, active, .. } = self;
        let mut out = f.debug_struct("Session");
        out.field("height", &block.height).field("overlay", overlay).field("events", events).field("active", active);
        out.finish()
    }
}

#[cfg(test)]
mod tests;
