//! Writes one metered function body: the original bytes, with the counters' code between them.
//!
//! Works in two steps: [`survey`] walks the operators once and notes what goes where; [`meter`] copies and inserts.

use wasm_encoder::{BlockType, Encode, Instruction, ValType as EncodedType};
use wasmparser::{BinaryReader, FuncValidator, FunctionBody, Operator, OperatorsReader, ValidatorResources};

use super::endings::endings;
use super::places::BodyPlaces;
use super::price::{self, PerUnit};
use super::runs::{Run, Runs, UNCOMPARED_TICKS_MAX};
use super::small::SmallFunctions;
use super::{FRAME_UNITS, OPERATORS_PER_UNIT, fault};
use crate::fault::Fault;
use crate::gas::OperatorPrices;

/// What a body needs to know of its module and its type.
pub(super) struct Context<'a> {
    pub(super) prices: &'a OperatorPrices,
    /// The functions that do not count themselves.
    pub(super) small: &'a SmallFunctions,
    /// Imported functions, which have the first indices.
    pub(super) imported: u32,
    /// Parameters of the function.
    pub(super) params: u32,
    /// The type of a block around the body.
    pub(super) block: BlockType,
    /// Index of the tick counter.
    pub(super) ticks: u32,
    /// Index of the stack counter.
    pub(super) stack: u32,
}

/// What metering has to know of a body before it can write it.
struct Survey {
    /// Offset of the first operator in the module.
    start: usize,
    /// Locals, parameters included.
    locals: u32,
    /// Most values on the operand stack.
    operands_max: u32,
    /// Operators of the body.
    operators: u32,
    /// Whether it calls a function of its module that takes a frame itself.
    calls: bool,
    /// The largest frame of a small function that it calls, in stack units.
    small_units: u32,
    runs: Vec<Run>,
    /// Bulk operations that are reached and charged by themselves: offset and price.
    bulks: Vec<(usize, PerUnit)>,
    /// `return` operators that are reached: offset and the label that leaves the function.
    returns: Vec<(usize, u32)>,
}

/// Code to insert at an offset of the module, in place of `skip` original bytes.
struct Patch {
    at: usize,
    skip: usize,
    code: Vec<u8>,
}

/// Returns the metered body, locals and code without the size before them, and where the original operators stand in it.
pub(super) fn meter(
    module: &[u8],
    function: &mut FuncValidator<ValidatorResources>,
    body: &FunctionBody<'_>,
    context: &Context<'_>,
) -> Result<(Vec<u8>, BodyPlaces), Fault> {
    let survey = survey(function, body, context)?;
    let original = |from: usize, to: usize| {
        module.get(from..to).ok_or(Fault::Invariant("a body and its operators lie in the module"))
    };
    let mut written = locals(original(body.range().start, survey.start)?, &survey)?;
    let (mut position, mut places) = (survey.start, BodyPlaces::default());
    for patch in patches(&survey, context) {
        places.copied(written.len(), position, patch.at.saturating_sub(position));
        written.extend_from_slice(original(position, patch.at)?);
        written.extend_from_slice(&patch.code);
        position = patch.at.saturating_add(patch.skip);
    }
    places.copied(written.len(), position, body.range().end.saturating_sub(position));
    written.extend_from_slice(original(position, body.range().end)?);
    if survey.calls {
        written.extend_from_slice(&epilogue(&survey, context));
    }
    Ok((written, places))
}

fn survey(
    function: &mut FuncValidator<ValidatorResources>,
    body: &FunctionBody<'_>,
    context: &Context<'_>,
) -> Result<Survey, Fault> {
    let mut reader = body.get_binary_reader();
    function.read_locals(&mut reader).map_err(fault)?;
    let start = reader.original_position();
    let locals = function.len_locals();
    let zeroed = u64::from(locals.saturating_sub(context.params));
    let endings = endings(OperatorsReader::new(reader.clone()))?;
    let mut runs = Runs::new(start, price::entry(zeroed, context.prices), endings);
    let (mut operands_max, mut operator_count, mut calls, mut small_units) = (0, 0_u32, false, 0);
    let (mut bulks, mut returns, mut constant) = (Vec::new(), Vec::new(), None);
    let mut operators = OperatorsReader::new(reader);
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset().map_err(fault)?;
        function.op(offset, &operator).map_err(fault)?;
        operator_count = operator_count.saturating_add(1);
        operands_max = operands_max.max(function.operand_stack_height());
        let mut ticks = price::fixed(&operator, context.imported, context.prices)?;
        let mut counts = false;
        match &operator {
            Operator::Call { function_index } => match context.small.get(*function_index) {
                Some(small) => {
                    ticks = ticks.saturating_add(small.ticks);
                    small_units = small_units.max(small.units);
                }
                None => {
                    counts = true;
                    calls |= *function_index >= context.imported;
                }
            },
            Operator::CallIndirect { .. } => (counts, calls) = (true, true),
            Operator::Return if runs.reached() => returns.push((offset, runs.depth())),
            _ => {}
        }
        if let Some(per_unit) = price::per_unit(&operator, context.prices).filter(|_| runs.reached()) {
            match constant.and_then(|units| per_unit.of(units)).filter(|ticks| *ticks <= UNCOMPARED_TICKS_MAX) {
                Some(known) => ticks = ticks.saturating_add(known),
                None => bulks.push((offset, per_unit)),
            }
        }
        constant = match operator {
            Operator::I32Const { value } => Some(value.cast_unsigned()),
            _ => None,
        };
        runs.operator(&operator, ticks, operators.original_position());
        if counts {
            runs.called();
        }
    }
    let (runs, operators) = (runs.finish(), operator_count);
    Ok(Survey { start, locals, operands_max, operators, calls, small_units, runs, bulks, returns })
}

impl Survey {
    /// Returns what a frame of this function takes, in stack units.
    fn frame_units(&self) -> i32 {
        let kept = self.operators / OPERATORS_PER_UNIT;
        let units = FRAME_UNITS.saturating_add(self.locals).saturating_add(self.operands_max).saturating_add(kept);
        i32::try_from(units.saturating_add(self.small_units)).unwrap_or(i32::MAX)
    }

    /// Tells whether something was charged that nothing compares before the function returns.
    fn uncompared(&self) -> bool {
        self.runs.iter().any(|run| !run.compared && run.ticks > 0)
    }
}

/// Returns the declarations of locals, with one more if a bulk operation needs it.
fn locals(declared: &[u8], survey: &Survey) -> Result<Vec<u8>, Fault> {
    if survey.bulks.is_empty() {
        return Ok(declared.to_vec());
    }
    let mut reader = BinaryReader::new(declared, 0);
    let groups = reader.read_var_u32().map_err(fault)?;
    let mut bytes = Vec::new();
    groups.saturating_add(1).encode(&mut bytes);
    bytes.extend_from_slice(declared.get(reader.original_position()..).unwrap_or_default());
    1_u32.encode(&mut bytes);
    EncodedType::I32.encode(&mut bytes);
    Ok(bytes)
}

/// Returns what is inserted, in the order of the body.
fn patches(survey: &Survey, context: &Context<'_>) -> Vec<Patch> {
    let mut patches: Vec<Patch> = survey.runs.iter().map(|run| head(run, survey, context)).collect();
    for (at, per_unit) in &survey.bulks {
        let code = encode(&charge_units(*per_unit, survey.locals, context.ticks));
        patches.push(Patch { at: *at, skip: 0, code });
    }
    if survey.calls {
        for (at, label) in &survey.returns {
            // The operator `return` is one byte.
            patches.push(Patch { at: *at, skip: 1, code: encode(&[Instruction::Br(*label)]) });
        }
    }
    // Stable: a run that begins at a bulk operation is charged before it.
    patches.sort_by_key(|patch| patch.at);
    patches
}

/// Returns the code at the head of a run.
fn head(run: &Run, survey: &Survey, context: &Context<'_>) -> Patch {
    let mut code = Vec::new();
    if run.ticks > 0 {
        code.extend(charge(run.ticks, context.ticks));
    }
    if run.compared {
        code.extend(stop_below_zero(context.ticks));
    }
    if run.start == survey.start {
        code.extend(take_frame(survey, context));
    }
    Patch { at: run.start, skip: 0, code: encode(&code) }
}

fn charge(ticks: u64, counter: u32) -> [Instruction<'static>; 4] {
    let ticks = i64::try_from(ticks).unwrap_or(i64::MAX);
    [
        Instruction::GlobalGet(counter),
        Instruction::I64Const(ticks),
        Instruction::I64Sub,
        Instruction::GlobalSet(counter),
    ]
}

fn stop_below_zero(counter: u32) -> [Instruction<'static>; 6] {
    [
        Instruction::GlobalGet(counter),
        Instruction::I64Const(0),
        Instruction::I64LtS,
        Instruction::If(BlockType::Empty),
        Instruction::Unreachable,
        Instruction::End,
    ]
}

/// Charges for the units on top of the stack, which stay there; `local` is free for it.
fn charge_units(per_unit: PerUnit, local: u32, counter: u32) -> Vec<Instruction<'static>> {
    let ticks = i64::try_from(per_unit.ticks).unwrap_or(i64::MAX);
    let mut code = vec![Instruction::LocalTee(local), Instruction::GlobalGet(counter), Instruction::LocalGet(local)];
    if let Some(units_max) = per_unit.units_max {
        // The smaller of the two.
        let units_max = Instruction::I32Const(units_max.cast_signed());
        code.extend([
            units_max.clone(),
            Instruction::LocalGet(local),
            units_max,
            Instruction::I32LtU,
            Instruction::Select,
        ]);
    }
    code.extend([
        Instruction::I64ExtendI32U,
        Instruction::I64Const(ticks),
        Instruction::I64Mul,
        Instruction::I64Sub,
        Instruction::GlobalSet(counter),
    ]);
    code.extend(stop_below_zero(counter));
    code
}

fn take_frame(survey: &Survey, context: &Context<'_>) -> Vec<Instruction<'static>> {
    let units = survey.frame_units();
    if !survey.calls {
        // Nothing runs above this frame, so that comparing is enough; -1 tells why the code stops.
        return vec![
            Instruction::GlobalGet(context.stack),
            Instruction::I32Const(units),
            Instruction::I32LtS,
            Instruction::If(BlockType::Empty),
            Instruction::I32Const(-1),
            Instruction::GlobalSet(context.stack),
            Instruction::Unreachable,
            Instruction::End,
        ];
    }
    vec![
        Instruction::GlobalGet(context.stack),
        Instruction::I32Const(units),
        Instruction::I32Sub,
        Instruction::GlobalSet(context.stack),
        Instruction::GlobalGet(context.stack),
        Instruction::I32Const(0),
        Instruction::I32LtS,
        Instruction::If(BlockType::Empty),
        Instruction::Unreachable,
        Instruction::End,
        Instruction::Block(context.block),
    ]
}

/// Returns what stands behind the body, whose last `end` closes the block around it.
fn epilogue(survey: &Survey, context: &Context<'_>) -> Vec<u8> {
    let mut code = vec![
        Instruction::GlobalGet(context.stack),
        Instruction::I32Const(survey.frame_units()),
        Instruction::I32Add,
        Instruction::GlobalSet(context.stack),
    ];
    if survey.uncompared() {
        code.extend(stop_below_zero(context.ticks));
    }
    code.push(Instruction::End);
    encode(&code)
}

fn encode(instructions: &[Instruction<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for instruction in instructions {
        instruction.encode(&mut bytes);
    }
    bytes
}
