//! The pass over a linked module that leaves what the chain needs: no names, no producers, no exports of the linker.
//!
//! Guarantees that code, data and the custom sections `florin.*` pass unchanged, in their order. The section
//! `florin.abi` is taken out: its bytes are the contract's ABI JSON, which belongs beside the module. Linear in size.

use florin_abi::{CALL_EXPORT, INIT_EXPORT, MEMORY_EXPORT};
use wasm_encoder::{CustomSection, ExportKind, ExportSection, Module, RawSection};
use wasmparser::{BinaryReaderError, ExternalKind, Parser, Payload};

/// Custom section with the ABI JSON, written by the contract macro and taken out here.
pub const ABI_SECTION: &str = "florin.abi";

/// Prefix of the custom sections that stay.
const KEPT_PREFIX: &str = "florin.";

/// Custom section with the names of functions.
const NAME_SECTION: &str = "name";

/// Prefix of the custom sections that lead from code to source.
const DEBUG_PREFIX: &str = ".debug_";

/// What stays beside the code, which is the same with all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbols {
    /// Nothing: what is deployed.
    Drop,
    /// The names of functions, for the message of a refusal.
    Names,
    /// Names, and the lines of the source: for a trace, a profile or a disassembly.
    Lines,
}

/// What a linked module comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stripped {
    /// The module.
    pub module: Vec<u8>,
    /// The ABI JSON as the contract macro wrote it, if the module carries it.
    pub abi: Option<Vec<u8>>,
}

/// Strips a module.
///
/// # Errors
/// The parser's message if the bytes are no module.
pub fn strip(module: &[u8], symbols: Symbols) -> Result<Stripped, BinaryReaderError> {
    let mut stripped = Module::new();
    let mut abi = None;
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::CustomSection(section) if section.name() == ABI_SECTION => {
                abi.get_or_insert_with(Vec::new).extend_from_slice(section.data());
            }
            Payload::CustomSection(section) => {
                let kept = match section.name() {
                    NAME_SECTION => symbols != Symbols::Drop,
                    name if name.starts_with(DEBUG_PREFIX) => symbols == Symbols::Lines,
                    name => name.starts_with(KEPT_PREFIX),
                };
                if kept {
                    stripped.section(&CustomSection { name: section.name().into(), data: section.data().into() });
                }
            }
            Payload::ExportSection(exports) => {
                let mut kept = ExportSection::new();
                for export in exports {
                    let export = export?;
                    if let Some(kind) = kept_export(export.name, export.kind) {
                        kept.export(export.name, kind, export.index);
                    }
                }
                stripped.section(&kept);
            }
            other => {
                if let Some((id, range)) = other.as_section()
                    && let Some(data) = module.get(range)
                {
                    stripped.section(&RawSection { id, data });
                }
            }
        }
    }
    Ok(Stripped { module: stripped.finish(), abi })
}

/// Keeps the names that the host looks for, whatever their kind, so that the upload check can tell what is wrong.
fn kept_export(name: &str, kind: ExternalKind) -> Option<ExportKind> {
    if ![MEMORY_EXPORT, CALL_EXPORT, INIT_EXPORT].contains(&name) {
        return None;
    }
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => Some(ExportKind::Func),
        ExternalKind::Table => Some(ExportKind::Table),
        ExternalKind::Memory => Some(ExportKind::Memory),
        ExternalKind::Global => Some(ExportKind::Global),
        ExternalKind::Tag => Some(ExportKind::Tag),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{Stripped, Symbols, strip};

    const LINKED: &str = r#"(module $token
        (memory (export "memory") 1 256)
        (global $end i32 (i32.const 9)) (export "__data_end" (global $end))
        (func $helper (export "helper"))
        (func $call (export "florin_call") call $helper)
        (data (i32.const 8) "x")
        (@custom "florin.metadata" "\01")
        (@custom "florin.abi" "[]")
        (@custom ".debug_line" "\00\00") (@custom "producers" "\00"))"#;

    fn stripped(symbols: Symbols) -> Stripped {
        strip(&wat::parse_str(LINKED).unwrap(), symbols).unwrap()
    }

    #[test]
    fn names_producers_and_linker_exports_go_and_our_sections_stay() {
        let Stripped { module, abi } = stripped(Symbols::Drop);
        assert_eq!(abi.as_deref(), Some(&b"[]"[..]));
        let expected = r#"(module (@custom "florin.metadata" (after data) "\01")
            (memory (export "memory") 1 256) (global i32 (i32.const 9))
            (func) (func (export "florin_call") call 0) (data (i32.const 8) "x"))"#;
        assert_eq!(module, wat::parse_str(expected).unwrap());
    }

    #[test]
    fn kept_names_and_lines_change_no_code() {
        let bare = stripped(Symbols::Drop).module;
        let modules = [Symbols::Names, Symbols::Lines].map(|symbols| stripped(symbols).module);
        assert!(bare.len() < modules[0].len() && modules[0].len() < modules[1].len());
        for module in modules {
            assert_eq!(strip(&module, Symbols::Drop).unwrap().module, bare);
        }
    }

    #[test]
    fn stripping_twice_is_stripping_once() {
        let once = stripped(Symbols::Drop).module;
        assert_eq!(strip(&once, Symbols::Drop).unwrap(), Stripped { module: once, abi: None });
    }

    #[test]
    fn truncated_bytes_are_an_error_at_every_offset() {
        let module = wat::parse_str(LINKED).unwrap();
        for length in 0..module.len() {
            // A cut at a section's end may leave a shorter module; never a panic.
            if let Ok(short) = strip(&module[..length], Symbols::Drop) {
                assert!(short.module.len() <= length);
            }
        }
        assert!(strip(&module[..7], Symbols::Drop).is_err());
    }
}
