//! Cuts the floats out of a script's module, so that the rest of it can run.
//!
//! Guarantees that what is left means what it meant: indices, tables and memories stay; a function that uses floats, or
//! could reach one that does, has a body that traps, and its exports are named, so that nothing asserts about them. A type
//! with floats becomes one of integers that no script writes, so that types which differed still differ.

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::{CodeSection, ConstExpr, Function, GlobalSection, GlobalType, Instruction, Module, RawSection};
use wasm_encoder::{SectionId, TypeSection, ValType as Encoded};
use wasmparser::{ElementItems, ExternalKind, FuncType, FunctionBody, Operator, Parser, Payload, TypeRef, ValType};

/// What is left of a module.
pub(super) struct Rest {
    /// The module without floats.
    pub(super) code: Vec<u8>,
    /// Exports that it lost, which are still there but mean nothing; and whether each would have left a trace in a
    /// memory, a table or a global.
    pub(super) lost: BTreeMap<String, bool>,
}

/// Words of the operators that leave a trace.
const WRITES: &[&str] = &["Store", "GlobalSet", "MemoryGrow", "Fill", "Copy", "Init", "DataDrop", "ElemDrop"];

/// One function of the module itself.
struct Body {
    /// Whether it, or what it may call, uses floats.
    lost: bool,
    /// Whether it, or what it may call, leaves a trace.
    writes: bool,
    calls: Vec<u32>,
    indirect_calls: Vec<FuncType>,
    bytes: Vec<u8>,
}

/// What is read of the module, and what is written already.
#[derive(Default)]
struct Cut {
    types: Vec<FuncType>,
    /// Types of all functions, the imported ones first.
    functions: Vec<FuncType>,
    imported: usize,
    /// Whether each global is a float, the imported ones first.
    globals: Vec<bool>,
    elements: BTreeSet<u32>,
    bodies: Vec<Body>,
    exports: Vec<(String, ExternalKind, u32)>,
    start: Option<u32>,
    sections: Vec<(u8, Vec<u8>)>,
}

/// Cuts the floats out; nothing is left if they are imported, started with, or mixed with a heap of types.
pub(super) fn cut_out(code: &[u8]) -> Option<Rest> {
    let mut cut = Cut::default();
    for payload in Parser::new(0).parse_all(code) {
        cut.read(code, payload.ok()?)?;
    }
    cut.spread();
    let is_lost = |function: u32| cut.body(function).is_some_and(|body| body.lost);
    if cut.start.is_some_and(is_lost) {
        return None;
    }
    let lost = cut.exports.iter().filter(|(_, kind, index)| match kind {
        ExternalKind::Func => is_lost(*index),
        ExternalKind::Global => cut.globals[*index as usize],
        _ => false,
    });
    let lost = lost.map(|(name, _, index)| (name.clone(), cut.body(*index).is_some_and(|body| body.writes))).collect();
    Some(Rest { code: cut.write(), lost })
}

impl Cut {
    fn read(&mut self, code: &[u8], payload: Payload<'_>) -> Option<()> {
        let section = payload.as_section().and_then(|(id, range)| Some((id, code.get(range)?.to_vec())));
        match payload {
            Payload::TypeSection(types) => {
                self.types = types.into_iter_err_on_gc_types().collect::<Result<_, _>>().ok()?;
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    match import.ok()?.ty {
                        TypeRef::Func(ty) => {
                            let ty = self.types.get(ty as usize).filter(|ty| !has_floats(ty))?.clone();
                            self.functions.push(ty);
                            self.imported += 1;
                        }
                        TypeRef::Global(ty) => self.globals.push(is_float(&ty.content_type)),
                        _ => {}
                    }
                }
                if self.globals.contains(&true) {
                    return None;
                }
            }
            Payload::FunctionSection(types) => {
                for ty in types {
                    self.functions.push(self.types.get(ty.ok()? as usize)?.clone());
                }
            }
            Payload::GlobalSection(globals) => return self.globals(code, globals),
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export.ok()?;
                    self.exports.push((export.name.to_owned(), export.kind, export.index));
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(segments) => {
                for segment in segments {
                    let ElementItems::Functions(functions) = segment.ok()?.items else { return None };
                    self.elements.extend(functions.into_iter().flatten());
                }
            }
            Payload::CodeSectionEntry(body) => return self.body_of(code, &body),
            _ => {}
        }
        self.sections.extend(section);
        Some(())
    }

    fn globals(&mut self, code: &[u8], globals: wasmparser::GlobalSectionReader<'_>) -> Option<()> {
        let mut written = GlobalSection::new();
        for global in globals {
            let global = global.ok()?;
            let float = is_float(&global.ty.content_type);
            self.globals.push(float);
            let (val_type, init) = match global.ty.content_type {
                ValType::I64 => (Encoded::I64, None),
                _ => (Encoded::I32, float.then(|| ConstExpr::i32_const(0))),
            };
            let range = global.init_expr.get_binary_reader().range();
            // Without the `end` that the encoder adds.
            let own = || ConstExpr::raw(code[range.start..range.end - 1].iter().copied());
            let ty = GlobalType { val_type, mutable: global.ty.mutable, shared: false };
            written.global(ty, &init.unwrap_or_else(own));
        }
        let mut bytes = Vec::new();
        wasm_encoder::Encode::encode(&written, &mut bytes);
        self.sections.push((SectionId::Global as u8, without_length(bytes)));
        Some(())
    }

    fn body_of(&mut self, code: &[u8], body: &FunctionBody<'_>) -> Option<()> {
        let ty = self.functions.get(self.imported + self.bodies.len())?;
        let mut read = Body {
            lost: has_floats(ty),
            writes: false,
            calls: Vec::new(),
            indirect_calls: Vec::new(),
            bytes: Vec::new(),
        };
        for group in body.get_locals_reader().ok()? {
            read.lost |= is_float(&group.ok()?.1);
        }
        for operator in body.get_operators_reader().ok()? {
            let operator = operator.ok()?;
            let words = format!("{operator:?}");
            read.lost |= words.contains("F32") || words.contains("F64");
            read.writes |= WRITES.iter().any(|word| words.contains(word));
            match operator {
                Operator::GlobalGet { global_index } | Operator::GlobalSet { global_index } => {
                    read.lost |= *self.globals.get(global_index as usize)?;
                }
                Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                    if let wasmparser::BlockType::FuncType(ty) = blockty {
                        read.lost |= has_floats(self.types.get(ty as usize)?);
                    }
                }
                Operator::Call { function_index } => read.calls.push(function_index),
                Operator::CallIndirect { type_index, .. } => {
                    let ty = self.types.get(type_index as usize)?;
                    read.lost |= has_floats(ty);
                    read.writes = true;
                    read.indirect_calls.push(ty.clone());
                }
                _ => {}
            }
        }
        read.bytes = code.get(body.range())?.to_vec();
        self.bodies.push(read);
        Some(())
    }

    /// Loses every function that may call a lost one, until there is no more.
    fn spread(&mut self) {
        loop {
            let lost_in_tables: Vec<FuncType> = self
                .elements
                .iter()
                .filter(|function| self.body(**function).is_some_and(|body| body.lost))
                .map(|function| self.functions[*function as usize].clone())
                .collect();
            let found = self.bodies.iter().position(|body| {
                let calls_lost = body.calls.iter().any(|called| self.body(*called).is_some_and(|body| body.lost));
                !body.lost && (calls_lost || body.indirect_calls.iter().any(|ty| lost_in_tables.contains(ty)))
            });
            match found {
                Some(position) => self.bodies[position].lost = true,
                None => break,
            }
        }
        let calls_writer =
            |cut: &Self, body: &Body| body.calls.iter().any(|called| cut.body(*called).is_none_or(|body| body.writes));
        while let Some(position) = self.bodies.iter().position(|body| !body.writes && calls_writer(self, body)) {
            self.bodies[position].writes = true;
        }
    }

    fn body(&self, function: u32) -> Option<&Body> {
        self.bodies.get((function as usize).checked_sub(self.imported)?)
    }

    fn write(&self) -> Vec<u8> {
        let mut module = Module::new();
        for (id, data) in &self.sections {
            match *id {
                id if id == SectionId::Type as u8 => {
                    let mut types = TypeSection::new();
                    for ty in &self.types {
                        types.ty().function(integers(ty.params()), integers(ty.results()));
                    }
                    module.section(&types);
                }
                id if id == SectionId::Code as u8 => {
                    let mut code = CodeSection::new();
                    for body in &self.bodies {
                        if body.lost {
                            let mut trap = Function::new([]);
                            trap.instruction(&Instruction::Unreachable).instruction(&Instruction::End);
                            code.function(&trap);
                        } else {
                            code.raw(&body.bytes);
                        }
                    }
                    module.section(&code);
                }
                id => {
                    module.section(&RawSection { id, data });
                }
            }
        }
        module.finish()
    }
}

/// A float becomes a row of integers that no script writes.
fn integers(types: &[ValType]) -> Vec<Encoded> {
    let of = |ty: &ValType| match ty {
        ValType::I32 => vec![Encoded::I32],
        ValType::F32 => vec![Encoded::I64, Encoded::I32, Encoded::I64, Encoded::I32, Encoded::I32],
        ValType::F64 => vec![Encoded::I64, Encoded::I32, Encoded::I64, Encoded::I64, Encoded::I32],
        _ => vec![Encoded::I64],
    };
    types.iter().flat_map(of).collect()
}

fn has_floats(ty: &FuncType) -> bool {
    ty.params().iter().chain(ty.results()).any(is_float)
}

fn is_float(ty: &ValType) -> bool {
    matches!(ty, ValType::F32 | ValType::F64)
}

/// Drops the length that the encoder writes before the items of a section.
fn without_length(section: Vec<u8>) -> Vec<u8> {
    let length = section.iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
    section[length..].to_vec()
}
