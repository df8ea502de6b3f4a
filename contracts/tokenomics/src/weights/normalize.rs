//! Numbers of any size to weights in ppm.
//!
//! Guarantees that a zero denominator gives all zeros. Costs a division a number, by one divisor.

use alloc::vec;
use alloc::vec::Vec;

use crate::ratio::Ppm;
use crate::shares::divide;
use crate::units::PPM;

/// Returns each number's share of the sum. The weights sum to one whole exactly: floors first, then one millionth each to
/// the largest fractions, a tie going to the lower index (economy E10).
///
/// All zeros if the sum is 0, and `None` if it passes 128 bits.
pub fn by_sum(numbers: &[u128]) -> Option<Vec<Ppm>> {
    numbers.iter().try_fold(0_u128, |sum, number| sum.checked_add(*number))?;
    let shares = divide(u128::from(PPM), numbers).unwrap_or_else(|_| vec![0; numbers.len()]);
    Some(shares.into_iter().map(Ppm::saturating).collect())
}

/// Returns `floor(number * 10^6 / maximum)` of each; all zeros if the maximum is 0.
pub fn by_max(numbers: &[u128]) -> Vec<Ppm> {
    let max = numbers.iter().copied().max().unwrap_or_default();
    numbers.iter().map(|number| Ppm::of(*number, max)).collect()
}

/// Returns `floor((number - minimum) * 10^6 / (maximum - minimum))` of each; all zeros if the two are equal.
pub fn by_min_max(numbers: &[u128]) -> Vec<Ppm> {
    let min = numbers.iter().copied().min().unwrap_or_default();
    let above: Vec<u128> = numbers.iter().map(|number| number.saturating_sub(min)).collect();
    by_max(&above)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use alloc::vec;
    use alloc::vec::Vec;

    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::{by_max, by_min_max, by_sum};
    use crate::ratio::Ppm;

    fn parts(weights: &[Ppm]) -> Vec<u32> {
        weights.iter().map(|weight| weight.get()).collect()
    }

    #[test]
    fn one_to_four_by_sum_are_tenths() {
        assert_eq!(parts(&by_sum(&[1, 2, 3, 4]).unwrap()), [100_000, 200_000, 300_000, 400_000]);
        assert_eq!(parts(&by_sum(&[1, 1, 1]).unwrap()), [333_334, 333_333, 333_333]);
        assert_eq!(parts(&by_max(&[1, 2, 3, 4])), [250_000, 500_000, 750_000, 1_000_000]);
        assert_eq!(parts(&by_min_max(&[1, 2, 3, 4])), [0, 333_333, 666_666, 1_000_000]);
    }

    #[test]
    fn a_zero_denominator_gives_zeros() {
        assert_eq!(parts(&by_sum(&[0, 0]).unwrap()), [0, 0]);
        assert_eq!(parts(&by_max(&[0, 0])), [0, 0]);
        assert_eq!(parts(&by_min_max(&[7, 7])), [0, 0]);
        assert_eq!((by_sum(&[]), by_max(&[]), by_min_max(&[])), (Some(vec![]), vec![], vec![]));
        assert_eq!(by_sum(&[u128::MAX, 1]), None);
    }

    proptest! {
        #[test]
        fn normalized_weights_are_floors_of_exact_fractions(numbers in prop::collection::vec(prop_oneof![0..9_u128, any::<u128>().prop_map(|number| number >> 8)], 1..20)) {
            let (min, max) = (*numbers.iter().min().unwrap(), *numbers.iter().max().unwrap());
            let floor = |number: u128, whole: u128| match whole {
                0 => BigUint::ZERO,
                _ => BigUint::from(number) * 1_000_000_u32 / whole,
            };
            for (number, (scaled, spread)) in numbers.iter().zip(by_max(&numbers).iter().zip(by_min_max(&numbers))) {
                prop_assert_eq!(BigUint::from(scaled.get()), floor(*number, max));
                prop_assert_eq!(BigUint::from(spread.get()), floor(number - min, max - min));
            }
            let sum: u32 = by_sum(&numbers).unwrap().iter().map(|weight| weight.get()).sum();
            prop_assert_eq!(sum, if max == 0 { 0 } else { 1_000_000 });
        }
    }
}
