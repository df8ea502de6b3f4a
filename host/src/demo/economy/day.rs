//! Where a block stands in its epoch, and what an epoch is for.
//!
//! ```text
//! epoch  0                1              2             3              4           5                  6            7 ..
//!        miners register  first weights  first reveal  first rewards  treasury    first window over  miners join  downtime
//!        stakes           attacks        unbonding     double sign    withdrawal  out of jail        penalty      again
//!                                        grant         bad work
//! ```
//! An epoch is settled in the second behind it, a window is two epochs, and so are unbonding with the rest of its epoch, and jail:
//! so that everything has happened in [`EPOCHS_MIN`] epochs.

/// The fewest epochs in which everything happens.
pub const EPOCHS_MIN: u64 = 8;

/// The fewest blocks of an epoch that have room for its events one after the other.
pub const EPOCH_BLOCKS_MIN: u64 = 16;

/// A block that is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) height: u64,
    pub(super) epoch: u64,
    /// Blocks of the epoch before it.
    pub(super) offset: u64,
    pub(super) epoch_blocks: u64,
}

impl Day {
    /// Returns where a height stands.
    pub(super) fn new(height: u64, epoch_blocks: u64) -> Self {
        let part = |part: Option<u64>| part.unwrap_or_default();
        let (epoch, offset) = (part(height.checked_div(epoch_blocks)), part(height.checked_rem(epoch_blocks)));
        Self { height, epoch, offset, epoch_blocks }
    }

    /// Tells whether this is the block of that offset, in an epoch from `first` on, and then in each `step`-th.
    pub(super) fn is(&self, offset: u64, first: u64, step: u64) -> bool {
        let since = self.epoch.checked_sub(first).and_then(|since| since.checked_rem(step));
        self.offset == offset && since == Some(0)
    }

    /// Tells whether this is the block of that offset in that epoch alone.
    pub(super) const fn is_once(&self, offset: u64, epoch: u64) -> bool {
        self.offset == offset && self.epoch == epoch
    }

    /// Returns the offset in the middle of an epoch.
    pub(super) const fn middle(&self) -> u64 {
        self.epoch_blocks / 2
    }

    /// Tells whether the epoch ends with this block.
    pub(super) const fn is_last(&self) -> bool {
        self.offset.saturating_add(1) == self.epoch_blocks
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn a_height_stands_in_its_epoch() {
        let day = Day::new(149, 50);
        assert_eq!((day.epoch, day.offset, day.middle(), day.is_last()), (2, 49, 25, true));
        let days: Vec<u64> = (1..400).filter(|height| Day::new(*height, 50).is(7, 1, 3)).collect();
        assert_eq!(days, [57, 207, 357]);
        assert!(Day::new(57, 50).is_once(7, 1) && !Day::new(207, 50).is_once(7, 1));
    }
}
