//! Who signed a block's parent, as the block tells its contracts.
//!
//! ```text
//! byte 0                  byte 1
//! | 7 6 5 4 3 2 1 0 | 15 14 13 12 11 10 9 8 | ..    bit of validator i: bit i % 8 of byte i / 8
//! ```
//! Guarantees at most [`PARENT_SIGNERS_BYTES_MAX`] bytes, because the header carries the list in its extra data, so that the
//! block's hash covers it and Ethereum's limit of 32 bytes holds. Which validator has which place is the contracts'
//! business; the runtime does not interpret a bit. An empty list says that nothing is known, as when one node produces.

use alloy_primitives::Bytes;
use florin_abi::limits::PARENT_SIGNERS_BYTES_MAX;

/// Who signed the parent block: a bit for each validator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParentSigners(Bytes);

impl ParentSigners {
    /// Says that nothing is known.
    pub const fn unknown() -> Self {
        Self(Bytes::new())
    }

    /// Takes a bitmap, or nothing if it is too long.
    pub fn from_bitmap(bitmap: Bytes) -> Option<Self> {
        (bitmap.len() <= PARENT_SIGNERS_BYTES_MAX as usize).then_some(Self(bitmap))
    }

    /// Returns the bitmap.
    pub const fn bitmap(&self) -> &Bytes {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::ParentSigners;
    use alloy_primitives::Bytes;

    #[test]
    fn a_bitmap_has_256_places_at_most() {
        let longest = ParentSigners::from_bitmap(Bytes::from(vec![0xff; 32]));
        assert_eq!(longest.map(|signers| signers.bitmap().len()), Some(32));
        assert_eq!(ParentSigners::from_bitmap(Bytes::from(vec![0; 33])), None);
        assert!(ParentSigners::unknown().bitmap().is_empty());
    }
}
