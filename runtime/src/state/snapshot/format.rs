//! The file of a snapshot, byte by byte. Integers are little-endian.
//!
//! ```text
//! file      head | chunk *
//! head      "FLORINSS" | format u32 = 2 | body length u32 | body | BLAKE3 of all bytes before it [32]
//! body      chain id u64 | genesis hash [32] | height u64 | root [32] | entries u64 | chunks u32 | what the owner keeps of the block
//! chunk     number u32, from 0 | packed length u32 | content length u32 | packed | BLAKE3 of all bytes of the chunk before it [32]
//! packed    the content as one zstd frame
//! content   start [32] | 0, or 1 and end [32] | beside count u16 | beside * | entries count u32 | entry *
//! beside    0                                 a subtree without entries
//!           1 | key hash [32] | value hash [32]   a subtree with one entry
//!           2 | hash [32]                     a subtree with more
//! entry     key length u16 | value length u32 | key | value
//! ```
//! Entries are in the order of their key hashes, which are from `start` on and below `end`; without an end to the last one. The
//! first chunk starts at zero, each other where the one before it ends, and the last one has no end. `beside` are the subtrees
//! that the two ends of the range cut off, from left to right.
//!
//! Limits: [`CHUNK_BYTES`] of entries a chunk, unless a single entry is larger; [`CONTENT_BYTES_MAX`] in any case. A reader
//! allocates no more than these for a chunk, whatever it claims, and for the head no more than the file has.

use std::io::{self, Read, Write};

use alloy_primitives::Bytes;
use thiserror::Error;

use super::super::durable::Identity;
use super::super::tree::range::{BESIDE_MAX, HashRange, Part, RangeError, root_of};
use super::super::tree::{EMPTY, Hash, Leaf, key_hash, value_hash};

/// Number of the format that this release writes and reads. It counts what a chain keeps of a block too.
pub const SNAPSHOT_FORMAT: u32 = 2;

/// Bytes of entries after which a chunk ends.
pub const CHUNK_BYTES: usize = 1 << 20;

/// The most bytes of a chunk's content. The longest entry of a chain is a contract's code of 1 MiB.
pub const CONTENT_BYTES_MAX: usize = 2 << 20;

/// The most bytes of one entry.
pub const ENTRY_BYTES_MAX: usize = CONTENT_BYTES_MAX - PROOF_BYTES_MAX;

/// The most bytes of the head's body.
pub const BODY_BYTES_MAX: usize = 64 << 20;

/// The most bytes of a chunk beside its entries.
const PROOF_BYTES_MAX: usize = 65 + 2 + BESIDE_MAX * 65 + 4;

/// The most bytes of a packed content: zstd adds less than this to what it cannot pack.
const PACKED_BYTES_MAX: usize = CONTENT_BYTES_MAX + (64 << 10);

/// Bytes of an entry beside its key and its value.
pub(super) const ENTRY_OVERHEAD_BYTES: usize = 6;

const MAGIC: &[u8; 8] = b"FLORINSS";
const CHECKSUM_BYTES: usize = 32;
/// How hard zstd tries: its own default.
const ZSTD_LEVEL: i32 = 3;

/// What a snapshot is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotHead {
    /// The chain.
    pub identity: Identity,
    /// The block after which the state was as it is here.
    pub height: u64,
    /// Its root.
    pub root: Hash,
    /// How many entries there are.
    pub entries: u64,
    /// How many chunks.
    pub chunks: u32,
    /// What the state's owner keeps of the block.
    pub block: Bytes,
}

/// Why a head is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HeadProblem {
    /// The file begins otherwise.
    #[error("it is no snapshot")]
    Magic,
    /// Another release wrote it.
    #[error("it has format {found}, this release reads {SNAPSHOT_FORMAT}: use the release that wrote it")]
    Format {
        /// Its format.
        found: u32,
    },
    /// The file ends in its head.
    #[error("it ends in its head")]
    Torn,
    /// The head is not what was written.
    #[error("its head is damaged")]
    Damaged,
}

/// Why a chunk is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChunkProblem {
    /// The file ends before the chunk does.
    #[error("the file ends before its end")]
    Torn,
    /// Another chunk stands in its place.
    #[error("chunk {found} stands in its place")]
    Number {
        /// Its number.
        found: u32,
    },
    /// It claims to be longer than a chunk can be.
    #[error("it claims {claimed} bytes, more than a chunk can have")]
    Length {
        /// The bytes that it claims.
        claimed: u32,
    },
    /// Its bytes are not what was written.
    #[error("its checksum is wrong")]
    Checksum,
    /// It does not unpack to the bytes that it claims.
    #[error("it does not unpack to what it claims")]
    Packed,
    /// What it unpacks to is no chunk.
    #[error("its content is no chunk")]
    Content,
    /// Its range does not go on where the chunk before it ended, or ends where none or another follows.
    #[error("its range does not follow the one before it, or is the last one where more follow")]
    Place,
    /// Its entries do not fit its range.
    #[error("{0}")]
    Range(#[from] RangeError),
    /// Its entries are not those of the state.
    #[error("its entries are not those of the state with this root")]
    Root,
}

impl SnapshotHead {
    /// Writes the head.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut body = Vec::new();
        body.extend_from_slice(&self.identity.chain_id.to_le_bytes());
        body.extend_from_slice(&self.identity.genesis_hash);
        body.extend_from_slice(&self.height.to_le_bytes());
        body.extend_from_slice(&self.root);
        body.extend_from_slice(&self.entries.to_le_bytes());
        body.extend_from_slice(&self.chunks.to_le_bytes());
        body.extend_from_slice(&self.block);
        let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= BODY_BYTES_MAX);
        let length = length.ok_or_else(|| io::Error::other("the block is too large for a snapshot"))?;
        let mut head = Vec::from(MAGIC);
        head.extend_from_slice(&SNAPSHOT_FORMAT.to_le_bytes());
        head.extend_from_slice(&length.to_le_bytes());
        head.extend_from_slice(&body);
        write_with_checksum(out, head)
    }

    /// Reads a head, and its checksum, which stands for the whole snapshot.
    ///
    /// # Errors
    /// Says why it is none; the reader's.
    pub fn read(input: &mut dyn Read) -> io::Result<Result<(Self, Hash), HeadProblem>> {
        let mut head = read_up_to(input, MAGIC.len().saturating_add(8))?;
        let Some((magic, rest)) = head.split_first_chunk::<8>() else {
            return Ok(Err(if MAGIC.starts_with(&head) && !head.is_empty() {
                HeadProblem::Torn
            } else {
                HeadProblem::Magic
            }));
        };
        if magic != MAGIC {
            return Ok(Err(HeadProblem::Magic));
        }
        let ([format, length], []) = rest.as_chunks::<4>() else { return Ok(Err(HeadProblem::Torn)) };
        let (format, length) = (u32::from_le_bytes(*format), u32::from_le_bytes(*length));
        if format != SNAPSHOT_FORMAT {
            return Ok(Err(HeadProblem::Format { found: format }));
        }
        let Some(length) = usize::try_from(length).ok().filter(|length| *length <= BODY_BYTES_MAX) else {
            return Ok(Err(HeadProblem::Damaged));
        };
        let body = read_up_to(input, length)?;
        head.extend_from_slice(&body);
        let checksum = read_up_to(input, CHECKSUM_BYTES)?;
        Ok(match <Hash>::try_from(&checksum[..]) {
            Err(_) => Err(HeadProblem::Torn),
            Ok(checksum) if *blake3::hash(&head).as_bytes() != checksum => Err(HeadProblem::Damaged),
            Ok(checksum) => Self::decode(body.into()).map(|head| (head, checksum)).ok_or(HeadProblem::Damaged),
        })
    }

    fn decode(body: Bytes) -> Option<Self> {
        let mut body = Fields(body);
        let identity = Identity { chain_id: body.u64()?, genesis_hash: body.array()? };
        let (height, root, entries, chunks) = (body.u64()?, body.array()?, body.u64()?, body.u32()?);
        Some(Self { identity, height, root, entries, chunks, block: body.0 })
    }
}

/// All entries whose key hashes lie in a range, and what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The range.
    pub range: HashRange,
    /// The subtrees beside the range, from left to right.
    pub beside: Vec<Part>,
    /// Keys and values, in the order of the keys' hashes.
    pub entries: Vec<(Bytes, Bytes)>,
}

impl Chunk {
    /// Returns the chunk's content as it is packed; the entries must be no more than a chunk can have.
    pub fn encode<'a>(
        range: &HashRange,
        beside: &[Part],
        entries: impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Vec<u8> {
        let mut content = Vec::from(range.start);
        match &range.end {
            None => content.push(0),
            Some(end) => {
                content.push(1);
                content.extend_from_slice(end);
            }
        }
        content.extend_from_slice(&u16::try_from(beside.len()).unwrap_or(u16::MAX).to_le_bytes());
        for part in beside {
            match part {
                Part::Empty => content.push(0),
                Part::One(leaf) => {
                    content.push(1);
                    content.extend_from_slice(&leaf.key);
                    content.extend_from_slice(&leaf.value);
                }
                Part::Many(hash) => {
                    content.push(2);
                    content.extend_from_slice(hash);
                }
            }
        }
        content.extend_from_slice(&u32::try_from(entries.len()).unwrap_or(u32::MAX).to_le_bytes());
        for (key, value) in entries {
            content.extend_from_slice(&u16::try_from(key.len()).unwrap_or(u16::MAX).to_le_bytes());
            content.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes());
            content.extend_from_slice(key);
            content.extend_from_slice(value);
        }
        content
    }

    /// Reads a chunk's content; nothing if the bytes are none.
    pub fn decode(content: Bytes) -> Option<Self> {
        let mut content = Fields(content);
        let start = content.array()?;
        let end = match content.u8()? {
            0 => None,
            1 => Some(content.array()?),
            _ => return None,
        };
        let count = usize::from(u16::from_le_bytes(content.array()?));
        let mut beside = Vec::with_capacity(count.min(BESIDE_MAX));
        for _ in 0..count {
            beside.push(match content.u8()? {
                0 => Part::Empty,
                1 => Part::One(Leaf { key: content.array()?, value: content.array()? }),
                2 => Part::Many(content.array().filter(|hash| *hash != EMPTY)?),
                _ => return None,
            });
        }
        let count = usize::try_from(content.u32()?).ok()?;
        // No entry is shorter than what stands before it.
        if count > content.0.len() / ENTRY_OVERHEAD_BYTES {
            return None;
        }
        let mut entries = Vec::with_capacity(count);
        for _ in 0..count {
            let key = usize::from(u16::from_le_bytes(content.array()?));
            let value = usize::try_from(content.u32()?).ok()?;
            entries.push((content.bytes(key)?, content.bytes(value)?));
        }
        content.0.is_empty().then_some(Self { range: HashRange { start, end }, beside, entries })
    }

    /// Verifies that these are all entries of the range in the state with a root; returns their hashes, in order.
    ///
    /// # Errors
    /// Says why they are not.
    pub fn verify(&self, root: &Hash) -> Result<Vec<Leaf>, ChunkProblem> {
        let leaf = |(key, value): &(Bytes, Bytes)| Leaf { key: key_hash(key), value: value_hash(value) };
        let leaves: Vec<Leaf> = self.entries.iter().map(leaf).collect();
        if root_of(&self.range, &leaves, &self.beside)? == *root { Ok(leaves) } else { Err(ChunkProblem::Root) }
    }
}

/// Writes a chunk; returns how many bytes.
pub(super) fn write_chunk(out: &mut dyn Write, number: u32, content: &[u8]) -> io::Result<usize> {
    let packed = zstd::bulk::compress(content, ZSTD_LEVEL)?;
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).map_err(io::Error::other);
    let mut chunk = Vec::from(number.to_le_bytes());
    chunk.extend_from_slice(&length(&packed)?.to_le_bytes());
    chunk.extend_from_slice(&length(content)?.to_le_bytes());
    chunk.extend_from_slice(&packed);
    let bytes = chunk.len().saturating_add(CHECKSUM_BYTES);
    write_with_checksum(out, chunk).map(|()| bytes)
}

/// Reads the content of the chunk with a number.
pub(super) fn read_chunk(input: &mut dyn Read, number: u32) -> io::Result<Result<Bytes, ChunkProblem>> {
    let mut chunk = read_up_to(input, 12)?;
    let ([found, packed_length, length], []) = chunk.as_chunks::<4>() else { return Ok(Err(ChunkProblem::Torn)) };
    let [found, packed_claimed, claimed] = [found, packed_length, length].map(|bytes| u32::from_le_bytes(*bytes));
    if found != number {
        return Ok(Err(ChunkProblem::Number { found }));
    }
    let within = |claimed: u32, max: usize| usize::try_from(claimed).ok().filter(|length| *length <= max);
    let Some(packed_length) = within(packed_claimed, PACKED_BYTES_MAX) else {
        return Ok(Err(ChunkProblem::Length { claimed: packed_claimed }));
    };
    let Some(length) = within(claimed, CONTENT_BYTES_MAX) else {
        return Ok(Err(ChunkProblem::Length { claimed }));
    };
    let packed = read_up_to(input, packed_length)?;
    let checksum = read_up_to(input, CHECKSUM_BYTES)?;
    if checksum.len() < CHECKSUM_BYTES {
        return Ok(Err(ChunkProblem::Torn));
    }
    chunk.extend_from_slice(&packed);
    if blake3::hash(&chunk).as_bytes()[..] != checksum[..] {
        return Ok(Err(ChunkProblem::Checksum));
    }
    // Unpacks into what was claimed and not one byte more.
    match zstd::bulk::decompress(&packed, length) {
        Ok(content) if content.len() == length => Ok(Ok(content.into())),
        Ok(_) | Err(_) => Ok(Err(ChunkProblem::Packed)),
    }
}

fn write_with_checksum(out: &mut dyn Write, mut bytes: Vec<u8>) -> io::Result<()> {
    let checksum = blake3::hash(&bytes);
    bytes.extend_from_slice(checksum.as_bytes());
    out.write_all(&bytes)
}

/// Reads so many bytes, or fewer if there are no more. What is allocated follows what is there.
fn read_up_to(input: &mut dyn Read, bytes: usize) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    input.take(u64::try_from(bytes).unwrap_or(u64::MAX)).read_to_end(&mut read)?;
    Ok(read)
}

/// Bytes that are read from the front.
struct Fields(Bytes);

impl Fields {
    fn bytes(&mut self, length: usize) -> Option<Bytes> {
        if length > self.0.len() {
            return None;
        }
        let bytes = self.0.slice(..length);
        self.0 = self.0.slice(length..);
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N).and_then(|bytes| bytes.first_chunk().copied())
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}
