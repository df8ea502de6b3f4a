//! Prints what 128-bit arithmetic costs in a contract, as a Markdown table:
//! `cargo run --release -p florin-benches --bin u128_formulas [rounds]`.

use florin_benches::ledger::WorkloadError;
use florin_benches::u128_formulas::{Row, geometric_mean, measure};

/// Rounds of each formula, where no number is given.
const ROUNDS: usize = 51;

fn main() -> Result<(), WorkloadError> {
    let rounds = std::env::args().nth(1).and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS);
    let rows = measure(rounds)?;
    println!("| formula, ns each | contract | native | native operators | ratio |\n|---|---|---|---|---|");
    for row in &rows {
        let [contract, native, operators] = [row.contract, row.native, row.operators].map(Row::each_ns);
        println!("| {} | {contract:.2} | {native:.2} | {operators:.2} | {:.2} |", row.name, row.ratio());
    }
    println!("\nu128_over_native {:.2}", geometric_mean(&rows));
    Ok(())
}
