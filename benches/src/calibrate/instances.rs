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
    let mut cases = pages(world)?;
    cases.extend(wide(world)?);
    cases.extend(bulk(world)?);
    cases.extend(table_bulk(world)?);
    Ok(cases)
}

/// Returns the cases of memory: the pages that a call begins with, and those that it takes.
///
/// # Errors
/// If a contract is refused.
pub fn pages(world: &mut World) -> Result<Vec<Case>, WorkloadError> {
    let mut cases = Vec::new();
    for (price, pages) in [("instance", 1_u32), ("instance", 4), ("instance", 16), ("far_page", 64), ("far_page", 256)]
    {
        let touching = Guest::looped(TOUCH, 1).pages(pages).before(&format!("(local.set $p (i32.const {pages}))"));
        cases.push(calls(world, (price, pages.into()), "call that touches all of its memory", Kind::Worst, &touching)?);
    }
    for pages in [1_u32, 15, 64, 255] {
        let grow = format!("(drop (memory.grow (i32.const {pages}))) (local.set $p (memory.size))");
        let near = Guest::looped(TOUCH, 1).before(&grow);
        let (price, growing) = if pages < 16 { ("memory_grow", near) } else { ("far_page", near.far()) };
        cases.push(calls(world, (price, pages.into()), "grow and touch all of it", Kind::Worst, &growing)?);
    }
    let grow_none = Guest::unrolled("(drop (memory.grow (i32.const 0)))", 100, 100);
    cases.push(case(world, ("memory_grow", 0), "grow by nothing", Kind::Worst, &grow_none)?);
    Ok(cases)
}

/// Returns the cases of instances that are as large as the limits allow.
fn wide(world: &mut World) -> Result<Vec<Case>, WorkloadError> {
    let mut cases = Vec::new();
    let untouched = Guest::looped("", 1).pages(16);
    cases.push(calls(world, ("instance", 16), "call that touches none of its memory", Kind::Usual, &untouched)?);
    let globals = "(global (mut i64) (i64.const 77))".repeat(1_000);
    let one = format!("(table 4096 4096 funcref) (elem (i32.const 0) func {}) (func $f)", " $f".repeat(4_096));
    let functions: String = (0..4_096).map(|index| format!("(func $t{index})")).collect();
    let elements: String = (0..4_096).map(|index| format!(" $t{index}")).collect();
    let active = format!("(table 4096 4096 funcref) (elem (i32.const 0) func {elements}) {functions}");
    let passive = format!("(elem func {elements})");
    for (label, fields) in [
        ("call with 1,000 globals", globals),
        ("call with a table of 4,096 equal elements", one),
        ("call with a table of 4,096 functions", active),
        ("call with 1,000 data segments", "(data (i32.const 64) \"x\")".repeat(1_000 - 1)),
        ("call with 9,000 functions", "(func)".repeat(9_000)),
    ] {
        let wide = Guest::looped("", 1).fields(&fields);
        cases.push(calls(world, ("instance", 1), label, Kind::Worst, &wide)?);
    }
    for repeat in [1_u64, 10] {
        let fields = format!("{}{functions}", passive.repeat(repeat as usize));
        // An instance whose memory has grown is not used again, so that each call makes one.
        let guest = Guest::looped("(drop (memory.grow (i32.const 1)))", 1).fields(&fields);
        let units = 4_096 * repeat;
        cases.push(calls(world, ("passive_element", units), "call with passive segments", Kind::Worst, &guest)?);
    }
    Ok(cases)
}

/// Returns the bulk operations on memory by size.
///
/// # Errors
/// If a contract is refused.
pub fn bulk(world: &mut World) -> Result<Vec<Case>, WorkloadError> {
    let mut cases = Vec::new();
    for (bytes, rounds) in [(0_u32, 20_000), (1, 20_000), (64, 20_000), (4_096, 4_000), (65_536, 400)] {
        let fill = format!("(memory.fill (i32.const 64) (i32.const 7) (i32.const {bytes}))");
        let copy = format!("(memory.copy (i32.const 64) (i32.const 131072) (i32.const {bytes}))");
        for (label, body) in [("fill", fill), ("copy", copy)] {
            // A tick is the smallest price. It pays for a byte at the pace of a memory that all cores share; one core
            // alone is faster.
            let guest = Guest::looped(&body, rounds).pages(4);
            cases.push(case(world, ("bulk", bytes.into()), label, Kind::Usual, &guest)?);
        }
    }
    let touched = "(memory.fill (i32.const 64) (i32.const 1) (i32.const 16777152))";
    let fill = "(memory.fill (i32.const 64) (i32.const 7) (i32.const 16777152))";
    let copy = "(memory.copy (i32.const 64) (i32.const 8388672) (i32.const 8388544))";
    for (label, body, bytes) in [("fill", fill, 16_777_152), ("copy", copy, 8_388_544)] {
        let guest = Guest::looped(body, 21).pages(256).setup(touched);
        cases.push(case(world, ("bulk", bytes), label, Kind::Usual, &guest)?);
    }
    for bytes in [0_u32, 1, 4_096, 65_536] {
        let passive = format!("(data $source \"{}\")", "x".repeat(bytes as usize));
        let body = format!("(memory.init $source (i32.const 64) (i32.const 0) (i32.const {bytes}))");
        let guest = Guest::looped(&body, 2_000).pages(2).fields(&passive);
        let kind = if bytes > 1 { Kind::Usual } else { Kind::Worst };
        cases.push(case(world, ("bulk", bytes.into()), "init", kind, &guest)?);
    }
    Ok(cases)
}

/// The bulk operations on tables by size.
fn table_bulk(world: &mut World) -> Result<Vec<Case>, WorkloadError> {
    let mut cases = Vec::new();
    for elements in [0_u32, 1, 256, 4_096] {
        let table = full_table("");
        let half = elements.min(2_048);
        let copy = format!("(table.copy (i32.const 0) (i32.const 2048) (i32.const {half}))");
        let init = format!("(table.init $source (i32.const 0) (i32.const 0) (i32.const {elements}))");
        for (label, body, elements) in [("copy", copy, half), ("init of a table", init, elements)] {
            let guest = Guest::looped(&body, 1_001).fields(&table).setup("nop");
            let kind = if elements > 1 { Kind::Worst } else { Kind::Usual };
            cases.push(case(world, ("table_bulk", elements.into()), label, kind, &guest)?);
        }
    }
    Ok(cases)
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
