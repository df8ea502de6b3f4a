//! SCALE by type: how storage keys and values become bytes.
//!
//! Guarantees the bytes of `parity-scale-codec` for every type that both know (a test compares them); integers,
//! booleans and lengths go through it. It is a trait of its own because addresses, hashes and 256-bit numbers
//! belong to another crate: they are fixed arrays of 20 and N bytes, and of 32 bytes little-endian.
//!
//! Each encoding delimits itself, so one after the other never collides: `(a, b)` and `(a', b')` with the same bytes
//! have `a = a'` and `b = b'`. Refuses, on decoding, bytes that end early; [`Scale::from_bytes`] refuses bytes left over.

use alloc::{string::String, vec::Vec};

use alloy_primitives::{Address, Bytes, FixedBytes, I256, U256};
use parity_scale_codec::{Compact, Decode, Encode};

/// A type that can be stored; derive it for your own structs and enums.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored",
    label = "neither a storage key nor a storage value",
    note = "put `#[derive(Scale)]` on your own type"
)]
pub trait Scale: Sized {
    /// Appends the encoding.
    fn encode_to(&self, out: &mut Vec<u8>);

    /// Takes a value off the front; `None` when the bytes are not one.
    fn decode_from(input: &mut &[u8]) -> Option<Self>;

    /// Returns the encoding.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_to(&mut out);
        out
    }

    /// Reads a value that takes up all the bytes.
    fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let value = Self::decode_from(&mut bytes)?;
        bytes.is_empty().then_some(value)
    }
}

macro_rules! through_codec {
    ($($type:ty)+) => {$(
        impl Scale for $type {
            fn encode_to(&self, out: &mut Vec<u8>) {
                Encode::encode_to(self, out);
            }

            fn decode_from(input: &mut &[u8]) -> Option<Self> {
                Decode::decode(input).ok()
            }
        }
    )+};
}

through_codec!(bool u8 u16 u32 u64 u128 i8 i16 i32 i64 i128);

fn take<'b>(input: &mut &'b [u8], len: usize) -> Option<&'b [u8]> {
    let (head, tail) = input.split_at_checked(len)?;
    *input = tail;
    Some(head)
}

fn encode_len(len: usize, out: &mut Vec<u8>) {
    // A guest's memory ends far below 4 GiB, and so does any native value that is to be stored.
    Compact(u32::try_from(len).unwrap_or(u32::MAX)).encode_to(out);
}

fn decode_len(input: &mut &[u8]) -> Option<usize> {
    usize::try_from(Compact::<u32>::decode(input).ok()?.0).ok()
}

fn encode_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    encode_len(bytes.len(), out);
    out.extend_from_slice(bytes);
}

fn decode_bytes<'b>(input: &mut &'b [u8]) -> Option<&'b [u8]> {
    let len = decode_len(input)?;
    take(input, len)
}

impl<const N: usize> Scale for FixedBytes<N> {
    fn encode_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_slice());
    }

    fn decode_from(input: &mut &[u8]) -> Option<Self> {
        take(input, N).map(Self::from_slice)
    }
}

impl Scale for Address {
    fn encode_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_slice());
    }

    fn decode_from(input: &mut &[u8]) -> Option<Self> {
        take(input, 20).map(Self::from_slice)
    }
}

impl Scale for U256 {
    fn encode_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes::<32>());
    }

    fn decode_from(input: &mut &[u8]) -> Option<Self> {
        take(input, 32).map(Self::from_le_slice)
    }
}

impl Scale for I256 {
    fn encode_to(&self, out: &mut Vec<u8>) {
        self.into_raw().encode_to(out);
    }

    fn decode_from(input: &mut &[u8]) -> Option<Self> {
        U256::decode_from(input).map(Self::from_raw)
    }
}

impl Scale for String {
    fn encode_to(&self, out: &mut Vec<u8>) {
        encode_bytes(self.as_bytes(), out);
    }

    fn decode_from(input: &mut &[u8]) -> Option<Self> {
        core::str::from_utf8(decode_bytes(input)?).ok().map(Into::into)
    }
}

impl Scale for Bytes {
    fn encode_to(&self, out: &mut Vec<u8>) {
        encode_bytes(self, out);
    }

    fn decode_from(input: &mut &[u8]) -> Option<Self> {
        decode_bytes(input).map(Self::copy_from_slice)
    }
}

impl<T: Scale> Scale for Option<T> {
    fn encode_to(&self, out: &mut Vec<u8>) {
        match self {
            None => out.push(0),
            Some(value) => {
                out.push(1);
                value.encode_to(out);
            }
        }
    }

    fn decode_from(input: &mut &[u8]) -> Option<Self> {
        match u8::decode_from(input)? {
            0 => Some(None),
            1 => T::decode_from(input).map(Some),
            _ => None,
        }
    }
}

impl<T: Scale> Scale for Vec<T> {
    fn encode_to(&self, out: &mut Vec<u8>) {
        encode_len(self.len(), out);
        for value in self {
            value.encode_to(out);
        }
    }

    fn decode_from(input: &mut &[u8]) -> Option<Self> {
        let len = decode_len(input)?;
        // Not reserved ahead: the length is only a claim until the values are there.
        let mut values = Self::new();
        for _ in 0..len {
            values.push(T::decode_from(input)?);
        }
        Some(values)
    }
}

impl<T: Scale, const N: usize> Scale for [T; N] {
    fn encode_to(&self, out: &mut Vec<u8>) {
        for value in self {
            value.encode_to(out);
        }
    }

    fn decode_from(input: &mut &[u8]) -> Option<Self> {
        let mut values = Vec::with_capacity(N);
        for _ in 0..N {
            values.push(T::decode_from(input)?);
        }
        values.try_into().ok()
    }
}

macro_rules! tuples {
    ($(($($type:ident $place:tt)*))+) => {$(
        impl<$($type: Scale,)*> Scale for ($($type,)*) {
            fn encode_to(&self, _out: &mut Vec<u8>) {
                $(self.$place.encode_to(_out);)*
            }

            #[allow(clippy::unused_unit, reason = "the empty tuple is one of the tuples")]
            fn decode_from(_input: &mut &[u8]) -> Option<Self> {
                Some(($($type::decode_from(_input)?,)*))
            }
        }
    )+};
}

tuples! {
    () (A 0) (A 0 B 1) (A 0 B 1 C 2) (A 0 B 1 C 2 D 3) (A 0 B 1 C 2 D 3 E 4) (A 0 B 1 C 2 D 3 E 4 F 5)
}

#[cfg(test)]
mod tests {
    use std::{vec, vec::Vec};

    use alloy_primitives::{Address, B256, Bytes, U256};
    use parity_scale_codec::Encode;

    use super::Scale;

    type Everything = (Option<u64>, Vec<(u32, bool)>, [u16; 3], std::string::String, (i128, u8));

    fn everything() -> Everything {
        (Some(7), vec![(1, true), (u32::MAX, false)], [1, 2, 3], "florin ƒ".into(), (-5, 9))
    }

    #[test]
    fn composite_types_have_the_bytes_of_parity_scale_codec() {
        assert_eq!(everything().to_bytes(), everything().encode());
        assert_eq!(vec![0u8; 100].to_bytes(), vec![0u8; 100].encode(), "a length of two bytes");
        assert_eq!(Bytes::from(vec![3u8; 70]).to_bytes(), vec![3u8; 70].encode());
        assert_eq!(Address::repeat_byte(9).to_bytes(), [9u8; 20].encode());
        assert_eq!(B256::repeat_byte(9).to_bytes(), [9u8; 32].encode());
        assert_eq!(U256::from(u128::MAX).to_bytes(), (u128::MAX, 0u128).encode());
    }

    #[test]
    fn values_survive_the_round_trip_and_cut_bytes_are_refused() {
        let bytes = everything().to_bytes();
        assert_eq!(Everything::from_bytes(&bytes), Some(everything()));
        for len in 0..bytes.len() {
            assert_eq!(Everything::from_bytes(&bytes[..len]), None, "cut at {len}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(Everything::from_bytes(&longer), None, "a byte too many");
    }
}
