//! A contract that belongs to somebody: the owner, and how the ownership moves in two steps.
//!
//! Guarantees the messages' side of OpenZeppelin's `Ownable2Step`, with its events and its error: the ownership moves when the
//! account that it was offered to accepts it, a new offer replaces the last, and no offer outlives the owner that made it. A
//! contract keeps an [`Ownership`] among its fields and has the messages `owner`, `pending_owner`, `transfer_ownership` and
//! `accept_ownership`, a line each.
//!
//! ```text
//! key = prefix: the owner       prefix | 0: who may accept       neither is there when it is nobody
//! ```
//!
//! Costs a read to check a caller.

use alloy_primitives::Address;

use crate::{
    env::{env, host},
    storage::{Field, read, write},
};

/// The ownership was offered; zero took an offer back.
#[florin_sdk_macros::event]
pub struct OwnershipTransferStarted {
    #[indexed]
    previous_owner: Address,
    #[indexed]
    new_owner: Address,
}

/// The ownership moved; from zero it was created, to zero it was given up.
#[florin_sdk_macros::event]
pub struct OwnershipTransferred {
    #[indexed]
    previous_owner: Address,
    #[indexed]
    new_owner: Address,
}

/// Only the owner may do this, or only the account that the ownership was offered to.
#[florin_sdk_macros::error]
#[name("OwnableUnauthorizedAccount")]
pub struct Unauthorized {
    account: Address,
}

/// Who owns the contract, and who may after that; nobody until [`Ownership::set`].
#[derive(Debug)]
pub struct Ownership {
    prefix: u8,
}

impl Ownership {
    /// Returns the owner; zero when there is none.
    #[inline(never)]
    pub fn owner(&self) -> Address {
        read(&[self.prefix]).unwrap_or_default()
    }

    /// Returns who may accept the ownership; zero when nobody.
    #[inline(never)]
    pub fn pending(&self) -> Address {
        read(&self.pending_key()).unwrap_or_default()
    }

    /// Returns the owner, who is the caller.
    ///
    /// # Errors
    /// When somebody else calls.
    pub fn check(&self) -> Result<Address, Unauthorized> {
        check(self.owner())
    }

    /// Makes an account the owner, zero nobody for good; takes an offer back. A constructor calls it.
    #[inline(never)]
    pub fn set(&mut self, new_owner: Address) {
        let previous_owner = self.owner();
        keep(&self.pending_key(), &Address::ZERO);
        keep(&[self.prefix], &new_owner);
        env().emit(&OwnershipTransferred { previous_owner, new_owner });
    }

    /// Offers the ownership to an account, which has to accept it; zero takes an offer back.
    ///
    /// # Errors
    /// When somebody else than the owner calls.
    pub fn offer(&mut self, new_owner: Address) -> Result<(), Unauthorized> {
        let previous_owner = self.check()?;
        keep(&self.pending_key(), &new_owner);
        env().emit(&OwnershipTransferStarted { previous_owner, new_owner });
        Ok(())
    }

    /// Makes the caller the owner.
    ///
    /// # Errors
    /// When the ownership was not offered to the caller.
    pub fn accept(&mut self) -> Result<(), Unauthorized> {
        self.set(check(self.pending())?);
        Ok(())
    }

    fn pending_key(&self) -> [u8; 2] {
        [self.prefix, 0]
    }
}

impl Field for Ownership {
    fn at(prefix: u8) -> Self {
        Self { prefix }
    }
}

/// Returns the caller, which is this account. Zero is nobody and calls nothing.
#[inline(never)]
fn check(allowed: Address) -> Result<Address, Unauthorized> {
    let account = env().caller();
    if account == allowed && !account.is_zero() { Ok(account) } else { Err(Unauthorized { account }) }
}

fn keep(key: &[u8], account: &Address) {
    if account.is_zero() {
        host::storage_remove(key);
    } else {
        write(key, account);
    }
}
