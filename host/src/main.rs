//! The binary `florin`: everything is in [`florin::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    florin::cli::run(std::env::args_os()).into()
}
