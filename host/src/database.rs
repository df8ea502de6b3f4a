//! The database in a data folder: looked at, checked, pruned, written to a file and made from one.
//!
//! Works without the chain's genesis: what a database is of stands in the database. Guarantees that a file is written whole
//! or not at all, and never over another one: it is made beside its place, is on the disk, and is then linked there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use florin_runtime::state::DurableState;
use florin_runtime::state::durable::{DurableConfig, OpenError, Pruned, Retention, Survey, read_identity, survey};
use florin_runtime::state::snapshot::{Expected, ExportError, Exported, ImportError, Imported, import};
use florin_runtime::state::store::Store;
use florin_runtime::state::store::disk::{DiskConfig, DiskStore};
use thiserror::Error;

use crate::data_folder::{DataFolder, DataFolderError};
use crate::demo::progress::Progress;

/// Records that are removed between two reports of progress.
const PRUNED_TOGETHER: u64 = 64;

/// Bytes that are read or written together.
const BUFFER_BYTES: usize = 1 << 20;

/// Why a database was not worked on.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// There is none.
    #[error("there is no database in {}", path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] DataFolderError),
    /// The database cannot be opened.
    #[error("{}: {error}", path.display())]
    Open {
        /// Its folder.
        path: PathBuf,
        /// Why not.
        error: OpenError,
    },
    /// There is no such pin.
    #[error("no height is pinned as {name}")]
    Pin {
        /// The name.
        name: String,
    },
    /// There is a file already.
    #[error("{} is there already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The state was not written to a file.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The file was not imported.
    #[error("{}: {error}", path.display())]
    Import {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: ImportError,
    },
}

/// The database of a folder, which this process alone uses.
pub struct Database {
    folder: DataFolder,
    store: Arc<dyn Store>,
}

impl core::fmt::Debug for Database {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Database").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Database {
    /// Takes the database in a folder.
    ///
    /// # Errors
    /// [`DatabaseError`] if there is none, if another process uses it, or if it cannot be opened. Nothing is made.
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        let missing = || DatabaseError::Missing { path: path.to_owned() };
        // As the folder of the database is named by the data folder; taking that one would make it.
        if !DiskStore::is_at(&path.join("state")) {
            return Err(missing());
        }
        let folder = DataFolder::open(path)?;
        let store = Arc::new(folder.state(DiskConfig::default())?);
        Ok(Self { folder, store })
    }

    /// Returns the folder of the database.
    pub fn path(&self) -> PathBuf {
        self.folder.state_folder()
    }

    fn failed(&self, error: impl Into<OpenError>) -> DatabaseError {
        DatabaseError::Open { path: self.path(), error: error.into() }
    }

    /// Counts what it holds. Reads every row once.
    ///
    /// # Errors
    /// [`DatabaseError`] if it is none of this program, or cannot be read.
    pub fn survey(&self, progress: &mut dyn Progress) -> Result<Survey, DatabaseError> {
        let mut counter = Counter::begin(progress, "counting rows", 0);
        let survey = survey(&*self.store, &mut |rows| counter.reach(rows));
        counter.end();
        survey.map_err(|error| self.failed(error))?.ok_or_else(|| self.failed(OpenError::Foreign))
    }

    /// Opens the state.
    ///
    /// # Errors
    /// [`DatabaseError`] if it is none of this program, unfinished, or damaged.
    pub fn state(&self, retained: Retention) -> Result<DurableState, DatabaseError> {
        let config = DurableConfig { retained_blocks: retained, ..DurableConfig::default() };
        let open = || {
            let identity = read_identity(&*self.store.snapshot())?.ok_or(OpenError::Foreign)?;
            DurableState::open(Arc::clone(&self.store), identity, config)?.ok_or(OpenError::Foreign)
        };
        open().map_err(|error| self.failed(error))
    }

    /// Looks at every row; returns what is wrong.
    ///
    /// # Errors
    /// As [`state`](Self::state).
    pub fn audit(&self, progress: &mut dyn Progress) -> Result<Vec<String>, DatabaseError> {
        let state = self.state(Retention::Archive)?;
        let (mut stage, mut seen) = ("", 0);
        let findings = state.audit(&mut |step| {
            if step.stage != stage {
                progress.end();
                progress.begin(step.stage, 0);
                (stage, seen) = (step.stage, 0);
            }
            progress.advance(step.done.saturating_sub(seen));
            seen = step.done;
        });
        progress.end();
        Ok(findings)
    }

    /// Lifts pins, removes the records that only these or a longer retention needed, and gives their room back; returns what
    /// was removed and the heights that can be read now.
    ///
    /// # Errors
    /// [`DatabaseError`] if there is no such pin, and as [`state`](Self::state).
    pub fn prune(
        &self,
        retained_blocks: u64,
        unpin: &[String],
        progress: &mut dyn Progress,
    ) -> Result<(u64, (u64, u64)), DatabaseError> {
        let state = self.state(Retention::Blocks(retained_blocks))?;
        let pins = state.pins();
        if let Some(name) = unpin.iter().find(|name| !pins.contains_key(*name)) {
            return Err(DatabaseError::Pin { name: name.clone() });
        }
        for name in unpin {
            state.unpin(name).map_err(|fault| self.failed(fault))?;
        }
        let step = |steps| -> Result<Pruned, DatabaseError> { state.prune(steps).map_err(|fault| self.failed(fault)) };
        let Pruned { mut removed, mut left } = step(0)?;
        let mut counter = Counter::begin(progress, "pruning", removed.saturating_add(left));
        while left > 0 {
            let pruned = step(PRUNED_TOGETHER)?;
            removed = removed.saturating_add(pruned.removed);
            left = pruned.left;
            counter.reach(removed);
        }
        counter.end();
        progress.note("giving room back");
        state.compact().map_err(|fault| self.failed(fault))?;
        Ok((removed, state.heights()))
    }

    /// Writes the state at a height, or the newest, to a new file.
    ///
    /// # Errors
    /// [`DatabaseError`] if there is such a file, if it cannot be written, if the height cannot be read, or if the state is
    /// damaged. Nothing is left beside its place.
    pub fn export(
        &self,
        height: Option<u64>,
        file: &Path,
        progress: &mut dyn Progress,
    ) -> Result<Exported, DatabaseError> {
        let exists = || DatabaseError::Exists { path: file.to_owned() };
        if fs::symlink_metadata(file).is_ok() {
            return Err(exists());
        }
        let state = self.state(Retention::Archive)?;
        let height = height.unwrap_or_else(|| state.head().height);
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let beside = file.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let failed = |error| DatabaseError::File { path: file.to_owned(), error };
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).map_err(failed)?;
        let exported = write_export(&state, height, made, progress).and_then(|exported| {
            fs::hard_link(&beside, file).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => exists(),
                _ => failed(error),
            })?;
            Ok(exported)
        });
        let _ = fs::remove_file(&beside);
        let exported = exported?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Ok(exported)
    }

    /// Makes the database of a folder from a file, or finishes making it. The folder is made if it is not there.
    ///
    /// # Errors
    /// [`DatabaseError`] if the folder has a database, or if the file is refused.
    pub fn import(
        path: &Path,
        file: &Path,
        expected: &Expected,
        progress: &mut dyn Progress,
    ) -> Result<Imported, DatabaseError> {
        let opened = File::open(file).map_err(|error| DatabaseError::File { path: file.to_owned(), error })?;
        let folder = DataFolder::open(path)?;
        let store = folder.state(DiskConfig::default())?;
        let mut counter = Counter { progress, reached: 0 };
        let imported = import(&store, &mut BufReader::with_capacity(BUFFER_BYTES, opened), expected, &mut |step| {
            if counter.reached == 0 {
                counter.progress.begin("importing", step.chunks.into());
            }
            counter.reach(step.chunks_done.into());
        });
        counter.end();
        imported.map_err(|error| DatabaseError::Import { path: file.to_owned(), error })
    }
}

fn write_export(
    state: &DurableState,
    height: u64,
    file: File,
    progress: &mut dyn Progress,
) -> Result<Exported, DatabaseError> {
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
    let mut counter = Counter::begin(progress, "reading entries", 0);
    let exported = state.export(height, &mut out, &mut |step| counter.reach(step.rows_read));
    counter.end();
    let exported = exported?;
    out.flush().and_then(|()| out.get_ref().sync_all()).map_err(ExportError::Io)?;
    Ok(exported)
}

/// A task that is told how far it is, where progress wants to know by how much.
struct Counter<'a> {
    progress: &'a mut dyn Progress,
    reached: u64,
}

impl<'a> Counter<'a> {
    fn begin(progress: &'a mut dyn Progress, task: &'static str, steps: u64) -> Self {
        progress.begin(task, steps);
        Self { progress, reached: 0 }
    }

    fn reach(&mut self, done: u64) {
        self.progress.advance(done.saturating_sub(self.reached));
        self.reached = done;
    }

    fn end(&mut self) {
        self.progress.end();
    }
}
