//! Whether the engine's files are those that it wrote. It checks the blocks of its tables when it reads them, and their indexes, but
//! not its journals as a whole ([`journal`](super::journal)), nor the lists of its tables' files, nor how long a table of contents is
//! before it makes room for it.
//!
//! ```text
//! *.jnl                      the journals, by ascending number
//! keyspaces/N/current        number of the list u64 | xxh3-128 of the list | 00
//! keyspaces/N/vNUMBER        the list, an archive: its section "tables" names the files by level, run and place
//! keyspaces/N/tables/NUMBER  a file of a table, an archive
//! archive                    sections... | contents | "SFA!" 01 00 | xxh3-128 of the contents | their place u64 | their bytes u64
//! ```
//! Guarantees that the engine opens what passes as it was written. Cost: the journals are read once more; of each table its list and
//! the end of each of its files.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_128;

use super::journal::{Age, Reader};
use super::{StoreError, io_error};

/// The end of an archive, in bytes.
const TRAILER_BYTES: usize = 38;

/// The most bytes of an archive's contents: a few short names.
const CONTENTS_BYTES_MAX: u64 = 1 << 16;

/// What is read of a journal at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// Bytes of the system's unit of a file's room.
const ROOM_BYTES: u64 = 512;

/// Folders of tables: ours, that of the marks, and the engine's own.
const TABLES: usize = 7;

/// Reads what the engine would believe; returns the number of the journals' newest batch.
///
/// Cuts a batch that was never finished off the newest journal: the engine does so with some, and refuses others. Writes what is
/// left once more, and syncs it: an earlier process may have ended because its sync failed, and then the system has bytes in
/// memory that it never writes by itself.
///
/// # Errors
/// `Damaged` with the file; what the system says.
pub(super) fn inspect(database: &Path) -> Result<Option<u64>, StoreError> {
    let tables = list(&database.join("keyspaces"))?;
    tables.iter().try_for_each(|folder| inspect_table(folder))?;
    if tables.len() != TABLES {
        return Err(damaged(database, "a table is missing"));
    }
    let mut journals: Vec<(u64, PathBuf)> = list(database)?.into_iter().filter_map(numbered).collect();
    journals.sort_unstable();
    let mut reader = Reader::default();
    let newest = journals.last().map(|(number, _)| *number);
    let mut next = journals.first().map(|(number, _)| *number);
    for (number, path) in &journals {
        // The engine removes the oldest first, once their rows are in files of tables. After a power cut the name of an older one
        // may be there again without those between, and the engine passes over its rows.
        if next != Some(*number) {
            reader.skip();
        }
        next = number.checked_add(1);
        let mut file = File::options().read(true).write(true).open(path).map_err(|error| io_error(&error))?;
        let bytes = read_used(&mut file).map_err(|error| io_error(&error))?;
        let age = if Some(*number) == newest { Age::Newest } else { Age::Sealed };
        let whole = reader.take(&bytes, age).map_err(|what| damaged(path, what))?;
        if age == Age::Newest {
            finish(&mut file, bytes.get(..whole).unwrap_or_default()).map_err(|error| io_error(&error))?;
        }
    }
    Ok(reader.last_number())
}

/// Returns the bytes that the journals take. Their lengths say more: the engine reserves room in them, which takes none.
///
/// # Errors
/// What the system says.
pub(super) fn journal_bytes(database: &Path) -> Result<u64, StoreError> {
    let journals = list(database)?.into_iter().filter_map(numbered);
    let bytes = journals.map(|(_, path)| match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.blocks().saturating_mul(ROOM_BYTES)),
        // The engine has removed it since.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(io_error(&error)),
    });
    bytes.sum()
}

/// Reads a file without most of the zeros behind its last other byte, of which the engine reserves many.
fn read_used(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let zeros = vec![0; CHUNK_BYTES];
    let mut skipped = 0_usize;
    loop {
        let count = file.read(&mut chunk)?;
        let read = chunk.get(..count).unwrap_or_default();
        if read.is_empty() {
            return Ok(bytes);
        }
        if zeros.get(..count) == Some(read) {
            skipped = skipped.saturating_add(count);
            continue;
        }
        bytes.resize(bytes.len().saturating_add(skipped), 0);
        bytes.extend_from_slice(read);
        skipped = 0;
    }
}

/// Lets a file hold these bytes, with which it begins, and no others.
fn finish(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.set_len(bytes.len() as u64)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Returns the paths in a folder.
fn list(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = fs::read_dir(folder).map_err(|error| read_error(folder, &error))?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(|error| io_error(&error))).collect()
}

/// Returns the number of a journal, if it is one.
fn numbered(path: PathBuf) -> Option<(u64, PathBuf)> {
    let number = path.file_name()?.to_str()?.strip_suffix(".jnl")?.parse().ok()?;
    Some((number, path))
}

fn inspect_table(folder: &Path) -> Result<(), StoreError> {
    let current = folder.join("current");
    let bytes = fs::read(&current).map_err(|error| read_error(&current, &error))?;
    let (Some((number, [rest @ .., 0])), 25) = (bytes.split_first_chunk(), bytes.len()) else {
        return Err(damaged(&current, "it is too short or too long"));
    };
    let number = u64::from_le_bytes(*number);
    settle(folder, &bytes).map_err(|error| io_error(&error))?;
    let path = folder.join(format!("v{number}"));
    let bytes = fs::read(&path).map_err(|error| read_error(&path, &error))?;
    if rest != xxh3_128(&bytes).to_le_bytes() {
        return Err(damaged(&path, "it is not the list that `current` names"));
    }
    let files = files_of(&bytes).ok_or_else(|| damaged(&path, "it is no list of files"))?;
    for file in files {
        inspect_archive(&folder.join("tables").join(file.to_string()))?;
    }
    Ok(())
}

/// Writes once more which list is the current one, and syncs its name: an earlier process may have ended because a sync of that name
/// failed. Then the disk may still have the name of the list before, which the engine removes when it opens its files.
fn settle(folder: &Path, current: &[u8]) -> io::Result<()> {
    let beside = folder.join("current.new");
    let mut file = File::create(&beside)?;
    file.write_all(current)?;
    file.sync_all()?;
    fs::rename(&beside, folder.join("current"))?;
    File::open(folder)?.sync_all()
}

/// Checks the contents of a file of a table.
fn inspect_archive(path: &Path) -> Result<(), StoreError> {
    let mut file = File::open(path).map_err(|error| read_error(path, &error))?;
    contents(&mut file).map_err(|error| read_error(path, &error))?.ok_or_else(|| damaged(path, "its contents"))?;
    Ok(())
}

/// Reads the contents of an archive; nothing if they do not pass their checksum.
fn contents(archive: &mut (impl Read + Seek)) -> io::Result<Option<Vec<u8>>> {
    let end = archive.seek(SeekFrom::End(0))?;
    let Some(begin) = end.checked_sub(TRAILER_BYTES as u64) else { return Ok(None) };
    archive.seek(SeekFrom::Start(begin))?;
    let mut trailer = [0; TRAILER_BYTES];
    archive.read_exact(&mut trailer)?;
    let Some(rest) = trailer.strip_prefix(b"SFA!\x01\x00") else { return Ok(None) };
    let Some((checksum, rest)) = rest.split_first_chunk::<16>() else { return Ok(None) };
    let (words, _) = rest.as_chunks::<8>();
    let &[place, length] = words else { return Ok(None) };
    let (place, length) = (u64::from_le_bytes(place), u64::from_le_bytes(length));
    if length > CONTENTS_BYTES_MAX || place.checked_add(length) != Some(begin) {
        return Ok(None);
    }
    archive.seek(SeekFrom::Start(place))?;
    let mut contents = Vec::new();
    archive.take(length).read_to_end(&mut contents)?;
    Ok((xxh3_128(&contents).to_le_bytes() == *checksum).then_some(contents))
}

/// Returns the numbers of the files that a list names.
fn files_of(list: &[u8]) -> Option<Vec<u64>> {
    let contents = contents(&mut io::Cursor::new(list)).ok()??;
    let mut input = Input(contents.strip_prefix(b"TOC!")?);
    for _ in 0..input.u32()? {
        let (place, length) = (usize::try_from(input.u64()?).ok()?, usize::try_from(input.u64()?).ok()?);
        let name_bytes = u16::from_le_bytes(*input.bytes(2)?.first_chunk()?);
        if input.bytes(usize::from(name_bytes))? == b"tables" {
            return numbers(list.get(place..)?.get(..length)?);
        }
    }
    None
}

/// Reads the section "tables": levels u8, of each its runs u8, of each its files u32, of each 33 bytes with the number first.
fn numbers(section: &[u8]) -> Option<Vec<u64>> {
    let mut input = Input(section);
    let mut files = Vec::new();
    for _level in 0..*input.bytes(1)?.first()? {
        for _run in 0..*input.bytes(1)?.first()? {
            for _file in 0..input.u32()? {
                files.push(input.u64()?);
                let _checksum_and_sequence = input.bytes(25)?;
            }
        }
    }
    Some(files)
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.bytes(4)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    fn u64(&mut self) -> Option<u64> {
        self.bytes(8)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    }
}

fn damaged(path: &Path, what: &str) -> StoreError {
    StoreError::Damaged(format!("{}: {what}", path.display()))
}

fn read_error(path: &Path, error: &io::Error) -> StoreError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::UnexpectedEof => damaged(path, "it is missing, or too short"),
        _ => io_error(error),
    }
}
