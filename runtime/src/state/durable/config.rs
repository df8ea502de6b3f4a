//! Sizes and times of a durable state.

use std::time::Duration;

use super::super::store::Durability;

/// Blocks for which a changed page of the tree may stay unwritten.
pub const PAGES_BEHIND_BLOCKS_MAX: u64 = 64;

/// Blocks from one that is safe from a power cut to the next, where not each one is ([`Durability::Buffered`]).
pub const SYNC_INTERVAL_BLOCKS: u64 = 64;

/// Sizes and times of a durable state. None of them changes a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurableConfig {
    /// Blocks that can be undone, so that the state at their beginning can be read; at least [`PAGES_BEHIND_BLOCKS_MAX`].
    pub retained_blocks: Retention,
    /// Values that are kept in memory, in bytes.
    pub cache_bytes_max: usize,
    /// Pages of the tree that are kept in memory beside those that are not written yet, in bytes.
    pub page_bytes_max: usize,
    /// Blocks from one check of the root from scratch to the next; 0 is never.
    pub check_interval_blocks: u64,
    /// Steps by which a chain advances a check before it commits a block; 0 leaves it to whoever calls
    /// [`DurableState::advance_check`](super::DurableState::advance_check), on a thread of its own say.
    pub check_steps_per_block: usize,
    /// When a commit is safe from a power cut: `Synced`, each one when it returns; `Buffered`, every
    /// [`SYNC_INTERVAL_BLOCKS`]th block, with all blocks before it. The end of the process alone loses nothing either way.
    pub durability: Durability,
    /// How long a read of a key at an earlier height waits for the end of a commit before it goes on beside it; 0 is not at all.
    /// Readers that go on slow a commit by a third or more, and those that wait lose what it takes.
    pub reader_wait_max: Duration,
}

/// How far back the state can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// So many blocks.
    Blocks(u64),
    /// All blocks.
    Archive,
}

impl DurableConfig {
    /// Returns how the block of this height is written.
    pub(super) const fn durability_at(&self, height: u64) -> Durability {
        match self.durability {
            Durability::Buffered if !height.is_multiple_of(SYNC_INTERVAL_BLOCKS) => Durability::Buffered,
            Durability::Buffered | Durability::Synced => Durability::Synced,
        }
    }
}

impl Default for DurableConfig {
    fn default() -> Self {
        Self {
            retained_blocks: Retention::Blocks(256),
            cache_bytes_max: 32 << 20,
            page_bytes_max: 64 << 20,
            check_interval_blocks: 1_000,
            // About 2 ms.
            check_steps_per_block: 4_096,
            durability: Durability::Synced,
            // A commit of 10,000 entries takes 10 to 20 ms.
            reader_wait_max: Duration::from_millis(20),
        }
    }
}
