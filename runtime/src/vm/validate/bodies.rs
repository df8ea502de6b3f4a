//! The upload check of function bodies: size, locals, nesting, `br_table`, and every operator's proposal and types.
//!
//! Guarantees that no body costs more than one pass over its bytes, on the heap and not on the native stack: blocks
//! are a list, whatever their nesting.

use florin_abi::limits::{PARAMS_MAX, RESULTS_MAX};
use wasmparser::{
    BlockType, FuncToValidate, FuncType, FuncValidatorAllocations, FunctionBody, Operator, ValidatorResources,
};

use super::limit::{at_most, limit};
use super::names;
use crate::gas::CompileWork;
use crate::vm::refusal::{Reason, Refusal};

/// What the bodies of a module add up to.
#[derive(Default)]
pub(super) struct Bodies {
    allocations: FuncValidatorAllocations,
    functions: u64,
    locals: u64,
    branch_targets: u64,
    loops: u64,
    basic_blocks: u64,
    carried: u64,
    calls: u64,
    /// Whether an operator changes a table or drops a segment.
    pub(super) changes_tables: bool,
}

/// What one body adds up to.
#[derive(Default)]
struct Body {
    loops: u64,
    basic_blocks: u64,
    branch_targets: u64,
    /// The most values that a branch to one of its labels can carry.
    arity_max: u64,
}

impl Bodies {
    /// Returns what compiling the bodies takes.
    pub(super) fn work(&self) -> CompileWork {
        CompileWork {
            functions: self.functions,
            basic_blocks: self.basic_blocks,
            loops: self.loops,
            calls: self.calls,
            carried_values: self.carried,
        }
    }

    /// Checks the next body, of a function of this type.
    pub(super) fn check(
        &mut self,
        code: &[u8],
        function: FuncToValidate<ValidatorResources>,
        ty: &FuncType,
        body: &FunctionBody<'_>,
    ) -> Result<(), Refusal> {
        self.functions = self.functions.saturating_add(1);
        let index = function.index;
        let offset = body.range().start;
        let place = |refusal: Refusal| Refusal { function: Some(names::function(code, index)), ..refusal };
        let size = u64::try_from(body.range().len()).unwrap_or(u64::MAX);
        at_most(limit!(BODY_BYTES_MAX), size).map_err(|reason| place(Refusal::at(offset, reason)))?;
        let results = length(ty.results().len());
        self.locals(length(ty.params().len()), body).map_err(place)?;

        let allocations = core::mem::take(&mut self.allocations);
        let mut validator = function.into_validator(allocations);
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader).map_err(|error| place(Refusal::parser(&error)))?;
        let locals = u64::from(validator.len_locals());
        let mut totals = Body { arity_max: results, ..Body::default() };
        let mut operators = wasmparser::OperatorsReader::new(reader);
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset().map_err(|error| place(Refusal::parser(&error)))?;
            let name = |refusal: Refusal| Refusal { operator: Some(names::operator(&operator)), ..place(refusal) };
            self.branches(&operator).map_err(|reason| name(Refusal::at(offset, reason)))?;
            self.blocks(&operator, &mut totals).map_err(|reason| name(Refusal::at(offset, reason)))?;
            validator.op(offset, &operator).map_err(|error| name(Refusal::parser(&error)))?;
            // The function itself is the first entry.
            let nesting = u64::from(validator.control_stack_height().saturating_sub(1));
            at_most(limit!(NESTING_MAX), nesting).map_err(|reason| name(Refusal::at(offset, reason)))?;
        }
        operators.finish().map_err(|error| place(Refusal::parser(&error)))?;
        self.allocations = validator.into_allocations();
        let edges = totals.basic_blocks.saturating_add(totals.branch_targets);
        let carried = edges.saturating_mul(locals.saturating_add(totals.arity_max));
        self.carried = self.carried.saturating_add(carried);
        at_most(limit!(CARRIED_VALUES_MAX), self.carried).map_err(|reason| place(Refusal::at(offset, reason)))
    }

    /// Counts what makes a compiler begin a basic block: its work grows faster than the bytes with loops, and with
    /// locals times blocks.
    fn blocks(&mut self, operator: &Operator<'_>, body: &mut Body) -> Result<(), Reason> {
        use Operator as O;
        self.changes_tables |= matches!(
            operator,
            O::TableCopy { .. }
                | O::TableInit { .. }
                | O::TableSet { .. }
                | O::TableGrow { .. }
                | O::TableFill { .. }
                | O::ElemDrop { .. }
                | O::DataDrop { .. }
        );
        match operator {
            O::Block { .. } | O::Loop { .. } | O::If { .. } | O::Else | O::BrIf { .. } | O::BrTable { .. } => {}
            O::MemoryCopy { .. } | O::MemoryFill { .. } | O::MemoryInit { .. } | O::MemoryGrow { .. } => {}
            O::TableCopy { .. } | O::TableInit { .. } => {}
            O::Call { .. } | O::CallIndirect { .. } => {
                self.calls = self.calls.saturating_add(1);
                return at_most(limit!(CALLS_TOTAL_MAX), self.calls);
            }
            _ => return Ok(()),
        }
        if let O::Block { blockty } | O::Loop { blockty } | O::If { blockty } = operator {
            body.arity_max = body.arity_max.max(most_values(*blockty));
        }
        if matches!(operator, O::Loop { .. }) {
            body.loops = body.loops.saturating_add(1);
            self.loops = self.loops.saturating_add(1);
            at_most(limit!(LOOPS_MAX), body.loops)?;
            at_most(limit!(LOOPS_TOTAL_MAX), self.loops)?;
        }
        if let O::BrTable { targets } = operator {
            body.branch_targets = body.branch_targets.saturating_add(u64::from(targets.len()));
        }
        body.basic_blocks = body.basic_blocks.saturating_add(1);
        self.basic_blocks = self.basic_blocks.saturating_add(1);
        at_most(limit!(BASIC_BLOCKS_MAX), body.basic_blocks)?;
        at_most(limit!(BASIC_BLOCKS_TOTAL_MAX), self.basic_blocks)
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

/// Returns the most values that a branch to a block of this type can carry. A type with an index is one that the limits
/// let through.
fn most_values(ty: BlockType) -> u64 {
    match ty {
        BlockType::Empty => 0,
        BlockType::Type(_) => 1,
        BlockType::FuncType(_) => u64::from(PARAMS_MAX.max(RESULTS_MAX)),
    }
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
