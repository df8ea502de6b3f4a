//! What a validator weighs (economy E31), what a miner's work is worth (E32), and when enough stake agrees (E5).
//!
//! Guarantees results from 0 to one whole, each of one exact fraction with one floor.

use crate::division::mul_div;
use crate::ratio::Ppm;
use crate::units::PPM;

/// A latency from which on nothing is added to a performance score, in milliseconds.
pub const LATENCY_MS_MAX: u64 = 1_000;

/// What a millisecond is of that, in ppm.
const PPM_EACH_MS: u64 = PPM as u64 / LATENCY_MS_MAX;

const ACCURACY_WEIGHT: u64 = 500_000;
const LATENCY_WEIGHT: u64 = 300_000;
const UPTIME_WEIGHT: u64 = 200_000;

/// Returns `floor(stake * 10^6 / total)`: 0 of a total of 0; a stake above the total counts as the total.
pub fn stake_weight(stake: u128, total: u128) -> Ppm {
    Ppm::of(stake, total)
}

/// Returns `floor((500,000 * accuracy + 300,000 * latency + 200,000 * uptime) / 10^6)`, where the latency's ratio is
/// `max(0, 1 - latency_ms / 1000)` in ppm, which is a whole number.
pub fn performance(accuracy: Ppm, latency_ms: u64, uptime: Ppm) -> Ppm {
    let speed = LATENCY_MS_MAX.saturating_sub(latency_ms).saturating_mul(PPM_EACH_MS);
    let weighted = ACCURACY_WEIGHT
        .saturating_mul(accuracy.get().into())
        .saturating_add(LATENCY_WEIGHT.saturating_mul(speed))
        .saturating_add(UPTIME_WEIGHT.saturating_mul(uptime.get().into()));
    Ppm::saturating(u128::from(weighted.checked_div(PPM.into()).unwrap_or_default()))
}

/// Tells whether holders of more than two thirds of a total stake signed: `3 * signed > 2 * total`, exactly.
pub const fn is_quorum(signed: u128, total: u128) -> bool {
    // Of whole numbers, what is above a fraction is above its floor, and the other way round.
    match mul_div(total, 2, 3) {
        Some(two_thirds) => signed > two_thirds,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use num_bigint::{BigInt, BigUint};
    use num_rational::BigRational;
    use proptest::prelude::*;

    use super::{is_quorum, performance, stake_weight};
    use crate::ratio::Ppm;

    fn ppm(ppm: u32) -> Ppm {
        Ppm::new(ppm).unwrap()
    }

    #[test]
    fn the_defined_example_is_888_000() {
        assert_eq!(performance(ppm(900_000), 200, ppm(990_000)), ppm(888_000));
    }

    #[test]
    fn a_score_ends_at_zero_and_at_the_whole() {
        assert_eq!(performance(Ppm::ONE, 0, Ppm::ONE), Ppm::ONE);
        assert_eq!(performance(Ppm::ONE, 1_000, Ppm::ONE), ppm(700_000));
        assert_eq!(performance(Ppm::ZERO, u64::MAX, Ppm::ZERO), Ppm::ZERO);
    }

    #[test]
    fn a_stake_of_no_total_weighs_nothing() {
        assert_eq!(stake_weight(5, 0), Ppm::ZERO);
        assert_eq!(stake_weight(1, 4), ppm(250_000));
        assert_eq!(stake_weight(9, 4), Ppm::ONE);
    }

    #[test]
    fn two_thirds_are_no_quorum_and_a_wei_more_is() {
        assert!(!is_quorum(200, 300) && is_quorum(201, 300));
        assert!(!is_quorum(66, 100) && is_quorum(67, 100));
        assert!(!is_quorum(0, 0));
        assert!(is_quorum(u128::MAX, u128::MAX));
    }

    proptest! {
        #[test]
        fn a_score_is_the_floor_of_the_exact_fraction(accuracy in 0..=1_000_000_u32, latency in 0..2_000_u64, uptime in 0..=1_000_000_u32) {
            let ratio = |above: u64, below: u64| BigRational::new(BigInt::from(above), BigInt::from(below));
            let speed = ratio(1_000 - latency.min(1_000), 1_000);
            let parts = |ppm: u32| ratio(ppm.into(), 1_000_000);
            let sum = ratio(1, 2) * parts(accuracy) + ratio(3, 10) * speed + ratio(1, 5) * parts(uptime);
            let exact = (sum * BigInt::from(1_000_000)).floor().to_integer();
            prop_assert_eq!(BigInt::from(performance(ppm(accuracy), latency, ppm(uptime)).get()), exact);
        }

        #[test]
        fn a_quorum_is_exact_at_any_size(signed: u128, total: u128) {
            prop_assert_eq!(is_quorum(signed, total), BigUint::from(signed) * 3_u32 > BigUint::from(total) * 2_u32);
        }
    }
}
