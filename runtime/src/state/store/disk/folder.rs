//! The folder of a database: taken by one process, and with a database in it that is whole or not there.
//!
//! ```text
//! lock         locked by the process that has the database open
//! database/    the database's own files
//! log/         batches that the database may not have yet
//! unfinished/  a database that is being made; swept when it is found
//! probe        written when the database has stopped, to see why
//! ```
//! A database is made beside its place and renamed to it when everything that it consists of is on the disk. The engine alone
//! would not do: it cannot go on from its own first files if it is ended among them, and it does not sync the names of the
//! folders that it makes.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{StoreError, io_error};

/// The name of the folder of the database itself.
const DATABASE: &str = "database";

/// What it takes to see that there is no room.
const PROBE_BYTES: usize = 64 << 10;

/// A folder that no other process has.
pub(super) struct Folder {
    path: PathBuf,
    /// Held until the database is closed.
    _lock: File,
}

impl Folder {
    /// Takes a folder, which is made if it is not there.
    ///
    /// # Errors
    /// `Locked` if another process has it; what the system says.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        let lock = fs::create_dir_all(path)
            .and_then(|()| File::options().create(true).write(true).truncate(false).open(path.join("lock")))
            .map_err(|error| io_error(&error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked),
            Err(TryLockError::Error(error)) => return Err(io_error(&error)),
        }
        let folder = Self { path: path.to_owned(), _lock: lock };
        match fs::remove_dir_all(folder.unfinished()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(&error)),
            _ => Ok(folder),
        }
    }

    /// Returns where the database is.
    pub(super) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Returns where the log is.
    pub(super) fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// Returns where a database is made.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.path.join("unfinished")
    }

    /// Tells whether there is a database.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn is_made(&self) -> Result<bool, StoreError> {
        self.database().try_exists().map_err(|error| io_error(&error))
    }

    /// Tells whether there is a database in a folder that nobody takes.
    pub(super) fn is_made_at(path: &Path) -> bool {
        path.join(DATABASE).is_dir()
    }

    /// Writes a little, syncs it and removes it again.
    ///
    /// # Errors
    /// Why nothing can be written.
    pub(super) fn probe(&self) -> Result<(), StoreError> {
        let path = self.path.join("probe");
        let written =
            File::create(&path).and_then(|mut file| file.write_all(&[0; PROBE_BYTES]).and_then(|()| file.sync_all()));
        // If it stays, the next probe writes over it.
        fs::remove_file(&path).unwrap_or_default();
        written.map_err(|error| io_error(&error))
    }

    /// Puts the database that was made to its place.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn finish(&self) -> Result<(), StoreError> {
        sync_below(&self.unfinished())
            .and_then(|()| fs::rename(self.unfinished(), self.database()))
            .map_err(|error| io_error(&error))
    }

    /// Makes the places of the database and of the log last. Not only when it was made: the process that put it there may have ended before.
    ///
    /// # Errors
    /// What the system says; then a power cut may take the database.
    pub(super) fn keep(&self) -> Result<(), StoreError> {
        let above = match self.path.parent() {
            Some(above) if !above.as_os_str().is_empty() => above,
            _ => Path::new("."),
        };
        fs::create_dir_all(self.log())
            .and_then(|()| sync(&self.path))
            .and_then(|()| sync(above))
            .map_err(|error| io_error(&error))
    }
}

/// Syncs the names in a folder and in all folders below it.
fn sync_below(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_below(&entry.path())?;
        }
    }
    sync(folder)
}

pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
