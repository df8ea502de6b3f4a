//! The entries of a metered module: for each that the contract has, one that sets every global first.
//!
//! An entry takes the ticks, gives every mutable global its initial value, the counters included, and calls the
//! contract's own entry. So whatever an earlier call in the same instance left in the globals, a call begins with those of
//! a new instance, by the module's own bytes and on every engine. What an entry itself executes is not metered: the price
//! of an instance pays for at most `GLOBALS_MAX` globals.
//!
//! ```text
//! (func (export "florin:call") (param $ticks i64)
//!     global.set $ticks ($ticks)   global.set $stack (STACK_UNITS_MAX)
//!     global.set each mutable global (its initial value)
//!     call the function that is exported as `florin_call`)
//! ```

use florin_abi::{CALL_EXPORT, INIT_EXPORT};
use wasm_encoder::{Encode, Instruction};
use wasmparser::{ExternalKind, GlobalSectionReader, Parser, Payload};

use super::fault;
use crate::fault::Fault;

/// The entry of a call; takes the ticks.
pub(in crate::vm) const ENTER_CALL: &str = "florin:call";

/// The entry of a contract's creation; takes the ticks. Exported if the contract has one.
pub(in crate::vm) const ENTER_INIT: &str = "florin:init";

/// The encoded type `(i64) -> ()`.
pub(super) const ENTRY_TYPE: [u8; 4] = [0x60, 1, 0x7e, 0];

/// An entry of the contract and the one that is added for it.
pub(super) struct Entry {
    /// Name of the added export.
    pub(super) name: &'static str,
    /// Index of the contract's own function.
    function: u32,
}

/// Finds the contract's entries, the call first.
pub(super) fn find(code: &[u8]) -> Result<Vec<Entry>, Fault> {
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(code) {
        let Payload::ExportSection(section) = payload.map_err(fault)? else { continue };
        for export in section {
            let export = export.map_err(fault)?;
            let name = match export.name {
                CALL_EXPORT => ENTER_CALL,
                INIT_EXPORT => ENTER_INIT,
                _ => continue,
            };
            if export.kind == ExternalKind::Func {
                found.push(Entry { name, function: export.index });
            }
        }
        break;
    }
    found.sort_by_key(|entry| entry.name);
    Ok(found)
}

/// Returns code that gives every mutable global of the section its initial value. What a global begins with is a constant
/// expression, and a constant expression is code.
pub(super) fn reset_globals(section: &GlobalSectionReader<'_>) -> Result<Vec<u8>, Fault> {
    let mut code = Vec::new();
    for (index, global) in (0..).zip(section.clone()) {
        let global = global.map_err(fault)?;
        if !global.ty.mutable {
            continue;
        }
        let mut value = global.init_expr.get_binary_reader();
        let value = value.read_bytes(value.bytes_remaining()).map_err(fault)?;
        // Without its `end`.
        code.extend_from_slice(value.split_last().map_or(&[][..], |(_, value)| value));
        Instruction::GlobalSet(index).encode(&mut code);
    }
    Ok(code)
}

impl Entry {
    /// Returns the body: the counters, the contract's globals as `reset` sets them, the contract's function.
    pub(super) fn body(&self, ticks: u32, stack: u32, stack_units: u32, reset: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        // No locals.
        0_u32.encode(&mut body);
        Instruction::LocalGet(0).encode(&mut body);
        Instruction::GlobalSet(ticks).encode(&mut body);
        Instruction::I32Const(stack_units.cast_signed()).encode(&mut body);
        Instruction::GlobalSet(stack).encode(&mut body);
        body.extend_from_slice(reset);
        Instruction::Call(self.function).encode(&mut body);
        Instruction::End.encode(&mut body);
        body
    }
}
