//! Outside references for the machine: generated contracts on every engine.
//!
//! Guarantees that a run is a function of its seed: module `n` of a seed is the same module on every machine, so that a
//! difference can be made again from two numbers. Built by the feature `reference` only; contracts' authors need none of
//! it.
//!
//! - [`generate`]: entropy to a legal contract, by `wasm-smith` and a frame of our own around its functions.
//! - [`engines`]: one contract on all engines, compared in everything that anyone can see.

pub mod engines;
pub mod generate;

use std::collections::BTreeMap;

use engines::{Difference, Engines};
use florin_runtime::fault::Fault;
use generate::{Case, ENTROPY_BYTES};

/// Tries for one legal module; what the generator makes is legal every second time.
const TRIES_MAX: u64 = 1_000;

/// What modules came to, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Modules that ran.
    pub modules: u64,
    /// Generated modules that the upload check refused.
    pub refused: u64,
    /// Calls by their ending: `Finished`, `Reverted`, or the name of a status.
    pub endings: BTreeMap<&'static str, u64>,
    /// Ticks of all calls together.
    pub ticks: u64,
    /// Calls that left their memory other than it was in the beginning.
    pub wrote_memory: u64,
}

impl Tally {
    /// Adds another part of a run.
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        self.modules = self.modules.saturating_add(other.modules);
        self.refused = self.refused.saturating_add(other.refused);
        self.ticks = self.ticks.saturating_add(other.ticks);
        self.wrote_memory = self.wrote_memory.saturating_add(other.wrote_memory);
        for (ending, count) in &other.endings {
            let sum = self.endings.entry(ending).or_default();
            *sum = sum.saturating_add(*count);
        }
        self
    }

    /// Returns how many percent of the calls ended like this.
    pub fn percent(&self, ending: &str) -> u64 {
        let count = self.endings.get(ending).copied().unwrap_or_default();
        count.saturating_mul(100).checked_div(self.modules).unwrap_or_default()
    }
}

/// Makes a module of a seed and runs it on every engine.
///
/// # Errors
/// The difference, with the module.
///
/// # Panics
/// If the generator makes no legal module, which is a bug of its settings.
pub fn run_one(engines: &Engines, seed: u64, number: u64) -> Result<Tally, Box<Difference>> {
    let mut tally = Tally { modules: 1, ..Tally::default() };
    let case = (0..TRIES_MAX).find_map(|attempt| {
        let case = generate::case(&entropy(seed, number, attempt));
        tally.refused = tally.refused.saturating_add(u64::from(case.is_none()));
        case
    });
    let Some(case) = case else { panic!("no legal module of seed {seed}, number {number}") };
    let seen = engines.compare(&case)?;
    tally.endings.insert(seen.ending, 1);
    tally.ticks = seen.ticks;
    tally.wrote_memory = u64::from(seen.memory != case.memory);
    Ok(tally)
}

/// Runs the modules `numbers` of a seed on as many threads as there are; stops at the first difference.
///
/// # Errors
/// A difference, with the module; or a fault of the host as one.
pub fn run(
    seed: u64,
    numbers: core::ops::Range<u64>,
    progress: impl Fn() + Sync,
) -> Result<Result<Tally, Box<Difference>>, Fault> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let engines = (0..threads).map(|_| Engines::new()).collect::<Result<Vec<_>, _>>()?;
    let run = |engines: Engines, first: usize| {
        numbers.clone().skip(first).step_by(threads).try_fold(Tally::default(), |tally, number| {
            let one = run_one(&engines, seed, number)?;
            progress();
            Ok(tally.plus(&one))
        })
    };
    let run = &run;
    let parts = std::thread::scope(|scope| {
        let runs: Vec<_> =
            engines.into_iter().enumerate().map(|(first, engines)| scope.spawn(move || run(engines, first))).collect();
        // A panic of a thread goes on here.
        let join = |part: std::thread::ScopedJoinHandle<'_, _>| match part.join() {
            Ok(part) => part,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        runs.into_iter().map(join).collect::<Vec<Result<Tally, Box<Difference>>>>()
    });
    Ok(parts.into_iter().try_fold(Tally::default(), |tally, part| Ok(tally.plus(&part?))))
}

/// Returns the bytes from which a module is made.
fn entropy(seed: u64, number: u64, attempt: u64) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new_derive_key("florin differential 1");
    for part in [seed, number, attempt] {
        hasher.update(&part.to_le_bytes());
    }
    let mut bytes = vec![0; ENTROPY_BYTES];
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}

/// Makes module `number` of a seed, for whoever wants the module and not the run.
pub fn module(seed: u64, number: u64) -> Option<Case> {
    (0..TRIES_MAX).find_map(|attempt| generate::case(&entropy(seed, number, attempt)))
}
