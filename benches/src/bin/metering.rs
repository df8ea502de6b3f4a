//! Prints what metering costs, as a Markdown table: `cargo run --release -p florin-benches --bin metering [rounds]`.

use florin_benches::ledger::WorkloadError;
use florin_benches::metering::{Row, geometric_mean, kernels, transfer};

/// Rounds of each workload, where no number is given.
const ROUNDS: usize = 101;

fn main() -> Result<(), WorkloadError> {
    let rounds = std::env::args().nth(1).and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS);
    let rows = kernels(rounds)?;
    println!("| workload | metered | unmetered | ratio |\n|---|---|---|---|");
    rows.iter().for_each(print);
    print(&transfer(rounds)?);
    println!("\nmetering_geomean {:.3}", geometric_mean(&rows));
    Ok(())
}

fn print(row: &Row) {
    println!("| {} | {:.2?} | {:.2?} | {:.3} |", row.name, row.metered, row.unmetered, row.ratio());
}
