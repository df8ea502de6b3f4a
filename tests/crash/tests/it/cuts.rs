//! Attack case 109: the power goes.

use florin_crash::Tally;
use florin_crash::cut::Cuts;
use florin_crash::disk::Operation;
use florin_crash::story::Story;

use crate::program::{can_watch, program};

/// Processes, each on the disk as a power cut left it to the one before.
const PROCESSES: u64 = 6;

/// Power cuts that are checked of each.
const CUTS: u64 = 10;

#[test]
fn case_109_whatever_a_power_cut_leaves_of_the_unsynced_no_told_block_is_lost_and_none_is_half() {
    if !can_watch() {
        return;
    }
    // So few rows in memory that tables are written and merged all the time.
    let mut cuts = Cuts::new(Story { seed: 109, keys: 300, changes: 60, codes: 0 }, 8 << 10);
    for _ in 0..PROCESSES {
        let recording = cuts.record(program(), 30, None).unwrap();
        let points = cuts.points(&recording, CUTS);
        cuts.cut(&recording, points).unwrap();
        cuts.leave(&recording);
    }
    assert_eq!(cuts.tally(), Tally { ends: PROCESSES * CUTS, lost: 0, half: 0 });
}

#[test]
fn case_109_a_power_cut_while_a_database_is_made_leaves_one_that_can_be_begun_or_gone_on_with() {
    if !can_watch() {
        return;
    }
    let (mut ends, mut found) = (0, 0);
    for seed in 0..6 {
        let mut cuts = Cuts::new(Story { seed, keys: 40, changes: 10, codes: 0 }, 8 << 10);
        let recording = cuts.record(program(), 1, None).unwrap();
        let points = cuts.points(&recording, 5);
        cuts.cut(&recording, points).unwrap();
        ends += cuts.tally().ends;
        found += cuts.tally().lost + cuts.tally().half;
    }
    assert_eq!((ends, found), (30, 0));
}

#[test]
fn case_109_a_power_cut_while_journals_change_loses_nothing() {
    if !can_watch() {
        return;
    }
    // A journal is full after 64 MB, and the oldest of two goes sometime; a block of this story has one megabyte.
    let mut cuts = Cuts::new(Story { seed: 64, keys: 60, changes: 20, codes: 4 }, 3 << 20);
    let recording = cuts.record(program(), 135, None).unwrap();
    let changes: Vec<usize> = (0..recording.operations.len())
        .filter(|place| match &recording.operations[*place] {
            Operation::Made { name, .. } | Operation::Removed { name, .. } => name.ends_with(".jnl"),
            _ => false,
        })
        .collect();
    // When the oldest goes depends on how far the workers in the background are.
    assert!(changes.len() > 1, "no journal was full");
    // The first journal is made with the database.
    let points: Vec<usize> = changes.iter().skip(1).flat_map(|place| [place + 1, place + 3]).collect();
    let ends = points.len() as u64;
    cuts.cut(&recording, points).unwrap();
    assert_eq!(cuts.tally(), Tally { ends, lost: 0, half: 0 });
}
