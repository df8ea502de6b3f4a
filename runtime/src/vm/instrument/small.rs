//! Finds the small functions of a module: they have one flat price, which their callers pay with the call, so that they
//! run without a counter.
//!
//! A function is small if it calls nothing, has no loop and no bulk operation or `memory.grow`, costs at most
//! [`TICKS_MAX`], and can be reached by direct calls alone: it is neither exported nor in an element segment. It costs the
//! sum of its operators and its entry, whichever branches it takes. Its frame is part of each caller's frame.

use wasmparser::{ElementItems, ExternalKind, FunctionBody, Operator, Parser, Payload, TypeRef};

use super::{FRAME_UNITS, OPERATORS_PER_UNIT, fault, index, length, price};
use crate::fault::Fault;
use crate::gas::OperatorPrices;

/// The dearest small function, in ticks.
pub(super) const TICKS_MAX: u64 = 1_024;

/// The flat price of a function, and its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Small {
    /// What it costs, its entry included, in ticks.
    pub(super) ticks: u64,
    /// What its frame takes, in stack units.
    pub(super) units: u32,
}

/// The small functions of a module.
#[derive(Debug, Default)]
pub(super) struct SmallFunctions {
    imported: u32,
    /// By the index among the module's own functions.
    found: Vec<Option<Small>>,
}

impl SmallFunctions {
    /// Finds the small functions of a module that passed the upload check.
    ///
    /// # Errors
    /// `Fault::Engine` if the module is not what the upload check lets through.
    pub(super) fn of(code: &[u8], prices: &OperatorPrices) -> Result<Self, Fault> {
        let mut small = Self::default();
        let mut params = Vec::new();
        let (mut types, mut reachable) = (Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(code) {
            match payload.map_err(fault)? {
                Payload::TypeSection(section) => {
                    for ty in section.into_iter_err_on_gc_types() {
                        types.push(length(ty.map_err(fault)?.params().len()));
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        if matches!(import.map_err(fault)?.ty, TypeRef::Func(_)) {
                            small.imported = small.imported.saturating_add(1);
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        params.push(types.get(index(ty.map_err(fault)?)).copied().unwrap_or_default());
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.map_err(fault)?;
                        if export.kind == ExternalKind::Func {
                            reachable.push(export.index);
                        }
                    }
                }
                Payload::ElementSection(section) => {
                    for element in section {
                        named(element.map_err(fault)?.items, &mut reachable)?;
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    let params = params.get(small.found.len()).copied().unwrap_or_default();
                    small.found.push(measure(&body, params, prices)?);
                }
                _ => {}
            }
        }
        for function in reachable {
            if let Some(found) = small.place(function).and_then(|place| small.found.get_mut(place)) {
                *found = None;
            }
        }
        Ok(small)
    }

    /// Returns a function's flat price and frame if it is small.
    pub(super) fn get(&self, function: u32) -> Option<Small> {
        self.found.get(self.place(function)?).copied().flatten()
    }

    fn place(&self, function: u32) -> Option<usize> {
        function.checked_sub(self.imported).map(index)
    }
}

/// Notes the functions that an element segment names.
fn named(items: ElementItems<'_>, functions: &mut Vec<u32>) -> Result<(), Fault> {
    match items {
        ElementItems::Functions(section) => {
            for function in section {
                functions.push(function.map_err(fault)?);
            }
        }
        ElementItems::Expressions(_, section) => {
            for expression in section {
                for operator in expression.map_err(fault)?.get_operators_reader() {
                    if let Operator::RefFunc { function_index } = operator.map_err(fault)? {
                        functions.push(function_index);
                    }
                }
            }
        }
    }
    Ok(())
}

/// Adds up a body; nothing if it is not small.
fn measure(body: &FunctionBody<'_>, params: u32, prices: &OperatorPrices) -> Result<Option<Small>, Fault> {
    let mut locals = 0_u32;
    for group in body.get_locals_reader().map_err(fault)? {
        locals = locals.saturating_add(group.map_err(fault)?.0);
    }
    let mut ticks = price::entry(locals.into(), prices);
    let mut operators = 0_u32;
    for operator in body.get_operators_reader().map_err(fault)? {
        let operator = operator.map_err(fault)?;
        let counts = matches!(operator, Operator::Loop { .. } | Operator::Call { .. } | Operator::CallIndirect { .. });
        if counts || price::per_unit(&operator, prices).is_some() || ticks > TICKS_MAX {
            return Ok(None);
        }
        // Without calls it does not matter how many functions are imported.
        ticks = ticks.saturating_add(price::fixed(&operator, 0, prices)?);
        operators = operators.saturating_add(1);
    }
    // No more values can wait on the operand stack than there are operators.
    let kept = operators / OPERATORS_PER_UNIT;
    let locals = params.saturating_add(locals);
    let units = FRAME_UNITS.saturating_add(locals).saturating_add(operators).saturating_add(kept);
    Ok((ticks <= TICKS_MAX).then_some(Small { ticks, units }))
}
