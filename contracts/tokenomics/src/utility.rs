//! Utility of an epoch (economy E6): how much of the emission its work has earned, in ppm.
//!
//! Guarantees one exact fraction with one floor, from 0 to one whole. Costs one division of 128 bits.

use thiserror::Error;

use crate::division::Divisor;
use crate::ratio::Ppm;
use crate::units::PPM;

/// Tasks of an epoch that count in full, by default.
pub const TASKS_FULL: u64 = 10_000;

/// What validators report of an epoch (economy E5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Tasks done.
    pub tasks: u64,
    /// Their mean difficulty.
    pub difficulty: Ppm,
    /// Validators that took part.
    pub participation: Ppm,
    /// Quality, which does not enter the utility but the unmet quota (economy E8).
    pub quality: Ppm,
}

/// What each figure weighs; together one whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UtilityWeights {
    tasks: Ppm,
    difficulty: Ppm,
    participation: Ppm,
}

/// The weights are not one whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the weights of the utility sum to 1000000 ppm, these to {sum_ppm}")]
pub struct UtilityWeightsError {
    /// What they sum to.
    pub sum_ppm: u32,
}

impl UtilityWeights {
    /// Takes the weights of tasks, difficulty and participation.
    ///
    /// # Errors
    /// If they do not sum to one whole.
    pub const fn new(tasks: Ppm, difficulty: Ppm, participation: Ppm) -> Result<Self, UtilityWeightsError> {
        let sum_ppm = tasks.get().saturating_add(difficulty.get()).saturating_add(participation.get());
        if sum_ppm == PPM {
            Ok(Self { tasks, difficulty, participation })
        } else {
            Err(UtilityWeightsError { sum_ppm })
        }
    }
}

impl Default for UtilityWeights {
    /// Returns 50, 30 and 20 %.
    fn default() -> Self {
        let percent = |percent: u128| Ppm::saturating(percent.saturating_mul(10_000));
        Self { tasks: percent(50), difficulty: percent(30), participation: percent(20) }
    }
}

/// Returns the utility, in ppm:
/// `floor((w_t * 10^6 * min(t, M) / M + w_d * d + w_p * p) / 10^6)`, where `M` is `tasks_full`; with `M = 0` the first term
/// is 0.
pub fn utility(metrics: &Metrics, tasks_full: u64, weights: &UtilityWeights) -> Ppm {
    let product = |weight: Ppm, ratio: Ppm| u64::from(weight.get()).saturating_mul(u64::from(ratio.get()));
    let ratios = product(weights.difficulty, metrics.difficulty)
        .saturating_add(product(weights.participation, metrics.participation));
    let tasks = metrics.tasks.min(tasks_full);
    // Both sides times M: 2^64 * 10^12 is below 2^104, so that nothing wraps.
    let (numerator, denominator) = if tasks_full == 0 {
        (u128::from(ratios), u128::from(PPM))
    } else {
        let full = u128::from(tasks_full);
        let task_term = u128::from(product(weights.tasks, Ppm::ONE)).wrapping_mul(tasks.into());
        (task_term.wrapping_add(full.wrapping_mul(ratios.into())), full.wrapping_mul(PPM.into()))
    };
    let quotient = Divisor::new(denominator).and_then(|denominator| denominator.mul_div(numerator, 1));
    Ppm::saturating(quotient.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    use super::{Metrics, TASKS_FULL, UtilityWeights, UtilityWeightsError, utility};
    use crate::ratio::Ppm;

    fn ppm(ppm: u32) -> Ppm {
        Ppm::new(ppm).unwrap()
    }

    fn of(tasks: u64, difficulty: u32, participation: u32, tasks_full: u64) -> u32 {
        let metrics =
            Metrics { tasks, difficulty: ppm(difficulty), participation: ppm(participation), quality: Ppm::ZERO };
        utility(&metrics, tasks_full, &UtilityWeights::default()).get()
    }

    #[test]
    fn full_work_has_full_utility_and_no_work_none() {
        assert_eq!(of(10_000, 1_000_000, 1_000_000, TASKS_FULL), 1_000_000);
        assert_eq!(of(u64::MAX, 1_000_000, 1_000_000, TASKS_FULL), 1_000_000);
        assert_eq!(of(u64::MAX, 1_000_000, 1_000_000, u64::MAX), 1_000_000);
        assert_eq!(of(0, 0, 0, TASKS_FULL), 0);
        assert_eq!(of(5_000, 0, 0, TASKS_FULL), 250_000);
        assert_eq!(of(5_000, 500_000, 500_000, TASKS_FULL), 500_000);
    }

    #[test]
    fn without_a_measure_of_tasks_their_term_is_zero() {
        assert_eq!(of(10_000, 1_000_000, 1_000_000, 0), 500_000);
    }

    #[test]
    fn the_fraction_has_one_floor() {
        // 1/3 of the tasks: 166,666.67 for them and 0.9 for a difficulty of 3 ppm, which only together are one more.
        assert_eq!(of(1, 0, 0, 3), 166_666);
        assert_eq!(of(1, 3, 0, 3), 166_667);
    }

    #[test]
    fn weights_that_are_no_whole_are_refused() {
        let half = ppm(500_000);
        assert_eq!(UtilityWeights::new(half, half, ppm(1)), Err(UtilityWeightsError { sum_ppm: 1_000_001 }));
        assert_eq!(UtilityWeights::new(half, ppm(300_000), ppm(200_000)), Ok(UtilityWeights::default()));
    }

    proptest! {
        #[test]
        fn utility_is_the_floor_of_the_exact_fraction(
            tasks in prop_oneof![0..20_000_u64, any::<u64>()],
            full in prop_oneof![1..20_000_u64, 1..=u64::MAX],
            d in 0..=1_000_000_u32,
            p in 0..=1_000_000_u32,
            w in 0..=1_000_000_u32,
            part in 0..=1_000_000_u32,
        ) {
            let rest = 1_000_000 - w;
            let w_d = u32::try_from(u64::from(rest) * u64::from(part) / 1_000_000).unwrap();
            let weights = UtilityWeights::new(ppm(w), ppm(w_d), ppm(rest - w_d)).unwrap();
            let metrics = Metrics { tasks, difficulty: ppm(d), participation: ppm(p), quality: Ppm::ZERO };

            let million = BigRational::from(BigInt::from(1_000_000));
            let number = |number: u64| BigRational::from(BigInt::from(number));
            let done = number(tasks.min(full)) * &million / number(full);
            let sum = number(w.into()) * done + number(w_d.into()) * number(d.into()) + number((rest - w_d).into()) * number(p.into());
            let exact = (sum / million).floor().to_integer();
            prop_assert_eq!(BigInt::from(utility(&metrics, full, &weights).get()), exact);
        }
    }
}
