//! The upload check of function bodies: size, locals, nesting, `br_table`, and every operator's proposal and types.
//!
//! Guarantees that no body costs more than one pass over its bytes, on the heap and not on the native stack: blocks
//! are a list, whatever their nesting.

use wasmparser::{FuncToValidate, FuncValidatorAllocations, FunctionBody, Operator, ValidatorResources};

use super::limit::{at_most, limit};
use super::names;
use crate::vm::refusal::{Reason, Refusal};

/// What the bodies of a module add up to.
#[derive(Default)]
pub(super) struct Bodies {
    allocations: FuncValidatorAllocations,
    locals: u64,
    branch_targets: u64,
}

impl Bodies {
    /// Checks the next body, which has `params` parameters.
    pub(super) fn check(
        &mut self,
        code: &[u8],
        function: FuncToValidate<ValidatorResources>,
        params: usize,
        body: &FunctionBody<'_>,
    ) -> Result<(), Refusal> {
        let index = function.index;
        let offset = body.range().start;
        let place = |refusal: Refusal| Refusal { function: Some(names::function(code, index)), ..refusal };
        let size = u64::try_from(body.range().len()).unwrap_or(u64::MAX);
        at_most(limit!(BODY_BYTES_MAX), size).map_err(|reason| place(Refusal::at(offset, reason)))?;
        self.locals(u64::try_from(params).unwrap_or(u64::MAX), body).map_err(place)?;

        let allocations = core::mem::take(&mut self.allocations);
        let mut validator = function.into_validator(allocations);
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader).map_err(|error| place(Refusal::parser(&error)))?;
        let mut operators = wasmparser::OperatorsReader::new(reader);
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset().map_err(|error| place(Refusal::parser(&error)))?;
            let name = |refusal: Refusal| Refusal { operator: Some(names::operator(&operator)), ..place(refusal) };
            self.branches(&operator).map_err(|reason| name(Refusal::at(offset, reason)))?;
            validator.op(offset, &operator).map_err(|error| name(Refusal::parser(&error)))?;
            // The function itself is the first entry.
            let nesting = u64::from(validator.control_stack_height().saturating_sub(1));
            at_most(limit!(NESTING_MAX), nesting).map_err(|reason| name(Refusal::at(offset, reason)))?;
        }
        operators.finish().map_err(|error| place(Refusal::parser(&error)))?;
        self.allocations = validator.into_allocations();
        Ok(())
    }

    /// Counts declared locals, before anything is allocated for them.
    fn locals(&mut self, params: u64, body: &FunctionBody<'_>) -> Result<(), Refusal> {
        let offset = body.range().start;
        let mut declared: u64 = 0;
        for group in body.get_locals_reader().map_err(|error| Refusal::parser(&error))? {
            let (count, _) = group.map_err(|error| Refusal::parser(&error))?;
            declared = declared.saturating_add(u64::from(count));
            let all = declared.saturating_add(params);
            at_most(limit!(LOCALS_MAX), all).map_err(|reason| Refusal::at(offset, reason))?;
        }
        self.locals = self.locals.saturating_add(declared);
        at_most(limit!(LOCALS_TOTAL_MAX), self.locals).map_err(|reason| Refusal::at(offset, reason))
    }

    fn branches(&mut self, operator: &Operator<'_>) -> Result<(), Reason> {
        if let Operator::BrTable { targets } = operator {
            let targets = u64::from(targets.len());
            at_most(limit!(BR_TABLE_TARGETS_MAX), targets)?;
            self.branch_targets = self.branch_targets.saturating_add(targets);
            at_most(limit!(BR_TABLE_TARGETS_TOTAL_MAX), self.branch_targets)?;
        }
        Ok(())
    }
}
