//! Words, offsets and lengths: the part of the codec that does not depend on types.
//!
//! Guarantees that offsets are relative to the list that they stand in, and that a decoder never reads outside of the
//! data nor reserves more memory than the data could fill. Costs one pass.

use alloc::vec::Vec;

use super::{AbiType, WORD, word::from_big_endian};

/// Bytes that are not the ABI encoding of the expected values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Writes lists of values.
#[derive(Debug)]
pub struct Encoder {
    out: Vec<u8>,
    frame: Frame,
}

/// A list in the making, or being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Where the list begins: offsets count from here.
    base: usize,
    /// Where the next word of its head is.
    at: usize,
    /// Where its head ends; the decoder has no use for it.
    end: usize,
}

impl Encoder {
    /// Begins a list with a head of this many bytes, behind a prefix such as a selector.
    #[inline(never)]
    pub fn behind(prefix: &[u8], head: usize) -> Self {
        let mut out = Vec::with_capacity(prefix.len().saturating_add(head));
        out.extend_from_slice(prefix);
        let mut encoder = Self { out, frame: Frame { base: 0, at: 0, end: 0 } };
        encoder.begin(head);
        encoder
    }

    /// Writes the next value of the list.
    pub fn put<T: AbiType>(&mut self, value: &T) -> &mut Self {
        value.encode(self);
        self
    }

    /// Returns the bytes.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    /// Writes the next word of the head.
    #[inline(never)]
    pub(super) fn word(&mut self, word: &[u8; WORD]) {
        let next = self.frame.at.saturating_add(WORD);
        if self.frame.at == self.out.len() {
            self.out.extend_from_slice(word);
        } else {
            self.out[self.frame.at..next].copy_from_slice(word);
        }
        self.frame.at = next;
    }

    /// Writes bytes of any length.
    #[inline(never)]
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.offset();
        self.out.extend_from_slice(&size_word(bytes.len()));
        self.out.extend_from_slice(bytes);
        let partial = bytes.len() % WORD;
        if partial > 0 {
            self.out.extend_from_slice(&ZERO_WORD[partial..]);
        }
    }

    /// Begins a nested list at the end of the bytes, with a head of this many bytes.
    pub(super) fn open(&mut self, head: usize) -> Frame {
        self.offset();
        let outer = self.frame;
        self.begin(head);
        outer
    }

    /// Begins a nested array.
    pub(super) fn open_array(&mut self, len: usize, head: usize) -> Frame {
        self.offset();
        let outer = self.frame;
        self.out.extend_from_slice(&size_word(len));
        self.begin(head.saturating_mul(len));
        outer
    }

    /// Goes back to the outer list.
    pub(super) fn close(&mut self, outer: Frame) {
        self.frame = outer;
    }

    pub(super) fn close_if(&mut self, outer: Option<Frame>) {
        if let Some(outer) = outer {
            self.close(outer);
        }
    }

    fn begin(&mut self, head: usize) {
        let base = self.out.len();
        self.frame = Frame { base, at: base, end: base.saturating_add(head) };
    }

    /// Writes the offset of a value whose bytes come at the end, behind the whole head.
    #[inline(never)]
    fn offset(&mut self) {
        let at = self.frame.at;
        while self.out.len() < self.frame.end {
            self.out.extend_from_slice(ZERO_WORD);
        }
        let offset = size_word(self.out.len().saturating_sub(self.frame.base));
        self.out[at..at.saturating_add(WORD)].copy_from_slice(&offset);
        self.frame.at = at.saturating_add(WORD);
    }
}

fn size_word(size: usize) -> [u8; WORD] {
    let mut word = [0; WORD];
    // Sizes fit 4 bytes: a guest's memory has 32-bit addresses, and native messages are no larger.
    word[WORD - 4..].copy_from_slice(&u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes());
    word
}

/// A word of zeros: padding, and what a malformed list reads as.
const ZERO_WORD: &[u8; WORD] = &[0; WORD];

/// Reads lists of values.
///
/// A decoder that meets malformed bytes remembers it and reads zeros from then on; [`Decoder::is_malformed`] is asked once,
/// before a value is used. That keeps the code of a module with many messages small.
#[derive(Debug)]
pub struct Decoder<'d> {
    data: &'d [u8],
    frame: Frame,
    malformed: bool,
}

impl<'d> Decoder<'d> {
    /// Begins at the first word.
    pub const fn new(data: &'d [u8]) -> Self {
        Self { data, frame: Frame { base: 0, at: 0, end: 0 }, malformed: false }
    }

    /// Tells whether anything that was read so far was not there or not of its type.
    pub const fn is_malformed(&self) -> bool {
        self.malformed
    }

    pub(super) const fn fail(&mut self) {
        self.malformed = true;
    }

    /// Reads the next word.
    #[inline(never)]
    pub(super) fn word(&mut self) -> &'d [u8; WORD] {
        let word = self.data.get(self.frame.at..).and_then(<[u8]>::first_chunk);
        self.frame.at = self.frame.at.saturating_add(WORD);
        word.filter(|_| !self.malformed).unwrap_or_else(|| {
            self.fail();
            ZERO_WORD
        })
    }

    /// Reads a number of up to 128 bits.
    #[inline(never)]
    pub(super) fn unsigned(&mut self) -> u128 {
        let (high, low) = halves(self.word());
        if high != 0 {
            self.fail();
        }
        low
    }

    /// Reads a signed number of up to 128 bits.
    #[inline(never)]
    pub(super) fn signed(&mut self) -> i128 {
        let (high, low) = halves(self.word());
        let value = low.cast_signed();
        if high != if value < 0 { u128::MAX } else { 0 } {
            self.fail();
        }
        value
    }

    /// Reads a number that is at most the length of the data.
    fn size(&mut self) -> usize {
        let size = usize::try_from(self.unsigned()).unwrap_or(usize::MAX);
        if size > self.data.len() {
            self.fail();
            return 0;
        }
        size
    }

    /// Reads bytes of any length.
    #[inline(never)]
    pub(super) fn bytes(&mut self) -> &'d [u8] {
        let outer = self.open();
        let len = self.size();
        let bytes = self.data.get(self.frame.at..self.frame.at.saturating_add(len));
        self.frame = outer;
        bytes.filter(|_| !self.malformed).unwrap_or_else(|| {
            self.fail();
            &[]
        })
    }

    /// Goes to the nested list that the next word points to.
    pub(super) fn open(&mut self) -> Frame {
        let start = self.size().saturating_add(self.frame.base);
        let outer = self.frame;
        self.frame = Frame { base: start, at: start, end: start };
        outer
    }

    /// Goes to the array that the next word points to, and reads its length; `head` is that of one element.
    #[inline(never)]
    pub(super) fn open_array(&mut self, head: usize) -> (Frame, usize) {
        let outer = self.open();
        let len = self.size();
        self.frame.base = self.frame.at;
        // An element without a head would let a few bytes claim any length.
        let heads = len.saturating_mul(head.max(WORD));
        if heads > self.data.len().saturating_sub(self.frame.at) {
            self.fail();
        }
        (outer, if self.malformed { 0 } else { len })
    }

    /// Goes back to the outer list.
    pub(super) const fn close(&mut self, outer: Frame) {
        self.frame = outer;
    }

    pub(super) const fn close_if(&mut self, outer: Option<Frame>) {
        if let Some(outer) = outer {
            self.close(outer);
        }
    }
}

#[inline(never)]
pub(crate) fn halves(word: &[u8; WORD]) -> (u128, u128) {
    let half = |bytes: Option<&[u8; 16]>| bytes.map_or(0, from_big_endian);
    (half(word.first_chunk()), half(word.last_chunk()))
}
