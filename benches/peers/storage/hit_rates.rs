//! How often the cache of values answers, on reads by Zipf's law: the entry of rank k is read with a probability
//! proportional to 1 / k^s.
//!
//! The cache has room for 5 % of the entries, by the bytes that it says an entry takes. Beside it stands the best fixed set
//! of as many entries, which is the most popular ones: its rate is the sum of their probabilities.

use florin_peers::database::{Problem, check};
use florin_peers::workload::{Random, Workload};
use florin_runtime::state::durable::DurableConfig;
use florin_runtime::state::{StateKey, StateReader};

use crate::ours::Ours;

/// What the random words of these reads are drawn for.
const ZIPF: u64 = 6;

/// The part of the entries that the cache has room for: a twentieth.
const CACHED_PART: u32 = 20;

/// Reads by which the bytes of an entry in the cache are found.
const SIZED_ENTRIES: u32 = 1_000;

/// Reads that are compared at once with what must be there.
const CHUNK: u32 = 10_000;

/// Ranks drawn by Zipf's law.
#[derive(Debug)]
pub(crate) struct Zipf {
    /// The probability of each rank or a lower one.
    up_to: Vec<f64>,
    random: Random,
}

impl Zipf {
    /// Begins with so many ranks, at least one, and the exponent in tenths.
    pub(crate) fn new(ranks: u32, tenths: u32) -> Self {
        let exponent = f64::from(tenths) / 10.0;
        let mut sum = 0.0;
        let mut up_to: Vec<f64> = (1..=ranks)
            .map(|rank| {
                sum += f64::from(rank).powf(-exponent);
                sum
            })
            .collect();
        up_to.iter_mut().for_each(|part| *part /= sum);
        Self { up_to, random: Random::new(ZIPF, tenths.into()) }
    }

    /// Returns the next rank, from 0.
    pub(crate) fn draw(&mut self) -> u32 {
        let fraction = (self.random.word() >> 11) as f64 / (1_u64 << 53) as f64;
        let rank = self.up_to.partition_point(|up_to| *up_to <= fraction);
        u32::try_from(rank.min(self.up_to.len().saturating_sub(1))).unwrap_or(u32::MAX)
    }

    /// Returns the probability of a rank below a bound.
    pub(crate) fn below(&self, ranks: u32) -> f64 {
        let last = usize::try_from(ranks).unwrap_or(usize::MAX).checked_sub(1);
        last.map_or(0.0, |last| self.up_to.get(last).copied().unwrap_or(1.0))
    }
}

/// Returns the rate of the best fixed set with room for 5 % of so many entries.
pub(crate) fn best_fixed_rate(entries: u32, tenths: u32) -> f64 {
    Zipf::new(entries, tenths).below(entries / CACHED_PART)
}

/// Returns hits of so many reads, after as many that do not count, and the most entries that the cache held.
pub(crate) fn zipf(ours: Ours, workload: &Workload, tenths: u32, reads: u32) -> Result<(Ours, String), Problem> {
    let ours = small_cache(ours, workload)?;
    let mut zipf = Zipf::new(workload.entries(), tenths);
    read(&ours, workload, reads, || zipf.draw())?;
    let hits = read(&ours, workload, reads, || zipf.draw())?;
    let held = ours.state().cache_counts().keys;
    Ok((ours, format!("{hits} {held}")))
}

/// Returns hits of so many reads after every entry was read once, in a cache that knew the popular ones before.
pub(crate) fn scan(ours: Ours, workload: &Workload, reads: u32) -> Result<(Ours, String), Problem> {
    let ours = small_cache(ours, workload)?;
    let mut zipf = Zipf::new(workload.entries(), 12);
    let entries = workload.entries();
    read(&ours, workload, entries, || zipf.draw())?;
    // The least popular come last, so that what was read in the scan and stays is of no use afterwards.
    let mut next = 0..entries;
    read(&ours, workload, entries, || next.next().unwrap_or_default())?;
    let hits = read(&ours, workload, reads, || zipf.draw())?;
    Ok((ours, hits.to_string()))
}

/// Opens the state with a cache for the part of the entries.
fn small_cache(ours: Ours, workload: &Workload) -> Result<Ours, Problem> {
    let ours = ours.reopened(DurableConfig::default())?;
    let mut next = 0..SIZED_ENTRIES.min(workload.entries());
    read(&ours, workload, SIZED_ENTRIES.min(workload.entries()), || next.next().unwrap_or_default())?;
    let counts = ours.state().cache_counts();
    let entry = counts.bytes.checked_div(counts.keys).ok_or("the cache holds nothing")?;
    let bytes = entry.saturating_mul((workload.entries() / CACHED_PART).into());
    ours.reopened(DurableConfig { cache_bytes_max: usize::try_from(bytes)?, ..DurableConfig::default() })
}

/// Reads so many entries and returns how many of the reads the cache answered.
fn read(ours: &Ours, workload: &Workload, reads: u32, mut next: impl FnMut() -> u32) -> Result<u64, Problem> {
    let before = ours.state().cache_counts().hits;
    let view = ours.state().newest();
    let mut left = reads;
    while left > 0 {
        let expected: Vec<_> = (0..left.min(CHUNK)).map(|_| workload.entry(next())).collect();
        left = left.saturating_sub(CHUNK);
        let values = expected.iter().map(|(key, _)| view.get(&StateKey::from_bytes(key)));
        check(&expected, &values.collect::<Result<Vec<_>, _>>()?)?;
    }
    Ok(ours.state().cache_counts().hits.saturating_sub(before))
}

#[cfg(test)]
mod tests {
    use super::{Zipf, best_fixed_rate};

    #[test]
    fn ranks_come_as_often_as_the_law_says() {
        let mut zipf = Zipf::new(1_000, 10);
        let expected = zipf.below(50);
        let drawn = (0..100_000).filter(|_| zipf.draw() < 50).count();
        assert!((drawn as f64 / 1e5 - expected).abs() < 0.01);
    }

    #[test]
    fn the_best_fixed_set_is_the_most_popular() {
        assert!((best_fixed_rate(1_000_000, 12) - 0.95).abs() < 0.01);
        assert!(best_fixed_rate(1_000_000, 9) < best_fixed_rate(1_000_000, 10));
    }
}
