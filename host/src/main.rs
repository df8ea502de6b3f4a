//! The binary `florin`: everything is in [`florin::cli`].

use std::process::ExitCode;

/// A commit makes and drops very many small values, which this allocator does faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    florin::cli::run(std::env::args_os()).into()
}
