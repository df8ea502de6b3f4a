//! The Solidity ABI by type: which Rust type is which Solidity type, and lists of values in bytes.
//!
//! Guarantees that decoding accepts only values of the type (an address has 12 zero bytes in front, a bool is 0 or 1, a
//! string is UTF-8) and never panics. Bytes after the last value are ignored, as Solidity does. Costs a copy of the
//! values. Refuses anything that leaves the data, and nesting beyond 16.

use alloc::{string::String, vec::Vec};

use alloy_primitives::{Address, B256, Bytes, FixedBytes, I256, U256};
use alloy_sol_types::{
    SolType, abi,
    private::SolTypeValue,
    sol_data::{self, ByteCount, SupportedFixedBytes},
};

/// Bytes that are not the ABI encoding of the expected values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// A Rust type with a Solidity type: what messages, events and errors are made of.
///
/// A tuple is a list of values (the arguments of a message, several return values); any other type is a list of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no Solidity type",
    label = "cannot cross the contract's boundary",
    note = "use bool, u8..u128, U256, i8..i128, I256, Address, B256 or FixedBytes<N>, Bytes, String, Vec<T>, [T; N] or a tuple of them"
)]
pub trait AbiType: SolTypeValue<Self::Sol> + Sized + 'static {
    /// The Solidity type.
    type Sol: SolType<RustType = Self>;

    /// The name of the Solidity type, e.g. `uint256`; a tuple's is `(uint256,address)`.
    const NAME: &'static str = <Self::Sol as SolType>::SOL_NAME;

    /// The names of the values in the list.
    const VALUES: &'static [&'static str] = &[<Self::Sol as SolType>::SOL_NAME];

    /// Encodes the list of values.
    fn encode_values(&self) -> Vec<u8> {
        <Self::Sol as SolType>::abi_encode(self)
    }

    /// Decodes a list of values.
    ///
    /// # Errors
    /// [`Malformed`] when the data is too short or a value is out of its type's range.
    fn decode_values(data: &[u8]) -> Result<Self, Malformed> {
        let token = abi::decode::<<Self::Sol as SolType>::Token<'_>>(data).map_err(|_| Malformed)?;
        detokenize::<Self::Sol>(token)
    }
}

/// A type of at most 32 bytes, which an event can hold as a topic in full.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an indexed field of an event",
    label = "a topic has 32 bytes",
    note = "only values of at most 32 bytes can be indexed; remove `#[indexed]`, or index a hash of the value as B256"
)]
pub trait Indexed: AbiType {
    /// Returns the topic.
    fn to_topic(&self) -> B256 {
        B256::from_slice(&self.encode_values())
    }

    /// Reads the value back.
    ///
    /// # Errors
    /// [`Malformed`] when the topic is out of the type's range.
    fn from_topic(topic: &B256) -> Result<Self, Malformed> {
        Self::decode_values(topic.as_slice())
    }
}

fn detokenize<S: SolType>(token: S::Token<'_>) -> Result<S::RustType, Malformed> {
    if S::valid_token(&token) { Ok(S::detokenize(token)) } else { Err(Malformed) }
}

macro_rules! word_types {
    ($($rust:ty => $sol:ty,)+) => {$(
        impl AbiType for $rust {
            type Sol = $sol;
        }
        impl Indexed for $rust {}
    )+};
}

word_types! {
    bool => sol_data::Bool,
    u8 => sol_data::Uint<8>,
    u16 => sol_data::Uint<16>,
    u32 => sol_data::Uint<32>,
    u64 => sol_data::Uint<64>,
    u128 => sol_data::Uint<128>,
    U256 => sol_data::Uint<256>,
    i8 => sol_data::Int<8>,
    i16 => sol_data::Int<16>,
    i32 => sol_data::Int<32>,
    i64 => sol_data::Int<64>,
    i128 => sol_data::Int<128>,
    I256 => sol_data::Int<256>,
    Address => sol_data::Address,
}

impl<const N: usize> AbiType for FixedBytes<N>
where
    ByteCount<N>: SupportedFixedBytes,
{
    type Sol = sol_data::FixedBytes<N>;
}

impl<const N: usize> Indexed for FixedBytes<N> where ByteCount<N>: SupportedFixedBytes {}

impl AbiType for Bytes {
    type Sol = sol_data::Bytes;
}

impl AbiType for String {
    type Sol = sol_data::String;
}

impl<T: AbiType> AbiType for Vec<T> {
    type Sol = sol_data::Array<T::Sol>;
}

impl<T: AbiType, const N: usize> AbiType for [T; N] {
    type Sol = sol_data::FixedArray<T::Sol, N>;
}

impl AbiType for () {
    type Sol = ();
    const VALUES: &'static [&'static str] = &[];

    fn encode_values(&self) -> Vec<u8> {
        Vec::new()
    }

    fn decode_values(_: &[u8]) -> Result<Self, Malformed> {
        Ok(())
    }
}

macro_rules! tuples {
    ($(($($type:ident)+))+) => {$(
        impl<$($type: AbiType,)+> AbiType for ($($type,)+) {
            type Sol = ($($type::Sol,)+);
            const VALUES: &'static [&'static str] = &[$($type::NAME,)+];

            fn encode_values(&self) -> Vec<u8> {
                <Self::Sol as SolType>::abi_encode_sequence(self)
            }

            fn decode_values(data: &[u8]) -> Result<Self, Malformed> {
                let token = abi::decode_sequence::<<Self::Sol as SolType>::Token<'_>>(data).map_err(|_| Malformed)?;
                detokenize::<Self::Sol>(token)
            }
        }
    )+};
}

tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) (A B C D E F G H I)
    (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L)
}
