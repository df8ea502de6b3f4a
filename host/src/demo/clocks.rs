//! Time spent in the stages of a run.

use std::time::{Duration, Instant};

/// Time by stage, in the order in which the stages were first named.
#[derive(Clone, Debug, Default)]
pub(super) struct Clocks(Vec<(&'static str, Duration)>);

impl Clocks {
    /// Makes clocks for stages.
    pub(super) fn new(stages: &[&'static str]) -> Self {
        Self(stages.iter().map(|stage| (*stage, Duration::ZERO)).collect())
    }

    /// Returns the stages with their times.
    pub(super) fn times(&self) -> Vec<(&'static str, Duration)> {
        self.0.clone()
    }

    /// Returns the time of all stages.
    pub(super) fn total(&self) -> Duration {
        self.0.iter().fold(Duration::ZERO, |sum, (_, time)| sum.saturating_add(*time))
    }

    /// Adds other clocks.
    pub(super) fn merge(&mut self, other: Self) {
        for (stage, time) in other.0 {
            self.count(stage, time);
        }
    }

    /// Adds the time since an instant to a stage; returns now.
    pub(super) fn add(&mut self, stage: &'static str, since: Instant) -> Instant {
        let now = Instant::now();
        self.count(stage, now.saturating_duration_since(since));
        now
    }

    fn count(&mut self, stage: &'static str, more: Duration) {
        match self.0.iter_mut().find(|(name, _)| *name == stage) {
            Some((_, time)) => *time = time.saturating_add(more),
            None => self.0.push((stage, more)),
        }
    }
}
