//! ed25519 signatures with points of small order, that not every rule accepts; ZIP-215 does, in any company.

use super::*;

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
    for (scheme, shuffles) in [(Scheme::Ed25519, 1_000), (Scheme::Sr25519, 100), (Scheme::Ecdsa, 100)] {
        let mut cases: Vec<(Case, bool)> = (0..12).map(|number| (good(scheme, number), true)).collect();
        cases[0].0.message.push(1);
        cases[0].1 = false;
        if scheme == Scheme::Ed25519 {
            cases.extend(zip215_vectors().into_iter().step_by(25).map(|case| (case, true)));
        }
        for _ in 0..shuffles {
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
