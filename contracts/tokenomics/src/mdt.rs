//! Amounts as people write them: MDT, with up to nine decimals.
//!
//! Guarantees that no wei is lost or made up on the way: what cannot be expressed in whole wei is refused and not rounded, and
//! [`wei_to_mdt`] gives the one shortest text that [`mdt_to_wei`] reads back as the same amount. No floating point.
//!
//! ```text
//! amount = digit+ [ "." digit{1,9} ]      "12", "0.5", "21000000.000000001"
//! ```
//!
//! Refuses signs, exponents, separators, spaces and a tenth decimal, each with its own error. Costs one pass over the text.

use alloc::format;
use alloc::string::{String, ToString};

use thiserror::Error;

use crate::units::WEI_PER_MDT;

/// The decimals of an amount in MDT: a wei is the ninth.
pub const DECIMALS_MAX: usize = 9;

/// Why a text is no amount in MDT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MdtError {
    /// No digit before the point, or none behind it.
    #[error("an amount has digits before and behind its point, as in 0.5; write 0 for nothing")]
    NoDigits,
    /// A plus or a minus.
    #[error("an amount has no sign")]
    Sign,
    /// An exponent.
    #[error("an amount is written in full, without an exponent")]
    Exponent,
    /// Anything else that is no digit.
    #[error("an amount has digits and one point, this has something else at character {place}")]
    NotADigit {
        /// Its place, from 0.
        place: usize,
    },
    /// Less than a wei is no amount.
    #[error("an amount has at most 9 decimals, this has {decimals}")]
    TooManyDecimals {
        /// How many there are.
        decimals: usize,
    },
    /// More wei than 128 bits hold.
    #[error("the amount is larger than any balance")]
    TooLarge,
}

/// Reads an amount in MDT; returns it in wei.
///
/// # Errors
/// [`MdtError`]; of several mistakes a character that is none of an amount is told before the decimals, and those before the size.
pub fn mdt_to_wei(text: &str) -> Result<u128, MdtError> {
    let (whole, decimals) = match text.split_once('.') {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (text, None),
    };
    check_digits(whole, 0)?;
    let mut wei = 0_u128;
    if let Some(decimals) = decimals {
        check_digits(decimals, whole.chars().count().saturating_add(1))?;
        if decimals.len() > DECIMALS_MAX {
            return Err(MdtError::TooManyDecimals { decimals: decimals.len() });
        }
    }
    let decimals = decimals.unwrap_or_default();
    let zeros = core::iter::repeat_n(b'0', DECIMALS_MAX.saturating_sub(decimals.len()));
    for digit in whole.bytes().chain(decimals.bytes()).chain(zeros) {
        let next = wei.checked_mul(10).and_then(|wei| wei.checked_add(digit.saturating_sub(b'0').into()));
        wei = next.ok_or(MdtError::TooLarge)?;
    }
    Ok(wei)
}

/// Writes an amount of wei in MDT: without a point if it is whole, without zeros at the end of its decimals.
pub fn wei_to_mdt(wei: u128) -> String {
    let (whole, rest) = (wei / WEI_PER_MDT, wei % WEI_PER_MDT);
    if rest == 0 {
        return whole.to_string();
    }
    let decimals = format!("{rest:09}");
    format!("{whole}.{}", decimals.trim_end_matches('0'))
}

/// Checks that there are digits and nothing else; `first` is the place of the first character.
fn check_digits(part: &str, first: usize) -> Result<(), MdtError> {
    for (place, letter) in part.chars().enumerate() {
        match letter {
            '0'..='9' => {}
            '+' | '-' => return Err(MdtError::Sign),
            'e' | 'E' if place > 0 => return Err(MdtError::Exponent),
            _ => return Err(MdtError::NotADigit { place: first.saturating_add(place) }),
        }
    }
    if part.is_empty() { Err(MdtError::NoDigits) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "numbers of any size")]

    use alloc::format;
    use alloc::string::ToString;

    use num_bigint::BigUint;
    use num_rational::Ratio;
    use proptest::prelude::*;

    use super::{MdtError, mdt_to_wei, wei_to_mdt};
    use crate::units::MAX_SUPPLY;

    #[test]
    fn amounts_are_exact_to_the_ninth_decimal() {
        for (text, wei) in [
            ("0", 0),
            ("1", 1_000_000_000),
            ("0.5", 500_000_000),
            ("0.000000001", 1),
            ("007.25", 7_250_000_000),
            ("21000000", MAX_SUPPLY),
            ("20999999.999999999", MAX_SUPPLY - 1),
            ("12.500000000", 12_500_000_000),
            // A number of 64 bits in floating point would lose the last wei.
            ("9007199.254740993", 9_007_199_254_740_993),
        ] {
            assert_eq!(mdt_to_wei(text), Ok(wei), "{text}");
        }
        assert_eq!(mdt_to_wei("340282366920938463463374607431.768211455"), Ok(u128::MAX));
        assert_eq!([0, 1, 1_500_000_000, MAX_SUPPLY].map(wei_to_mdt), ["0", "0.000000001", "1.5", "21000000"]);
        assert_eq!(wei_to_mdt(u128::MAX), "340282366920938463463374607431.768211455");
    }

    #[test]
    fn what_is_no_amount_is_refused_with_the_reason() {
        for (text, error) in [
            ("", MdtError::NoDigits),
            (".", MdtError::NoDigits),
            (".5", MdtError::NoDigits),
            ("5.", MdtError::NoDigits),
            ("-1", MdtError::Sign),
            ("+1", MdtError::Sign),
            ("1.-5", MdtError::Sign),
            ("1e9", MdtError::Exponent),
            ("1.5E3", MdtError::Exponent),
            ("e9", MdtError::NotADigit { place: 0 }),
            ("1.5.5", MdtError::NotADigit { place: 3 }),
            ("1,000", MdtError::NotADigit { place: 1 }),
            ("1_000", MdtError::NotADigit { place: 1 }),
            (" 1", MdtError::NotADigit { place: 0 }),
            ("1\n", MdtError::NotADigit { place: 1 }),
            ("1 MDT", MdtError::NotADigit { place: 1 }),
            ("0x10", MdtError::NotADigit { place: 1 }),
            ("NaN", MdtError::NotADigit { place: 0 }),
            ("inf", MdtError::NotADigit { place: 0 }),
            ("1.\u{0661}", MdtError::NotADigit { place: 2 }),
            ("0.0000000001", MdtError::TooManyDecimals { decimals: 10 }),
            ("1.0000000000", MdtError::TooManyDecimals { decimals: 10 }),
            ("340282366920938463463374607431.768211456", MdtError::TooLarge),
            ("99999999999999999999999999999999999999999999999999", MdtError::TooLarge),
        ] {
            assert_eq!(mdt_to_wei(text), Err(error), "{text}");
        }
        assert_eq!(
            MdtError::TooManyDecimals { decimals: 10 }.to_string(),
            "an amount has at most 9 decimals, this has 10"
        );
    }

    proptest! {
        #[test]
        fn every_amount_reads_back_and_its_text_is_the_shortest(wei: u128) {
            let text = wei_to_mdt(wei);
            prop_assert_eq!(mdt_to_wei(&text), Ok(wei));
            prop_assert!(!text.contains('.') || !text.ends_with('0'));
        }

        #[test]
        fn an_amount_is_the_exact_fraction_times_a_thousand_million(whole in 0..=u64::MAX, decimals in "[0-9]{1,9}") {
            let text = format!("{whole}.{decimals}");
            let scale = BigUint::from(10_u32).pow(u32::try_from(decimals.len()).unwrap_or(9));
            let part: BigUint = decimals.parse().unwrap_or_default();
            let exact = (Ratio::from(BigUint::from(whole)) + Ratio::new(part, scale)) * BigUint::from(1_000_000_000_u32);
            prop_assert!(exact.is_integer());
            prop_assert_eq!(mdt_to_wei(&text).map(BigUint::from), Ok(exact.to_integer()));
        }

        #[test]
        fn no_text_makes_it_stop(text in ".{0,40}") {
            if let Ok(wei) = mdt_to_wei(&text) {
                prop_assert_eq!(mdt_to_wei(&wei_to_mdt(wei)), Ok(wei));
            }
        }
    }
}
