//! florin-sandbox: a contract's tests run on the chain's own code.
//!
//! Guarantees that a call in a test is what it is on the chain: a signed Ethereum transaction, as bytes, which is
//! decoded, verified, put into a block, executed as Wasm and committed, by the same code and at the same gas. What a
//! sandbox adds is control: named accounts with money, blocks and time on demand, snapshots.
//!
//! Errors are values; the methods that panic say so. A sandbox lives in one thread; each test makes its own.
//!
//! - [`Sandbox`]: accounts, blocks, time, snapshots; [`SandboxBuilder`]: its settings.
//! - [`Wallet`]: acting as an account, typed and raw. [`PendingBlock`]: several transactions in one block.
//! - [`TransactionReceipt`]: status, gas, events by type. [`ExpectRevert`]: expected failures by type.

mod account;
mod artifact;
mod block;
mod builder;
mod error;
mod expect;
mod receipt;
mod sandbox;
mod wallet;
mod world;

pub use account::Account;
pub use artifact::{ArtifactError, artifact};
pub use block::PendingBlock;
pub use builder::SandboxBuilder;
pub use error::{DeployError, SandboxError};
pub use expect::ExpectRevert;
pub use receipt::TransactionReceipt;
pub use sandbox::{Sandbox, Snapshot};
pub use wallet::{ClientOf, Wallet, deploy_payload};

pub use alloy_primitives::{Address, B256, Bytes, U256};
pub use florin_abi::Status;
pub use florin_runtime::gas::Gas;
pub use florin_runtime::ledger::{Balance, WEI_PER_MDT};
pub use florin_runtime::vm::EngineKind;
