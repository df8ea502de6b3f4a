//! The key of compiled code: whatever could make the code another makes the key another.

use std::collections::BTreeSet;
use std::path::Path;

use alloy_primitives::B256;

use super::{ENGINES, PLENTY, contract, run_on};
use crate::gas::GasSchedule;
use crate::vm::cache::key::{BUILD, Ingredients, SOURCES, Setting, limits_hash, sources_hash};
use crate::vm::{Vm, VmConfig};

fn base() -> Ingredients<'static> {
    Ingredients {
        instrumentation: "pass",
        sources: [1; 32],
        schedule: GasSchedule::default().hash(),
        limits: limits_hash(),
        engine: [2; 32],
        target: "x86_64-unknown-linux-gnu ",
        build: BUILD,
    }
}

#[test]
fn case_42_each_thing_that_compiled_code_depends_on_changes_the_key() {
    let others = [
        Ingredients { instrumentation: "another pass", ..base() },
        Ingredients { sources: [3; 32], ..base() },
        Ingredients { schedule: [3; 32], ..base() },
        Ingredients { limits: [3; 32], ..base() },
        // The engine's release and settings, proposals, tunables.
        Ingredients { engine: [3; 32], ..base() },
        Ingredients { target: "aarch64-unknown-linux-gnu ", ..base() },
        Ingredients { target: "x86_64-unknown-linux-gnu has_avx2=true", ..base() },
        Ingredients { build: "0.1.0/of another kind", ..base() },
        // Parts do not run together.
        Ingredients { instrumentation: "passx86_64-unknown-linux-gnu ", target: "", ..base() },
    ];
    let code = B256::repeat_byte(7);
    let key = |ingredients: &Ingredients<'_>| Setting::new(ingredients).key(code).to_string();
    assert_eq!(key(&base()), key(&base()));
    let keys: BTreeSet<String> = others.iter().chain([&base()]).map(key).collect();
    assert_eq!(keys.len(), others.len() + 1);
    assert_ne!(key(&base()), Setting::new(&base()).key(B256::repeat_byte(8)).to_string());
}

#[test]
fn case_42_the_engines_of_two_settings_have_two_keys() {
    let key = |vm: &Vm| vm.0.backend.setting(vm.schedule(), vm.0.tracing).key(B256::ZERO).to_string();
    let keys: BTreeSet<String> = ENGINES.iter().map(|(_, vm)| key(vm)).collect();
    // How instances are used is no part of the code: one machine differs from another in nothing else.
    assert_eq!(keys.len() + 1, ENGINES.len());
    let again = Vm::new(VmConfig { instances_max: 4, ..VmConfig::default() }).unwrap();
    assert!(keys.contains(&key(&again)), "the same setting has the same key in another machine");
}

#[test]
fn case_43_a_changed_price_changes_the_key_and_the_receipts() {
    let mut dearer = GasSchedule::default();
    dearer.operators.simple += 1;
    assert_ne!(dearer.hash(), GasSchedule::default().hash());
    let vm = Vm::new(VmConfig { schedule: dearer, instances_max: 4, ..VmConfig::default() }).unwrap();
    let (_, cheap) = &ENGINES[1];
    let key = |vm: &Vm| vm.0.backend.setting(vm.schedule(), vm.0.tracing).key(B256::ZERO).to_string();
    assert_ne!(key(&vm), key(cheap));
    let module = contract("(drop (i32.const 6))");
    for _ in 0..2 {
        let (old, new) = (run_on(cheap, &module, PLENTY), run_on(&vm, &module, PLENTY));
        assert_eq!(new.ticks, old.ticks + 2);
    }
}

/// A new file of a pass that is forgotten here would let stale code live on.
#[test]
fn every_source_of_the_passes_is_a_part_of_the_key() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for folder in ["vm/instrument", "vm/validate"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let name = format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap());
            let is_test = name.ends_with("/tests.rs") || name.ends_with("/naive.rs");
            let is_source = name.ends_with(".rs") && !is_test;
            assert!(!is_source || SOURCES.iter().any(|(source, _)| *source == name), "{name} is not hashed");
        }
    }
    for (name, text) in SOURCES {
        assert_eq!(std::fs::read(root.join(name)).unwrap(), *text, "{name}");
    }
    assert_ne!(sources_hash(), [0; 32]);
}
