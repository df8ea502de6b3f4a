//! The rows of the table: what is measured beside what, and the bound of each.

use std::num::NonZeroU32;

use florin_benches::{metering, u128_formulas};
use florin_runtime::vm::{EngineKind, VmConfig};

use crate::cosmwasm::Cosmwasm;
use crate::memory::{Resident, in_a_child};
use crate::token::{Native, RECIPIENTS, Token};
use crate::{cache, host_read, isolation};
use florin_peers::clock::{Nanoseconds, Side, medians};
use florin_peers::failure::Failure;
use florin_peers::report::{Bound, Report, Row, rounded};

/// Calls of a round, so that a round is long enough for the clock and short enough to take turns.
const CALLS: u32 = 1_000;

/// Calls of a round of what takes some ten times as long.
const SLOW_CALLS: u32 = 100;

/// Contracts that the peer keeps: it takes megabytes for each.
const PEER_CONTRACTS: u32 = 100;

/// Instances that live at the same time.
const INSTANCES: u32 = 64;

/// What a run does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Rounds of each comparison.
    pub(crate) rounds: NonZeroU32,
    /// Contracts that are kept in the cache.
    pub(crate) contracts: NonZeroU32,
    /// Whether the peer is measured.
    pub(crate) cosmwasm: bool,
}

impl Plan {
    fn rounds(&self) -> usize {
        self.rounds.get() as usize
    }
}

/// Measures everything.
///
/// # Errors
/// If anything fails; a figure that falls short is no failure.
pub(crate) fn measure(plan: &Plan) -> Result<Report, Failure> {
    let mut peer = plan.cosmwasm.then(Cosmwasm::start).transpose()?;
    let settings = vec![
        ("rounds", plan.rounds.get().into()),
        ("calls a round", CALLS.into()),
        ("calls a round of peers", SLOW_CALLS.into()),
        ("recipients", RECIPIENTS.into()),
        ("calls a round on a warm instance", isolation::CALLS.into()),
        ("empty calls a round", isolation::EMPTY_CALLS.into()),
        ("reads a call", host_read::READS.into()),
        ("entries beside the one read", host_read::ENTRIES.into()),
        ("lookups a round", cache::LOOKUPS.into()),
        ("contracts looked up", cache::CONTRACTS.into()),
    ];
    let taken = "CPU time, medians of interleaved rounds".to_owned();
    let mut report = Report { taken, settings, rows: Vec::new() };
    let mut add = |step: &str, rows: Vec<Row>| {
        eprintln!("measured: {step}");
        report.rows.extend(rows);
    };
    add("transfers", transfers(plan, peer.as_mut())?);
    add("isolation", isolated(plan)?);
    add("storage reads", vec![storage_read(plan)?]);
    add("metering", metering_rows(plan)?);
    add("formulas", vec![formulas(plan)?]);
    add("cache", vec![cache_hit(plan)?, disk_load(plan)?]);
    add("memory", memory(plan, peer.as_mut())?);
    Ok(report)
}

fn transfers(plan: &Plan, mut peer: Option<&mut Cosmwasm>) -> Result<Vec<Row>, Failure> {
    let mut ours = Token::new(VmConfig::default())?;
    let mut interpreted = Token::new(VmConfig { engine: EngineKind::Interpreted, ..VmConfig::default() })?;
    let mut native = Native::new()?;
    let sides: [Side<'_>; 4] = [
        Box::new(|| ours.transfer(CALLS)),
        Box::new(|| interpreted.transfer(SLOW_CALLS)),
        Box::new(|| native.transfer(CALLS)),
        Box::new(|| peer.as_mut().map_or(Ok(f64::NAN), |peer| peer.transfer(SLOW_CALLS))),
    ];
    let [own, interpreter, rust, theirs] = medians(plan.rounds(), sides)?;
    arrived("ours", ours.moved()?, plan, CALLS)?;
    arrived("wasmi", interpreted.moved()?, plan, SLOW_CALLS)?;
    arrived("native Rust", native.moved()?, plan, CALLS)?;
    let mut rows = Vec::new();
    if let Some(peer) = peer {
        arrived("cosmwasm-vm", peer.moved()?.into(), plan, SLOW_CALLS)?;
        let what = "warm transfer, isolated and metered, state in memory, beside cosmwasm-vm 3.0 with its pinned cache";
        rows.push(Row {
            bound: Bound::AtLeast(40.0),
            ..compared("transfer_over_cosmwasm_vm", what, own, theirs, theirs / own)
        });
    }
    rows.push(compared(
        "transfer_over_wasmi",
        "the same call of the same bytes on wasmi 2",
        own,
        interpreter,
        interpreter / own,
    ));
    let what = "the same rules in native Rust over the same map; ours takes so many times as long";
    rows.push(compared("transfer_over_native", what, own, rust, own / rust));
    Ok(rows)
}

/// Every round but the first counts, and every round moves.
fn arrived(who: &'static str, units: u128, plan: &Plan, calls: u32) -> Result<(), Failure> {
    let expected = u128::from(calls).saturating_mul(u128::from(plan.rounds.get()).saturating_add(1));
    if units == expected {
        return Ok(());
    }
    Err(Failure::Wrong(format!("{who}: {units} units arrived instead of {expected}")))
}

fn isolated(plan: &Plan) -> Result<Vec<Row>, Failure> {
    let transfer = isolation::transfer(plan.rounds())?;
    let empty = isolation::empty_call(plan.rounds())?;
    let beyond = |key, what: &str, ours: Nanoseconds, bound| Row {
        key,
        what: what.to_owned(),
        ours: microseconds(ours),
        beside: format!("{} in a warm instance", microseconds(transfer.warm)),
        figure: (ours - transfer.warm) / 1e3,
        bound,
    };
    Ok(vec![
        beyond(
            "isolation_us",
            "what a transfer pays to be isolated, in an instance that is set back for each",
            transfer.reused,
            Bound::AtMost(1.5),
        ),
        beyond("isolation_fresh_us", "the same in a new instance for each", transfer.fresh, Bound::None),
        Row {
            key: "empty_call_ns",
            what: "typed call of a contract that does nothing, in a warm instance".to_owned(),
            ours: nanoseconds(empty),
            beside: String::new(),
            figure: empty,
            bound: Bound::AtMost(100.0),
        },
    ])
}

fn storage_read(plan: &Plan) -> Result<Row, Failure> {
    let read = host_read::measure(plan.rounds())?;
    Ok(Row {
        key: "host_read_ns",
        what: "storage read of a 32-byte value in the session, over the map's own time".to_owned(),
        ours: nanoseconds(read.contract),
        beside: format!("{} in the map", nanoseconds(read.map)),
        figure: read.contract - read.map,
        bound: Bound::AtMost(150.0),
    })
}

fn metering_rows(plan: &Plan) -> Result<Vec<Row>, Failure> {
    let kernels = metering::kernels(plan.rounds())?;
    let transfer = metering::transfer(plan.rounds())?;
    let names: Vec<String> = kernels.iter().map(|row| format!("{} {}", row.name, rounded(row.ratio()))).collect();
    Ok(vec![
        Row {
            key: "metering_geomean",
            what: "metered code over the same code unmetered, geometric mean of the kernels".to_owned(),
            ours: names.join("; "),
            beside: "1".to_owned(),
            figure: metering::geometric_mean(&kernels),
            bound: Bound::AtMost(1.08),
        },
        Row {
            key: "metering_transfer",
            what: "the same of a transfer".to_owned(),
            ours: microseconds(transfer.metered.as_secs_f64() * 1e9),
            beside: microseconds(transfer.unmetered.as_secs_f64() * 1e9),
            figure: transfer.ratio(),
            bound: Bound::AtMost(1.03),
        },
    ])
}

fn formulas(plan: &Plan) -> Result<Row, Failure> {
    let rows = u128_formulas::measure(plan.rounds())?;
    let each = |row: &u128_formulas::Row| format!("{} {}", row.name, rounded(row.ratio()));
    Ok(Row {
        key: "u128_over_native",
        what: "the economy's formulas of 128 bits in a contract over the faster of two native forms, geometric mean"
            .to_owned(),
        ours: rows.iter().map(each).collect::<Vec<_>>().join("; "),
        beside: "1".to_owned(),
        figure: u128_formulas::geometric_mean(&rows),
        bound: Bound::AtMost(2.0),
    })
}

fn cache_hit(plan: &Plan) -> Result<Row, Failure> {
    let hit = cache::measure(plan.rounds())?;
    Ok(Row {
        key: "cache_hit_ns",
        what: "compiled code found in the cache; of one thread and of two at once the slower".to_owned(),
        ours: format!("{} alone, {} by two", nanoseconds(hit.alone), nanoseconds(hit.together)),
        beside: format!("{} by two on the wall", nanoseconds(hit.together_wall)),
        figure: hit.alone.max(hit.together),
        bound: Bound::AtMost(150.0),
    })
}

fn disk_load(plan: &Plan) -> Result<Row, Failure> {
    let load = cache::load(plan.rounds())?;
    Ok(Row {
        key: "disk_load_over_compile",
        what: "the token's compiled code loaded from its authenticated file, beside compiling it".to_owned(),
        ours: microseconds(load.file),
        beside: microseconds(load.compiled),
        figure: load.compiled / load.file,
        bound: Bound::AtLeast(50.0),
    })
}

fn memory(plan: &Plan, peer: Option<&mut Cosmwasm>) -> Result<Vec<Row>, Failure> {
    let cached = in_a_child("cached", plan.contracts.get())?;
    let live = in_a_child("live", INSTANCES)?;
    let [peer_live, peer_cached] = match peer {
        Some(peer) => [
            format!("cosmwasm-vm: {}", megabytes(peer.live(INSTANCES)?)),
            format!("cosmwasm-vm with {PEER_CONTRACTS}: {}", megabytes(peer.cached(PEER_CONTRACTS)?)),
        ],
        None => [String::new(), String::new()],
    };
    let row = |key, what, resident: Resident, beside| Row {
        key,
        what,
        ours: megabytes(resident),
        beside,
        figure: resident.more as f64 / 1e6,
        bound: Bound::None,
    };
    let cached_what = format!("memory of {} contracts in the cache, in MB on top of the process's own", plan.contracts);
    let live_what = format!("memory of {INSTANCES} live instances of the token, each after a transfer, in MB");
    Ok(vec![
        row("memory_cached_mb", cached_what, cached, peer_cached),
        row("memory_live_mb", live_what, live, peer_live),
    ])
}

fn compared(key: &'static str, what: &str, ours: Nanoseconds, beside: Nanoseconds, figure: f64) -> Row {
    Row {
        key,
        what: what.to_owned(),
        ours: microseconds(ours),
        beside: microseconds(beside),
        figure,
        bound: Bound::None,
    }
}

fn nanoseconds(time: Nanoseconds) -> String {
    format!("{} ns", rounded(time))
}

fn microseconds(time: Nanoseconds) -> String {
    format!("{} us", rounded(time / 1e3))
}

fn megabytes(resident: Resident) -> String {
    format!("{} MB on top of {} MB", rounded(resident.more as f64 / 1e6), rounded(resident.before as f64 / 1e6))
}
