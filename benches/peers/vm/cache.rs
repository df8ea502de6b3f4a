//! Looking compiled code up: a hit in memory by one thread and by two at the same time, and a file beside a compilation.
//!
//! Guarantees that every lookup finds its code, that the two threads start together, and that a load which was to come from
//! a file, or from the compiler, did.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

use tempfile::TempDir;

use alloy_primitives::{B256, keccak256};
use florin_runtime::vm::{CacheCounts, CacheFolder, NodeKey, Vm, VmConfig};

use crate::variant::variant;
use florin_peers::clock::{Nanoseconds, Side, each, median, medians, timed};
use florin_peers::failure::Failure;

/// Contracts that are looked up, in turn.
pub(crate) const CONTRACTS: u32 = 16;

/// Lookups of a round and thread.
pub(crate) const LOOKUPS: u32 = 100_000;

/// What a hit costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    /// CPU time, one thread.
    pub(crate) alone: Nanoseconds,
    /// CPU time, two threads; of the slower.
    pub(crate) together: Nanoseconds,
    /// Time on the wall, two threads; of the slower.
    pub(crate) together_wall: Nanoseconds,
}

/// Measures a hit in so many rounds.
///
/// # Errors
/// If a lookup misses.
pub(crate) fn measure(rounds: usize) -> Result<Hit, Failure> {
    let vm = Vm::new(VmConfig::default())?;
    let token = florin_benches::contracts::artifact("token")?;
    let mut hashes = Vec::new();
    for number in 0..CONTRACTS {
        let module = variant(&token, number);
        hashes.push(keccak256(&module));
        vm.load(keccak256(&module), &module)?;
    }
    let (mut alone, mut together, mut together_wall) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        alone.push(lookups(&vm, &hashes)?);
        let (cpu, wall) = at_once(&vm, &hashes)?;
        together.push(cpu);
        together_wall.push(wall);
    }
    Ok(Hit { alone: median(alone), together: median(together), together_wall: median(together_wall) })
}

/// What it costs to get code that is not in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// CPU time, from a file.
    pub(crate) file: Nanoseconds,
    /// CPU time, by checking, metering and compiling.
    pub(crate) compiled: Nanoseconds,
}

/// Measures a load of the token from a file and by compiling, in so many rounds.
///
/// # Errors
/// If a load does not come from where it should.
pub(crate) fn load(rounds: usize) -> Result<Load, Failure> {
    let folder = TempDir::new().map_err(Failure::system("cannot make a folder"))?;
    let key = NodeKey::new([1; 32]);
    let cache_folder = CacheFolder { path: folder.path().join("code"), bytes_max: CacheFolder::BYTES_MAX_DEFAULT, key };
    let with_files = Vm::new(VmConfig { cache_folder: Some(cache_folder), ..VmConfig::default() })?;
    let without = Vm::new(VmConfig::default())?;
    let token = florin_benches::contracts::artifact("token")?;
    let hash = keccak256(&token);
    with_files.load(hash, &token)?;
    let sides: [Side<'_>; 2] = [
        Box::new(|| load_again(&with_files, hash, &token, |counts| counts.file_hits)),
        Box::new(|| load_again(&without, hash, &token, |counts| counts.compilations)),
    ];
    let [file, compiled] = medians(rounds, sides)?;
    Ok(Load { file, compiled })
}

/// Forgets the code and returns the CPU time of loading it, which must move the counter.
fn load_again(vm: &Vm, hash: B256, code: &[u8], counter: fn(&CacheCounts) -> u64) -> Result<Nanoseconds, Failure> {
    vm.drop_cached();
    let before = counter(&vm.cache_counts());
    let time = timed(1, || vm.load(hash, code).map(|code| drop(black_box(code))).map_err(Failure::from))?;
    match counter(&vm.cache_counts()).saturating_sub(before) {
        1 => Ok(time),
        _ => Err(Failure::Wrong("a load did not come from where it should".to_owned())),
    }
}

fn lookups(vm: &Vm, hashes: &[B256]) -> Result<Nanoseconds, Failure> {
    timed(LOOKUPS, || {
        hashes.iter().cycle().take(LOOKUPS as usize).try_for_each(|hash| match vm.cached(black_box(*hash)) {
            Some(code) if black_box(&code).hash() == *hash => Ok(()),
            _ => Err(Failure::Wrong("the cache lost a contract".to_owned())),
        })
    })
}

/// Returns CPU time and wall time of the slower of two threads.
fn at_once(vm: &Vm, hashes: &[B256]) -> Result<(Nanoseconds, Nanoseconds), Failure> {
    let start = Barrier::new(2);
    let side = || {
        start.wait();
        let clock = Instant::now();
        let cpu = lookups(vm, hashes)?;
        Ok((cpu, each(clock.elapsed(), LOOKUPS)))
    };
    let (one, two) = std::thread::scope(|scope| {
        let other = scope.spawn(side);
        (side(), other.join())
    });
    let two = two.unwrap_or_else(|_| Err(Failure::Wrong("a thread panicked".to_owned())));
    let ((one, one_wall), (two, two_wall)): (_, (Nanoseconds, Nanoseconds)) = (one?, two?);
    Ok((one.max(two), one_wall.max(two_wall)))
}
