//! What the economy takes: the time of what is bounded, and the gas of every operation.
//!
//! - [`machine`]: the epoch machine beside a registry of any size, which answers at once: what a settlement takes.
//! - [`settlement`]: rewards of 1,000 accounts in one block, and of 100,000 over as many as it takes.
//! - [`claim`]: a block of many claims.
//! - [`epoch`]: utility, emission and split in a contract.
//! - [`crowd`]: a validator with very many delegators.
//! - [`operations`]: the gas of everything that can be done on a [`network`].
//! - [`report`]: the table.
//!
//! A time is that of the processor, of a thread that executes blocks one after the other: signatures are verified before and
//! nothing is committed. It is the median of repeated runs of the same block on the same state, so that code is compiled and
//! caches are warm.
#![allow(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "measured times are floats, and what is counted here is small"
)]

pub mod calls;
pub mod claim;
pub mod crowd;
pub mod epoch;
pub mod machine;
pub mod messages;
pub mod network;
pub mod operations;
pub mod report;
pub mod resident;
pub mod settlement;

use florin_runtime::gas::Gas;

use crate::ledger::WorkloadError;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Runs of each block; the median counts.
    pub runs: u32,
    /// Accounts that are settled in one block.
    pub few: u32,
    /// Accounts that are settled over many blocks.
    pub many: u32,
    /// Leaves of the campaign, as a power of two: the nodes of a proof.
    pub proof_nodes: u32,
    /// Claims of a block.
    pub claims: u32,
    /// Delegators of a validator.
    pub delegators: u32,
    /// Miners of the network whose operations are listed.
    pub miners: u32,
    /// Validators of that network.
    pub validators: u32,
}

impl Scale {
    /// What the bounds are about.
    pub const FULL: Self = Self {
        runs: 15,
        few: 1_000,
        many: 100_000,
        proof_nodes: 17,
        claims: 1_000,
        delegators: 100_000,
        miners: 2_000,
        validators: 50,
    };
    /// A few of everything, for a test.
    pub const QUICK: Self =
        Self { runs: 1, few: 70, many: 600, proof_nodes: 7, claims: 20, delegators: 50, miners: 70, validators: 4 };
}

/// A figure, beside what it may be at most.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its name in the report's JSON.
    pub key: &'static str,
    /// What it is.
    pub what: String,
    /// The figure.
    pub value: f64,
    /// What it counts.
    pub unit: &'static str,
    /// The most that it may be; nothing if it is told only.
    pub bound: Option<f64>,
}

impl Figure {
    /// Tells whether it is what it may be.
    pub fn is_within(&self) -> bool {
        self.bound.is_none_or(|bound| self.value <= bound)
    }
}

/// The gas of an operation, all of its transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The operation.
    pub name: String,
    /// Its gas.
    pub gas: Gas,
}

/// Everything that was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// The figures.
    pub figures: Vec<Figure>,
    /// The operations.
    pub operations: Vec<Operation>,
}

impl Measured {
    /// Tells whether every figure is what it may be.
    pub fn is_within(&self) -> bool {
        self.figures.iter().all(Figure::is_within)
    }
}

/// Measures everything, and says what comes next before it begins.
///
/// # Errors
/// If a contract is not there, refuses or fails.
pub fn measure(scale: Scale, mut say: impl FnMut(&str)) -> Result<Measured, WorkloadError> {
    let mut measured = Measured::default();
    say(&format!("rewards of {} accounts", scale.few));
    measured.figures.extend(settlement::network(scale)?);
    measured.figures.extend(settlement::few(scale)?);
    say(&format!("rewards of {} accounts", scale.many));
    measured.figures.extend(settlement::many(scale)?);
    say(&format!("a block of {} claims", scale.claims));
    let (figures, operations) = claim::measure(scale)?;
    measured.figures.extend(figures);
    measured.operations.extend(operations);
    say("utility, emission and split");
    measured.figures.extend(epoch::measure(scale)?);
    say(&format!("a network of {} miners and {} validators", scale.miners, scale.validators));
    measured.operations.extend(operations::measure(scale)?);
    say(&format!("a validator with {} delegators", scale.delegators));
    measured.operations.extend(crowd::measure(scale)?);
    Ok(measured)
}

/// Returns the median of times, in nanoseconds.
pub(crate) fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::{Scale, measure, report};

    #[test]
    fn everything_is_measured_at_a_small_size() {
        let mut said = Vec::new();
        let measured = measure(Scale::QUICK, |next| said.push(next.to_owned())).expect("the economy runs");
        assert!(measured.figures.iter().all(|figure| figure.value.is_finite() && figure.value >= 0.0));
        assert!(measured.operations.iter().all(|operation| operation.gas.0 > 0));
        let object = report::json(&measured);
        for key in ["rewards_1000_ms", "settle_100k_ms", "claim_us", "epoch_formulas_us"] {
            assert!(object[key].as_f64().is_some_and(|value| value > 0.0), "{key}");
            assert!(report::markdown(&measured).contains(&format!("[`{key}`]")));
        }
        assert_eq!(said.len(), 6);
    }
}
