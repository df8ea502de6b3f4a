//! The system calls that do something to files, as they are asked for.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use nix::libc;
use nix::unistd::Pid;

use super::Kind;
use super::files::Files;
use super::registers::Registers;
use crate::Trouble;

/// The longest path.
const PATH_BYTES: usize = 4096;

/// The most pieces of one write.
const PIECES_MAX: u64 = 1024;

/// What a thread asks of the system, if it concerns the watched folder or standard output.
pub(super) enum Call {
    Open { path: PathBuf, flags: i32 },
    Close { descriptor: i32 },
    Duplicate { descriptor: i32 },
    Write { descriptor: i32, bytes: Vec<u8>, at: Option<u64> },
    Cut { descriptor: i32, length: u64 },
    Sync { descriptor: i32 },
    Read { to: u64 },
    MakeFolder { path: PathBuf },
    Rename { from: PathBuf, to: PathBuf },
    Remove { path: PathBuf },
    Tell { bytes: Vec<u8> },
}

impl Call {
    /// Reads what a thread asks for; nothing if it concerns nobody.
    #[allow(clippy::too_many_lines, reason = "one row a call")]
    pub(super) fn read(registers: &Registers, process: &Process, files: &Files) -> Result<Option<Self>, Trouble> {
        let number = i64::try_from(registers.number()).unwrap_or(-1);
        let argument = |index| registers.argument(index);
        let descriptor = as_descriptor(argument(0));
        let is_watched = files.is_open(descriptor);
        let path_at = |folder: usize, path: usize| process.path(as_descriptor(argument(folder)), argument(path));
        let here = |path: usize| process.path(libc::AT_FDCWD, argument(path));
        let inside = |path: &Path| files.holds(path);
        Ok(match number {
            libc::SYS_openat => {
                let path = path_at(0, 1)?;
                inside(&path).then(|| Self::Open { path, flags: as_descriptor(argument(2)) })
            }
            #[cfg(target_arch = "x86_64")]
            libc::SYS_open => {
                let path = here(0)?;
                inside(&path).then(|| Self::Open { path, flags: as_descriptor(argument(1)) })
            }
            libc::SYS_close => is_watched.then_some(Self::Close { descriptor }),
            libc::SYS_dup => is_watched.then_some(Self::Duplicate { descriptor }),
            libc::SYS_fcntl => {
                let copies = matches!(as_descriptor(argument(1)), libc::F_DUPFD | libc::F_DUPFD_CLOEXEC);
                (is_watched && copies).then_some(Self::Duplicate { descriptor })
            }
            libc::SYS_write if descriptor == libc::STDOUT_FILENO => {
                Some(Self::Tell { bytes: process.bytes(argument(1), argument(2))? })
            }
            libc::SYS_write if is_watched => {
                Some(Self::Write { descriptor, bytes: process.bytes(argument(1), argument(2))?, at: None })
            }
            libc::SYS_writev if is_watched => {
                Some(Self::Write { descriptor, bytes: process.pieces(argument(1), argument(2))?, at: None })
            }
            libc::SYS_pwrite64 if is_watched => {
                Some(Self::Write { descriptor, bytes: process.bytes(argument(1), argument(2))?, at: Some(argument(3)) })
            }
            libc::SYS_ftruncate => is_watched.then(|| Self::Cut { descriptor, length: argument(1) }),
            libc::SYS_fsync | libc::SYS_fdatasync => is_watched.then_some(Self::Sync { descriptor }),
            libc::SYS_read | libc::SYS_pread64 => is_watched.then(|| Self::Read { to: argument(1) }),
            libc::SYS_mkdirat => {
                let path = path_at(0, 1)?;
                inside(&path).then_some(Self::MakeFolder { path })
            }
            libc::SYS_unlinkat => {
                let path = path_at(0, 1)?;
                inside(&path).then_some(Self::Remove { path })
            }
            libc::SYS_renameat | libc::SYS_renameat2 => {
                let (from, to) = (path_at(0, 1)?, path_at(2, 3)?);
                (inside(&from) || inside(&to)).then_some(Self::Rename { from, to })
            }
            #[cfg(target_arch = "x86_64")]
            libc::SYS_mkdir => {
                let path = here(0)?;
                inside(&path).then_some(Self::MakeFolder { path })
            }
            #[cfg(target_arch = "x86_64")]
            libc::SYS_unlink | libc::SYS_rmdir => {
                let path = here(0)?;
                inside(&path).then_some(Self::Remove { path })
            }
            #[cfg(target_arch = "x86_64")]
            libc::SYS_rename => {
                let (from, to) = (here(0)?, here(1)?);
                (inside(&from) || inside(&to)).then_some(Self::Rename { from, to })
            }
            // What would go unseen. Nothing that is watched does it.
            libc::SYS_pwritev
            | libc::SYS_pwritev2
            | libc::SYS_fallocate
            | libc::SYS_sendfile
            | libc::SYS_readv
            | libc::SYS_preadv
                if is_watched =>
            {
                return Err(not_understood(number));
            }
            libc::SYS_copy_file_range if files.is_open(as_descriptor(argument(2))) => {
                return Err(not_understood(number));
            }
            libc::SYS_mmap if files.is_open(as_descriptor(argument(4))) => return Err(not_understood(number)),
            libc::SYS_openat2 | libc::SYS_io_uring_setup | libc::SYS_truncate | libc::SYS_linkat => {
                return Err(not_understood(number));
            }
            _ => None,
        })
    }

    /// Tells whether the call is one of those that a fault may hit.
    pub(super) fn is(&self, kind: Kind, files: &Files) -> bool {
        let makes = match self {
            Self::Open { path, flags } => flags & libc::O_CREAT != 0 && !files.knows(path),
            Self::MakeFolder { path } => !files.knows(path),
            _ => false,
        };
        let writes = matches!(self, Self::Write { .. });
        match kind {
            Kind::Room => makes || writes || matches!(self, Self::Cut { length: 1.., .. }),
            Kind::Name => makes,
            Kind::Change => {
                let opens_to_write =
                    matches!(self, Self::Open { flags, .. } if flags & libc::O_ACCMODE != libc::O_RDONLY);
                let edits = matches!(self, Self::Cut { .. } | Self::Rename { .. } | Self::Remove { .. });
                makes || writes || edits || opens_to_write
            }
            Kind::Sync => matches!(self, Self::Sync { .. }),
            Kind::Read => matches!(self, Self::Read { .. }),
        }
    }
}

fn not_understood(number: i64) -> Trouble {
    Trouble::Watch(format!("it makes system call {number}, which is not understood"))
}

/// Takes the lower half of a register, which is what the system takes of it.
#[allow(clippy::cast_possible_truncation, reason = "meant")]
const fn as_descriptor(argument: u64) -> i32 {
    (argument as u32).cast_signed()
}

/// The memory and the open files of the process.
pub(super) struct Process {
    id: Pid,
    memory: File,
}

impl Process {
    pub(super) fn open(id: Pid) -> Result<Self, Trouble> {
        let memory = File::options().read(true).write(true).open(format!("/proc/{id}/mem"))?;
        Ok(Self { id, memory })
    }

    fn bytes(&self, at: u64, length: u64) -> Result<Vec<u8>, Trouble> {
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        self.memory.read_exact_at(&mut bytes, at)?;
        Ok(bytes)
    }

    /// Reads the pieces of a write: a list of addresses and lengths.
    fn pieces(&self, list: u64, count: u64) -> Result<Vec<u8>, Trouble> {
        let mut bytes = Vec::new();
        for piece in 0..count.min(PIECES_MAX) {
            let words = self.bytes(list + piece * 16, 16)?;
            let (words, _) = words.as_chunks::<8>();
            if let [at, length] = words {
                bytes.extend(self.bytes(u64::from_le_bytes(*at), u64::from_le_bytes(*length))?);
            }
        }
        Ok(bytes)
    }

    /// Reads a path, and makes it whole.
    fn path(&self, folder: i32, at: u64) -> Result<PathBuf, Trouble> {
        let mut bytes = Vec::new();
        // Page by page, as the next may not be there.
        while bytes.len() < PATH_BYTES {
            let from = at.wrapping_add(bytes.len() as u64);
            let mut page = vec![0; usize::try_from(256 - from % 256).unwrap_or(0)];
            if self.memory.read_exact_at(&mut page, from).is_err() {
                return Ok(PathBuf::new());
            }
            let end = page.iter().position(|byte| *byte == 0);
            bytes.extend_from_slice(&page[..end.unwrap_or(page.len())]);
            if end.is_some() {
                break;
            }
        }
        let path = PathBuf::from(OsString::from_vec(bytes));
        if path.is_absolute() {
            return Ok(path);
        }
        let link = if folder == libc::AT_FDCWD { "cwd".to_owned() } else { format!("fd/{folder}") };
        Ok(fs::read_link(format!("/proc/{}/{link}", self.id)).unwrap_or_default().join(path))
    }

    /// Returns where the next byte of an open file is read or written.
    pub(super) fn place(&self, descriptor: i32) -> Result<u64, Trouble> {
        let told = fs::read_to_string(format!("/proc/{}/fdinfo/{descriptor}", self.id))?;
        let place = told.lines().find_map(|line| line.strip_prefix("pos:")?.trim().parse().ok());
        place.ok_or_else(|| Trouble::Watch("an open file has no place".to_owned()))
    }

    /// Turns over a bit in its memory.
    pub(super) fn flip(&self, at: u64, bit: u64) -> Result<(), Trouble> {
        let mut byte = self.bytes(at + bit / 8, 1)?;
        byte.iter_mut().for_each(|byte| *byte ^= 1 << (bit % 8));
        Ok(self.memory.write_all_at(&byte, at + bit / 8)?)
    }
}
