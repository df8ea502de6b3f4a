//! The files of the watched folder and which of them are open, as they follow from the calls that succeeded.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use nix::libc;

use super::call::{Call, Process};
use crate::Trouble;
use crate::disk::{Disk, Image, Node, Operation};

/// The names and the open files of the watched folder.
pub(super) struct Files {
    root: PathBuf,
    /// Every file and folder by its path below the root.
    names: BTreeMap<PathBuf, Node>,
    next: Node,
    open: HashMap<i32, Node>,
    pub(super) operations: Vec<Operation>,
    /// What was told of a line that is not whole yet.
    line: Vec<u8>,
}

impl Files {
    pub(super) fn new(root: &Path, before: &Image) -> Self {
        let (_, names) = Disk::new(before);
        let next = names.len();
        Self { root: root.to_owned(), names, next, open: HashMap::new(), operations: Vec::new(), line: Vec::new() }
    }

    /// Tells whether a path lies in the folder.
    pub(super) fn holds(&self, path: &Path) -> bool {
        path.starts_with(&self.root)
    }

    /// Tells whether there is something at a path.
    pub(super) fn knows(&self, path: &Path) -> bool {
        path.strip_prefix(&self.root).is_ok_and(|path| self.names.contains_key(path))
    }

    pub(super) fn is_open(&self, descriptor: i32) -> bool {
        self.open.contains_key(&descriptor)
    }

    pub(super) fn close(&mut self, descriptor: i32) {
        self.open.remove(&descriptor);
    }

    /// Takes a call that has ended with this result.
    pub(super) fn happen(&mut self, call: Call, result: i64, since: usize, process: &Process) -> Result<(), Trouble> {
        let Ok(result) = u64::try_from(result) else {
            if let Call::Sync { descriptor } = call {
                let node = self.node(descriptor)?;
                self.operations.push(Operation::SyncFailed(node));
            }
            return Ok(());
        };
        match call {
            Call::Open { path, flags } => self.opened(&path, flags, result)?,
            Call::Duplicate { descriptor } => {
                let node = self.node(descriptor)?;
                self.open.insert(as_descriptor(result)?, node);
            }
            Call::Write { descriptor, mut bytes, at } => {
                bytes.truncate(usize::try_from(result).unwrap_or(0));
                let at = match at {
                    Some(at) => at,
                    None => process.place(descriptor)?.saturating_sub(result),
                };
                let node = self.node(descriptor)?;
                self.operations.push(Operation::Wrote { node, at, bytes });
            }
            Call::Cut { descriptor, length } => {
                let node = self.node(descriptor)?;
                self.operations.push(Operation::Cut { node, length });
            }
            Call::Sync { descriptor } => {
                let node = self.node(descriptor)?;
                self.operations.push(Operation::Synced { node, since });
            }
            Call::Read { .. } | Call::Close { .. } => {}
            Call::MakeFolder { path } => drop(self.made(&path, true)?),
            Call::Rename { from, to } => self.renamed(&from, &to)?,
            Call::Remove { path } => {
                let (above, name) = self.split(&path)?;
                self.names.remove(&self.below(&path)?);
                self.operations.push(Operation::Removed { above, name });
            }
            Call::Tell { bytes } => self.told(&bytes),
        }
        Ok(())
    }

    fn opened(&mut self, path: &Path, flags: i32, descriptor: u64) -> Result<(), Trouble> {
        let below = self.below(path)?;
        let node = match self.names.get(&below) {
            Some(node) => {
                if flags & libc::O_TRUNC != 0 {
                    self.operations.push(Operation::Cut { node: *node, length: 0 });
                }
                *node
            }
            None if flags & libc::O_CREAT != 0 => self.made(path, false)?,
            None => return Err(Trouble::Watch(format!("{} was made unseen", path.display()))),
        };
        self.open.insert(as_descriptor(descriptor)?, node);
        Ok(())
    }

    fn made(&mut self, path: &Path, is_folder: bool) -> Result<Node, Trouble> {
        let (above, name) = self.split(path)?;
        let node = self.next;
        self.next += 1;
        self.names.insert(self.below(path)?, node);
        self.operations.push(Operation::Made { node, is_folder, above, name });
        Ok(node)
    }

    fn renamed(&mut self, from: &Path, to: &Path) -> Result<(), Trouble> {
        let ((above, from_name), (to_above, to_name)) = (self.split(from)?, self.split(to)?);
        let node = self.names.remove(&self.below(from)?);
        let Some(node) = node.filter(|_| above == to_above) else {
            return Err(Trouble::Watch(format!("{} is renamed from another folder", to.display())));
        };
        let (from, to) = (self.below(from)?, self.below(to)?);
        self.names.insert(to.clone(), node);
        // What a folder holds moves with it.
        let moved: Vec<PathBuf> = self.names.keys().filter(|path| path.starts_with(&from)).cloned().collect();
        for path in moved {
            if let (Some(node), Ok(rest)) = (self.names.remove(&path), path.strip_prefix(&from)) {
                self.names.insert(to.join(rest), node);
            }
        }
        self.operations.push(Operation::Renamed { above, from: from_name, to: to_name, node });
        Ok(())
    }

    /// Takes bytes on standard output, of which each whole line is an operation.
    fn told(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte == b'\n' {
                let line = String::from_utf8_lossy(&self.line).into_owned();
                self.operations.push(Operation::Told(line));
                self.line.clear();
            } else {
                self.line.push(*byte);
            }
        }
    }

    fn node(&self, descriptor: i32) -> Result<Node, Trouble> {
        self.open
            .get(&descriptor)
            .copied()
            .ok_or_else(|| Trouble::Watch(format!("descriptor {descriptor} is of nothing")))
    }

    fn below(&self, path: &Path) -> Result<PathBuf, Trouble> {
        path.strip_prefix(&self.root).map(Path::to_owned).map_err(|error| Trouble::Watch(error.to_string()))
    }

    /// Returns the folder of a path, and its name there.
    fn split(&self, path: &Path) -> Result<(Node, String), Trouble> {
        let below = self.below(path)?;
        let above = below.parent().and_then(|above| self.names.get(above));
        match (above, below.file_name()) {
            (Some(above), Some(name)) => Ok((*above, name.to_string_lossy().into_owned())),
            _ => Err(Trouble::Watch(format!("{} has no folder", path.display()))),
        }
    }
}

fn as_descriptor(result: u64) -> Result<i32, Trouble> {
    i32::try_from(result).map_err(|error| Trouble::Watch(error.to_string()))
}
