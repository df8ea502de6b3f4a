//! The folder of compiled code: the only place of the runtime that names files.
//!
//! Guarantees that nothing outside the folder is read or changed: the folder is opened by itself and every file below
//! it by name, without following links and without waiting for the other end of a pipe. The folder has mode 0700; one
//! that belongs to somebody else, or that others can write to, is refused. A file appears under its name whole or not
//! at all, and only after its bytes are on the disk.
//!
//! The folder is opened anew for each file, because anybody may delete it at any time. The kernel's clock stamps
//! files when they are used; this crate reads stamps and no clock.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_NOW};

use super::super::counts::FileProblem;
use super::{CODE_SUFFIX, FILE_BYTES_MAX, FILES_MAX, TEMPORARY_SUFFIX};

/// Tries to find a name that no other writer has.
const NAMES_TRIED_MAX: u32 = 16;
/// Tries to write a file that others take away.
const WRITES_TRIED_MAX: u32 = 16;
/// How every file here is opened.
const SAFE: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);
/// Writing by anybody but the owner.
const OTHERS_WRITE: Mode = Mode::WGRP.union(Mode::WOTH);

/// Why the folder is not used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// There is none.
    Missing,
    /// It is safe to use once somebody else's hands are off it.
    Unsafe(&'static str),
    /// The system refuses.
    Failed(io::ErrorKind),
}

impl From<rustix::io::Errno> for Unusable {
    fn from(error: rustix::io::Errno) -> Self {
        match error {
            rustix::io::Errno::NOENT => Self::Missing,
            rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR => Self::Unsafe("it is a link or no folder"),
            other => Self::Failed(other.kind()),
        }
    }
}

/// A file of the folder, as its directory entry tells it.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// Seconds and nanoseconds of the last use.
    pub(super) used: (i64, i64),
    pub(super) is_file: bool,
}

/// A path, and the number of the next temporary file.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// The user that this process's files belong to.
    uid: u32,
    next: AtomicU64,
}

impl Folder {
    /// Names a folder, which need not exist.
    pub(super) fn new(path: PathBuf) -> Result<Self, Unusable> {
        Ok(Self { path, uid: own_uid()?, next: AtomicU64::new(0) })
    }

    /// Returns its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder if there is none, and checks it.
    pub(super) fn make(&self) -> Result<OwnedFd, Unusable> {
        match self.open() {
            Err(Unusable::Missing) => {
                let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.path);
                made.map_err(|error| Unusable::Failed(error.kind()))?;
                self.open()
            }
            opened => opened,
        }
    }

    fn open(&self) -> Result<OwnedFd, Unusable> {
        let folder = rustix::fs::open(&self.path, OFlags::RDONLY | OFlags::DIRECTORY | SAFE, Mode::empty())?;
        let stat = rustix::fs::fstat(&folder)?;
        if stat.st_uid != self.uid {
            return Err(Unusable::Unsafe("it belongs to another user"));
        }
        if Mode::from_raw_mode(stat.st_mode).intersects(OTHERS_WRITE) {
            return Err(Unusable::Unsafe("other users may write to it"));
        }
        Ok(folder)
    }

    /// Reads a whole file; nothing if there is none.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, FileProblem> {
        let folder = match self.open() {
            Ok(folder) => folder,
            Err(Unusable::Missing) => return Ok(None),
            Err(Unusable::Unsafe(_)) => return Err(FileProblem::NotOurs),
            Err(Unusable::Failed(_)) => return Err(FileProblem::Unreadable),
        };
        let file = match rustix::fs::openat(&folder, name, OFlags::RDONLY | SAFE, Mode::empty()) {
            Ok(file) => file,
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(rustix::io::Errno::LOOP | rustix::io::Errno::NXIO) => return Err(FileProblem::NotAFile),
            Err(_) => return Err(FileProblem::Unreadable),
        };
        let bytes = self.checked_bytes(&rustix::fs::fstat(&file).map_err(|_| FileProblem::Unreadable)?)?;
        let mut contents = Vec::with_capacity(bytes);
        // One more than it should have, so that a file which grows meanwhile does not pass for a whole one.
        let limit = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(1);
        File::from(file).take(limit).read_to_end(&mut contents).map_err(|_| FileProblem::Unreadable)?;
        if contents.len() == bytes { Ok(Some(contents)) } else { Err(FileProblem::Torn) }
    }

    /// Reads the beginning of a file, as much as there is of it.
    pub(super) fn read_start(&self, name: &str, bytes: usize) -> Option<Vec<u8>> {
        let folder = self.open().ok()?;
        let file = rustix::fs::openat(&folder, name, OFlags::RDONLY | SAFE, Mode::empty()).ok()?;
        self.checked_bytes(&rustix::fs::fstat(&file).ok()?).ok()?;
        let mut start = Vec::with_capacity(bytes);
        File::from(file).take(u64::try_from(bytes).ok()?).read_to_end(&mut start).ok()?;
        Some(start)
    }

    /// Stamps a file as used now. Its order among the others is all that depends on it.
    pub(super) fn touch(&self, name: &str) {
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        let times = Timestamps { last_access: now, last_modification: now };
        if let Ok(folder) = self.open() {
            let _ = rustix::fs::utimensat(&folder, name, &times, AtFlags::SYMLINK_NOFOLLOW);
        }
    }

    /// Writes a file; a reader sees the one before or the whole new one. Whoever sweeps the folder between the steps of making
    /// and locking a file takes it for a dead writer's: then it is written again.
    pub(super) fn write(&self, name: &str, contents: &[u8]) -> Result<(), Unusable> {
        let mut last = Unusable::Missing;
        for _ in 0..WRITES_TRIED_MAX {
            match self.try_to_write(name, contents) {
                Err(lost @ Unusable::Failed(io::ErrorKind::NotFound | io::ErrorKind::WouldBlock)) => last = lost,
                written => return written,
            }
        }
        Err(last)
    }

    /// Writes a file, in named steps.
    fn try_to_write(&self, name: &str, contents: &[u8]) -> Result<(), Unusable> {
        let folder = self.make()?;
        let (temporary, mut file) = self.temporary(&folder)?;
        let written = (|| {
            // The lock says that its writer lives; it ends with the process.
            rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
            file.write_all(contents)?;
            rustix::fs::fsync(&file)?;
            rustix::fs::renameat(&folder, &temporary, &folder, name)?;
            rustix::fs::fsync(&folder)?;
            Ok(())
        })();
        written.map_err(|error: io::Error| {
            let _ = rustix::fs::unlinkat(&folder, &temporary, AtFlags::empty());
            Unusable::Failed(error.kind())
        })
    }

    /// Makes an empty file under a name of this process's own. Containers may have equal process numbers, so the name may
    /// be taken.
    fn temporary(&self, folder: &OwnedFd) -> Result<(String, File), Unusable> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | SAFE;
        let mut last = rustix::io::Errno::EXIST;
        for _ in 0..NAMES_TRIED_MAX {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let name = format!("{}-{number}{TEMPORARY_SUFFIX}", std::process::id());
            match rustix::fs::openat(folder, &name, flags, Mode::RUSR | Mode::WUSR) {
                Ok(file) => return Ok((name, File::from(file))),
                Err(error) => last = error,
            }
            if last != rustix::io::Errno::EXIST {
                break;
            }
        }
        Err(last.into())
    }

    /// Removes what has this name: a file, a link (not what it points to), an empty folder.
    pub(super) fn remove(&self, name: &str) -> bool {
        let Ok(folder) = self.open() else { return false };
        match rustix::fs::unlinkat(&folder, name, AtFlags::empty()) {
            Ok(()) => true,
            Err(_) => rustix::fs::unlinkat(&folder, name, AtFlags::REMOVEDIR).is_ok(),
        }
    }

    /// Removes the temporary files whose writers are dead; returns how many.
    pub(super) fn sweep(&self) -> Result<u64, Unusable> {
        let folder = self.open()?;
        let mut swept = 0_u64;
        for listed in self.list()?.iter().filter(|listed| listed.name.ends_with(TEMPORARY_SUFFIX)) {
            let file = rustix::fs::openat(&folder, &listed.name, OFlags::RDONLY | SAFE, Mode::empty());
            // Whoever writes holds the lock. Between its two steps of making and locking a file it may lose the file,
            // and then writes it again.
            let is_dead = match &file {
                Ok(file) => rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive).is_ok(),
                Err(_) => true,
            };
            if is_dead && rustix::fs::unlinkat(&folder, &listed.name, AtFlags::empty()).is_ok() {
                swept = swept.saturating_add(1);
            }
        }
        Ok(swept)
    }

    /// Returns the cache's files, in the order of their names; at most [`FILES_MAX`] entries are looked at. What has
    /// another kind of name is somebody else's.
    pub(super) fn list(&self) -> Result<Vec<Listed>, Unusable> {
        let folder = match self.open() {
            Ok(folder) => folder,
            Err(Unusable::Missing) => return Ok(Vec::new()),
            Err(unusable) => return Err(unusable),
        };
        let mut files = Vec::new();
        for entry in Dir::read_from(&folder)?.take(FILES_MAX) {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if !name.ends_with(CODE_SUFFIX) && !name.ends_with(TEMPORARY_SUFFIX) {
                continue;
            }
            // It may be gone already.
            let Ok(stat) = rustix::fs::statat(folder.as_fd(), name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            files.push(Listed {
                name: name.to_owned(),
                bytes: u64::try_from(stat.st_size).unwrap_or_default(),
                used: (stat.st_mtime, i64::try_from(stat.st_mtime_nsec).unwrap_or_default()),
                is_file: FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile,
            });
        }
        files.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(files)
    }

    /// Returns how long a file is, if it is one that this process may trust to be its own.
    fn checked_bytes(&self, stat: &Stat) -> Result<usize, FileProblem> {
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(FileProblem::NotAFile);
        }
        if stat.st_uid != self.uid || Mode::from_raw_mode(stat.st_mode).intersects(OTHERS_WRITE) {
            return Err(FileProblem::NotOurs);
        }
        let bytes = usize::try_from(stat.st_size).map_err(|_| FileProblem::TooLong)?;
        if bytes > FILE_BYTES_MAX { Err(FileProblem::TooLong) } else { Ok(bytes) }
    }
}

/// Returns the user that this process's files belong to: the owner of a pipe that it has just made.
fn own_uid() -> Result<u32, rustix::io::Errno> {
    let (reader, _writer) = io::pipe().map_err(|_| rustix::io::Errno::MFILE)?;
    Ok(rustix::fs::fstat(&reader)?.st_uid)
}
