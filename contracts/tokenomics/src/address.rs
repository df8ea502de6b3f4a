//! Account addresses as text: `0x` and 40 hexadecimal digits, with the EIP-55 checksum in the case of the letters.
//!
//! Guarantees that text is always written with the checksum, and that the checksum is verified whenever the case of
//! the letters is mixed: all lower and all upper case carry none. Reading what was written gives the same address.
//!
//! Refuses any other length, prefix or digit, naming the position. Costs one keccak-256 over 40 bytes to write and to
//! read mixed case, none to read otherwise.

use core::fmt;
use core::ops::Deref;

use sha3::{Digest, Keccak256};
use thiserror::Error;

/// Bytes of an address.
pub const ADDRESS_BYTES: usize = 20;

/// Characters of an address as text.
pub const ADDRESS_CHARS: usize = 42;

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// The text has another length than 42.
    #[error("an address has 42 characters, this has {chars}")]
    Length {
        /// Characters of the text.
        chars: usize,
    },
    /// The text does not begin with `0x`.
    #[error("an address begins with 0x")]
    Prefix,
    /// A character is not a hexadecimal digit.
    #[error("character {position} is not a hexadecimal digit")]
    Digit {
        /// Position in the text; the first character is 1.
        position: usize,
    },
    /// The case of the letters is mixed and does not match the EIP-55 checksum.
    #[error("the checksum is wrong from character {position} on: a digit was mistyped")]
    Checksum {
        /// Position of the first letter in the wrong case; the first character is 1.
        position: usize,
    },
}

/// Reads an address.
///
/// # Errors
/// [`AddressError`] names the first thing that is wrong.
pub fn parse(text: &str) -> Result<[u8; ADDRESS_BYTES], AddressError> {
    if text.len() != ADDRESS_CHARS {
        return Err(AddressError::Length { chars: text.chars().count() });
    }
    let digits = text.as_bytes().strip_prefix(b"0x").ok_or(AddressError::Prefix)?;
    let mut address = [0; ADDRESS_BYTES];
    for (byte, (pair, position)) in address.iter_mut().zip(digits.chunks_exact(2).zip((3..).step_by(2))) {
        let high = nibble(pair[0]).ok_or(AddressError::Digit { position })?;
        let low = nibble(pair[1]).ok_or(AddressError::Digit { position: position.saturating_add(1) })?;
        *byte = (high << 4) | low;
    }
    let is_mixed = digits.iter().any(u8::is_ascii_lowercase) && digits.iter().any(u8::is_ascii_uppercase);
    if is_mixed {
        let expected = Checksummed::new(&address);
        let differs = expected.bytes().zip(text.bytes()).zip(1..).find(|((expected, actual), _)| expected != actual);
        if let Some((_, position)) = differs {
            return Err(AddressError::Checksum { position });
        }
    }
    Ok(address)
}

/// An address as text, with its checksum.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Checksummed([u8; ADDRESS_CHARS]);

impl Checksummed {
    /// Writes an address.
    pub fn new(address: &[u8; ADDRESS_BYTES]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = *b"0x0000000000000000000000000000000000000000";
        let (_, digits) = text.split_at_mut(2);
        for (pair, byte) in digits.chunks_exact_mut(2).zip(address) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 0x0f)];
        }
        let hash = Keccak256::digest(&*digits);
        let (pairs, _) = digits.as_chunks_mut::<2>();
        for ([first, second], byte) in pairs.iter_mut().zip(hash) {
            if byte >> 4 >= 8 {
                first.make_ascii_uppercase();
            }
            if byte & 0x0f >= 8 {
                second.make_ascii_uppercase();
            }
        }
        Self(text)
    }
}

impl Deref for Checksummed {
    type Target = str;

    fn deref(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Checksummed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self)
    }
}

impl fmt::Debug for Checksummed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self)
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => digit.checked_sub(b'0'),
        b'a'..=b'f' => digit.checked_sub(b'a' - 10),
        b'A'..=b'F' => digit.checked_sub(b'A' - 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use alloc::format;
    use alloc::string::{String, ToString};

    use proptest::prelude::*;

    use super::{AddressError, Checksummed, parse};

    /// The examples of EIP-55.
    const EIP_55: [&str; 8] = [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ];

    #[test]
    fn the_examples_of_the_standard_read_and_write_back() {
        for text in EIP_55 {
            let address = parse(text).unwrap();
            assert_eq!(&*Checksummed::new(&address), text);
            assert_eq!(parse(&text.to_ascii_lowercase()), Ok(address));
            assert_eq!(parse(&text.replace("0x", "").to_ascii_uppercase().replacen("", "0x", 1)), Ok(address));
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused_with_the_reason() {
        let good = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        assert_eq!(parse(""), Err(AddressError::Length { chars: 0 }));
        assert_eq!(parse(&good[..41]), Err(AddressError::Length { chars: 41 }));
        assert_eq!(parse(&format!("{good}0")), Err(AddressError::Length { chars: 43 }));
        assert_eq!(parse(&good.replace("0x", "0X")), Err(AddressError::Prefix));
        assert_eq!(parse(&good.replace("0x5", "0xg")), Err(AddressError::Digit { position: 3 }));
        assert_eq!(parse(&good.replace("Aed", "Ae ")), Err(AddressError::Digit { position: 42 }));
        assert_eq!(parse(&good.replace("aA", "aa")), Err(AddressError::Checksum { position: 5 }));
        // 42 bytes, but 41 characters.
        assert_eq!(parse(&good.replace("ed", "é")), Err(AddressError::Digit { position: 41 }));
    }

    #[test]
    fn a_width_pads_the_text() {
        assert_eq!(format!("{:>44}", Checksummed::new(&[0; 20])).len(), 44);
        assert_eq!(format!("{:?}", Checksummed::new(&[0; 20])), Checksummed::new(&[0; 20]).to_string());
    }

    proptest! {
        #[test]
        fn every_address_reads_back(address: [u8; 20]) {
            let text = Checksummed::new(&address);
            prop_assert_eq!(parse(&text), Ok(address));
            prop_assert_eq!(parse(&text.to_ascii_lowercase()), Ok(address));
        }

        #[test]
        fn a_letter_in_the_wrong_case_is_noticed(address: [u8; 20], choice: prop::sample::Index) {
            let text = Checksummed::new(&address);
            let letters = (2..42).filter(|at| text.as_bytes()[*at].is_ascii_alphabetic()).collect::<alloc::vec::Vec<_>>();
            prop_assume!(letters.len() > 2);
            let at = letters[choice.index(letters.len())];
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] ^= 0x20;
            let wrong = String::from_utf8(bytes).unwrap();
            let is_mixed = wrong[2..] != wrong[2..].to_ascii_lowercase() && wrong[2..] != wrong[2..].to_ascii_uppercase();
            prop_assume!(is_mixed);
            prop_assert_eq!(parse(&wrong), Err(AddressError::Checksum { position: at.saturating_add(1) }));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = parse(&text);
        }
    }
}
