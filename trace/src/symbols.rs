//! The names and lines of one module, from its custom sections `name` and `.debug_*`.
//!
//! Guarantees that broken sections are missing sections: an author's debug information can make a trace poorer and nothing
//! else. Lines are looked up in DWARF as compilers write it for Wasm: an address is an offset in the code section.

use std::collections::BTreeMap;

use addr2line::Context;
use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian, SectionId};
use wasmparser::{KnownCustom, Name, Parser, Payload};

use crate::printable;

/// A place in the source.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    /// The function, as the source names it; empty if the lines do not say.
    pub function: String,
    /// The file, relative to the folder that was built; nothing if it is not known.
    pub file: Option<String>,
    /// The line, from 1; nothing if it is not known.
    pub line: Option<u32>,
}

/// What a module says about its functions.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    names: BTreeMap<u32, String>,
    sections: BTreeMap<String, Vec<u8>>,
}

/// Folders that a build names in place of the machine's own: of the crate's workspace nothing is left.
const WORKSPACE: &str = "/contract/";

impl Symbols {
    /// Reads what a module has.
    pub fn read(module: &[u8]) -> Self {
        let mut symbols = Self::default();
        for payload in Parser::new(0).parse_all(module).map_while(Result::ok) {
            match payload {
                Payload::CustomSection(section) if section.name().starts_with(".debug_") => {
                    symbols.sections.insert(section.name().to_owned(), section.data().to_vec());
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(subsections) = section.as_known() {
                        symbols.read_names(subsections);
                    }
                }
                _ => {}
            }
        }
        symbols
    }

    fn read_names(&mut self, subsections: wasmparser::NameSectionReader<'_>) {
        for subsection in subsections.into_iter().map_while(Result::ok) {
            if let Name::Function(functions) = subsection {
                for naming in functions.into_iter().map_while(Result::ok) {
                    self.names.insert(naming.index, demangled(naming.name));
                }
            }
        }
    }

    /// Tells whether functions have names.
    pub fn has_names(&self) -> bool {
        !self.names.is_empty()
    }

    /// Returns the name of a function, or its index in words.
    pub fn name(&self, function: u32) -> String {
        self.names.get(&function).cloned().unwrap_or_else(|| format!("function {function}"))
    }

    /// Returns for each offset in the code section the lines it comes from: the innermost of the functions that were
    /// inlined into each other first. Nothing where nothing is known.
    pub fn lines(&self, offsets: &[Option<u32>]) -> Vec<Vec<Line>> {
        let section = |id: SectionId| {
            let bytes = self.sections.get(id.name()).map(Vec::as_slice).unwrap_or_default();
            Ok::<_, addr2line::gimli::Error>(EndianSlice::new(bytes, LittleEndian))
        };
        let context = Dwarf::load(section).and_then(Context::from_dwarf);
        let Ok(context) = context else { return vec![Vec::new(); offsets.len()] };
        let lines = |offset: &Option<u32>| offset.map(|offset| lines_at(&context, offset)).unwrap_or_default();
        offsets.iter().map(lines).collect()
    }
}

fn lines_at(context: &Context<EndianSlice<'_, LittleEndian>>, offset: u32) -> Vec<Line> {
    let Ok(mut frames) = context.find_frames(offset.into()).skip_all_loads() else { return Vec::new() };
    let mut lines = Vec::new();
    while let Ok(Some(frame)) = frames.next() {
        // A function into which nothing was inlined has lines and no name here; the module's own names tell it.
        let name = frame.function.as_ref().and_then(|function| function.raw_name().ok()).unwrap_or_default();
        let (file, line) = frame.location.map_or((None, None), |location| (location.file, location.line));
        if name.is_empty() && line.is_none() {
            continue;
        }
        let file = file.map(|file| printable(file.strip_prefix(WORKSPACE).unwrap_or(file)));
        lines.push(Line { function: demangled(&name), file, line });
    }
    lines
}

/// Returns a name as the source has it, without the hash that tells instances apart.
fn demangled(name: &str) -> String {
    printable(&format!("{:#}", rustc_demangle::demangle(name)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::Symbols;

    #[test]
    fn a_function_is_told_by_its_name_or_by_its_index() {
        let module = r#"(module (func $_ZN5token5Token4mint17h0123456789abcdefE) (func) (func $plain))"#;
        let symbols = Symbols::read(&wat::parse_str(module).unwrap());
        assert_eq!([0, 1, 2].map(|function| symbols.name(function)), ["token::Token::mint", "function 1", "plain"]);
        assert_eq!(symbols.lines(&[Some(1), None]), [vec![], vec![]]);
    }

    #[test]
    fn broken_debug_information_is_none() {
        let module = r#"(module (func $a) (@custom ".debug_info" "\ff\ff\ff\ff\01") (@custom ".debug_line" "zz"))"#;
        let bytes = wat::parse_str(module).unwrap();
        assert_eq!(Symbols::read(&bytes).lines(&[Some(3)]), [vec![]]);
        for length in 0..bytes.len() {
            Symbols::read(&bytes[..length]);
        }
    }

    #[test]
    fn case_15_a_name_is_escaped() {
        let mut module = wat::parse_str("(module (func $abcd))").unwrap();
        let at = module.windows(4).position(|window| window == b"abcd").unwrap();
        module[at] = 0x1b;
        assert_eq!(Symbols::read(&module).name(0), "\\u{1b}bcd");
    }
}
