//! Published vectors.

use super::*;

/// Reads a file of vectors: number, verdict, case.
fn wycheproof(text: &str) -> Vec<(u32, bool, Case)> {
    let bytes = |field: &str| if field == "-" { vec![] } else { alloy_primitives::hex::decode(field).unwrap() };
    let parse = |line: &str| {
        let [number, verdict, key, message, signature] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let case = Case { key: bytes(key), message: bytes(message), signature: bytes(signature) };
        (number.parse().unwrap(), verdict == "valid", case)
    };
    text.lines().filter(|line| !line.starts_with('#')).map(parse).collect()
}

/// R is y = 1 with the sign of x set: RFC 8032 refuses it, ZIP-215 takes it for the point that it decompresses to.
const VALID_BY_ZIP_215: u32 = 151;

#[test]
fn case_52_the_ed25519_vectors_of_wycheproof_get_their_verdicts_alone_and_in_batches() {
    let mut vectors = wycheproof(include_str!("vectors/ed25519.txt"));
    assert_eq!(vectors.len(), 151);
    for (number, valid, _) in &mut vectors {
        *valid |= *number == VALID_BY_ZIP_215;
    }
    for (number, expected, case) in &vectors {
        assert_eq!(case.is_valid(Scheme::Ed25519), *expected, "vector {number}");
    }
    let (expected, cases): (Vec<_>, Vec<_>) = vectors.into_iter().map(|(_, valid, case)| (valid, case)).unzip();
    for threads in 1..=8 {
        assert_eq!(verdicts(Scheme::Ed25519, &cases, threads), expected, "{threads} threads");
    }
    for size in [2, 9, 64] {
        let parts = cases.chunks(size).zip(expected.chunks(size));
        assert!(parts.into_iter().all(|(cases, expected)| verdicts(Scheme::Ed25519, cases, 1) == expected));
    }
}

#[test]
fn the_secp256k1_vectors_of_wycheproof_get_their_verdicts_where_s_is_low() {
    let vectors = wycheproof(include_str!("vectors/secp256k1.txt"));
    assert_eq!(vectors.len(), 252);
    let low_s = |case: &Case| {
        let mut signature = [0; 65];
        signature[..64].copy_from_slice(&case.signature);
        is_low_s(&signature)
    };
    let mut high = 0;
    for (number, valid, case) in &vectors {
        let expected = *valid && low_s(case);
        high += u32::from(*valid && !expected);
        assert_eq!(case.is_valid(Scheme::Ecdsa), expected, "vector {number}");
    }
    assert!(high > 0, "no vector has a high s");
}
