//! Ends of a process and of a disk: what the durable state owes its owner afterwards, and a way to find where it does not pay.
//!
//! A child process commits blocks of a [`story`] that a [`model`] in memory can repeat, and tells of each when `commit` has
//! returned. It is killed, or its disk is. Then the database is opened again and [`check`]ed: no told block is lost, none is there
//! by half, every height reads as it was, and the story goes on.
//!
//! - [`story`]: the blocks, each made from the state before it.
//! - [`model`]: the states of the story by definition.
//! - [`child`]: the process that commits them, and what it tells.
//! - [`check`]: what must hold after any end.
//! - [`kill`]: ends of the process.
//! - [`watch`]: a process whose operations on files are recorded, and fail at will.
//! - [`disk`]: what a disk may hold after a power cut at any point of a recording.
//! - [`cut`]: power cuts.
//! - [`dice`]: chance that can be repeated.

#![allow(clippy::arithmetic_side_effects, reason = "figures of a test's own making, small")]

pub mod check;
pub mod child;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub mod cut;
pub mod dice;
pub mod disk;
pub mod kill;
pub mod model;
pub mod story;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub mod watch;

use thiserror::Error;

/// Why a test of ends cannot go on, or what it found.
#[derive(Debug, Error)]
pub enum Trouble {
    /// The test's own files.
    #[error("the test's own files: {0}")]
    Files(#[from] std::io::Error),
    /// The process cannot be watched, or did something that is not understood.
    #[error("watching the process: {0}")]
    Watch(String),
    /// The state says that it cannot open, read or commit.
    #[error("{0}")]
    Refused(String),
    /// A block that was told is not there any more.
    #[error("lost: {0}")]
    Lost(String),
    /// A block is there by half, or something reads as it never was.
    #[error("half: {0}")]
    Half(String),
}

/// How often what was found, over all ends of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Ends.
    pub ends: u64,
    /// Ends after which a block that was told was not there.
    pub lost: u64,
    /// Ends after which a block was there by half, or something read as it never was.
    pub half: u64,
}

impl Tally {
    /// Counts an end and what was found after it; what hinders the test itself ends it.
    ///
    /// # Errors
    /// Hands on what is no finding.
    pub fn count(&mut self, found: Result<(), Trouble>) -> Result<(), Trouble> {
        self.ends += 1;
        match found {
            Ok(()) => return Ok(()),
            // What is refused is lost too, as nobody repairs it.
            Err(Trouble::Lost(told) | Trouble::Refused(told)) => {
                self.lost += 1;
                eprintln!("end {}: lost: {told}", self.ends);
            }
            Err(Trouble::Half(told)) => {
                self.half += 1;
                eprintln!("end {}: half: {told}", self.ends);
            }
            Err(other) => return Err(other),
        }
        Ok(())
    }
}
