//! Attack cases 110 and 111: the disk refuses.
//!
//! A process is watched while it makes a database and commits; one of its operations fails, or all from one on. It must stop
//! committing, say why, and have lost nothing that it told, whether it is merely started again or the power goes too.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use florin_crash::Tally;
use florin_crash::check::Told;
use florin_crash::cut::{Cuts, advance};
use florin_crash::dice::Dice;
use florin_crash::disk::{Disk, Left};
use florin_crash::story::Story;
use florin_crash::watch::{Fault, Harm, Kind};

use crate::program::{can_watch, program};

/// Rows in memory, so few that each block makes the database write tables.
const MEMTABLE_BYTES: u64 = 4 << 10;

const BLOCKS: u64 = 4;

/// Processes that are watched at a time.
const WORKERS: usize = 4;

fn cuts(seed: u64) -> Cuts {
    Cuts::new(Story { seed, keys: 60, changes: 30, codes: 0 }, MEMTABLE_BYTES)
}

/// Returns how many operations of a kind a process has when none fails.
fn count(kind: Kind) -> u64 {
    // Turning over a bit of what is not read harms nothing.
    let harmless = Fault { kind, number: 1, for_ever: true, harm: Harm::Flip(0) };
    cuts(0).record(program(), BLOCKS, Some(harmless)).unwrap().hits
}

/// Lets a process meet a fault; checks what it told, and the disk: as it is, and after power cuts then and at any time since.
fn meet(fault: Fault) -> (Told, u64) {
    let mut cuts = cuts(fault.number);
    let recording = cuts.record(program(), BLOCKS, Some(fault)).unwrap();
    let (mut disk, mut told) = (Disk::new(&recording.before).0, Told::default());
    advance(&mut disk, &mut told, &recording.operations);
    assert_eq!(recording.code, Some(0), "the process did not end by itself: {told:?} of {fault:?}");
    assert!(told.after("accepted").is_none(), "it commits after a failed commit: {told:?} of {fault:?}");
    if let Some(failed) = told.after("failed") {
        let refused = told.after("refused").unwrap_or_default();
        assert!([failed, refused].iter().all(|told| told.contains("start again")), "{told:?} of {fault:?}");
    }
    let image = disk.cut(Left::Everything, &mut Dice::new(fault.number));
    let found = cuts.check(&image, &told);
    assert!(found.is_ok(), "{found:?}, told {told:?} of {fault:?}");
    let points = cuts.points(&recording, 1);
    cuts.cut(&recording, points).unwrap();
    assert_eq!(cuts.tally(), Tally { ends: 1, lost: 0, half: 0 }, "of {fault:?}");
    (told, recording.hits)
}

#[test]
fn case_110_a_sync_that_fails_once_stops_the_writer_and_loses_nothing_that_was_told() {
    if !can_watch() {
        return;
    }
    let syncs = count(Kind::Sync);
    let (mut stopped, mut closed) = (0, 0);
    // Those of a database that is being made, which are most, and those of one that commits.
    let made = (1..syncs / 2).step_by(9);
    for number in made.chain((syncs / 2..=syncs).step_by(3)) {
        let (told, hits) = meet(Fault { kind: Kind::Sync, number, for_ever: false, harm: Harm::Io });
        // Workers in the background may sync less often than in the first run.
        assert!(hits == 1 || number > syncs / 2);
        stopped += u64::from(told.after("failed").is_some());
        closed += u64::from(told.after("closed").is_some_and(|told| told.contains("input or output failed")));
        // The device is well again, and so is the process that opens the database again.
        assert!(told.after("done").is_some(), "{told:?} of sync {number}");
    }
    assert!(stopped > 2 && closed > 2, "stopped {stopped}, closed {closed}");
}

/// Meets a fault at each of some operations, several at a time; returns how often the process said why.
fn meet_each(numbers: &[u64], message: &str, fault: impl Fn(u64) -> Fault + Sync) -> usize {
    let next = AtomicUsize::new(0);
    let said = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(number) = numbers.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (told, _) = meet(fault(*number));
                    let why = ["failed", "closed"]
                        .iter()
                        .any(|word| told.after(word).is_some_and(|told| told.contains(message)));
                    // What the background is refused after the last block is nobody's business.
                    assert!(why || told.after("done").is_some(), "{told:?} of operation {number}");
                    said.fetch_add(usize::from(why), Ordering::Relaxed);
                }
            });
        }
    });
    said.into_inner()
}

#[test]
fn case_111_a_disk_that_is_full_from_any_write_on_stops_the_writer_and_leaves_no_block_by_half() {
    if !can_watch() {
        return;
    }
    // Until none is hit: workers in the background write more in some runs than in others.
    let writes = count(Kind::Room) + 20;
    // Most of the writes are those of a database that is being made.
    let numbers: Vec<u64> = (1..=writes).filter(|number| *number > 220 || number % 6 == 1).collect();
    let full = |number| Fault { kind: Kind::Room, number, for_ever: true, harm: Harm::NoSpace };
    let said = meet_each(&numbers, "no space left", full);
    assert!(said > 40, "said {said} times");
}

#[test]
fn case_111_a_disk_that_is_full_once_is_met_by_starting_again() {
    if !can_watch() {
        return;
    }
    let writes = count(Kind::Room);
    for number in (1..=writes).step_by(13) {
        let (told, _) = meet(Fault { kind: Kind::Room, number, for_ever: false, harm: Harm::NoSpace });
        assert!(told.after("done").is_some(), "{told:?} of write {number}");
    }
}

#[test]
fn case_111_a_file_system_that_turns_read_only_or_has_no_inodes_stops_the_writer() {
    if !can_watch() {
        return;
    }
    for (kind, harm, message) in
        [(Kind::Change, Harm::ReadOnly, "Read-only file system"), (Kind::Name, Harm::NoSpace, "no space left")]
    {
        let all = count(kind);
        let numbers: Vec<u64> = (1..=all).step_by(usize::try_from(all / 24).unwrap().max(1)).collect();
        let said = meet_each(&numbers, message, |number| Fault { kind, number, for_ever: true, harm });
        assert!(said > 4, "{kind:?}: said {said} times");
    }
}
