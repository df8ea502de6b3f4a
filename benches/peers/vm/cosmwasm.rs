//! The peer cosmwasm-vm: built when it is asked for, in its own workspace, and run as a process of its own.
//!
//! Its packages, some 350 with an engine among them, so stay out of the lock file, the builds and the tests of this
//! repository, and its allocator and its signal handlers out of our process. Costs a build of some minutes the first time.

use std::path::Path;
use std::process::Command;

use crate::memory::Resident;
use florin_peers::clock::Nanoseconds;
use florin_peers::failure::Failure;
use florin_peers::process::Process;

const NAME: &str = "cosmwasm-vm";

/// The running peer.
pub(crate) struct Cosmwasm(Process);

impl Cosmwasm {
    /// Builds the peer, if it is not built, and starts it. The build tells of itself on standard error.
    ///
    /// # Errors
    /// If it cannot be built or started.
    pub(crate) fn start() -> Result<Self, Failure> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cosmwasm");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(&cargo);
        build.args(["run", "--release", "--locked", "--package", "florin-peers-cosmwasm"]).current_dir(&folder);
        // Its own configuration says where its outputs go; a folder that was given for this repository is not meant.
        build.env_remove("CARGO_TARGET_DIR");
        Ok(Self(Process::start(NAME, &mut build)?))
    }

    /// Makes so many transfers and returns the CPU time of one.
    ///
    /// # Errors
    /// If one fails.
    pub(crate) fn transfer(&mut self, calls: u32) -> Result<Nanoseconds, Failure> {
        let [time] = self.0.ask(&format!("transfer {calls}"))?;
        Ok(florin_peers::clock::each(std::time::Duration::from_nanos(time), calls))
    }

    /// Returns the units that have arrived.
    ///
    /// # Errors
    /// If it does not answer.
    pub(crate) fn moved(&mut self) -> Result<u64, Failure> {
        let [units] = self.0.ask("moved")?;
        Ok(units)
    }

    /// Keeps so many compiled contracts.
    ///
    /// # Errors
    /// If it does not answer.
    pub(crate) fn cached(&mut self, count: u32) -> Result<Resident, Failure> {
        let [before, more] = self.0.ask(&format!("cached {count}"))?;
        Ok(Resident { before, more })
    }

    /// Keeps so many instances.
    ///
    /// # Errors
    /// If it does not answer.
    pub(crate) fn live(&mut self, count: u32) -> Result<Resident, Failure> {
        let [before, more] = self.0.ask(&format!("live {count}"))?;
        Ok(Resident { before, more })
    }
}
