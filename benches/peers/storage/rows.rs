//! The rows of the table, each with its bound.

use florin_peers::clock::median;
use florin_peers::database::Problem;
use florin_peers::report::{Bound, Row, rounded};
use florin_runtime::state::tree::hash::hash_many;
use florin_runtime::state::tree::{Domain, EMPTY};

use crate::figures::{IN_A_ROW, READERS, SMALL_UPDATES};
use crate::hit_rates::best_fixed_rate;
use crate::peers::Peer;
use crate::turns::{Contestant, Medians, Spent};

/// Bytes of a live entry: key and value.
const ENTRY_BYTES: u64 = 112;

/// Nodes that are hashed together for the row of hashes.
const HASHED: u32 = 1_024;

/// Returns what is compared: what, with bounds, in the order of the issue of the state.
fn row(key: &'static str, what: impl Into<String>, sides: [String; 2], figure: f64, bound: Bound) -> Row {
    let [ours, beside] = sides;
    Row { key, what: what.into(), ours, beside, figure, bound }
}

/// Rows of the blocks: ours beside its engine alone, beside its bare store, and beside each peer, measured or not.
pub(crate) fn blocks(contestants: &[Contestant], medians: &[Medians]) -> Result<Vec<Row>, Problem> {
    let of = |name| contestants.iter().position(|contestant| contestant.name == name).and_then(|at| medians.get(at));
    let [ours, engine, store, ..] = medians else { return Err("three databases are of this program".into()) };
    let mut rows = Vec::from(over_engine(ours, engine));
    rows.extend(over_store(ours, engine, store));
    for peer in Peer::ALL {
        let ([key, with_reads], what, bound) = against(peer);
        let Some(theirs) = of(peer.name()) else {
            rows.push(Row::not_run(key, format!("durable commit with root by {what}"), "left out with --peers"));
            continue;
        };
        rows.push(row(
            key,
            format!("durable commit with root by {what}, in times of ours"),
            [commit(ours), commit(theirs)],
            theirs.commit.wall / ours.commit.wall,
            Bound::AtLeast(bound),
        ));
        rows.push(row(
            with_reads,
            "the same with the reads of the block".to_owned(),
            [reads_of(ours), reads_of(theirs)],
            (theirs.reads.wall + theirs.commit.wall) / (ours.reads.wall + ours.commit.wall),
            Bound::None,
        ));
    }
    Ok(rows)
}

/// Rows of ours beside fjall alone, without anything of Florin's around it.
fn over_engine(ours: &Medians, engine: &Medians) -> [Row; 3] {
    [
        row(
            "commit_over_raw",
            "durable commit with root and undo, of keys that were read ahead while the block executed, over fjall's alone (one \
             synced batch of the same values); pages are written among the next block's reads, and fjall has all later",
            [commit(ours), commit(engine)],
            ours.commit.wall / engine.commit.wall,
            Bound::AtMost(2.0),
        ),
        row(
            "commit_cpu_over_raw",
            "the same in CPU time",
            [format!("{} ms", rounded(ours.commit.cpu)), format!("{} ms", rounded(engine.commit.cpu))],
            ours.commit.cpu / engine.commit.cpu,
            Bound::None,
        ),
        row(
            "block_over_raw",
            "the same with the reads of the block, those ahead and the pages of the block before among them",
            [reads_of(ours), reads_of(engine)],
            (ours.reads.wall + ours.commit.wall) / (engine.reads.wall + engine.commit.wall),
            Bound::None,
        ),
    ]
}

/// Rows of the bare store, which is Florin's own store with the entries only, between ours and fjall alone.
fn over_store(ours: &Medians, engine: &Medians, store: &Medians) -> [Row; 2] {
    [
        row(
            "commit_over_store",
            "the same commit over a bare batch of the same values through Florin's own store",
            [commit(ours), commit(store)],
            ours.commit.wall / store.commit.wall,
            Bound::None,
        ),
        row(
            "store_over_engine",
            "that batch through Florin's own store over fjall's alone",
            [commit(store), commit(engine)],
            store.commit.wall / engine.commit.wall,
            Bound::None,
        ),
    ]
}

const fn against(peer: Peer) -> ([&'static str; 2], &'static str, f64) {
    match peer {
        Peer::Commonware => {
            (["over_commonware", "block_over_commonware"], "commonware-storage's ordered database", 1.0)
        }
        Peer::Nomt => (["over_nomt", "block_over_nomt"], "nomt", 5.0),
        Peer::Jmt | Peer::None => (["over_jmt", "block_over_jmt"], "jmt over the same store", 15.0),
    }
}

/// Row of blocks whose keys were not read ahead; ours and fjall alone.
pub(crate) fn untold_blocks(medians: &[Medians]) -> Result<Row, Problem> {
    let [ours, engine] = medians else { return Err("two databases took turns".into()) };
    Ok(row(
        "commit_untold_over_raw",
        "durable commit of keys that were not read ahead, over fjall's alone",
        [commit(ours), commit(engine)],
        ours.commit.wall / engine.commit.wall,
        Bound::None,
    ))
}

/// Row of small blocks; ours and fjall alone.
pub(crate) fn small_blocks(medians: &[Medians]) -> Result<Row, Problem> {
    let [ours, engine] = medians else { return Err("two databases took turns".into()) };
    Ok(row(
        "commit_small_extra_ms",
        format!("what a commit of {SMALL_UPDATES} updates takes more than fjall's alone, among such blocks, in ms"),
        [commit(ours), commit(engine)],
        ours.commit.wall - engine.commit.wall,
        Bound::AtMost(10.0),
    ))
}

/// Row of blocks without a pause; ours and fjall alone, for each block.
pub(crate) fn in_a_row(ours: Spent, engine: Spent) -> Row {
    row(
        "in_a_row_over_raw",
        format!(
            "a block among {IN_A_ROW} that are committed without reads or pauses in between, until everything is in the store, \
             over fjall's alone; reading ahead counts, as nothing executes meanwhile"
        ),
        [spent(ours), spent(engine)],
        ours.wall / engine.wall,
        Bound::None,
    )
}

/// Row of the large state; ours at the run's entries, then at ten million.
pub(crate) fn ten_million(medians: Option<[Medians; 2]>) -> Row {
    let what = "durable commit at ten million entries over that at the run's";
    let key = "commit_10m_over_1m";
    match medians {
        Some([ours, large]) => {
            row(key, what, [commit(&large), commit(&ours)], large.commit.wall / ours.commit.wall, Bound::AtMost(1.5))
        }
        None => Row::not_run(key, what, "only with --ten-million"),
    }
}

/// Rows of reads, in ns: warm and cold ones of ours, and cold ones of fjall alone.
pub(crate) fn reads(warm: f64, cold: f64, engine: f64) -> Vec<Row> {
    let nanoseconds = |time: f64| format!("{} ns", rounded(time));
    vec![
        row(
            "warm_read_ns",
            "read through the newest state of an entry in the cache, CPU time in ns",
            [nanoseconds(warm), String::new()],
            warm,
            Bound::AtMost(250.0),
        ),
        row(
            "cold_read_over_raw",
            "read of an entry that is not in the cache, over one of fjall alone",
            [nanoseconds(cold), nanoseconds(engine)],
            cold / engine,
            Bound::AtMost(1.3),
        ),
    ]
}

/// Row of readers: the commits' medians in ns without and with them, and how often they read.
pub(crate) fn readers([alone, with, reads]: [u64; 3]) -> Row {
    let milliseconds = |time: u64| format!("{} ms", rounded(time as f64 / 1e6));
    row(
        "readers_slowdown",
        format!("commit beside {READERS} threads that read at earlier heights, over a commit alone"),
        [format!("{} beside {reads} reads", milliseconds(with)), format!("{} alone", milliseconds(alone))],
        with as f64 / alone as f64,
        Bound::AtMost(1.1),
    )
}

/// Row of one hit rate, in percent.
pub(crate) fn hit_rate(keys: u32, tenths: u32, hits: u64, held: u64) -> Row {
    let (rate, best) = (percent(hits, keys), best_fixed_rate(keys, tenths) * 100.0);
    let (key, bound) = match tenths {
        9 => ("cache_hit_rate_0_9", best - 5.0),
        10 => ("cache_hit_rate_1_0", best - 5.0),
        _ => ("cache_hit_rate", 90.0),
    };
    row(
        key,
        format!("reads by Zipf, s = {}, that a cache of 5 % of the entries answers, in %", f64::from(tenths) / 10.0),
        [format!("{} % with {held} entries", rounded(rate)), format!("best fixed set {} %", rounded(best))],
        rate,
        Bound::AtLeast((bound * 10.0).round() / 10.0),
    )
}

/// Row of the hit rate behind a scan, in percent.
pub(crate) fn after_scan(keys: u32, hits: u64, reads: u32) -> Row {
    let best = best_fixed_rate(keys, 12) * 100.0;
    row(
        "cache_after_scan",
        "the same for s = 1.2 right after every entry was read once, in %",
        [
            format!("{} % of {reads} reads", rounded(percent(hits, reads))),
            format!("best fixed set {} %", rounded(best)),
        ],
        percent(hits, reads),
        Bound::AtLeast(85.0),
    )
}

/// Rows of proofs: bytes of the median and the largest; how many were verified, and the time in ns.
pub(crate) fn proofs([median, largest, verified, time]: [u64; 4]) -> Vec<Row> {
    let each = time as f64 / verified.max(1) as f64 / 1e3;
    vec![
        row(
            "proof_bytes",
            "SCALE bytes of the largest proof of all entries",
            [format!("{largest} B, median {median} B"), String::new()],
            largest as f64,
            Bound::AtMost(1_200.0),
        ),
        row(
            "proof_verify_us",
            "verifying a proof with its key and value, in us",
            [format!("{} us", rounded(each)), String::new()],
            each,
            Bound::AtMost(15.0),
        ),
    ]
}

/// Row of hashing, in ns a node.
pub(crate) fn hashes(rounds: u64) -> Result<Row, Problem> {
    let pairs: Vec<[u8; 64]> = (0..HASHED).map(|number| [number.to_le_bytes()[0]; 64]).collect();
    let (mut many, mut singly) = (Vec::new(), Vec::new());
    let mut hashes = vec![EMPTY; pairs.len()];
    for _ in 0..rounds {
        let start = std::time::Instant::now();
        hash_many(Domain::Branch, &pairs.iter().collect::<Vec<_>>(), &mut hashes);
        many.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(HASHED));
        let start = std::time::Instant::now();
        for pair in &pairs {
            let (left, right) = pair.split_at(32);
            std::hint::black_box(Domain::Branch.hash(left.try_into()?, right.try_into()?));
        }
        singly.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(HASHED));
    }
    let (many, singly) = (median(many), median(singly));
    Ok(row(
        "hash_many_ns",
        "hashing a node of the tree, many at once, in ns",
        [format!("{} ns", rounded(many)), format!("{} ns singly", rounded(singly))],
        many,
        Bound::None,
    ))
}

/// Row of memory, in MB; ours and fjall alone.
pub(crate) fn peak_memory(ours: &mut Contestant, engine: &mut Contestant) -> Result<Row, Problem> {
    let [ours] = ours.process.ask("memory")?;
    let [engine] = engine.process.ask("memory")?;
    let megabytes = |bytes: u64| format!("{} MB", rounded(bytes as f64 / 1e6));
    Ok(row(
        "peak_memory_mb",
        "the most memory of the process that loads and commits, beside that of fjall alone, in MB",
        [megabytes(ours), megabytes(engine)],
        ours as f64 / 1e6,
        Bound::AtMost(600.0),
    ))
}

/// Row of the disk: bytes as the store says and as its files take.
pub(crate) fn disk(keys: u32, [store, files]: [u64; 2]) -> Row {
    let live = u64::from(keys).saturating_mul(ENTRY_BYTES);
    let megabytes = |bytes: u64| format!("{} MB", rounded(bytes as f64 / 1e6));
    row(
        "disk_over_live",
        "bytes on disk after pruning over the bytes of live keys and values",
        [format!("{}, files {}", megabytes(store), megabytes(files)), format!("{} live", megabytes(live))],
        store as f64 / live as f64,
        Bound::AtMost(3.0),
    )
}

/// Row of opening after a kill.
pub(crate) fn open_after_kill(time: u64) -> Row {
    let seconds = time as f64 / 1e9;
    row(
        "open_after_kill_s",
        "opening after kill -9 in the middle of a commit, in s",
        [format!("{} s", rounded(seconds)), String::new()],
        seconds,
        Bound::AtMost(5.0),
    )
}

fn percent(part: u64, of: u32) -> f64 {
    part as f64 * 100.0 / f64::from(of)
}

fn commit(medians: &Medians) -> String {
    spent(medians.commit)
}

fn reads_of(medians: &Medians) -> String {
    format!("reads {}", spent(medians.reads))
}

fn spent(Spent { wall, cpu }: Spent) -> String {
    format!("{} ms ({})", rounded(wall), rounded(cpu))
}
