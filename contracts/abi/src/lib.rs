//! The words that host and contract share: import table, limits, status codes, votes.
//!
//! Guarantees that each of them is written down once. `no_std`, no dependencies, no code that runs in a block.
//!
//! - [`imports`]: every host function, one row each ([`for_each_import`] hands the rows to a macro of the caller).
//! - [`limits`]: every maximum, with its unit.
//! - [`status`]: the stable numeric outcome of a transaction or of a call between contracts.
//! - [`system`]: the address that calls hooks.
//! - [`vote`]: what validators sign, as bytes.
//! - [`entry`]: the names of the functions that a contract exports, and of the custom sections that it carries.
#![no_std]

pub mod entry;
pub mod imports;
pub mod limits;
pub mod status;
pub mod system;
pub mod vote;

pub use entry::{CALL_EXPORT, INIT_EXPORT, MEMORY_EXPORT, METADATA_SECTION, REENTRANT_SECTION, RESERVED_PREFIX};
pub use imports::{ABSENT, CALL_READ_ONLY, CallFlags, GasClass, IMPORT_MODULE, IMPORTS, Import, ValueType};
pub use limits::{LIMITS, Limit};
pub use status::Status;
pub use system::SYSTEM;
pub use vote::{Possession, Vote};
