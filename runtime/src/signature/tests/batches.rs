//! Bad signatures among good ones.

use super::*;

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

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
