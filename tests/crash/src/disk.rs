//! What a disk may hold after a power cut at any point of a recording.
//!
//! The model, after Pillai et al., "All File Systems Are Not Created Equal: On the Complexity of Crafting Crash-Consistent
//! Applications" (OSDI 2014), with nothing promised beyond POSIX:
//!
//! - What was written to a file before a successful `fsync` or `fdatasync` of it is there, and so is its length.
//! - The names that a folder had when it was synced are there. Syncing a file says nothing about its name, and syncing a
//!   folder nothing about the bytes of its files or about what its subfolders hold.
//! - Of everything else any part may be there, in any order: of the writes any subset, each of them whole or by any of its
//!   sectors of 512 bytes; a file may be as long as it was and hold zeros where nothing arrived; of the names any subset. A
//!   rename is there with both its names or not at all, as every journalling file system and POSIX have it.
//! - What was not on the disk when a sync of the file failed may never get there, whatever a later sync says: the system takes
//!   it for clean (Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020).
//!
//! ext4 promises more: names in the order of their operations, and with each sync all names before it. So whatever survives
//! here survives there.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::dice::Dice;

/// The bytes that a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

/// Number of a file or of a folder, for as long as it lives; the watched folder is 0.
pub type Node = usize;

/// One operation of a process on the watched folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A file or a folder was made.
    Made {
        /// Its number.
        node: Node,
        /// Whether it is a folder.
        is_folder: bool,
        /// The folder above it.
        above: Node,
        /// Its name.
        name: String,
    },
    /// A name was given to what had another; what had the new name has it no longer.
    Renamed {
        /// The folder of both names.
        above: Node,
        /// What it was called.
        from: String,
        /// What it is called.
        to: String,
        /// What is called so.
        node: Node,
    },
    /// A name was removed.
    Removed {
        /// The folder of the name.
        above: Node,
        /// The name.
        name: String,
    },
    /// Bytes were written.
    Wrote {
        /// The file.
        node: Node,
        /// Where, in bytes from the beginning.
        at: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The length was set.
    Cut {
        /// The file.
        node: Node,
        /// Bytes.
        length: u64,
    },
    /// A file or a folder was synced.
    Synced {
        /// The file or the folder.
        node: Node,
        /// How many operations had ended when the sync began; those it covers.
        since: usize,
    },
    /// A sync failed.
    SyncFailed(Node),
    /// The process told a line on its standard output.
    Told(String),
}

/// The bytes of a file; behind what is listed, up to its length, are zeros.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    bytes: Vec<u8>,
    length: u64,
}

impl Content {
    fn write(&mut self, at: u64, bytes: &[u8]) {
        let from = usize::try_from(at).unwrap_or(usize::MAX);
        let to = from.saturating_add(bytes.len());
        if self.bytes.len() < to {
            self.bytes.resize(to, 0);
        }
        if let Some(place) = self.bytes.get_mut(from..to) {
            place.copy_from_slice(bytes);
        }
        self.length = self.length.max(to as u64);
    }

    fn cut(&mut self, length: u64) {
        self.bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        self.length = length;
    }

    /// Returns how many bits there are up to the last byte that is not zero.
    pub const fn bits(&self) -> u64 {
        self.bytes.len() as u64 * 8
    }

    /// Turns one bit over.
    pub fn flip(&mut self, bit: u64) {
        let place = usize::try_from(bit / 8).ok().and_then(|byte| self.bytes.get_mut(byte));
        place.into_iter().for_each(|byte| *byte ^= 1 << (bit % 8));
    }
}

/// The files and folders of a disk, by their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// The folders.
    pub folders: Vec<PathBuf>,
    /// The files.
    pub files: BTreeMap<PathBuf, Content>,
}

impl Image {
    /// Reads a folder.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut image = Self::default();
        image.read_below(folder, Path::new(""))?;
        Ok(image)
    }

    fn read_below(&mut self, root: &Path, below: &Path) -> io::Result<()> {
        for entry in fs::read_dir(root.join(below))? {
            let entry = entry?;
            let path = below.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                self.folders.push(path.clone());
                self.read_below(root, &path)?;
            } else {
                let mut bytes = fs::read(root.join(&path))?;
                let length = bytes.len() as u64;
                bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
                self.files.insert(path, Content { bytes, length });
            }
        }
        Ok(())
    }

    /// Writes everything into an empty folder.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        for path in &self.folders {
            fs::create_dir_all(folder.join(path))?;
        }
        for (path, content) in &self.files {
            let mut file = fs::File::create(folder.join(path))?;
            file.write_all(&content.bytes)?;
            file.set_len(content.length)?;
        }
        Ok(())
    }
}

/// What is left of the unsynced when the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing.
    Nothing,
    /// Everything.
    Everything,
    /// What came before some moment; the write of that moment by a prefix of its sectors.
    Prefix,
    /// Any subset, each write whole.
    Subset,
    /// Any subset, each write by any of its sectors.
    Sectors,
}

impl Left {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Nothing, Self::Everything, Self::Prefix, Self::Subset, Self::Sectors];
}

/// What a disk surely holds, and what it may hold.
#[derive(Clone, Debug)]
pub struct Disk {
    nodes: Vec<Stored>,
    /// Operations so far.
    time: usize,
}

#[derive(Clone, Debug)]
enum Stored {
    File { sure: Content, open: Vec<(usize, Edit)> },
    Folder { sure: BTreeMap<String, Node>, open: Vec<(usize, Naming)> },
}

#[derive(Clone, Debug)]
enum Edit {
    Write {
        at: u64,
        bytes: Vec<u8>,
    },
    Cut(u64),
    /// What was not on the disk when a sync failed, which no later sync brings there.
    Stuck(Box<Edit>),
}

/// Returns what is left of a stuck write when bytes were written over it, or were cut off.
fn outside(time: usize, edit: Edit, begin: u64, end: u64) -> Vec<(usize, Edit)> {
    let Edit::Stuck(stuck) = &edit else { return vec![(time, edit)] };
    let Edit::Write { at, bytes } = &**stuck else { return vec![(time, edit)] };
    let place = |absolute: u64| usize::try_from(absolute.saturating_sub(*at)).unwrap_or(usize::MAX).min(bytes.len());
    let (before, behind) = (&bytes[..place(begin)], &bytes[place(end)..]);
    let pieces = [(*at, before), (at + place(end) as u64, behind)];
    let piece = |(at, bytes): (u64, &[u8])| (time, Edit::Stuck(Box::new(Edit::Write { at, bytes: bytes.to_vec() })));
    pieces.into_iter().filter(|(_, bytes)| !bytes.is_empty()).map(piece).collect()
}

/// What each of some names stands for after an operation.
type Naming = Vec<(String, Option<Node>)>;

impl Disk {
    /// Makes a disk that surely holds an image, and the numbers of all that is on it.
    pub fn new(image: &Image) -> (Self, BTreeMap<PathBuf, Node>) {
        let folder = || Stored::Folder { sure: BTreeMap::new(), open: Vec::new() };
        let mut disk = Self { nodes: vec![folder()], time: 0 };
        let mut numbers = BTreeMap::from([(PathBuf::new(), 0)]);
        let folders = image.folders.iter().map(|path| (path, folder()));
        let file = |content: &Content| Stored::File { sure: content.clone(), open: Vec::new() };
        let files = image.files.iter().map(|(path, content)| (path, file(content)));
        for (path, stored) in folders.chain(files) {
            let node = disk.nodes.len();
            disk.nodes.push(stored);
            numbers.insert(path.clone(), node);
            let above = path.parent().and_then(|above| numbers.get(above)).copied().unwrap_or(0);
            if let (Some(Stored::Folder { sure, .. }), Some(name)) = (disk.nodes.get_mut(above), path.file_name()) {
                sure.insert(name.to_string_lossy().into_owned(), node);
            }
        }
        (disk, numbers)
    }

    /// Lets an operation happen.
    pub fn happen(&mut self, operation: &Operation) {
        self.time += 1;
        match operation {
            Operation::Made { node, is_folder, above, name } => {
                debug_assert_eq!(*node, self.nodes.len(), "numbers are given in order");
                self.nodes.push(if *is_folder {
                    Stored::Folder { sure: BTreeMap::new(), open: Vec::new() }
                } else {
                    Stored::File { sure: Content::default(), open: Vec::new() }
                });
                self.name(*above, vec![(name.clone(), Some(*node))]);
            }
            Operation::Renamed { above, from, to, node } => {
                self.name(*above, vec![(to.clone(), Some(*node)), (from.clone(), None)]);
            }
            Operation::Removed { above, name } => self.name(*above, vec![(name.clone(), None)]),
            Operation::Wrote { node, at, bytes } => {
                self.edit(*node, Edit::Write { at: *at, bytes: bytes.clone() });
            }
            Operation::Cut { node, length } => self.edit(*node, Edit::Cut(*length)),
            Operation::Synced { node, since } => self.sync(*node, *since),
            Operation::SyncFailed(node) => self.fail(*node),
            Operation::Told(_) => {}
        }
    }

    fn name(&mut self, above: Node, naming: Naming) {
        if let Some(Stored::Folder { open, .. }) = self.nodes.get_mut(above) {
            open.push((self.time, naming));
        }
    }

    fn edit(&mut self, node: Node, edit: Edit) {
        if let Some(Stored::File { open, .. }) = self.nodes.get_mut(node) {
            open.push((self.time, edit));
        }
    }

    fn sync(&mut self, node: Node, since: usize) {
        match self.nodes.get_mut(node) {
            Some(Stored::File { sure, open }) => {
                let mut kept = Vec::new();
                for (time, edit) in open.drain(..) {
                    match edit {
                        Edit::Write { at, ref bytes } if time <= since => {
                            sure.write(at, bytes);
                            let end = at + bytes.len() as u64;
                            kept = kept.into_iter().flat_map(|(time, edit)| outside(time, edit, at, end)).collect();
                        }
                        Edit::Cut(length) if time <= since => {
                            sure.cut(length);
                            kept = kept
                                .into_iter()
                                .flat_map(|(time, edit)| outside(time, edit, length, u64::MAX))
                                .collect();
                        }
                        later_or_stuck => kept.push((time, later_or_stuck)),
                    }
                }
                *open = kept;
            }
            Some(Stored::Folder { sure, open }) => {
                let covered = open.partition_point(|(time, _)| *time <= since);
                for (name, node) in open.drain(..covered).flat_map(|(_, naming)| naming) {
                    assign(sure, name, node);
                }
            }
            None => {}
        }
    }

    fn fail(&mut self, node: Node) {
        if let Some(Stored::File { open, .. }) = self.nodes.get_mut(node) {
            // A length is no page: the next sync that succeeds brings it there.
            for (_, edit) in open.iter_mut().filter(|(_, edit)| matches!(edit, Edit::Write { .. })) {
                *edit = Edit::Stuck(Box::new(edit.clone()));
            }
        }
    }

    /// Cuts the power: one of the images that the disk may hold.
    pub fn cut(&self, left: Left, dice: &mut Dice) -> Image {
        // The moment of a prefix lies among the newest operations, where there is something unsynced.
        let opened = self.nodes.iter().filter_map(Stored::oldest_open).min().unwrap_or(self.time);
        let moment = opened + dice.place(self.time.saturating_sub(opened) + 2);
        let mut luck = Luck { left, moment, dice };
        let mut image = Image::default();
        self.show(0, Path::new(""), &mut luck, &mut image);
        image
    }

    fn show(&self, node: Node, path: &Path, luck: &mut Luck<'_>, image: &mut Image) {
        match &self.nodes[node] {
            Stored::File { sure, open } => {
                let mut content = sure.clone();
                for (time, edit) in open {
                    luck.apply(*time, edit, &mut content);
                }
                image.files.insert(path.to_owned(), content);
            }
            Stored::Folder { sure, open } => {
                if node != 0 {
                    image.folders.push(path.to_owned());
                }
                let mut names = sure.clone();
                for (time, naming) in open {
                    if luck.keeps(*time) {
                        naming.iter().for_each(|(name, node)| assign(&mut names, name.clone(), *node));
                    }
                }
                for (name, node) in names {
                    self.show(node, &path.join(name), luck, image);
                }
            }
        }
    }
}

impl Stored {
    fn oldest_open(&self) -> Option<usize> {
        match self {
            Self::File { open, .. } => open.first().map(|(time, _)| *time),
            Self::Folder { open, .. } => open.first().map(|(time, _)| *time),
        }
    }
}

fn assign(names: &mut BTreeMap<String, Node>, name: String, node: Option<Node>) {
    match node {
        Some(node) => names.insert(name, node),
        None => names.remove(&name),
    };
}

/// Decides what is left.
struct Luck<'a> {
    left: Left,
    moment: usize,
    dice: &'a mut Dice,
}

impl Luck<'_> {
    fn keeps(&mut self, time: usize) -> bool {
        match self.left {
            Left::Nothing => false,
            Left::Everything => true,
            Left::Prefix => time < self.moment,
            Left::Subset | Left::Sectors => self.dice.coin(),
        }
    }

    fn apply(&mut self, time: usize, edit: &Edit, content: &mut Content) {
        match edit {
            Edit::Stuck(edit) => {
                if self.dice.coin() {
                    self.apply(time, edit, content);
                }
            }
            Edit::Cut(length) => {
                if self.keeps(time) {
                    content.cut(*length);
                }
            }
            Edit::Write { at, bytes } => {
                let torn = match self.left {
                    Left::Prefix => time == self.moment,
                    Left::Sectors => self.dice.coin(),
                    _ => false,
                };
                if torn {
                    self.tear(*at, bytes, content);
                } else if self.keeps(time) {
                    content.write(*at, bytes);
                }
            }
        }
    }

    /// Writes some of the sectors; the length may be the whole write's nevertheless.
    fn tear(&mut self, at: u64, bytes: &[u8], content: &mut Content) {
        let end = at + bytes.len() as u64;
        // The first piece ends where a sector does.
        let first_bytes = usize::try_from(at).map_or(0, |at| SECTOR_BYTES - at % SECTOR_BYTES).min(bytes.len());
        let (first, rest) = bytes.split_at(first_bytes);
        let pieces: Vec<&[u8]> = core::iter::once(first).chain(rest.chunks(SECTOR_BYTES)).collect();
        let prefix = self.dice.place(pieces.len() + 1);
        let by_prefix = self.left == Left::Prefix || self.dice.coin();
        let mut from = at;
        for (index, piece) in pieces.into_iter().enumerate() {
            let is_there = if by_prefix { index < prefix } else { self.dice.coin() };
            if is_there {
                content.write(from, piece);
            }
            from += piece.len() as u64;
        }
        if self.dice.coin() {
            content.length = content.length.max(end);
        }
    }
}

#[cfg(test)]
mod tests;
