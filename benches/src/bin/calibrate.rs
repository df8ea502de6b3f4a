//! Measures what the work behind every price of the gas schedule takes, and fails if a price is out of bounds.
//!
//! ```text
//! cargo run --release -p florin-benches --bin calibrate              Markdown
//! cargo run --release -p florin-benches --bin calibrate -- -o json   one object
//! calibrate --quick            a small state and few rounds
//! calibrate --only Storage     prices with this in their name
//! calibrate --fitted           the fitted prices as lines of runtime/src/gas/prices.rs
//! ```
//! Ends with 0 if every row lies within its bounds, with 7 if one does not, with 1 if something could not be measured.

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use florin_benches::calibrate::world::{Scale, World};
use florin_benches::calibrate::{cases, measure, report};
use florin_benches::ledger::WorkloadError;

/// A price is out of bounds.
const OUT_OF_BOUNDS: u8 = 7;

/// Measures the work behind every price of the gas schedule.
#[derive(Debug, Parser)]
struct Arguments {
    /// A small state and few rounds.
    #[arg(long)]
    quick: bool,
    /// Rounds; the smallest time of each case counts.
    #[arg(long)]
    rounds: Option<u32>,
    /// Prices with this in their name.
    #[arg(long, default_value = "")]
    only: String,
    /// Prints the fitted prices as lines of the price table, to be judged and applied by hand.
    #[arg(long)]
    fitted: bool,
    /// Form of the table.
    #[arg(short, long, value_enum, default_value = "markdown")]
    output: Form,
}

/// Form of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Markdown,
    Json,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(OUT_OF_BOUNDS),
        Err(error) => {
            eprintln!("calibrate: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool, WorkloadError> {
    let (scale, rounds) = if arguments.quick { (Scale::QUICK, 3) } else { (Scale::FULL, 9) };
    let mut world = World::new(scale)?;
    let mut cases = cases(&mut world)?;
    cases.retain(|case| case.price.contains(&arguments.only));
    let measured = measure(&mut world, cases, arguments.rounds.unwrap_or(rounds).max(1))?;
    let rows = report::rows(world.vm.schedule(), measured);
    match arguments.output {
        Form::Json => println!("{:#}", report::json(&rows)),
        Form::Markdown => println!("{}", report::markdown(&rows)),
    }
    if arguments.fitted {
        println!("{}", report::fitted(&rows));
    }
    Ok(rows.iter().all(report::Row::is_within))
}
