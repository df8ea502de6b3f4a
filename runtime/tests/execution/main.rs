//! Transactions and blocks from signed bytes to the state, with contracts in Wasm.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

mod admission;
mod calls;
mod deploy;
mod durable;
mod imports;
mod memory;
mod puppet;
mod stored_hooks;
mod supply;
mod transfer;
mod world;
