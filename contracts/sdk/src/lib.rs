//! What a contract author imports: a module of plain Rust becomes a contract with a Solidity ABI.
//!
//! Guarantees that the same source runs as a Wasm module on the chain and as plain Rust in tests, and that selectors, ABI
//! JSON, dispatcher and client come from the same types.
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
pub mod scale;
pub mod schema;
pub mod storage;

pub use alloc::{string::String, vec, vec::Vec};

pub use abi::AbiType;
pub use alloy_primitives::{self, Address, B256, Bytes, FixedBytes, I256, U256};
pub use client::{ActAs, Call, CallError, Client, CrossContract, Failure, RawCall, Reply, Transport};
pub use contract::{Contract, Returns};
pub use env::{Env, env};
pub use error::{ContractError, DispatchError};
pub use event::Event;
pub use florin_abi::Status;
pub use florin_sdk_macros::{Scale, contract, error, event, interface, storage};
pub use scale::Scale;

/// What nearly every contract uses.
pub mod prelude {
    pub use alloc::{format, string::String, vec, vec::Vec};

    pub use alloy_primitives::{Address, B256, Bytes, U256};

    pub use crate::{
        Scale,
        env::{Env, env},
        storage::{Counter, CounterMap, Item, Map},
    };
}
