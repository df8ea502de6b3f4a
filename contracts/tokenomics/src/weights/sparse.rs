//! Weights as a list of places, where most are 0, and as a list of all.
//!
//! Guarantees that the way there and back, with a threshold and a default of 0, gives the same weights. Refuses a place
//! beyond the end, and one that is named twice.

use alloc::vec;
use alloc::vec::Vec;

use thiserror::Error;

use crate::ratio::Ppm;

/// A place that a list cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PlaceError {
    /// It lies beyond the end.
    #[error("place {place} is not in a list of {length}")]
    BeyondEnd {
        /// The place.
        place: u32,
        /// Weights of the list.
        length: u32,
    },
    /// It is named twice.
    #[error("place {place} is named twice")]
    Twice {
        /// The place.
        place: u32,
    },
}

/// Returns all weights of a list; those without an entry have the default.
///
/// # Errors
/// `BeyondEnd`, `Twice`. The caller bounds the length, which is allocated.
pub fn to_dense(entries: &[(u32, Ppm)], length: u32, default: Ppm) -> Result<Vec<Ppm>, PlaceError> {
    let size = usize::try_from(length).unwrap_or(usize::MAX);
    let mut weights: Vec<Option<Ppm>> = vec![None; size];
    for (place, weight) in entries {
        let index = usize::try_from(*place).unwrap_or(usize::MAX);
        let slot = weights.get_mut(index).ok_or(PlaceError::BeyondEnd { place: *place, length })?;
        if slot.replace(*weight).is_some() {
            return Err(PlaceError::Twice { place: *place });
        }
    }
    Ok(weights.into_iter().map(|weight| weight.unwrap_or(default)).collect())
}

/// Returns the places whose weight is strictly above the threshold, in ascending order.
pub fn to_sparse(weights: &[Ppm], threshold: Ppm) -> Vec<(u32, Ppm)> {
    let places = (0_u32..).zip(weights.iter().copied());
    places.filter(|(_, weight)| *weight > threshold).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::{PlaceError, to_dense, to_sparse};
    use crate::ratio::Ppm;

    fn ppm(ppm: u32) -> Ppm {
        Ppm::new(ppm).unwrap()
    }

    #[test]
    fn places_without_an_entry_have_the_default() {
        let dense = to_dense(&[(3, ppm(7)), (0, ppm(9))], 5, ppm(1));
        assert_eq!(dense, Ok([9, 1, 1, 7, 1].map(ppm).to_vec()));
    }

    #[test]
    fn a_place_beyond_the_end_or_named_twice_is_refused() {
        assert_eq!(to_dense(&[(5, ppm(7))], 5, ppm(0)), Err(PlaceError::BeyondEnd { place: 5, length: 5 }));
        assert_eq!(to_dense(&[(1, ppm(7)), (1, ppm(7))], 5, ppm(0)), Err(PlaceError::Twice { place: 1 }));
    }

    #[test]
    fn what_equals_the_threshold_is_left_out() {
        let weights = [0, 5, 6, 4].map(ppm);
        assert_eq!(to_sparse(&weights, ppm(5)), [(2, ppm(6))]);
        assert_eq!(to_sparse(&weights, ppm(0)).len(), 3);
    }

    proptest! {
        #[test]
        fn there_and_back_gives_the_same_weights(weights in prop::collection::vec(prop_oneof![Just(0_u32), 0..=1_000_000_u32], 0..40)) {
            let dense: Vec<_> = weights.iter().map(|weight| ppm(*weight)).collect();
            let length = u32::try_from(dense.len()).unwrap();
            prop_assert_eq!(to_dense(&to_sparse(&dense, Ppm::ZERO), length, Ppm::ZERO), Ok(dense));
        }
    }
}
