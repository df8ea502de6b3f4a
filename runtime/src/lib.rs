//! Florin's deterministic core: from the bytes of a transaction to a state root.
//!
//! Synchronous, without a clock, a socket or a global. Equal blocks on equal states give equal receipts, gas and roots,
//! whatever the engine, the cache or the number of threads.
//!
//! # Embedding it
//! [`chain::Chain`] is the face for whoever wants a chain: [`produce`](chain::Chain::produce) takes transactions as bytes the
//! whole way, [`view`](chain::Chain::view) asks without a transaction. `examples/embed.rs` deploys a contract, calls it and
//! asks it on one page; `cargo run -p florin-runtime --example embed` runs it. Whoever agrees on blocks first calls the steps
//! one by one: `decode`, `verify`, `propose`, `execute`, `commit`. Whoever has a ledger of its own takes
//! [`execution::Session`] over a [`state::StateReader`] and sends messages with [`execution::invoke`].
//!
//! # Features
//! - `interpreter`: a second engine, wasmi, beside the compiler. Slower; needs no machine code. Off by default.
//!
//! # Limits
//! Every size, count and depth is a row of [`florin_abi::limits::LIMITS`]. A machine reserves 4 GiB of address space for each of
//! [`vm::VmConfig::instances_max`] instances, of which memory is used only where a contract writes, 16 MiB at most; its
//! compiled code stays within [`vm::VmConfig::cache_bytes_max`]. A nested call has an instance of its own: a thread that
//! executes needs `CALL_DEPTH_MAX` of them.
//!
//! # Threads
//! [`vm::Vm`], [`vm::Code`] and [`chain::Chain`] are `Send + Sync`; a clone of a [`vm::Vm`] is the same machine. A call runs on
//! the thread that makes it, whatever its stack: one that is too small goes on on a new one. Only signatures of a block are
//! spread over threads, as many as [`chain::ChainConfig::signature_threads`] says. Nothing is global: machines with different
//! settings and chains with different geneses live side by side, and a chain refuses what another one decoded.
//!
//! # Determinism
//! Of all settings only the genesis is consensus, and with it the gas schedule. Gas is counted by the contract's own
//! rewritten bytes, so engine, optimization level and cache change no figure. Memory is reserved before it is asked for, the
//! target is the architecture's baseline, floats are refused, and no text of an engine reaches a receipt.
//!
//! # Failures
//! Nothing that comes from outside makes this crate panic: bytes that are no transaction are a
//! [`transaction::Rejection`], what a contract gets wrong is a status in its [`receipt::Receipt`], and what the host gets wrong
//! is a [`fault::Fault`], after which nothing was committed. A panic in a host function is caught and becomes the status
//! `Internal`, which is why a release build must unwind.
//!
//! # Upgrading wasmtime
//! Its release is pinned, because it makes the machine code. A new one must pass, beside all other tests:
//! - the proposals: `the_compiler_has_exactly_the_allowed_proposals`, and `vm::validate` for operators that the parser learned;
//! - the same results, gas and traps as the interpreter: `vm::tests::programs`, `vm::tests::metering`, `vm::tests::traps`,
//!   `random_blocks_give_the_same_receipts_gas_and_roots_on_every_engine`, and the golden state root of the demo;
//! - the stack: `vm::tests::stack`, which measures the native bytes that a stack unit takes;
//! - memory: `vm::tests::isolation`;
//! - the compiler's own bounds: `case_08_the_worst_legal_module_compiles_within_its_bounds`;
//! - the baseline: `case_34_machine_code_needs_nothing_but_the_baseline`;
//! - a panic in a host function: `case_28_a_panic_in_any_host_function_is_a_trap_with_the_gas_charged`.
//!
//! Compiled code of the old release is not found by the new one: the engine's own hash is part of its key.

pub mod amount;
pub mod block;
pub mod chain;
pub mod execution;
pub mod fault;
pub mod gas;
pub mod genesis;
pub mod hook;
pub mod ledger;
pub mod receipt;
pub mod signature;
pub mod state;
pub mod transaction;
pub mod vm;

/// Addresses, hashes and bytes, as this crate's own interfaces have them.
pub use alloy_primitives;
/// Limits, status codes and the import table, which contracts share.
pub use florin_abi;
