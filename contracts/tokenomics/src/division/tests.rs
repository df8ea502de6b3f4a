//! The division against numbers of any size.

#![allow(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use alloc::vec::Vec;

use num_bigint::BigUint;
use proptest::prelude::*;

use super::{Divisor, Quotient, mul_div, reciprocal};

/// The quotient and the remainder by a library of numbers without a limit; `None` as the division defines it.
fn exact(a: u128, b: u128, c: u128) -> Option<Quotient> {
    if c == 0 {
        return None;
    }
    let (product, number) = (BigUint::from(a) * BigUint::from(b), BigUint::from(c));
    let quotient = u128::try_from(&product / &number).ok()?;
    let remainder = u128::try_from(product % number).ok()?;
    Some(Quotient { quotient, remainder })
}

fn check(a: u128, b: u128, c: u128) {
    let expected = exact(a, b, c);
    let found = Divisor::new(c).and_then(|divisor| divisor.mul_div_rem(a, b));
    assert_eq!(found, expected, "{a} * {b} / {c}");
    assert_eq!(mul_div(a, b, c), expected.map(|it| it.quotient), "{a} * {b} / {c}");
    assert_eq!(Divisor::new(c).map_or(0, Divisor::get), c);
}

/// Numbers of every length, and beside each power of two its neighbours.
fn number() -> impl Strategy<Value = u128> {
    let near = (0..128_u32, -2..=2_i128).prop_map(|(bits, off)| (1_u128 << bits).wrapping_add_signed(off));
    let of_length = (any::<u128>(), 0..128_u32).prop_map(|(number, shift)| number >> shift);
    let words = prop::sample::select(Vec::from([0, 1, 2, u64::MAX - 1, u64::MAX, 1 << 63, (1 << 63) + 1]));
    let of_words = (words.clone(), words).prop_map(|(high, low)| u128::from(high) << 64 | u128::from(low));
    prop_oneof![near, of_length, of_words]
}

#[test]
fn numbers_at_the_edges_divide_exactly() {
    let words = [0, 1, 2, 3, u64::from(u32::MAX), 1 << 32, 1 << 63, (1 << 63) + 1, u64::MAX - 1, u64::MAX];
    let join = |high: &u64| words.iter().map(|low| u128::from(*high) << 64 | u128::from(*low)).collect::<Vec<_>>();
    let numbers: Vec<_> = words.iter().flat_map(join).collect();
    for a in numbers.iter().step_by(3) {
        for b in &numbers {
            for c in &numbers {
                check(*a, *b, *c);
            }
        }
    }
}

#[test]
fn a_division_by_zero_and_a_quotient_beyond_128_bits_are_none() {
    assert_eq!(mul_div(1, 1, 0), None);
    assert_eq!(Divisor::new(0), None);
    assert_eq!(mul_div(u128::MAX, u128::MAX, u128::MAX), Some(u128::MAX));
    assert_eq!(mul_div(u128::MAX, u128::MAX, u128::MAX - 1), None);
    assert_eq!(mul_div(1 << 64, 1 << 64, 1), None);
    assert_eq!(mul_div(u128::MAX, 1, 1), Some(u128::MAX));
}

#[test]
fn the_reciprocal_is_exact_at_both_ends_of_every_first_guess() {
    let exact = |word: u64| u64::try_from(u128::MAX / u128::from(word) - (1 << 64)).ok();
    for top in 256..512_u64 {
        let first = top << 55;
        let last = first | ((1 << 55) - 1);
        for off in 0..2_000 {
            for word in [first + off, last - off, first + (off << 40), last - (off << 40), first + (1 << 54) + off] {
                assert_eq!(Some(reciprocal(word)), exact(word), "{word:#x}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn the_reciprocal_of_any_word_is_exact(word in 1_u64 << 63..) {
        prop_assert_eq!(u128::from(reciprocal(word)), u128::MAX / u128::from(word) - (1 << 64));
    }

    #[test]
    fn quotient_and_remainder_are_those_of_exact_numbers(a in number(), b in number(), c in number()) {
        check(a, b, c);
    }
}
