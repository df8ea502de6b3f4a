//! Gas and time in the default tests: nothing that a contract can do takes much longer than its gas pays for.
//!
//! The bounds are loose on purpose, because other programs share the machine and a development build is slow: a case is
//! measured again and again until it is within them, [`ATTEMPTS`] times at most, and the smallest time counts. What they
//! catch is work that is not priced by its size at all, which is off by tens to thousands. The tight bounds are those of
//! `cargo run --release -p florin-benches --bin calibrate`.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "a test stops where it fails, and times are floats"
)]

use std::sync::{Mutex, MutexGuard, PoisonError};

use florin_benches::calibrate::guest::Guest;
use florin_benches::calibrate::world::{Scale, World};
use florin_benches::calibrate::{
    ALARM, BAND, Case, Measured, NS_PER_TICK, host, instances, measure, operators, signatures, storage,
};
use florin_benches::ledger::WorkloadError;

/// How much slower host functions are in a development build.
const SLACK: f64 = if cfg!(debug_assertions) { 6.0 } else { 1.0 };
/// Measurements of a case that is out of its bounds.
const ATTEMPTS: u32 = 8;

/// Lets one test measure at a time: where all of them are one process, the others would take its cores' other halves.
static MEASURING: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    MEASURING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn world() -> World {
    World::new(Scale { entries_log2: 12 }).unwrap()
}

/// Measures cases until each has been within a bound once; returns those that never were.
fn slower_than(
    bound: f64,
    world: &mut World,
    make: impl Fn(&mut World) -> Result<Vec<Case>, WorkloadError>,
) -> Vec<Measured> {
    let mut slow = measure_labels(world, &make, &[]);
    for _ in 1..ATTEMPTS {
        slow.retain(|case| case.ratio() > bound);
        if slow.is_empty() {
            break;
        }
        slow = measure_labels(world, &make, &slow);
    }
    slow.retain(|case| case.ratio() > bound);
    slow
}

/// Measures the cases that are named like some others, or all of them, once.
fn measure_labels(
    world: &mut World,
    make: &impl Fn(&mut World) -> Result<Vec<Case>, WorkloadError>,
    only: &[Measured],
) -> Vec<Measured> {
    let mut cases = make(world).unwrap();
    let same = |case: &Case, other: &Measured| {
        (case.price, &case.label, case.units) == (other.price, &other.label, other.units)
    };
    cases.retain(|case| only.is_empty() || only.iter().any(|other| same(case, other)));
    measure(world, cases, 1).unwrap()
}

fn told(slow: &[Measured]) -> String {
    let line = |case: &Measured| {
        format!("{} {}, {} units: {:.1} times its gas", case.price, case.label, case.units, case.ratio())
    };
    slow.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn case_36_no_host_function_takes_much_longer_than_it_pays_for() {
    let _alone = alone();
    let cases = |world: &mut World| {
        let mut cases = host::cases(world)?;
        cases.extend(storage::cases(world)?);
        cases.extend(signatures::cases(world)?);
        Ok(cases)
    };
    let slow = slower_than(ALARM * SLACK, &mut world(), cases);
    assert!(slow.is_empty(), "{}", told(&slow));
}

#[test]
fn case_36_no_operator_and_no_instance_takes_much_longer_than_it_pays_for() {
    let _alone = alone();
    let cases = |world: &mut World| {
        let mut cases = operators::cases(world)?;
        cases.extend(instances::pages(world)?);
        Ok(cases)
    };
    // Machine code is the same in every build; making an instance is not.
    let slow = slower_than(ALARM * SLACK, &mut world(), cases);
    assert!(slow.is_empty(), "{}", told(&slow));
}

#[test]
fn case_18_an_endless_loop_ends_within_the_time_that_its_gas_pays_for() {
    let _alone = alone();
    const TICKS: u64 = 40_000_000;
    let world = world();
    let store = "(i64.store (i32.const 64) (local.get $b))";
    let host = Guest::host("block_height", &[], 1);
    for (guest, bound) in [(Guest::looped("", 1), 1.5), (Guest::looped(store, 1), 1.5), (host, 1.5 * SLACK)] {
        let endless = Guest { body: format!("{} (br $again)", guest.body), ..guest };
        let code = world.load(&endless.text()).unwrap();
        let ratio = |_| {
            let reading = world.exhaust(&code, TICKS).unwrap();
            assert_eq!(reading.ticks, TICKS);
            reading.ns / (TICKS as f64 * NS_PER_TICK)
        };
        let mut fastest = f64::INFINITY;
        for attempt in 0..8 * ATTEMPTS {
            fastest = ratio(attempt).min(fastest);
            if fastest <= bound {
                break;
            }
        }
        assert!(fastest <= bound, "{fastest:.2} times the time of its gas: {}", endless.body);
    }
}

#[test]
fn case_20_a_bulk_operation_takes_no_longer_than_its_bytes_pay_for() {
    let _alone = alone();
    let bulk = |world: &mut World| {
        let mut cases = instances::bulk(world)?;
        cases.retain(|case| case.units > 0);
        Ok(cases)
    };
    let mut world = world();
    let slow = slower_than(*BAND.end(), &mut world, bulk);
    assert!(slow.is_empty(), "{}", told(&slow));
    let measured = measure_labels(&mut world, &bulk, &[]);
    for case in measured.iter().filter(|case| case.units >= 4_096) {
        assert!(case.ticks >= case.units as f64, "{} of {} bytes costs {} ticks", case.label, case.units, case.ticks);
    }
}
