//! Everything around the runtime that has a socket, a clock or a terminal.
//!
//! - [`demo`]: every claim of a real allocation list, paid in one command.
//! - [`keys`]: accounts that follow from a seed, and what they sign.

pub mod demo;
pub mod keys;
