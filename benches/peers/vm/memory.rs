//! What compiled contracts and living instances take of the machine's memory, each measured in a process of its own.

use std::process::Command;

use florin_benches::contracts::artifact;
use florin_runtime::vm::{Vm, VmConfig};

use crate::token::Token;
use crate::variant::variant;
use crate::world::TICKS;
use florin_peers::failure::Failure;
use florin_peers::process::Process;

/// Bytes in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resident {
    /// Before.
    pub(crate) before: u64,
    /// What came on top and stayed.
    pub(crate) more: u64,
}

/// Starts this program again, to measure one thing and end.
///
/// # Errors
/// If it cannot be started or fails.
pub(crate) fn in_a_child(what: &str, count: u32) -> Result<Resident, Failure> {
    let program = std::env::current_exe().map_err(Failure::system("cannot find this program"))?;
    let count = count.to_string();
    let mut child = Process::start("a process of this program", Command::new(program).args([what, &count]))?;
    let [before, more] = child.answer()?;
    Ok(Resident { before, more })
}

/// Compiles so many contracts and keeps them in the cache; returns the bytes before and on top.
///
/// # Errors
/// If one is refused, or the cache does not hold all.
pub(crate) fn cached(count: u32) -> Result<Resident, Failure> {
    let vm = Vm::new(VmConfig { cache_bytes_max: usize::MAX, ..VmConfig::default() })?;
    let token = artifact("token")?;
    let before = resident_bytes()?;
    for number in 0..count {
        let module = variant(&token, number);
        vm.load(alloy_primitives::keccak256(&module), &module)?;
    }
    let more = resident_bytes()?.saturating_sub(before);
    match vm.cache_counts().entries {
        entries if entries == u64::from(count) => Ok(Resident { before, more }),
        entries => Err(Failure::Wrong(format!("the cache holds {entries} contracts instead of {count}"))),
    }
}

/// Keeps so many instances of the token, each after a transfer; returns the bytes before and on top.
///
/// # Errors
/// If a transfer fails.
pub(crate) fn live(count: u32) -> Result<Resident, Failure> {
    let mut token = Token::new(VmConfig::default())?;
    let before = resident_bytes()?;
    let mut kept = Vec::new();
    for _ in 0..count {
        let mut warm = token.world.vm.warm(&token.world.code)?;
        token.transfer_by(1, |_, frame| warm.run(frame, TICKS))?;
        kept.push(warm);
    }
    let more = resident_bytes()?.saturating_sub(before);
    drop(kept);
    Ok(Resident { before, more })
}

/// Returns the bytes of this process that are in memory now.
fn resident_bytes() -> Result<u64, Failure> {
    let status =
        std::fs::read_to_string("/proc/self/status").map_err(Failure::system("cannot read /proc/self/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    let kibibytes = kibibytes.ok_or_else(|| Failure::Wrong("the kernel does not tell the memory".to_owned()))?;
    Ok(kibibytes.saturating_mul(1024))
}
