//! Kills a process that commits blocks, and cuts the power of another's disk, again and again, and checks what is left each time:
//! `cargo run --release -p florin-benches --bin crash -- [--kills N] [--torn N] [--seed N]`.
//!
//! Tells its progress on standard error and prints at its end `crash: K kills, T torn, L lost, H half`: after L of these ends a
//! block was lost for which `commit` had returned, or the database did not open; after H a block was there by half, or
//! something read as it never was. Ends with exit code 1 if there are any, with 2 on wrong arguments.
//!
//! The power is cut in a model of the disk: what a process does to its files is recorded, and any part of what was not synced is
//! left. That needs a Linux that lets a process trace its children.

use std::process::{Command, ExitCode};

use florin_crash::child::Task;
use florin_crash::kill::Kills;
use florin_crash::{Tally, Trouble};

/// The exit code that tells a loss.
const LOST: u8 = 1;

/// The exit code that tells wrong arguments, or that the test cannot be made.
const USAGE: u8 = 2;

/// Power cuts of one recorded process.
const CUTS: u64 = 25;

const HELP: &str = "usage: crash [--kills N] [--torn N] [--seed N]

  --kills N  processes that are killed (SIGKILL) while they commit     [200]
  --torn N   power cuts: unsynced writes dropped, reordered and torn   [200]
  --seed N   where all chance comes from but the instants of the kills [1]
  --help     this text";

/// What to run.
#[derive(Clone, Copy, Debug)]
struct Arguments {
    kills: u64,
    torn: u64,
    seed: u64,
}

fn main() -> ExitCode {
    if let Some(task) = Task::of_this_process() {
        // Its parent may be gone, which is nobody's loss.
        return task.perform().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let arguments = match arguments(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(told) => {
            eprintln!("{told}\n\n{HELP}");
            return ExitCode::from(USAGE);
        }
    };
    match run(arguments) {
        Ok((kills, torn)) => {
            let (lost, half) = (kills.lost.saturating_add(torn.lost), kills.half.saturating_add(torn.half));
            println!("crash: {} kills, {} torn, {lost} lost, {half} half", kills.ends, torn.ends);
            if lost == 0 && half == 0 { ExitCode::SUCCESS } else { ExitCode::from(LOST) }
        }
        Err(trouble) => {
            eprintln!("the test cannot be made: {trouble}");
            ExitCode::from(USAGE)
        }
    }
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let mut arguments = Arguments { kills: 200, torn: 200, seed: 1 };
    while let Some(name) = given.next() {
        let place = match name.as_str() {
            "--help" | "-h" => return Ok(None),
            "--kills" => &mut arguments.kills,
            "--torn" => &mut arguments.torn,
            "--seed" => &mut arguments.seed,
            _ => return Err(format!("there is no {name}")),
        };
        let value = given.next().ok_or_else(|| format!("{name} needs a number"))?;
        *place = value.parse().map_err(|_| format!("{name} needs a number, not {value}"))?;
    }
    Ok(Some(arguments))
}

fn run(arguments: Arguments) -> Result<(Tally, Tally), Trouble> {
    Ok((kills(arguments)?, torn(arguments)?))
}

/// Starts this program as another process.
fn program() -> Result<Command, Trouble> {
    Ok(Command::new(std::env::current_exe()?))
}

fn kills(Arguments { kills: count, seed, .. }: Arguments) -> Result<Tally, Trouble> {
    let folder = tempfile::tempdir()?;
    let mut kills = Kills::new(seed);
    for kill in 1..=count {
        kills.kill(folder.path(), program()?)?;
        if kill.is_multiple_of(20) {
            eprintln!("{kill} of {count} kills, at block {}", kills.head());
        }
    }
    Ok(kills.tally())
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn torn(Arguments { torn, seed, .. }: Arguments) -> Result<Tally, Trouble> {
    use florin_crash::cut::Cuts;
    use florin_crash::story::Story;

    // So few rows in memory that tables are written and merged all the time.
    let mut cuts = Cuts::new(Story { seed, keys: 300, changes: 60, codes: 0 }, 8 << 10);
    while cuts.tally().ends < torn {
        let recording = cuts.record(program()?, 30, None)?;
        let points = cuts.points(&recording, CUTS.min(torn.saturating_sub(cuts.tally().ends)));
        cuts.cut(&recording, points)?;
        cuts.leave(&recording);
        eprintln!("{} of {torn} power cuts", cuts.tally().ends);
    }
    Ok(cuts.tally())
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn torn(Arguments { torn, .. }: Arguments) -> Result<Tally, Trouble> {
    if torn == 0 {
        return Ok(Tally::default());
    }
    Err(Trouble::Watch("power cuts need Linux on x86-64 or aarch64; give --torn 0".to_owned()))
}
