//! The command line of `florin`.
//!
//! Guarantees data on standard output and everything else on standard error, colours only on a terminal that has not
//! asked for none (`NO_COLOR`), the exit codes of [`Exit`], and a quiet end when the reader of the output goes away.

mod cache;
mod contract;
mod db;
mod demo;
mod economy;
mod exit;
mod failure;
mod genesis;
mod output;
mod trace;

use std::ffi::OsString;

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

pub use exit::Exit;
pub use failure::Failure;
pub use output::{Format, Output};

/// WebAssembly smart contracts: build them, check them, see them run.
#[derive(Debug, Parser)]
#[command(name = "florin", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 ok, 1 other failure, 2 usage, 5 reverted, 6 storage failed, 7 a check failed.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build and check contracts.
    #[command(subcommand, arg_required_else_help = true)]
    Contract(contract::Command),
    /// Look at the compiled code that is kept between runs, check it, or remove it.
    #[command(subcommand, arg_required_else_help = true)]
    Cache(cache::Command),
    /// Look at the database of a data folder, check it, prune it, export and import its state.
    #[command(subcommand, arg_required_else_help = true)]
    Db(db::Command),
    /// Write, check and name the file that says what a chain begins with.
    #[command(subcommand, arg_required_else_help = true)]
    Genesis(genesis::Command),
    Demo(demo::Demo),
    Trace(trace::Trace),
    /// Print a completion script, to be sourced by a shell.
    Completions(Completions),
}

#[derive(Debug, Args)]
struct Completions {
    /// The shell.
    shell: Shell,
}

/// Runs the command line; the first argument is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // Help and the release are data, a usage error is not; clap knows which stream, and a closed one is no failure.
        Err(message) => {
            let _ = message.print();
            return if message.use_stderr() { Exit::Usage } else { Exit::Success };
        }
    };
    let mut output = Output::standard();
    match execute(cli.command, &mut output) {
        Ok(()) => Exit::Success,
        Err(failure) => {
            failure.report();
            failure.exit()
        }
    }
}

fn execute(command: Command, output: &mut Output) -> Result<(), Failure> {
    match command {
        Command::Contract(command) => command.run(output),
        Command::Cache(command) => command.run(output),
        Command::Db(command) => command.run(output),
        Command::Genesis(command) => command.run(output),
        Command::Demo(demo) => demo.run(output),
        Command::Trace(trace) => trace.run(output),
        Command::Completions(Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "florin", &mut script);
            output.bytes(&script)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
