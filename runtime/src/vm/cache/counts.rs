//! What a cache did so far, and what it holds: for operators and tests, never for consensus.

use core::fmt;
use std::io;

use thiserror::Error;

/// Counts of one machine's cache of compiled code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Requests that found their code in memory, pinned or not.
    pub hits: u64,
    /// Of these, requests for pinned code.
    pub pinned_hits: u64,
    /// Requests that did not find it in memory.
    pub misses: u64,
    /// Of these, answered by a refusal that is remembered.
    pub refusal_hits: u64,
    /// Of these, loaded from a file.
    pub file_hits: u64,
    /// Of these, compiled. The rest waited for another thread, or failed.
    pub compilations: u64,
    /// Codes dropped from memory to stay within its bytes.
    pub evictions: u64,
    /// Codes in memory, pinned ones not counted.
    pub entries: u64,
    /// Bytes that they take.
    pub bytes: u64,
    /// Pinned codes.
    pub pinned_entries: u64,
    /// Bytes that they take.
    pub pinned_bytes: u64,
    /// Refusals that are remembered.
    pub refusals: u64,
    /// What the files did; zeros without a folder.
    pub files: FileCounts,
}

/// Counts of the files of compiled code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileCounts {
    /// Files written.
    pub written: u64,
    /// Files that could not be written: no room, no permission, a damaged folder.
    pub write_failures: u64,
    /// Files removed to stay within the bytes.
    pub trimmed: u64,
    /// Temporary files of dead writers removed at the start.
    pub swept: u64,
    /// Bytes on disk, as far as this machine knows: others may share the folder.
    pub bytes: u64,
    rejected: [u64; FileProblem::COUNT],
}

impl FileCounts {
    /// Returns how many files were refused for a reason.
    pub fn rejected(&self, problem: FileProblem) -> u64 {
        self.rejected.get(problem.index()).copied().unwrap_or_default()
    }

    /// Returns how many files were refused for any reason.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    pub(super) fn reject(&mut self, problem: FileProblem) {
        if let Some(count) = self.rejected.get_mut(problem.index()) {
            *count = count.saturating_add(1);
        }
    }
}

/// Why a file of the cache is refused. Nothing of the file's own text is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum FileProblem {
    /// A directory, a link, a pipe or a device.
    #[error("not a regular file")]
    NotAFile,
    /// It belongs to somebody else, or others may write to it.
    #[error("owned or writable by somebody else")]
    NotOurs,
    /// It is longer than any artifact.
    #[error("longer than any artifact")]
    TooLong,
    /// Its length is not the one that it claims.
    #[error("torn: its length is not what it claims")]
    Torn,
    /// It does not begin as such files do, or has another format number.
    #[error("of another format")]
    Format,
    /// It is the code of another contract, or was made with other settings.
    #[error("of another contract or other settings")]
    OtherKey,
    /// The node's key does not authenticate it.
    #[error("not authenticated by this node's key")]
    BadMac,
    /// It is authentic, and the engine does not take it.
    #[error("authentic, but not accepted by the engine")]
    NotAccepted,
    /// The system cannot read it.
    #[error("unreadable")]
    Unreadable,
}

impl FileProblem {
    /// How many problems there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Every problem.
    pub const ALL: [Self; 9] = [
        Self::NotAFile,
        Self::NotOurs,
        Self::TooLong,
        Self::Torn,
        Self::Format,
        Self::OtherKey,
        Self::BadMac,
        Self::NotAccepted,
        Self::Unreadable,
    ];

    fn index(self) -> usize {
        Self::ALL.iter().position(|problem| *problem == self).unwrap_or(Self::COUNT)
    }
}

/// Something that an operator should know about the folder: one line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheIncident {
    /// A file was refused; it is removed, and compiled code takes its place.
    Rejected {
        /// The name that the file has by its key.
        file: String,
        /// Why.
        problem: FileProblem,
    },
    /// Files cannot be written. Told once; contracts run from memory.
    Unwritable {
        /// What the system said.
        error: io::ErrorKind,
    },
}

impl fmt::Display for CacheIncident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected { file, problem } => write!(f, "cache file {file} refused: {problem}"),
            Self::Unwritable { error } => write!(f, "cache files cannot be written: {error}"),
        }
    }
}
