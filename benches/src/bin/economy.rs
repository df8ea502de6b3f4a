//! Measures what the economy takes, each figure beside its bound, and lists the gas of its operations:
//! `cargo run --release -p florin-benches --bin economy`.
//!
//! ```text
//! economy                      a table in Markdown, half a minute
//! economy --runs 51            more runs of each block
//! economy -o json              one object; the figures' keys stand at its top
//! ```
//! Ends with 0 if every figure is within its bound, with 7 if one is not, with 1 if something could not be measured.

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use florin_benches::economy::{Scale, measure, report};
use florin_benches::ledger::WorkloadError;

/// A figure is out of its bound.
const OUT_OF_BOUNDS: u8 = 7;

/// Measures what the economy takes.
#[derive(Debug, Parser)]
struct Arguments {
    /// Runs of each block; the median counts.
    #[arg(long, default_value_t = Scale::FULL.runs)]
    runs: u32,
    /// Delegators of the validator that is rewarded and slashed.
    #[arg(long, default_value_t = Scale::FULL.delegators)]
    delegators: u32,
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
            eprintln!("economy: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool, WorkloadError> {
    let Arguments { runs, delegators, output } = *arguments;
    let measured = measure(Scale { runs, delegators, ..Scale::FULL }, |next| eprintln!("{next}"))?;
    match output {
        Form::Markdown => print!("{}", report::markdown(&measured)),
        Form::Json => println!("{:#}", report::json(&measured)),
    }
    Ok(measured.is_within())
}
