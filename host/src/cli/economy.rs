//! `florin demo --economy`: the whole economy in one command.

use std::num::NonZeroUsize;

use clap::Args;
use clap::builder::{RangedI64ValueParser, RangedU64ValueParser};
use florin_runtime::block::BlockError;
use florin_runtime::chain::ChainError;
use florin_tokenomics::units::EPOCH_BLOCKS;

use crate::cli::Failure;
use crate::demo::economy::{
    EPOCHS_MIN, EconomyError, EconomyOptions, EconomyReport, MINERS_MAX, MINERS_MIN, VALIDATORS_MAX, VALIDATORS_MIN,
    run,
};
use crate::demo::progress::Progress;

/// The most epochs: what is run in an hour.
const EPOCHS_MAX: u64 = 1_000;

/// The options of the economy.
#[derive(Debug, Args)]
pub(super) struct Economy {
    /// Run the whole economy instead: miners, validators, emission, claims, stakes, slashes, burning, recycling and the treasury,
    /// with the supply equation checked after every block.
    #[arg(long, conflicts_with_all = ["list", "claims", "claims_per_block", "cache_dir", "data_dir"])]
    pub(super) economy: bool,
    /// Run N epochs of 50 blocks [default: 20].
    #[arg(long, value_name = "N", requires = "economy", value_parser = epochs())]
    epochs: Option<u64>,
    /// Let N miners register [default: 2000].
    #[arg(long, value_name = "N", requires = "economy", value_parser = number(MINERS_MIN, MINERS_MAX))]
    miners: Option<u32>,
    /// Begin with N validators [default: 50].
    #[arg(long, value_name = "N", requires = "economy", value_parser = number(VALIDATORS_MIN, VALIDATORS_MAX))]
    validators: Option<u32>,
}

impl Economy {
    /// Runs the economy.
    pub(super) fn run(
        &self,
        seed: u64,
        threads: Option<NonZeroUsize>,
        progress: &mut dyn Progress,
    ) -> Result<EconomyReport, Failure> {
        let standard = EconomyOptions::default();
        let options = EconomyOptions {
            epochs: self.epochs.unwrap_or(standard.epochs),
            epoch_blocks: EPOCH_BLOCKS,
            miners: self.miners.unwrap_or(standard.miners),
            validators: self.validators.unwrap_or(standard.validators),
            seed,
            threads,
            ..standard
        };
        run(&options, progress).map_err(failure)
    }
}

/// Reads a number of epochs: everything happens in the fewest of them.
fn epochs() -> RangedU64ValueParser<u64> {
    clap::value_parser!(u64).range(EPOCHS_MIN..=EPOCHS_MAX)
}

/// Reads a number of a range.
fn number(least: u32, most: u32) -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(i64::from(least)..=i64::from(most))
}

fn failure(error: EconomyError) -> Failure {
    let message = "the economy did not come out as it must".to_owned();
    match error {
        EconomyError::Fault(fault)
        | EconomyError::Block(BlockError::Fault(fault))
        | EconomyError::Chain(ChainError::Fault(fault)) => fault.into(),
        EconomyError::Differs { .. } | EconomyError::Failed { .. } => {
            Failure::CheckFailed { message, findings: vec![error.to_string()], help: None }
        }
        EconomyError::Option { .. } => Failure::Usage { message: error.to_string(), help: None },
        _ => Failure::Other { message: format!("the economy could not be run: {error}"), help: None },
    }
}

/// Says what did not come out as it must.
pub(super) fn verdict(report: &EconomyReport) -> Result<(), Failure> {
    let findings = report.findings();
    if findings.is_empty() {
        return Ok(());
    }
    Err(Failure::CheckFailed { message: "the economy did not come out as it must".to_owned(), findings, help: None })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::failure;
    use crate::cli::Exit;
    use crate::demo::economy::EconomyError;

    #[test]
    fn a_wei_too_many_or_a_call_that_fails_exits_with_7_and_is_named() {
        let differs = EconomyError::Differs {
            height: 7,
            what: "the sum of all balances",
            expected: "100".to_owned(),
            actual: "101".to_owned(),
        };
        let failed = EconomyError::Failed {
            what: "hook: emission",
            height: 8,
            status: "reverted",
            error: "NotBalanced { epoch: 3 }".to_owned(),
        };
        for (error, text) in [(differs, "after block 7: 100 expected, 101 found"), (failed, "NotBalanced { epoch: 3 }")]
        {
            let failure = failure(error);
            assert_eq!(failure.exit(), Exit::CheckFailed);
            assert!(failure.to_string().contains(text), "{failure}");
        }
        let option = EconomyError::Option { what: "epochs", least: 8, most: 9, actual: 1 };
        assert_eq!(failure(option).exit(), Exit::Usage);
    }
}
