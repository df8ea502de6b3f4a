//! What becomes of weights as time passes, and which of them count.

use alloc::vec::Vec;
use core::cmp::Reverse;

use thiserror::Error;

use crate::ratio::Ppm;

/// The limits of a clip stand the wrong way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("nothing lies between a minimum of {min} and a maximum of {max} ppm")]
pub struct ClipError {
    /// The minimum, in ppm.
    pub min: u32,
    /// The maximum, in ppm.
    pub max: u32,
}

/// Returns `max(floor(weight * factor / 10^6), min)` of each: one step of an exponential decay with a floor.
pub fn decay(weights: &[Ppm], factor: Ppm, min: Ppm) -> Vec<Ppm> {
    weights.iter().map(|weight| Ppm::saturating(factor.part_of(weight.wide())).max(min)).collect()
}

/// Returns each weight, no less than the minimum and no more than the maximum.
///
/// # Errors
/// If the minimum is above the maximum.
pub fn clip(weights: &[Ppm], min: Ppm, max: Ppm) -> Result<Vec<Ppm>, ClipError> {
    if min > max {
        return Err(ClipError { min: min.get(), max: max.get() });
    }
    Ok(weights.iter().map(|weight| (*weight).clamp(min, max)).collect())
}

/// Returns the weights with all but the `k` largest set to 0; ties go to the lowest index. `k = 0` keeps none, and a `k`
/// that is no less than their number keeps all.
pub fn top_k(weights: &[Ppm], k: usize) -> Vec<Ppm> {
    let mut kept: Vec<Ppm> = weights.to_vec();
    let mut places: Vec<(Reverse<Ppm>, usize)> =
        weights.iter().enumerate().map(|(place, weight)| (Reverse(*weight), place)).collect();
    if k < places.len() {
        places.select_nth_unstable(k);
        for (_, place) in places.into_iter().skip(k) {
            if let Some(weight) = kept.get_mut(place) {
                *weight = Ppm::ZERO;
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::{ClipError, clip, decay, top_k};
    use crate::ratio::Ppm;

    fn list(ppm: &[u32]) -> Vec<Ppm> {
        ppm.iter().map(|ppm| Ppm::new(*ppm).unwrap()).collect()
    }

    fn ppm(ppm: u32) -> Ppm {
        Ppm::new(ppm).unwrap()
    }

    #[test]
    fn weights_decay_step_by_step_to_their_floor() {
        let mut weights = list(&[1_000_000, 500_001, 0]);
        weights = decay(&weights, ppm(500_000), ppm(1_000));
        assert_eq!(weights, list(&[500_000, 250_000, 1_000]));
        for _ in 0..20 {
            weights = decay(&weights, ppm(500_000), ppm(1_000));
        }
        assert_eq!(weights, list(&[1_000; 3]));
        assert_eq!(decay(&list(&[7]), Ppm::ONE, Ppm::ZERO), list(&[7]));
        assert_eq!(decay(&list(&[7]), Ppm::ZERO, Ppm::ZERO), list(&[0]));
    }

    #[test]
    fn a_clip_keeps_within_its_limits_and_refuses_none() {
        let weights = list(&[0, 300_000, 1_000_000]);
        assert_eq!(clip(&weights, ppm(100_000), ppm(500_000)), Ok(list(&[100_000, 300_000, 500_000])));
        assert_eq!(clip(&weights, Ppm::ZERO, Ppm::ONE), Ok(weights.clone()));
        assert_eq!(clip(&weights, ppm(2), ppm(1)), Err(ClipError { min: 2, max: 1 }));
    }

    #[test]
    fn of_the_top_ties_go_to_the_lowest_index() {
        let weights = list(&[5, 9, 5, 9, 5]);
        assert_eq!(top_k(&weights, 0), list(&[0; 5]));
        assert_eq!(top_k(&weights, 1), list(&[0, 9, 0, 0, 0]));
        assert_eq!(top_k(&weights, 3), list(&[5, 9, 0, 9, 0]));
        assert_eq!(top_k(&weights, 5), weights);
        assert_eq!(top_k(&weights, usize::MAX), weights);
        assert_eq!(top_k(&[], 1), []);
    }

    proptest! {
        #[test]
        fn the_top_are_those_of_a_sorted_list(weights in prop::collection::vec(0..20_u32, 0..30), k in 0..32_usize) {
            let mut places: Vec<usize> = (0..weights.len()).collect();
            places.sort_by_key(|place| (u32::MAX - weights[*place], *place));
            let kept = |place: usize| places.iter().take(k).any(|top| *top == place);
            let expected: Vec<u32> = (0..weights.len()).map(|place| if kept(place) { weights[place] } else { 0 }).collect();
            prop_assert_eq!(top_k(&list(&weights), k), list(&expected));
        }
    }
}
