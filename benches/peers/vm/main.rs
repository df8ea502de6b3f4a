//! Florin's virtual machine beside others: `cargo run --release -p florin-peers --bin vm`.
//!
//! Guarantees that every figure is measured in this run: medians of CPU time over interleaved rounds, each beside what it is
//! compared with. What falls short of its bound is said so in the table and ends the program as any other run does.
//!
//! - [`figures`]: the rows, each with its bound.
//! - [`world`], [`token`]: a contract on a state in memory; the token as Wasm and as native Rust.
//! - [`isolation`], [`host_read`], [`cache`], [`memory`]: one subject each; [`variant`]: many contracts from one.
//! - [`cosmwasm`]: the peer.
#![allow(clippy::float_arithmetic, reason = "figures of a report, which no chain sees")]

mod cache;
mod cosmwasm;
mod figures;
mod host_read;
mod isolation;
mod memory;
mod token;
mod variant;
mod world;

use std::num::NonZeroU32;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::figures::Plan;
use florin_peers::failure::Failure;

/// Measure Florin's virtual machine beside cosmwasm-vm, wasmi and native Rust.
///
/// The first run builds the peer, which takes some minutes.
#[derive(Debug, Parser)]
#[command(name = "vm")]
struct Cli {
    /// Rounds of each comparison; a figure is their median.
    #[arg(long, value_name = "N", default_value = "51")]
    rounds: NonZeroU32,
    /// Contracts that are kept in the cache to measure memory.
    #[arg(long, value_name = "N", default_value = "1000")]
    contracts: NonZeroU32,
    /// Do not build or measure cosmwasm-vm.
    #[arg(long)]
    without_cosmwasm: bool,
    /// How to print the figures.
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    #[command(subcommand)]
    child: Option<Child>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A Markdown table.
    Table,
    /// One JSON object.
    Json,
}

/// What this program does as a child of itself: one measurement of memory.
#[derive(Debug, Subcommand)]
enum Child {
    /// Keep so many compiled contracts and print the bytes resident before and on top.
    #[command(hide = true)]
    Cached { count: u32 },
    /// Keep so many instances.
    #[command(hide = true)]
    Live { count: u32 },
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<String, Failure> {
    if let Some(child) = &cli.child {
        let resident = match *child {
            Child::Cached { count } => memory::cached(count)?,
            Child::Live { count } => memory::live(count)?,
        };
        return Ok(format!("{} {}", resident.before, resident.more));
    }
    let plan = Plan { rounds: cli.rounds, contracts: cli.contracts, cosmwasm: !cli.without_cosmwasm };
    let report = figures::measure(&plan)?;
    Ok(match cli.output {
        Format::Table => report.to_markdown(),
        Format::Json => report.to_json(),
    })
}
