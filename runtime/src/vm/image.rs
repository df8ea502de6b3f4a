//! The memory that a module begins with, kept to set instances back to it.
//!
//! Guarantees that memory of which every changed page is restored equals that of a new instance, byte for byte: the image
//! is a copy of a new instance's memory, where segments lie. Pages of zeros are not kept. Costs of restoring a page of
//! 4 KiB: one comparison, about 50 ns, and one copy if it differs; a page that is equal is not written, so that the kernel
//! need not give it memory.

use std::num::NonZeroUsize;
use std::ops::Range;

/// The largest page of any supported machine.
const PAGE_BYTES_MAX: usize = 64 << 10;

static ZEROS: [u8; PAGE_BYTES_MAX] = [0; PAGE_BYTES_MAX];

/// A memory, by pages.
pub(super) struct Image {
    /// Nothing for a page of zeros.
    pages: Box<[Option<Box<[u8]>>]>,
    page_bytes: usize,
    memory_bytes: usize,
}

impl Image {
    /// Copies the memory of an instance in which nothing has run. Outside of `data`, in bytes, it is zeros and is not read:
    /// reading would map pages that nobody needs. Pages have at most 64 KiB.
    pub(super) fn of(memory: &[u8], data: &Range<u64>, page_bytes: NonZeroUsize) -> Self {
        let page_bytes = page_bytes.get();
        let keep = |(start, page): (u64, &[u8])| {
            let end = start.saturating_add(bytes(page.len()));
            (start < data.end && data.start < end && !is_zero(page)).then(|| page.into())
        };
        let starts = (0..).step_by(page_bytes);
        let pages = starts.zip(memory.chunks(page_bytes)).map(keep).collect();
        Self { pages, page_bytes, memory_bytes: memory.len() }
    }

    /// Returns the size of the memory.
    pub(super) const fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// Returns how many pages the memory has.
    pub(super) const fn pages(&self) -> usize {
        self.pages.len()
    }

    /// Restores a page; tells whether the memory has it.
    pub(super) fn restore(&self, memory: &mut [u8], page: usize) -> bool {
        let start = page.saturating_mul(self.page_bytes);
        let end = start.saturating_add(self.page_bytes).min(self.memory_bytes);
        let (Some(kept), Some(page)) = (self.pages.get(page), memory.get_mut(start..end)) else { return false };
        let Some(original) = kept.as_deref().or_else(|| ZEROS.get(..page.len())) else { return false };
        if original.len() != page.len() {
            return false;
        }
        if *page != *original {
            page.copy_from_slice(original);
        }
        true
    }
}

const fn bytes(length: usize) -> u64 {
    length as u64
}

fn is_zero(page: &[u8]) -> bool {
    ZEROS.get(..page.len()).is_some_and(|zeros| zeros == page)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    const PAGE: usize = 4 << 10;

    fn size() -> NonZeroUsize {
        NonZeroUsize::new(PAGE).unwrap()
    }

    /// Where bytes were set.
    fn data(bytes: &[(usize, u8)]) -> Range<u64> {
        let at = || bytes.iter().map(|(at, _)| *at as u64);
        at().min().unwrap_or(0)..at().max().map_or(0, |last| last + 1)
    }

    proptest! {
        #[test]
        fn memory_whose_written_pages_are_restored_is_as_new(
            initial in prop::collection::vec((0..16 * PAGE, any::<u8>()), 0..40),
            writes in prop::collection::vec((0..16 * PAGE, any::<u8>()), 0..200),
        ) {
            let mut memory = vec![0; 16 * PAGE];
            initial.iter().for_each(|(at, byte)| memory[*at] = *byte);
            let original = memory.clone();
            let image = Image::of(&memory, &data(&initial), size());
            prop_assert_eq!(image.memory_bytes(), memory.len());
            writes.iter().for_each(|(at, byte)| memory[*at] = *byte);
            for (at, _) in &writes {
                prop_assert!(image.restore(&mut memory, at / PAGE));
            }
            prop_assert_eq!(memory, original);
        }
    }

    #[test]
    fn a_page_that_the_memory_does_not_have_is_not_restored() {
        let image = Image::of(&[1; 2 * PAGE], &(0..2 * PAGE as u64), size());
        assert!(!image.restore(&mut [2; 2 * PAGE], 2));
        assert!(!image.restore(&mut [2; PAGE], 1));
        assert!(!image.restore(&mut [2; 2 * PAGE], usize::MAX));
    }
}
