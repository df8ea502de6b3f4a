//! A multisignature account: a call is made when enough of its owners have confirmed it.
//!
//! Guarantees:
//! - a call is made at most once, and only while `required` of those who are owners *now* confirm it;
//! - a call that fails is not made: it stays open and its confirmations stand;
//! - owners and `required` change only by a call of this account to itself, so by its own rule.
//!
//! ```text
//!   propose ──confirm / revoke──> `required` confirmations ──execute──> executed
//! ```
//!
//! Costs: to execute reads one entry an owner, of whom there are at most 32. Refuses what would leave fewer owners than
//! confirmations, or no owner.
#![cfg_attr(not(test), no_std)]

pub mod errors;
pub mod events;
pub mod storage;

pub use errors::MultisigError;
pub use events::{Confirmed, Deposited, Executed, OwnersChanged, Proposed, Unconfirmed};
pub use multisig::MultisigClient;
pub use storage::{Multisig, Proposal};

/// The messages. Each checks, loads, computes, stores and emits, in that order, and calls last.
#[florin_sdk::contract(events(Proposed, Confirmed, Unconfirmed, Executed, OwnersChanged, Deposited))]
pub mod multisig {
    use florin_sdk::env::ContractCall;
    use florin_sdk::prelude::*;

    use crate::errors::MultisigError;
    use crate::events::{Confirmed, Deposited, Executed, OwnersChanged, Proposed, Unconfirmed};
    use crate::storage::{Multisig, Proposal};

    /// The most owners.
    pub const OWNERS_MAX: u32 = 32;

    /// The longest calldata of a proposal, in bytes.
    pub const INPUT_BYTES_MAX: u32 = 16 << 10;

    impl Multisig {
        /// Creates the account for its owners, of whom so many must confirm a call.
        #[init]
        pub fn new(&mut self, owners: Vec<Address>, required: u32) -> Result<(), MultisigError> {
            self.set_owners(&owners, required)
        }

        /// Takes in the value of this call. Anybody may give.
        #[payable]
        pub fn deposit(&mut self) {
            env().emit(&Deposited { from: env().caller(), amount: env().value() });
        }

        /// Proposes a call and confirms it; returns the number of the proposal.
        pub fn propose(&mut self, to: Address, value: u128, input: Bytes) -> Result<u64, MultisigError> {
            let owner = self.check_owner()?;
            let bytes = u32::try_from(input.len()).unwrap_or(u32::MAX);
            if bytes > INPUT_BYTES_MAX {
                return Err(MultisigError::InputTooLong { bytes, bytes_max: INPUT_BYTES_MAX });
            }
            let id = self.proposals_count.get_or_default();
            self.proposals_count.set(&id.saturating_add(1));
            self.proposals.set(&id, &Proposal { to, value, input: input.clone(), is_executed: false });
            self.confirmations.set(&(id, owner), &true);
            env().emit(&Proposed { id, owner, to, value, input });
            env().emit(&Confirmed { id, owner });
            Ok(id)
        }

        /// Confirms a proposal.
        pub fn confirm(&mut self, id: u64) -> Result<(), MultisigError> {
            let owner = self.check_owner()?;
            self.open(id)?;
            if self.confirmations.contains(&(id, owner)) {
                return Err(MultisigError::AlreadyConfirmed { id, owner });
            }
            self.confirmations.set(&(id, owner), &true);
            env().emit(&Confirmed { id, owner });
            Ok(())
        }

        /// Takes the caller's confirmation back.
        pub fn revoke(&mut self, id: u64) -> Result<(), MultisigError> {
            let owner = self.check_owner()?;
            self.open(id)?;
            if !self.confirmations.contains(&(id, owner)) {
                return Err(MultisigError::NotConfirmed { id, owner });
            }
            self.confirmations.remove(&(id, owner));
            env().emit(&Unconfirmed { id, owner });
            Ok(())
        }

        /// Makes a confirmed call; returns what it returned. An owner asks for it.
        pub fn execute(&mut self, id: u64) -> Result<Bytes, MultisigError> {
            self.check_owner()?;
            let proposal = self.open(id)?;
            let (confirmations, required) = (self.confirmations(id), self.required.get_or_default());
            if confirmations < required {
                return Err(MultisigError::NotEnough { id, confirmations, required });
            }
            let Proposal { to, value, input, .. } = proposal.clone();
            self.proposals.set(&id, &Proposal { is_executed: true, ..proposal });
            env().emit(&Executed { id, to, value });
            let call = ContractCall { to, value, gas: u64::MAX, input: &input, read_only: false };
            match env().call(&call) {
                Ok(output) => Ok(output.into()),
                // The revert takes everything back, so that the proposal stays open.
                Err((status, output)) => {
                    Err(MultisigError::CallFailed { id, status: status.code(), output: output.into() })
                }
            }
        }

        /// Replaces the owners and how many must confirm. Only this account itself, by a proposal.
        #[reentrant]
        pub fn change_owners(&mut self, owners: Vec<Address>, required: u32) -> Result<(), MultisigError> {
            let caller = env().caller();
            if caller != env().self_address() {
                return Err(MultisigError::OnlyByProposal { caller });
            }
            self.set_owners(&owners, required)
        }

        /// Returns the owners in the order in which they were given.
        pub fn owners(&self) -> Vec<Address> {
            self.owners.get_or_default()
        }

        /// Returns how many owners must confirm.
        pub fn required(&self) -> u32 {
            self.required.get_or_default()
        }

        /// Returns a proposal: recipient, value, calldata, whether it is executed.
        pub fn proposal(&self, id: u64) -> Result<(Address, u128, Bytes, bool), MultisigError> {
            let Proposal { to, value, input, is_executed } = self.load(id)?;
            Ok((to, value, input, is_executed))
        }

        /// Returns how many of the present owners confirm a proposal.
        pub fn confirmations(&self, id: u64) -> u32 {
            let confirmed = |owner: &Address| self.confirmations.contains(&(id, *owner));
            u32::try_from(self.owners().into_iter().filter(confirmed).count()).unwrap_or(u32::MAX)
        }

        /// Returns whether an owner confirms a proposal.
        pub fn is_confirmed_by(&self, id: u64, owner: Address) -> bool {
            self.confirmations.contains(&(id, owner))
        }

        /// Returns how many proposals were made; their numbers begin with 0.
        pub fn proposals_count(&self) -> u64 {
            self.proposals_count.get_or_default()
        }

        fn check_owner(&self) -> Result<Address, MultisigError> {
            let account = env().caller();
            if self.owners().contains(&account) { Ok(account) } else { Err(MultisigError::NotAnOwner { account }) }
        }

        fn load(&self, id: u64) -> Result<Proposal, MultisigError> {
            self.proposals.get(&id).ok_or(MultisigError::UnknownProposal { id })
        }

        fn open(&self, id: u64) -> Result<Proposal, MultisigError> {
            let proposal = self.load(id)?;
            if proposal.is_executed { Err(MultisigError::AlreadyExecuted { id }) } else { Ok(proposal) }
        }

        fn set_owners(&mut self, owners: &[Address], required: u32) -> Result<(), MultisigError> {
            let count = u32::try_from(owners.len()).unwrap_or(u32::MAX);
            if required == 0 || required > count || count > OWNERS_MAX {
                return Err(MultisigError::InvalidRule { owners: count, required, owners_max: OWNERS_MAX });
            }
            for (place, owner) in owners.iter().enumerate() {
                let is_twice = owners.iter().take(place).any(|before| before == owner);
                if owner.is_zero() || is_twice || *owner == env().self_address() {
                    return Err(MultisigError::InvalidOwner { owner: *owner });
                }
            }
            let owners = owners.to_vec();
            self.owners.set(&owners);
            self.required.set(&required);
            env().emit(&OwnersChanged { owners, required });
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
