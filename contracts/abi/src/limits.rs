//! Every maximum of the runtime, in one table with its unit.
//!
//! The table is consensus: its hash is part of every compiled-code key. Each limit has a test at the limit, which is
//! accepted, and one above it, which is refused.

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The constant's name.
    pub name: &'static str,
    /// The largest accepted value.
    pub value: u64,
    /// What the value counts.
    pub unit: &'static str,
}

macro_rules! limits {
    ($($(#[$doc:meta])+ $name:ident: $type:ty = $value:expr, $unit:literal;)+) => {
        $($(#[$doc])+ #[doc = concat!("\n\nUnit: ", $unit, ".")] pub const $name: $type = $value;)+

        /// The rows, in the order of this file.
        pub const LIMITS: &[Limit] = &[
            $(Limit { name: stringify!($name), value: $name as u64, unit: $unit },)+
        ];
    };
}

limits! {
    // Upload: what a module may contain.
    /// Size of a module.
    CODE_BYTES_MAX: u32 = 1 << 20, "bytes";
    /// Size of one function body.
    BODY_BYTES_MAX: u32 = 64 << 10, "bytes";
    /// Functions that a module defines.
    FUNCTIONS_MAX: u32 = 10_000, "functions";
    /// Function types that a module declares.
    TYPES_MAX: u32 = 1_000, "types";
    /// Parameters of one function type.
    PARAMS_MAX: u32 = 32, "values";
    /// Results of one function type.
    RESULTS_MAX: u32 = 32, "values";
    /// Parameters of all defined functions together.
    PARAMS_TOTAL_MAX: u32 = 10_000, "values";
    /// Locals of one function, its parameters included.
    LOCALS_MAX: u32 = 256, "values";
    /// Declared locals of all functions together.
    LOCALS_TOTAL_MAX: u32 = 10_000, "values";
    /// Nesting of blocks in one function.
    NESTING_MAX: u32 = 256, "blocks";
    /// Targets of one `br_table`, the default not counted.
    BR_TABLE_TARGETS_MAX: u32 = 1_024, "targets";
    /// Targets of all `br_table` together.
    BR_TABLE_TARGETS_TOTAL_MAX: u32 = 16_384, "targets";
    /// Loops of one function.
    LOOPS_MAX: u32 = 256, "loops";
    /// Loops of all functions together.
    LOOPS_TOTAL_MAX: u32 = 4_096, "loops";
    /// Basic blocks of one function: each `block`, `loop`, `if`, `else`, `br_if`, `br_table`, bulk operation and
    /// `memory.grow` counts.
    BASIC_BLOCKS_MAX: u32 = 4_096, "basic blocks";
    /// Basic blocks of all functions together.
    BASIC_BLOCKS_TOTAL_MAX: u32 = 16_384, "basic blocks";
    /// What a compiler may have to carry from block to block: each basic block, and each target of a `br_table`, counts
    /// the locals of its function and the most values that a branch in it can carry.
    CARRIED_VALUES_MAX: u32 = 1 << 18, "values";
    /// Calls that all functions together contain, direct and indirect.
    CALLS_TOTAL_MAX: u32 = 65_536, "calls";
    /// Elements of the table; its minimum equals its maximum.
    TABLE_ELEMENTS_MAX: u32 = 4_096, "elements";
    /// Pages of the linear memory.
    MEMORY_PAGES_MAX: u32 = 256, "pages of 64 KiB";
    /// Globals that a module defines.
    GLOBALS_MAX: u32 = 1_000, "globals";
    /// Data segments.
    DATA_SEGMENTS_MAX: u32 = 1_000, "segments";
    /// Element segments.
    ELEMENT_SEGMENTS_MAX: u32 = 1_000, "segments";
    /// Exports.
    EXPORTS_MAX: u32 = 1_000, "exports";
    /// Imports.
    IMPORTS_MAX: u32 = 128, "imports";
    /// Custom sections.
    CUSTOM_SECTIONS_MAX: u32 = 64, "sections";
    /// Length of an imported or exported name.
    NAME_BYTES_MAX: u32 = 128, "bytes";
    /// Messages that opt in to reentrancy.
    REENTRANT_MESSAGES_MAX: u32 = 1_000, "selectors";

    // Execution: what one call may do.
    /// Nesting of calls between contracts; the transaction's own call counts as one.
    CALL_DEPTH_MAX: u32 = 16, "calls";
    /// Logical stack of one call.
    STACK_UNITS_MAX: u32 = 64 << 10, "stack units of 8 bytes";
    /// Length of a storage key, the contract's own part.
    KEY_BYTES_MAX: u32 = 256, "bytes";
    /// Length of a storage value.
    VALUE_BYTES_MAX: u32 = 64 << 10, "bytes";
    /// Topics of one event.
    EVENT_TOPICS_MAX: u32 = 4, "topics";
    /// Data of one event.
    EVENT_BYTES_MAX: u32 = 16 << 10, "bytes";
    /// Events of one transaction.
    EVENTS_MAX: u32 = 10_000, "events";
    /// Input of one call between contracts, calldata of a transaction included.
    INPUT_BYTES_MAX: u32 = 128 << 10, "bytes";
    /// Return data or revert data of one call.
    OUTPUT_BYTES_MAX: u32 = 64 << 10, "bytes";
    /// Bytes given to one hash function.
    HASH_BYTES_MAX: u32 = 16 << 20, "bytes";
    /// Leaves of one Merkle tree.
    MERKLE_LEAVES_MAX: u32 = 1 << 18, "leaves";
    /// Nodes of one Merkle proof.
    MERKLE_PROOF_MAX: u32 = 40, "nodes";
    /// Signatures of one batch.
    SIGNATURE_BATCH_MAX: u32 = 1_024, "signatures";
    /// Message under one signature.
    SIGNED_BYTES_MAX: u32 = 64 << 10, "bytes";

    // Transactions and blocks.
    /// A transaction as it travels.
    TRANSACTION_BYTES_MAX: u32 = (1 << 20) + (128 << 10), "bytes";
    /// Entries of an access list, addresses and keys together.
    ACCESS_LIST_MAX: u32 = 1_024, "entries";
    /// Transactions in a block.
    BLOCK_TRANSACTIONS_MAX: u32 = 10_000, "transactions";
    /// The list of who signed a block's parent: one bit a validator. The header's extra data holds no more.
    PARENT_SIGNERS_BYTES_MAX: u32 = 32, "bytes";

    // Genesis.
    /// Hooks that run before the transactions of each block.
    HOOKS_MAX: u32 = 16, "hooks";
    /// Contracts that the genesis creates.
    GENESIS_CONTRACTS_MAX: u32 = 64, "contracts";
    /// Calls that the genesis makes to its contracts.
    GENESIS_CALLS_MAX: u32 = 4_096, "calls";
}
