//! What arrives is decoded exactly or refused with the reason; what is refused changes nothing and panics nowhere.

use alloy_consensus::transaction::RlpEcdsaEncodableTx;
use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxLegacy};
use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address, hex, uint};
use florin_abi::limits::{ACCESS_LIST_MAX, INPUT_BYTES_MAX, TRANSACTION_BYTES_MAX};
use parity_scale_codec::{Compact, Encode};
use proptest::prelude::*;

use super::sample::{DOMAIN, admit, body, decode, one_of_each, sign_digest, sign_ethereum, sign_message, sign_native};
use super::{Body, Domain, Envelope, GasPrice, NATIVE_TYPE, RawTransaction, Rejection, Transaction, build};
use crate::amount::AmountError;
use crate::gas::Gas;
use crate::ledger::Balance;
use crate::signature::{Scheme, key_address};

const GWEI: u128 = 1_000_000_000;

fn sign<T: SignableTransaction<Signature> + RlpEcdsaEncodableTx>(transaction: &T) -> Bytes {
    let (rs, id) = sign_digest(transaction.signature_hash().0, 1);
    let mut bytes = Vec::new();
    transaction.eip2718_encode(&Signature::from_bytes_and_parity(&rs, id == 1), &mut bytes);
    bytes.into()
}

fn eip1559() -> TxEip1559 {
    TxEip1559 {
        chain_id: DOMAIN.chain_id,
        nonce: 0,
        gas_limit: 21_000,
        max_fee_per_gas: 2 * GWEI,
        max_priority_fee_per_gas: GWEI,
        to: TxKind::Call(Address::ZERO),
        value: U256::from(GWEI),
        access_list: AccessList::default(),
        input: Bytes::new(),
    }
}

fn eip2930(access_list: AccessList) -> TxEip2930 {
    TxEip2930 {
        chain_id: DOMAIN.chain_id,
        nonce: 0,
        gas_price: GWEI,
        gas_limit: 21_000,
        to: TxKind::Call(Address::ZERO),
        value: U256::ZERO,
        access_list,
        input: Bytes::new(),
    }
}

fn native(body: Body) -> Bytes {
    sign_native(&build::native(body, &DOMAIN), Scheme::Ed25519, 1)
}

#[test]
fn every_envelope_decodes_to_the_body_that_was_signed() {
    let expected = body(7);
    let envelopes = [Envelope::Legacy, Envelope::Eip1559, Envelope::Native, Envelope::Native, Envelope::Native];
    for (bytes, envelope) in one_of_each(7, 1).iter().zip(envelopes) {
        let transaction = decode(bytes).unwrap();
        let price = if envelope == Envelope::Eip1559 { expected.gas_price } else { GasPrice::flat(9) };
        assert_eq!(transaction.envelope(), envelope);
        assert_eq!(transaction.body, Body { gas_price: price, ..expected.clone() });
        assert_eq!(transaction.cost_max(), Balance::new(1_000_000_007 + 9 * 100_000));
        assert_eq!(transaction.raw(), bytes);
    }
}

#[test]
fn the_sender_is_the_signer() {
    let ethereum = key_address(Scheme::Ecdsa, sign_message(Scheme::Ecdsa, b"", 1).key()).unwrap();
    let [ed25519, sr25519] = [Scheme::Ed25519, Scheme::Sr25519]
        .map(|scheme| key_address(scheme, sign_message(scheme, b"", 1).key()).unwrap());
    let senders: Vec<_> = one_of_each(0, 1).iter().map(|bytes| admit(bytes).unwrap().sender()).collect();
    assert_eq!(senders, [ethereum, ethereum, ed25519, sr25519, ethereum]);
    assert_ne!(ed25519, sr25519);
}

#[test]
fn the_example_of_eip_155_decodes_to_its_sender() {
    let raw = hex!(
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195"
        "fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
    );
    let raw = RawTransaction::new(Bytes::from(raw)).unwrap();
    let transaction = Transaction::decode(&raw, &Domain { chain_id: 1, ..DOMAIN }).unwrap();
    assert_eq!(transaction.value(), Balance::from_mdt(1).unwrap());
    assert_eq!((transaction.nonce(), transaction.gas_price()), (9, GasPrice::flat(20)));
    let verified = crate::signature::verify(vec![transaction], 1).remove(0).unwrap();
    assert_eq!(verified.sender(), address!("9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"));
}

#[test]
fn the_price_that_is_paid_is_the_base_price_and_the_priority_up_to_the_maximum() {
    let price = GasPrice { max: 9, priority: 2 };
    assert_eq!([0, 7, 8, 9, 10].map(|base| price.effective(base)), [Some(2), Some(9), Some(9), Some(9), None]);
    assert_eq!(GasPrice::flat(9).effective(3), Some(9));
    assert_eq!(GasPrice::flat(u128::MAX).effective(u128::MAX), Some(u128::MAX));
}

#[test]
fn an_access_list_is_counted_up_to_its_limit() {
    let item = |keys: u32| AccessListItem { address: Address::ZERO, storage_keys: vec![B256::ZERO; keys as usize] };
    let at_limit = AccessList(vec![item(3), item(ACCESS_LIST_MAX - 5)]);
    assert_eq!(decode(&sign(&eip2930(at_limit))).unwrap().access_list_entries(), ACCESS_LIST_MAX);
    let entries_max = ACCESS_LIST_MAX as usize;
    let refused = Err(Rejection::AccessListTooLong { entries: entries_max + 1, entries_max });
    assert_eq!(decode(&sign(&eip2930(AccessList(vec![item(ACCESS_LIST_MAX)])))), refused);
    assert_eq!(decode(&sign(&eip2930(AccessList(vec![item(0); entries_max + 1])))), refused);
    let access_list = AccessList(vec![item(ACCESS_LIST_MAX)]);
    assert_eq!(decode(&sign(&TxEip1559 { access_list, ..eip1559() })), refused);
}

#[test]
fn case_68_a_transaction_is_limited_before_it_is_decoded() {
    let bytes_max = TRANSACTION_BYTES_MAX as usize;
    assert!(RawTransaction::new(vec![0xff; bytes_max].into()).is_ok());
    let refused = RawTransaction::new(vec![0xff; bytes_max + 1].into());
    assert_eq!(refused, Err(Rejection::TooLarge { bytes: bytes_max + 1, bytes_max }));
    assert_eq!(RawTransaction::new(Bytes::new()), Err(Rejection::Empty));
}

#[test]
fn case_68_what_decodes_to_more_than_it_weighs_is_limited_too() {
    // An access list of empty items is the envelope's densest list: 23 bytes each, 48 in memory.
    let items = (TRANSACTION_BYTES_MAX as usize - 200) / 23;
    let list = AccessList(vec![AccessListItem { address: Address::ZERO, storage_keys: vec![] }; items]);
    let refused = decode(&sign(&eip2930(list)));
    assert_eq!(refused, Err(Rejection::AccessListTooLong { entries: items, entries_max: ACCESS_LIST_MAX as usize }));
}

#[test]
fn calldata_is_limited_and_a_deploy_payload_by_the_transaction_alone() {
    let bytes_max = INPUT_BYTES_MAX as usize;
    let with = |to, bytes| Body { to, input: vec![0; bytes].into(), ..body(0) };
    let to = body(0).to;
    assert!(decode(&native(with(to, bytes_max))).is_ok());
    let refused = Err(Rejection::InputTooLong { bytes: bytes_max + 1, bytes_max });
    assert_eq!(decode(&native(with(to, bytes_max + 1))), refused);
    assert_eq!(decode(&sign_ethereum(&build::legacy(&with(to, bytes_max + 1), &DOMAIN), 1)), refused);
    assert!(decode(&native(with(None, (1 << 20) + 1_000))).is_ok());
}

#[test]
fn foreign_envelopes_are_refused_by_name() {
    let refused = |first: u8| decode(&vec![first, 0xc0].into()).unwrap_err();
    assert_eq!(refused(3), Rejection::UnsupportedType { envelope: "EIP-4844 blob" });
    assert_eq!(refused(4), Rejection::UnsupportedType { envelope: "EIP-7702 set-code" });
    let known = [1, 2, 3, 4, NATIVE_TYPE];
    for first_byte in (0..0xc0).filter(|byte| !known.contains(byte)) {
        assert_eq!(refused(first_byte), Rejection::UnknownType { first_byte });
    }
}

#[test]
fn a_legacy_transaction_without_a_chain_id_is_refused() {
    let transaction = TxLegacy { chain_id: None, gas_limit: 21_000, ..TxLegacy::default() };
    assert_eq!(decode(&sign(&transaction)), Err(Rejection::Unprotected));
}

#[test]
fn case_59_a_transaction_for_another_chain_genesis_or_format_is_refused() {
    let other = Domain { chain_id: 1, ..DOMAIN };
    let refused = Err(Rejection::WrongChain { expected: DOMAIN.chain_id, actual: 1 });
    assert_eq!(decode(&sign_ethereum(&build::legacy(&body(0), &other), 1)), refused);
    assert_eq!(decode(&sign_ethereum(&build::eip1559(&body(0), &other), 1)), refused);
    assert_eq!(decode(&sign(&TxEip2930 { chain_id: 1, ..eip2930(AccessList::default()) })), refused);
    let forked = Domain { genesis_hash: B256::ZERO, ..DOMAIN };
    for domain in [other, forked] {
        let unsigned = build::native(body(0), &domain);
        for scheme in Scheme::ALL {
            assert_eq!(admit(&sign_native(&unsigned, scheme, 1)), Err(Rejection::BadSignature), "{scheme:?}");
        }
    }
    let mut later = native(body(0)).to_vec();
    later[1] = 2;
    assert_eq!(decode(&later.into()), Err(Rejection::WrongFormat { expected: 1, actual: 2 }));
}

#[test]
fn case_60_a_signature_for_another_purpose_signs_no_transaction() {
    let unsigned = build::native(body(0), &DOMAIN);
    let tag = "florin/transaction/1".encode();
    let rest = unsigned.message().strip_prefix(&tag[..]).unwrap();
    for purpose in ["florin/vote/1", "florin/handshake/1", "florin/transaction/2", ""] {
        let message = [&purpose.encode()[..], rest].concat();
        for scheme in Scheme::ALL {
            let bytes = unsigned.assemble(&sign_message(scheme, &message, 1));
            assert_eq!(admit(&bytes), Err(Rejection::BadSignature), "{purpose} {scheme:?}");
        }
    }
    // Neither does the bare body, nor its hash.
    let bare = sign_message(Scheme::Ed25519, rest, 1);
    assert_eq!(admit(&unsigned.assemble(&bare)), Err(Rejection::BadSignature));
    let hashed = sign_message(Scheme::Ed25519, &unsigned.digest(), 1);
    assert_eq!(admit(&unsigned.assemble(&hashed)), Err(Rejection::BadSignature));
}

#[test]
fn a_figure_that_is_no_whole_ledger_wei_is_refused_with_field_and_figure() {
    let figure = U256::from(GWEI + 1);
    let refused = |field| Err(Rejection::Amount { field, reason: AmountError::Indivisible { figure } });
    assert_eq!(decode(&sign(&TxEip1559 { value: figure, ..eip1559() })), refused("value"));
    let fee = GWEI + 1;
    assert_eq!(decode(&sign(&TxEip1559 { max_fee_per_gas: fee, ..eip1559() })), refused("maxFeePerGas"));
    let priority = TxEip1559 { max_priority_fee_per_gas: fee, ..eip1559() };
    assert_eq!(decode(&sign(&priority)), refused("maxPriorityFeePerGas"));
    let price = TxEip2930 { gas_price: fee, ..eip2930(AccessList::default()) };
    assert_eq!(decode(&sign(&price)), refused("gasPrice"));
    let text = decode(&sign(&price)).unwrap_err().to_string();
    assert_eq!(text, "gasPrice: 1000000001 is not a multiple of 1000000000, the smallest unit of the ledger");
}

#[test]
fn a_priority_above_the_maximum_is_refused() {
    let transaction = TxEip1559 { max_priority_fee_per_gas: 3 * GWEI, ..eip1559() };
    assert_eq!(decode(&sign(&transaction)), Err(Rejection::PriorityAboveMax { priority: 3, max: 2 }));
}

#[test]
fn case_65_the_last_nonce_is_refused_and_the_one_before_is_not() {
    assert!(decode(&native(body(u64::MAX - 1))).is_ok());
    for bytes in one_of_each(u64::MAX, 1) {
        assert_eq!(decode(&bytes), Err(Rejection::NonceExhausted));
    }
}

#[test]
fn case_65_value_and_fee_must_fit_128_bits_together() {
    let with = |value, gas_limit, price| Body {
        value: Balance::new(value),
        gas_limit: Gas(gas_limit),
        gas_price: GasPrice::flat(price),
        ..body(0)
    };
    assert_eq!(decode(&native(with(u128::MAX - 10, 5, 2))).unwrap().cost_max(), Balance::new(u128::MAX));
    for (value, gas_limit, price) in [(u128::MAX - 9, 5, 2), (0, u64::MAX, u128::MAX), (1, 1, u128::MAX)] {
        let gas_limit_field = Gas(gas_limit);
        let refused =
            Rejection::CostOverflow { value: Balance::new(value), gas_limit: gas_limit_field, gas_price: price };
        assert_eq!(decode(&native(with(value, gas_limit, price))), Err(refused));
    }
    // In EVM wei the value alone may exceed what the ledger counts.
    let figure = uint!(1_000_000_000_U256) << 128;
    let refused = Rejection::Amount { field: "value", reason: AmountError::TooLarge { figure } };
    assert_eq!(decode(&sign(&TxEip1559 { value: figure, ..eip1559() })), Err(refused));
    let at_limit = sign_ethereum(&build::eip1559(&with(u128::MAX - 10, 5, 2), &DOMAIN), 1);
    assert_eq!(decode(&at_limit).unwrap().cost_max(), Balance::new(u128::MAX));
}

/// The group order of secp256k1.
const ORDER: U256 = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);

#[test]
fn case_55_a_malleated_ecdsa_signature_is_refused() {
    let transaction = eip1559();
    let (rs, id) = sign_digest(transaction.signature_hash().0, 1);
    let (r, s) = (U256::from_be_slice(&rs[..32]), U256::from_be_slice(&rs[32..]));
    let mut bytes = Vec::new();
    transaction.eip2718_encode(&Signature::new(r, ORDER - s, id == 0), &mut bytes);
    assert_eq!(decode(&bytes.into()), Err(Rejection::HighS));
    let mut bytes = sign_native(&build::native(body(0), &DOMAIN), Scheme::Ecdsa, 1).to_vec();
    let end = bytes.len();
    let s = U256::from_be_slice(&bytes[end - 33..end - 1]);
    bytes[end - 33..end - 1].copy_from_slice(&(ORDER - s).to_be_bytes::<32>());
    bytes[end - 1] ^= 1;
    assert_eq!(decode(&bytes.into()), Err(Rejection::HighS));
}

#[test]
fn case_55_two_signatures_of_one_native_transaction_have_one_id() {
    // sr25519 is randomized: each signing gives other bytes.
    let unsigned = build::native(body(0), &DOMAIN);
    let [first, second] = [(); 2].map(|()| sign_native(&unsigned, Scheme::Sr25519, 1));
    assert_ne!(first, second);
    let (first, second) = (admit(&first).unwrap(), admit(&second).unwrap());
    assert_eq!((first.id(), first.sender()), (second.id(), second.sender()));
}

#[test]
fn transactions_that_differ_have_ids_that_differ() {
    let mut ids: Vec<_> = (0..3).flat_map(|nonce| (1..4).flat_map(move |seed| one_of_each(nonce, seed))).collect();
    ids.iter_mut().for_each(|bytes| *bytes = decode(bytes).unwrap().id().into());
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn bytes_after_the_end_are_refused() {
    for bytes in one_of_each(0, 1) {
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(decode(&longer.into()), Err(Rejection::TrailingBytes { bytes: 1 }));
    }
}

#[test]
fn other_encodings_of_the_same_figures_are_refused() {
    // RLP: the nonce 1 as 0x01, as 0x8101, as 0x820001 and as 0x00; then price, gas, no recipient, no value, no input, v, r, s.
    let list = |nonce: &[u8]| {
        let payload = [nonce, &hex!("843b9aca00 825208 80 80 80 820f5a 01 01")].concat();
        Bytes::from([&[0xc0 + payload.len() as u8][..], &payload].concat())
    };
    assert_eq!(decode(&list(&[0x01])).map(|transaction| transaction.nonce()), Ok(1));
    for nonce in [&[0x81, 0x01][..], &[0x82, 0x00, 0x01], &[0x00]] {
        assert!(matches!(decode(&list(nonce)), Err(Rejection::MalformedEthereum { envelope: "legacy", .. })));
    }
    // A list header with a length of length that is not needed.
    let short = list(&[0x01]);
    let long = [&[0xf8, short.len() as u8 - 1][..], &short[1..]].concat();
    assert!(matches!(decode(&long.into()), Err(Rejection::MalformedEthereum { .. })));
    // SCALE: the input's length 8 in two bytes.
    let bytes = native(body(0));
    let position = bytes.windows(9).position(|window| window[0] == 8 << 2 && window[1..] == body(0).input[..]).unwrap();
    let longer = [&bytes[..position], &[0x21, 0x00], &bytes[position + 1..]].concat();
    assert_eq!(decode(&longer.into()), Err(Rejection::MalformedNative { field: "input", offset: position }));
}

#[test]
fn case_39_a_claimed_length_beyond_the_input_is_refused_where_it_stands() {
    let bytes = native(body(0));
    let position = bytes.windows(8).position(|window| window == &body(0).input[..]).unwrap() - 1;
    for length in [9_000_u32, (1 << 30) - 1, u32::MAX] {
        let claimed = [&bytes[..position], &Compact(length).encode(), &bytes[position + 1..]].concat();
        assert_eq!(decode(&claimed.into()), Err(Rejection::MalformedNative { field: "input", offset: position }));
    }
    // RLP: a string of 2^64 - 1 bytes, and a list of as many.
    for header in [0xbf, 0xff] {
        let claimed = [&[0xf8, 60, header][..], &[0xff; 59]].concat();
        assert!(matches!(decode(&claimed.into()), Err(Rejection::MalformedEthereum { .. })));
    }
}

#[test]
fn case_39_nested_lists_are_refused_at_the_first_level() {
    // 100,000 lists, each in the next, in place of the fields.
    let mut headers: Vec<Vec<u8>> = vec![];
    let mut length = 0;
    for _ in 0..100_000 {
        let mut header = Vec::new();
        alloy_rlp::Header { list: true, payload_length: length }.encode(&mut header);
        length += header.len();
        headers.push(header);
    }
    let nested: Vec<u8> = headers.into_iter().rev().flatten().collect();
    assert!(matches!(decode(&nested.clone().into()), Err(Rejection::MalformedEthereum { .. })));
    let typed = [&[2][..], &nested].concat();
    assert!(matches!(decode(&typed.into()), Err(Rejection::MalformedEthereum { envelope: "EIP-1559", .. })));
}

#[test]
fn case_57_unknown_tags_are_refused() {
    let bytes = native(body(0));
    let signature_at = bytes.len() - 97;
    for tag in 3..=u8::MAX {
        let mut bytes = bytes.to_vec();
        bytes[signature_at] = tag;
        let refused = Rejection::MalformedNative { field: "signature", offset: signature_at };
        assert_eq!(decode(&bytes.into()), Err(refused));
    }
    // The recipient is there (1) or not (0).
    for tag in 2..=u8::MAX {
        let mut bytes = bytes.to_vec();
        bytes[10] = tag;
        assert_eq!(decode(&bytes.into()), Err(Rejection::MalformedNative { field: "to", offset: 10 }));
    }
}

#[test]
fn a_signature_without_a_signer_is_refused() {
    let mut bytes = Vec::new();
    eip1559().eip2718_encode(&Signature::new(U256::ZERO, U256::ZERO, false), &mut bytes);
    assert_eq!(admit(&bytes.into()), Err(Rejection::BadSignature));
    // A recovery id that no encoder writes, and a key that is not the signer's.
    let unsigned = build::native(body(0), &DOMAIN);
    let bytes = sign_native(&unsigned, Scheme::Ecdsa, 1).to_vec();
    let (key_at, id_at) = (bytes.len() - 98, bytes.len() - 1);
    for id in 2..=u8::MAX {
        let mut bytes = bytes.clone();
        bytes[id_at] = id;
        assert_eq!(admit(&bytes.into()), Err(Rejection::BadSignature));
    }
    let mut other = bytes.clone();
    other[key_at..key_at + 33].copy_from_slice(sign_message(Scheme::Ecdsa, b"", 2).key());
    assert_eq!(admit(&other.into()), Err(Rejection::BadSignature));
}

#[test]
fn every_truncation_is_refused() {
    for bytes in one_of_each(0, 1) {
        for end in 1..bytes.len() {
            let refused = decode(&bytes.slice(..end)).unwrap_err();
            assert!(
                matches!(refused, Rejection::MalformedEthereum { .. } | Rejection::MalformedNative { .. }),
                "{end}: {refused}"
            );
        }
    }
}

#[test]
fn every_changed_bit_is_refused_or_makes_another_transaction_of_another_sender() {
    for bytes in one_of_each(0, 1) {
        let original = admit(&bytes).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            if let Ok(changed) = admit(&changed.into()) {
                assert_ne!(changed.id(), original.id(), "bit {bit}");
                assert_ne!(changed.sender(), original.sender(), "bit {bit}");
            }
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        first in prop_oneof![Just(1), Just(2), Just(NATIVE_TYPE), 0xc0..=0xff_u8, any::<u8>()],
        rest in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let bytes = [&[first][..], &rest].concat();
        prop_assert!(admit(&bytes.into()).is_err());
    }

    #[test]
    fn a_damaged_transaction_never_panics(
        which in 0..5_usize,
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = one_of_each(0, 1).swap_remove(which).to_vec();
        for (index, byte) in damage {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        let _ = admit(&bytes.into());
    }

    #[test]
    fn what_is_built_decodes_to_itself(
        nonce in 0..u64::MAX,
        to in proptest::option::of(any::<[u8; 20]>()),
        value in any::<u64>(),
        gas_limit in any::<u64>(),
        max in any::<u32>(),
        priority in any::<u32>(),
        input in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let body = Body {
            nonce,
            to: to.map(Address::from),
            value: Balance::new(u128::from(value)),
            gas_limit: Gas(gas_limit),
            gas_price: GasPrice { max: u128::from(max.max(priority)), priority: u128::from(max.min(priority)) },
            input: input.into(),
        };
        let eip1559 = admit(&sign_ethereum(&build::eip1559(&body, &DOMAIN), 3)).unwrap();
        prop_assert_eq!(&eip1559.transaction().body, &body);
        let flat = Body { gas_price: GasPrice::flat(body.gas_price.max), ..body };
        let legacy = admit(&sign_ethereum(&build::legacy(&flat, &DOMAIN), 3)).unwrap();
        prop_assert_eq!(&legacy.transaction().body, &flat);
        let native = admit(&sign_native(&build::native(flat.clone(), &DOMAIN), Scheme::Ecdsa, 3)).unwrap();
        prop_assert_eq!(&native.transaction().body, &flat);
        prop_assert_eq!(native.sender(), eip1559.sender());
    }
}
