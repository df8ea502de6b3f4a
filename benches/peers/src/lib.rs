//! What the comparisons share.
//!
//! Guarantees that a figure of one program is taken, judged and printed as one of another.
//!
//! - [`clock`]: rounds and medians; [`report`]: the table; [`process`]: other processes; [`failure`]: why there is no figure.
//! - [`workload`], [`database`]: the blocks that databases commit, and a database as a program. The peers include these two
//!   files.
#![allow(clippy::float_arithmetic, reason = "figures of a report, which no chain sees")]

pub mod clock;
pub mod database;
pub mod failure;
pub mod process;
pub mod report;
pub mod workload;
