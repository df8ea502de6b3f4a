//! Types of at most 32 bytes: one word each.
//!
//! Guarantees one word for one value: numbers are big-endian and filled up with their sign, bytes stand in front and are
//! filled up with zeros; any other word is malformed.

use alloy_primitives::{Address, B256, FixedBytes, I256, U256};
use alloy_sol_types::sol_data::{self, ByteCount, SupportedFixedBytes};

use super::{AbiType, Decoder, Encoder, Malformed, WORD};

/// A type of at most 32 bytes, which an event can hold as a topic in full.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an indexed field of an event",
    label = "a topic has 32 bytes",
    note = "only values of at most 32 bytes can be indexed; remove `#[indexed]`, or index a hash of the value as B256"
)]
pub trait Indexed: AbiType {
    /// Returns the topic.
    fn to_topic(&self) -> B256;

    /// Reads the value back.
    ///
    /// # Errors
    /// [`Malformed`] when the topic is out of the type's range.
    fn from_topic(topic: &B256) -> Result<Self, Malformed> {
        Self::decode_values(topic.as_slice())
    }
}

macro_rules! word_types {
    ($($rust:ty => $sol:ty, $to:expr, $from:expr;)+) => {$(
        impl AbiType for $rust {
            type Sol = $sol;

            // Not inlined, like `decode`: words are moved in every message, and a call is shorter than a copy.
            #[inline(never)]
            fn encode(&self, out: &mut Encoder) {
                let to: fn(&Self) -> [u8; WORD] = $to;
                out.word(&to(self));
            }

            #[inline(never)]
            fn decode(input: &mut Decoder<'_>) -> Self {
                let from: fn(&mut Decoder<'_>) -> Option<Self> = $from;
                from(input).unwrap_or_else(|| {
                    input.fail();
                    Self::default()
                })
            }
        }

        impl Indexed for $rust {
            fn to_topic(&self) -> B256 {
                let to: fn(&Self) -> [u8; WORD] = $to;
                B256::new(to(self))
            }
        }
    )+};
}

word_types! {
    bool => sol_data::Bool, |value| from_unsigned(u128::from(*value)), |input| match input.unsigned() {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    };
    u8 => sol_data::Uint<8>, |value| from_unsigned(u128::from(*value)), |input| input.unsigned().try_into().ok();
    u16 => sol_data::Uint<16>, |value| from_unsigned(u128::from(*value)), |input| input.unsigned().try_into().ok();
    u32 => sol_data::Uint<32>, |value| from_unsigned(u128::from(*value)), |input| input.unsigned().try_into().ok();
    u64 => sol_data::Uint<64>, |value| from_unsigned(u128::from(*value)), |input| input.unsigned().try_into().ok();
    u128 => sol_data::Uint<128>, |value| from_unsigned(*value), |input| Some(input.unsigned());
    U256 => sol_data::Uint<256>, from_u256, |input| Some(to_u256(input.word()));
    i8 => sol_data::Int<8>, |value| from_signed(i128::from(*value)), |input| input.signed().try_into().ok();
    i16 => sol_data::Int<16>, |value| from_signed(i128::from(*value)), |input| input.signed().try_into().ok();
    i32 => sol_data::Int<32>, |value| from_signed(i128::from(*value)), |input| input.signed().try_into().ok();
    i64 => sol_data::Int<64>, |value| from_signed(i128::from(*value)), |input| input.signed().try_into().ok();
    i128 => sol_data::Int<128>, |value| from_signed(*value), |input| Some(input.signed());
    I256 => sol_data::Int<256>, |value| from_u256(&value.into_raw()), |input| Some(Self::from_raw(to_u256(input.word())));
    Address => sol_data::Address, from_address, |input| to_address(input.word());
}

impl<const N: usize> AbiType for FixedBytes<N>
where
    ByteCount<N>: SupportedFixedBytes,
{
    type Sol = sol_data::FixedBytes<N>;

    #[inline(never)]
    fn encode(&self, out: &mut Encoder) {
        out.word(&self.to_topic().0);
    }

    #[inline(never)]
    fn decode(input: &mut Decoder<'_>) -> Self {
        let Some((bytes, zeros)) = input.word().split_at_checked(N) else { return Self::ZERO };
        if zeros.iter().any(|byte| *byte != 0) {
            input.fail();
        }
        Self::from_slice(bytes)
    }
}

impl<const N: usize> Indexed for FixedBytes<N>
where
    ByteCount<N>: SupportedFixedBytes,
{
    fn to_topic(&self) -> B256 {
        let mut word = [0; WORD];
        word[..N].copy_from_slice(self.as_slice());
        B256::new(word)
    }
}

#[inline(never)]
pub(crate) fn from_address(address: &Address) -> [u8; WORD] {
    address.into_word().0
}

fn to_address(word: &[u8; WORD]) -> Option<Address> {
    let (zeros, address) = word.split_at(12);
    zeros.iter().all(|byte| *byte == 0).then(|| Address::from_slice(address))
}

#[inline(never)]
fn from_u256(value: &U256) -> [u8; WORD] {
    value.to_be_bytes()
}

#[inline(never)]
fn to_u256(word: &[u8; WORD]) -> U256 {
    U256::from_be_bytes(*word)
}

#[inline(never)]
pub(crate) fn from_unsigned(value: u128) -> [u8; WORD] {
    let mut word = [0; WORD];
    word[16..].copy_from_slice(&to_big_endian(value));
    word
}

/// Returns the big-endian bytes of a number.
fn to_big_endian(value: u128) -> [u8; 16] {
    #[expect(clippy::cast_possible_truncation, reason = "each half has 64 bits")]
    let [high, low] = [(value >> 64) as u64, value as u64];
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&turned(high).to_le_bytes());
    bytes[8..].copy_from_slice(&turned(low).to_le_bytes());
    bytes
}

/// Returns the number of big-endian bytes.
pub(crate) fn from_big_endian(bytes: &[u8; 16]) -> u128 {
    let half = |half: Option<&[u8; 8]>| u128::from(half.map_or(0, |half| turned(u64::from_le_bytes(*half))));
    half(bytes.first_chunk()) << 64 | half(bytes.last_chunk())
}

/// Turns the bytes of a number round. A module takes thirty operators for it, so that it stands in one place.
#[inline(never)]
const fn turned(word: u64) -> u64 {
    word.swap_bytes()
}

fn from_signed(value: i128) -> [u8; WORD] {
    let mut word = [if value < 0 { 0xff } else { 0 }; WORD];
    word[16..].copy_from_slice(&value.to_be_bytes());
    word
}
