//! florin-benches: the workloads that the benches measure, made from numbers, so that every run measures the same bytes.
//!
//! - [`signer`]: keys of every scheme and signed transactions.
//! - [`ledger`]: a chain with funded accounts, and blocks of transfers for it.
//! - [`contracts`]: the token and a funded claims campaign on that chain.
//! - [`calibrate`]: what the work behind each price of gas takes.
//! - [`economy`]: settlements, claims and the gas of the economy's operations.
//! - [`entries`]: states and changes of a given size.
//! - [`metering`]: kernels and a transfer, metered and not.
//! - [`u128_formulas`]: the economy's arithmetic in a contract and natively.

pub mod calibrate;
pub mod contracts;
pub mod economy;
pub mod entries;
pub mod ledger;
pub mod metering;
pub mod signer;
pub mod u128_formulas;
