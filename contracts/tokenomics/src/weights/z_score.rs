//! How far each number lies from the mean, in standard deviations: the z-score, in fixed point.
//!
//! With the sum `S` of the `n` numbers and the sum `Q` of their squares, mean and (population) deviation are `S / n` and
//! `sqrt(n * Q - S^2) / n`, so that
//!
//! ```text
//! z = (n * x - S) / sqrt(n * Q - S^2)          in ppm: +- floor( sqrt( floor( 10^12 * (n * x - S)^2 / (n * Q - S^2) ) ) )
//! ```
//!
//! Guarantees the exact value, rounded toward zero once: the floor under the root does not change the floor of the root. So the
//! score of a number is that of its mirror with the other sign, and no machine's floating point is in it. Costs a product in 256
//! bits, a division and an integer square root a number.

use alloc::vec;
use alloc::vec::Vec;

use crate::division::mul_div;
use crate::units::PPM;

/// The square of one whole in ppm.
const PPM_SQUARED: u128 = PPM as u128 * PPM as u128;

/// Returns the z-score of each number, in ppm of the standard deviation: 1,000,000 is one deviation above the mean.
///
/// All zeros if the deviation is 0, and `None` if a square passes 128 bits, which no weights in ppm do.
pub fn by_z_score(numbers: &[u128]) -> Option<Vec<i64>> {
    let count = numbers.len() as u128;
    let (mut sum, mut squares) = (0_u128, 0_u128);
    for number in numbers {
        sum = sum.checked_add(*number)?;
        squares = squares.checked_add(number.checked_mul(*number)?)?;
    }
    // Never less than 0: the mean of squares is at least the square of the mean.
    let spread = count.checked_mul(squares)?.checked_sub(sum.checked_mul(sum)?)?;
    if spread == 0 {
        return Some(vec![0; numbers.len()]);
    }
    numbers.iter().map(|number| score(count.checked_mul(*number)?, sum, spread)).collect()
}

/// Returns the score of `n * x` beside the sum.
fn score(multiple: u128, sum: u128, spread: u128) -> Option<i64> {
    let distance = multiple.abs_diff(sum);
    let score = mul_div(distance.checked_mul(distance)?, PPM_SQUARED, spread)?.isqrt();
    // At most the square root of the count, in ppm.
    let score = i64::try_from(score).ok()?;
    Some(if multiple < sum { score.saturating_neg() } else { score })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use alloc::vec;
    use alloc::vec::Vec;

    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    use super::by_z_score;

    /// Returns the squares of the scores and their signs by the definition: mean, mean square deviation, and a division.
    fn exact(numbers: &[u128]) -> Vec<(BigRational, bool)> {
        let number = |number: u128| BigRational::from(BigInt::from(number));
        let count = number(numbers.len() as u128);
        let mean = numbers.iter().map(|x| number(*x)).sum::<BigRational>() / &count;
        let square = |x: u128| (number(x) - &mean) * (number(x) - &mean);
        let variance = numbers.iter().map(|x| square(*x)).sum::<BigRational>() / &count;
        let zero = number(0);
        let scores = numbers.iter().map(|x| {
            let squared = if variance == zero { zero.clone() } else { square(*x) / &variance };
            (squared, number(*x) < mean)
        });
        scores.collect()
    }

    #[test]
    fn one_to_four_lie_around_their_mean() {
        // 1.5 / sqrt(1.25) and 0.5 / sqrt(1.25).
        assert_eq!(by_z_score(&[1, 2, 3, 4]), Some(vec![-1_341_640, -447_213, 447_213, 1_341_640]));
        assert_eq!(by_z_score(&[0, 1_000_000]), Some(vec![-1_000_000, 1_000_000]));
        assert_eq!(by_z_score(&[0, 0, 0, 7]), Some(vec![-577_350, -577_350, -577_350, 1_732_050]));
    }

    #[test]
    fn without_a_deviation_there_are_zeros() {
        assert_eq!(by_z_score(&[5, 5, 5]), Some(vec![0, 0, 0]));
        assert_eq!((by_z_score(&[]), by_z_score(&[9])), (Some(vec![]), Some(vec![0])));
    }

    #[test]
    fn squares_that_pass_128_bits_are_none() {
        assert_eq!(by_z_score(&[u128::MAX, 1]), None);
        assert_eq!(by_z_score(&[1 << 64, 1]), None);
        assert_eq!(by_z_score(&[0, 1 << 31]), Some(vec![-1_000_000, 1_000_000]));
    }

    proptest! {
        #[test]
        fn a_score_is_the_exact_one_rounded_toward_zero(numbers in prop::collection::vec(prop_oneof![0..9_u128, 0..=1_000_000_u128, any::<u32>().prop_map(u128::from)], 1..40)) {
            let scores = by_z_score(&numbers).unwrap();
            let scale = BigRational::from(BigInt::from(1_000_000_000_000_u64));
            for (score, (squared, is_below)) in scores.iter().zip(exact(&numbers)) {
                let (size, wanted) = (BigInt::from(score.unsigned_abs()), squared * &scale);
                prop_assert!(BigRational::from(&size * &size) <= wanted);
                prop_assert!(wanted < BigRational::from((&size + 1) * (&size + 1)));
                prop_assert!(*score == 0 || (*score < 0) == is_below);
            }
        }

        #[test]
        fn moving_or_mirroring_all_numbers_moves_no_score(numbers in prop::collection::vec(0..=1_000_000_u128, 1..20), by in 0..1_000_u128) {
            let scores = by_z_score(&numbers).unwrap();
            let moved: Vec<_> = numbers.iter().map(|number| number + by).collect();
            prop_assert_eq!(by_z_score(&moved).unwrap(), scores.clone());
            let mirrored: Vec<_> = numbers.iter().map(|number| 1_000_000 - number).collect();
            let negative: Vec<_> = scores.iter().map(|score| -score).collect();
            prop_assert_eq!(by_z_score(&mirrored).unwrap(), negative);
        }
    }
}
