//! Wide arithmetic: sums, differences and products of 128 bits, the same on every engine and as Rust computes them.

use super::{PLENTY, run, wasm};
use proptest::prelude::*;

/// Numbers at which carries, borrows and signs turn.
const EDGES: [u64; 8] = [0, 1, 2, u32::MAX as u64, 1 << 63, i64::MAX as u64, u64::MAX - 1, u64::MAX];

/// Returns a module that writes low and high half of each operation on the operands, and reverts with them.
fn module(cases: &[(u128, u128)]) -> Vec<u8> {
    let mut body = String::new();
    let mut at = 0;
    let mut operation = |operands: &[u64], name: &str| {
        let constants: String = operands.iter().map(|half| format!("(i64.const {}) ", half.cast_signed())).collect();
        body +=
            &format!("{constants} {name} local.set 1 local.set 0 (i64.store offset={at} (i32.const 0) (local.get 0))");
        at += 8;
        body += &format!("(i64.store offset={at} (i32.const 0) (local.get 1))\n");
        at += 8;
    };
    for (left, right) in cases {
        let four = [low(*left), high(*left), low(*right), high(*right)];
        operation(&four, "i64.add128");
        operation(&four, "i64.sub128");
        operation(&[four[0], four[2]], "i64.mul_wide_u");
        operation(&[four[0], four[2]], "i64.mul_wide_s");
    }
    wasm(&format!(
        r#"(import "florin" "revert" (func $revert (param i32 i32))) (memory (export "memory") 1 1)
        (func (export "florin_call") (local i64 i64) {body} (call $revert (i32.const 0) (i32.const {at})))"#
    ))
}

/// Returns what the module is to write.
fn expected(cases: &[(u128, u128)]) -> Vec<u8> {
    let results = cases.iter().flat_map(|(left, right)| {
        let (a, b) = (low(*left), low(*right));
        let signed = i128::from(a.cast_signed()) * i128::from(b.cast_signed());
        let unsigned = u128::from(a) * u128::from(b);
        [left.wrapping_add(*right), left.wrapping_sub(*right), unsigned, signed.cast_unsigned()]
    });
    results.flat_map(u128::to_le_bytes).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "the low half")]
const fn low(number: u128) -> u64 {
    number as u64
}

const fn high(number: u128) -> u64 {
    low(number >> 64)
}

fn check(cases: &[(u128, u128)]) {
    let seen = run(&module(cases), PLENTY);
    assert_eq!(seen.exit, "Reverted");
    assert!(seen.output == expected(cases), "{cases:?}");
}

#[test]
fn wide_operators_carry_borrow_and_sign_as_rust_does() {
    let numbers: Vec<_> =
        EDGES.iter().flat_map(|low| EDGES.iter().map(|high| u128::from(*high) << 64 | u128::from(*low))).collect();
    for left in &numbers {
        let cases: Vec<_> = numbers.iter().map(|right| (*left, *right)).collect();
        check(&cases);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn wide_operators_compute_random_numbers_as_rust_does(cases in prop::collection::vec(any::<(u128, u128)>(), 1..64)) {
        check(&cases);
    }
}
