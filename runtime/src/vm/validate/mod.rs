//! The upload check: the one gate between foreign bytes and everything that runs code.
//!
//! Guarantees that a module which passes declares at most what the limits table allows, uses no Wasm proposal but the
//! allowed ones, imports nothing but rows of the import table with their exact signatures, exports what the host looks
//! for, has no start function, and instantiates: no active segment can leave the memory or the table. The size is
//! compared before a byte is read; every count is compared before anything is allocated for it.
//!
//! Costs one pass over the bytes, without recursion. Pure: no engine, no state.
//!
//! - `proposals`: every Wasm proposal, allowed or refused.
//! - `sections`: the rules of each section.
//! - `bodies`: the rules of function bodies.
//! - `limit`, `names`: what a refusal needs to name.

mod bodies;
mod limit;
mod names;
pub(super) mod proposals;
mod sections;
#[cfg(test)]
mod tests;

use wasmparser::{FuncType, Parser, Payload, ValidPayload, Validator};

use self::bodies::Bodies;
use self::limit::{at_most, limit};
use super::ModuleInfo;
use super::refusal::{Reason, Refusal, Sanitised};

/// Checks a module against every rule of the upload check.
///
/// # Errors
/// The first rule that it breaks.
pub(super) fn validate(code: &[u8]) -> Result<ModuleInfo, Refusal> {
    let size = u64::try_from(code.len()).unwrap_or(u64::MAX);
    at_most(limit!(CODE_BYTES_MAX), size).map_err(Refusal::whole)?;

    let features = proposals::allowed();
    let mut validator = Validator::new_with_features(features);
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut findings = Findings::default();
    let mut bodies = Bodies::default();
    for payload in parser.parse_all(code) {
        let payload = payload.map_err(|error| Refusal::parser(&error))?;
        findings.claims(&payload)?;
        match validator.payload(&payload).map_err(|error| Refusal::parser(&error))? {
            ValidPayload::Func(function, body) => {
                let ty = findings.function_type(function.index);
                let ty =
                    ty.ok_or_else(|| Refusal::whole(Reason::Malformed(Sanitised::new("a body without a type"))))?;
                bodies.check(code, function, ty, &body)?;
            }
            _ => findings.section(payload)?,
        }
    }
    findings.finish(&bodies)
}

/// What the sections seen so far declare.
#[derive(Default)]
struct Findings {
    types: Vec<FuncType>,
    /// Type index of every function, the imported ones first.
    functions: Vec<u32>,
    imported: u32,
    memory: Option<sections::Pages>,
    /// From the first byte that an active segment sets to the end of the last.
    data: Option<core::ops::Range<u64>>,
    table_elements: u64,
    passive_elements: u32,
    custom_sections: u64,
    exports: sections::Exports,
    reentrant: Option<Vec<[u8; 4]>>,
    metadata: Option<super::Metadata>,
}

impl Findings {
    /// Compares what a section claims to hold with the limits, before anything is read from it.
    fn claims(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        let (limit, count, offset) = match payload {
            Payload::TypeSection(section) => (limit!(TYPES_MAX), section.count(), section.range().start),
            Payload::ImportSection(section) => (limit!(IMPORTS_MAX), section.count(), section.range().start),
            Payload::FunctionSection(section) => (limit!(FUNCTIONS_MAX), section.count(), section.range().start),
            Payload::GlobalSection(section) => (limit!(GLOBALS_MAX), section.count(), section.range().start),
            Payload::ExportSection(section) => (limit!(EXPORTS_MAX), section.count(), section.range().start),
            Payload::ElementSection(section) => (limit!(ELEMENT_SEGMENTS_MAX), section.count(), section.range().start),
            Payload::DataCountSection { count, range } => (limit!(DATA_SEGMENTS_MAX), *count, range.start),
            Payload::DataSection(section) => (limit!(DATA_SEGMENTS_MAX), section.count(), section.range().start),
            Payload::CodeSectionStart { count, range, .. } => (limit!(FUNCTIONS_MAX), *count, range.start),
            Payload::StartSection { range, .. } => return Err(Refusal::at(range.start, Reason::Start)),
            Payload::CustomSection(section) => {
                self.custom_sections = self.custom_sections.saturating_add(1);
                return at_most(limit!(CUSTOM_SECTIONS_MAX), self.custom_sections)
                    .map_err(|reason| Refusal::at(section.range().start, reason));
            }
            _ => return Ok(()),
        };
        at_most(limit, u64::from(count)).map_err(|reason| Refusal::at(offset, reason))
    }

    fn function_type(&self, index: u32) -> Option<&FuncType> {
        let type_index = self.functions.get(usize::try_from(index).ok()?)?;
        self.types.get(usize::try_from(*type_index).ok()?)
    }
}

impl Refusal {
    /// Refuses the module as a whole.
    fn whole(reason: Reason) -> Self {
        Self { function: None, operator: None, offset: None, reason }
    }

    /// Refuses what stands at an offset.
    fn at(offset: usize, reason: Reason) -> Self {
        Self { offset: Some(offset), ..Self::whole(reason) }
    }

    /// Refuses what the parser complains about.
    pub(super) fn parser(error: &wasmparser::Error) -> Self {
        let refused = error.missing_wasm_feature().and_then(proposals::refused);
        let reason = match refused {
            Some((proposal, because)) => Reason::Proposal { proposal, because },
            None => Reason::Malformed(Sanitised::new(error.message())),
        };
        Self::at(error.offset(), reason)
    }
}
