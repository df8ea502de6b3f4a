//! The second pass over a metered module: the same code, with hooks beside it.
//!
//! Guarantees that every metered operator is there, in its order, with its operands; nothing that is inserted reads or writes
//! a counter, a local, the memory or a table, and nothing inserted is counted. So code with hooks burns what code without
//! hooks burns, at the same operators. It costs two host calls for each call of a function.
//!
//! ```text
//! functions   imported | enter, exit | the module's own | added by metering | one wrapper for each of the module's own
//! wrapper     enter(index, place, ticks); place = first operator; the function's own work; exit(ticks)
//! ```
//! Calls, exports and tables name wrappers in place of functions. Before each operator that can stop the code, and behind
//! each loop's head, stands `place = offset of the original operator`.

use core::ops::Range;

use wasm_encoder::{
    CodeSection, ConstExpr, ElementMode, ElementSection, ElementSegment, Elements, Encode, EntityType, ExportKind,
    ExportSection, Function, GlobalType, HeapType, Instruction, Module, RawSection, RefType, SectionId, ValType,
};
use wasmparser::{
    BinaryReader, ElementItems, ElementKind, ExternalKind, FunctionBody, Operator, Parser, Payload, TypeRef,
};

use super::{ENTER, EXIT, HOOKS, PLACE_EXPORT};
use crate::fault::Fault;
use crate::vm::instrument::{Places, TICKS_EXPORT};

/// Functions that are added to the imports.
const HOOK_COUNT: u32 = 2;

/// Adds the hooks to a metered module.
///
/// # Errors
/// `Fault::Engine` if the module is not what the metering pass writes.
pub(super) fn add_hooks(metered: &[u8], places: &Places) -> Result<Vec<u8>, Fault> {
    let layout = Layout { wrapped: length(places.len()), ..Layout::read(metered)? };
    let mut writer = Writer { metered, places, layout, module: Module::new(), code: CodeSection::new(), body: 0 };
    for payload in Parser::new(0).parse_all(metered) {
        writer.payload(&payload.map_err(fault)?)?;
    }
    Ok(writer.module.finish())
}

/// What must be known before the first section is written.
#[derive(Default)]
struct Layout {
    types: u32,
    /// Parameters of each type.
    params: Vec<u32>,
    imported: u32,
    has_imports: bool,
    /// The types of the module's own functions.
    own: Vec<u32>,
    /// How many of them the author wrote; what metering added stands behind them.
    wrapped: u32,
    globals: u32,
    ticks: u32,
}

impl Layout {
    fn read(metered: &[u8]) -> Result<Self, Fault> {
        let mut layout = Self::default();
        for payload in Parser::new(0).parse_all(metered) {
            match payload.map_err(fault)? {
                Payload::TypeSection(section) => {
                    layout.types = section.count();
                    for ty in section.into_iter_err_on_gc_types() {
                        layout.params.push(length(ty.map_err(fault)?.params().len()));
                    }
                }
                Payload::ImportSection(section) => {
                    layout.has_imports = true;
                    for import in section.into_imports() {
                        let function = matches!(import.map_err(fault)?.ty, TypeRef::Func(_));
                        layout.imported = layout.imported.saturating_add(u32::from(function));
                    }
                }
                Payload::FunctionSection(section) => {
                    layout.own = section.into_iter().collect::<Result<_, _>>().map_err(fault)?;
                }
                Payload::GlobalSection(section) => layout.globals = section.count(),
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.map_err(fault)?;
                        if export.name == TICKS_EXPORT {
                            layout.ticks = export.index;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(layout)
    }

    /// Returns the index under which a function of the metered module is written.
    fn moved(&self, function: u32) -> u32 {
        if function < self.imported { function } else { function.saturating_add(HOOK_COUNT) }
    }

    /// Returns what is called in place of a function.
    fn wrapper(&self, function: u32) -> u32 {
        let moved = self.moved(function);
        match function.checked_sub(self.imported) {
            Some(position) if position < self.wrapped => moved.saturating_add(length(self.own.len())),
            _ => moved,
        }
    }

    const fn enter(&self) -> u32 {
        self.imported
    }

    const fn exit(&self) -> u32 {
        self.imported.saturating_add(1)
    }

    /// The global that holds the place stands behind all others.
    const fn place(&self) -> u32 {
        self.globals
    }
}

struct Writer<'a> {
    metered: &'a [u8],
    places: &'a Places,
    layout: Layout,
    module: Module,
    code: CodeSection,
    /// The body that comes next.
    body: usize,
}

impl Writer<'_> {
    fn payload(&mut self, payload: &Payload<'_>) -> Result<(), Fault> {
        match payload {
            Payload::TypeSection(section) => {
                let added = [&[0x60, 3, 0x7f, 0x7f, 0x7e, 0][..], &[0x60, 1, 0x7e, 0][..]].concat();
                self.extend(SectionId::Type, section.range(), HOOK_COUNT, &added)?;
                if !self.layout.has_imports {
                    let hooks = self.hooks();
                    self.write(SectionId::Import, HOOK_COUNT, &[], &hooks);
                }
                Ok(())
            }
            Payload::ImportSection(section) => {
                let hooks = self.hooks();
                self.extend(SectionId::Import, section.range(), HOOK_COUNT, &hooks)
            }
            Payload::FunctionSection(section) => {
                let mut added = Vec::new();
                for ty in self.layout.own.iter().take(index(self.layout.wrapped)) {
                    ty.encode(&mut added);
                }
                self.extend(SectionId::Function, section.range(), self.layout.wrapped, &added)
            }
            Payload::GlobalSection(section) => {
                let mut added = Vec::new();
                GlobalType { val_type: ValType::I32, mutable: true, shared: false }.encode(&mut added);
                ConstExpr::i32_const(0).encode(&mut added);
                self.extend(SectionId::Global, section.range(), 1, &added)
            }
            Payload::ExportSection(section) => self.exports(section.clone()),
            Payload::ElementSection(section) => self.elements(section.clone()),
            Payload::CodeSectionEntry(body) => self.code_entry(body),
            _ => match payload.as_section() {
                Some((id, range)) if id != SectionId::Code as u8 => {
                    let data = self.bytes(range.start, range.end)?;
                    self.module.section(&RawSection { id, data });
                    Ok(())
                }
                _ => Ok(()),
            },
        }
    }

    /// Writes a section with a longer count and more items.
    fn extend(&mut self, id: SectionId, range: Range<usize>, more: u32, added: &[u8]) -> Result<(), Fault> {
        let section = self.bytes(range.start, range.end)?;
        let mut reader = BinaryReader::new(section, 0);
        let count = reader.read_var_u32().map_err(fault)?;
        let items = section.get(reader.original_position()..).unwrap_or_default();
        self.write(id, count.saturating_add(more), items, added);
        Ok(())
    }

    fn write(&mut self, id: SectionId, count: u32, items: &[u8], added: &[u8]) {
        let data = [&leb(count), items, added].concat();
        self.module.section(&RawSection { id: id as u8, data: &data });
    }

    /// Returns the imports of the hooks.
    fn hooks(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, ty) in [(ENTER, self.layout.types), (EXIT, self.layout.types.saturating_add(1))] {
            HOOKS.encode(&mut bytes);
            name.encode(&mut bytes);
            EntityType::Function(ty).encode(&mut bytes);
        }
        bytes
    }

    fn exports(&mut self, section: wasmparser::ExportSectionReader<'_>) -> Result<(), Fault> {
        let mut exports = ExportSection::new();
        for export in section {
            let export = export.map_err(fault)?;
            match export.kind {
                ExternalKind::Func => exports.export(export.name, ExportKind::Func, self.layout.wrapper(export.index)),
                ExternalKind::Memory => exports.export(export.name, ExportKind::Memory, export.index),
                ExternalKind::Global => exports.export(export.name, ExportKind::Global, export.index),
                _ => return Err(Fault::Invariant("a metered module exports functions, memories and globals")),
            };
        }
        exports.export(PLACE_EXPORT, ExportKind::Global, self.layout.place());
        self.module.section(&exports);
        Ok(())
    }

    fn elements(&mut self, section: wasmparser::ElementSectionReader<'_>) -> Result<(), Fault> {
        let mut elements = ElementSection::new();
        for element in section {
            let element = element.map_err(fault)?;
            let offset;
            let mode = match &element.kind {
                ElementKind::Passive => ElementMode::Passive,
                ElementKind::Declared => ElementMode::Declared,
                ElementKind::Active { table_index, offset_expr } => {
                    offset = constant(offset_expr, &self.layout)?;
                    ElementMode::Active { table: *table_index, offset: &offset }
                }
            };
            let (mut functions, mut expressions) = (Vec::new(), Vec::new());
            let items = match element.items {
                ElementItems::Functions(items) => {
                    for function in items {
                        functions.push(self.layout.wrapper(function.map_err(fault)?));
                    }
                    Elements::Functions(functions.into())
                }
                ElementItems::Expressions(_, items) => {
                    for expression in items {
                        expressions.push(constant(&expression.map_err(fault)?, &self.layout)?);
                    }
                    Elements::Expressions(RefType::FUNCREF, expressions.into())
                }
            };
            elements.segment(ElementSegment { mode, elements: items });
        }
        self.module.section(&elements);
        Ok(())
    }

    /// Writes one body; behind the last one the wrappers, and the section.
    fn code_entry(&mut self, body: &FunctionBody<'_>) -> Result<(), Fault> {
        let written = self.hooked(body)?;
        self.code.raw(&written);
        self.body = self.body.saturating_add(1);
        if self.body == self.layout.own.len() {
            for (position, ty) in (0..self.layout.wrapped).zip(&self.layout.own) {
                self.code.function(&self.wrapper(position, *ty)?);
            }
            self.module.section(&self.code);
        }
        Ok(())
    }

    /// Returns a body whose calls go to wrappers, and which says where it stands.
    fn hooked(&self, body: &FunctionBody<'_>) -> Result<Vec<u8>, Fault> {
        let begin = body.range().start;
        let mut operators = body.get_operators_reader().map_err(fault)?;
        let mut written = self.bytes(begin, operators.original_position())?.to_vec();
        while !operators.eof() {
            let (operator, at) = operators.read_with_offset().map_err(fault)?;
            let place = self.places.original(self.body, at.saturating_sub(begin));
            let place = place.map(|place| self.set_place(place)).unwrap_or_default();
            let raw = self.bytes(at, operators.original_position())?;
            match operator {
                Operator::Call { function_index } => {
                    written.extend_from_slice(&place);
                    Instruction::Call(self.layout.wrapper(function_index)).encode(&mut written);
                }
                Operator::Loop { .. } => written.extend_from_slice(&[raw, &place].concat()),
                _ if may_stop(&operator) => written.extend_from_slice(&[&place, raw].concat()),
                _ => written.extend_from_slice(raw),
            }
        }
        Ok(written)
    }

    fn wrapper(&self, position: u32, ty: u32) -> Result<Function, Fault> {
        let params = self.layout.params.get(index(ty)).ok_or(OUTSIDE)?;
        let function = self.layout.imported.saturating_add(position);
        let mut wrapper = Function::new([]);
        wrapper.instruction(&Instruction::I32Const(function.cast_signed()));
        wrapper.instruction(&Instruction::GlobalGet(self.layout.place()));
        wrapper.instruction(&Instruction::GlobalGet(self.layout.ticks));
        wrapper.instruction(&Instruction::Call(self.layout.enter()));
        wrapper.raw(self.places.first(index(position)).map(|place| self.set_place(place)).unwrap_or_default());
        for param in 0..*params {
            wrapper.instruction(&Instruction::LocalGet(param));
        }
        wrapper.instruction(&Instruction::Call(self.layout.moved(function)));
        wrapper.instruction(&Instruction::GlobalGet(self.layout.ticks));
        wrapper.instruction(&Instruction::Call(self.layout.exit()));
        wrapper.instruction(&Instruction::End);
        Ok(wrapper)
    }

    fn set_place(&self, place: u32) -> Vec<u8> {
        let mut code = Vec::new();
        Instruction::I32Const(place.cast_signed()).encode(&mut code);
        Instruction::GlobalSet(self.layout.place()).encode(&mut code);
        code
    }
}

impl<'a> Writer<'a> {
    fn bytes(&self, from: usize, to: usize) -> Result<&'a [u8], Fault> {
        self.metered.get(from..to).ok_or(OUTSIDE)
    }
}

/// Tells whether an operator can end a call: by itself, or by what it calls.
fn may_stop(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::Unreachable
            | O::CallIndirect { .. }
            | O::I32Load { .. }
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
            | O::I32DivS
            | O::I32DivU
            | O::I32RemS
            | O::I32RemU
            | O::I64DivS
            | O::I64DivU
            | O::I64RemS
            | O::I64RemU
            | O::MemoryCopy { .. }
            | O::MemoryFill { .. }
            | O::MemoryInit { .. }
            | O::MemoryGrow { .. }
            | O::TableCopy { .. }
            | O::TableInit { .. }
    )
}

/// Copies the constant expression of an offset or of an element.
fn constant(expression: &wasmparser::ConstExpr<'_>, layout: &Layout) -> Result<ConstExpr, Fault> {
    match expression.get_operators_reader().read().map_err(fault)? {
        Operator::I32Const { value } => Ok(ConstExpr::i32_const(value)),
        Operator::GlobalGet { global_index } => Ok(ConstExpr::global_get(global_index)),
        Operator::RefFunc { function_index } => Ok(ConstExpr::ref_func(layout.wrapper(function_index))),
        Operator::RefNull { .. } => Ok(ConstExpr::ref_null(HeapType::FUNC)),
        _ => Err(Fault::Invariant("a checked module has plain constants")),
    }
}

const OUTSIDE: Fault = Fault::Invariant("what a module names lies in it");

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
    Fault::Engine(format!("a metered module does not parse: {}", error.message()))
}
