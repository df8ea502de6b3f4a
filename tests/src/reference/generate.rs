//! Entropy to a legal contract.
//!
//! Guarantees that what it returns passes the upload check and that equal entropy gives equal modules. `wasm-smith` makes
//! types, functions, globals, tables and segments within the limits and the allowed proposals; a frame of our own adds what
//! makes a contract of it: an exported memory with a maximum, and an entry that calls the functions in turn, a few rounds,
//! with arguments from the entropy, and writes what they return into the memory, where a comparison sees it.

use std::fmt::Write as _;

use arbitrary::Unstructured;
use florin_runtime::florin_abi::{CALL_EXPORT, IMPORT_MODULE, IMPORTS, Import, MEMORY_EXPORT, ValueType};
use florin_runtime::vm::Vm;
use wasm_encoder::{
    BlockType, CodeSection, Encode, ExportKind, ExportSection, Function, Instruction, MemArg, MemorySection,
    MemoryType, Module, RawSection, SectionId, ValType,
};
use wasm_smith::{Config, InstructionKind, InstructionKinds, MemoryOffsetChoices};
use wasmparser::{FuncType, Operator, Parser, Payload, TypeRef};

/// Bytes from which one module is made.
pub const ENTROPY_BYTES: usize = 4 << 10;

/// Pages that a module may have, few so that hashing them is cheap.
const PAGES_MAX: u64 = 4;
const PAGE_BYTES: u64 = 64 << 10;

/// Functions that the entry calls, and rounds of calling them: few, because one endless loop ends a call.
const CALLED_MAX: usize = 5;
const ROUNDS_MAX: i32 = 6;

/// Where the entry writes what it does next.
const STEP_OFFSET: usize = 1_024;

/// Ticks of a call: instance, some loops of the generator's, and not the whole of an endless one.
const TICKS_MIN: u64 = 24_000;
const TICKS_MAX: u64 = 1 << 18;

/// A contract to run, and what it begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The module, before metering.
    pub code: Vec<u8>,
    /// Ticks of its call.
    pub ticks: u64,
    /// The input of its call.
    pub input: Vec<u8>,
    /// Hash of its memory where nothing has written to it.
    pub memory: [u8; 32],
}

/// Makes a contract; none where the module breaks a rule of the upload check.
pub fn case(entropy: &[u8]) -> Option<Case> {
    let mut source = Unstructured::new(entropy);
    let ticks = if source.ratio(1_u32, 8_u32).ok()? {
        source.int_in_range(0..=TICKS_MIN).ok()?
    } else {
        source.int_in_range(TICKS_MIN..=TICKS_MAX).ok()?
    };
    let input = source.bytes(16).ok()?.to_vec();
    let arguments = source.bytes(256).ok()?.to_vec();
    let calls = Calls {
        functions: source.int_in_range(1..=CALLED_MAX).ok()?,
        rounds: source.int_in_range(1..=ROUNDS_MAX).ok()?,
        arguments,
    };
    let config = config(&mut source)?;
    let module = wasm_smith::Module::new(config, &mut source).ok()?.to_bytes();
    let framed = Frame::read(&module)?.write(&calls);
    let info = Vm::check(&framed).ok()?;
    let memory = initial_memory(&framed, info.memory_pages_min)?;
    Some(Case { code: framed, ticks, input, memory })
}

/// Allows what a contract may have, and draws the sizes.
fn config(source: &mut Unstructured<'_>) -> Option<Config> {
    let imports = match source.int_in_range(0..=7_u8).ok()? {
        0 => imports(|_| true),
        1 | 2 => imports(|row| row.params.is_empty()),
        _ => imports(|_| false),
    };
    Some(Config {
        available_imports: Some(imports),
        allow_start_export: false,
        allow_floats: false,
        allowed_instructions: InstructionKinds::new(&[
            InstructionKind::NumericInt,
            InstructionKind::Parametric,
            InstructionKind::Variable,
            InstructionKind::Table,
            InstructionKind::MemoryInt,
            InstructionKind::Control,
        ]),
        bulk_memory_enabled: true,
        multi_value_enabled: true,
        sign_extension_ops_enabled: true,
        wide_arithmetic_enabled: true,
        reference_types_enabled: false,
        exceptions_enabled: false,
        extended_const_enabled: false,
        gc_enabled: false,
        compact_imports_enabled: false,
        memory64_enabled: false,
        relaxed_simd_enabled: false,
        saturating_float_to_int_enabled: false,
        simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        disallow_traps: source.ratio(3_u32, 4_u32).ok()?,
        min_funcs: 4,
        max_funcs: 16,
        max_imports: 8,
        max_globals: 8,
        max_types: 16,
        max_instructions: source.int_in_range(10..=200).ok()?,
        max_nesting_depth: 8,
        memory_offset_choices: MemoryOffsetChoices(95, 4, 1),
        max_data_segments: 4,
        max_element_segments: 4,
        max_elements: 8,
        min_memories: 1,
        max_memories: 1,
        max_memory32_bytes: PAGES_MAX.checked_mul(PAGE_BYTES)?,
        memory_max_size_required: true,
        max_tables: 1,
        max_table_elements: 16,
        table_max_size_required: true,
        export_everything: true,
        ..Config::default()
    })
}

/// Returns a module that imports these rows of the import table, from which the generator draws.
fn imports(wanted: impl Fn(&Import) -> bool) -> Vec<u8> {
    let word = |ty: &ValueType| match ty {
        ValueType::I32 => "i32 ",
        ValueType::I64 => "i64 ",
    };
    let mut text = String::from("(module ");
    for row in IMPORTS.iter().filter(|row| wanted(row)) {
        let params: String = row.params.iter().map(word).collect();
        let result: String = row.result.iter().map(word).collect();
        let _ = write!(text, r#"(import "{IMPORT_MODULE}" "{}" (func (param {params}) (result {result})))"#, row.name);
    }
    text.push(')');
    wat::parse_str(text).unwrap_or_default()
}

/// What the entry calls.
struct Calls {
    functions: usize,
    rounds: i32,
    arguments: Vec<u8>,
}

/// A generated module, and what the frame has to know of it.
#[derive(Default)]
struct Frame {
    types: Vec<FuncType>,
    /// Type index of every function, the imported ones first.
    functions: Vec<u32>,
    imported: usize,
    /// Bodies, each with what keeps a comparison and a choice apart.
    bodies: Vec<Vec<u8>>,
    sections: Vec<(u8, Vec<u8>)>,
}

impl Frame {
    fn read(module: &[u8]) -> Option<Self> {
        let mut frame = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload.ok()?;
            let section = payload.as_section().and_then(|(id, range)| Some((id, module.get(range)?.to_vec())));
            match payload {
                Payload::TypeSection(types) => {
                    frame.types = types.into_iter_err_on_gc_types().collect::<Result<_, _>>().ok()?;
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let TypeRef::Func(ty) = import.ok()?.ty else { return None };
                        frame.functions.push(ty);
                        frame.imported = frame.imported.checked_add(1)?;
                    }
                }
                Payload::FunctionSection(types) => {
                    frame.functions.extend(types.into_iter().collect::<Result<Vec<_>, _>>().ok()?);
                }
                Payload::CodeSectionEntry(body) => {
                    let bytes = module.get(body.range())?;
                    frame.bodies.push(apart(bytes, body.range().start, body.get_operators_reader().ok()?)?);
                }
                Payload::CustomSection(_) => continue,
                _ => {}
            }
            frame.sections.extend(section);
        }
        Some(frame)
    }

    /// Writes the module again: the entry added, the table fixed at its size, only what a contract needs exported.
    fn write(&self, calls: &Calls) -> Vec<u8> {
        let mut module = Module::new();
        for (id, data) in &self.sections {
            let is = |section: SectionId| *id == section as u8;
            if is(SectionId::Type) {
                // The type of the entry: `() -> ()`.
                module.section(&RawSection { id: *id, data: &with_item(data, &[0x60, 0, 0]) });
            } else if is(SectionId::Function) {
                let mut ty = Vec::new();
                index(self.types.len()).encode(&mut ty);
                module.section(&RawSection { id: *id, data: &with_item(data, &ty) });
            } else if is(SectionId::Table) {
                module.section(&RawSection { id: *id, data: &fixed_table(data) });
            } else if is(SectionId::Memory) {
                module.section(&memory(data));
            } else if is(SectionId::Export) {
                let mut exports = ExportSection::new();
                exports.export(MEMORY_EXPORT, ExportKind::Memory, 0);
                exports.export(CALL_EXPORT, ExportKind::Func, index(self.functions.len()));
                module.section(&exports);
            } else if is(SectionId::Code) {
                let mut code = CodeSection::new();
                self.bodies.iter().for_each(|body| {
                    code.raw(body);
                });
                module.section(code.function(&self.entry(calls)));
            } else {
                module.section(&RawSection { id: *id, data });
            }
        }
        module.finish()
    }

    /// Returns the entry: rounds of calls, each result mixed into local 0 and into the memory.
    fn entry(&self, calls: &Calls) -> Function {
        let at = |offset: usize| MemArg { offset: u64::from(index(offset)), align: 0, memory_index: 0 };
        let mut arguments = calls.arguments.chunks(8).cycle();
        let mut entry = Function::new([(1, ValType::I64), (1, ValType::I32)]);
        entry.instruction(&Instruction::Loop(BlockType::Empty));
        for (number, ty) in self.functions.iter().enumerate().skip(self.imported).take(calls.functions) {
            let Some(ty) = usize::try_from(*ty).ok().and_then(|ty| self.types.get(ty)) else { continue };
            // How far the call came shows in its memory even if it never returns.
            let step = i32::try_from(number).unwrap_or(i32::MAX).saturating_add(1);
            entry.instructions().i32_const(0).local_get(1).i32_const(step).i32_add().i32_store(at(STEP_OFFSET));
            for param in ty.params() {
                let bytes = arguments.next().and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
                let value = i64::from_le_bytes(bytes);
                entry.instruction(&Instruction::I64Const(value));
                if *param == wasmparser::ValType::I32 {
                    entry.instruction(&Instruction::I32WrapI64);
                }
            }
            entry.instruction(&Instruction::Call(index(number)));
            for result in ty.results() {
                if *result == wasmparser::ValType::I32 {
                    entry.instruction(&Instruction::I64ExtendI32U);
                }
                entry.instructions().local_get(0).i64_const(7).i64_rotl().i64_xor().local_set(0);
            }
            entry.instructions().i32_const(0).local_get(0).i64_store(at(number.saturating_mul(8)));
        }
        entry
            .instructions()
            .local_get(1)
            .i32_const(1)
            .i32_add()
            .local_tee(1)
            .i32_const(calls.rounds)
            .i32_lt_u()
            .br_if(0);
        entry.instructions().end().end();
        entry
    }
}

/// Returns the memory with a maximum that the instances of a test can have.
fn memory(section: &[u8]) -> MemorySection {
    let mut written = MemorySection::new();
    let reader = wasmparser::MemorySectionReader::new(wasmparser::BinaryReader::new(section, 0));
    for memory in reader.into_iter().flatten().flatten() {
        let minimum = memory.initial.clamp(1, PAGES_MAX);
        let maximum = Some(memory.maximum.unwrap_or(PAGES_MAX).clamp(minimum, PAGES_MAX));
        written.memory(MemoryType { minimum, maximum, memory64: false, shared: false, page_size_log2: None });
    }
    written
}

/// Returns the table section with each table's maximum at its minimum.
fn fixed_table(section: &[u8]) -> Vec<u8> {
    const FUNCREF: u8 = 0x70;
    const HAS_MAXIMUM: u8 = 1;
    let reader = wasmparser::TableSectionReader::new(wasmparser::BinaryReader::new(section, 0));
    let tables: Vec<u64> = reader.into_iter().flatten().flatten().map(|table| table.ty.initial).collect();
    let mut written = Vec::new();
    index(tables.len()).encode(&mut written);
    for size in tables {
        written.extend_from_slice(&[FUNCREF, HAS_MAXIMUM]);
        size.encode(&mut written);
        size.encode(&mut written);
    }
    written
}

/// Appends an item to a section that begins with the count of its items.
fn with_item(section: &[u8], item: &[u8]) -> Vec<u8> {
    let mut reader = wasmparser::BinaryReader::new(section, 0);
    let count = reader.read_var_u32().unwrap_or_default();
    let mut written = Vec::new();
    count.saturating_add(1).encode(&mut written);
    written.extend_from_slice(section.get(reader.original_position()..).unwrap_or_default());
    written.extend_from_slice(item);
    written
}

/// Returns the hash of the memory after instantiation: zeros and the active segments.
pub(crate) fn initial_memory(code: &[u8], pages: u32) -> Option<[u8; 32]> {
    let mut memory = vec![0_u8; usize::try_from(u64::from(pages).checked_mul(PAGE_BYTES)?).ok()?];
    for payload in Parser::new(0).parse_all(code) {
        let Payload::DataSection(segments) = payload.ok()? else { continue };
        for segment in segments {
            let segment = segment.ok()?;
            let wasmparser::DataKind::Active { offset_expr, .. } = segment.kind else { continue };
            let Operator::I32Const { value } = offset_expr.get_operators_reader().read().ok()? else {
                continue;
            };
            let start = usize::try_from(value).ok()?;
            memory.get_mut(start..start.checked_add(segment.data.len())?)?.copy_from_slice(segment.data);
        }
    }
    Some(*blake3::hash(&memory).as_bytes())
}

/// Returns the body with `i32.const 3 i32.and`, which changes no 0 and no 1, between a comparison and the `select` that
/// follows it.
///
/// The interpreter's release 2.0.0 drops a comparison of a local with zero before a `select` and chooses by whatever its
/// register holds. That is no difference of ours; a test tells when a release has mended it, and this can go.
fn apart(body: &[u8], start: usize, mut operators: wasmparser::OperatorsReader<'_>) -> Option<Vec<u8>> {
    let (mut written, mut copied, mut compared) = (Vec::new(), 0, false);
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset().ok()?;
        let at = offset.checked_sub(start)?;
        if compared && matches!(operator, Operator::Select) {
            written.extend_from_slice(body.get(copied..at)?);
            Instruction::I32Const(3).encode(&mut written);
            Instruction::I32And.encode(&mut written);
            copied = at;
        }
        compared = match operator {
            Operator::I32Eqz | Operator::I32Eq | Operator::I32Ne => true,
            Operator::Nop | Operator::End => compared,
            _ => false,
        };
    }
    written.extend_from_slice(body.get(copied..)?);
    Some(written)
}

fn index(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
