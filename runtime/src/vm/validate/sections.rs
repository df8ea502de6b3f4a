//! The upload check of each section but the code: types, imports, memory, table, exports, segments, our own sections.
//!
//! Runs behind the parser's own validation of the section, so that indices and types hold; what is checked here is
//! what the host adds to the specification.

use std::collections::BTreeSet;

use florin_abi::{
    CALL_EXPORT, IMPORT_MODULE, INIT_EXPORT, Import, MEMORY_EXPORT, METADATA_SECTION, REENTRANT_SECTION,
    RESERVED_PREFIX, ValueType,
};
use parity_scale_codec::DecodeAll;
use wasmparser::{
    ConstExpr, CustomSectionReader, DataKind, DataSectionReader, ElementItems, ElementKind, ElementSectionReader,
    ExportSectionReader, ExternalKind, FuncType, FunctionSectionReader, ImportSectionReader, MemorySectionReader,
    Operator, Payload, TableSectionReader, TypeRef, TypeSectionReader, ValType,
};

use super::Findings;
use super::bodies::Bodies;
use super::limit::{at_most, limit};
use crate::vm::refusal::{ExportProblem, ImportProblem, Reason, Refusal, Sanitised};
use crate::vm::{Metadata, ModuleInfo};

const PAGE_BYTES: u64 = 64 << 10;

/// The declared size of the memory.
#[derive(Clone, Copy)]
pub(super) struct Pages {
    initial: u32,
    maximum: u32,
}

/// Which of the exports that the host looks for are there.
#[derive(Default)]
pub(super) struct Exports {
    memory: bool,
    call: bool,
    init: bool,
}

impl Findings {
    /// Checks a section that the parser found valid.
    pub(super) fn section(&mut self, payload: Payload<'_>) -> Result<(), Refusal> {
        match payload {
            Payload::TypeSection(section) => self.types(section),
            Payload::ImportSection(section) => self.imports(section),
            Payload::FunctionSection(section) => self.functions(section),
            Payload::TableSection(section) => self.tables(section),
            Payload::MemorySection(section) => self.memories(section),
            Payload::ExportSection(section) => self.exports(section),
            Payload::ElementSection(section) => self.elements(section),
            Payload::DataSection(section) => self.data(section),
            Payload::CustomSection(section) => self.custom(&section),
            _ => Ok(()),
        }
    }

    /// Checks what only the whole module can lack, and tells what was learned.
    pub(super) fn finish(self, bodies: &Bodies) -> Result<ModuleInfo, Refusal> {
        for (name, found) in [(MEMORY_EXPORT, self.exports.memory), (CALL_EXPORT, self.exports.call)] {
            if !found {
                return Err(Refusal::whole(export(name, ExportProblem::Missing)));
            }
        }
        let Some(memory) = self.memory else {
            return Err(Refusal::whole(Reason::Memory("is missing")));
        };
        Ok(ModuleInfo {
            has_init: self.exports.init,
            memory_pages_min: memory.initial,
            memory_pages_max: memory.maximum,
            keeps_tables: !bodies.changes_tables,
            data: self.data.unwrap_or_default(),
            passive_elements: self.passive_elements,
            work: bodies.work(),
            reentrant: self.reentrant.unwrap_or_default(),
            metadata: self.metadata,
        })
    }

    fn types(&mut self, section: TypeSectionReader<'_>) -> Result<(), Refusal> {
        for ty in section.into_iter_err_on_gc_types() {
            let ty = ty.map_err(|error| Refusal::parser(&error))?;
            at_most(limit!(PARAMS_MAX), length(ty.params().len())).map_err(Refusal::whole)?;
            at_most(limit!(RESULTS_MAX), length(ty.results().len())).map_err(Refusal::whole)?;
            self.types.push(ty);
        }
        Ok(())
    }

    fn imports(&mut self, section: ImportSectionReader<'_>) -> Result<(), Refusal> {
        let mut seen = BTreeSet::new();
        for entry in section.into_imports_with_offsets() {
            let (offset, entry) = entry.map_err(|error| Refusal::parser(&error))?;
            for name in [entry.module, entry.name] {
                at_most(limit!(NAME_BYTES_MAX), length(name.len())).map_err(|reason| Refusal::at(offset, reason))?;
            }
            let refuse = |problem| {
                let (module, name) = (Sanitised::new(entry.module), Sanitised::new(entry.name));
                Refusal::at(offset, Reason::Import { module, name, problem })
            };
            let TypeRef::Func(type_index) = entry.ty else {
                return Err(refuse(ImportProblem::NotAFunction));
            };
            let row = Import::find(entry.name).filter(|_| entry.module == IMPORT_MODULE);
            let row = row.ok_or_else(|| refuse(ImportProblem::Unknown))?;
            if !seen.insert(row.name) {
                return Err(refuse(ImportProblem::Duplicate));
            }
            self.functions.push(type_index);
            self.imported = self.imported.saturating_add(1);
            let index = self.imported.saturating_sub(1);
            if !self.function_type(index).is_some_and(|ty| matches_row(ty, row)) {
                return Err(refuse(ImportProblem::Signature));
            }
        }
        Ok(())
    }

    fn functions(&mut self, section: FunctionSectionReader<'_>) -> Result<(), Refusal> {
        let offset = section.range().start;
        let mut params: u64 = 0;
        for type_index in section {
            let type_index = type_index.map_err(|error| Refusal::parser(&error))?;
            self.functions.push(type_index);
            let index = u32::try_from(self.functions.len()).unwrap_or(u32::MAX).saturating_sub(1);
            let own = self.function_type(index).map_or(0, |ty| length(ty.params().len()));
            params = params.saturating_add(own);
        }
        at_most(limit!(PARAMS_TOTAL_MAX), params).map_err(|reason| Refusal::at(offset, reason))
    }

    fn tables(&mut self, section: TableSectionReader<'_>) -> Result<(), Refusal> {
        let offset = section.range().start;
        if section.count() > 1 {
            return Err(Refusal::at(offset, Reason::Table("is declared more than once")));
        }
        for table in section {
            let ty = table.map_err(|error| Refusal::parser(&error))?.ty;
            at_most(limit!(TABLE_ELEMENTS_MAX), ty.initial).map_err(|reason| Refusal::at(offset, reason))?;
            if ty.maximum != Some(ty.initial) {
                return Err(Refusal::at(offset, Reason::Table("can grow: its maximum is not its minimum")));
            }
            self.table_elements = ty.initial;
        }
        Ok(())
    }

    fn memories(&mut self, section: MemorySectionReader<'_>) -> Result<(), Refusal> {
        let offset = section.range().start;
        if section.count() > 1 {
            return Err(Refusal::at(offset, Reason::Memory("is declared more than once")));
        }
        for memory in section {
            let memory = memory.map_err(|error| Refusal::parser(&error))?;
            let Some(maximum) = memory.maximum else {
                return Err(Refusal::at(offset, Reason::Memory("has no maximum")));
            };
            at_most(limit!(MEMORY_PAGES_MAX), maximum).map_err(|reason| Refusal::at(offset, reason))?;
            let pages = |pages| u32::try_from(pages).unwrap_or(u32::MAX);
            self.memory = Some(Pages { initial: pages(memory.initial), maximum: pages(maximum) });
        }
        Ok(())
    }

    fn exports(&mut self, section: ExportSectionReader<'_>) -> Result<(), Refusal> {
        for entry in section.into_iter_with_offsets() {
            let (offset, entry) = entry.map_err(|error| Refusal::parser(&error))?;
            at_most(limit!(NAME_BYTES_MAX), length(entry.name.len())).map_err(|reason| Refusal::at(offset, reason))?;
            let refuse = |problem| Refusal::at(offset, export(entry.name, problem));
            if entry.name.starts_with(RESERVED_PREFIX) {
                return Err(refuse(ExportProblem::Reserved));
            }
            let required = match entry.name {
                MEMORY_EXPORT => ExternalKind::Memory,
                CALL_EXPORT | INIT_EXPORT => ExternalKind::Func,
                _ => continue,
            };
            if entry.kind != required {
                return Err(refuse(ExportProblem::Kind));
            }
            match entry.name {
                MEMORY_EXPORT => self.exports.memory = true,
                name => {
                    self.entry(entry.index).map_err(refuse)?;
                    let found = if name == CALL_EXPORT { &mut self.exports.call } else { &mut self.exports.init };
                    *found = true;
                }
            }
        }
        Ok(())
    }

    /// Checks that a function can be an entry.
    fn entry(&self, function: u32) -> Result<(), ExportProblem> {
        if function < self.imported {
            return Err(ExportProblem::Imported);
        }
        match self.function_type(function) {
            Some(ty) if ty.params().is_empty() && ty.results().is_empty() => Ok(()),
            _ => Err(ExportProblem::Signature),
        }
    }

    fn elements(&mut self, section: ElementSectionReader<'_>) -> Result<(), Refusal> {
        for (index, segment) in (0..).zip(section) {
            let segment = segment.map_err(|error| Refusal::parser(&error))?;
            let count = match &segment.items {
                ElementItems::Functions(items) => items.count(),
                ElementItems::Expressions(_, items) => items.count(),
            };
            let offset = segment.range.start;
            if matches!(segment.kind, ElementKind::Passive) {
                self.passive_elements = self.passive_elements.saturating_add(count);
            }
            let count = u64::from(count);
            at_most(limit!(TABLE_ELEMENTS_MAX), count).map_err(|reason| Refusal::at(offset, reason))?;
            if let ElementKind::Active { offset_expr, .. } = &segment.kind {
                let end = constant(offset_expr)?.saturating_add(count);
                let size = self.table_elements;
                if end > size {
                    return Err(Refusal::at(offset, Reason::Segment { kind: "element", index, end, size }));
                }
            }
        }
        Ok(())
    }

    fn data(&mut self, section: DataSectionReader<'_>) -> Result<(), Refusal> {
        let pages = self.memory.map_or(0, |memory| memory.initial);
        let size = u64::from(pages).saturating_mul(PAGE_BYTES);
        for (index, segment) in (0..).zip(section) {
            let segment = segment.map_err(|error| Refusal::parser(&error))?;
            if let DataKind::Active { offset_expr, .. } = &segment.kind {
                let start = constant(offset_expr)?;
                let end = start.saturating_add(length(segment.data.len()));
                if end > size {
                    return Err(Refusal::at(segment.range.start, Reason::Segment { kind: "data", index, end, size }));
                }
                if start < end {
                    let data = self.data.get_or_insert(start..end);
                    *data = data.start.min(start)..data.end.max(end);
                }
            }
        }
        Ok(())
    }

    fn custom(&mut self, section: &CustomSectionReader<'_>) -> Result<(), Refusal> {
        let refuse = |section_name, problem| {
            Refusal::at(section.range().start, Reason::Section { section: section_name, problem })
        };
        match section.name() {
            METADATA_SECTION => {
                let metadata = Metadata::decode_all(&mut section.data())
                    .map_err(|_| refuse(METADATA_SECTION, "it is not SCALE of name, release and hash"))?;
                if self.metadata.replace(metadata).is_some() {
                    return Err(refuse(METADATA_SECTION, "it is there twice"));
                }
            }
            REENTRANT_SECTION => {
                let (selectors, rest) = section.data().as_chunks::<4>();
                if !rest.is_empty() {
                    return Err(refuse(REENTRANT_SECTION, "its length is not a multiple of 4"));
                }
                at_most(limit!(REENTRANT_MESSAGES_MAX), length(selectors.len()))
                    .map_err(|reason| Refusal::at(section.range().start, reason))?;
                let sorted = selectors.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
                if self.reentrant.replace(sorted).is_some() {
                    return Err(refuse(REENTRANT_SECTION, "it is there twice"));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Returns the value of a segment's offset. The parser has checked that it is a constant `i32`.
fn constant(expression: &ConstExpr<'_>) -> Result<u64, Refusal> {
    let operator = expression.get_operators_reader().read().map_err(|error| Refusal::parser(&error))?;
    match operator {
        Operator::I32Const { value } => Ok(u64::from(value.cast_unsigned())),
        _ => Err(Refusal::whole(Reason::Malformed(Sanitised::new("the offset of a segment is not a constant")))),
    }
}

fn matches_row(ty: &FuncType, row: &Import) -> bool {
    let value = |ty: &ValueType| match ty {
        ValueType::I32 => ValType::I32,
        ValueType::I64 => ValType::I64,
    };
    ty.params().iter().copied().eq(row.params.iter().map(value))
        && ty.results().iter().copied().eq(row.result.iter().map(value))
}

fn export(name: &str, problem: ExportProblem) -> Reason {
    Reason::Export { name: Sanitised::new(name), problem }
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
