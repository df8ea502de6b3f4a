//! florin-sandbox: a contract's tests run on the chain's own code.
//!
//! Guarantees that a call in a test is what it is on the chain: a signed Ethereum transaction, as bytes, which is
//! decoded, verified, put into a block, executed as Wasm and committed, by the same code and at the same gas. What a
//! sandbox adds is control: named accounts with money, blocks and time on demand, snapshots.
//!
//! ```
//! use florin_sandbox::{Client, ExpectRevert, Sandbox, U256};
//! use florin_token::{Token, TokenError, Transfer};
//!
//! let sandbox = Sandbox::new();
//! let [alice, bob] = sandbox.accounts(["alice", "bob"]);
//! let supply = U256::from(1_000);
//! let mut token = sandbox.deploy::<Token>(("Gold".into(), "GLD".into(), 18, alice.address(), supply))?;
//!
//! // A call is a transaction, a view is none.
//! let sent = token.by(&alice).transfer(bob.address(), U256::from(300)).outcome()?;
//! assert_eq!(sent.result, Ok(true));
//! assert_eq!(token.balance_of(bob.address()).view()?, U256::from(300));
//! assert!(sent.receipt.gas_used.0 > 21_000);
//! assert_eq!(sent.receipt.events_of::<Transfer>().len(), 1);
//!
//! // What must fail is expected by type.
//! let error = token.by(&bob).transfer(alice.address(), supply).send().expect_revert();
//! assert!(matches!(error, TokenError::InsufficientBalance { .. }));
//!
//! // Blocks and time are yours.
//! let before = sandbox.snapshot();
//! sandbox.advance(10)?;
//! sandbox.revert(&before);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Errors are values; the methods that panic say so. A sandbox lives in one thread; each test makes its own.
//!
//! - [`Sandbox`]: accounts, blocks, time, snapshots; [`SandboxBuilder`]: its settings.
//! - [`Wallet`]: acting as an account, typed and raw. [`PendingBlock`]: several transactions in one block.
//! - [`Sandbox::trace`]: who called whom, what it cost and where it failed; `FLORIN_TRACE=1` shows it of whatever fails.
//! - [`TransactionReceipt`]: status, gas, events by type. [`ExpectRevert`]: expected failures by type.

mod account;
mod artifact;
mod block;
mod builder;
mod error;
mod expect;
#[cfg(feature = "reference")]
pub mod fuzz;
mod receipt;
#[cfg(feature = "reference")]
pub mod reference;
mod sandbox;
mod trace;
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
pub use trace::Trace;
pub use wallet::{ClientOf, Wallet, deploy_payload};

pub use alloy_primitives::{Address, B256, Bytes, U256};
pub use florin_abi::Status;
pub use florin_runtime::gas::Gas;
pub use florin_runtime::ledger::{Balance, WEI_PER_MDT};
pub use florin_runtime::vm::EngineKind;
pub use florin_sdk::client::Client;
