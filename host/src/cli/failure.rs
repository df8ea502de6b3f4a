//! What went wrong, in the form in which a person reads it.
//!
//! Guarantees that no control character of a foreign text (a file's name, a module's) reaches the terminal.

use std::fmt;
use std::io::{IsTerminal, Write};

use florin_build::BuildError;
use florin_runtime::fault::Fault;
use florin_runtime::state::durable::OpenError;
use florin_runtime::state::store::StoreError;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use thiserror::Error;

use crate::cli::Exit;
use crate::data_folder::DataFolderError;

/// A command that did not do what it was asked to.
#[derive(Debug, Error)]
pub enum Failure {
    /// Anything without a code of its own.
    #[error("{}", Printable(message))]
    Other {
        /// What and where.
        message: String,
        /// What the user can do about it.
        help: Option<String>,
    },
    /// The arguments are well-formed and make no sense together or here.
    #[error("{}", Printable(message))]
    Usage {
        /// What and where.
        message: String,
        /// What the user can do about it.
        help: Option<String>,
    },
    /// A transaction or a call reverted.
    #[error("{}", Printable(message))]
    Reverted {
        /// The decoded error.
        message: String,
    },
    /// What must be stored cannot be written or read.
    #[error("{}", Printable(message))]
    Storage {
        /// What and where.
        message: String,
        /// What the user can do about it.
        help: Option<String>,
    },
    /// A check ran and found something wrong.
    #[error("{}{}", Printable(message), Findings(findings))]
    CheckFailed {
        /// What was checked.
        message: String,
        /// Each thing that is wrong.
        findings: Vec<String>,
        /// What the user can do about it.
        help: Option<String>,
    },
    /// Nobody reads the output any more. Nothing is reported.
    #[error("the reader of the output is gone")]
    ReaderGone,
}

impl Failure {
    /// Returns the exit code.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Other { .. } => Exit::Other,
            Self::Usage { .. } => Exit::Usage,
            Self::Reverted { .. } => Exit::Reverted,
            Self::Storage { .. } => Exit::Storage,
            Self::CheckFailed { .. } => Exit::CheckFailed,
            Self::ReaderGone => Exit::Success,
        }
    }

    /// Writes the report to standard error, in colour on a terminal that has not asked for none.
    pub fn report(&self) {
        if matches!(self, Self::ReaderGone) {
            return;
        }
        let quiet = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let coloured = std::io::stderr().is_terminal() && !quiet;
        // A closed standard error leaves nobody to tell.
        let _ = std::io::stderr().write_all(self.render(coloured).as_bytes());
    }

    fn render(&self, coloured: bool) -> String {
        let theme = if coloured { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_wrap_lines(false);
        let mut report = String::new();
        if handler.render_report(&mut report, self).is_err() {
            report = format!("{self}\n");
        }
        report
    }
}

impl Diagnostic for Failure {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        match self {
            Self::Other { help, .. }
            | Self::Usage { help, .. }
            | Self::Storage { help, .. }
            | Self::CheckFailed { help, .. } => {
                help.as_ref().map(|help| Box::new(Printable(help)) as Box<dyn fmt::Display>)
            }
            Self::Reverted { .. } | Self::ReaderGone => None,
        }
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        let (message, help) = (error.to_string(), error.help());
        match error {
            BuildError::NoCrate { .. } | BuildError::Workspace { .. } | BuildError::NoContracts { .. } => {
                Self::Usage { message, help }
            }
            BuildError::Refused { .. } => Self::CheckFailed { message, findings: Vec::new(), help },
            _ => Self::Other { message, help },
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let message = fault.to_string();
        match fault {
            Fault::Store(error) => Self::Storage { message, help: remedy(&error).map(str::to_owned) },
            Fault::Corrupt { .. } => Self::Storage { message, help: Some(ANEW.to_owned()) },
            Fault::Storage(_) => Self::Storage { message, help: None },
            Fault::Engine(_) | Fault::Invariant(_) => Self::Other { message, help: None },
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Fault(fault) => fault.into(),
            // Each of the others says what to do.
            _ => Self::Storage { message: error.to_string(), help: None },
        }
    }
}

impl From<DataFolderError> for Failure {
    fn from(error: DataFolderError) -> Self {
        let help = match &error {
            DataFolderError::Store { error, .. } => remedy(error),
            DataFolderError::Io { .. } => Some("name a folder of your own on a disk with free space"),
            DataFolderError::Locked { .. } => None,
        };
        Self::Storage { message: error.to_string(), help: help.map(str::to_owned) }
    }
}

/// What helps when stored data are damaged.
const ANEW: &str = "restore the folder from a copy, or name another one and start anew";

/// Returns what helps, beyond what the error itself says.
const fn remedy(error: &StoreError) -> Option<&'static str> {
    match error {
        StoreError::Full | StoreError::Io(_) | StoreError::Stopped => {
            Some("the same command goes on after the last committed block")
        }
        StoreError::Damaged(_) => Some(ANEW),
        StoreError::Locked => None,
    }
}

/// Displays a foreign text with its control characters escaped.
struct Printable<'a>(&'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() && c != '\n' {
                write!(f, "{}", c.escape_default())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

/// Displays findings, a line each.
struct Findings<'a>(&'a [String]);

impl fmt::Display for Findings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|finding| write!(f, "\n- {}", Printable(finding)))
    }
}

#[cfg(test)]
mod tests {
    use std::process::ExitCode;

    use florin_runtime::fault::Fault;
    use florin_runtime::state::durable::OpenError;
    use florin_runtime::state::store::StoreError;

    use super::Failure;
    use crate::cli::Exit;
    use crate::data_folder::DataFolderError;

    #[test]
    fn every_failure_has_the_exit_code_that_scripts_rely_on() {
        let other = Failure::Other { message: String::new(), help: None };
        let usage = Failure::Usage { message: String::new(), help: None };
        let reverted = Failure::Reverted { message: String::new() };
        let failed = Failure::CheckFailed { message: String::new(), findings: Vec::new(), help: None };
        let storage = Failure::Storage { message: String::new(), help: None };
        let failures = [(other, 1), (usage, 2), (reverted, 5), (storage, 6), (failed, 7), (Failure::ReaderGone, 0)];
        for (failure, code) in failures {
            assert_eq!(failure.exit() as u8, code);
        }
        assert_eq!(ExitCode::from(Exit::CheckFailed), ExitCode::from(7));
    }

    #[test]
    fn every_failure_of_storage_exits_with_6_and_says_what_to_do() {
        let full = "free some, then start again";
        let stored = |error: StoreError| Failure::from(Fault::from(error));
        for (failure, advice) in [
            (stored(StoreError::Full), full),
            (OpenError::from(StoreError::Full).into(), full),
            (stored(StoreError::Io("EIO".to_owned())), "check the disk"),
            (stored(StoreError::Stopped), "start again"),
            (stored(StoreError::Locked), "stop that one first"),
            (stored(StoreError::Damaged("page".to_owned())), "restore it from a snapshot"),
            (Fault::Corrupt { what: "block", detail: "short".to_owned() }.into(), "start anew"),
            (OpenError::Foreign.into(), "no database of this program"),
            (OpenError::Format { found: 1 }.into(), "use the release that wrote it"),
            (DataFolderError::Locked { path: "data".into() }.into(), "name another folder"),
        ] {
            let report = failure.render(false);
            assert_eq!(failure.exit(), Exit::Storage, "{report}");
            assert!(report.replace("\n  │ ", " ").contains(advice), "{report}");
        }
        assert_eq!(Failure::from(Fault::Invariant("broken")).exit(), Exit::Other);
    }

    #[test]
    fn case_15_a_report_escapes_what_a_foreign_text_would_do_to_a_terminal() {
        let findings = vec!["row \u{1b}[2J".to_owned()];
        let failure =
            Failure::CheckFailed { message: "\u{1b}]0;x\u{7}".to_owned(), findings, help: Some("\r".to_owned()) };
        let report = failure.render(false);
        assert!(report.chars().all(|c| !c.is_control() || c == '\n'), "{report:?}");
        assert!(report.contains("row \\u{1b}[2J"), "{report}");
    }

    #[test]
    fn a_report_is_coloured_only_when_it_may_be() {
        let failure = Failure::Other { message: "no".to_owned(), help: Some("yes".to_owned()) };
        assert!(failure.render(true).contains('\u{1b}'));
        assert!(!failure.render(false).contains('\u{1b}'));
    }
}
