//! The root depends on the entries alone, and proofs show what is there and what is not.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use std::collections::BTreeMap;

use alloy_primitives::{Bytes, hex};
use parity_scale_codec::{DecodeAll, Encode};
use proptest::prelude::*;

use super::commit::State;
use super::proof::{Proof, ProofError, Terminal};
use super::tree::{Domain, EMPTY, key_hash, turns_right, value_hash};
use super::{ChangeSet, StateKey, StateReader};

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

/// The root by its definition, without a tree in memory.
fn root_by_definition(depth: usize, leaves: &[([u8; 32], [u8; 32])]) -> [u8; 32] {
    match leaves {
        [] => EMPTY,
        [(key, value)] => Domain::Leaf.hash(key, value),
        _ => {
            let (right, left): (Vec<_>, Vec<_>) = leaves.iter().partition(|(key, _)| turns_right(key, depth));
            Domain::Branch.hash(&root_by_definition(depth + 1, &left), &root_by_definition(depth + 1, &right))
        }
    }
}

fn root_of(model: &Model) -> [u8; 32] {
    let leaves: Vec<_> = model.iter().map(|(key, value)| (key_hash(key), value_hash(value))).collect();
    root_by_definition(0, &leaves)
}

fn slice(value: &Option<Bytes>) -> Option<&[u8]> {
    value.as_ref().map(AsRef::as_ref)
}

fn changes(entries: &[(Vec<u8>, Option<Vec<u8>>)]) -> ChangeSet {
    entries.iter().map(|(key, value)| (StateKey::from_bytes(key), value.clone().map(Bytes::from))).collect()
}

fn state(count: u32) -> State {
    let mut state = State::new();
    let entries: Vec<_> =
        (0..count).map(|n| (n.to_be_bytes().to_vec(), Some(format!("value {n}").into_bytes()))).collect();
    state.commit(&changes(&entries));
    state
}

fn block() -> impl Strategy<Value = Vec<(Vec<u8>, Option<Vec<u8>>)>> {
    // Few keys, so that writes meet writes and removals meet entries.
    let key = (0..48_u8).prop_map(|n| vec![n]);
    let value = proptest::option::weighted(0.6, proptest::collection::vec(any::<u8>(), 0..4));
    proptest::collection::vec((key, value), 0..24)
}

proptest! {
    #[test]
    fn the_incremental_root_equals_the_root_from_scratch(blocks in proptest::collection::vec(block(), 1..12)) {
        let (mut state, mut model) = (State::new(), Model::new());
        for block in blocks {
            let changes = changes(&block);
            let root = state.commit(&changes);
            for (key, value) in &changes {
                match value {
                    Some(value) => model.insert(key.as_bytes().to_vec(), value.to_vec()),
                    None => model.remove(key.as_bytes()),
                };
            }
            prop_assert_eq!(root.hash().0, root_of(&model));
            prop_assert_eq!(state.entries().len(), model.len());
        }
    }

    #[test]
    fn the_root_does_not_depend_on_the_order_of_the_blocks(
        keys in proptest::collection::btree_set(any::<u16>(), 0..40),
        split in any::<usize>(),
    ) {
        let entries: Vec<_> = keys.iter().map(|n| (n.to_be_bytes().to_vec(), Some(vec![1]))).collect();
        let (first, second) = entries.split_at(if entries.is_empty() { 0 } else { split % entries.len() });
        let (mut forward, mut backward, mut once) = (State::new(), State::new(), State::new());
        forward.commit(&changes(first));
        backward.commit(&changes(second));
        forward.commit(&changes(second));
        backward.commit(&changes(first));
        once.commit(&changes(&entries));
        prop_assert_eq!(forward.root(), once.root());
        prop_assert_eq!(backward.root(), once.root());
    }

    #[test]
    fn every_key_has_a_proof_and_the_proof_shows_nothing_else(
        count in 0..60_u32,
        key in 0..80_u32,
        wrong in proptest::option::of(any::<[u8; 2]>()),
    ) {
        let state = state(count);
        let key = StateKey::from_bytes(&key.to_be_bytes());
        let (value, proof) = state.prove(&key).unwrap();
        let root = state.root().hash().0;
        prop_assert_eq!(proof.verify(&root, key.as_bytes(), slice(&value)), Ok(()));
        // Two bytes are never the value, and nothing is not a value.
        let wrong = wrong.as_ref().map(|bytes| &bytes[..]);
        if wrong.is_some() || value.is_some() {
            prop_assert_eq!(proof.verify(&root, key.as_bytes(), wrong), Err(ProofError::WrongContent));
        }
    }

    #[test]
    fn garbage_is_no_proof_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(proof) = Proof::decode_all(&mut &bytes[..]) {
            prop_assert!(proof.verify(&[7; 32], b"key", None).is_err());
        }
    }
}

#[test]
fn the_empty_state_has_the_empty_root_and_proves_absence() {
    let state = State::new();
    assert_eq!(state.root().hash().0, EMPTY);
    let (value, proof) = state.prove(&StateKey::from_bytes(b"any")).unwrap();
    assert_eq!((value, &proof), (None, &Proof { siblings: vec![], terminal: Terminal::Empty }));
    assert_eq!(proof.verify(&EMPTY, b"any", None), Ok(()));
}

#[test]
fn removing_what_was_written_gives_the_earlier_root() {
    let mut state = state(100);
    let before = state.root();
    let extra: Vec<_> = (0..50_u32).map(|n| (format!("extra {n}").into_bytes(), Some(vec![0; 3]))).collect();
    assert_ne!(state.commit(&changes(&extra)), before);
    let removal: Vec<_> = extra.into_iter().map(|(key, _)| (key, None)).collect();
    assert_eq!(state.commit(&changes(&removal)), before);
}

#[test]
fn an_empty_value_is_an_entry() {
    let mut state = State::new();
    let root = state.commit(&changes(&[(b"key".to_vec(), Some(vec![]))]));
    assert_ne!(root.hash().0, EMPTY);
    let (value, proof) = state.prove(&StateKey::from_bytes(b"key")).unwrap();
    assert_eq!(value, Some(Bytes::new()));
    assert_eq!(proof.verify(&root.hash().0, b"key", None), Err(ProofError::WrongContent));
}

#[test]
fn a_snapshot_keeps_its_root_and_its_proofs() {
    let mut original = state(10);
    let snapshot = original.clone();
    let root = snapshot.root();
    original.commit(&changes(&[(0_u32.to_be_bytes().to_vec(), None)]));
    assert_ne!(original.root(), root);
    let key = StateKey::from_bytes(&0_u32.to_be_bytes());
    let (value, proof) = snapshot.prove(&key).unwrap();
    assert_eq!(snapshot.get(&key).unwrap(), value);
    assert_eq!(proof.verify(&root.hash().0, key.as_bytes(), slice(&value)), Ok(()));
}

#[test]
fn every_changed_bit_of_a_proof_is_noticed() {
    let state = state(20);
    let root = state.root().hash().0;
    for key in [3_u32, 1_000] {
        let key = StateKey::from_bytes(&key.to_be_bytes());
        let (value, proof) = state.prove(&key).unwrap();
        let bytes = proof.encode();
        assert_eq!(Proof::decode_all(&mut &bytes[..]).as_ref(), Ok(&proof));
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let verdict =
                Proof::decode_all(&mut &changed[..]).map(|proof| proof.verify(&root, key.as_bytes(), slice(&value)));
            assert!(!matches!(verdict, Ok(Ok(()))), "bit {bit} of the proof has no meaning");
        }
        for end in 0..bytes.len() {
            assert!(Proof::decode_all(&mut &bytes[..end]).is_err(), "a proof of {end} bytes decodes");
        }
    }
}

#[test]
fn a_proof_longer_than_a_path_is_refused_before_it_is_hashed() {
    let proof = Proof { siblings: vec![EMPTY; 257], terminal: Terminal::Empty };
    assert_eq!(proof.verify(&EMPTY, b"key", None), Err(ProofError::TooLong { siblings: 257 }));
}

#[test]
fn a_leaf_from_another_path_proves_no_absence() {
    let state = state(20);
    let root = state.root().hash().0;
    let (_, proof) = state.prove(&StateKey::from_bytes(&3_u32.to_be_bytes())).unwrap();
    let verdicts: Vec<_> =
        (0..20_u32).filter(|n| *n != 3).map(|n| proof.verify(&root, &n.to_be_bytes(), None)).collect();
    assert!(verdicts.iter().all(|verdict| *verdict == Err(ProofError::ForeignLeaf)), "{verdicts:?}");
}

#[test]
fn case_39_a_proof_that_claims_a_huge_length_is_refused_without_allocating_it() {
    // SCALE length 2^30 - 1 in front of ten bytes.
    let bytes = [&[0xfe, 0xff, 0xff, 0xff][..], &[0; 10]].concat();
    assert!(Proof::decode_all(&mut &bytes[..]).is_err());
}

/// The proofs that the verifier's own tests read, which no tree is at hand for.
#[test]
fn the_vectors_of_the_verifier_are_what_the_tree_gives() {
    let mut lines = String::new();
    for (count, asked) in [(0, vec![0]), (1, vec![0, 1]), (2, vec![0, 1, 2]), (1_000, vec![0, 500, 999, 1_000, 77_777])]
    {
        let state = state(count);
        for n in asked {
            let key = StateKey::from_bytes(&u32::to_be_bytes(n));
            let (value, proof) = state.prove(&key).unwrap();
            let value = value.map_or_else(|| "-".to_owned(), hex::encode);
            let (root, key, proof) = (state.root().hash(), hex::encode(key.as_bytes()), hex::encode(proof.encode()));
            lines += &format!("{} {key} {value} {proof}\n", hex::encode(root));
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts/proof/tests/vectors.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &lines).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), lines, "UPDATE_GOLDEN=1 writes them anew, if that is meant");
}
