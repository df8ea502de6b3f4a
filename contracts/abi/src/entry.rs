//! Names at the edge of a module: what the host looks for, and what a contract may not use.
//!
//! A contract exports its memory and one or two functions without parameters or results. Calldata comes through
//! `input`, the answer goes through `finish` or `revert`.

/// The export that holds the linear memory.
pub const MEMORY_EXPORT: &str = "memory";

/// The export that runs once, when a contract is created. Its input is the ABI-encoded arguments without a selector.
/// A module without it accepts empty arguments only.
pub const INIT_EXPORT: &str = "florin_init";

/// The export that runs on every call. Its input is the calldata: a 4-byte selector and the ABI-encoded arguments.
pub const CALL_EXPORT: &str = "florin_call";

/// Prefix of the names that instrumentation adds. A module that imports or exports such a name is refused.
pub const RESERVED_PREFIX: &str = "florin:";

/// Custom section with the contract's metadata: SCALE `(name: String, sdk release: String, ABI hash: [u8; 32])`.
pub const METADATA_SECTION: &str = "florin.metadata";

/// Custom section with the 4-byte selectors, concatenated, of the messages that may be entered again while the same
/// contract is still running. Absent: none may.
pub const REENTRANT_SECTION: &str = "florin.reentrant";
