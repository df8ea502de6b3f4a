//! What a contract author imports: a module of plain Rust becomes a contract with a Solidity ABI.
//!
//! Guarantees that the same source runs as a Wasm module on the chain and as plain Rust in tests, and that selectors, ABI
//! JSON, dispatcher and client come from the same types. Refuses, with an error that names the mistake, what the ABI
//! cannot express. No floating-point numbers, no clock, no randomness: nothing in here differs between two machines.
//!
//! ```
//! #[florin_sdk::contract]
//! mod poll {
//!     use florin_sdk::prelude::*;
//!
//!     #[storage]
//!     pub struct Poll {
//!         votes: CounterMap<u32>,
//!         voted: Map<Address, u32>,
//!     }
//!
//!     #[event]
//!     pub struct Voted {
//!         #[indexed]
//!         voter: Address,
//!         option: u32,
//!     }
//!
//!     #[error]
//!     pub enum PollError {
//!         AlreadyVoted { option: u32 },
//!     }
//!
//!     impl Poll {
//!         pub fn vote(&mut self, option: u32) -> Result<(), PollError> {
//!             let voter = env().caller();
//!             if let Some(option) = self.voted.get(&voter) {
//!                 return Err(PollError::AlreadyVoted { option });
//!             }
//!             self.voted.set(&voter, &option);
//!             self.votes.add(&option, 1).expect("fewer than 2^128 votes");
//!             env().emit(&Voted { voter, option });
//!             Ok(())
//!         }
//!
//!         pub fn votes_for(&self, option: u32) -> u128 {
//!             self.votes.get(&option)
//!         }
//!     }
//! }
//!
//! use florin_sdk::{Client, native::Native};
//! use poll::{Poll, PollError, Voted};
//!
//! fn everyone_votes_once() {
//!     let native = Native::new();
//!     let [alice, bob] = ["alice", "bob"].map(|name| native.account(name));
//!     let mut poll = native.deploy::<Poll>(alice, &()).unwrap();
//!
//!     poll.vote(7).send().unwrap();
//!     poll.by(bob).vote(7).send().unwrap();
//!     assert_eq!(poll.votes_for(7).view(), Ok(2));
//!
//!     let refused = poll.vote(8).send().unwrap_err();
//!     assert_eq!(refused.reverted(), Some(PollError::AlreadyVoted { option: 7 }));
//!     assert_eq!(native.events_of::<Voted>().len(), 2);
//! }
//! # fn main() {
//! #     everyone_votes_once();
//! # }
//! ```
//!
//! # The contract
//!
//! | written | means |
//! |---|---|
//! | `#[contract] mod name` | the contract `name`; its artifact is `name.wasm` |
//! | `#[storage] struct` | the state: a struct of [`mod@storage`] handles; `#[key(n)]` fixes a field's first key byte |
//! | `#[event] struct` | an event; up to three fields are `#[indexed]` |
//! | `#[error] enum` or `struct` | a Solidity custom error for each variant, or for the struct |
//! | `#[init] pub fn` | the constructor, at most one |
//! | `pub fn .. (&self, ..)` | a view |
//! | `pub fn .. (&mut self, ..)` | a message that changes state; `#[payable]` if it accepts money, `#[reentrant]` if it may be entered while the contract is running |
//! | `fn`, `pub(crate) fn` | no message |
//! | `#[name("DOMAIN_SEPARATOR")]` | another name in the ABI than the camel-cased one; on messages, fields, events, errors |
//!
//! A message takes types with [`AbiType`] and returns nothing, such a type, a tuple of them as several values, or a
//! `Result` of those with an error type. An unknown selector, short calldata, malformed arguments, and money for a message
//! that is not payable revert with a [`DispatchError`].
//!
//! Larger contracts put the parts into files, always under the same names: `storage.rs`, `events.rs` and `errors.rs` with
//! the attributes of this crate (`#[florin_sdk::storage]` and so on), and `lib.rs` with
//! `#[contract(events(..))] mod name`, whose `impl` block holds the messages. The option lists the events for the ABI;
//! errors are known from what the messages return.
//!
//! # Other contracts
//!
//! `NameClient::at(address)` calls a contract from within another one: `client.message(..).send()`, or `.view()` for a
//! read-only call. For a contract that is not written in Rust, [`interface`] makes the client from a trait. The same
//! clients work on any [`Transport`]: [`native`], the sandbox, RPC.
//!
//! # The module
//!
//! `florin contract build` compiles the crate for `wasm32v1-none` with `--cfg florin_artifact`, which is what makes the
//! entry points and the custom sections appear, checks it and writes the artifact. A crate that is a dependency of a
//! contract is compiled without it and exports nothing. In a module the crate is `no_std`, so a contract crate begins with
//! `#![no_std]`.
#![cfg_attr(all(target_arch = "wasm32", target_os = "none"), no_std)]

#[doc(hidden)]
pub extern crate alloc;
// The macros write `::florin_sdk`, and this crate uses them too.
extern crate self as florin_sdk;

pub mod abi;
pub mod client;
pub mod contract;
pub mod dispatch;
pub mod env;
pub mod error;
pub mod event;
pub mod metadata;
#[cfg(not(all(target_arch = "wasm32", target_os = "none")))]
pub mod native;
pub mod ownership;
pub mod scale;
pub mod schema;
pub mod storage;
pub mod words;

pub use alloc::{string::String, vec, vec::Vec};

pub use abi::AbiType;
pub use alloy_primitives::{self, Address, B256, Bytes, FixedBytes, I256, U256};
pub use client::{ActAs, Call, CallError, Client, CrossContract, Failure, RawCall, Reply, Transport};
pub use contract::{Contract, Returns};
pub use env::{Env, Supply, env};
pub use error::{ContractError, DispatchError};
pub use event::Event;
pub use florin_abi::{Status, vote};
pub use florin_sdk_macros::{Scale, contract, error, event, interface, storage};
pub use scale::Scale;

/// The address that calls hooks.
pub const SYSTEM: Address = Address::new(florin_abi::SYSTEM);

/// What nearly every contract uses.
pub mod prelude {
    pub use alloc::{format, string::String, vec, vec::Vec};

    pub use alloy_primitives::{Address, B256, Bytes, U256};

    pub use crate::{
        Scale,
        env::{Env, env},
        storage::{Counter, CounterMap, Item, Map, Pages},
    };
}
