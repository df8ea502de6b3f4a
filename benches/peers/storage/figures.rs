//! What is measured, in order: the blocks of all databases by turns, then what only Florin's state is asked.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use florin_peers::clock::median;
use florin_peers::database::{Keys, Problem};
use florin_peers::failure::Failure;
use florin_peers::process::Process;
use florin_peers::report::{Report, Row};
use florin_runtime::state::durable::PAGES_BEHIND_BLOCKS_MAX;
use tempfile::TempDir;

use crate::peers::Peer;
use crate::rows;
use crate::turns::{Contestant, Medians, Spent, Work, load, take_turns};

/// Blocks that are retained, as by default.
const RETAINED_BLOCKS: u32 = 256;

/// Entries that a small block updates.
pub(crate) const SMALL_UPDATES: u32 = 1_000;

/// Blocks that are committed without a pause.
pub(crate) const IN_A_ROW: u32 = 100;

/// Entries of the large state.
const TEN_MILLION: u32 = 10_000_000;

/// Rounds of hashing; a figure is their median.
const ROUNDS: u64 = 51;

/// Warm reads of a round.
const WARM_READS: u32 = 100_000;

/// Cold reads of a round.
const COLD_READS: u32 = 1_000;

/// States of the files in which reads are measured, with some blocks between: what a cold one costs depends on how many tables
/// the engine has to look into, which comes and goes. As many as there are phases.
const STATES: u64 = 20;

/// Blocks between two of them. The engine writes its rows in memory to a table about every 5 of these blocks, and merges the
/// tables about every 20: by steps of 7 both are met at every phase, by 5 each database would be met at one of its own.
const STATE_BLOCKS: u32 = 7;

/// Rounds of warm reads in each, before it is opened again.
const WARM_ROUNDS: u64 = 5;

/// Rounds of cold reads in each.
const COLD_ROUNDS: u64 = 7;

/// Threads that read at earlier heights.
pub(crate) const READERS: u32 = 2;

/// Proofs that are verified in a round.
const VERIFIED: u32 = 1_000;

/// When the process is killed: some way into a block.
const KILLED_AFTER: Duration = Duration::from_millis(30);

/// What a run does.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) keys: u32,
    pub(crate) blocks: u32,
    pub(crate) updates: u32,
    pub(crate) peers: &'a [Peer],
    pub(crate) ten_million: bool,
    pub(crate) dir: PathBuf,
}

impl Plan<'_> {
    fn work(&self) -> Work {
        Work { keys: Keys::Told, blocks: self.blocks, updates: self.updates, reads: self.updates }
    }
}

/// Measures everything.
///
/// # Errors
/// If anything fails; a figure that falls short is no failure.
pub(crate) fn measure(plan: &Plan<'_>) -> Result<Report, Problem> {
    let load_before = load_average();
    let folder = TempDir::with_prefix_in("florin-storage-", &plan.dir).map_err(|error| Failure::System {
        what: "cannot make a folder for the databases; name another with --dir",
        error,
    })?;
    let settings = vec![
        ("entries", plan.keys.into()),
        ("blocks", plan.blocks.into()),
        ("updates a block", plan.updates.into()),
        ("reads a block", plan.updates.into()),
        ("updates of a small block", SMALL_UPDATES.into()),
        ("blocks in a row", IN_A_ROW.into()),
        ("cold reads a round", COLD_READS.into()),
        ("states of the files for reads", STATES),
        ("rounds of warm reads in each", WARM_ROUNDS),
        ("rounds of cold reads in each", COLD_ROUNDS),
    ];
    let mut report = Report { settings, ..Report::default() };
    let mut add = |step: &str, rows: Vec<_>| {
        eprintln!("measured: {step}");
        report.rows.extend(rows);
    };
    let mut contestants = start(plan, folder.path())?;
    load(&mut contestants)?;
    let all = contestants.iter_mut().collect();
    let medians = take_turns(all, plan.work())?;
    add("blocks", rows::blocks(&contestants, &medians)?);
    // The bare store and the peers are done and have to rest.
    contestants.truncate(2);
    let untold = Work { keys: Keys::Untold, ..plan.work() };
    let untold = take_turns(contestants.iter_mut().collect(), untold)?;
    add("blocks that are not told of", vec![rows::untold_blocks(&untold)?]);
    let small = Work { updates: SMALL_UPDATES, reads: 0, ..plan.work() };
    // Until what is written and pruned beside a block is of small blocks too.
    take_turns(contestants.iter_mut().collect(), Work { blocks: RETAINED_BLOCKS, ..small })?;
    let small = take_turns(contestants.iter_mut().collect(), small)?;
    add("small blocks", vec![rows::small_blocks(&small)?]);
    let [mut ours, mut engine] = <[Contestant; 2]>::try_from(contestants).map_err(|_| "two databases are left")?;
    add("memory", vec![rows::peak_memory(&mut ours, &mut engine)?]);
    add("blocks in a row", vec![in_a_row(plan, &mut ours, &mut engine)?]);
    add("readers", vec![readers(plan, &mut ours)?]);
    add("reads", reads(plan, &mut ours, &mut engine)?);
    drop(engine);
    add("hit rates", hit_rates(plan, &mut ours)?);
    let verified = VERIFIED.min(plan.keys);
    add("proofs", rows::proofs(ours.process.ask(&format!("proofs {verified}"))?));
    add("hashes", vec![rows::hashes(ROUNDS)?]);
    let ten_million = ten_million(plan, folder.path(), &mut ours)?;
    add("ten million", vec![rows::ten_million(ten_million)]);
    add("disk", vec![rows::disk(plan.keys, ours.process.ask("prune")?)]);
    add("opening", vec![open_after_kill(plan, folder.path(), ours)?]);
    report.taken = format!(
        "Durable commits, wall time (CPU time of the process in brackets), medians of blocks by turns; every database in a \
         process of its own with the allocator mimalloc; load of the machine {load_before} before and {} after",
        load_average()
    );
    folder.close().map_err(Failure::system("cannot remove the folder of the databases"))?;
    Ok(report)
}

/// Starts all databases: ours, its engine alone, its bare store, then the peers.
fn start(plan: &Plan<'_>, folder: &Path) -> Result<Vec<Contestant>, Failure> {
    let mut contestants = Vec::new();
    for (name, verb) in [("Florin", "ours"), ("fjall alone", "engine"), ("bare store", "raw")] {
        contestants.push(Contestant::of_this_program(name, verb, &folder.join(verb), plan.keys)?);
    }
    for peer in Peer::ALL.into_iter().filter(|peer| plan.peers.contains(peer)) {
        contestants.push(peer.start(&folder.join(peer.name()), plan.keys)?);
    }
    Ok(contestants)
}

fn readers(plan: &Plan<'_>, ours: &mut Contestant) -> Result<Row, Failure> {
    let question = format!("readers {READERS} {} {}", plan.blocks, plan.updates);
    Ok(rows::readers(ours.process.ask(&question)?))
}

/// Blocks without a pause, of one database after the other.
fn in_a_row(plan: &Plan<'_>, ours: &mut Contestant, engine: &mut Contestant) -> Result<Row, Failure> {
    let question = format!("row {IN_A_ROW} {}", plan.updates);
    let each = |contestant: &mut Contestant| -> Result<Spent, Failure> {
        let [wall, cpu] = contestant.process.ask(&question)?;
        let milliseconds = |time: u64| time as f64 / 1e6 / f64::from(IN_A_ROW);
        Ok(Spent { wall: milliseconds(wall), cpu: milliseconds(cpu) })
    };
    Ok(rows::in_a_row(each(ours)?, each(engine)?))
}

/// Warm reads of ours, and cold ones beside those of its engine alone, in states that were just opened. Nothing was read of these
/// entries since, but opening ours reads values that the last blocks wrote, and so leaves blocks in the engine's cache.
fn reads(plan: &Plan<'_>, ours: &mut Contestant, engine: &mut Contestant) -> Result<Vec<Row>, Failure> {
    let each = |[time]: [u64; 1], reads: u32| time as f64 / f64::from(reads);
    let [mut warm, mut own, mut alone] = [const { Vec::new() }; 3];
    for state in 0..STATES {
        let work = Work { blocks: STATE_BLOCKS, reads: 0, ..plan.work() };
        take_turns(vec![&mut *ours, &mut *engine], work)?;
        // A few at a time: all together take half a second, in which something else may have the processor's cache.
        for _ in 0..WARM_ROUNDS {
            warm.push(each(ours.process.ask(&format!("warm {WARM_READS}"))?, WARM_READS));
        }
        for contestant in [&mut *ours, &mut *engine] {
            let [_] = contestant.process.ask("reopen")?;
        }
        for round in 0..COLD_ROUNDS {
            let question = format!("cold {} {COLD_READS}", state.saturating_mul(COLD_ROUNDS).saturating_add(round));
            own.push(each(ours.process.ask(&question)?, COLD_READS));
            alone.push(each(engine.process.ask(&question)?, COLD_READS));
        }
    }
    Ok(rows::reads(median(warm), median(own), median(alone)))
}

fn hit_rates(plan: &Plan<'_>, ours: &mut Contestant) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for tenths in [12, 9, 10] {
        let [hits, held] = ours.process.ask(&format!("zipf {tenths} {}", plan.keys))?;
        rows.push(rows::hit_rate(plan.keys, tenths, hits, held));
    }
    let reads = plan.keys.div_ceil(10);
    let [hits] = ours.process.ask(&format!("scan {reads}"))?;
    rows.push(rows::after_scan(plan.keys, hits, reads));
    Ok(rows)
}

/// Lets the large state take turns with the other; returns the medians of both.
fn ten_million(plan: &Plan<'_>, folder: &Path, ours: &mut Contestant) -> Result<Option<[Medians; 2]>, Problem> {
    if !plan.ten_million {
        return Ok(None);
    }
    let [_] = ours.process.ask("reopen")?;
    let mut large = [Contestant::of_this_program("Florin, large", "ours", &folder.join("large"), TEN_MILLION)?];
    load(&mut large)?;
    let [large] = &mut large;
    let medians = take_turns(vec![ours, large], plan.work())?;
    Ok(medians.try_into().ok())
}

/// Kills the process while it commits, after as many blocks as the pages of the tree may be behind, and opens the state
/// again.
fn open_after_kill(plan: &Plan<'_>, folder: &Path, mut ours: Contestant) -> Result<Row, Failure> {
    let [height] = ours.process.ask("height")?;
    for _ in 0..PAGES_BEHIND_BLOCKS_MAX {
        let [_, _, _, _, _] = ours.process.ask(&format!("block {} 0", plan.updates))?;
    }
    // Nobody waits for these.
    for _ in 0..2 {
        ours.process.tell(&format!("block {} 0", plan.updates))?;
    }
    std::thread::sleep(KILLED_AFTER);
    drop(ours);
    let acknowledged = height.saturating_add(PAGES_BEHIND_BLOCKS_MAX);
    let program = std::env::current_exe().map_err(Failure::system("cannot find this program"))?;
    let mut command = Command::new(program);
    command.arg("open").arg(folder.join("ours"));
    let [time, found, _root] = Process::start("Florin, opened", &mut command)?.answer()?;
    if found < acknowledged {
        return Err(Failure::Wrong(format!(
            "block {acknowledged} was committed, but after the kill {found} is the newest"
        )));
    }
    Ok(rows::open_after_kill(time))
}

/// Returns the system's load averages, as it writes them.
fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let averages: Vec<&str> = text.split_whitespace().take(2).collect();
    averages.join(" ")
}
