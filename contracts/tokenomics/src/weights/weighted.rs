//! What holders of stake agree on about one miner: the stake-weighted median, and the mean of what is cut to it.
//!
//! ```text
//! median = the largest weight that more than half of the stake gives, or exceeds
//! score  = floor( sum of stake * min(weight, median) / total stake )
//! ```
//!
//! Guarantees that a score is no more than the median, so that holders of half of the stake or less cannot lift a miner above what
//! some of the others give it, however much they give. Each value is exact, the score rounded down once; the order of the voices
//! does not matter. Scores of miners of rows that are one whole each are together at most one whole. Costs 20 passes over the voices, and
//! one where the score is 0.

use crate::division::quotient;
use crate::ratio::Ppm;
use crate::units::PPM;

/// The weight that one holder gives, and its stake in wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voice {
    /// The weight.
    pub weight: Ppm,
    /// The stake, in wei.
    pub stake: u128,
}

/// Returns the largest weight that holders of more than half of the stake give or exceed; nothing of no stake.
pub fn weighted_median(voices: &[Voice]) -> Ppm {
    let half = total(voices) / 2;
    // Of whole numbers, what is above half of the total is above the floor of it, and the other way round.
    let is_given = |weight: u32| {
        let behind = voices.iter().filter(|voice| voice.weight.get() >= weight);
        behind.fold(0_u128, |sum, voice| sum.saturating_add(voice.stake)) > half
    };
    // The larger a weight is, the less stake gives it: from a weight that is given to one that is not, by halves.
    let (mut given, mut above) = (0, PPM.saturating_add(1));
    if !is_given(1) {
        return Ppm::ZERO;
    }
    while above.saturating_sub(given) > 1 {
        let middle = given.midpoint(above);
        if is_given(middle) { given = middle } else { above = middle }
    }
    Ppm::saturating(given.into())
}

/// Returns a miner's score: the stake-weighted mean of the weights, each cut to the stake-weighted median. Nothing of no stake.
pub fn weighted_score(voices: &[Voice]) -> Ppm {
    let median = weighted_median(voices);
    if median == Ppm::ZERO {
        return Ppm::ZERO;
    }
    let sum = voices.iter().try_fold(0_u128, |sum, voice| {
        let weighted = voice.stake.checked_mul(voice.weight.min(median).wide())?;
        sum.checked_add(weighted)
    });
    // More than 128 bits are 10^15 times what is ever minted; the median is within what they would give.
    let score = sum.and_then(|sum| quotient(sum, 1, total(voices)));
    score.map_or(median, |score| Ppm::saturating(score.quotient))
}

fn total(voices: &[Voice]) -> u128 {
    voices.iter().fold(0_u128, |sum, voice| sum.saturating_add(voice.stake))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use alloc::vec::Vec;

    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    use super::{Voice, weighted_median, weighted_score};
    use crate::ratio::Ppm;
    use crate::units::MAX_SUPPLY;

    fn voices(rows: &[(u32, u128)]) -> Vec<Voice> {
        rows.iter().map(|(weight, stake)| Voice { weight: Ppm::new(*weight).unwrap(), stake: *stake }).collect()
    }

    fn agreed(rows: &[(u32, u128)]) -> (u32, u32) {
        let voices = voices(rows);
        (weighted_median(&voices).get(), weighted_score(&voices).get())
    }

    #[test]
    fn the_median_is_what_more_than_half_of_the_stake_gives() {
        assert_eq!(agreed(&[(300_000, 1), (500_000, 1), (900_000, 1)]), (500_000, 433_333));
        // Half is not more than half.
        assert_eq!(agreed(&[(900_000, 50), (100_000, 50)]), (100_000, 100_000));
        assert_eq!(agreed(&[(900_000, 51), (100_000, 50)]), (900_000, 503_960));
        assert_eq!(agreed(&[(700_000, 5)]), (700_000, 700_000));
    }

    #[test]
    fn without_stake_or_weight_there_is_no_score() {
        assert_eq!(agreed(&[]), (0, 0));
        assert_eq!(agreed(&[(1_000_000, 0), (5, 0)]), (0, 0));
        assert_eq!(agreed(&[(0, 10), (1_000_000, 10)]), (0, 0));
    }

    #[test]
    fn what_a_minority_gives_is_cut_to_what_the_others_give() {
        let honest = [(200_000, 30), (210_000, 30)];
        let with_own = |weight| agreed(&[honest[0], honest[1], (weight, 40)]).1;
        assert_eq!(with_own(1_000_000), with_own(210_000));
        assert!(with_own(1_000_000) <= 210_000);
    }

    proptest! {
        #[test]
        fn both_are_those_of_the_definition(rows in prop::collection::vec((0..=1_000_000_u32, 0..=MAX_SUPPLY / 40), 0..40)) {
            let total: u128 = rows.iter().map(|(_, stake)| stake).sum();
            let giving = |least: u32| -> u128 { rows.iter().filter(|(weight, _)| *weight >= least).map(|(_, stake)| stake).sum() };
            let median = rows.iter().map(|(weight, _)| *weight).filter(|weight| 2 * giving(*weight) > total).max().unwrap_or(0);
            let sum: BigInt = rows.iter().map(|(weight, stake)| BigInt::from(*stake) * (*weight).min(median)).sum();
            let exact = if total == 0 { BigInt::ZERO } else { BigRational::new(sum, total.into()).floor().to_integer() };
            prop_assert_eq!(agreed(&rows), (median, u32::try_from(exact).unwrap()));
            let mut turned = rows;
            turned.reverse();
            prop_assert_eq!(agreed(&turned).0, median);
        }

        #[test]
        fn half_of_the_stake_cannot_lift_a_score_above_the_largest_of_the_others(others in prop::collection::vec((0..=1_000_000_u32, 1..=1_000_u128), 1..10), weight in 0..=1_000_000_u32) {
            let stake: u128 = others.iter().map(|(_, stake)| stake).sum();
            let largest = others.iter().map(|(weight, _)| *weight).max().unwrap();
            let mut rows = others;
            rows.push((weight, stake));
            prop_assert!(agreed(&rows).1 <= largest);
        }

        #[test]
        fn scores_of_whole_rows_are_together_at_most_one_whole(rows in prop::collection::vec((prop::collection::vec(0..1_000_u128, 5), 1..=1_000_u128), 1..10)) {
            let rows: Vec<_> = rows.iter().map(|(row, stake)| (crate::weights::by_sum(row).unwrap(), *stake)).collect();
            let score = |miner: usize| agreed(&rows.iter().map(|(row, stake)| (row[miner].get(), *stake)).collect::<Vec<_>>()).1;
            prop_assert!((0..5).map(score).sum::<u32>() <= 1_000_000);
        }
    }
}
