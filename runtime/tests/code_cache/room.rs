//! A folder with little room keeps what is used.

use std::fs::File;
use std::time::{Duration, SystemTime};

use florin_runtime::vm::CacheFolder;

use super::{files, load, machine};

#[test]
fn the_longest_unused_files_go_when_the_bytes_are_full() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("code");
    let first = machine(&folder, CacheFolder::BYTES_MAX_DEFAULT);
    load(&first, 0);
    let one = first.cache_counts().files.bytes;
    // Five files, each used a second after the one before.
    for number in 0..5 {
        let before = files(&folder);
        load(&first, number);
        for file in files(&folder).iter().filter(|file| number == 0 || !before.contains(file)) {
            let used = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 + u64::from(number));
            File::options().write(true).open(file).unwrap().set_modified(used).unwrap();
        }
    }
    let room = one * 5 + one / 2;
    let second = machine(&folder, room);
    load(&second, 0);
    assert_eq!(second.cache_counts().file_hits, 1, "a use that keeps it");
    load(&second, 5);
    let counts = second.cache_counts().files;
    // Six files are too many; a quarter of the room is made free.
    assert_eq!((counts.trimmed, files(&folder).len()), (2, 4));
    assert!(counts.bytes <= room - room / 4);

    let third = machine(&folder, room);
    for number in [0, 3, 4, 5] {
        load(&third, number);
    }
    assert_eq!((third.cache_counts().file_hits, third.cache_counts().compilations), (4, 0));
}

#[test]
fn a_folder_that_is_too_full_at_the_start_is_trimmed_and_one_without_room_stays_empty() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("code");
    let vm = machine(&folder, CacheFolder::BYTES_MAX_DEFAULT);
    for number in 0..8 {
        load(&vm, number);
    }
    let bytes = vm.cache_counts().files.bytes;
    let half = machine(&folder, bytes / 2);
    assert!(half.cache_counts().files.bytes <= bytes / 2);
    assert!(half.cache_counts().files.trimmed >= 4);

    let none = machine(&folder, 0);
    load(&none, 0);
    assert_eq!((none.cache_counts().compilations, none.cache_counts().files.write_failures), (1, 0));
    assert!(files(&folder).is_empty());
}
