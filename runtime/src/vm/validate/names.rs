//! Finds the name of a function or an operator for a refusal. Runs only when a module is refused.
//!
//! Costs one pass over the section headers. What does not decode is skipped: the module is refused already, and a
//! name is a courtesy.

use wasmparser::{BinaryReader, ExternalKind, Operator, Parser, Payload};

use crate::vm::refusal::{FunctionName, Sanitised};

/// Returns a function's index with its name, from the name section or the exports, if it has one.
pub(super) fn function(code: &[u8], index: u32) -> FunctionName {
    FunctionName { index, name: find(code, index) }
}

fn find(code: &[u8], index: u32) -> Option<Sanitised> {
    let mut exported = None;
    for payload in Parser::new(0).parse_all(code) {
        match payload.ok()? {
            Payload::ExportSection(exports) => {
                let mut functions = exports.into_iter().map_while(Result::ok);
                let found = functions.find(|export| export.kind == ExternalKind::Func && export.index == index);
                exported = found.map(|export| Sanitised::new(export.name));
            }
            Payload::CustomSection(section) if section.name() == "name" => {
                return in_name_section(section.data(), index).or(exported);
            }
            _ => {}
        }
    }
    exported
}

/// Looks a function up in a name section: subsections `id, size, content`; the one with id 1 is a list of `index, name`.
fn in_name_section(data: &[u8], wanted: u32) -> Option<Sanitised> {
    const FUNCTIONS: u8 = 1;
    let mut reader = BinaryReader::new(data, 0);
    while !reader.eof() {
        let id = reader.read_u8().ok()?;
        let size = reader.read_var_u32().ok()?;
        let content = reader.read_bytes(usize::try_from(size).ok()?).ok()?;
        if id != FUNCTIONS {
            continue;
        }
        let mut functions = BinaryReader::new(content, 0);
        for _ in 0..functions.read_var_u32().ok()? {
            let index = functions.read_var_u32().ok()?;
            let name = functions.read_string().ok()?;
            if index == wanted {
                return Some(Sanitised::new(name));
            }
        }
    }
    None
}

/// Returns an operator's name as the text format writes it, close enough for a person: `f64.add`, `call_indirect`.
pub(super) fn operator(operator: &Operator<'_>) -> String {
    const SPACES: &[&str] = &["i32", "i64", "f32", "f64", "v128", "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2"];
    const NOUNS: &[&str] = &["local", "global", "memory", "table", "elem", "data", "ref", "struct", "array", "i31"];
    let debug = format!("{operator:?}");
    let variant = debug.split([' ', '(', '{']).next().unwrap_or_default();
    let mut name = String::new();
    for letter in variant.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    match name.split_once('_') {
        Some((first, rest)) if SPACES.contains(&first) || NOUNS.contains(&first) => format!("{first}.{rest}"),
        _ => name,
    }
}
