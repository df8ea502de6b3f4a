//! Attack case 112: bits turn over, on the disk and on the way from it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use florin_crash::Trouble;
use florin_crash::check::Told;
use florin_crash::cut::{Cuts, advance};
use florin_crash::dice::Dice;
use florin_crash::disk::{Disk, Image, Left};
use florin_crash::story::Story;
use florin_crash::watch::{Fault, Harm, Kind};

use crate::program::{can_watch, program};

/// Bits that are turned over in each kind of file.
const FLIPS: u64 = 14;

/// Panics of any thread of this process.
static PANICS: AtomicU64 = AtomicU64::new(0);

/// Returns which of the database's files this is.
fn kind(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?;
    let above = path.parent()?.file_name()?.to_str()?;
    Some(match name {
        "current" => "place of the list",
        "version" => "version",
        _ if name.ends_with(".jnl") => "journal",
        _ if above == "tables" => "table",
        _ if name.starts_with('v') => "list of tables",
        _ => return None,
    })
}

/// A story's database after a process has ended well.
fn database(cuts: &Cuts) -> (Image, Told) {
    let recording = cuts.record(program(), 36, None).unwrap();
    let (mut disk, mut told) = (Disk::new(&recording.before).0, Told::default());
    advance(&mut disk, &mut told, &recording.operations);
    assert!(told.after("done").is_some(), "{told:?}");
    (disk.cut(Left::Everything, &mut Dice::new(0)), told)
}

#[test]
fn case_112_a_flipped_bit_in_any_file_is_refused_or_harmless_and_never_an_answer() {
    if !can_watch() {
        return;
    }
    let told_before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        told_before(info);
    }));
    let mut tally: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    // With most of the story in tables, and with most of it in the journal.
    for memtable_bytes in [8 << 10, 64 << 10] {
        let story = Story { seed: 112, keys: 200, changes: 40, codes: 0 };
        let mut cuts = Cuts::new(story, memtable_bytes);
        let (image, told) = database(&cuts);
        let mut kinds: BTreeMap<&str, Vec<&Path>> = BTreeMap::new();
        for path in image.files.keys() {
            kind(path).into_iter().for_each(|kind| kinds.entry(kind).or_default().push(path));
        }
        assert_eq!(kinds.len(), 5, "{kinds:?}");
        let mut dice = Dice::new(memtable_bytes);
        for (kind, paths) in kinds {
            for _ in 0..FLIPS {
                let path = paths[dice.place(paths.len())];
                let bit = dice.below(image.files[path].bits());
                let mut flipped = image.clone();
                flipped.files.get_mut(path).unwrap().flip(bit);
                let found = catch_unwind(AssertUnwindSafe(|| cuts.check(&flipped, &told)));
                let answer = match found.unwrap() {
                    Ok(_) => "harmless",
                    Err(Trouble::Refused(why)) => {
                        assert!(
                            why.contains("damaged") || why.contains("corrupt") || why.contains("start again"),
                            "{why}"
                        );
                        "refused"
                    }
                    Err(wrong) => panic!("bit {bit} of {}: {wrong}", path.display()),
                };
                *tally.entry((kind, answer)).or_default() += 1;
            }
        }
    }
    println!("{tally:?}");
    assert_eq!(PANICS.load(Ordering::Relaxed), 0, "a thread of the database panicked");
    assert!(tally[&("journal", "refused")] == 2 * FLIPS && tally[&("table", "refused")] > FLIPS, "{tally:?}");
}

/// The log is gone when a process ends well, so this one is killed.
#[test]
fn case_112_a_flipped_bit_in_the_log_is_refused_or_harmless_and_never_an_answer() {
    if !can_watch() {
        return;
    }
    // One segment holds all of it.
    let mut cuts = Cuts::new(Story { seed: 113, keys: 200, changes: 40, codes: 0 }, 8 << 20);
    let recording = cuts.record(program(), 36, None).unwrap();
    let (mut disk, mut told) = (Disk::new(&recording.before).0, Told::default());
    let killed = recording.operations.len() * 2 / 3;
    advance(&mut disk, &mut told, &recording.operations[..killed]);
    let image = disk.cut(Left::Everything, &mut Dice::new(0));
    let is_log = |path: &&PathBuf| path.parent().is_some_and(|above| above.ends_with("log"));
    let log = image.files.keys().find(is_log).unwrap().clone();
    assert!(told.committed.unwrap() > 8, "{told:?}");
    let mut dice = Dice::new(113);
    let mut refused = 0;
    for _ in 0..FLIPS {
        // Behind it are whole batches, so that it cannot be taken for the end of a write that was cut off.
        let bit = dice.below(image.files[&log].bits() / 2);
        let mut flipped = image.clone();
        flipped.files.get_mut(&log).unwrap().flip(bit);
        match cuts.check(&flipped, &told) {
            Ok(_) => {}
            Err(Trouble::Refused(why)) if why.contains("damaged") => refused += 1,
            Err(wrong) => panic!("bit {bit}: {wrong}"),
        }
    }
    assert!(refused > FLIPS / 2, "refused {refused}");
    assert!(cuts.check(&image, &told).is_ok(), "without a flipped bit it opens");
}

#[test]
fn case_112_a_bit_that_turns_over_on_the_way_from_the_disk_never_becomes_an_answer() {
    if !can_watch() {
        return;
    }
    let mut tally: BTreeMap<&str, u64> = BTreeMap::new();
    let mut dice = Dice::new(112);
    let mut cuts = Cuts::new(Story { seed: 112, keys: 200, changes: 40, codes: 0 }, 16 << 10);
    let (image, told) = database(&cuts);
    cuts.begin_with(image, told);
    for _ in 0..40 {
        let fault =
            Fault { kind: Kind::Read, number: 1 + dice.below(400), for_ever: false, harm: Harm::Flip(dice.throw()) };
        let recording = cuts.record(program(), 6, Some(fault)).unwrap();
        let (mut disk, mut told) = (Disk::new(&recording.before).0, cuts.told().clone());
        advance(&mut disk, &mut told, &recording.operations);
        let image = disk.cut(Left::Everything, &mut Dice::new(0));
        let found = cuts.check(&image, &told);
        assert!(found.is_ok(), "{found:?} after {fault:?}, told {told:?}");
        let word = match (recording.hits, recording.code) {
            (0, _) => "not read",
            (_, Some(0)) if told.after("failed").is_some() || told.after("closed").is_some() => "refused",
            (_, Some(0)) => "harmless",
            _ => "ended",
        };
        *tally.entry(word).or_default() += 1;
    }
    println!("{tally:?}");
}
