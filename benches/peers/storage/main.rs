//! Florin's durable state beside other authenticated databases: `cargo run --release -p florin-peers --bin storage`.
//!
//! Guarantees that all databases commit the same blocks in the same run, by turns, each in a process of its own with the
//! same allocator; that what they read is compared with what was written; and that a commit counts as done when it is
//! durable and its root is known. What falls short of its bound is said so in the table and ends the program as any other
//! run does.
//!
//! - [`figures`]: what is measured, in order; [`rows`]: the rows of the table, each with its bound.
//! - [`turns`]: databases by turns; [`peers`]: the other databases, built when they are asked for.
//! - [`ours`], [`engine`], [`raw`]: Florin's state, fjall alone and Florin's bare store, as such databases.
//! - [`reads`], [`readers`], [`hit_rates`], [`proofs`]: one subject each.
#![allow(clippy::float_arithmetic, reason = "figures of a report, which no chain sees")]

mod engine;
mod figures;
mod hit_rates;
mod ours;
mod peers;
mod proofs;
mod raw;
mod readers;
mod reads;
mod rows;
mod turns;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand, ValueEnum};
use florin_peers::database::{Database, Problem, at_once, serve};
use florin_peers::workload::Workload;

use crate::figures::Plan;
use crate::peers::Peer;

/// That of the node and of the peers.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measure Florin's durable state beside fjall alone, its own bare store, commonware-storage, nomt and jmt.
///
/// The first run builds the peers, which takes some minutes. A full run takes some more and up to 5 GB of the folder.
#[derive(Debug, Parser)]
#[command(name = "storage")]
struct Cli {
    /// Entries of the state.
    #[arg(long, value_name = "N", default_value = "1000000", value_parser = clap::value_parser!(u32).range(1_000..=50_000_000))]
    keys: u32,
    /// Blocks that every database commits; a figure is their median.
    #[arg(long, value_name = "N", default_value = "50")]
    blocks: NonZeroU32,
    /// Entries that a block updates, and as many that it reads.
    #[arg(long, value_name = "N", default_value = "10000", value_parser = clap::value_parser!(u32).range(1..))]
    updates: u32,
    /// The peers to measure beside Florin, fjall alone and the bare store; `none` for none of them.
    #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',', default_value = "commonware,nomt,jmt")]
    peers: Vec<Peer>,
    /// Also measure a state of ten million entries, which takes some minutes and 5 GB more.
    #[arg(long)]
    ten_million: bool,
    /// A folder on the disk to measure; what is written there is removed at the end [default: the system's for temporary
    /// files].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
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

/// What this program does as a child of itself: one of the databases.
#[derive(Debug, Subcommand)]
enum Child {
    /// Florin's durable state.
    #[command(hide = true)]
    Ours { folder: PathBuf, entries: u32 },
    /// The engine of its store alone.
    #[command(hide = true)]
    Engine { folder: PathBuf, entries: u32 },
    /// The same store without a root.
    #[command(hide = true)]
    Raw { folder: PathBuf, entries: u32 },
    /// A durable state that is there: opens it and prints the time in ns, its height and the first bytes of its root.
    #[command(hide = true)]
    Open { folder: PathBuf },
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<String, Problem> {
    match &cli.child {
        Some(Child::Ours { folder, entries }) => child(&mut ours::Contestant::open(folder)?, *entries),
        Some(Child::Engine { folder, entries }) => child(&mut engine::Engine::open(folder)?, *entries),
        Some(Child::Raw { folder, entries }) => child(&mut raw::Raw::open(folder)?, *entries),
        Some(Child::Open { folder }) => {
            let start = Instant::now();
            let mut opened = ours::Contestant::open(folder)?;
            let time = start.elapsed().as_nanos();
            let mut ask = |word| at_once(opened.answer(&[word], &mut Workload::new(1)));
            Ok(format!("{time} {} {}\n", ask("height")?, ask("check")?))
        }
        None => {
            let plan = Plan {
                keys: cli.keys,
                blocks: cli.blocks.get(),
                updates: cli.updates,
                peers: &cli.peers,
                ten_million: cli.ten_million,
                dir: cli.dir.clone().unwrap_or_else(std::env::temp_dir),
            };
            let report = figures::measure(&plan)?;
            let text = match cli.output {
                Format::Table => report.to_markdown(),
                Format::Json => report.to_json(),
            };
            Ok(format!("{text}\n"))
        }
    }
}

fn child<D: Database>(database: &mut D, entries: u32) -> Result<String, Problem> {
    at_once(serve(database, &mut Workload::new(entries)))?;
    Ok(String::new())
}
