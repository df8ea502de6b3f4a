//! Every Wasm proposal that the parser knows, each decided: allowed, or refused and why.
//!
//! Guarantees that the upload check, the compiler and the interpreter are switched from this one table, and that a
//! release of the parser with a new proposal fails a test until the proposal has its row.

use wasmparser::WasmFeatures;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) struct Proposal {
    /// The parser's switch.
    pub(in crate::vm) flag: WasmFeatures,
    /// The name for a person.
    pub(in crate::vm) name: &'static str,
    /// Whether contracts may use it.
    pub(in crate::vm) decision: Decision,
}

/// Whether contracts may use a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vm) enum Decision {
    /// They may.
    Allowed,
    /// They may not, for this reason.
    Refused(&'static str),
}

const FLOATS: &str = "floating-point results may differ between machines";
const STATE: &str = "tables are fixed and references never leave them";
const VECTORS: &str = "a contract computes with integers, one at a time";
const THREADS: &str = "execution is sequential";
const SIZE: &str = "a contract has one small 32-bit memory with pages of 64 KiB";
const TYPES: &str = "a contract needs no heap of the engine's";
const CONTROL: &str = "metering follows structured control and plain calls only";
const CONSTANTS: &str = "initial values are plain constants";
const COMPONENT: &str = "a contract is a core module";
const ENCODING: &str = "each module has one encoding";

macro_rules! proposals {
    ($($name:literal $flag:ident $decision:expr;)+) => {
        /// The rows.
        pub(in crate::vm) const PROPOSALS: &[Proposal] = &[
            $(Proposal { flag: WasmFeatures::$flag, name: $name, decision: $decision },)+
        ];
    };
}

use Decision::{Allowed, Refused};

proposals! {
    "mutable globals" MUTABLE_GLOBAL Allowed;
    "sign extension" SIGN_EXTENSION Allowed;
    "multi-value" MULTI_VALUE Allowed;
    "bulk memory: copy and fill" BULK_MEMORY_OPT Allowed;
    "bulk memory" BULK_MEMORY Allowed;
    "wide arithmetic" WIDE_ARITHMETIC Allowed;
    "floats" FLOATS Refused(FLOATS);
    "saturating float to int" SATURATING_FLOAT_TO_INT Refused(FLOATS);
    "reference types" REFERENCE_TYPES Refused(STATE);
    "overlong call_indirect" CALL_INDIRECT_OVERLONG Refused(ENCODING);
    "SIMD" SIMD Refused(VECTORS);
    "relaxed SIMD" RELAXED_SIMD Refused(VECTORS);
    "threads" THREADS Refused(THREADS);
    "shared-everything threads" SHARED_EVERYTHING_THREADS Refused(THREADS);
    "tail calls" TAIL_CALL Refused(CONTROL);
    "exceptions" EXCEPTIONS Refused(CONTROL);
    "legacy exceptions" LEGACY_EXCEPTIONS Refused(CONTROL);
    "stack switching" STACK_SWITCHING Refused(CONTROL);
    "multi-memory" MULTI_MEMORY Refused(SIZE);
    "memory64" MEMORY64 Refused(SIZE);
    "memory control" MEMORY_CONTROL Refused(SIZE);
    "custom page sizes" CUSTOM_PAGE_SIZES Refused(SIZE);
    "extended constants" EXTENDED_CONST Refused(CONSTANTS);
    "function references" FUNCTION_REFERENCES Refused(TYPES);
    "garbage collection" GC Refused(TYPES);
    "references to the host" GC_TYPES Refused(TYPES);
    "custom descriptors" CUSTOM_DESCRIPTORS Refused(TYPES);
    "compact imports" COMPACT_IMPORTS Refused(ENCODING);
    "component model" COMPONENT_MODEL Refused(COMPONENT);
    "component model: values" CM_VALUES Refused(COMPONENT);
    "component model: nested names" CM_NESTED_NAMES Refused(COMPONENT);
    "component model: async" CM_ASYNC Refused(COMPONENT);
    "component model: stackful async" CM_ASYNC_STACKFUL Refused(COMPONENT);
    "component model: more async builtins" CM_MORE_ASYNC_BUILTINS Refused(COMPONENT);
    "component model: threading" CM_THREADING Refused(COMPONENT);
    "component model: error context" CM_ERROR_CONTEXT Refused(COMPONENT);
    "component model: fixed-length lists" CM_FIXED_LENGTH_LISTS Refused(COMPONENT);
    "component model: garbage collection" CM_GC Refused(COMPONENT);
    "component model: maps" CM_MAP Refused(COMPONENT);
    "component model: 64 bits" CM64 Refused(COMPONENT);
    "component model: implements" CM_IMPLEMENTS Refused(COMPONENT);
    "component model: canonical names" CM_CANON_NAMES Refused(COMPONENT);
}

/// Returns the switches of the allowed proposals.
pub(in crate::vm) fn allowed() -> WasmFeatures {
    let allowed = PROPOSALS.iter().filter(|row| row.decision == Allowed);
    allowed.fold(WasmFeatures::empty(), |flags, row| flags.union(row.flag))
}

/// Returns the refused row that a parser's complaint is about, with its reason.
pub(in crate::vm) fn refused(missing: WasmFeatures) -> Option<(&'static str, &'static str)> {
    PROPOSALS.iter().find_map(|row| match row.decision {
        Refused(because) if missing.intersects(row.flag) => Some((row.name, because)),
        _ => None,
    })
}
