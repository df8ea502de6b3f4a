//! Compiled code in files: authenticated, bounded, and never needed.
//!
//! Guarantees that a file which is not exactly what this node wrote for this contract under this setting is refused
//! before the engine sees it, removed, counted by its reason and told to the operator; that no state of the folder,
//! which anybody may delete at any time, fails a call or changes a result; and that the files take at most `bytes_max`,
//! the longest unused going first. Processes may share a folder: files are written under names of their writer's own and
//! appear by renaming, and equal names have equal contents.
//!
//! A file is read into memory and not mapped. A mapping shows what somebody else writes to the file after the check, and
//! machine code must not change after the check.
//!
//! - `layout`: the bytes of a file, and the check of them.
//! - `folder`: the system calls.
//! - `report`: what an operator sees.

mod folder;
mod layout;
pub(in crate::vm) mod report;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use alloy_primitives::{B256, keccak256};

use self::folder::{Folder, Unusable};
pub(in crate::vm) use self::layout::Authentic;
use self::layout::MacKey;
use super::counts::{CacheIncident, FileCounts, FileProblem};
use super::key::Setting;
use crate::fault::Fault;
use crate::vm::ModuleInfo;

/// How the name of a file of compiled code ends.
const CODE_SUFFIX: &str = ".code";
/// How the name of a file that is being written ends.
const TEMPORARY_SUFFIX: &str = ".tmp";
/// Bytes of one file: the largest artifact of a legal module, and what goes around it.
const FILE_BYTES_MAX: usize = 65 << 20;
/// Entries of the folder that are looked at.
const FILES_MAX: usize = 100_000;
/// Incidents that wait for the operator; the counts go on beyond them.
const INCIDENTS_MAX: usize = 64;

/// Where compiled code is kept between runs of the program.
#[derive(Clone, Debug)]
pub struct CacheFolder {
    /// The folder: made with mode 0700 if there is none, with the folders above it.
    pub path: PathBuf,
    /// Bytes of all files together. A file that is being written may exceed it for a moment.
    pub bytes_max: u64,
    /// What authenticates the files.
    pub key: NodeKey,
}

impl CacheFolder {
    /// Bytes of all files together, unless it says otherwise: 1 GiB.
    pub const BYTES_MAX_DEFAULT: u64 = 1 << 30;
}

/// A secret of the node's own. Who has it can make this node run machine code of his choice.
#[derive(Clone)]
pub struct NodeKey([u8; 32]);

impl NodeKey {
    /// Takes 32 random bytes.
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }
}

impl core::fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("NodeKey(secret)")
    }
}

/// The files of one machine.
#[derive(Debug)]
pub struct CodeFiles {
    folder: Folder,
    key: MacKey,
    setting: Setting,
    bytes_max: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    counts: FileCounts,
    incidents: Vec<CacheIncident>,
    /// Whether the operator knows that nothing can be written.
    told_unwritable: bool,
    /// Whether a thread is at removing what is too much.
    trimming: bool,
}

impl CodeFiles {
    /// Opens the folder, removes what dead writers have left, and counts what is there.
    ///
    /// # Errors
    /// `Fault::Storage` if the folder belongs to another user, is a link, or can be written to by others. A folder that
    /// cannot be made or read is counted and does without.
    pub(in crate::vm) fn open(config: &CacheFolder, setting: Setting) -> Result<Self, Fault> {
        let refused = |why: &str| {
            let path = config.path.display();
            Fault::Storage(format!("cache folder {path}: {why}; give a folder of your own with mode 0700"))
        };
        let folder = Folder::new(config.path.clone()).map_err(|_| refused("this process has no user"))?;
        let files = Self {
            folder,
            key: MacKey::derive(&config.key.0),
            setting,
            bytes_max: config.bytes_max,
            state: Mutex::default(),
        };
        match files.folder.make() {
            Ok(_) => {}
            Err(Unusable::Unsafe(why)) => return Err(refused(why)),
            Err(unusable) => files.count_failure(&unusable),
        }
        let swept = files.folder.sweep().unwrap_or_default();
        let bytes = files.folder.list().map_or(0, |listed| total(&listed));
        {
            let mut state = files.lock();
            state.counts.swept = swept;
            state.counts.bytes = bytes;
        }
        files.trim();
        Ok(files)
    }

    /// Returns the path of the folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the most bytes that the files take together.
    pub const fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// Returns the artifact of a contract, if there is one that is authentic.
    pub(in crate::vm) fn load(&self, code: B256) -> Option<Authentic> {
        let name = self.name(code);
        let opened = match self.folder.read(&name) {
            Ok(None) => return None,
            Ok(Some(file)) => layout::open(&self.key, self.setting, code, file),
            Err(problem) => Err(problem),
        };
        match opened {
            Ok(authentic) => {
                self.folder.touch(&name);
                Some(authentic)
            }
            Err(problem) => {
                self.reject(code, problem);
                None
            }
        }
    }

    /// Removes the file of a contract, counts it and tells the operator.
    pub(in crate::vm) fn reject(&self, code: B256, problem: FileProblem) {
        let file = self.name(code);
        self.folder.remove(&file);
        let mut state = self.lock();
        state.counts.reject(problem);
        if state.incidents.len() < INCIDENTS_MAX {
            state.incidents.push(CacheIncident::Rejected { file, problem });
        }
    }

    /// Writes the artifact of a contract. A failure is counted and told once.
    ///
    /// What is kept under a hash must be the code of that hash, now and after a restart: an embedder who calls code by
    /// another name than its hash has no files.
    pub(in crate::vm) fn save(&self, hash: B256, code: &[u8], info: &ModuleInfo, artifact: &[u8]) {
        if keccak256(code) != hash {
            return;
        }
        let Some(file) = layout::seal(&self.key, self.setting, hash, info, artifact) else { return };
        if file.len() > FILE_BYTES_MAX || u64::try_from(file.len()).map_or(true, |bytes| bytes > self.bytes_max) {
            return;
        }
        match self.folder.write(&self.name(hash), &file) {
            Ok(()) => {
                let mut state = self.lock();
                state.counts.written = state.counts.written.saturating_add(1);
                state.counts.bytes = state.counts.bytes.saturating_add(u64::try_from(file.len()).unwrap_or(u64::MAX));
            }
            Err(unusable) => self.count_failure(&unusable),
        }
        self.trim();
    }

    /// Returns what the files did so far.
    pub(in crate::vm) fn counts(&self) -> FileCounts {
        self.lock().counts
    }

    /// Returns what an operator should know and was not told yet.
    pub(in crate::vm) fn take_incidents(&self) -> Vec<CacheIncident> {
        std::mem::take(&mut self.lock().incidents)
    }

    /// Removes the longest unused files until a quarter of the bytes is free, once they exceed the bound. The folder is
    /// read for that, since others may write to it and remove from it too.
    fn trim(&self) {
        {
            let mut state = self.lock();
            if state.trimming || state.counts.bytes <= self.bytes_max {
                return;
            }
            state.trimming = true;
        }
        let mut listed = self.folder.list().unwrap_or_default();
        listed.sort_by_key(|file| file.used);
        let mut bytes = total(&listed);
        let target = if bytes > self.bytes_max { self.bytes_max.saturating_sub(self.bytes_max / 4) } else { bytes };
        let mut trimmed = 0_u64;
        for file in listed.iter().filter(|file| file.name.ends_with(CODE_SUFFIX)) {
            if bytes <= target {
                break;
            }
            if self.folder.remove(&file.name) {
                bytes = bytes.saturating_sub(file.bytes);
                trimmed = trimmed.saturating_add(1);
            }
        }
        let mut state = self.lock();
        state.counts.bytes = bytes;
        state.counts.trimmed = state.counts.trimmed.saturating_add(trimmed);
        state.trimming = false;
    }

    fn count_failure(&self, unusable: &Unusable) {
        let error = match unusable {
            Unusable::Missing => io::ErrorKind::NotFound,
            Unusable::Unsafe(_) => io::ErrorKind::PermissionDenied,
            Unusable::Failed(kind) => *kind,
        };
        let mut state = self.lock();
        state.counts.write_failures = state.counts.write_failures.saturating_add(1);
        if !std::mem::replace(&mut state.told_unwritable, true) {
            state.incidents.push(CacheIncident::Unwritable { error });
        }
    }

    fn name(&self, code: B256) -> String {
        format!("{}{CODE_SUFFIX}", self.setting.key(code))
    }

    /// Nothing under this lock is wrong halfway.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn total(listed: &[folder::Listed]) -> u64 {
    listed.iter().fold(0, |sum, file| sum.saturating_add(file.bytes))
}
