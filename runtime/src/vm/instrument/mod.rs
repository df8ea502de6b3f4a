//! The metering pass: rewrites a checked module once, so that its own bytes count what they cost.
//!
//! Guarantees, for every engine that follows the specification:
//! - *Ticks.* A global `i64`, exported as [`TICKS_EXPORT`], is decremented by the price of a run of operators before the
//!   run begins ([`runs`]), and by the price of every byte, element or page before a bulk operation begins. A small function
//!   is paid by its callers ([`small`]). The counter is compared with zero on entry of a function, at the head of each loop
//!   that is not paid before, before a bulk operation, where much was executed since the last time, and when a function that
//!   calls others returns; below zero the code stops. A call that ends, however it ends, with the counter below zero is out
//!   of gas. Less than 4 * `UNCOMPARED_TICKS_MAX` ticks, which is 2,048 gas, are ever executed unpaid.
//! - *Formula.* A call that returns burns, for each operator that it executed, the operator's price, for each function that it
//!   entered the price of its entry, for each small function its flat price, and for each unit of a bulk operation the unit's.
//!   A call that is cut off, by a trap or by a host function, burns the runs that it has begun to their ends: at most
//!   one pass through each body that is running, with at most `PREPAID_TICKS_MAX` for each loop that is paid before.
//! - *Stack.* A global `i32`, exported as [`STACK_EXPORT`], holds the stack units that are left. A function takes
//!   [`FRAME_UNITS`], its locals, its deepest operand stack and a part of its operators ([`OPERATORS_PER_UNIT`]) on
//!   entry, and gives them back on every exit; a function that calls no other only compares. Below zero the code stops.
//! - *Entries.* Each of the contract's entries has one before it that sets every global; see [`entry`].
//! - Contracts can reach none of it: the upload check refuses the names, and the indices are past the module's own.
//! - What is not metering is copied byte for byte; custom sections are dropped.
//!
//! The shape of a function that calls others, `[..]` being added:
//!
//! ```text
//! [ticks -= run; if ticks < 0 { unreachable }]
//! [stack -= cost; if stack < 0 { unreachable }]
//! [block (its results)] .. [ticks -= run] .. return -> [br to the block] .. [end]
//! [stack += cost; if ticks < 0 { unreachable }]
//! ```
//!
//! Costs two passes, one with the types of the operand stack. `small` finds the small functions, `runs` the runs, with
//! `endings` and `trips`; `body` writes a function, `price` prices an operator. `naive` is the reference in tests.

mod body;
mod endings;
mod entry;
#[cfg(test)]
pub(super) mod naive;
mod places;
mod price;
mod runs;
mod small;
#[cfg(test)]
mod tests;
mod trips;

use florin_abi::limits::STACK_UNITS_MAX;
use wasm_encoder::{
    CodeSection, ConstExpr, Encode, ExportKind, GlobalType, Module, RawSection, SectionId, ValType as EncodedType,
};
use wasmparser::{
    BinaryReader, FuncType, FuncValidatorAllocations, Parser, Payload, TypeRef, ValType, ValidPayload, Validator,
};

use self::body::Context;
pub(super) use self::entry::{ENTER_CALL, ENTER_INIT};
use self::entry::{ENTRY_TYPE, Entry};
use self::places::BodyPlaces;
pub(in crate::vm) use self::places::Places;
use self::small::SmallFunctions;
use super::validate::proposals;
use crate::fault::Fault;
use crate::gas::OperatorPrices;

/// The name of this pass in cache keys. Changes with every change of what it writes.
pub(super) const INSTRUMENTATION_ID: &str = "florin/instrumentation/3";

/// The export that holds the ticks that are left.
pub(super) const TICKS_EXPORT: &str = "florin:ticks";

/// The export that holds the stack units that are left.
pub(super) const STACK_EXPORT: &str = "florin:stack";

/// Operators of a body for which a frame takes one stack unit more. An optimizer may keep alive, across a call or through a
/// loop, what any operator has produced: values that the code computes twice, or that do not change in a loop. With the
/// native bytes that a unit stands for, each operator can have its value and an address kept at the same time.
pub(super) const OPERATORS_PER_UNIT: u32 = 4;

/// Stack units of a frame beside locals and operands: return address, saved registers, what an engine spills.
pub(super) const FRAME_UNITS: u32 = 16;

/// Rewrites a module that passed the upload check.
///
/// # Errors
/// `Fault::Engine` if the module is not what the upload check lets through.
pub(super) fn instrument(code: &[u8], prices: &OperatorPrices) -> Result<Vec<u8>, Fault> {
    Ok(instrument_with_places(code, prices)?.0)
}

/// Rewrites a module, and tells where its operators stand in what was written.
///
/// # Errors
/// As [`instrument`].
pub(super) fn instrument_with_places(code: &[u8], prices: &OperatorPrices) -> Result<(Vec<u8>, Places), Fault> {
    rewrite(code, Some(prices))
}

/// Adds the counters to a module that passed the upload check, and leaves its code as it is: what a bench holds metered
/// code against.
///
/// # Errors
/// As [`instrument`].
#[cfg(feature = "measure")]
pub(super) fn uncounted(code: &[u8]) -> Result<Vec<u8>, Fault> {
    Ok(rewrite(code, None)?.0)
}

/// Writes the module, with its bodies metered if there are prices.
fn rewrite(code: &[u8], prices: Option<&OperatorPrices>) -> Result<(Vec<u8>, Places), Fault> {
    let small = prices.map(|prices| SmallFunctions::of(code, prices)).transpose()?;
    let mut writer = Writer { entries: entry::find(code)?, ..Writer::default() };
    let mut validator = Validator::new_with_features(proposals::allowed());
    let mut allocations = FuncValidatorAllocations::default();
    for payload in Parser::new(0).parse_all(code) {
        let payload = payload.map_err(fault)?;
        match validator.payload(&payload).map_err(fault)? {
            ValidPayload::Func(function, body) => {
                let index = function.index;
                let Some((prices, small)) = prices.zip(small.as_ref()).filter(|(_, small)| small.get(index).is_none())
                else {
                    // As it is: its callers pay for it.
                    let bytes = code.get(body.range()).ok_or(Fault::Invariant("a body lies in its module"))?;
                    writer.code.raw(bytes);
                    let start = body.get_operators_reader().map_err(fault)?.original_position();
                    writer.places.body(BodyPlaces::whole(body.range(), start));
                    allocations = function.into_validator(allocations).into_allocations();
                    continue;
                };
                let mut function = function.into_validator(allocations);
                let context = writer.context(prices, small, index)?;
                let (metered, places) = body::meter(code, &mut function, &body, &context)?;
                writer.places.body(places);
                writer.code.raw(&metered);
                allocations = function.into_allocations();
            }
            _ => writer.section(code, &payload)?,
        }
    }
    let places = core::mem::take(&mut writer.places);
    Ok((writer.finish(), places))
}

/// The metered module as far as it is written, and what of the original is needed to go on.
#[derive(Default)]
struct Writer {
    module: Module,
    types: Vec<FuncType>,
    /// Type index of every function, the imported ones first.
    functions: Vec<u32>,
    imported: u32,
    /// Globals, the imported ones first. A contract imports none; modules of the specification's tests do.
    globals: u32,
    imported_globals: u32,
    globals_written: bool,
    /// Result lists of two or more, each with the index of an added type `() -> results`.
    result_types: Vec<(Box<[ValType]>, u32)>,
    entries: Vec<Entry>,
    /// Index of the type of an added entry.
    entry_type: u32,
    /// Code that gives the contract's globals their initial values.
    reset: Vec<u8>,
    code: CodeSection,
    places: Places,
    data: Option<Vec<u8>>,
}

impl Writer {
    /// Copies a section, with what metering adds to it.
    fn section(&mut self, code: &[u8], payload: &Payload<'_>) -> Result<(), Fault> {
        match payload {
            Payload::TypeSection(section) => {
                for ty in section.clone().into_iter_err_on_gc_types() {
                    self.types.push(ty.map_err(fault)?);
                }
                let (count, items) = items(code, section.range())?;
                let added = self.add_result_types(count);
                self.entry_type = count.saturating_add(length(self.result_types.len()));
                let count = leb(self.entry_type.saturating_add(1));
                self.write(SectionId::Type, &[&count, items, &added, &ENTRY_TYPE]);
                return Ok(());
            }
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    self.import(import.map_err(fault)?.ty);
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section.clone() {
                    self.functions.push(ty.map_err(fault)?);
                }
                let (count, items) = items(code, section.range())?;
                let count = leb(count.saturating_add(length(self.entries.len())));
                let added: Vec<u8> = self.entries.iter().flat_map(|_| leb(self.entry_type)).collect();
                self.write(SectionId::Function, &[&count, items, &added]);
                return Ok(());
            }
            Payload::GlobalSection(section) => {
                self.globals = self.globals.saturating_add(section.count());
                self.reset = entry::reset_globals(section)?;
                let (_, items) = items(code, section.range())?;
                self.write_globals(items);
                return Ok(());
            }
            Payload::ExportSection(section) => {
                self.write_globals(&[]);
                let (count, items) = items(code, section.range())?;
                let (exports, added) = self.added_exports();
                self.write(SectionId::Export, &[&leb(count.saturating_add(exports)), items, &added]);
                return Ok(());
            }
            Payload::CodeSectionStart { range, .. } => {
                self.places.code_section(range.start);
                return Ok(());
            }
            Payload::DataSection(section) => {
                // Stands behind the code, which is written when it is complete.
                self.data = code.get(section.range()).map(<[u8]>::to_vec);
                return Ok(());
            }
            Payload::CustomSection(_) => return Ok(()),
            _ => {}
        }
        match payload.as_section() {
            Some((id, range)) if id != SectionId::Code as u8 => {
                let data = code.get(range).ok_or(Fault::Invariant("a section lies in the module"))?;
                self.module.section(&RawSection { id, data });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn import(&mut self, ty: TypeRef) {
        match ty {
            TypeRef::Func(ty) => {
                self.functions.push(ty);
                self.imported = self.imported.saturating_add(1);
            }
            TypeRef::Global(_) => {
                self.globals = self.globals.saturating_add(1);
                self.imported_globals = self.imported_globals.saturating_add(1);
            }
            _ => {}
        }
    }

    fn finish(mut self) -> Vec<u8> {
        for entry in &self.entries {
            self.code.raw(&entry.body(self.ticks(), self.stack(), STACK_UNITS_MAX, &self.reset));
        }
        if !self.code.is_empty() {
            self.module.section(&self.code);
        }
        if let Some(data) = &self.data {
            self.module.section(&RawSection { id: SectionId::Data as u8, data });
        }
        self.module.finish()
    }

    /// Returns what the body of a function needs to know.
    fn context<'a>(
        &'a self,
        prices: &'a OperatorPrices,
        small: &'a SmallFunctions,
        function: u32,
    ) -> Result<Context<'a>, Fault> {
        let ty = self.functions.get(index(function)).and_then(|ty| self.types.get(index(*ty)));
        let ty = ty.ok_or(Fault::Invariant("every function has a type"))?;
        let block = match ty.results() {
            [] => wasm_encoder::BlockType::Empty,
            [one] => wasm_encoder::BlockType::Result(encoded(*one)?),
            many => {
                let found = self.result_types.iter().find(|(results, _)| **results == *many);
                let (_, index) = found.ok_or(Fault::Invariant("every long result list has a type"))?;
                wasm_encoder::BlockType::FunctionType(*index)
            }
        };
        let params = length(ty.params().len());
        Ok(Context { prices, small, imported: self.imported, params, block, ticks: self.ticks(), stack: self.stack() })
    }

    /// Adds a type `() -> results` for every list of two or more results; returns the encoded types.
    fn add_result_types(&mut self, mut next: u32) -> Vec<u8> {
        let mut encoded_types = Vec::new();
        for ty in &self.types {
            let results = ty.results();
            if results.len() < 2 || self.result_types.iter().any(|(known, _)| **known == *results) {
                continue;
            }
            const FUNCTION_TYPE: u8 = 0x60;
            encoded_types.push(FUNCTION_TYPE);
            0_u32.encode(&mut encoded_types);
            length(results.len()).encode(&mut encoded_types);
            for result in results.iter().filter_map(|result| encoded(*result).ok()) {
                result.encode(&mut encoded_types);
            }
            self.result_types.push((results.into(), next));
            next = next.saturating_add(1);
        }
        encoded_types
    }

    /// Returns how many exports are added, and the exports: the counters and the entries, which are the last functions.
    fn added_exports(&self) -> (u32, Vec<u8>) {
        let mut added = Vec::new();
        for (name, index) in [(TICKS_EXPORT, self.ticks()), (STACK_EXPORT, self.stack())] {
            name.encode(&mut added);
            ExportKind::Global.encode(&mut added);
            index.encode(&mut added);
        }
        for (index, entry) in (length(self.functions.len())..).zip(&self.entries) {
            entry.name.encode(&mut added);
            ExportKind::Func.encode(&mut added);
            index.encode(&mut added);
        }
        (length(self.entries.len()).saturating_add(2), added)
    }

    fn write_globals(&mut self, items: &[u8]) {
        if core::mem::replace(&mut self.globals_written, true) {
            return;
        }
        let mut added = Vec::new();
        let counter = |val_type| GlobalType { val_type, mutable: true, shared: false };
        counter(EncodedType::I64).encode(&mut added);
        ConstExpr::i64_const(0).encode(&mut added);
        counter(EncodedType::I32).encode(&mut added);
        ConstExpr::i32_const(STACK_UNITS_MAX.cast_signed()).encode(&mut added);
        let own = self.globals.saturating_sub(self.imported_globals);
        self.write(SectionId::Global, &[&leb(own.saturating_add(2)), items, &added]);
    }

    fn write(&mut self, id: SectionId, parts: &[&[u8]]) {
        self.module.section(&RawSection { id: id as u8, data: &parts.concat() });
    }

    /// Returns the index of the tick counter.
    fn ticks(&self) -> u32 {
        self.globals
    }

    /// Returns the index of the stack counter.
    fn stack(&self) -> u32 {
        self.globals.saturating_add(1)
    }
}

/// Splits a section into its count and its items.
pub(super) fn items(code: &[u8], range: core::ops::Range<usize>) -> Result<(u32, &[u8]), Fault> {
    let section = code.get(range).ok_or(Fault::Invariant("a section lies in the module"))?;
    let mut reader = BinaryReader::new(section, 0);
    let count = reader.read_var_u32().map_err(fault)?;
    Ok((count, section.get(reader.original_position()..).unwrap_or_default()))
}

fn encoded(ty: ValType) -> Result<EncodedType, Fault> {
    match ty {
        ValType::I32 => Ok(EncodedType::I32),
        ValType::I64 => Ok(EncodedType::I64),
        _ => Err(Fault::Invariant("a checked module has integers only")),
    }
}

fn leb(value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    bytes
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn index(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

fn fault(error: wasmparser::Error) -> Fault {
    Fault::Engine(format!("a checked module does not parse: {}", error.message()))
}
