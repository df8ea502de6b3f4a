//! Everything around the runtime that has a socket, a clock or a terminal.
//!
//! - [`cli`]: the command line of the binary.
//! - [`code_cache`]: where compiled code is kept between runs, and the key that authenticates it.
//! - [`data_folder`]: where the state is kept, and who uses it.
//! - [`database`]: the database of a data folder, for an operator.
//! - [`demo`]: every claim of a real allocation list, paid in one command.
//! - [`genesis`]: a chain's genesis as a file, with the contracts of the economy.
//! - [`keys`]: accounts that follow from a seed, and what they sign.
//! - [`trace`]: contracts deployed and called on a fresh chain in memory, watched.

mod actor;
pub mod cli;
pub mod code_cache;
pub mod data_folder;
pub mod database;
pub mod demo;
pub mod genesis;
pub mod keys;
pub mod trace;
