//! Who gets a wei of the remainder (economy E11), for lists that are too long for one look.
//!
//! After the floors, `wanted` wei are left, one each for the largest fractions, ties in the order of the list. So it is enough
//! to know the fraction of the last one who gets a wei, the *threshold*: whoever has more gets one, and of those who have exactly
//! that, the first `ties`. [`Search`] finds it digit by digit, from the most significant byte down: a pass over the list counts
//! how many fractions that begin with the digits found so far go on with each next one.
//!
//! ```text
//! fractions 0x1207 0x1307 0x1303 0x0b01, wanted 2
//! pass 1: first byte    0x13: 2, 0x12: 1, 0x0b: 1   -> the second largest begins with 0x13
//! pass 2: behind 0x13   0x07: 1, 0x03: 1            -> the threshold is 0x1303, ties 1
//! ```
//!
//! Guarantees the shares of [`crate::shares::divide`] to the wei. Costs one pass for each byte of the total weight, at most 16,
//! and 1 KiB of memory, whatever the length of the list. A search can stop anywhere and go on from its parts.

use alloc::vec;
use alloc::vec::Vec;

/// Values of a digit.
pub const DIGITS: usize = 256;

/// Bits of a digit.
const DIGIT_BITS: u32 = 8;

/// The fraction of the last one who gets a wei, and how many of those who have exactly that are still to get one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// The fraction.
    pub fraction: u128,
    /// How many of those who have it get a wei, in the order of the list.
    pub ties: u32,
}

impl Threshold {
    /// The threshold of a remainder of nothing.
    pub const NOBODY: Self = Self { fraction: u128::MAX, ties: 0 };

    /// Tells whether the next one of the list, who has this fraction, gets a wei. To be asked of each once, in order.
    pub const fn admit(&mut self, fraction: u128) -> bool {
        if fraction != self.fraction {
            return fraction > self.fraction;
        }
        match self.ties.checked_sub(1) {
            Some(rest) => {
                self.ties = rest;
                true
            }
            None => false,
        }
    }
}

/// A search for the threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The digits that are known.
    pub prefix: u128,
    /// Bits behind the digit that is being counted.
    pub shift: u32,
    /// How many fractions have each digit there.
    pub counts: Vec<u32>,
}

impl Search {
    /// Begins with the first digit of fractions below a total.
    pub fn new(total: u128) -> Self {
        let bits = u128::BITS.saturating_sub(total.saturating_sub(1).leading_zeros());
        let shift = bits.div_ceil(DIGIT_BITS).saturating_sub(1).saturating_mul(DIGIT_BITS);
        Self { prefix: 0, shift, counts: vec![0; DIGITS] }
    }

    /// Counts one fraction of the list in this pass.
    #[inline]
    pub fn count(&mut self, fraction: u128) {
        let digits = fraction.checked_shr(self.shift).unwrap_or_default();
        if digits >> DIGIT_BITS != self.prefix {
            return;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the low byte is meant")]
        let digit = usize::from(digits as u8);
        if let Some(count) = self.counts.get_mut(digit) {
            *count = count.saturating_add(1);
        }
    }

    /// Ends a pass: decides the digit in which the `wanted`-th largest of those counted lies. Returns the threshold after the last
    /// digit; before that, `wanted` becomes what is left to find in the next pass. With less than `wanted` counted the answer is the
    /// smallest.
    pub fn advance(&mut self, wanted: &mut u32) -> Option<Threshold> {
        let mut digit = DIGITS.saturating_sub(1);
        while digit > 0 {
            let count = self.counts.get(digit).copied().unwrap_or_default();
            if count >= *wanted {
                break;
            }
            *wanted = wanted.saturating_sub(count);
            digit = digit.saturating_sub(1);
        }
        let prefix = (self.prefix << DIGIT_BITS) | digit as u128;
        match self.shift.checked_sub(DIGIT_BITS) {
            None => Some(Threshold { fraction: prefix, ties: *wanted }),
            Some(shift) => {
                *self = Self { prefix, shift, counts: vec![0; DIGITS] };
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use alloc::vec;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::{Search, Threshold};
    use crate::shares::{Pool, divide};

    fn threshold(total: u128, fractions: &[u128], mut wanted: u32) -> Threshold {
        if wanted == 0 {
            return Threshold::NOBODY;
        }
        let mut search = Search::new(total);
        loop {
            fractions.iter().for_each(|fraction| search.count(*fraction));
            if let Some(threshold) = search.advance(&mut wanted) {
                return threshold;
            }
        }
    }

    /// Divides as a settlement over many blocks does: floors first, then the threshold, then once more in order.
    fn in_passes(amount: u128, weights: &[u128]) -> Vec<u128> {
        let total = weights.iter().sum();
        let pool = Pool::new(amount, total).unwrap();
        let parts: Vec<_> = weights.iter().map(|weight| pool.share(*weight).unwrap()).collect();
        let floors: u128 = parts.iter().map(|part| part.quotient).sum();
        let fractions: Vec<_> = parts.iter().map(|part| part.remainder).collect();
        let mut threshold = threshold(total, &fractions, u32::try_from(amount - floors).unwrap());
        parts.iter().map(|part| part.quotient + u128::from(threshold.admit(part.remainder))).collect()
    }

    #[test]
    fn the_threshold_is_the_fraction_of_the_last_who_gets_a_wei() {
        let fractions = [0x1207, 0x1307, 0x1303, 0x0b01];
        assert_eq!(threshold(0x2000, &fractions, 1), Threshold { fraction: 0x1307, ties: 1 });
        assert_eq!(threshold(0x2000, &fractions, 2), Threshold { fraction: 0x1303, ties: 1 });
        assert_eq!(threshold(0x2000, &fractions, 4), Threshold { fraction: 0x0b01, ties: 1 });
        assert_eq!(threshold(0x2000, &[5, 9, 5, 5, 1], 3), Threshold { fraction: 5, ties: 2 });
        assert_eq!(threshold(1, &[0, 0], 1), Threshold { fraction: 0, ties: 1 });
        assert_eq!(threshold(u128::MAX, &[u128::MAX - 1, 0], 1), Threshold { fraction: u128::MAX - 1, ties: 1 });
    }

    #[test]
    fn ties_are_admitted_in_order_and_no_more() {
        let mut threshold = Threshold { fraction: 5, ties: 2 };
        let admitted: Vec<_> = [5, 4, 9, 5, 5].map(|fraction| threshold.admit(fraction)).to_vec();
        assert_eq!(admitted, [true, false, true, true, false]);
        let mut nobody = Threshold::NOBODY;
        assert!(![0, 7, u128::MAX].into_iter().any(|fraction| nobody.admit(fraction)));
    }

    #[test]
    fn a_pool_smaller_than_its_list_is_divided_too() {
        assert_eq!(in_passes(2, &[1; 5]), vec![1, 1, 0, 0, 0]);
        assert_eq!(in_passes(0, &[1; 5]), vec![0; 5]);
    }

    proptest! {
        #[test]
        fn passes_divide_as_one_look_does(
            amount in prop_oneof![0..100_u128, 0..=21_000_000_000_000_000_u128, 0..u128::MAX >> 40],
            weights in prop::collection::vec(prop_oneof![0..4_u128, 0..=1_000_000_u128, any::<u64>().prop_map(u128::from), 0..u128::MAX >> 10], 1..60),
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            prop_assert_eq!(in_passes(amount, &weights), divide(amount, &weights).unwrap());
        }

        /// Case 96: many equal weights, so that nearly all fractions tie.
        #[test]
        fn case_96_ties_by_the_hundred_go_to_the_earlier(amount in 0..10_000_u128, count in 1..400_usize, odd in 0..400_usize) {
            let mut weights = vec![7_u128; count];
            weights[odd % count] = 8;
            let shares = in_passes(amount, &weights);
            prop_assert_eq!(shares.iter().sum::<u128>(), amount);
            prop_assert_eq!(shares, divide(amount, &weights).unwrap());
        }
    }
}
