//! What a program that embeds the runtime relies on: the example runs, machines and chains share nothing, and nothing
//! that comes from outside panics.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test stops where it fails")]

use std::thread;

use florin_runtime::block::{Block, CommittedBlock, ExecutedBlock};
use florin_runtime::chain::Chain;
use florin_runtime::gas::GasSchedule;
use florin_runtime::vm::{Code, EngineKind, Optimize, Vm, VmConfig};

#[path = "../examples/embed.rs"]
mod embed;

#[test]
fn the_example_runs() {
    embed::main().unwrap();
}

#[test]
fn machines_code_chains_and_blocks_go_from_thread_to_thread() {
    const fn shared<T: Send + Sync + 'static>() {}
    const {
        shared::<Vm>();
        shared::<Code>();
        shared::<Chain>();
        shared::<Block>();
        shared::<ExecutedBlock>();
        shared::<CommittedBlock>();
    }
}

/// A machine follows its own settings, whatever another machine of the process is doing.
#[test]
fn machines_with_different_settings_live_side_by_side() {
    let mut dear = GasSchedule::default();
    dear.transaction += 1_000;
    let unoptimized = EngineKind::Compiled { optimize: Optimize::None };
    let machines = [
        VmConfig::default(),
        VmConfig { engine: unoptimized, cache_bytes_max: 0, ..VmConfig::default() },
        VmConfig { engine: EngineKind::Interpreted, instances_max: 1, ..VmConfig::default() },
        VmConfig { schedule: dear, ..VmConfig::default() },
    ];
    let run = |vm: &VmConfig| embed::run(vm.clone()).unwrap();
    let alone: Vec<_> = machines.iter().map(run).collect();
    assert_eq!((&alone[0], &alone[0]), (&alone[1], &alone[2]), "engine and cache change nothing");
    assert_eq!(alone[3].0.gas_used.0, alone[0].0.gas_used.0 + 1_000, "prices do");
    let together: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = machines.iter().map(|vm| scope.spawn(move || run(vm))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(together, alone);
}
