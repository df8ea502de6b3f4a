//! The price of one operator, and what a bulk operation pays for each unit.
//!
//! Guarantees that an operator without a price does not run: it is a fault of ours, found when a module is loaded.

use florin_abi::limits::MEMORY_PAGES_MAX;
use wasmparser::Operator;

use crate::fault::Fault;
use crate::gas::OperatorPrices;

/// No single price, and no price of a unit, is larger, so that no sum of a body's prices can overflow the counter:
/// 2^24 ticks * 2^32 units * 2^7 and 2^40 ticks * 2^17 operators stay below 2^63.
const PRICE_MAX: u64 = 1 << 40;
const UNIT_PRICE_MAX: u64 = 1 << 24;

/// What an operator pays for each unit of the `i32` on top of the operand stack, before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PerUnit {
    /// Ticks for each unit.
    pub(super) ticks: u64,
    /// The largest number of units that is charged. An operation on more fails without doing the work.
    pub(super) units_max: Option<u32>,
}

impl PerUnit {
    /// Returns the ticks of so many units, or nothing if they are too many to say.
    pub(super) fn of(self, units: u32) -> Option<u64> {
        self.ticks.checked_mul(self.units_max.map_or(units, |most| units.min(most)).into())
    }
}

/// Returns the ticks of one execution of an operator; `imported` functions have the first indices.
///
/// # Errors
/// `Fault::Engine` for an operator that the upload check does not let through.
pub(super) fn fixed(operator: &Operator<'_>, imported: u32, prices: &OperatorPrices) -> Result<u64, Fault> {
    use Operator as O;
    let ticks = match operator {
        O::Call { function_index } if *function_index < imported => prices.call_host,
        O::Call { .. } => prices.call,
        O::CallIndirect { .. } => prices.call_indirect,
        O::MemoryCopy { .. } | O::MemoryFill { .. } | O::MemoryInit { .. } => prices.bulk.base,
        O::TableCopy { .. } | O::TableInit { .. } | O::ElemDrop { .. } => prices.table_bulk.base,
        O::MemoryGrow { .. } => prices.memory_grow.base,
        O::I32Mul | O::I64Mul => prices.multiply,
        O::I64Add128 | O::I64Sub128 => prices.add_wide,
        O::I64MulWideS | O::I64MulWideU => prices.multiply_wide,
        // A machine of the compiler's baseline counts bits in a dozen steps.
        O::I32Popcnt | O::I64Popcnt => prices.divide,
        operator if is_division(operator) => prices.divide,
        operator if is_control(operator) => prices.branch,
        O::GlobalGet { .. } | O::GlobalSet { .. } | O::MemorySize { .. } | O::DataDrop { .. } => prices.global,
        operator if is_memory(operator) => prices.memory,
        operator if is_simple(operator) => prices.simple,
        other => return Err(Fault::Engine(format!("operator without a price: {other:?}"))),
    };
    Ok(ticks.min(PRICE_MAX))
}

/// Returns the ticks of entering a function that sets so many locals to zero.
pub(super) fn entry(zeroed: u64, prices: &OperatorPrices) -> u64 {
    prices.function.saturating_add(prices.local.saturating_mul(zeroed)).min(PRICE_MAX)
}

/// Returns what a bulk operation pays for each unit.
pub(super) fn per_unit(operator: &Operator<'_>, prices: &OperatorPrices) -> Option<PerUnit> {
    use Operator as O;
    let (ticks, units_max) = match operator {
        O::MemoryCopy { .. } | O::MemoryFill { .. } | O::MemoryInit { .. } => (prices.bulk.per_unit, None),
        O::TableCopy { .. } | O::TableInit { .. } => (prices.table_bulk.per_unit, None),
        O::MemoryGrow { .. } => (prices.memory_grow.per_unit, Some(MEMORY_PAGES_MAX.saturating_add(1))),
        _ => return None,
    };
    Some(PerUnit { ticks: ticks.min(UNIT_PRICE_MAX), units_max })
}

fn is_division(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::I32DivS | O::I32DivU | O::I32RemS | O::I32RemU | O::I64DivS | O::I64DivU | O::I64RemS | O::I64RemU
    )
}

fn is_control(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::Unreachable
            | O::Block { .. }
            | O::Loop { .. }
            | O::If { .. }
            | O::Else
            | O::End
            | O::Br { .. }
            | O::BrIf { .. }
            | O::BrTable { .. }
            | O::Return
    )
}

fn is_memory(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::I32Load { .. }
            | O::I64Load { .. }
            | O::I32Load8S { .. }
            | O::I32Load8U { .. }
            | O::I32Load16S { .. }
            | O::I32Load16U { .. }
            | O::I64Load8S { .. }
            | O::I64Load8U { .. }
            | O::I64Load16S { .. }
            | O::I64Load16U { .. }
            | O::I64Load32S { .. }
            | O::I64Load32U { .. }
            | O::I32Store { .. }
            | O::I64Store { .. }
            | O::I32Store8 { .. }
            | O::I32Store16 { .. }
            | O::I64Store8 { .. }
            | O::I64Store16 { .. }
            | O::I64Store32 { .. }
    )
}

fn is_simple(operator: &Operator<'_>) -> bool {
    is_value(operator) || is_comparison(operator) || is_arithmetic(operator)
}

fn is_value(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::Nop
            | O::Drop
            | O::Select
            | O::LocalGet { .. }
            | O::LocalSet { .. }
            | O::LocalTee { .. }
            | O::I32Const { .. }
            | O::I64Const { .. }
    )
}

fn is_comparison(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::I32Eqz
            | O::I32Eq
            | O::I32Ne
            | O::I32LtS
            | O::I32LtU
            | O::I32GtS
            | O::I32GtU
            | O::I32LeS
            | O::I32LeU
            | O::I32GeS
            | O::I32GeU
            | O::I64Eqz
            | O::I64Eq
            | O::I64Ne
            | O::I64LtS
            | O::I64LtU
            | O::I64GtS
            | O::I64GtU
            | O::I64LeS
            | O::I64LeU
            | O::I64GeS
            | O::I64GeU
    )
}

fn is_arithmetic(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::I32Clz
            | O::I32Ctz
            | O::I32Add
            | O::I32Sub
            | O::I32And
            | O::I32Or
            | O::I32Xor
            | O::I32Shl
            | O::I32ShrS
            | O::I32ShrU
            | O::I32Rotl
            | O::I32Rotr
            | O::I64Clz
            | O::I64Ctz
            | O::I64Add
            | O::I64Sub
            | O::I64And
            | O::I64Or
            | O::I64Xor
            | O::I64Shl
            | O::I64ShrS
            | O::I64ShrU
            | O::I64Rotl
            | O::I64Rotr
            | O::I32WrapI64
            | O::I64ExtendI32S
            | O::I64ExtendI32U
            | O::I32Extend8S
            | O::I32Extend16S
            | O::I64Extend8S
            | O::I64Extend16S
            | O::I64Extend32S
    )
}
