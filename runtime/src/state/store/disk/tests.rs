//! A store on disk against one in memory: while it runs, started again, and after its process was killed.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use std::fs;

use proptest::prelude::*;

use super::super::RowsBuilder;
use super::super::memory::MemoryStore;
use super::*;

/// So small that batches reach the engine's files.
const SMALL: DiskConfig = DiskConfig {
    block_cache_bytes: 1 << 20,
    memtable_bytes: 4 << 10,
    journal_bytes_max: 64 << 20,
    log_segment_bytes: 2 << 10,
};

/// A row: table, key, and its value or nothing.
type Written = (usize, u8, Option<u8>);

/// A batch of rows, and of derived ones.
type Made = (Vec<Written>, Vec<Written>);

fn batch((rows, derived): &Made) -> Batch {
    let mut batch = Batch::default();
    let mut late = RowsBuilder::default();
    // Each row once, the derived ones in a table of their own.
    let rows: std::collections::BTreeMap<_, _> =
        rows.iter().map(|(table, key, value)| ((table % 4, key), value)).collect();
    let derived: std::collections::BTreeMap<_, _> = derived.iter().map(|(_, key, value)| (key, value)).collect();
    for ((table, key), value) in rows {
        match value {
            Some(value) => batch.put(Table::ALL[table], [*key], vec![*value; 40]),
            None => batch.remove(Table::ALL[table], [*key]),
        }
    }
    for (key, value) in derived {
        match value {
            Some(value) => late.put(Table::Meta, [*key], vec![*value; 40]),
            None => late.remove(Table::Meta, [*key]),
        }
    }
    batch.append_derived(late.build());
    batch
}

fn all(snapshot: &dyn Snapshot, table: Table) -> Vec<(Bytes, Bytes)> {
    let mut rows = Vec::new();
    snapshot
        .scan(table, &[], &mut |key, value| {
            rows.push((key, value));
            true
        })
        .unwrap();
    rows
}

/// Copies a folder as a process that is killed now would leave it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

fn made() -> impl Strategy<Value = Made> {
    let row = || (0..4_usize, 0..12_u8, prop::option::weighted(0.8, any::<u8>()));
    (prop::collection::vec(row(), 0..8), prop::collection::vec(row(), 0..4))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_store_on_disk_reads_as_one_in_memory_also_when_it_was_opened_again(
        batches in prop::collection::vec(made(), 1..40),
        reopened in prop::collection::btree_set(0..40_usize, 0..3),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let model = MemoryStore::new();
        let mut store = DiskStore::open(folder.path(), SMALL).unwrap();
        for (number, made) in batches.iter().enumerate() {
            let before = (store.snapshot(), model.snapshot());
            model.write(batch(made), Durability::Synced).unwrap();
            store.write(batch(made), Durability::Synced).unwrap();
            let after = (store.snapshot(), model.snapshot());
            if reopened.contains(&number) {
                drop((before, after));
                drop(store);
                prop_assert_eq!(fs::read_dir(folder.path().join("log")).unwrap().count(), 0, "the engine has everything");
                store = DiskStore::open(folder.path(), SMALL).unwrap();
                continue;
            }
            for (disk, memory) in [before, after] {
                for table in Table::ALL {
                    prop_assert_eq!(all(&*disk, table), all(&*memory, table));
                    for key in 0..12 {
                        prop_assert_eq!(disk.get(table, &[key]).unwrap(), memory.get(table, &[key]).unwrap());
                        prop_assert_eq!(disk.seek(table, &[key]).unwrap(), memory.seek(table, &[key]).unwrap());
                    }
                }
            }
        }
        let (disk, memory) = (store.snapshot(), model.snapshot());
        for table in Table::ALL {
            prop_assert_eq!(all(&*disk, table), all(&*memory, table));
        }
    }

    #[test]
    fn case_108_a_killed_process_leaves_every_batch_and_the_derived_rows_of_some_before_the_last(
        batches in prop::collection::vec(made(), 1..30),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let killed = tempfile::tempdir().unwrap();
        // The engine writes nothing but its journal.
        let large = DiskConfig { memtable_bytes: 8 << 20, ..SMALL };
        let mut store = DiskStore::open(&folder.path().join("store"), large).unwrap();
        let models: Vec<MemoryStore> = batches.iter().map(|_| MemoryStore::new()).collect();
        for (number, made) in batches.iter().enumerate() {
            models[number..].iter().for_each(|model| model.write(batch(made), Durability::Synced).unwrap());
            store.write(batch(made), Durability::Synced).unwrap();
        }
        // Wherever it is with handing over.
        store.shared.stop(StoreError::Stopped);
        store.background.end().unwrap_err();
        copy(&folder.path().join("store"), killed.path());
        let opened = DiskStore::open(killed.path(), large).unwrap();
        let found = opened.snapshot();
        let newest = models.last().unwrap().snapshot();
        for table in [Table::Entries, Table::Pages, Table::Undo, Table::Blocks] {
            prop_assert_eq!(all(&*found, table), all(&*newest, table));
        }
        let derived = all(&*found, Table::Meta);
        let is_of = |model: &MemoryStore| all(&*model.snapshot(), Table::Meta) == derived;
        prop_assert!(derived.is_empty() || models.iter().any(is_of), "{derived:?}");
    }
}

#[test]
fn a_writer_waits_while_too_much_is_on_its_way() {
    let folder = tempfile::tempdir().unwrap();
    let store = DiskStore::open(folder.path(), DiskConfig::default()).unwrap();
    for number in 0..40_u64 {
        let mut batch = Batch::default();
        batch.put(Table::Blocks, number.to_be_bytes(), vec![7; 2 << 20]);
        store.write(batch, Durability::Buffered).unwrap();
        let layers = &store.shared.view().layers;
        let bytes: usize = layers.iter().map(|layer| layer.bytes).sum();
        assert!(layers.len() <= background::WAITING_BATCHES_MAX && bytes <= background::WAITING_BYTES_MAX + (4 << 20));
    }
    assert_eq!(all(&*store.snapshot(), Table::Blocks).len(), 40);
}

#[test]
fn segments_of_the_log_go_when_the_engine_has_their_batches() {
    let folder = tempfile::tempdir().unwrap();
    let store = DiskStore::open(folder.path(), DiskConfig::default()).unwrap();
    for number in 0..100_u64 {
        let mut batch = Batch::default();
        batch.put(Table::Blocks, number.to_be_bytes(), vec![7; 1 << 20]);
        store.write(batch, Durability::Synced).unwrap();
    }
    store.shared.wait_until_taken().unwrap();
    assert_eq!(fs::read_dir(folder.path().join("log")).unwrap().count(), 1, "100 MiB are three segments and a part");
    store.compact().unwrap();
    assert!(store.log.lock().unwrap().bytes() < 100, "compacting leaves an empty log");
}

#[test]
fn compacting_once_leaves_what_the_tables_hold() {
    let folder = tempfile::tempdir().unwrap();
    let store = DiskStore::open(&folder.path().join("store"), DiskConfig::default()).unwrap();
    let model = MemoryStore::new();
    let live = 100 * 20_000_u64;
    // Nothing that could be compressed.
    let noise: Vec<u8> = (0..40_000_u32)
        .map(|number| number.wrapping_mul(number).wrapping_mul(2_654_435_761).to_le_bytes()[2])
        .collect();
    for round in 0..12_u8 {
        let mut batch = Batch::default();
        for key in 0..100_u8 {
            let value = &noise[usize::from(round) * 1_000 + usize::from(key)..][..20_000];
            batch.put(Table::Entries, [key], value);
            match round {
                11 => batch.remove(Table::Undo, [key]),
                _ => batch.put(Table::Undo, [key], value),
            }
        }
        model.write(batch.clone(), Durability::Synced).unwrap();
        store.write(batch, Durability::Synced).unwrap();
    }
    assert!(store.disk_bytes().unwrap() > 10 * live, "the journal has every row");
    store.compact().unwrap();
    assert!(store.disk_bytes().unwrap() < 2 * live, "{} bytes for {live}", store.disk_bytes().unwrap());
    let has_as_much = |store: &DiskStore| {
        let (disk, memory) = (store.snapshot(), model.snapshot());
        Table::ALL.iter().all(|table| all(&*disk, *table) == all(&*memory, *table))
    };
    assert!(has_as_much(&store));
    store.settle().unwrap();
    copy(&folder.path().join("store"), &folder.path().join("killed"));
    assert!(has_as_much(&DiskStore::open(&folder.path().join("killed"), DiskConfig::default()).unwrap()));
    drop(store);
    let store = DiskStore::open(&folder.path().join("store"), DiskConfig::default()).unwrap();
    assert!(has_as_much(&store));
    store.compact().unwrap();
    assert!(store.disk_bytes().unwrap() < 2 * live, "and again");
}

#[test]
fn a_log_whose_beginning_is_missing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(DiskStore::open(folder.path(), SMALL).unwrap());
    fs::write(folder.path().join("log/00000000000000000009"), b"FLORLOG\x01").unwrap();
    let refusal = DiskStore::open(folder.path(), SMALL).map(drop).unwrap_err();
    assert!(refusal.to_string().contains("its first part is missing"), "{refusal}");
}
