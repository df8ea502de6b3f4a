//! Brings a module of the specification's tests into the form that the metering pass expects of a contract.
//!
//! Guarantees the same meaning: a start function becomes an export that is called right after the segments are in place,
//! which is when the specification calls it; an empty export section is added where there is none, for the counters.

use wasm_encoder::{Encode, ExportKind, Module, RawSection, SectionId};
use wasmparser::{Parser, Payload};

use crate::fault::Fault;
use crate::vm::instrument::items;

/// The export that a start function becomes.
pub(super) const START_EXPORT: &str = "florin:start";

/// Returns the module without custom sections and start section, and with an export section.
pub(super) fn normal(code: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut sections: Vec<(u8, Vec<u8>)> = Vec::new();
    let mut start = None;
    for payload in Parser::new(0).parse_all(code) {
        let payload = payload.map_err(|error| Fault::Engine(error.to_string()))?;
        match &payload {
            Payload::CustomSection(_) => {}
            Payload::StartSection { func, .. } => start = Some(*func),
            other => {
                if let Some((id, range)) = other.as_section() {
                    sections.push((id, code.get(range).unwrap_or_default().to_vec()));
                }
            }
        }
    }
    export(&mut sections, start)?;
    let mut module = Module::new();
    for (id, data) in &sections {
        module.section(&RawSection { id: *id, data });
    }
    Ok(module.finish())
}

/// Tells whether a normal module has a start function.
pub(super) fn starts(code: &[u8]) -> bool {
    let exports = Parser::new(0).parse_all(code).find_map(|payload| match payload {
        Ok(Payload::ExportSection(exports)) => Some(exports),
        _ => None,
    });
    exports.is_some_and(|exports| exports.into_iter().flatten().any(|export| export.name == START_EXPORT))
}

fn export(sections: &mut Vec<(u8, Vec<u8>)>, start: Option<u32>) -> Result<(), Fault> {
    let is_export = |id: u8| id == SectionId::Export as u8;
    let later = [SectionId::Element, SectionId::DataCount, SectionId::Code, SectionId::Data].map(|id| id as u8);
    if !sections.iter().any(|(id, _)| is_export(*id)) {
        let place = sections.iter().position(|(id, _)| later.contains(id)).unwrap_or(sections.len());
        sections.insert(place, (SectionId::Export as u8, vec![0]));
    }
    let (Some(start), Some((_, section))) = (start, sections.iter_mut().find(|(id, _)| is_export(*id))) else {
        return Ok(());
    };
    let (count, exports) = items(section, 0..section.len())?;
    let mut written = Vec::new();
    count.saturating_add(1).encode(&mut written);
    written.extend_from_slice(exports);
    START_EXPORT.encode(&mut written);
    ExportKind::Func.encode(&mut written);
    start.encode(&mut written);
    *section = written;
    Ok(())
}
