//! Instances and memory: making one, growing it, touching every page of it, and the bulk operations.
//!
//! The kernel gives a page of 4 KiB when it is touched first, and that is the price of having the page: a guest touches all
//! that it has been given, which is the worst that it can do.

use super::guest::{Guest, case, seed};
use super::world::{Expected, World};
use super::{Case, Kind, Run};
use crate::ledger::WorkloadError;

/// Calls of one run, so that a run takes long enough.
const CALLS: u64 = 64;

/// Stores to every page of 4 KiB up to `$p` pages of 64 KiB.
const TOUCH: &str = "(local.set $i (i32.shl (local.get $p) (i32.const 16))) (loop $touch (local.set $i (i32.sub (local.get $i) \
    (i32.const 4096))) (i32.store offset=64 (local.get $i) (i32.const 1)) (br_if $touch (local.get $i)))";

/// Returns every case.
///
/// # Errors
/// If a contract is refused.
pub fn cases(world: &mut World) -> Result<Vec<Case>, WorkloadError> {
    let mut cases = Vec::new();
    for pages in [1_u32, 4, 16, 64, 256] {
        let touching = Guest::looped(TOUCH, 1).pages(pages).before(&format!("(local.set $p (i32.const {pages}))"));
        cases.push(calls(
            world,
            ("instance", pages.into()),
            "call that touches all of its memory",
            Kind::Worst,
            &touching,
        )?);
    }
    let untouched = Guest::looped("", 1).pages(16);
    cases.push(calls(world, ("instance", 16), "call that touches none of its memory", Kind::Usual, &untouched)?);
    let globals = "(global (mut i64) (i64.const 77))".repeat(1_000);
    let one = format!("(table 4096 4096 funcref) (elem (i32.const 0) func {}) (func $f)", " $f".repeat(4_096));
    for (label, fields) in [
        ("call with 1,000 globals", globals.clone()),
        ("call with a table of 4,096 equal elements", one),
        ("call with a table of 4,096 functions", full_table("")),
        ("call with 1,000 globals and 4,096 functions", full_table(&globals)),
        ("call with 1,000 data segments", "(data (i32.const 64) \"x\")".repeat(1_000 - 1)),
        ("call with 9,000 functions", "(func)".repeat(9_000)),
    ] {
        let wide = Guest::looped("", 1).fields(&fields);
        cases.push(calls(world, ("instance", 1), label, Kind::Worst, &wide)?);
    }
    for pages in [1_u32, 16, 64, 255] {
        let grow = format!("(drop (memory.grow (i32.const {pages}))) (local.set $p (memory.size))");
        let growing = Guest::looped(TOUCH, 1).before(&grow);
        cases.push(calls(world, ("memory_grow", pages.into()), "grow and touch all of it", Kind::Worst, &growing)?);
    }
    let grow_none = Guest::unrolled("(drop (memory.grow (i32.const 0)))", 100, 100);
    cases.push(case(world, ("memory_grow", 0), "grow by nothing", Kind::Worst, &grow_none)?);
    bulk(world, &mut cases)?;
    Ok(cases)
}

/// Bulk operations by size, on memory that has been touched.
fn bulk(world: &mut World, cases: &mut Vec<Case>) -> Result<(), WorkloadError> {
    for (bytes, rounds) in [(0_u32, 20_000), (1, 20_000), (64, 20_000), (4_096, 4_000), (65_536, 400)] {
        let fill = format!("(memory.fill (i32.const 64) (i32.const 7) (i32.const {bytes}))");
        let copy = format!("(memory.copy (i32.const 64) (i32.const 131072) (i32.const {bytes}))");
        for (label, body) in [("fill", fill), ("copy", copy)] {
            cases.push(case(
                world,
                ("bulk", bytes.into()),
                label,
                Kind::Worst,
                &Guest::looped(&body, rounds).pages(4),
            )?);
        }
    }
    let touched = "(memory.fill (i32.const 64) (i32.const 1) (i32.const 16777152))";
    let fill = "(memory.fill (i32.const 64) (i32.const 7) (i32.const 16777152))";
    let copy = "(memory.copy (i32.const 64) (i32.const 8388672) (i32.const 8388544))";
    for (label, body, bytes) in [("fill", fill, 16_777_152), ("copy", copy, 8_388_544)] {
        let guest = Guest::looped(body, 21).pages(256).setup(touched);
        cases.push(case(world, ("bulk", bytes), label, Kind::Worst, &guest)?);
    }
    for bytes in [0_u32, 1, 4_096, 65_536] {
        let passive = format!("(data $source \"{}\")", "x".repeat(bytes as usize));
        let body = format!("(memory.init $source (i32.const 64) (i32.const 0) (i32.const {bytes}))");
        let guest = Guest::looped(&body, 2_000).pages(2).fields(&passive);
        cases.push(case(world, ("bulk", bytes.into()), "init", Kind::Worst, &guest)?);
    }
    for elements in [0_u32, 1, 256, 4_096] {
        let table = full_table("");
        let half = elements.min(2_048);
        let copy = format!("(table.copy (i32.const 0) (i32.const 2048) (i32.const {half}))");
        let init = format!("(table.init $source (i32.const 0) (i32.const 0) (i32.const {elements}))");
        for (label, body, elements) in [("copy of a table", copy, half), ("init of a table", init, elements)] {
            let guest = Guest::looped(&body, 1_001).fields(&table).setup("nop");
            cases.push(case(world, ("table_bulk", elements.into()), label, Kind::Worst, &guest)?);
        }
    }
    Ok(())
}

/// A table at its limit, of functions that all differ, and a passive segment of the same.
fn full_table(more: &str) -> String {
    let functions: String = (0..4_096).map(|index| format!("(func $t{index})")).collect();
    let elements: String = (0..4_096).map(|index| format!(" $t{index}")).collect();
    format!(
        "(table 4096 4096 funcref) (elem (i32.const 0) func {elements}) (elem $source func {elements}) {functions} {more}"
    )
}

/// Makes a case of whole calls.
fn calls(
    world: &World,
    price: (&'static str, u64),
    label: &str,
    kind: Kind,
    guest: &Guest,
) -> Result<Case, WorkloadError> {
    let code = world.load(&guest.text())?;
    let run: Run = Box::new(move |world, round| world.calls(&code, &seed(round), Expected::Finished, CALLS));
    let (price, units) = price;
    Ok(Case { price, label: label.to_owned(), units, operations: CALLS, kind, run, before: None })
}
