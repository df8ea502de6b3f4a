//! The host functions, called with any arguments.

use arbitrary::Unstructured;
use florin_runtime::florin_abi::{CALL_EXPORT, IMPORT_MODULE, IMPORTS, Import, MEMORY_EXPORT, ValueType};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    ImportSection, Instruction, MemArg, MemorySection, MemoryType, Module, TypeSection, ValType,
};

use super::{agreed, with_engines};
use crate::reference::generate::{Case, initial_memory};

/// Ticks of a call: enough for every host function a few times.
const TICKS: u64 = 1 << 26;

/// Calls of host functions in one run.
const CALLS_MAX: usize = 12;

const MEMORY_BYTES: u32 = 64 << 10;

/// Where results are written, behind what the bytes fill.
const RESULTS_OFFSET: u32 = 32 << 10;

/// Arguments at the borders of what a function may accept.
const BORDERS: [u32; 12] = [
    0,
    1,
    16,
    20,
    32,
    64,
    MEMORY_BYTES - 32,
    MEMORY_BYTES,
    MEMORY_BYTES + 1,
    i32::MAX.cast_unsigned(),
    1 << 31,
    u32::MAX,
];

/// One call of a host function.
struct Call {
    import: usize,
    arguments: Vec<u64>,
}

/// Makes a contract that calls host functions with arguments from the bytes, and runs it on every engine. Returns whether
/// the bytes are enough for a call.
///
/// # Panics
/// If a host function panics or fails the host, or engines differ in anything that can be seen.
pub fn imports(data: &[u8]) -> bool {
    let mut source = Unstructured::new(data);
    let mut calls = Vec::new();
    while calls.len() < CALLS_MAX && !source.is_empty() {
        // Nothing ends the calls but a low chance, the count or the bytes.
        if source.ratio(1_u8, 16_u8) == Ok(true) {
            break;
        }
        let Ok(call) = call(&mut source) else { break };
        calls.push(call);
    }
    if calls.is_empty() {
        return false;
    }
    let memory = source.take_rest();
    let memory = memory.get(..memory.len().min(RESULTS_OFFSET as usize)).unwrap_or_default();
    let code = module(&calls, memory);
    let Some(memory) = initial_memory(&code, 1) else { panic!("the segment lies in the memory") };
    let case = Case { code, ticks: TICKS, input: data.to_vec(), memory };
    agreed(with_engines(|engines| engines.compare(&case)));
    true
}

/// Draws a function and its arguments.
fn call(source: &mut Unstructured<'_>) -> arbitrary::Result<Call> {
    let import = source.choose_index(IMPORTS.len())?;
    let Some(row) = IMPORTS.get(import) else { return Err(arbitrary::Error::IncorrectFormat) };
    let argument = |_: &ValueType| match source.int_in_range(0..=7_u8)? {
        0 => source.arbitrary::<u64>(),
        1 => source.int_in_range(0..=u64::from(MEMORY_BYTES)),
        2..=4 => source.int_in_range(0..=255_u64),
        _ => source.choose(&BORDERS).map(|border| u64::from(*border)),
    };
    Ok(Call { import, arguments: row.params.iter().map(argument).collect::<arbitrary::Result<_>>()? })
}

/// Makes the contract: every import, in the order of the table, and the calls one after the other.
fn module(calls: &[Call], memory: &[u8]) -> Vec<u8> {
    let value_type = |ty: &ValueType| match ty {
        ValueType::I32 => ValType::I32,
        ValueType::I64 => ValType::I64,
    };
    let mut types = TypeSection::new();
    let mut imported = ImportSection::new();
    for (row, number) in IMPORTS.iter().zip(0_u32..) {
        types.ty().function(row.params.iter().map(value_type), row.result.iter().map(value_type));
        imported.import(IMPORT_MODULE, row.name, EntityType::Function(number));
    }
    let count = types.len();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(count);
    let mut memories = MemorySection::new();
    let one_page = MemoryType { minimum: 1, maximum: Some(1), memory64: false, shared: false, page_size_log2: None };
    memories.memory(one_page);
    let mut exports = ExportSection::new();
    exports.export(MEMORY_EXPORT, ExportKind::Memory, 0);
    exports.export(CALL_EXPORT, ExportKind::Func, count);
    let mut code = CodeSection::new();
    code.function(&entry(calls));
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(0), memory.iter().copied());
    let mut module = Module::new();
    module.section(&types).section(&imported).section(&functions).section(&memories).section(&exports);
    module.section(&code).section(&data);
    module.finish()
}

/// Returns the entry: each call, its result written where a comparison of the memory sees it.
fn entry(calls: &[Call]) -> Function {
    let mut entry = Function::new([]);
    for (call, number) in calls.iter().zip(0_u32..) {
        let Some(Import { params, result, .. }) = IMPORTS.get(call.import) else { continue };
        if result.is_some() {
            entry.instruction(&Instruction::I32Const(0));
        }
        for (ty, argument) in params.iter().zip(&call.arguments) {
            entry.instruction(&Instruction::I64Const(argument.cast_signed()));
            if *ty == ValueType::I32 {
                entry.instruction(&Instruction::I32WrapI64);
            }
        }
        entry.instruction(&Instruction::Call(u32::try_from(call.import).unwrap_or(u32::MAX)));
        let offset = u64::from(RESULTS_OFFSET.saturating_add(number.saturating_mul(8)));
        let at = MemArg { offset, align: 0, memory_index: 0 };
        match result {
            Some(ValueType::I32) => entry.instruction(&Instruction::I32Store(at)),
            Some(ValueType::I64) => entry.instruction(&Instruction::I64Store(at)),
            None => &mut entry,
        };
    }
    entry.instruction(&Instruction::End);
    entry
}
