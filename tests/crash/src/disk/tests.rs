//! The disk model against what it promises.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;

const CUTS: u64 = 200;

/// Lets operations happen to an empty disk.
fn disk(operations: &[Operation]) -> Disk {
    let mut disk = Disk::new(&Image::default()).0;
    operations.iter().for_each(|operation| disk.happen(operation));
    disk
}

fn made(node: Node, name: &str) -> Operation {
    Operation::Made { node, is_folder: false, above: 0, name: name.to_owned() }
}

fn wrote(at: u64, bytes: &[u8]) -> Operation {
    Operation::Wrote { node: 1, at, bytes: bytes.to_vec() }
}

/// Returns every content that a file can have after a power cut; nothing if it can be missing.
fn contents(disk: &Disk, name: &str) -> Vec<Option<Vec<u8>>> {
    let mut found = Vec::new();
    for seed in 0..CUTS {
        for left in Left::ALL {
            let image = disk.cut(left, &mut Dice::new(seed));
            let content = image.files.get(Path::new(name)).map(|content| {
                let mut bytes = content.bytes.clone();
                bytes.resize(usize::try_from(content.length).unwrap(), 0);
                bytes
            });
            if !found.contains(&content) {
                found.push(content);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn what_was_synced_with_its_name_is_there_whatever_happens() {
    let synced = |node| Operation::Synced { node, since: 2 };
    let disk = disk(&[made(1, "a"), wrote(0, b"one"), synced(1), synced(0)]);
    assert_eq!(contents(&disk, "a"), [Some(b"one".to_vec())]);
}

#[test]
fn a_name_is_not_there_because_its_file_was_synced_nor_bytes_because_their_folder_was() {
    let file = disk(&[made(1, "a"), wrote(0, b"one"), Operation::Synced { node: 1, since: 2 }]);
    assert_eq!(contents(&file, "a"), [None, Some(b"one".to_vec())]);
    let folder = disk(&[made(1, "a"), wrote(0, b"one"), Operation::Synced { node: 0, since: 2 }]);
    assert_eq!(contents(&folder, "a"), [Some(vec![]), Some(vec![0; 3]), Some(b"one".to_vec())]);
}

#[test]
fn writes_may_be_missing_before_others_and_arrive_by_sectors() {
    let sector = |byte| vec![byte; 512];
    let two = [sector(1), sector(2)].concat();
    let disk = disk(&[made(1, "a"), Operation::Synced { node: 0, since: 1 }, wrote(0, &two), wrote(1024, &sector(3))]);
    let found = contents(&disk, "a");
    let zeros = || sector(0);
    for expected in [
        vec![],
        vec![sector(1)],
        vec![sector(1), sector(2)],
        vec![zeros(), sector(2)],
        vec![zeros(), zeros(), sector(3)],
        vec![sector(1), sector(2), sector(3)],
    ] {
        assert!(found.contains(&Some(expected.concat())), "{expected:?}");
    }
    assert!(found.iter().flatten().all(|bytes| bytes.chunks(512).all(|part| part.iter().all(|byte| *byte == part[0]))));
}

#[test]
fn a_rename_is_there_with_both_names_or_not_at_all() {
    let renamed = Operation::Renamed { above: 0, from: "new".to_owned(), to: "a".to_owned(), node: 2 };
    let synced = |node, since| Operation::Synced { node, since };
    let before = [made(1, "a"), wrote(0, b"old"), synced(1, 2), made(2, "new"), synced(0, 4)];
    let disk = disk(&[&before[..], &[renamed]].concat());
    assert_eq!(contents(&disk, "a"), [Some(vec![]), Some(b"old".to_vec())]);
    for seed in 0..CUTS {
        let image = disk.cut(Left::Subset, &mut Dice::new(seed));
        let is_renamed = image.files[Path::new("a")].length == 0;
        assert_eq!(image.files.contains_key(Path::new("new")), !is_renamed);
    }
}

#[test]
fn what_a_failed_sync_has_left_never_gets_there_for_sure() {
    let failed = [made(1, "a"), Operation::Synced { node: 0, since: 1 }, wrote(0, b"one"), Operation::SyncFailed(1)];
    let again = Operation::Synced { node: 1, since: 5 };
    let disk_again = disk(&[&failed[..], std::slice::from_ref(&again)].concat());
    assert_eq!(contents(&disk_again, "a"), [Some(vec![]), Some(vec![0; 3]), Some(b"one".to_vec())]);
    // What is written again does.
    let since = Operation::Synced { node: 1, since: 6 };
    let written = disk(&[&failed[..], &[again, wrote(1, b"xy"), since]].concat());
    assert_eq!(contents(&written, "a"), [Some(b"\0xy".to_vec()), Some(b"oxy".to_vec())]);
}

#[test]
fn a_length_that_a_failed_sync_has_left_gets_there_with_the_next() {
    let operations = [
        made(1, "a"),
        Operation::Synced { node: 0, since: 1 },
        wrote(0, b"one"),
        Operation::SyncFailed(1),
        Operation::Cut { node: 1, length: 0 },
        Operation::SyncFailed(1),
        wrote(0, b"xy"),
        Operation::Synced { node: 1, since: 7 },
    ];
    assert_eq!(contents(&disk(&operations), "a"), [Some(b"xy".to_vec())]);
}

#[test]
fn a_sync_covers_what_had_ended_when_it_began() {
    let disk = disk(&[
        made(1, "a"),
        Operation::Synced { node: 0, since: 1 },
        wrote(0, b"one"),
        Operation::Synced { node: 1, since: 2 },
    ]);
    assert_eq!(contents(&disk, "a"), [Some(vec![]), Some(vec![0; 3]), Some(b"one".to_vec())]);
}

#[test]
fn an_image_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut content = Content::default();
    content.write(3, b"abc");
    content.cut(100);
    let image = Image { folders: vec!["x".into()], files: BTreeMap::from([("x/y".into(), content)]) };
    image.write(folder.path()).unwrap();
    assert_eq!(Image::read(folder.path()).unwrap(), image);
    let (disk, numbers) = Disk::new(&image);
    assert_eq!((numbers.len(), disk.cut(Left::Nothing, &mut Dice::new(1))), (3, image));
}
