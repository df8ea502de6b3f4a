//! Where a program keeps what must survive it: a folder that one process uses at a time.
//!
//! ```text
//! DIR/        mode 0700 if it is made here
//! DIR/lock    held by the process that uses the folder
//! DIR/state/  mode 0700: the database of the chain's state and blocks
//! ```
//!
//! Guarantees that a process that ends at any point leaves a folder that opens, as the database itself does. Refuses a folder
//! that another process uses.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use florin_runtime::state::store::StoreError;
use florin_runtime::state::store::disk::{DiskConfig, DiskStore};
use thiserror::Error;

/// Why a folder cannot be used.
#[derive(Debug, Error)]
pub enum DataFolderError {
    /// The system does not let a folder or file be made or moved.
    #[error("{}: {error}", path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Another process uses it.
    #[error("{} is in use by another process: stop that one first, or name another folder", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// The database in it cannot be opened.
    #[error("{}: {error}", path.display())]
    Store {
        /// The folder of the database.
        path: PathBuf,
        /// Why not.
        error: StoreError,
    },
}

/// A folder that this process uses, and no other until this value is gone.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Takes a folder, which is made if it is not there.
    ///
    /// # Errors
    /// [`DataFolderError`] if it cannot be made, or if another process uses it.
    pub fn open(path: &Path) -> Result<Self, DataFolderError> {
        make(path)?;
        let place = path.join("lock");
        let lock = File::options().write(true).create(true).truncate(false).mode(0o600).open(&place);
        let lock = lock.map_err(failed(&place))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(fs::TryLockError::WouldBlock) => Err(DataFolderError::Locked { path: path.to_owned() }),
            Err(fs::TryLockError::Error(error)) => Err(failed(&place)(error)),
        }
    }

    /// Returns the folder of the database.
    pub fn state_folder(&self) -> PathBuf {
        self.path.join("state")
    }

    /// Opens the database of the state, which is made if it is not there.
    ///
    /// # Errors
    /// [`DataFolderError`] if it cannot be made or opened.
    pub fn state(&self, config: DiskConfig) -> Result<DiskStore, DataFolderError> {
        let place = self.state_folder();
        make(&place)?;
        DiskStore::open(&place, config).map_err(|error| DataFolderError::Store { path: place, error })
    }
}

fn make(path: &Path) -> Result<(), DataFolderError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed(path))
}

fn failed(path: &Path) -> impl Fn(io::Error) -> DataFolderError + use<> {
    let path = path.to_owned();
    move |error| DataFolderError::Io { path: path.clone(), error }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use florin_runtime::state::store::disk::DiskConfig;

    use super::{DataFolder, DataFolderError};

    #[test]
    fn a_folder_is_made_for_its_owner_alone_and_used_by_one_at_a_time() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("some/where");
        let folder = DataFolder::open(&path).unwrap();
        assert!(matches!(DataFolder::open(&path), Err(DataFolderError::Locked { .. })));
        drop(folder.state(DiskConfig::default()).unwrap());
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&folder.state_folder())), (0o700, 0o700));
        drop(folder);
        DataFolder::open(&path).unwrap().state(DiskConfig::default()).unwrap();
    }

    #[test]
    fn a_place_that_is_no_folder_is_refused_by_its_name() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("file");
        fs::write(&path, b"").unwrap();
        let error = DataFolder::open(&path).unwrap_err();
        assert!(matches!(error, DataFolderError::Io { .. }));
        assert!(error.to_string().contains("file: "), "{error}");
    }
}
