//! Proofs that the runtime made: they verify, show nothing else, and not one of their bits is without a meaning.
//!
//! `vectors.txt` has a proof a line: state root, key, value or `-`, proof; in hex. The runtime's tests make it anew
//! (`UPDATE_GOLDEN=1`) and compare.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use florin_proof::{Hash, Proof, ProofError};
use parity_scale_codec::{DecodeAll, Encode};

struct Vector {
    root: Hash,
    key: Vec<u8>,
    value: Option<Vec<u8>>,
    proof: Vec<u8>,
}

fn vectors() -> Vec<Vector> {
    let bytes = |text: &str| hex::decode(text).unwrap();
    let vector = |line: &str| {
        let fields: Vec<&str> = line.split(' ').collect();
        let [root, key, value, proof] = fields[..] else { panic!("{line}") };
        let value = (value != "-").then(|| bytes(value));
        Vector { root: bytes(root).try_into().unwrap(), key: bytes(key), value, proof: bytes(proof) }
    };
    include_str!("vectors.txt").lines().map(vector).collect()
}

fn decode(bytes: &[u8]) -> Option<Proof> {
    Proof::decode_all(&mut &bytes[..]).ok()
}

#[test]
fn every_vector_verifies_and_shows_nothing_else() {
    let vectors = vectors();
    assert!(vectors.iter().any(|vector| vector.value.is_none()), "absence is shown too");
    for Vector { root, key, value, proof } in vectors {
        let proof = decode(&proof).unwrap();
        assert_eq!(proof.verify(&root, &key, value.as_deref()), Ok(()));
        assert_eq!(proof.verify(&root, &key, Some(b"something else")), Err(ProofError::WrongContent));
        let mut other = root;
        other[31] ^= 1;
        assert_eq!(proof.verify(&other, &key, value.as_deref()), Err(ProofError::WrongRoot));
    }
}

#[test]
fn every_changed_bit_of_a_vector_is_noticed() {
    for Vector { root, key, value, proof } in vectors() {
        for bit in 0..proof.len() * 8 {
            let mut changed = proof.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let verdict = decode(&changed).map(|proof| proof.verify(&root, &key, value.as_deref()));
            assert!(!matches!(verdict, Some(Ok(()))), "bit {bit}");
        }
    }
}

#[test]
fn a_proof_has_one_encoding() {
    let (sibling, empty) = ([7; 32], [0; 32]);
    // Three siblings, of which the second is not empty; then an empty subtree.
    let proof = |bits: u8, listed: &Hash| [&[3 << 2, bits][..], listed, &[0]].concat();
    assert_eq!(decode(&proof(0b0100_0000, &sibling)).unwrap().siblings, [empty, sibling, empty]);
    assert_eq!(decode(&proof(0b0100_0000, &empty)), None, "an empty sibling is listed");
    assert_eq!(decode(&proof(0b0101_0000, &sibling)), None, "a bit behind the last sibling");
    for Vector { proof, .. } in vectors() {
        assert_eq!(decode(&proof).unwrap().encode(), proof);
    }
}
