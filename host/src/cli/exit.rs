//! The exit codes, which scripts rely on.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Success = 0,
    /// Any failure that has no code of its own.
    Other = 1,
    /// The command line was not understood.
    Usage = 2,
    /// A transaction or a call reverted.
    Reverted = 5,
    /// What must be stored cannot be written or read: the disk is full or fails, the database is damaged, in use, or of
    /// something else.
    Storage = 6,
    /// A check ran and found something wrong.
    CheckFailed = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
