//! A state as a file: exported at any height that can be read, imported into an empty store, and believed piece by piece.
//!
//! - [`format`]: the file, byte by byte.
//! - [`export`]: from a durable state to a file.
//! - [`import`]: from a file to a store.
//!
//! A file says which state it holds, by chain, genesis, height and root. Each of its chunks then proves itself: it holds all
//! entries whose key hashes lie in a range, with the subtrees beside the range, from which the root follows
//! ([`range`](super::tree::range)). The ranges follow one another without a gap. So an importer refuses a chunk that is
//! foreign, changed, out of its place or short of an entry before it writes anything of it, and a file that ends early. What
//! it cannot know is whether the root is the chain's: that must come from somebody who is trusted, or from the chain.

pub mod export;
pub mod format;
pub mod import;

#[cfg(test)]
mod tests;

pub use export::{ExportError, ExportProgress, Exported};
pub use format::{Chunk, ChunkProblem, HeadProblem, SnapshotHead};
pub use import::{Expected, ImportError, ImportProgress, Imported, import};
