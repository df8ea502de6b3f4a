//! Where the original operators of a metered body stand, for whoever has to tell an author a place in his own module.
//!
//! Linear in the number of runs; made for every module, kept only where it is asked for.

use core::ops::Range;

/// A part of a body that was copied as it is.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it begins in the metered body.
    written: usize,
    /// Where it begins in the original module.
    original: usize,
    bytes: usize,
}

/// The parts of one body that were copied, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct BodyPlaces(Vec<Piece>);

impl BodyPlaces {
    /// Returns the places of a body that is copied as a whole, whose first operator stands at `start`.
    pub(super) fn whole(body: Range<usize>, start: usize) -> Self {
        let mut places = Self::default();
        places.copied(start.saturating_sub(body.start), start, body.end.saturating_sub(start));
        places
    }

    /// Notes that so many bytes from `original` on are about to be copied to `written`.
    pub(super) fn copied(&mut self, written: usize, original: usize, bytes: usize) {
        self.0.push(Piece { written, original, bytes });
    }

    /// Returns where in the original module the operator stands that begins at this offset of the metered body.
    fn original(&self, at: usize) -> Option<usize> {
        let behind = self.0.partition_point(|piece| piece.written <= at);
        // An empty part may begin where the next one does.
        let piece = self.0.get(..behind)?.iter().next_back()?;
        let offset = at.checked_sub(piece.written).filter(|offset| *offset < piece.bytes)?;
        piece.original.checked_add(offset)
    }
}

/// The places of all bodies of a module.
#[derive(Clone, Debug, Default)]
pub(in crate::vm) struct Places {
    /// Where the code section's content begins in the original module.
    code_start: usize,
    bodies: Vec<BodyPlaces>,
}

impl Places {
    /// Returns the number of functions that the original module has itself.
    pub(in crate::vm) fn len(&self) -> usize {
        self.bodies.len()
    }

    /// Notes where the code section's content begins.
    pub(super) const fn code_section(&mut self, start: usize) {
        self.code_start = start;
    }

    /// Notes the next body.
    pub(super) fn body(&mut self, body: BodyPlaces) {
        self.bodies.push(body);
    }

    /// Returns the offset, in the original code section, of the operator that begins at this offset of a metered body; none
    /// for an operator that metering added.
    pub(in crate::vm) fn original(&self, body: usize, at: usize) -> Option<u32> {
        self.in_section(self.bodies.get(body)?.original(at)?)
    }

    /// Returns the offset of a body's first operator in the original code section.
    pub(in crate::vm) fn first(&self, body: usize) -> Option<u32> {
        let first = self.bodies.get(body)?.0.iter().find(|piece| piece.bytes > 0)?;
        self.in_section(first.original)
    }

    fn in_section(&self, original: usize) -> Option<u32> {
        u32::try_from(original.checked_sub(self.code_start)?).ok()
    }
}
