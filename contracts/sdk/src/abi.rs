//! The Solidity ABI by type: which Rust type is which Solidity type, and lists of values in bytes.
//!
//! Guarantees the bytes and the names of `alloy-sol-types`, whose types name ours and whose codec the tests compare with;
//! this codec is smaller in a module and cheaper to run. Decoding accepts only values of the type (an address has 12 zero
//! bytes in front, a bool is 0 or 1, a string is UTF-8), never panics, and ignores bytes that no value refers to, as
//! Solidity does. Refuses anything that leaves the data.
//!
//! ```text
//! list   = head | tail     head: a word of 32 bytes for each value, or for a dynamic one the offset of its bytes in the
//!                          list; fixed arrays and tuples of fixed values stand in the head word by word
//!                          tail: length and bytes of each dynamic value, padded to words
//! ```

pub(crate) mod codec;
pub(crate) mod word;

pub use codec::{Decoder, Encoder, Malformed};
pub use word::Indexed;

use alloc::{string::String, vec::Vec};

use alloy_primitives::Bytes;
use alloy_sol_types::{SolType, sol_data};

/// The bytes of a word, in which the ABI counts.
pub(crate) const WORD: usize = 32;

/// A Rust type with a Solidity type: what messages, events and errors are made of.
///
/// A tuple is a list of values (the arguments of a message, several return values); any other type is a list of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no Solidity type",
    label = "cannot cross the contract's boundary",
    note = "use bool, u8..u128, U256, i8..i128, I256, Address, B256 or FixedBytes<N>, Bytes, String, Vec<T>, [T; N] or a tuple of them"
)]
pub trait AbiType: Sized + 'static {
    /// The Solidity type, for its name.
    type Sol: SolType;

    /// The name of the Solidity type, e.g. `uint256`; a tuple's is `(uint256,address)`.
    const NAME: &'static str = <Self::Sol as SolType>::SOL_NAME;
    /// The names of the values in the list.
    const VALUES: &'static [&'static str] = &[<Self::Sol as SolType>::SOL_NAME];
    /// Whether the value's length is not fixed by its type.
    const DYNAMIC: bool = <Self::Sol as SolType>::DYNAMIC;
    /// The bytes that the value takes in a head.
    const HEAD: usize = WORD;
    /// The bytes of the head of the list.
    const LIST_HEAD: usize = Self::HEAD;

    /// Writes the value at the encoder's place.
    fn encode(&self, out: &mut Encoder);

    /// Reads a value at the decoder's place; any value when the decoder is malformed.
    fn decode(input: &mut Decoder<'_>) -> Self;

    /// Writes each value of the list.
    fn encode_each(&self, out: &mut Encoder) {
        self.encode(out);
    }

    /// Reads each value of the list; any values when the decoder is malformed.
    fn decode_each(input: &mut Decoder<'_>) -> Self {
        Self::decode(input)
    }

    /// Encodes the list of values.
    fn encode_values(&self) -> Vec<u8> {
        let mut out = Encoder::behind(&[], Self::LIST_HEAD);
        self.encode_each(&mut out);
        out.finish()
    }

    /// Decodes a list of values.
    ///
    /// # Errors
    /// [`Malformed`] when the data is too short or a value is out of its type's range.
    fn decode_values(data: &[u8]) -> Result<Self, Malformed> {
        let mut input = Decoder::new(data);
        let values = Self::decode_each(&mut input);
        if input.is_malformed() { Err(Malformed) } else { Ok(values) }
    }
}

impl AbiType for Bytes {
    type Sol = sol_data::Bytes;

    fn encode(&self, out: &mut Encoder) {
        out.bytes(self);
    }

    fn decode(input: &mut Decoder<'_>) -> Self {
        Self::copy_from_slice(input.bytes())
    }
}

/// Bytes in a plain vector: Solidity's `bytes`, without the shared ownership of [`Bytes`], which takes 2 KB of code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Octets(pub Vec<u8>);

impl AbiType for Octets {
    type Sol = sol_data::Bytes;

    fn encode(&self, out: &mut Encoder) {
        out.bytes(&self.0);
    }

    fn decode(input: &mut Decoder<'_>) -> Self {
        Self(input.bytes().to_vec())
    }
}

impl AbiType for String {
    type Sol = sol_data::String;

    fn encode(&self, out: &mut Encoder) {
        out.bytes(self.as_bytes());
    }

    fn decode(input: &mut Decoder<'_>) -> Self {
        match core::str::from_utf8(input.bytes()) {
            Ok(text) => text.into(),
            Err(_) => {
                input.fail();
                Self::new()
            }
        }
    }
}

impl<T: AbiType> AbiType for Vec<T> {
    type Sol = sol_data::Array<T::Sol>;

    fn encode(&self, out: &mut Encoder) {
        let frame = out.open_array(self.len(), T::HEAD);
        for value in self {
            value.encode(out);
        }
        out.close(frame);
    }

    fn decode(input: &mut Decoder<'_>) -> Self {
        let (frame, len) = input.open_array(T::HEAD);
        let values = (0..len).map(|_| T::decode(input)).collect();
        input.close(frame);
        values
    }
}

impl<T: AbiType, const N: usize> AbiType for [T; N] {
    type Sol = sol_data::FixedArray<T::Sol, N>;
    const HEAD: usize = if <Self as AbiType>::DYNAMIC { WORD } else { T::HEAD.saturating_mul(N) };

    fn encode(&self, out: &mut Encoder) {
        let frame = <Self as AbiType>::DYNAMIC.then(|| out.open(T::HEAD.saturating_mul(N)));
        for value in self {
            value.encode(out);
        }
        out.close_if(frame);
    }

    fn decode(input: &mut Decoder<'_>) -> Self {
        let frame = <Self as AbiType>::DYNAMIC.then(|| input.open());
        let values = core::array::from_fn(|_| T::decode(input));
        input.close_if(frame);
        values
    }
}

macro_rules! tuples {
    ($(($($type:ident $place:tt)*))+) => {$(
        impl<$($type: AbiType,)*> AbiType for ($($type,)*) {
            type Sol = ($($type::Sol,)*);
            const VALUES: &'static [&'static str] = &[$($type::NAME,)*];
            const HEAD: usize = if <Self as AbiType>::DYNAMIC { WORD } else { Self::LIST_HEAD };
            const LIST_HEAD: usize = 0usize $(.saturating_add($type::HEAD))*;

            fn encode(&self, out: &mut Encoder) {
                let frame = <Self as AbiType>::DYNAMIC.then(|| out.open(Self::LIST_HEAD));
                self.encode_each(out);
                out.close_if(frame);
            }

            fn decode(input: &mut Decoder<'_>) -> Self {
                let frame = <Self as AbiType>::DYNAMIC.then(|| input.open());
                let values = Self::decode_each(input);
                input.close_if(frame);
                values
            }

            fn encode_each(&self, _out: &mut Encoder) {
                $(self.$place.encode(_out);)*
            }

            #[allow(clippy::unused_unit, reason = "the empty tuple is one of the tuples")]
            fn decode_each(_input: &mut Decoder<'_>) -> Self {
                ($($type::decode(_input),)*)
            }
        }
    )+};
}

tuples! {
    () (A 0) (A 0 B 1) (A 0 B 1 C 2) (A 0 B 1 C 2 D 3) (A 0 B 1 C 2 D 3 E 4) (A 0 B 1 C 2 D 3 E 4 F 5)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6) (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7) (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9) (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11)
}

#[cfg(test)]
mod tests;
