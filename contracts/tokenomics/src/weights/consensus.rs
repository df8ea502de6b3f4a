//! What several lists of weights agree on, place by place.
//!
//! Guarantees the same answer for any order of the lists. Refuses lists of different lengths, and none at all. Costs, of
//! the median, a sort a place.

use alloc::vec::Vec;

use thiserror::Error;

use crate::ratio::Ppm;

/// How lists become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consensus {
    /// The mean, rounded down.
    Mean,
    /// The middle one; of an even number the mean of the two in the middle, rounded down.
    Median,
    /// The largest.
    Max,
    /// The smallest.
    Min,
}

/// The lists have no common shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ShapeError {
    /// There is no list.
    #[error("there are no weights to agree on")]
    Empty,
    /// A list has another length than the first.
    #[error("list {list} has {actual} weights, the first has {expected}")]
    Length {
        /// The list.
        list: usize,
        /// Its length.
        actual: usize,
        /// The length of the first.
        expected: usize,
    },
}

/// Returns what lists of equal length agree on.
///
/// # Errors
/// `Empty`, `Length`.
pub fn consensus(lists: &[Vec<Ppm>], how: Consensus) -> Result<Vec<Ppm>, ShapeError> {
    let expected = lists.first().ok_or(ShapeError::Empty)?.len();
    if let Some((list, weights)) = lists.iter().enumerate().find(|(_, weights)| weights.len() != expected) {
        return Err(ShapeError::Length { list, actual: weights.len(), expected });
    }
    let mut column = Vec::with_capacity(lists.len());
    let places = 0..expected;
    Ok(places
        .map(|place| {
            column.clear();
            column.extend(lists.iter().filter_map(|weights| weights.get(place).copied()));
            of_column(&mut column, how)
        })
        .collect())
}

fn of_column(column: &mut [Ppm], how: Consensus) -> Ppm {
    match how {
        Consensus::Mean => mean(column),
        Consensus::Max => column.iter().copied().max().unwrap_or_default(),
        Consensus::Min => column.iter().copied().min().unwrap_or_default(),
        Consensus::Median => {
            column.sort_unstable();
            // One place in the middle, or two.
            let (above, below) = (column.len() / 2, column.len().saturating_sub(1) / 2);
            mean(column.get(below..=above).unwrap_or_default())
        }
    }
}

fn mean(weights: &[Ppm]) -> Ppm {
    let sum = weights.iter().fold(0_u128, |sum, weight| sum.saturating_add(weight.wide()));
    let count = u128::try_from(weights.len()).unwrap_or(u128::MAX);
    Ppm::saturating(sum.checked_div(count).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use alloc::vec;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::{Consensus, ShapeError, consensus};
    use crate::ratio::Ppm;

    fn list(ppm: &[u32]) -> Vec<Ppm> {
        ppm.iter().map(|ppm| Ppm::new(*ppm).unwrap()).collect()
    }

    #[test]
    fn lists_agree_on_mean_median_maximum_and_minimum() {
        let lists =
            vec![list(&[350_000, 100_000]), list(&[450_000, 900_000]), list(&[650_000, 300_000]), list(&[751_001, 1])];
        let agreed = |how| consensus(&lists, how).unwrap();
        assert_eq!(agreed(Consensus::Mean), list(&[550_250, 325_000]));
        assert_eq!(agreed(Consensus::Median), list(&[550_000, 200_000]));
        assert_eq!(agreed(Consensus::Max), list(&[751_001, 900_000]));
        assert_eq!(agreed(Consensus::Min), list(&[350_000, 1]));
        assert_eq!(consensus(&lists[..3], Consensus::Median).unwrap(), list(&[450_000, 300_000]));
        assert_eq!(consensus(&lists[..1], Consensus::Median).unwrap(), lists[0]);
    }

    #[test]
    fn lists_of_no_common_shape_agree_on_nothing() {
        assert_eq!(consensus(&[], Consensus::Mean), Err(ShapeError::Empty));
        let lists = [list(&[1]), list(&[1, 2])];
        assert_eq!(consensus(&lists, Consensus::Max), Err(ShapeError::Length { list: 1, actual: 2, expected: 1 }));
        assert_eq!(consensus(&[vec![]], Consensus::Median), Ok(vec![]));
    }

    proptest! {
        #[test]
        fn the_order_of_the_lists_does_not_matter(lists in prop::collection::vec(prop::collection::vec(0..=1_000_000_u32, 3), 1..12), turn in 0..12_usize) {
            let lists: Vec<_> = lists.iter().map(|weights| list(weights)).collect();
            let mut turned = lists.clone();
            turned.rotate_left(turn % lists.len());
            for how in [Consensus::Mean, Consensus::Median, Consensus::Max, Consensus::Min] {
                let agreed = consensus(&lists, how).unwrap();
                prop_assert_eq!(&agreed, &consensus(&turned, how).unwrap());
                for (place, weight) in agreed.iter().enumerate() {
                    let column: Vec<_> = lists.iter().map(|weights| weights[place]).collect();
                    prop_assert!(column.iter().min().unwrap() <= weight && weight <= column.iter().max().unwrap());
                    let sum: u64 = column.iter().map(|weight| u64::from(weight.get())).sum();
                    let mean = sum / column.len() as u64;
                    prop_assert!(how != Consensus::Mean || u64::from(weight.get()) == mean);
                }
            }
        }
    }
}
