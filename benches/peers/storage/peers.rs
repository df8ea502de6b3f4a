//! The other databases: built when they are asked for, in a workspace of their own, each a process of its own.
//!
//! So their packages stay out of the lock file, the builds and the tests of this repository. Costs a build of some minutes
//! the first time.

use std::path::Path;
use std::process::{Command, Stdio};

use clap::ValueEnum;
use florin_peers::failure::Failure;
use florin_runtime::state::store::disk::DiskConfig;

use crate::turns::Contestant;

/// A database beside ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    /// The ordered authenticated database of commonware-storage.
    Commonware,
    /// nomt.
    Nomt,
    /// The Jellyfish Merkle tree of the crate jmt, over the same store as ours.
    Jmt,
    /// No peer.
    None,
}

impl Peer {
    /// Those that are measured, in the order of the table.
    pub(crate) const ALL: [Self; 3] = [Self::Commonware, Self::Nomt, Self::Jmt];

    /// Returns its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Commonware => "commonware",
            Self::Nomt => "nomt",
            Self::Jmt => "jmt",
            Self::None => "none",
        }
    }

    /// Starts it on an empty folder. The build tells of itself on standard error.
    ///
    /// # Errors
    /// If it cannot be built or started.
    pub(crate) fn start(self, folder: &Path, entries: u32) -> Result<Contestant, Failure> {
        let failed = |detail: String| Failure::Process { who: self.name(), detail };
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("databases");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(&cargo);
        build.args(["build", "--release", "--locked", "--bin", self.name()]).current_dir(&workspace);
        // Its own configuration says where its outputs go; a folder that was given for this repository is not meant.
        build.env_remove("CARGO_TARGET_DIR").stdout(Stdio::null());
        let status = build.status().map_err(|error| failed(format!("cargo cannot be started: {error}")))?;
        if !status.success() {
            return Err(failed("does not build; leave it out with --peers".to_owned()));
        }
        let program = workspace.join("../../../target/peers/release").join(self.name());
        let sizes = DiskConfig::default();
        let sizes = [sizes.block_cache_bytes, sizes.memtable_bytes, sizes.journal_bytes_max];
        let mut command = Command::new(program);
        command.arg(folder).arg(entries.to_string()).args(sizes.map(|bytes| bytes.to_string()));
        Contestant::start(self.name(), true, &mut command)
    }
}
