//! The folder of compiled code over time: several processes, dying processes, little room.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

mod processes;
mod room;

use std::path::{Path, PathBuf};

use alloy_primitives::keccak256;
use florin_runtime::vm::{CacheFolder, EngineKind, NodeKey, Optimize, Standing, Vm, VmConfig};

/// A machine on a folder, for so many bytes of files. It compiles fast: what is compiled does not matter here.
fn machine(folder: &Path, bytes_max: u64) -> Vm {
    let cache_folder = CacheFolder { path: folder.to_owned(), bytes_max, key: NodeKey::new([7; 32]) };
    let engine = EngineKind::Compiled { optimize: Optimize::None };
    let config = VmConfig { engine, cache_folder: Some(cache_folder), instances_max: 1, ..VmConfig::default() };
    Vm::new(config).unwrap()
}

/// A contract that no other number gives.
fn numbered(number: u32) -> Vec<u8> {
    let body = format!("(drop (i32.const {number}))");
    wat::parse_str(format!(r#"(module (memory (export "memory") 1 16) (func (export "florin_call") {body}))"#)).unwrap()
}

fn load(vm: &Vm, number: u32) {
    let module = numbered(number);
    vm.load(keccak256(&module), &module).unwrap();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Asserts that every file is whole and authentic, and that none is left half written; returns how many there are.
fn sound(vm: &Vm) -> usize {
    let files = vm.cache_files().unwrap().verify().unwrap();
    for file in &files {
        assert!(matches!(file.standing, Standing::Current { .. }), "{file:?}");
    }
    files.len()
}
