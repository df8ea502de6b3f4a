//! What went wrong, in the form in which a person reads it.
//!
//! Guarantees that no control character of a foreign text (a file's name, a module's) reaches the terminal.

use std::fmt;
use std::io::{IsTerminal, Write};

use florin_build::BuildError;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use thiserror::Error;

use crate::cli::Exit;

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
            Self::Other { help, .. } | Self::Usage { help, .. } | Self::CheckFailed { help, .. } => {
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

    use super::Failure;
    use crate::cli::Exit;

    #[test]
    fn every_failure_has_the_exit_code_that_scripts_rely_on() {
        let other = Failure::Other { message: String::new(), help: None };
        let usage = Failure::Usage { message: String::new(), help: None };
        let reverted = Failure::Reverted { message: String::new() };
        let failed = Failure::CheckFailed { message: String::new(), findings: Vec::new(), help: None };
        for (failure, code) in [(other, 1), (usage, 2), (reverted, 5), (failed, 7), (Failure::ReaderGone, 0)] {
            assert_eq!(failure.exit() as u8, code);
        }
        assert_eq!(ExitCode::from(Exit::CheckFailed), ExitCode::from(7));
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
