//! The treasury (economy E29, E30): the network's own money, spent by its owner and granted to holders who wait.
//!
//! Guarantees:
//! - nothing leaves without the owner's call, but what a grant has vested;
//! - what is promised to grants cannot be spent: `committed <= balance` after every call;
//! - a grant pays what has vested and no wei more, to its holder, whoever asks for it;
//! - what has vested stays the holder's when a grant is revoked, and a grant that was made irrevocable is not revoked;
//! - ownership moves in two steps.
//!
//! ```text
//!   grant ──release*──> all paid
//!     └──revoke (owner, if revocable)──> ends at what has vested; the rest is free again
//! ```
//!
//! The owner may be a contract: a multisignature or governance. Money comes in by `deposit`, by the emission's share, which
//! is a plain transfer, and by allocation in the genesis; the balance is the chain's own, so nothing has to be booked.
//!
//! Costs: a release is one read and one write of the grant, two counters and one transfer, whatever the number of grants.
#![cfg_attr(not(test), no_std)]

pub mod errors;
pub mod events;
pub mod storage;

pub use errors::TreasuryError;
pub use events::{Deposited, Granted, Released, Revoked, Spent};
pub use florin_sdk::ownership::{OwnershipTransferStarted, OwnershipTransferred};
pub use storage::{Grant, GrantTerms, Treasury};
pub use treasury::TreasuryClient;

/// The messages. Each checks, loads, computes, stores and emits, in that order, and pays last.
#[florin_sdk::contract(events(
    Spent,
    Deposited,
    Granted,
    Released,
    Revoked,
    OwnershipTransferStarted,
    OwnershipTransferred
))]
pub mod treasury {
    use florin_sdk::ownership::{OwnershipTransferStarted, OwnershipTransferred};
    use florin_sdk::prelude::*;
    use florin_tokenomics::validate::{Account, Amount};
    use florin_tokenomics::vesting::Vesting;

    use crate::errors::TreasuryError;
    use crate::events::{Deposited, Granted, Released, Revoked, Spent};
    use crate::storage::{Grant, GrantTerms, Treasury};

    impl Treasury {
        /// Creates the treasury for its owner.
        #[init]
        pub fn new(&mut self, owner: Address) -> Result<(), TreasuryError> {
            check_account(owner)?;
            self.ownership.set(owner);
            Ok(())
        }

        /// Takes in the value of this call. Anybody may give.
        #[payable]
        pub fn deposit(&mut self) {
            env().emit(&Deposited { from: env().caller(), amount: env().value() });
        }

        /// Pays an amount that no grant waits for. The memo says what for; the chain does not read it.
        pub fn spend(&mut self, to: Address, amount: u128, memo: B256) -> Result<(), TreasuryError> {
            self.ownership.check()?;
            check_account(to)?;
            check_amount(amount)?;
            self.check_available(amount)?;
            let spent = self.spent.get_or_default();
            self.spent.set(&spent.saturating_add(amount));
            env().emit(&Spent { to, amount, memo });
            pay(to, amount)
        }

        /// Grants an amount: `at_start` from the start block on, the rest linearly over `length` blocks, which begin `cliff`
        /// blocks after the start. A start of 0 is this block. Returns the number of the grant.
        pub fn grant(
            &mut self,
            holder: Address,
            total: u128,
            at_start: u128,
            start: u64,
            cliff: u64,
            length: u64,
            is_revocable: bool,
        ) -> Result<u64, TreasuryError> {
            self.ownership.check()?;
            check_account(holder)?;
            check_amount(total)?;
            self.check_available(total)?;
            let start = if start == 0 { env().block_height() } else { start };
            if Vesting::new(total, at_start, start, cliff, length).is_err() {
                return Err(TreasuryError::InvalidGrant { total, at_start, start, cliff, length });
            }
            let id = self.grants_count.get_or_default();
            let grant = Grant { holder, total, at_start, start, cliff, length, is_revocable, ended: None, released: 0 };
            self.grants.set(&id, &grant);
            self.grants_count.set(&id.saturating_add(1));
            self.commit(total);
            env().emit(&Granted { id, holder, total, at_start, start, cliff, length, is_revocable });
            Ok(id)
        }

        /// Pays what a grant has vested and not yet paid to its holder; returns it. Anybody may ask for it.
        pub fn release(&mut self, id: u64) -> Result<u128, TreasuryError> {
            let mut grant = self.load(id)?;
            let amount = grant.vested(env().block_height()).saturating_sub(grant.released);
            if amount == 0 {
                return Err(TreasuryError::NothingVested { id });
            }
            grant.released = grant.released.saturating_add(amount);
            self.grants.set(&id, &grant);
            self.uncommit(amount);
            env().emit(&Released { id, holder: grant.holder, amount });
            pay(grant.holder, amount)?;
            Ok(amount)
        }

        /// Ends a revocable grant: what has vested stays the holder's, the rest is free again. Returns the rest.
        pub fn revoke(&mut self, id: u64) -> Result<u128, TreasuryError> {
            self.ownership.check()?;
            let mut grant = self.load(id)?;
            if !grant.is_revocable {
                return Err(TreasuryError::NotRevocable { id });
            }
            if grant.ended.is_some() {
                return Err(TreasuryError::AlreadyRevoked { id });
            }
            let vested = grant.vested(env().block_height());
            let rest = grant.total.saturating_sub(vested);
            grant.ended = Some(vested);
            self.grants.set(&id, &grant);
            self.uncommit(rest);
            env().emit(&Revoked { id, holder: grant.holder, vested, rest });
            Ok(rest)
        }

        /// Returns the budget: the balance, what of it grants wait for, what may be spent, and what was ever spent.
        pub fn budget(&self) -> (u128, u128, u128, u128) {
            let (balance, committed) = (balance(), self.committed.get_or_default());
            (balance, committed, balance.saturating_sub(committed), self.spent.get_or_default())
        }

        /// Returns a grant: holder, total, amount at the start, start, cliff, length, whether it is revocable, what it will
        /// have paid in all, and what it has paid.
        pub fn grant_of(&self, id: u64) -> Result<GrantTerms, TreasuryError> {
            let Grant { holder, total, at_start, start, cliff, length, is_revocable, ended, released } =
                self.load(id)?;
            Ok((holder, total, at_start, start, cliff, length, is_revocable, ended.unwrap_or(total), released))
        }

        /// Returns what of a grant has vested, and what of that can be released.
        pub fn vested(&self, id: u64) -> Result<(u128, u128), TreasuryError> {
            let grant = self.load(id)?;
            let vested = grant.vested(env().block_height());
            Ok((vested, vested.saturating_sub(grant.released)))
        }

        /// Returns how many grants were made; their numbers begin with 0.
        pub fn grants_count(&self) -> u64 {
            self.grants_count.get_or_default()
        }

        /// Returns the owner.
        pub fn owner(&self) -> Address {
            self.ownership.owner()
        }

        /// Returns who may accept the ownership; zero when nobody.
        pub fn pending_owner(&self) -> Address {
            self.ownership.pending()
        }

        /// Offers the ownership to an account, which has to accept it; zero takes an offer back.
        pub fn transfer_ownership(&mut self, new_owner: Address) -> Result<(), TreasuryError> {
            Ok(self.ownership.offer(new_owner)?)
        }

        /// Accepts the ownership that was offered to the caller.
        pub fn accept_ownership(&mut self) -> Result<(), TreasuryError> {
            Ok(self.ownership.accept()?)
        }

        fn load(&self, id: u64) -> Result<Grant, TreasuryError> {
            self.grants.get(&id).ok_or(TreasuryError::UnknownGrant { id })
        }

        fn check_available(&self, amount: u128) -> Result<(), TreasuryError> {
            let available = balance().saturating_sub(self.committed.get_or_default());
            if amount <= available { Ok(()) } else { Err(TreasuryError::AboveBudget { amount, available }) }
        }

        fn commit(&mut self, amount: u128) {
            let committed = self.committed.get_or_default();
            self.committed.set(&committed.saturating_add(amount));
        }

        fn uncommit(&mut self, amount: u128) {
            let committed = self.committed.get_or_default();
            self.committed.set(&committed.saturating_sub(amount));
        }
    }

    impl Grant {
        /// Returns what has vested at a height; of a grant that was ended, what had vested then.
        fn vested(&self, height: u64) -> u128 {
            let Self { total, at_start, start, cliff, length, ended, .. } = *self;
            ended.unwrap_or_else(|| {
                Vesting::new(total, at_start, start, cliff, length).map_or(0, |vesting| vesting.vested(height))
            })
        }
    }

    fn balance() -> u128 {
        env().balance(env().self_address())
    }

    fn check_account(account: Address) -> Result<(), TreasuryError> {
        Account::new(account.into_array()).map_err(|_| TreasuryError::InvalidAccount { account })?;
        Ok(())
    }

    fn check_amount(amount: u128) -> Result<(), TreasuryError> {
        Amount::new(amount).map_err(|_| TreasuryError::InvalidAmount { amount })?;
        Ok(())
    }

    fn pay(to: Address, amount: u128) -> Result<(), TreasuryError> {
        env().transfer(to, amount).map_err(|_| TreasuryError::PaymentFailed { account: to, amount })
    }
}

#[cfg(test)]
mod tests;
