//! Why an uploaded module is refused: where, what, which limit, and how to fix it, as one value for tools and receipts.
//!
//! Guarantees that nothing of the module's own text is passed on raw: every name is escaped to printable ASCII and cut
//! to 64 characters, so that a log or a terminal cannot be poisoned by an upload.

use core::fmt;

use florin_abi::Limit;
use thiserror::Error;

/// Characters of a foreign text that are kept in a message.
const TEXT_CHARS_MAX: usize = 64;

/// A module's text, made harmless: printable ASCII, at most 64 characters of the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sanitised(String);

impl Sanitised {
    /// Escapes everything but printable ASCII, and cuts.
    pub fn new(text: &str) -> Self {
        let mut kept: String = text.chars().take(TEXT_CHARS_MAX).flat_map(char::escape_default).collect();
        if text.chars().nth(TEXT_CHARS_MAX).is_some() {
            kept.push_str("..");
        }
        Self(kept)
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sanitised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The function of a module in which something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionName {
    /// Its index, imported functions counted.
    pub index: u32,
    /// Its name, from the name section or the exports, if it has one.
    pub name: Option<Sanitised>,
}

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "function {} `{name}`", self.index),
            None => write!(f, "function {}", self.index),
        }
    }
}

/// An uploaded module breaks a rule of the upload check.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{}{reason}", Place(.function.as_ref()), Operator(.operator.as_deref()))]
pub struct Refusal {
    /// The function, if the reason lies in one.
    pub function: Option<FunctionName>,
    /// The operator, in the text format, if the reason lies in one.
    pub operator: Option<String>,
    /// The offset in the module, if known.
    pub offset: Option<usize>,
    /// The rule.
    pub reason: Reason,
}

/// The rule of the upload check that a module breaks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Reason {
    /// The module has more of something than a row of the limits table allows.
    #[error("{actual} {} exceed {} = {}", .limit.unit, .limit.name, .limit.value)]
    Limit {
        /// The row.
        limit: &'static Limit,
        /// What the module has; at least this much where counting stopped early.
        actual: u64,
    },
    /// The bytes are no valid module.
    #[error("malformed module: {0}")]
    Malformed(Sanitised),
    /// The module uses a Wasm proposal that contracts may not use.
    #[error("uses the Wasm proposal {proposal}, which is switched off: {because}")]
    Proposal {
        /// The proposal's name.
        proposal: &'static str,
        /// Why it is off.
        because: &'static str,
    },
    /// The module has a start section.
    #[error("has a start section")]
    Start,
    /// An import is not what the table offers.
    #[error("import `{module}.{name}` {problem}")]
    Import {
        /// The module named by the import.
        module: Sanitised,
        /// The name of the import.
        name: Sanitised,
        /// What is wrong.
        problem: ImportProblem,
    },
    /// An export is missing or is not what the host looks for.
    #[error("export `{name}` {problem}")]
    Export {
        /// The name of the export.
        name: Sanitised,
        /// What is wrong.
        problem: ExportProblem,
    },
    /// The memory is not declared as it must be.
    #[error("memory {0}")]
    Memory(&'static str),
    /// The table is not declared as it must be.
    #[error("table {0}")]
    Table(&'static str),
    /// An active segment leaves the memory or the table.
    #[error("{kind} segment {index} ends at {end}, past the initial size {size}")]
    Segment {
        /// `data` or `element`.
        kind: &'static str,
        /// Its index.
        index: u32,
        /// Where it ends, in bytes or elements.
        end: u64,
        /// What there is at the start, in bytes or elements.
        size: u64,
    },
    /// A custom section of ours does not decode.
    #[error("custom section `{section}` is malformed: {problem}")]
    Section {
        /// The section's name.
        section: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
}

/// What is wrong with an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ImportProblem {
    /// Nothing of this name is offered.
    #[error("is not offered by the host")]
    Unknown,
    /// It is no function.
    #[error("is not a function")]
    NotAFunction,
    /// The host function has other parameters or results.
    #[error("has another signature than the host function")]
    Signature,
    /// It is imported twice.
    #[error("is imported twice")]
    Duplicate,
}

/// What is wrong with an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ExportProblem {
    /// It is required and missing.
    #[error("is missing")]
    Missing,
    /// It is of another kind.
    #[error("is of another kind than it must be")]
    Kind,
    /// It is a function with parameters or results.
    #[error("must have no parameters and no results")]
    Signature,
    /// It is an imported function.
    #[error("must be defined by the module, not imported")]
    Imported,
    /// It has the prefix of the names that metering adds.
    #[error("has a reserved name")]
    Reserved,
}

impl Refusal {
    /// Returns what the author can do about it, as one sentence.
    pub fn fix(&self) -> String {
        match &self.reason {
            Reason::Limit { limit, .. } => format!("reduce it to at most {} {}", limit.value, limit.unit),
            Reason::Malformed(_) => "upload the .wasm file that `florin contract build` writes".to_owned(),
            Reason::Proposal { .. } => "build for the target wasm32v1-none and use integers only".to_owned(),
            Reason::Start => "remove the start function; set up state in `florin_init`".to_owned(),
            Reason::Import { problem: ImportProblem::Signature | ImportProblem::Duplicate, .. } => {
                "declare host functions through florin-sdk only, once each".to_owned()
            }
            Reason::Import { .. } => {
                "import only functions of the module `florin`; a crate that needs an operating system cannot be used"
                    .to_owned()
            }
            Reason::Export { problem: ExportProblem::Reserved, .. } => {
                format!("do not use names that begin with `{}`", florin_abi::RESERVED_PREFIX)
            }
            Reason::Export { .. } => {
                "export `memory`, and `florin_call` and optionally `florin_init` as functions without parameters or \
                 results; `#[florin_sdk::contract]` does"
                    .to_owned()
            }
            Reason::Memory(_) => {
                "declare one memory with a maximum; `florin contract build` passes `--max-memory` to the linker"
                    .to_owned()
            }
            Reason::Table(_) => "declare at most one table, with its minimum as its maximum".to_owned(),
            Reason::Segment { .. } => "enlarge the initial memory or table, or move the segment".to_owned(),
            Reason::Section { .. } => "let `#[florin_sdk::contract]` write the section".to_owned(),
        }
    }
}

/// Displays the place before a reason: `function 3 "f": `, or nothing.
struct Place<'a>(Option<&'a FunctionName>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |function| write!(f, "{function}: "))
    }
}

/// Displays the operator before a reason: `f32.add `, or nothing.
struct Operator<'a>(Option<&'a str>);

impl fmt::Display for Operator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |operator| write!(f, "{operator}: "))
    }
}

#[cfg(test)]
mod tests {
    use super::Sanitised;

    #[test]
    fn case_15_a_foreign_text_is_escaped_and_cut() {
        assert_eq!(Sanitised::new("\u{1b}[31mred\n\u{202e}").as_str(), "\\u{1b}[31mred\\n\\u{202e}");
        assert_eq!(Sanitised::new(&"x".repeat(10_000)).as_str().len(), 66);
    }
}
