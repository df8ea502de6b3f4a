//! Emission of an epoch: how much (economy E7), what of it is burned for want of quality (E8), and where the rest comes
//! from (E9).
//!
//! Guarantees that an epoch never brings more than what is left of the maximum supply, and that the parts are the whole.

use crate::ratio::{BY_PPM, Ppm};
use crate::units::{MAX_SUPPLY, WEI_PER_MDT};

/// Emission of an epoch of full utility before the first halving, in wei.
pub const BASE_EMISSION: u128 = 50 * WEI_PER_MDT;

/// Epochs between two halvings.
pub const HALVING_EPOCHS: u64 = 210_000;

/// Quality below which a part of the emission is burned.
pub const QUALITY_THRESHOLD: Ppm = Ppm::saturating(500_000);

/// The parameters of the genesis that decide an emission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmissionRules {
    /// Wei of an epoch of full utility before the first halving.
    pub base: u128,
    /// Epochs between two halvings; 0 means that there is none.
    pub halving_epochs: u64,
    /// The most that is ever minted, in wei.
    pub max_supply: u128,
    /// Quality below which a part is burned.
    pub quality_threshold: Ppm,
}

impl Default for EmissionRules {
    fn default() -> Self {
        Self {
            base: BASE_EMISSION,
            halving_epochs: HALVING_EPOCHS,
            max_supply: MAX_SUPPLY,
            quality_threshold: QUALITY_THRESHOLD,
        }
    }
}

/// What an epoch's emission is made of; all in wei.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Emission {
    /// `E`: the whole.
    pub emitted: u128,
    /// Burned for want of quality.
    pub unmet: u128,
    /// `D`: what is distributed.
    pub distributed: u128,
    /// Of `D`, what the recycling pool gives.
    pub from_pool: u128,
    /// Of `D`, what is minted.
    pub minted: u128,
}

impl EmissionRules {
    /// Returns `E = min(floor(base * U / (10^6 * 2^(epoch div halving))), max_supply - minted)`, in wei.
    pub fn emission(&self, epoch: u64, utility: Ppm, minted: u128) -> u128 {
        let halvings = u32::try_from(epoch.checked_div(self.halving_epochs).unwrap_or_default()).unwrap_or(u32::MAX);
        // Two floors in a row, by whole numbers, are the floor of the fraction. The quotient is at most the base.
        let whole = BY_PPM.mul_div(self.base, utility.wide()).unwrap_or_default();
        let halved = whole.checked_shr(halvings).unwrap_or_default();
        halved.min(self.max_supply.saturating_sub(minted))
    }

    /// Returns what of an emission is burned: `floor(E * (threshold - q) / 10^6)` where the quality is below the
    /// threshold, in wei.
    pub const fn unmet(&self, emitted: u128, quality: Ppm) -> u128 {
        let missing = self.quality_threshold.get().saturating_sub(quality.get());
        Ppm::saturating(missing as u128).part_of(emitted)
    }

    /// Returns an epoch's emission with its parts, where `pool` wei are in the recycling pool and `minted` were minted.
    pub fn close(&self, epoch: u64, utility: Ppm, quality: Ppm, pool: u128, minted: u128) -> Emission {
        let emitted = self.emission(epoch, utility, minted);
        let unmet = self.unmet(emitted, quality);
        let distributed = emitted.saturating_sub(unmet);
        let from_pool = pool.min(distributed);
        Emission { emitted, unmet, distributed, from_pool, minted: distributed.saturating_sub(from_pool) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::{BASE_EMISSION, EmissionRules};
    use crate::ratio::Ppm;
    use crate::units::MAX_SUPPLY;

    fn ppm(ppm: u32) -> Ppm {
        Ppm::new(ppm).unwrap()
    }

    #[test]
    fn emission_follows_utility_and_halves_on_the_epoch() {
        let rules = EmissionRules::default();
        assert_eq!(BASE_EMISSION, 50_000_000_000);
        assert_eq!(rules.emission(0, Ppm::ONE, 0), 50_000_000_000);
        assert_eq!(rules.emission(0, ppm(500_000), 0), 25_000_000_000);
        assert_eq!(rules.emission(209_999, Ppm::ONE, 0), 50_000_000_000);
        assert_eq!(rules.emission(210_000, Ppm::ONE, 0), 25_000_000_000);
        assert_eq!(rules.emission(210_000 * 35, Ppm::ONE, 0), 1);
        assert_eq!(rules.emission(210_000 * 36, Ppm::ONE, 0), 0);
        assert_eq!(rules.emission(u64::MAX, Ppm::ONE, 0), 0);
        assert_eq!(rules.emission(0, Ppm::ZERO, 0), 0);
    }

    #[test]
    fn emission_ends_at_the_maximum_supply() {
        let rules = EmissionRules::default();
        assert_eq!(rules.emission(0, Ppm::ONE, MAX_SUPPLY - 7), 7);
        assert_eq!(rules.emission(0, Ppm::ONE, MAX_SUPPLY), 0);
        assert_eq!(rules.emission(0, Ppm::ONE, u128::MAX), 0);
    }

    #[test]
    fn want_of_quality_burns_its_share_and_the_pool_gives_first() {
        let rules = EmissionRules::default();
        let closed = rules.close(0, Ppm::ONE, ppm(400_000), 1_000, 0);
        assert_eq!((closed.emitted, closed.unmet), (50_000_000_000, 5_000_000_000));
        assert_eq!((closed.distributed, closed.from_pool, closed.minted), (45_000_000_000, 1_000, 44_999_999_000));
        let rich = rules.close(0, Ppm::ONE, ppm(500_000), u128::MAX, 0);
        assert_eq!((rich.unmet, rich.from_pool, rich.minted), (0, 50_000_000_000, 0));
    }

    #[test]
    fn all_that_the_schedule_can_ever_mint_stays_below_the_maximum() {
        let rules = EmissionRules::default();
        let schedule: u128 = (0..40).map(|era| rules.emission(era * 210_000, Ppm::ONE, 0) * 210_000).sum();
        assert!(schedule <= MAX_SUPPLY && schedule > MAX_SUPPLY / 100 * 99, "{schedule}");
    }

    proptest! {
        #[test]
        fn emission_is_the_floor_of_the_exact_fraction(base: u128, u in 0..=1_000_000_u32, era in 0..140_u64, inside in 0..210_000_u64) {
            let rules = EmissionRules { base, max_supply: u128::MAX, ..EmissionRules::default() };
            let exact = BigUint::from(base) * u / (BigUint::from(1_000_000_u32) << era);
            prop_assert_eq!(BigUint::from(rules.emission(era * 210_000 + inside, ppm(u), 0)), exact);
        }

        #[test]
        fn the_parts_of_an_emission_are_the_whole(u in 0..=1_000_000_u32, q in 0..=1_000_000_u32, pool: u128, minted in 0..=MAX_SUPPLY) {
            let closed = EmissionRules::default().close(3, ppm(u), ppm(q), pool, minted);
            prop_assert_eq!(closed.unmet + closed.distributed, closed.emitted);
            prop_assert_eq!(closed.from_pool + closed.minted, closed.distributed);
            prop_assert!(closed.from_pool <= pool && minted + closed.minted <= MAX_SUPPLY);
        }
    }
}
