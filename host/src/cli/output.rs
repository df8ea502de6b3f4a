//! Standard output: data only, written whole or not at all, for people or as JSON.

use std::fmt;
use std::io::{self, Write};

use clap::ValueEnum;

use crate::cli::Failure;

/// How data is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines or tables for people.
    Table,
    /// One JSON object.
    Json,
}

/// Where data goes.
pub struct Output(Box<dyn Write>);

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Output")
    }
}

impl Output {
    /// Returns the process's standard output.
    pub fn standard() -> Self {
        Self(Box::new(io::stdout()))
    }

    /// Writes a text and a line's end.
    ///
    /// # Errors
    /// The system's. A reader that has gone away is [`Failure::ReaderGone`], which ends the program quietly.
    pub fn line(&mut self, text: impl fmt::Display) -> Result<(), Failure> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.0.write_all(bytes).and_then(|()| self.0.flush()).map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ReaderGone,
            _ => Failure::Other { message: format!("cannot write the output: {error}"), help: None },
        })
    }
}
