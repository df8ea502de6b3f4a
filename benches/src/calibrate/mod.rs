//! Calibration: what the work behind each price of the gas schedule takes on this machine, held against the price.
//!
//! ```text
//! target   1 gas = 2 ns of one core, so 1 tick = 0.25 ns
//! ratio    measured ns / (ticks charged * 0.25 ns)       1 is even, above 1 is too cheap, below 1 too dear
//! band     0.25 ..= 2 for every row on its worst legal input
//! ```
//! The target follows from one figure that wallets know: a plain transfer costs 21,000 gas. From its bytes to its place in
//! the state it takes 35 to 40 us of one core, most of it the recovery of its signer, so one gas is about 2 ns. The
//! transfer is a row of the table like any other.
//!
//! Guarantees that a figure is the smallest of several rounds, in which all cases take turns, of the time that this
//! process had the processor: another program on the machine can make a figure worse by the caches that it empties, and by
//! nothing else.
//!
//! - [`clock`]: time of the processor.
//! - [`fit`]: base and price of a unit from measured sizes.
//! - [`world`]: a state of a million entries, and calls of contracts on it.
//! - [`guest`]: contracts that do one thing many times.
//! - [`operators`], [`instances`], [`host`], [`storage`], [`signatures`], [`transactions`], [`uploads`]: the cases.
//! - [`report`]: the table, the verdicts and the fitted prices.
#![allow(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "measured times are floats, and what is counted here is small"
)]

pub mod clock;
pub mod fit;
pub mod guest;
pub mod host;
pub mod instances;
pub mod operators;
pub mod report;
pub mod signatures;
pub mod storage;
pub mod transactions;
pub mod uploads;
pub mod world;

use core::ops::RangeInclusive;

use florin_abi::GasClass;
use florin_runtime::gas::{GasSchedule, Price};

use crate::ledger::WorkloadError;
use world::World;

/// Nanoseconds of one core that a tick stands for.
pub const NS_PER_TICK: f64 = 0.25;

/// Where the ratio of a row's worst input must lie.
pub const BAND: RangeInclusive<f64> = 0.25..=2.0;

/// What no case may exceed.
pub const ALARM: f64 = 4.0;

/// What one run of a case took and paid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Time of the processor.
    pub ns: f64,
    /// Ticks charged.
    pub ticks: u64,
}

impl Reading {
    /// Slower than anything.
    const WORST: Self = Self { ns: f64::INFINITY, ticks: 0 };

    /// Returns the shorter of two.
    fn min(self, other: Self) -> Self {
        if other.ns < self.ns { other } else { self }
    }
}

/// Which bounds of the band hold for a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The worst legal input of its size: both bounds.
    Worst,
    /// What contracts usually do, or what pays for bytes that stay: it may be cheaper to run than it is priced.
    Usual,
    /// A corner that no price of its group can meet without making everything else too dear: below the alarm.
    Corner,
}

/// One way of doing a priced thing, at one size.
pub struct Case {
    /// The price that it tests, as the schedule names it.
    pub price: &'static str,
    /// What is done.
    pub label: String,
    /// Units of the price in one operation.
    pub units: u64,
    /// Operations in one run.
    pub operations: u64,
    /// Which bounds hold.
    pub kind: Kind,
    /// Runs it once; the argument counts the rounds.
    pub run: Run,
    /// Runs what comes before it and with it alone, which is taken off.
    pub before: Option<Run>,
}

/// A run of a case.
pub type Run = Box<dyn FnMut(&mut World, u32) -> Result<Reading, WorkloadError>>;

/// A case as it was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The price that it tests.
    pub price: &'static str,
    /// What is done.
    pub label: String,
    /// Units of the price in one operation.
    pub units: u64,
    /// Which bounds hold.
    pub kind: Kind,
    /// Nanoseconds of one operation.
    pub ns: f64,
    /// Ticks of one operation, with the code around it.
    pub ticks: f64,
}

impl Measured {
    /// Returns measured over priced time.
    pub fn ratio(&self) -> f64 {
        self.ns / (self.ticks * NS_PER_TICK)
    }

    /// Tells whether the bounds that hold for it are kept.
    pub fn is_within(&self) -> bool {
        match self.kind {
            Kind::Worst => BAND.contains(&self.ratio()),
            Kind::Usual => self.ratio() <= *BAND.end(),
            Kind::Corner => self.ratio() <= ALARM,
        }
    }
}

/// Returns every case, by price.
///
/// # Errors
/// If a contract of a case is refused.
pub fn cases(world: &mut World) -> Result<Vec<Case>, WorkloadError> {
    let mut cases = operators::cases(world)?;
    cases.extend(instances::cases(world)?);
    cases.extend(host::cases(world)?);
    cases.extend(storage::cases(world)?);
    cases.extend(signatures::cases(world)?);
    cases.extend(transactions::cases()?);
    Ok(cases)
}

/// Measures cases in so many rounds, in which they take turns.
///
/// # Errors
/// If a run fails.
pub fn measure(world: &mut World, cases: Vec<Case>, rounds: u32) -> Result<Vec<Measured>, WorkloadError> {
    let mut best = vec![(Reading::WORST, Reading::WORST); cases.len()];
    let mut cases = cases;
    for round in 0..rounds {
        for (case, (all, before)) in cases.iter_mut().zip(&mut best) {
            let named = |error| WorkloadError::Contract(format!("{}, {}: {error}", case.price, case.label));
            *all = all.min((case.run)(world, round).map_err(named)?);
            *before = match &mut case.before {
                Some(run) => before.min(run(world, round).map_err(named)?),
                None => Reading { ns: 0.0, ticks: 0 },
            };
        }
    }
    let each = |(case, (all, before)): (Case, (Reading, Reading))| {
        let Case { price, label, units, operations, kind, .. } = case;
        let operations = operations as f64;
        let ns = (all.ns - before.ns).max(0.0) / operations;
        Measured { price, label, units, kind, ns, ticks: all.ticks.saturating_sub(before.ticks) as f64 / operations }
    };
    Ok(cases.into_iter().zip(best).map(each).collect())
}

/// Returns the schedule's price of this name: a host function's class, an operator group, or a part of a transaction.
pub fn price_now(schedule: &GasSchedule, name: &str) -> Option<Price> {
    let operators = &schedule.operators;
    let flat = |base| Some(Price { base, per_unit: 0 });
    let per_unit = |gas: u64| Some(Price { base: 0, per_unit: gas * florin_runtime::gas::TICKS_PER_GAS });
    match name {
        "simple" => flat(operators.simple),
        "multiply" => flat(operators.multiply),
        "divide" => flat(operators.divide),
        "global" => flat(operators.global),
        "memory" => flat(operators.memory),
        "far_memory" => flat(operators.far.memory),
        "branch" => flat(operators.branch),
        "call" => flat(operators.call + operators.function),
        "call_indirect" => flat(operators.call_indirect + operators.function),
        "local" => Some(Price { base: operators.call + operators.function, per_unit: operators.local }),
        "call_host" => flat(operators.call_host),
        "bulk" => Some(operators.bulk),
        "table_bulk" => Some(operators.table_bulk),
        "memory_grow" => Some(operators.memory_grow),
        "instance" => Some(operators.instance),
        "far_page" => Some(Price { base: operators.instance.base, per_unit: operators.far.page }),
        "passive_element" => Some(Price { base: operators.instance.base, per_unit: operators.passive_element }),
        "output" => Some(schedule.output),
        "transaction" => flat(schedule.transaction * florin_runtime::gas::TICKS_PER_GAS),
        "calldata_byte" => per_unit(schedule.calldata_byte),
        "code_byte" => per_unit(schedule.code_byte),
        _ => {
            let class = GasClass::ALL.iter().find(|class| format!("{class:?}") == name)?;
            schedule.host.get(*class as usize).copied()
        }
    }
}
