//! An ERC-20 token: fixed decimals, supply minted and burned by its owner, approvals by signature (EIP-2612).
//!
//! Guarantees: the sum of all balances is the supply, which never exceeds 2^128 - 1; a transfer either moves exactly the
//! amount or reverts; the supply changes only by the owner's `mint` and `burn`; ownership moves in two steps. Refuses the
//! zero address as receiver, spender and owner. Transfers to and from one account commute: its balance is a counter, so a
//! block may execute them in parallel. There is no fee on transfer.
//!
//! The files are those of every contract: `lib.rs` the messages, `storage.rs` the keys, `events.rs`, `errors.rs`, and one
//! file for each further subject, here `permit.rs`.
#![no_std]

pub mod errors;
pub mod events;
mod permit;
pub mod storage;

pub use errors::TokenError;
pub use events::{Approval, Transfer};
pub use florin_sdk::ownership::{OwnershipTransferStarted, OwnershipTransferred};
pub use storage::Token;
pub use token::TokenClient;

/// The messages. Each checks, loads, computes, stores and emits, in that order.
#[florin_sdk::contract(events(Transfer, Approval, OwnershipTransferStarted, OwnershipTransferred))]
pub mod token {
    use florin_sdk::ownership::{OwnershipTransferStarted, OwnershipTransferred};
    use florin_sdk::prelude::*;

    use crate::{
        errors::TokenError,
        events::{Approval, Transfer},
        permit::{self, Permit},
        storage::Token,
    };

    impl Token {
        /// Creates the token and mints the first supply to its owner.
        #[init]
        pub fn new(
            &mut self,
            name: String,
            symbol: String,
            decimals: u8,
            owner: Address,
            supply: U256,
        ) -> Result<(), TokenError> {
            self.name.set(&name);
            self.symbol.set(&symbol);
            self.decimals.set(&decimals);
            if owner.is_zero() {
                return Err(TokenError::InvalidOwner { owner });
            }
            self.ownership.set(owner);
            self.create(&owner, &supply)
        }

        /// Returns the token's name.
        pub fn name(&self) -> String {
            self.name.get_or_default()
        }

        /// Returns the token's symbol.
        pub fn symbol(&self) -> String {
            self.symbol.get_or_default()
        }

        /// Returns how many decimals a wallet shows.
        pub fn decimals(&self) -> u8 {
            self.decimals.get_or_default()
        }

        /// Returns the supply.
        pub fn total_supply(&self) -> U256 {
            U256::from(self.supply.get())
        }

        /// Returns an account's balance.
        pub fn balance_of(&self, account: Address) -> U256 {
            U256::from(self.balances.get(&account))
        }

        /// Moves an amount from the caller to another account.
        pub fn transfer(&mut self, to: Address, value: U256) -> Result<bool, TokenError> {
            self.shift(&env().caller(), &to, &value)
        }

        /// Returns what a spender may still move from an owner's account.
        pub fn allowance(&self, owner: Address, spender: Address) -> U256 {
            self.allowances.get_or_default(&(owner, spender))
        }

        /// Lets a spender move up to an amount from the caller's account; the maximum is never used up.
        ///
        /// It replaces the earlier allowance. A spender who sees the change coming can use the old one first, so go
        /// through zero when lowering an allowance.
        pub fn approve(&mut self, spender: Address, value: U256) -> Result<bool, TokenError> {
            self.allow(&env().caller(), &spender, &value)
        }

        /// Moves an amount from an account that has approved the caller.
        pub fn transfer_from(&mut self, from: Address, to: Address, value: U256) -> Result<bool, TokenError> {
            self.spend(&from, &env().caller(), &value)?;
            self.shift(&from, &to, &value)
        }

        /// Creates an amount on an account; only for the owner.
        pub fn mint(&mut self, to: Address, value: U256) -> Result<(), TokenError> {
            self.ownership.check()?;
            self.create(&to, &value)
        }

        /// Destroys an amount of the owner's own balance; only for the owner.
        pub fn burn(&mut self, value: U256) -> Result<(), TokenError> {
            let owner = self.ownership.check()?;
            let amount = self.debit(&owner, &value)?;
            self.supply.sub(amount).expect("the supply is the sum of all balances");
            env().emit(&Transfer { from: owner, to: Address::ZERO, value });
            Ok(())
        }

        /// Returns the owner; zero when ownership was renounced.
        pub fn owner(&self) -> Address {
            self.ownership.owner()
        }

        /// Returns who may accept the ownership; zero when nobody.
        pub fn pending_owner(&self) -> Address {
            self.ownership.pending()
        }

        /// Offers the ownership to an account, which has to accept it; zero takes an offer back.
        pub fn transfer_ownership(&mut self, new_owner: Address) -> Result<(), TokenError> {
            Ok(self.ownership.offer(new_owner)?)
        }

        /// Accepts the ownership that was offered to the caller.
        pub fn accept_ownership(&mut self) -> Result<(), TokenError> {
            Ok(self.ownership.accept()?)
        }

        /// Gives the ownership up for good: nobody mints or burns any more.
        pub fn renounce_ownership(&mut self) -> Result<(), TokenError> {
            self.ownership.check()?;
            self.ownership.set(Address::ZERO);
            Ok(())
        }

        /// Lets a spender move up to an amount from the account of an owner who has signed for it (EIP-2612).
        pub fn permit(
            &mut self,
            owner: Address,
            spender: Address,
            value: U256,
            deadline: U256,
            v: u8,
            r: B256,
            s: B256,
        ) -> Result<(), TokenError> {
            if U256::from(env().block_time()) > deadline {
                return Err(TokenError::ExpiredSignature { deadline });
            }
            let nonce = self.nonces.get_or_default(&owner);
            let permit = Permit { owner: &owner, spender: &spender, value: &value, nonce, deadline: &deadline };
            let signer = permit.signer(&self.domain_separator(), v, &r, &s).ok_or(TokenError::InvalidSignature)?;
            if signer != owner {
                return Err(TokenError::InvalidSigner { signer, owner });
            }
            let next = nonce.checked_add(1).ok_or(TokenError::InvalidSignature)?;
            self.nonces.set(&owner, &next);
            self.allow(&owner, &spender, &value)?;
            Ok(())
        }

        /// Returns how many permits of an owner have been used.
        pub fn nonces(&self, owner: Address) -> U256 {
            U256::from(self.nonces.get_or_default(&owner))
        }

        /// Returns the hash that ties a permit to this token on this chain (EIP-712).
        #[name("DOMAIN_SEPARATOR")]
        pub fn domain_separator(&self) -> B256 {
            permit::domain_separator(&self.name())
        }

        fn create(&mut self, to: &Address, value: &U256) -> Result<(), TokenError> {
            if to.is_zero() {
                return Err(TokenError::InvalidReceiver { receiver: *to });
            }
            let amount = match u128::try_from(value) {
                Ok(amount) if self.supply.add(amount).is_ok() => amount,
                _ => {
                    return Err(TokenError::ExceededCap {
                        increased_supply: self.total_supply().saturating_add(*value),
                        cap: U256::from(u128::MAX),
                    });
                }
            };
            self.credit(to, amount);
            env().emit(&Transfer { from: Address::ZERO, to: *to, value: *value });
            Ok(())
        }

        fn shift(&mut self, from: &Address, to: &Address, value: &U256) -> Result<bool, TokenError> {
            if from.is_zero() {
                return Err(TokenError::InvalidSender { sender: *from });
            }
            if to.is_zero() {
                return Err(TokenError::InvalidReceiver { receiver: *to });
            }
            let amount = self.debit(from, value)?;
            self.credit(to, amount);
            env().emit(&Transfer { from: *from, to: *to, value: *value });
            Ok(true)
        }

        /// Takes an amount off a balance, which is read only to explain a failure.
        fn debit(&mut self, from: &Address, value: &U256) -> Result<u128, TokenError> {
            match u128::try_from(value) {
                Ok(amount) if self.balances.sub(from, amount).is_ok() => Ok(amount),
                _ => Err(TokenError::InsufficientBalance {
                    sender: *from,
                    balance: self.balance_of(*from),
                    needed: *value,
                }),
            }
        }

        fn credit(&mut self, to: &Address, amount: u128) {
            self.balances.add(to, amount).expect("no balance exceeds the supply");
        }

        fn allow(&mut self, owner: &Address, spender: &Address, value: &U256) -> Result<bool, TokenError> {
            if owner.is_zero() {
                return Err(TokenError::InvalidApprover { approver: *owner });
            }
            if spender.is_zero() {
                return Err(TokenError::InvalidSpender { spender: *spender });
            }
            self.set_allowance(owner, spender, value);
            env().emit(&Approval { owner: *owner, spender: *spender, value: *value });
            Ok(true)
        }

        fn spend(&mut self, owner: &Address, spender: &Address, value: &U256) -> Result<(), TokenError> {
            let allowance = self.allowance(*owner, *spender);
            if allowance == U256::MAX {
                return Ok(());
            }
            match allowance.checked_sub(*value) {
                Some(rest) => self.set_allowance(owner, spender, &rest),
                None => {
                    let (spender, needed) = (*spender, *value);
                    return Err(TokenError::InsufficientAllowance { spender, allowance, needed });
                }
            }
            Ok(())
        }

        fn set_allowance(&mut self, owner: &Address, spender: &Address, value: &U256) {
            if value.is_zero() {
                self.allowances.remove(&(*owner, *spender));
            } else {
                self.allowances.set(&(*owner, *spender), value);
            }
        }
    }
}

#[cfg(test)]
mod tests;
