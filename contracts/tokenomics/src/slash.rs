//! Slashes (economy E23 to E26): what an offence costs, and where it goes.
//!
//! Guarantees that a slash is never more than what can be taken, and that its parts are the whole.

use crate::ratio::{BY_PPM_SQUARED, Ppm};

/// What an offence takes of a stake before its severity, by default.
pub const SLASH_RATE: Ppm = Ppm::saturating(100_000);

/// The reporter's part of a slash.
pub const REPORTER_PART: Ppm = Ppm::saturating(50_000);

/// The part of a slash that is burned; the rest is recycled.
pub const BURNED_PART: Ppm = Ppm::saturating(450_000);

/// How long double signing jails, in blocks: a day.
pub const JAIL_BLOCKS: u64 = 7_200;

/// How long a slash counts for a repeat offence by default, in blocks: a day.
pub const HISTORY_BLOCKS: u64 = 7_200;

/// How many blocks the chain's record of signatures holds.
pub const SIGNED_WINDOW_BLOCKS: u32 = 100;

/// What a validator can be slashed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Offence {
    /// Two votes for one height and view with different block hashes.
    DoubleSign,
    /// A vote for a block hash that the chain has refused at that height.
    InvalidVote,
    /// Fewer than half of the last 100 blocks signed.
    Downtime,
}

/// Where a slash goes, in wei.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlashParts {
    /// To who brought the evidence.
    pub reporter: u128,
    /// Burned.
    pub burned: u128,
    /// To the recycling pool.
    pub recycled: u128,
}

impl Offence {
    /// Returns the code in messages, events and storage.
    pub const fn code(self) -> u8 {
        match self {
            Self::DoubleSign => 0,
            Self::InvalidVote => 1,
            Self::Downtime => 2,
        }
    }

    /// Returns how severe the offence is, by default.
    pub const fn severity(self) -> Ppm {
        Ppm::saturating(match self {
            Self::DoubleSign => 1_000_000,
            Self::InvalidVote => 500_000,
            Self::Downtime => 100_000,
        })
    }
}

/// Returns `min(slashable, floor(stake * rate * severity / 10^12))`, in wei: `stake` is the stake at the height of the
/// offence, `slashable` what of it is still bonded or unbonding.
pub fn slash(stake: u128, slashable: u128, rate: Ppm, severity: Ppm) -> u128 {
    let both = rate.wide().saturating_mul(severity.wide());
    // Both ratios are at most one, so that the quotient is at most the stake.
    BY_PPM_SQUARED.mul_div(stake, both).unwrap_or(stake).min(slashable)
}

/// Returns the parts of a slash by default: reporter and burned by their floors, recycled the rest.
pub const fn slash_parts(amount: u128) -> SlashParts {
    slash_parts_of(amount, REPORTER_PART, BURNED_PART)
}

/// Returns the parts of a slash: reporter and burned by their floors, recycled the rest. What the two ratios are above one
/// whole together is taken off the burned part.
pub const fn slash_parts_of(amount: u128, reporter: Ppm, burned: Ppm) -> SlashParts {
    let to_reporter = reporter.part_of(amount);
    let left = amount.saturating_sub(to_reporter);
    let burned = burned.part_of(amount);
    let burned = if burned > left { left } else { burned };
    SlashParts { reporter: to_reporter, burned, recycled: left.saturating_sub(burned) }
}

/// Tells whether a record of blocks is that of a validator which was down: fewer than half of them signed. A record that is not
/// full tells nothing.
pub const fn is_down(signed: u32, recorded: u32) -> bool {
    recorded >= SIGNED_WINDOW_BLOCKS && signed.saturating_mul(2) < recorded
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::{Offence, SLASH_RATE, SlashParts, is_down, slash, slash_parts, slash_parts_of};
    use crate::ratio::Ppm;

    #[test]
    fn a_slash_is_a_tenth_times_the_severity() {
        assert_eq!(slash(10_000, 10_000, SLASH_RATE, Offence::DoubleSign.severity()), 1_000);
        assert_eq!(slash(10_000, 10_000, SLASH_RATE, Offence::InvalidVote.severity()), 500);
        assert_eq!(slash(10_000, 10_000, SLASH_RATE, Offence::Downtime.severity()), 100);
        assert_eq!(slash(99, 99, SLASH_RATE, Offence::Downtime.severity()), 0);
    }

    #[test]
    fn no_more_is_slashed_than_is_still_there() {
        assert_eq!(slash(10_000, 7, SLASH_RATE, Ppm::ONE), 7);
        assert_eq!(slash(u128::MAX, u128::MAX, Ppm::ONE, Ppm::ONE), u128::MAX);
    }

    #[test]
    fn a_slash_is_parted_to_reporter_fire_and_pool() {
        assert_eq!(slash_parts(1_000), SlashParts { reporter: 50, burned: 450, recycled: 500 });
        assert_eq!(slash_parts(1), SlashParts { reporter: 0, burned: 0, recycled: 1 });
    }

    #[test]
    fn parts_above_the_whole_are_still_the_whole() {
        let parts = slash_parts_of(1_000, Ppm::new(600_000).unwrap(), Ppm::ONE);
        assert_eq!(parts, SlashParts { reporter: 600, burned: 400, recycled: 0 });
    }

    #[test]
    fn fewer_than_half_of_a_full_record_is_down() {
        assert!(is_down(49, 100) && is_down(0, 100));
        assert!(!is_down(50, 100) && !is_down(0, 99));
    }

    proptest! {
        #[test]
        fn a_slash_is_the_floor_of_the_exact_fraction_and_its_parts_are_the_whole(stake: u128, rate in 0..=1_000_000_u32, severity in 0..=1_000_000_u32) {
            let amount = slash(stake, stake, Ppm::new(rate).unwrap(), Ppm::new(severity).unwrap());
            prop_assert_eq!(BigUint::from(amount), BigUint::from(stake) * rate * severity / 1_000_000_000_000_u64);
            let parts = slash_parts(amount);
            prop_assert_eq!(parts.reporter + parts.burned + parts.recycled, amount);
        }
    }
}
