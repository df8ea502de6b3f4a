//! The codec beside `alloy-sol-types`, on values and on damaged bytes.

use std::{string::String, vec, vec::Vec};

use alloy_primitives::{Address, B256, Bytes, FixedBytes, I256, U256};
use alloy_sol_types::{SolType, abi::TokenSeq, private::SolTypeValue};
use proptest::prelude::*;

use super::AbiType;

/// Compares with alloy, there and back.
fn same<T>(value: &T)
where
    T: AbiType + PartialEq + core::fmt::Debug + SolTypeValue<T::Sol>,
    T::Sol: SolType<RustType = T>,
    for<'t> <T::Sol as SolType>::Token<'t>: TokenSeq<'t>,
{
    let bytes = <T::Sol as SolType>::abi_encode_sequence(value);
    assert_eq!(value.encode_values(), bytes);
    assert_eq!(T::decode_values(&bytes).as_ref(), Ok(value));
}

/// Compares the verdict on any bytes with alloy's, which refuses values out of range when it validates.
fn same_verdict<T>(bytes: &[u8])
where
    T: AbiType + PartialEq + core::fmt::Debug,
    T::Sol: SolType<RustType = T>,
    for<'t> <T::Sol as SolType>::Token<'t>: TokenSeq<'t>,
{
    let theirs = alloy_sol_types::abi::decode_sequence::<<T::Sol as SolType>::Token<'_>>(bytes);
    let theirs = theirs.ok().filter(T::Sol::valid_token).map(T::Sol::detokenize);
    let ours = T::decode_values(bytes).ok();
    // Ours is the stricter one about an array that claims more elements than there are bytes.
    if ours.is_some() || theirs.is_none() {
        assert_eq!(ours, theirs);
    }
}

type Words = (bool, u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, Address);
type Nested = (Vec<(Address, u128)>, Vec<Vec<u16>>, [u64; 3], [String; 2], (u8, (String, bool)), (u32, u32), Bytes);

fn nested() -> impl Strategy<Value = Nested> {
    let pairs = prop::collection::vec((any::<[u8; 20]>().prop_map(Address::new), any::<u128>()), 0..4);
    let lists = prop::collection::vec(prop::collection::vec(any::<u16>(), 0..4), 0..4);
    let bytes = prop::collection::vec(any::<u8>(), 0..70).prop_map(Bytes::from);
    let texts = (".{0,40}", ".{0,4}").prop_map(|(left, right)| [left, right]);
    let inner = (any::<u8>(), (".{0,33}", any::<bool>()));
    (pairs, lists, any::<[u64; 3]>(), texts, inner, any::<(u32, u32)>(), bytes)
}

proptest! {
    #[test]
    fn words_have_alloys_bytes(
        (a, b, c, d, e, f) in any::<(bool, u8, u16, u32, u64, u128)>(),
        (g, h, i, j, k) in any::<(i8, i16, i32, i64, i128)>(),
        (l, m, n, o) in any::<([u8; 20], [u8; 32], [u8; 4], [u8; 32])>(),
    ) {
        let words: Words = (a, b, c, d, e, f, g, h, i, j, k, Address::new(l));
        same(&words);
        same(&(B256::new(m), FixedBytes::<4>::new(n), U256::from_be_bytes(o), I256::from_be_bytes(m)));
    }

    #[test]
    fn nested_lists_have_alloys_bytes(value in nested()) {
        same(&value);
        same(&(value.clone(), value.4.1.0.clone()));
    }

    #[test]
    fn damaged_bytes_get_alloys_verdict(value in nested(), at in any::<prop::sample::Index>(), byte: u8, cut: bool) {
        let mut bytes = value.encode_values();
        let place = at.index(bytes.len());
        if cut {
            bytes.truncate(place);
        } else {
            bytes[place] = byte;
        }
        same_verdict::<Nested>(&bytes);
    }

    #[test]
    fn any_word_gets_alloys_verdict(word: [u8; 32], clear in 0usize..32) {
        let mut word = word;
        let fill = if word[31] & 1 == 0 { 0 } else { 0xff };
        word[..clear].fill(fill);
        same_verdict::<(bool,)>(&word);
        same_verdict::<(u8,)>(&word);
        same_verdict::<(u64,)>(&word);
        same_verdict::<(u128,)>(&word);
        same_verdict::<(i8,)>(&word);
        same_verdict::<(i64,)>(&word);
        same_verdict::<(i128,)>(&word);
        same_verdict::<(Address,)>(&word);
        same_verdict::<(FixedBytes<4>,)>(&word);
    }
}

#[test]
fn a_list_of_one_dynamic_value_is_as_alloy_writes_an_argument() {
    assert_eq!(String::from("ƒ").encode_values(), (String::from("ƒ"),).encode_values());
    assert_eq!(().encode_values(), Vec::<u8>::new());
    assert_eq!(<()>::decode_values(&[1, 2, 3]), Ok(()), "bytes that no value refers to");
}

#[test]
fn an_array_that_claims_more_than_the_data_holds_is_malformed() {
    let mut bytes = vec![vec![7u64; 3]].encode_values();
    let len_at = 2 * super::WORD + super::WORD - 1;
    assert!(<Vec<Vec<u64>>>::decode_values(&bytes).is_ok());
    bytes[len_at] = 200;
    assert!(<Vec<Vec<u64>>>::decode_values(&bytes).is_err());
    assert!(<Vec<()>>::decode_values(&vec![7u64; 2].encode_values()).is_ok(), "as many words as elements");
    assert!(<Vec<()>>::decode_values(&[[0; 31].as_slice(), &[32], &[0; 31], &[64]].concat()).is_err());
}
