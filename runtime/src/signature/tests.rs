//! One verdict for a signature: alone, in every batch, in every place, on any number of threads.

use curve25519_dalek::EdwardsPoint;
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::scalar::Scalar;
use proptest::prelude::*;
use rand_core_06::RngCore;
use sha2::{Digest, Sha256, Sha512};
use sp_core::Pair;

use super::coefficients::Coefficients;
use super::*;
use crate::transaction::build;
use crate::transaction::sample::{DOMAIN, body, decode, one_of_each, sign_digest, sign_message, sr25519_pair};

/// A signed message that owns its bytes.
#[derive(Clone, Debug)]
struct Case {
    key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Case {
    fn item(&self) -> SignedMessage<'_> {
        SignedMessage { key: &self.key, message: &self.message, signature: &self.signature }
    }

    fn is_valid(&self, scheme: Scheme) -> bool {
        verify_one(scheme, &self.key, &self.message, &self.signature)
    }
}

/// A good signature; each number makes another key and message.
fn good(scheme: Scheme, number: u32) -> Case {
    let seed = (number % 250) as u8 + 1;
    let message = [&b"message "[..], &number.to_le_bytes()].concat();
    let signed = sign_message(scheme, &message, seed);
    let signature = match scheme {
        Scheme::Ecdsa => sign_digest(Sha256::digest(&message).into(), seed).0.to_vec(),
        Scheme::Ed25519 | Scheme::Sr25519 => signed.signature().to_vec(),
    };
    Case { key: signed.key().to_vec(), message, signature }
}

fn verdicts(scheme: Scheme, cases: &[Case], threads: usize) -> Vec<bool> {
    let items: Vec<_> = cases.iter().map(Case::item).collect();
    verify_batch(scheme, &items, threads)
}

/// A seeded generator, for orders and companions.
fn numbers(seed: u8) -> impl RngCore {
    Coefficients::of(Scheme::Ed25519, &[SignedMessage { key: &[seed], message: b"", signature: b"" }])
}

/// Shuffles in place (Fisher and Yates).
fn shuffle<T>(items: &mut [T], numbers: &mut impl RngCore) {
    for last in (1..items.len()).rev() {
        items.swap(last, numbers.next_u32() as usize % (last + 1));
    }
}

// The rules.

#[test]
fn what_sp_core_signs_verifies() {
    let message = b"signed by sp-core";
    let pair = sp_core::ed25519::Pair::from_seed(&[1; 32]);
    assert!(verify_one(Scheme::Ed25519, &pair.public().0, message, &pair.sign(message).0));
    let pair = sp_core::sr25519::Pair::from_seed(&[1; 32]);
    assert!(verify_one(Scheme::Sr25519, &pair.public().0, message, &pair.sign(message).0));
    // In the native envelope, ecdsa is over BLAKE2b-256 and recoverable.
    let pair = sp_core::ecdsa::Pair::from_seed(&[1; 32]);
    let unsigned = build::native(body(0), &DOMAIN);
    let signature = NativeSignature::Ecdsa { key: pair.public().0, signature: pair.sign(unsigned.message()).0 };
    let transaction = decode(&unsigned.assemble(&signature)).unwrap();
    let sender = verify(vec![transaction], 1).remove(0).unwrap().sender();
    assert_eq!(Some(sender), key_address(Scheme::Ecdsa, &pair.public().0));
}

#[test]
fn the_first_two_examples_of_rfc_8032_verify() {
    let hex = |text: &str| alloy_primitives::hex::decode(text).unwrap();
    let key = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let signature = hex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246551\
         41438e7a100b",
    );
    assert!(verify_one(Scheme::Ed25519, &key, b"", &signature));
    let key = hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    let signature = hex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d\
         291612bb0c00",
    );
    assert!(verify_one(Scheme::Ed25519, &key, &[0x72], &signature));
    assert!(!verify_one(Scheme::Ed25519, &key, &[0x73], &signature));
}

#[test]
fn every_changed_bit_makes_a_signature_bad() {
    for scheme in Scheme::ALL {
        let case = good(scheme, 1);
        assert!(case.is_valid(scheme));
        for bit in 0..case.signature.len() * 8 {
            let mut changed = case.clone();
            changed.signature[bit / 8] ^= 1 << (bit % 8);
            assert!(!changed.is_valid(scheme), "{scheme:?}: bit {bit} of the signature");
        }
        for bit in 0..case.key.len() * 8 {
            let mut changed = case.clone();
            changed.key[bit / 8] ^= 1 << (bit % 8);
            assert!(!changed.is_valid(scheme), "{scheme:?}: bit {bit} of the key");
        }
        let mut changed = case;
        changed.message.push(0);
        assert!(!changed.is_valid(scheme));
    }
}

#[test]
fn an_ecdsa_signature_with_a_high_s_is_bad() {
    use alloy_primitives::{U256, uint};
    let order = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);
    let digest = [7; 32];
    let (rs, id) = sign_digest(digest, 1);
    let mut signature = [id; 65];
    signature[..64].copy_from_slice(&rs);
    let signer = ecdsa_recover(&digest, &signature);
    assert!(signer.is_some());
    let high = (order - U256::from_be_slice(&rs[32..])).to_be_bytes::<32>();
    signature[32..64].copy_from_slice(&high);
    signature[64] = id ^ 1;
    assert_eq!(ecdsa_recover(&digest, &signature), None);
    let mut case = good(Scheme::Ecdsa, 1);
    let high = (order - U256::from_be_slice(&case.signature[32..])).to_be_bytes::<32>();
    case.signature[32..].copy_from_slice(&high);
    assert!(!case.is_valid(Scheme::Ecdsa));
}

#[test]
fn half_of_the_order_is_the_last_low_s() {
    let mut signature = [0; 65];
    signature[32..64]
        .copy_from_slice(&alloy_primitives::hex!("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"));
    assert!(is_low_s(&signature));
    signature[63] += 1;
    assert!(!is_low_s(&signature));
}

#[test]
fn a_signer_is_recovered_with_v_in_either_of_its_two_forms() {
    let digest = [9; 32];
    let (rs, id) = sign_digest(digest, 1);
    let mut signature = [0; 65];
    signature[..64].copy_from_slice(&rs);
    let expected = key_address(Scheme::Ecdsa, sign_message(Scheme::Ecdsa, b"", 1).key());
    for v in 0..=u8::MAX {
        signature[64] = v;
        let recovered = ecdsa_recover(&digest, &signature);
        match v {
            0 | 1 | 27 | 28 => assert_eq!(recovered == expected, v % 27 == id, "v {v}"),
            _ => assert_eq!(recovered, None, "v {v}"),
        }
    }
}

// ed25519: the points that other rules disagree on.

/// The 14 encodings of the points of small order: eight canonical ones, and six that are not.
fn small_order_encodings() -> Vec<[u8; 32]> {
    let mut encodings: Vec<_> = EIGHT_TORSION.iter().map(|point| point.compress().to_bytes()).collect();
    let sign = |mut bytes: [u8; 32]| {
        bytes[31] |= 0x80;
        bytes
    };
    let little_endian = |low: u8, middle: u8, high: u8| {
        let mut bytes = [middle; 32];
        (bytes[0], bytes[31]) = (low, high);
        bytes
    };
    let one = little_endian(1, 0, 0);
    let minus_one = little_endian(0xec, 0xff, 0x7f);
    let p = little_endian(0xed, 0xff, 0x7f);
    let p_plus_one = little_endian(0xee, 0xff, 0x7f);
    // x = 0 with its sign bit set; y = 0 and y = 1 written as p and p + 1.
    encodings.extend([sign(one), sign(minus_one), p, sign(p), p_plus_one, sign(p_plus_one)]);
    encodings
}

/// The 196 vectors of ZIP-215: s = 0, so that both sides of the equation are the identity after the cofactor.
fn zip215_vectors() -> Vec<Case> {
    let encodings = small_order_encodings();
    let vector = |key: &[u8; 32], r: &[u8; 32]| Case {
        key: key.to_vec(),
        message: b"Zcash".to_vec(),
        signature: [&r[..], &[0; 32]].concat(),
    };
    encodings.iter().flat_map(|key| encodings.iter().map(move |r| vector(key, r))).collect()
}

/// k of an ed25519 signature.
fn challenge(r: &[u8; 32], key: &[u8], message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

/// A signature whose key and R carry parts of small order; valid by ZIP-215, and by a cofactorless rule only if these
/// cancel.
fn mixed_order(number: u64, key_torsion: &EdwardsPoint, r_torsion: &EdwardsPoint) -> Case {
    let (secret, nonce) = (Scalar::from(number + 1_000), Scalar::from(number + 2_000_000));
    let key = (ED25519_BASEPOINT_POINT * secret + key_torsion).compress().to_bytes();
    let r = (ED25519_BASEPOINT_POINT * nonce + r_torsion).compress().to_bytes();
    let message = number.to_le_bytes().to_vec();
    let s = nonce + challenge(&r, &key, &message) * secret;
    Case { key: key.to_vec(), message, signature: [&r[..], s.as_bytes()].concat() }
}

/// What is left of the equation without the cofactor.
fn residue(case: &Case) -> EdwardsPoint {
    let point = |bytes: &[u8]| CompressedEdwardsY::from_slice(bytes).unwrap().decompress().unwrap();
    let (r, s) = case.signature.split_at(32);
    let s = Scalar::from_canonical_bytes(s.try_into().unwrap()).unwrap();
    let k = challenge(r.try_into().unwrap(), &case.key, &case.message);
    ED25519_BASEPOINT_POINT * s - point(r) - point(&case.key) * k
}

#[test]
fn the_encodings_of_small_order_are_fourteen_and_all_decompress() {
    let mut encodings = small_order_encodings();
    for encoding in &encodings {
        let point = CompressedEdwardsY(*encoding).decompress().unwrap();
        assert!(point.is_small_order());
    }
    let canonical =
        |encoding: &&[u8; 32]| CompressedEdwardsY(**encoding).decompress().unwrap().compress().0 == **encoding;
    assert_eq!(encodings.iter().filter(canonical).count(), 8);
    encodings.sort_unstable();
    encodings.dedup();
    assert_eq!(encodings.len(), 14);
}

#[test]
fn case_52_the_zip_215_vectors_are_valid_alone_and_in_every_batch() {
    let vectors = zip215_vectors();
    assert_eq!(vectors.len(), 196);
    assert!(vectors.iter().any(|case| residue(case) != EdwardsPoint::default()), "cofactorless rules would agree");
    let companions: Vec<_> = (0..63).map(|number| good(Scheme::Ed25519, number)).collect();
    for case in &vectors {
        assert!(case.is_valid(Scheme::Ed25519));
        assert_eq!(verdicts(Scheme::Ed25519, core::slice::from_ref(case), 1), [true]);
        let batch: Vec<_> = companions.iter().chain([case]).cloned().collect();
        assert!(verdicts(Scheme::Ed25519, &batch, 1).into_iter().all(|valid| valid));
    }
    for threads in 1..=8 {
        assert!(verdicts(Scheme::Ed25519, &vectors, threads).into_iter().all(|valid| valid));
    }
    for size in [1, 2, 3, 7, 64, 100] {
        for part in vectors.chunks(size) {
            assert!(verdicts(Scheme::Ed25519, part, 1).into_iter().all(|valid| valid));
        }
    }
}

#[test]
fn case_52_no_order_changes_a_verdict() {
    let mut numbers = numbers(52);
    for scheme in Scheme::ALL {
        let mut cases: Vec<(Case, bool)> = (0..40).map(|number| (good(scheme, number), true)).collect();
        for (case, valid) in cases.iter_mut().step_by(9) {
            case.message.push(1);
            *valid = false;
        }
        if scheme == Scheme::Ed25519 {
            cases.extend(zip215_vectors().into_iter().step_by(7).map(|case| (case, true)));
        }
        for _ in 0..100 {
            shuffle(&mut cases, &mut numbers);
            let (items, expected): (Vec<_>, Vec<_>) = cases.iter().cloned().unzip();
            assert_eq!(verdicts(scheme, &items, 1), expected);
        }
    }
}

#[test]
fn case_53_s_must_be_below_the_order_and_points_need_not_be_canonical() {
    let order = alloy_primitives::hex!("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let case = good(Scheme::Ed25519, 1);
    let add_order = |signature: &mut [u8]| {
        let mut carry = 0;
        for (byte, order) in signature[32..].iter_mut().zip(order) {
            carry += u16::from(*byte) + u16::from(order);
            *byte = carry as u8;
            carry >>= 8;
        }
        assert_eq!(carry, 0);
    };
    let mut table = Vec::new();
    // s + L, and s with each of its top three bits.
    let mut with_order = case.clone();
    add_order(&mut with_order.signature);
    table.push((with_order, false));
    for bit in [0x20, 0x40, 0x80] {
        let mut high = case.clone();
        high.signature[63] |= bit;
        table.push((high, false));
    }
    // s = 0 is a number below L, s = L is not.
    let small = zip215_vectors();
    table.push((small[0].clone(), true));
    let mut zero_plus_order = small[0].clone();
    add_order(&mut zero_plus_order.signature);
    table.push((zero_plus_order, false));
    // y = 2 is on no point; neither is it as p + 2.
    for low in [2, 0xef] {
        let mut off_curve = if low == 2 { [0; 32] } else { [0xff; 32] };
        off_curve[0] = low;
        off_curve[31] &= 0x7f;
        let mut key = small[0].clone();
        key.key = off_curve.to_vec();
        table.push((key, false));
        let mut r = small[0].clone();
        r.signature[..32].copy_from_slice(&off_curve);
        table.push((r, false));
    }
    // Negative zero and y >= p, as key and as R.
    table.extend(
        small.into_iter().filter(|case| case.key[31] >= 0x7f || case.signature[31] >= 0x7f).map(|case| (case, true)),
    );
    assert!(table.len() > 100);
    let (cases, expected): (Vec<_>, Vec<_>) = table.into_iter().unzip();
    for (case, expected) in cases.iter().zip(&expected) {
        assert_eq!(case.is_valid(Scheme::Ed25519), *expected, "{case:?}");
        assert_eq!(verdicts(Scheme::Ed25519, &[case.clone(), good(Scheme::Ed25519, 2)], 1), [*expected, true]);
    }
    assert_eq!(verdicts(Scheme::Ed25519, &cases, 2), expected);
}

#[test]
fn case_54_a_signature_of_mixed_order_has_one_verdict_in_any_company() {
    let torsion = &EIGHT_TORSION[1];
    let mixed: Vec<_> = EIGHT_TORSION
        .iter()
        .enumerate()
        .flat_map(|(index, other)| {
            [mixed_order(index as u64, torsion, other), mixed_order(100 + index as u64, other, torsion)]
        })
        .collect();
    // Residues of order 8 are there: eight times it is nothing, four times it is not.
    let order_8 = |case: &&Case| (residue(case) * Scalar::from(4_u8)) != EdwardsPoint::default();
    assert!(mixed.iter().filter(order_8).count() >= 4);
    assert!(mixed.iter().all(|case| case.is_valid(Scheme::Ed25519)));
    let mut numbers = numbers(54);
    for (index, company) in (0..10_000).collect::<Vec<u32>>().chunks(100).enumerate() {
        let mut batch: Vec<_> = company.iter().map(|number| good(Scheme::Ed25519, *number)).collect();
        batch.push(mixed[index % mixed.len()].clone());
        shuffle(&mut batch, &mut numbers);
        assert!(verdicts(Scheme::Ed25519, &batch, 1).into_iter().all(|valid| valid));
    }
    // Two whose residues cancel are no better and no worse than each alone.
    for pair in mixed.windows(2) {
        assert_eq!(verdicts(Scheme::Ed25519, pair, 1), [true, true]);
    }
}

#[test]
fn errors_of_two_signatures_do_not_cancel_in_a_batch() {
    // s + 1 and s - 1: their sum is that of two good signatures.
    let shift = |case: &Case, by: Scalar, marker: u8| {
        let mut s: [u8; 32] = case.signature[32..].try_into().unwrap();
        s[31] &= !marker;
        let mut case = case.clone();
        case.signature[32..].copy_from_slice((Scalar::from_canonical_bytes(s).unwrap() + by).as_bytes());
        case.signature[63] |= marker;
        case
    };
    for (scheme, marker) in [(Scheme::Ed25519, 0), (Scheme::Sr25519, 0x80)] {
        let mut cases: Vec<_> = (0..16).map(|number| good(scheme, number)).collect();
        cases[3] = shift(&cases[3], Scalar::ONE, marker);
        cases[12] = shift(&cases[12], -Scalar::ONE, marker);
        let expected: Vec<_> = (0..16).map(|index| index != 3 && index != 12).collect();
        assert_eq!(verdicts(scheme, &cases, 1), expected, "{scheme:?}");
    }
}

#[test]
fn the_coefficients_of_a_batch_depend_on_every_byte_of_it() {
    let case = good(Scheme::Sr25519, 1);
    let first = |scheme, case: &Case| RngCore::next_u64(&mut Coefficients::of(scheme, &[case.item()]));
    let expected = first(Scheme::Sr25519, &case);
    assert_eq!(first(Scheme::Sr25519, &case), expected);
    assert_ne!(first(Scheme::Ed25519, &case), expected);
    for byte in 0..64 {
        let mut changed = case.clone();
        changed.signature[byte] ^= 1;
        assert_ne!(first(Scheme::Sr25519, &changed), expected, "byte {byte} of the signature");
    }
    // Where a part ends is covered too.
    let mut shifted = case.clone();
    let byte = shifted.message.remove(0);
    shifted.signature.push(byte);
    assert_ne!(first(Scheme::Sr25519, &shifted), expected);
}

// Batches of transactions.

#[test]
fn case_56_one_bad_signature_in_a_thousand_rejects_itself_alone() {
    for scheme in Scheme::ALL {
        let mut cases: Vec<_> = (0..1_000).map(|number| good(scheme, number)).collect();
        for bad in [0, 127, 128, 500, 999] {
            let original = cases[bad].clone();
            cases[bad].signature = good(scheme, 2_000).signature;
            let found = verdicts(scheme, &cases, 2);
            assert!(found.iter().enumerate().all(|(index, valid)| *valid == (index != bad)), "{scheme:?} {bad}");
            cases[bad] = original;
        }
    }
}

#[test]
fn case_56_a_thousand_bad_signatures_are_all_found() {
    for scheme in Scheme::ALL {
        let signature = good(scheme, 2_000).signature;
        let bad = |number| Case { signature: signature.clone(), ..good(scheme, number) };
        let cases: Vec<_> = (0..1_000).map(bad).collect();
        assert!(verdicts(scheme, &cases, 2).into_iter().all(|valid| !valid));
    }
}

#[test]
fn case_56_bad_transactions_are_rejected_in_their_places() {
    let mut transactions: Vec<_> =
        (0..60).flat_map(|nonce| one_of_each(nonce, 1)).map(|bytes| decode(&bytes).unwrap()).collect();
    // A foreign signature under each scheme; the two Ethereum envelopes recover another sender instead.
    let bad: Vec<usize> = (0..300).filter(|index| index % 35 >= 2 && index % 35 < 5).collect();
    for index in &bad {
        let unsigned = build::native(body(1_000), &DOMAIN);
        let scheme = Scheme::ALL[index % 5 - 2];
        let stolen = sign_message(scheme, unsigned.message(), 1);
        let unsigned = build::native(body(*index as u64 / 5), &DOMAIN);
        transactions[*index] = decode(&unsigned.assemble(&stolen)).unwrap();
    }
    let expected = verify(transactions.clone(), 1);
    for (index, (result, transaction)) in expected.iter().zip(&transactions).enumerate() {
        match result {
            Ok(verified) => assert_eq!(verified.transaction(), transaction),
            Err(rejection) => assert_eq!(*rejection, Rejection::BadSignature),
        }
        assert_eq!(result.is_err(), bad.contains(&index), "transaction {index}");
    }
    for threads in [0, 2, 3, 8] {
        assert_eq!(verify(transactions.clone(), threads), expected, "{threads} threads");
    }
}

#[test]
fn case_57_no_signatures_have_no_verdicts() {
    assert_eq!(verify(vec![], 4), vec![]);
    for scheme in Scheme::ALL {
        assert_eq!(verify_batch(scheme, &[], 4), vec![]);
    }
}

#[test]
fn case_57_lengths_that_do_not_match_make_a_signature_bad() {
    for scheme in Scheme::ALL {
        let case = good(scheme, 1);
        assert_eq!((case.key.len(), case.signature.len()), (scheme.key_bytes(), scheme.signature_bytes()));
        for length in 0..100 {
            let resized = |bytes: &[u8]| {
                let mut bytes = bytes.to_vec();
                bytes.resize(length, 0);
                bytes
            };
            let key = Case { key: resized(&case.key), ..case.clone() };
            let signature = Case { signature: resized(&case.signature), ..case.clone() };
            let expected = [length == scheme.key_bytes(), true, length == scheme.signature_bytes()];
            assert_eq!(verdicts(scheme, &[key, case.clone(), signature], 1), expected, "{scheme:?} {length}");
        }
    }
}

#[test]
fn case_57_a_scheme_has_one_tag_and_other_tags_have_no_scheme() {
    for tag in (0..1_000).chain(u32::MAX - 1_000..=u32::MAX) {
        let scheme = Scheme::from_tag(tag);
        assert_eq!(scheme.map(|scheme| scheme as u32), (tag < 3).then_some(tag));
    }
}

#[test]
fn case_57_a_message_of_a_mebibyte_verifies() {
    let message = vec![7; 1 << 20];
    for scheme in [Scheme::Ed25519, Scheme::Sr25519] {
        let signed = sign_message(scheme, &message, 1);
        assert!(verify_one(scheme, signed.key(), &message, signed.signature()));
    }
    let (rs, _) = sign_digest(Sha256::digest(&message).into(), 1);
    assert!(verify_one(Scheme::Ecdsa, good(Scheme::Ecdsa, 0).key.as_slice(), &message, &rs));
}

#[test]
fn case_58_a_signature_verifies_wherever_it_lies_in_memory() {
    for scheme in Scheme::ALL {
        let mut bad = good(scheme, 3);
        bad.message[0] ^= 1;
        for (case, expected) in [(good(scheme, 3), true), (bad, false)] {
            for offset in 0..16 {
                let (key_end, message_end) = (offset + case.key.len(), offset + case.key.len() + case.message.len());
                let buffer = [&vec![0xaa; offset][..], &case.key, &case.message, &case.signature].concat();
                let (key, message) = (&buffer[offset..key_end], &buffer[key_end..message_end]);
                let item = SignedMessage { key, message, signature: &buffer[message_end..] };
                assert_eq!(verify_one(scheme, item.key, item.message, item.signature), expected);
                assert_eq!(verify_batch(scheme, &[item; 9], 1), [expected; 9]);
            }
        }
    }
}

#[test]
fn an_sr25519_signature_in_another_context_is_bad() {
    let pair = sr25519_pair(1);
    let signature = pair.sign_simple(b"florin", b"message").to_bytes();
    assert!(!verify_one(Scheme::Sr25519, &pair.public.to_bytes(), b"message", &signature));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn garbage_is_bad_and_no_panic(
        key in proptest::collection::vec(any::<u8>(), 0..70),
        message in proptest::collection::vec(any::<u8>(), 0..70),
        signature in proptest::collection::vec(any::<u8>(), 0..70),
        lengths in any::<bool>(),
    ) {
        for scheme in Scheme::ALL {
            let mut case = Case { key: key.clone(), message: message.clone(), signature: signature.clone() };
            if lengths {
                case.key.resize(scheme.key_bytes(), 3);
                case.signature.resize(scheme.signature_bytes(), 0);
            }
            prop_assert!(!case.is_valid(scheme));
            prop_assert_eq!(verdicts(scheme, &[case.clone(), good(scheme, 1), case], 1), [false, true, false]);
        }
    }

    #[test]
    fn a_batch_says_what_each_alone_says(
        bad in proptest::collection::btree_set(0..150_usize, 0..20),
        count in 0..150_usize,
        threads in 0..4_usize,
    ) {
        for scheme in Scheme::ALL {
            let mut cases: Vec<_> = (0..count as u32).map(|number| good(scheme, number)).collect();
            for index in bad.iter().filter(|index| **index < count) {
                cases[*index].signature[40] ^= 1;
            }
            let alone: Vec<_> = cases.iter().map(|case| case.is_valid(scheme)).collect();
            prop_assert_eq!(alone.iter().filter(|valid| !**valid).count(), bad.range(..count).count());
            prop_assert_eq!(verdicts(scheme, &cases, threads), alone);
        }
    }
}
