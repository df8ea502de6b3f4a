//! Runs generated contracts on every engine and compares all that anyone can see of them:
//! `cargo run --release -p florin-benches --bin differential -- [--modules N] [--seed N] [--first N] [--file WASM]`.
//!
//! Prints the seed, how the calls ended, and `differential: N modules, D differences`. On a difference it writes the module to a
//! file, prints what each engine said, and ends with exit code 7.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use florin_runtime::fault::Fault;
use florin_sandbox::reference::engines::{Difference, Engines};
use florin_sandbox::reference::generate::Case;
use florin_sandbox::reference::{self, Tally};

/// The exit code that tells a difference.
const DIFFERENCE: u8 = 7;

/// The exit code that tells wrong arguments.
const USAGE: u8 = 2;

/// Modules between two lines of progress.
const PROGRESS: u64 = 1_000;

/// Ticks of the call of a module from a file.
const FILE_TICKS: u64 = 1 << 18;

/// What to run.
struct Arguments {
    /// One module from a file, and nothing generated.
    file: Option<String>,
    modules: u64,
    seed: u64,
    /// Number of the first module: a run that found a difference at `n` is made again with `--first n --modules 1`.
    first: u64,
}

fn main() -> Result<ExitCode, Fault> {
    let arguments = match arguments(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(told) => {
            eprintln!("{told}; usage: differential [--modules N] [--seed N] [--first N] [--file WASM]");
            return Ok(ExitCode::from(USAGE));
        }
    };
    let Arguments { file, modules, seed, first } = arguments;
    if let Some(file) = file {
        return one(&file);
    }
    println!("seed {seed}, modules {first} and on");
    let done = AtomicU64::new(0);
    let progress = || {
        let done = done.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if done.is_multiple_of(PROGRESS) {
            eprintln!("{done} of {modules}");
        }
    };
    match reference::run(seed, first..first.saturating_add(modules), progress)? {
        Ok(tally) => {
            print(&tally);
            println!("differential: {modules} modules, 0 differences");
            Ok(ExitCode::SUCCESS)
        }
        Err(difference) => {
            report(&difference);
            println!("differential: {} modules, 1 differences", done.load(Ordering::Relaxed).saturating_add(1));
            Ok(ExitCode::from(DIFFERENCE))
        }
    }
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments { file: None, modules: 2_000, seed: 1, first: 0 };
    while let Some(name) = given.next() {
        if name == "--file" {
            arguments.file = Some(given.next().ok_or("--file needs a path")?);
            continue;
        }
        let value = given.next().and_then(|value| value.parse().ok());
        let value = value.ok_or_else(|| format!("{name} needs a number"))?;
        match name.as_str() {
            "--modules" => arguments.modules = value,
            "--seed" => arguments.seed = value,
            "--first" => arguments.first = value,
            _ => return Err(format!("there is no {name}")),
        }
    }
    Ok(arguments)
}

/// Runs the module of a file.
fn one(file: &str) -> Result<ExitCode, Fault> {
    let code = std::fs::read(file).map_err(|error| Fault::Engine(format!("{file}: {error}")))?;
    let case = Case { code, ticks: FILE_TICKS, input: Vec::new(), memory: [0; 32] };
    match Engines::new()?.compare(&case) {
        Ok(seen) => {
            println!("{seen:?}");
            Ok(ExitCode::SUCCESS)
        }
        Err(difference) => {
            eprintln!("{difference}");
            Ok(ExitCode::from(DIFFERENCE))
        }
    }
}

fn print(tally: &Tally) {
    for (ending, count) in &tally.endings {
        println!("{ending}: {count} ({} %)", tally.percent(ending));
    }
    let mean = tally.ticks.checked_div(tally.modules).unwrap_or_default();
    println!("mean ticks of a call: {mean}");
    println!("memory written: {}; refused by the upload check on the way: {}", tally.wrote_memory, tally.refused);
}

fn report(difference: &Difference) {
    let name = format!("differential-{}.wasm", short_name(&difference.case.code));
    match std::fs::write(&name, &difference.case.code) {
        Ok(()) => eprintln!("the module is in {name}"),
        Err(error) => eprintln!("the module cannot be written to {name}: {error}"),
    }
    eprintln!("{difference}");
}

/// Returns a short name for the bytes.
fn short_name(bytes: &[u8]) -> String {
    alloy_primitives::keccak256(bytes).to_string().chars().skip(2).take(16).collect()
}
