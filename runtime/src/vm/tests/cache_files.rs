//! Files of compiled code: what is sound is loaded, what is not is refused, and a call never notices.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use alloy_primitives::keccak256;
use tempfile::TempDir;

use super::{PLENTY, Seen, contract, frame};
use crate::vm::{CacheCounts, CacheFolder, Exit, NodeKey, Vm, VmConfig};

/// A folder for one test, and machines on it.
struct Place {
    above: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { above: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.above.path().join("code")
    }

    fn config(&self, key: u8) -> VmConfig {
        let folder =
            CacheFolder { path: self.path(), bytes_max: CacheFolder::BYTES_MAX_DEFAULT, key: NodeKey::new([key; 32]) };
        VmConfig { cache_folder: Some(folder), instances_max: 4, ..VmConfig::default() }
    }

    /// Starts a machine, as the node does when it starts.
    fn vm(&self) -> Vm {
        Vm::new(self.config(1)).unwrap()
    }

    /// Returns the only file of compiled code.
    fn file(&self) -> PathBuf {
        let mut files: Vec<PathBuf> = self.files();
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }

    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

/// A contract that no other number gives.
fn numbered(number: u32) -> Vec<u8> {
    contract(&format!("(drop (i32.const {number}))"))
}

/// Calls a contract under its true hash.
fn call(vm: &Vm, module: &[u8]) -> Seen {
    let code = vm.load(keccak256(module), module).unwrap_or_else(|error| panic!("{error}"));
    let (frame, outcome) = vm.run(&code, frame(vm, b"input"), PLENTY);
    assert!(matches!(outcome.exit, Exit::Finished), "{:?}", outcome.exit);
    Seen { exit: "Finished", ticks: outcome.ticks_used, output: frame.output }
}

fn origin(counts: &CacheCounts) -> (u64, u64) {
    (counts.file_hits, counts.compilations)
}

#[test]
fn what_one_run_compiles_the_next_loads() {
    let (place, module) = (Place::new(), numbered(1));
    let first = place.vm();
    let seen = call(&first, &module);
    assert_eq!(origin(&first.cache_counts()), (0, 1));
    assert_eq!(first.cache_counts().files.written, 1);

    let second = place.vm();
    assert_eq!(call(&second, &module), seen);
    assert_eq!(origin(&second.cache_counts()), (1, 0));
    let one = |vm: &Vm| vm.load(keccak256(&module), &module).unwrap();
    assert_eq!(one(&first).info(), one(&second).info());
    assert_eq!(place.path().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(place.file().metadata().unwrap().permissions().mode() & 0o777, 0o600);
}
