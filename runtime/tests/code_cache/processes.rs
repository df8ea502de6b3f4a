//! Processes that share a folder, and processes that are killed while they write.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use florin_runtime::vm::CacheFolder;

use super::{files, load, machine, sound};

/// What makes this test binary a writer: the folder, the first contract and how many.
const FOLDER: &str = "FLORIN_TEST_FOLDER";
const FIRST: &str = "FLORIN_TEST_FIRST";
const COUNT: &str = "FLORIN_TEST_COUNT";

/// How often a writer is killed.
const KILLS: u32 = 100;

/// Starts this test binary as another process that runs nothing but the writer below.
fn writer(folder: &Path, first: u32, count: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::a_process_writes_what_it_compiles", "--nocapture"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .env(COUNT, count.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A test of its own, and the child of the other tests.
#[test]
fn a_process_writes_what_it_compiles() {
    let own = tempfile::tempdir().unwrap();
    let folder = std::env::var_os(FOLDER).map_or_else(|| own.path().join("code"), PathBuf::from);
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let (first, count): (u32, u32) = (number(FIRST).unwrap_or(0), number(COUNT).unwrap_or(3));
    let vm = machine(&folder, CacheFolder::BYTES_MAX_DEFAULT);
    for number in first..first.saturating_add(count) {
        load(&vm, number);
        println!("loaded {number}");
    }
    let counts = vm.cache_counts();
    assert_eq!(counts.compilations + counts.file_hits, u64::from(count));
    assert_eq!((counts.files.written, counts.files.rejected_total()), (counts.compilations, 0), "{counts:?}");
}

#[test]
fn case_45_a_writer_that_is_killed_leaves_whole_files_or_none() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("code");
    let mut swept = 0;
    for kill in 0..KILLS {
        let mut child = writer(&folder, kill * 10_000, 10_000);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let loaded = lines.by_ref().map(Result::unwrap).filter(|line| line.starts_with("loaded"));
        assert!(loaded.take(1 + kill as usize % 4).count() > 0, "the writer does not write");
        // Somewhere in the next compilation or the next write.
        for _ in 0..kill * 2_000 {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let vm = machine(&folder, CacheFolder::BYTES_MAX_DEFAULT);
        swept += vm.cache_counts().files.swept;
        sound(&vm);
        load(&vm, kill * 10_000);
        assert_eq!((vm.cache_counts().file_hits, vm.cache_counts().compilations), (1, 0), "what was whole is used");
        fs::remove_dir_all(&folder).unwrap();
    }
    println!("{KILLS} kills, {swept} of them during a write");
}

#[test]
fn case_45_the_file_of_a_dead_writer_is_swept_and_that_of_a_living_one_is_not() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("code");
    drop(machine(&folder, CacheFolder::BYTES_MAX_DEFAULT));
    let path = |name: &str| folder.join(name);
    fs::write(path("4711-0.tmp"), b"half of a file").unwrap();
    // A living writer holds a lock on what it writes.
    let living = File::create(path("4712-0.tmp")).unwrap();
    living.lock().unwrap();
    let swept = || machine(&folder, CacheFolder::BYTES_MAX_DEFAULT).cache_counts().files.swept;
    assert_eq!((swept(), files(&folder)), (1, vec![path("4712-0.tmp")]));
    drop(living);
    assert_eq!((swept(), files(&folder)), (1, vec![]));
}

#[test]
fn case_46_processes_that_share_a_folder_do_not_disturb_each_other() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("code");
    let children = [0, 0, 10].map(|first| writer(&folder, first, 30));
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success(), "a process that shares the folder failed");
    }
    let vm = machine(&folder, CacheFolder::BYTES_MAX_DEFAULT);
    assert_eq!((sound(&vm), files(&folder).len()), (40, 40));
    for number in 0..40 {
        load(&vm, number);
    }
    assert_eq!((vm.cache_counts().file_hits, vm.cache_counts().compilations), (40, 0));
}
