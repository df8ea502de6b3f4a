//! Attack case 108: the process is killed.

use florin_crash::Tally;
use florin_crash::kill::Kills;

use crate::program::program;

const KILLS: u64 = 20;

#[test]
fn case_108_a_process_that_is_killed_at_any_instant_loses_no_block_that_it_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut kills = Kills::new(108);
    for _ in 0..KILLS {
        kills.kill(folder.path(), program()).unwrap();
    }
    assert_eq!(kills.tally(), Tally { ends: KILLS, lost: 0, half: 0 });
    assert!(kills.head() > KILLS, "the processes hardly committed");
}
