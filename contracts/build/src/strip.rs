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

/// Whether functions keep their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// No names: what is deployed.
    Drop,
    /// Names: for a disassembly, a profile, or the message of a refusal. The code is the same.
    Keep,
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
pub fn strip(module: &[u8], names: Names) -> Result<Stripped, BinaryReaderError> {
    let mut stripped = Module::new();
    let mut abi = None;
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::CustomSection(section) if section.name() == ABI_SECTION => {
                abi.get_or_insert_with(Vec::new).extend_from_slice(section.data());
            }
            Payload::CustomSection(section) => {
                let named = section.name() == NAME_SECTION && names == Names::Keep;
                if named || section.name().starts_with(KEPT_PREFIX) {
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

    use super::{Names, Stripped, strip};

    const LINKED: &str = r#"(module $token
        (memory (export "memory") 1 256)
        (global $end i32 (i32.const 9)) (export "__data_end" (global $end))
        (func $helper (export "helper"))
        (func $call (export "florin_call") call $helper)
        (data (i32.const 8) "x")
        (@custom "florin.metadata" "\01")
        (@custom "florin.abi" "[]")
        (@custom "producers" "\00"))"#;

    fn stripped(names: Names) -> Stripped {
        strip(&wat::parse_str(LINKED).unwrap(), names).unwrap()
    }

    #[test]
    fn names_producers_and_linker_exports_go_and_our_sections_stay() {
        let Stripped { module, abi } = stripped(Names::Drop);
        assert_eq!(abi.as_deref(), Some(&b"[]"[..]));
        let expected = r#"(module (@custom "florin.metadata" (after data) "\01")
            (memory (export "memory") 1 256) (global i32 (i32.const 9))
            (func) (func (export "florin_call") call 0) (data (i32.const 8) "x"))"#;
        assert_eq!(module, wat::parse_str(expected).unwrap());
    }

    #[test]
    fn kept_names_change_no_code() {
        let Stripped { module, .. } = stripped(Names::Keep);
        let bare = stripped(Names::Drop).module;
        assert!(module.len() > bare.len());
        assert_eq!(strip(&module, Names::Drop).unwrap().module, bare);
    }

    #[test]
    fn stripping_twice_is_stripping_once() {
        let once = stripped(Names::Drop).module;
        assert_eq!(strip(&once, Names::Drop).unwrap(), Stripped { module: once, abi: None });
    }

    #[test]
    fn truncated_bytes_are_an_error_at_every_offset() {
        let module = wat::parse_str(LINKED).unwrap();
        for length in 0..module.len() {
            // A cut at a section's end may leave a shorter module; never a panic.
            if let Ok(short) = strip(&module[..length], Names::Drop) {
                assert!(short.module.len() <= length);
            }
        }
        assert!(strip(&module[..7], Names::Drop).is_err());
    }
}
