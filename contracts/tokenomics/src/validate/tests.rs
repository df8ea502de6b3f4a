//! The checks at their limits, and one beyond.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use alloc::string::{String, ToString};
use alloc::vec;

use proptest::prelude::*;

use super::{
    AMOUNT_MAX, Account, Amount, ClaimForm, Invalid, Transfer, epoch, parse_score, proof_nodes, sanitize, score,
};
use crate::address::{AddressError, Checksummed};
use crate::merkle::proof_length;
use crate::ratio::Ppm;

const LOWER: &str = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed";
const MIXED: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

#[test]
fn an_account_is_an_address_with_a_right_checksum_and_not_zero() {
    assert_eq!(Account::parse(LOWER), Account::parse(MIXED));
    let mistyped = MIXED.replace("5aA", "5aa");
    assert_eq!(Account::parse(&mistyped), Err(Invalid::Address(AddressError::Checksum { position: 5 })));
    assert_eq!(Account::parse("0x00"), Err(Invalid::Address(AddressError::Length { chars: 4 })));
    assert_eq!(Account::parse(&Checksummed::new(&[0; 20])), Err(Invalid::ZeroAddress));
    assert_eq!(Account::new([0; 20]), Err(Invalid::ZeroAddress));
    assert_eq!(Account::new([7; 20]).map(Account::address), Ok([7; 20]));
}

#[test]
fn an_amount_is_one_wei_to_2_to_the_63_less_one() {
    assert_eq!(AMOUNT_MAX, u128::from(i64::MAX.unsigned_abs()));
    assert!([1, 2, AMOUNT_MAX].iter().all(|wei| Amount::new(*wei).map(Amount::wei) == Ok(*wei)));
    for amount in [0, AMOUNT_MAX + 1, u128::MAX] {
        assert_eq!(Amount::new(amount), Err(Invalid::Amount { amount, min: 1, max: AMOUNT_MAX }));
    }
    assert!(Amount::at_least(9, 10).is_err() && Amount::at_least(0, 0).is_ok());
}

#[test]
fn a_score_is_nothing_to_one_whole_and_a_number() {
    assert_eq!((score(0), score(1_000_000)), (Ok(Ppm::ZERO), Ok(Ppm::ONE)));
    assert_eq!(score(1_000_001), Err(Invalid::Score { ppm: 1_000_001 }));
    let read = |text: &str| parse_score(text).map(Ppm::get);
    assert_eq!(
        (read("0"), read("1"), read("1.000"), read("0.888")),
        (Ok(0), Ok(1_000_000), Ok(1_000_000), Ok(888_000))
    );
    assert_eq!((read("0.0000019"), read("0.999999999")), (Ok(1), Ok(999_999)));
    for text in ["NaN", "inf", "-0.1", "+1", "1e-3", "", ".", "0.", ".5", " 1", "0x1", "1.0.0"] {
        assert_eq!(read(text), Err(Invalid::NoScore), "{text:?}");
    }
    for text in ["1.000001", "1.0000000001", "2", "99999999999999999999999"] {
        assert!(matches!(read(text), Err(Invalid::Score { .. })), "{text:?}");
    }
}

#[test]
fn an_epoch_is_not_negative_and_no_campaign_of_everybody() {
    assert_eq!((epoch(0), epoch(i128::from(i64::MAX))), (Ok(0), Ok(i64::MAX.unsigned_abs())));
    for number in [-1, 1 << 63, i128::MAX, i128::MIN] {
        assert_eq!(epoch(number), Err(Invalid::Epoch { epoch: number }));
    }
}

#[test]
fn a_transfer_has_two_accounts_and_an_amount_that_is_there() {
    let [a, b] = [[1; 20], [2; 20]];
    assert!(Transfer::new(a, b, 5, 5).is_ok());
    assert_eq!(Transfer::new([0; 20], b, 5, 5), Err(Invalid::ZeroAddress));
    assert_eq!(Transfer::new(a, [0; 20], 5, 5), Err(Invalid::ZeroAddress));
    assert!(matches!(Transfer::new(a, b, 0, 5), Err(Invalid::Amount { .. })));
    assert_eq!(Transfer::new(a, b, 6, 5), Err(Invalid::Balance { amount: 6, balance: 5 }));
    assert_eq!(Transfer::new(a, a, 5, 5), Err(Invalid::SameAccount));
    assert_eq!(Transfer::parse(LOWER, MIXED, 1, 1), Err(Invalid::SameAccount), "whatever their case");
    let (from, to, amount) = Transfer::new(a, b, 5, 9).unwrap().parts();
    assert_eq!((from.address(), to.address(), amount.wei()), (a, b, 5));
}

#[test]
fn a_claim_has_an_account_an_amount_a_place_and_a_proof_of_its_length() {
    assert!(ClaimForm::new([1; 20], 1, 0, 1, 0).is_ok(), "a tree of one leaf has an empty proof");
    assert_eq!(ClaimForm::new([1; 20], 1, 0, 1, 1), Err(Invalid::ProofLength { nodes: 1, expected: 0 }));
    assert_eq!(ClaimForm::new([1; 20], 1, 4, 5, 3), Err(Invalid::ProofLength { nodes: 3, expected: 1 }));
    assert_eq!(ClaimForm::new([1; 20], 1, 5, 5, 1), Err(Invalid::Index { index: 5, leaf_count: 5 }));
    assert_eq!(ClaimForm::new([0; 20], 1, 0, 1, 0), Err(Invalid::ZeroAddress));
    assert!(matches!(ClaimForm::new([1; 20], 0, 0, 1, 0), Err(Invalid::Amount { .. })));
}

#[test]
fn the_nodes_of_a_proof_have_32_bytes() {
    let (good, bad) = ([7_u8; 32], [7_u8; 31]);
    assert_eq!(proof_nodes(&[]), Ok(vec![]));
    assert_eq!(proof_nodes(&[&good, &good]), Ok(vec![good, good]));
    assert_eq!(proof_nodes(&[&good, &bad]), Err(Invalid::ProofNode { node: 1, bytes: 31 }));
    assert!(matches!(proof_nodes(&[good.as_slice(); 41]), Err(Invalid::ProofLength { nodes: 41, .. })));
}

#[test]
fn text_is_cut_before_letters_are_removed() {
    assert_eq!(sanitize("a\0b<i>\"c\"'\\\r\n"), "abic");
    let long: String = "<".repeat(200) + &"x".repeat(100);
    assert_eq!(sanitize(&long), "x".repeat(56), "256 characters are taken, then 200 removed");
    let nuls: String = "\0".repeat(300) + "y";
    assert_eq!(sanitize(&nuls), "y", "NUL does not count");
    assert_eq!(sanitize(&"ä".repeat(300)).chars().count(), 256);
}

#[test]
fn a_refusal_says_what_would_be_right() {
    let said = Invalid::Amount { amount: 0, min: 1, max: AMOUNT_MAX }.to_string();
    assert_eq!(said, "an amount is 1 to 9223372036854775807 wei, this is 0");
    assert_eq!(Invalid::ProofLength { nodes: 3, expected: 1 }.to_string(), "the proof has 3 nodes, this place needs 1");
}

proptest! {
    #[test]
    fn exactly_one_length_of_a_proof_is_accepted(count in 1..5_000_u32, index: u32, nodes in 0..45_usize) {
        let index = index % count;
        let is_right = proof_length(index, count) == u32::try_from(nodes).ok();
        prop_assert_eq!(ClaimForm::new([1; 20], 1, index, count, nodes).is_ok(), is_right);
    }

    #[test]
    fn nothing_that_is_sanitized_needs_it_again(text in ".{0,400}") {
        let once = sanitize(&text);
        prop_assert_eq!(sanitize(&once), once);
    }
}
