//! The work of miners, as a seed plays it, and what a validator sees of it.
//!
//! Guarantees that everything follows from seed, epoch, slot and validator, by whole numbers only. A miner's worth is the
//! performance score of the economy (E32); a validator sees it with an error of 2 percent at most, and gives weights by it that
//! sum to one whole (E33).

use florin_tokenomics::Ppm;
use florin_tokenomics::score::performance;
use florin_tokenomics::units::PPM;
use florin_tokenomics::utility::Metrics;
use florin_tokenomics::weights::normalize::by_sum;

/// Half of the range of a validator's error, in ppm.
const ERROR_PPM: u64 = 20_000;

/// Tasks of an epoch: at least so many, and up to so many more.
const TASKS: (u64, u64) = (7_000, 4_000);

/// The work of all epochs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    seed: u64,
}

impl Work {
    /// Plays the work of a seed.
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Tells whether an epoch is one of bad work: the third, and every sixth behind it.
    pub(super) fn is_bad(epoch: u64) -> bool {
        epoch.checked_rem(6) == Some(3)
    }

    /// Returns what the miner of a slot was worth in an epoch, in ppm.
    fn worth(self, epoch: u64, slot: u32) -> u64 {
        // Some are good for long, and every epoch is a little different.
        let talent = self.number(&[1, slot.into()]).checked_rem(300_000).unwrap_or_default();
        let luck = self.number(&[2, epoch, slot.into()]).checked_rem(100_000).unwrap_or_default();
        let accuracy = Ppm::saturating(u128::from(talent.saturating_add(luck).saturating_add(600_000)));
        let latency_ms = self.number(&[3, epoch, slot.into()]).checked_rem(400).unwrap_or_default();
        let down = self.number(&[4, epoch, slot.into()]).checked_rem(50_000).unwrap_or_default();
        let uptime = Ppm::saturating(u128::from(u64::from(PPM).saturating_sub(down)));
        performance(accuracy, latency_ms, uptime).get().into()
    }

    /// Returns the weights that a validator gives to slots, in ppm; `working` tells in which of them a miner works.
    pub(super) fn weights(self, epoch: u64, validator: u32, working: &[bool]) -> Vec<u32> {
        let seen = |(slot, works): (u32, &bool)| {
            if !works {
                return 0;
            }
            let error = self.number(&[5, epoch, slot.into(), validator.into()]);
            let error = error.checked_rem(ERROR_PPM.saturating_mul(2)).unwrap_or_default();
            let factor = u64::from(PPM).saturating_sub(ERROR_PPM).saturating_add(error);
            u128::from(self.worth(epoch, slot)).saturating_mul(factor.into())
        };
        let seen: Vec<u128> = (0_u32..).zip(working).map(seen).collect();
        by_sum(&seen).unwrap_or_default().into_iter().map(Ppm::get).collect()
    }

    /// Returns the metrics of an epoch in which this part of the validators took part.
    pub(super) fn metrics(self, epoch: u64, participation: Ppm) -> Metrics {
        let (least, more) = TASKS;
        let more = self.number(&[6, epoch]).checked_rem(more).unwrap_or_default();
        let difficulty = self.number(&[7, epoch]).checked_rem(300_000).unwrap_or_default().saturating_add(600_000);
        let quality = self.number(&[8, epoch]).checked_rem(150_000).unwrap_or_default();
        let quality = quality.saturating_add(if Self::is_bad(epoch) { 200_000 } else { 800_000 });
        Metrics {
            tasks: least.saturating_add(more),
            difficulty: Ppm::saturating(difficulty.into()),
            participation,
            quality: Ppm::saturating(quality.into()),
        }
    }

    /// Returns a number that follows from the seed and a path: splitmix64 over its parts.
    fn number(self, path: &[u64]) -> u64 {
        path.iter().fold(mix(self.seed), |state, part| mix(state ^ mix(*part)))
    }
}

/// The output function of splitmix64 (Steele, Lea and Flood, 2014).
const fn mix(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use florin_tokenomics::Ppm;
    use florin_tokenomics::units::PPM;

    use super::{Work, mix};

    /// The first outputs of splitmix64 from state 0, by its reference implementation.
    #[test]
    fn numbers_are_those_of_splitmix64() {
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(mix(0x9e37_79b9_7f4a_7c15), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn weights_are_one_whole_and_nobody_who_does_not_work_gets_any() {
        let working = [true, false, true, true];
        let weights = Work::new(7).weights(5, 2, &working);
        assert_eq!(weights.iter().sum::<u32>(), PPM);
        assert_eq!(weights[1], 0);
        assert!(weights[0] > 250_000, "{weights:?}");
        assert_eq!(Work::new(7).weights(5, 2, &working), weights);
        assert_ne!(Work::new(7).weights(5, 3, &working), weights, "another validator sees it a little differently");
    }

    #[test]
    fn the_third_epoch_and_every_sixth_behind_it_are_bad() {
        let quality = |epoch| Work::new(0).metrics(epoch, Ppm::ONE).quality.get();
        let bad: Vec<u64> = (0..16).filter(|epoch| quality(*epoch) < 500_000).collect();
        assert_eq!(bad, [3, 9, 15]);
    }
}
