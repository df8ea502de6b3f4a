//! Snapshots against a model: any state at any height that can be read comes out as it went in, and nothing else comes in.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use std::io::{self, Read};
use std::sync::Arc;

use alloy_primitives::{B256, Bytes};
use proptest::prelude::*;

use super::export::Sizes;
use super::format::{CONTENT_BYTES_MAX, ENTRY_BYTES_MAX, SNAPSHOT_FORMAT, read_chunk, write_chunk};
use super::*;
use crate::state::durable::tests::{IDENTITY, Model, block, open, small};
use crate::state::durable::{DurableConfig, DurableState, Identity, OpenError, Retention};
use crate::state::store::disk::{DiskConfig, DiskStore};
use crate::state::store::memory::MemoryStore;
use crate::state::store::{Batch, Durability, Snapshot, Store, StoreError, Table};
use crate::state::tree::range::{HashRange, Part};
use crate::state::tree::{EMPTY, key_hash};
use crate::state::view::ViewError;
use crate::state::{ChangeSet, StateKey, StateReader};

const ARCHIVE: DurableConfig = DurableConfig { retained_blocks: Retention::Archive, ..small(0) };

/// Sizes that are too small, so that few entries make many chunks and rounds.
const TINY: Sizes = Sizes { chunk_bytes: 60, leaves_max: 20, round_bytes: 200 };

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

fn export(durable: &DurableState, sizes: Sizes, height: u64) -> Vec<u8> {
    let mut file = Vec::new();
    let mut last = ExportProgress::default();
    let exported = durable.export_in(sizes, height, &mut file, &mut |progress| last = progress).unwrap();
    assert_eq!((last.chunks_written, last.chunks), (exported.head.chunks, exported.head.chunks));
    assert_eq!(exported.head.height, height);
    file
}

fn import_into(store: &Arc<dyn Store>, mut file: &[u8]) -> Result<Imported, ImportError> {
    import(&**store, &mut file, &Expected::default(), &mut |_| {})
}

/// A state of so many entries, its genesis only, and its file.
fn state_of(entries: u16, sizes: Sizes) -> (ChangeSet, Vec<u8>) {
    let value = |n: u16| Some(Bytes::from(vec![n.to_le_bytes()[0]; usize::from(n % 7)]));
    let genesis: ChangeSet = (0..entries).map(|n| (StateKey::from_bytes(&n.to_be_bytes()), value(n))).collect();
    let durable = DurableState::create(memory(), IDENTITY, ARCHIVE, &genesis, b"genesis".to_vec()).unwrap();
    (genesis, export(&durable, sizes, 0))
}

/// The head of a file, and its chunks.
fn parts(file: &[u8]) -> (SnapshotHead, Vec<Chunk>) {
    let mut file = file;
    let (head, _) = SnapshotHead::read(&mut file).unwrap().unwrap();
    let read = |number| Chunk::decode(read_chunk(&mut file, number).unwrap().unwrap()).unwrap();
    let chunks = (0..head.chunks).map(read).collect();
    (head, chunks)
}

/// A file with correct checksums, whatever it holds.
fn file_of(head: &SnapshotHead, chunks: &[Chunk]) -> Vec<u8> {
    let mut file = Vec::new();
    SnapshotHead { chunks: u32::try_from(chunks.len()).unwrap(), ..head.clone() }.write(&mut file).unwrap();
    for (number, Chunk { range, beside, entries }) in chunks.iter().enumerate() {
        let content = Chunk::encode(range, beside, entries.iter().map(|(key, value)| (&key[..], &value[..])));
        write_chunk(&mut file, u32::try_from(number).unwrap(), &content).unwrap();
    }
    file
}

fn problem_of(file: &[u8]) -> (u32, ChunkProblem) {
    match import_into(&memory(), file).unwrap_err() {
        ImportError::Chunk { number, problem, .. } => (number, problem),
        other => panic!("{other}"),
    }
}

fn sizes() -> impl Strategy<Value = Sizes> {
    let sizes = (1..400_usize, 0..64_usize, 1..1_000_usize);
    sizes.prop_map(|(chunk_bytes, leaves_max, round_bytes)| Sizes { chunk_bytes, leaves_max, round_bytes })
}

type Writes = Vec<(u8, Option<u8>)>;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_state_at_any_height_comes_out_as_it_went_in_and_goes_on(
        blocks in proptest::collection::vec(
            proptest::collection::vec((any::<u8>(), proptest::option::weighted(0.7, any::<u8>())), 0..60), 1..12),
        chosen in any::<proptest::sample::Index>(),
        sizes in sizes(),
    ) {
        let blocks: Vec<Writes> = blocks;
        let genesis = block(&blocks[0]);
        let durable = DurableState::create(memory(), IDENTITY, ARCHIVE, &genesis, vec![0]).unwrap();
        let mut model = Model::new(&genesis);
        for (height, writes) in blocks.iter().enumerate().skip(1) {
            let changes = block(writes);
            model.commit(&changes);
            durable.commit(height as u64, &changes, vec![7; height]).unwrap();
        }
        let height = chosen.index(blocks.len());
        let file = export(&durable, sizes, height as u64);
        let store = memory();
        let imported = import_into(&store, &file).unwrap();
        let root = model.states[height].root();
        prop_assert_eq!((imported.head.height, B256::new(imported.head.root)), (height as u64, root.hash()));
        prop_assert_eq!(imported.head.entries, model.states[height].entries().len() as u64);

        let copy = open(&store, ARCHIVE);
        prop_assert_eq!(copy.heights(), (height as u64, height as u64));
        prop_assert_eq!(copy.check_root().unwrap(), root);
        prop_assert_eq!(copy.block(height as u64).unwrap(), durable.block(height as u64).unwrap());
        model.check(&copy, height as u64);
        for (next, writes) in blocks.iter().enumerate().skip(height + 1) {
            let root = copy.commit(next as u64, &block(writes), vec![]).unwrap();
            prop_assert_eq!(root, model.states[next].root());
        }
        model.check(&copy, height as u64);
        model.check(&copy, model.head());
        // What was imported is exported as the same bytes.
        prop_assert_eq!(export(&copy, sizes, height as u64), file);
    }
}

#[test]
fn a_database_on_disk_is_exported_and_imported() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let store = |folder: &tempfile::TempDir| -> Arc<dyn Store> {
        Arc::new(DiskStore::open(folder.path(), DiskConfig::default()).unwrap())
    };
    let genesis: ChangeSet =
        (0..5_000_u32).map(|n| (StateKey::from_bytes(&n.to_be_bytes()), Some(vec![3; 300].into()))).collect();
    let durable = DurableState::create(store(&folders[0]), IDENTITY, ARCHIVE, &genesis, vec![]).unwrap();
    let root = durable.commit(1, &block(&[(1, Some(1))]), b"one".to_vec()).unwrap();
    let mut file = Vec::new();
    let exported = durable.export(1, &mut file, &mut |_| {}).unwrap();
    assert_eq!((exported.head.chunks, exported.head.entries), (2, 5_001));
    import_into(&store(&folders[1]), &file).unwrap();
    let copy = open(&store(&folders[1]), ARCHIVE);
    assert_eq!(copy.check_root().unwrap(), root);
    assert_eq!(copy.block(1).unwrap(), Some(b"one"[..].into()));
}

#[test]
fn a_state_without_entries_is_one_empty_chunk() {
    let (_, file) = state_of(0, TINY);
    let store = memory();
    assert_eq!(import_into(&store, &file).unwrap().head.root, EMPTY);
    assert_eq!(open(&store, ARCHIVE).check_root().unwrap().hash(), B256::ZERO);
}

#[test]
fn an_entry_of_the_largest_size_is_a_chunk_of_its_own_and_a_larger_one_is_refused() {
    let long = |bytes: usize| -> ChangeSet {
        let key = |n: u8| StateKey::from_bytes(&[n]);
        (0..4).map(|n| (key(n), Some(vec![n; if n == 2 { bytes } else { 9 }].into()))).collect()
    };
    let fits = ENTRY_BYTES_MAX - 7;
    let durable = DurableState::create(memory(), IDENTITY, ARCHIVE, &long(fits), vec![]).unwrap();
    let store = memory();
    import_into(&store, &export(&durable, Sizes::default(), 0)).unwrap();
    open(&store, ARCHIVE).check_root().unwrap();

    let durable = DurableState::create(memory(), IDENTITY, ARCHIVE, &long(fits + 1), vec![]).unwrap();
    let error = durable.export(0, &mut io::sink(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, ExportError::Entry { bytes, .. } if bytes == ENTRY_BYTES_MAX + 1), "{error}");
}

#[test]
fn what_cannot_be_read_is_not_exported() {
    let store = memory();
    let genesis = block(&[(1, Some(1)), (2, Some(2))]);
    let durable = DurableState::create(Arc::clone(&store), IDENTITY, ARCHIVE, &genesis, vec![]).unwrap();
    let error = durable.export(1, &mut io::sink(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, ExportError::View(ViewError::Future { .. })), "{error}");
    let mut batch = Batch::default();
    batch.put(Table::Entries, b"k2", &b"rotten"[..]);
    store.write(batch, Durability::Synced).unwrap();
    let durable = open(&store, ARCHIVE);
    let mut file = Vec::new();
    let error = durable.export(0, &mut file, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("the root of the entries at height 0 is not the one of the block"), "{error}");
    assert!(file.is_empty());
}

#[test]
fn a_writer_that_fails_ends_the_export() {
    let durable = DurableState::create(memory(), IDENTITY, ARCHIVE, &block(&[(1, Some(1))]), vec![]).unwrap();
    // In its head, and in its chunk.
    for room in [100, 200] {
        let error = durable.export(0, &mut &mut [0; 200][..room], &mut |_| {}).unwrap_err();
        assert!(matches!(error, ExportError::Io(_)), "{error}");
    }
}

#[test]
fn case_112_every_flipped_bit_of_a_snapshot_is_refused() {
    let (_, file) = state_of(12, TINY);
    for byte in 0..file.len() {
        for bit in 0..8 {
            let mut flipped = file.clone();
            flipped[byte] ^= 1 << bit;
            let store = memory();
            assert!(import_into(&store, &flipped).is_err(), "bit {bit} of byte {byte}");
            assert!(!matches!(DurableState::open(store, IDENTITY, ARCHIVE), Ok(Some(_))), "bit {bit} of byte {byte}");
        }
    }
}

#[test]
fn case_112_a_snapshot_that_is_cut_off_anywhere_or_goes_on_is_refused() {
    let (_, file) = state_of(12, TINY);
    for end in 0..file.len() {
        let error = import_into(&memory(), &file[..end]).unwrap_err();
        let is_told = matches!(
            error,
            ImportError::Head(HeadProblem::Torn | HeadProblem::Magic)
                | ImportError::Chunk { problem: ChunkProblem::Torn, .. }
        );
        assert!(is_told, "{end}: {error}");
    }
    let store = memory();
    let error = import_into(&store, &[&file[..], &[0]].concat()).unwrap_err();
    assert_eq!(error.to_string(), "the file is not what its head says: something follows the last chunk");
    assert!(matches!(DurableState::open(store, IDENTITY, ARCHIVE), Err(OpenError::Unfinished)));
}

#[test]
fn a_chunk_that_is_missing_doubled_or_out_of_its_place_is_refused_by_its_number() {
    let (_, file) = state_of(60, TINY);
    let (head, chunks) = parts(&file);
    assert!(chunks.len() > 6);
    assert_eq!(file_of(&head, &chunks), file);
    for number in 0..chunks.len() - 1 {
        let at = u32::try_from(number).unwrap();
        let mut missing = chunks.clone();
        missing.remove(number);
        assert_eq!(problem_of(&file_of(&head, &missing)), (at, ChunkProblem::Place));
        let mut swapped = chunks.clone();
        swapped.swap(number, number + 1);
        assert_eq!(problem_of(&file_of(&head, &swapped)), (at, ChunkProblem::Place));
        let mut doubled = chunks.clone();
        doubled.insert(number, chunks[number].clone());
        assert_eq!(problem_of(&file_of(&head, &doubled)), (at + 1, ChunkProblem::Place));
    }
    let without_last = &chunks[..chunks.len() - 1];
    assert_eq!(problem_of(&file_of(&head, without_last)).1, ChunkProblem::Place);
    let mut number = Vec::new();
    head.write(&mut number).unwrap();
    write_chunk(&mut number, 5, b"content").unwrap();
    assert_eq!(problem_of(&number), (0, ChunkProblem::Number { found: 5 }));
}

#[test]
fn a_chunk_with_an_entry_changed_added_or_left_out_is_refused_by_its_number() {
    let (_, file) = state_of(30, TINY);
    let (head, chunks) = parts(&file);
    for (number, chunk) in chunks.iter().enumerate() {
        let at = u32::try_from(number).unwrap();
        let with = |change: &dyn Fn(&mut Chunk)| {
            let mut chunks = chunks.clone();
            change(&mut chunks[number]);
            problem_of(&file_of(&head, &chunks))
        };
        for index in 0..chunk.entries.len() {
            assert_eq!(with(&|chunk| drop(chunk.entries.remove(index))), (at, ChunkProblem::Root));
            assert_eq!(with(&|chunk| chunk.entries[index].1 = b"other"[..].into()), (at, ChunkProblem::Root));
            let twice = with(&|chunk| chunk.entries.insert(index, chunk.entries[index].clone()));
            assert!(matches!(twice, (found, ChunkProblem::Range(_)) if found == at), "{twice:?}");
        }
        let entry = |n: u32| (Bytes::from(format!("added {n}").into_bytes()), Bytes::new());
        let mut added = (0..).map(entry).filter(|(key, _)| chunk.range.holds(&key_hash(key)));
        let added = added.next().unwrap();
        let place = chunk.entries.partition_point(|(key, _)| key_hash(key) < key_hash(&added.0));
        assert_eq!(with(&|chunk| chunk.entries.insert(place, added.clone())), (at, ChunkProblem::Root));
        for index in 0..chunk.beside.len() {
            let changed = with(&|chunk| chunk.beside[index] = Part::Many([9; 32]));
            assert_eq!(changed, (at, ChunkProblem::Root));
            let fewer = with(&|chunk| {
                chunk.beside.remove(index);
            });
            assert!(matches!(fewer, (found, ChunkProblem::Range(_) | ChunkProblem::Root) if found == at), "{fewer:?}");
        }
    }
}

#[test]
fn a_chunk_of_another_snapshot_is_refused() {
    let (_, file) = state_of(30, TINY);
    let (_, other) = state_of(31, TINY);
    let ((head, chunks), (_, foreign)) = (parts(&file), parts(&other));
    let mut mixed = chunks;
    mixed[0] = foreign[0].clone();
    assert_eq!(problem_of(&file_of(&head, &mixed)), (0, ChunkProblem::Root));
}

#[test]
fn a_head_that_claims_what_is_not_there_is_refused() {
    let (_, file) = state_of(12, TINY);
    let (head, chunks) = parts(&file);
    let told = |head: &SnapshotHead| import_into(&memory(), &file_of(head, &chunks)).unwrap_err().to_string();
    let fewer = SnapshotHead { entries: 11, ..head.clone() };
    assert_eq!(told(&fewer), "the file is not what its head says: it has another number of entries");
    let root = SnapshotHead { root: [5; 32], ..head.clone() };
    assert!(told(&root).starts_with("chunk 0 of "), "{}", told(&root));
    let mut none = Vec::new();
    SnapshotHead { chunks: 0, ..head.clone() }.write(&mut none).unwrap();
    assert!(matches!(import_into(&memory(), &none), Err(ImportError::Rest("it has no chunk"))));
    let mut many = Vec::new();
    SnapshotHead { chunks: u32::MAX, ..head }.write(&mut many).unwrap();
    assert_eq!(problem_of(&many), (0, ChunkProblem::Torn));
}

#[test]
fn what_is_no_snapshot_or_of_another_format_is_refused_by_name() {
    let (_, file) = state_of(3, TINY);
    let told = |file: &[u8]| import_into(&memory(), file).unwrap_err().to_string();
    assert_eq!(told(b""), "the file cannot be imported: it is no snapshot");
    assert_eq!(told(b"\x7fELF and so on, for a while"), "the file cannot be imported: it is no snapshot");
    let mut newer = file;
    newer[8] += 1;
    assert!(told(&newer).contains("it has format 3, this release reads 2"), "{}", told(&newer));
}

/// Bytes without an end, of which is counted how many are read.
struct Endless {
    head: io::Cursor<Vec<u8>>,
    read: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.head.read(buffer)? {
            0 => {
                buffer.fill(0);
                buffer.len()
            }
            read => read,
        };
        self.read += read;
        Ok(read)
    }
}

#[test]
fn case_39_lengths_that_are_claimed_are_not_believed() {
    let (_, file) = state_of(3, TINY);
    let (head, _) = parts(&file);
    let mut begin = Vec::new();
    head.write(&mut begin).unwrap();
    let refused = |packed: u32, content: u32| {
        let chunk = [0, packed, content].map(u32::to_le_bytes).concat();
        let mut endless = Endless { head: io::Cursor::new([&begin[..], &chunk].concat()), read: 0 };
        let error = import(&*memory(), &mut endless, &Expected::default(), &mut |_| {}).unwrap_err();
        let ImportError::Chunk { problem, .. } = error else { panic!("{error}") };
        (problem, endless.read - begin.len() - chunk.len())
    };
    assert_eq!(refused(u32::MAX, 10), (ChunkProblem::Length { claimed: u32::MAX }, 0));
    assert_eq!(refused(10, u32::MAX), (ChunkProblem::Length { claimed: u32::MAX }, 0));
    let claimed = u32::try_from(CONTENT_BYTES_MAX).unwrap() + 1;
    assert_eq!(refused(10, claimed), (ChunkProblem::Length { claimed }, 0));
    assert_eq!(refused(10, claimed - 1), (ChunkProblem::Checksum, 42));

    let claim = |length: u32| [&b"FLORINSS"[..], &SNAPSHOT_FORMAT.to_le_bytes(), &length.to_le_bytes()].concat();
    let mut endless = Endless { head: io::Cursor::new(claim(u32::MAX)), read: 0 };
    let error = import(&*memory(), &mut endless, &Expected::default(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, ImportError::Head(HeadProblem::Damaged)), "{error}");
    assert_eq!(endless.read, 16);
    // A head of the largest size takes what is there.
    assert!(matches!(import_into(&memory(), &claim(64 << 20)), Err(ImportError::Head(HeadProblem::Torn))));
}

#[test]
fn case_39_a_chunk_that_unpacks_to_more_than_it_claims_is_refused() {
    let (_, file) = state_of(3, TINY);
    let (head, _) = parts(&file);
    let bomb = zstd::bulk::compress(&vec![0; 64 << 20], 3).unwrap();
    assert!(bomb.len() < 10_000);
    for claimed in [100, CONTENT_BYTES_MAX] {
        let lengths = [0, bomb.len(), claimed].map(|length| u32::try_from(length).unwrap().to_le_bytes());
        let mut chunk = [&lengths.concat()[..], &bomb].concat();
        let checksum = blake3::hash(&chunk);
        chunk.extend_from_slice(checksum.as_bytes());
        let mut bombed = Vec::new();
        head.write(&mut bombed).unwrap();
        bombed.extend_from_slice(&chunk);
        assert_eq!(problem_of(&bombed), (0, ChunkProblem::Packed));
    }
}

proptest! {
    #[test]
    fn garbage_with_good_checksums_is_no_chunk_and_no_panic(content in proptest::collection::vec(any::<u8>(), 0..300)) {
        let (_, file) = state_of(3, TINY);
        let (head, _) = parts(&file);
        let mut garbage = Vec::new();
        head.write(&mut garbage).unwrap();
        write_chunk(&mut garbage, 0, &content).unwrap();
        prop_assert!(import_into(&memory(), &garbage).is_err());
        // One that begins as it should.
        let range = HashRange { start: [0; 32], end: None };
        let begun = [&Chunk::encode(&range, &[], [].into_iter())[..35], &content].concat();
        if let Some(chunk) = Chunk::decode(begun.into()) {
            prop_assert!(chunk.verify(&[1; 32]).is_err());
        }
    }
}

#[test]
fn case_122_a_snapshot_of_another_chain_or_root_than_expected_is_refused() {
    let (_, file) = state_of(3, TINY);
    let (head, _) = parts(&file);
    let told = |identity, root| {
        let expected = Expected { identity, root };
        import(&*memory(), &mut &file[..], &expected, &mut |_| {}).map_err(|error| error.to_string())
    };
    assert!(told(Some(IDENTITY), Some(B256::new(head.root))).is_ok());
    let chain = told(Some(Identity { chain_id: 8, ..IDENTITY }), None).unwrap_err();
    assert!(chain.contains("chain 7 with") && chain.contains("not chain 8"), "{chain}");
    assert!(told(Some(Identity { genesis_hash: [2; 32], ..IDENTITY }), None).is_err());
    assert!(told(None, Some(B256::ZERO)).unwrap_err().contains("not 0x000000"));
}

#[test]
fn a_store_that_holds_something_is_not_imported_into() {
    let (_, file) = state_of(3, TINY);
    let store = memory();
    import_into(&store, &file).unwrap();
    assert!(matches!(import_into(&store, &file), Err(ImportError::NotEmpty)));
    let store = memory();
    let mut batch = Batch::default();
    batch.put(Table::Entries, &b"something"[..], &b"else"[..]);
    store.write(batch, Durability::Synced).unwrap();
    assert!(matches!(import_into(&store, &file), Err(ImportError::NotEmpty)));
}

/// A store that takes so many batches.
struct FewBatches(Arc<dyn Store>, std::sync::Mutex<u32>);

impl Store for FewBatches {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.0.snapshot()
    }

    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        let mut left = self.1.lock().unwrap();
        *left = left.checked_sub(1).ok_or(StoreError::Full)?;
        self.0.write(batch, durability)
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.0.disk_bytes()
    }
}

#[test]
fn case_111_an_import_that_was_cut_off_is_not_opened_and_goes_on_when_it_is_run_again() {
    let (_, file) = state_of(60, TINY);
    let (_, other) = state_of(61, TINY);
    let (head, chunks) = parts(&file);
    for batches in 0..head.chunks {
        let store = memory();
        let few = FewBatches(Arc::clone(&store), batches.into());
        let error = import(&few, &mut &file[..], &Expected::default(), &mut |_| {}).unwrap_err();
        assert!(error.to_string().contains("no space left"), "{error}");
        if batches > 0 {
            let refusal = DurableState::open(Arc::clone(&store), IDENTITY, ARCHIVE).unwrap_err();
            assert!(refusal.to_string().contains("was not finished: run it again"), "{refusal}");
            let create = DurableState::create(Arc::clone(&store), IDENTITY, ARCHIVE, &ChangeSet::new(), vec![]);
            assert!(matches!(create, Err(OpenError::Unfinished)));
            assert!(matches!(import_into(&store, &other), Err(ImportError::Another)));
        }
        let imported = import_into(&store, &file).unwrap();
        assert_eq!(imported.chunks_found, batches);
        let durable = open(&store, ARCHIVE);
        assert_eq!(durable.check_root().unwrap().hash(), B256::new(head.root));
        assert_eq!(durable.newest().next(b"", b"").unwrap().is_some(), !chunks.is_empty());
    }
}
