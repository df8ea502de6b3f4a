//! Native transactions, signed with sp-core's own keys, beside Ethereum's in one chain.

use florin_runtime::transaction::{Body, Domain, GasPrice, NativeSignature, Rejection, build};
use florin_sandbox::{Address, Balance, Bytes, Gas, Sandbox, SandboxError, Status};
use sp_core::{Pair, ecdsa, ed25519, sr25519};

use crate::puppet::{Log, Script, deploy};

/// A key that signs.
type Signer = Box<dyn Fn(&build::UnsignedNative) -> NativeSignature>;

/// The three ways to sign, each with the address that it signs for.
fn signers() -> [(Address, Signer); 3] {
    let ed = ed25519::Pair::from_seed(&[1; 32]);
    let sr = sr25519::Pair::from_seed(&[2; 32]);
    let ec = ecdsa::Pair::from_seed(&[3; 32]);
    let [ed_key, sr_key] = [ed.public().0, sr.public().0];
    let tagged = |tag: u8, key: &[u8]| Address::from_word(alloy_primitives::keccak256([&[tag], key].concat()));
    let ethereum = secp256k1::PublicKey::from_byte_array_compressed(ec.public().0).unwrap().serialize_uncompressed();
    [
        (
            tagged(0, &ed_key),
            Box::new(move |unsigned| NativeSignature::Ed25519 {
                key: ed_key,
                signature: ed.sign(unsigned.message()).0,
            }),
        ),
        (
            tagged(1, &sr_key),
            Box::new(move |unsigned| NativeSignature::Sr25519 {
                key: sr_key,
                signature: sr.sign(unsigned.message()).0,
            }),
        ),
        (
            Address::from_word(alloy_primitives::keccak256(&ethereum[1..])),
            Box::new(move |unsigned| NativeSignature::Ecdsa {
                key: ec.public().0,
                signature: ec.sign(unsigned.message()).0,
            }),
        ),
    ]
}

fn body(to: Address, input: Bytes) -> Body {
    Body { nonce: 0, to: Some(to), value: Balance::ZERO, gas_limit: Gas(200_000), gas_price: GasPrice::flat(1), input }
}

fn rejection(sandbox: &Sandbox, raw: &Bytes) -> Rejection {
    match sandbox.submit(raw) {
        Err(SandboxError::Rejected(rejection)) => rejection,
        other => panic!("not rejected: {other:?}"),
    }
}

#[test]
fn what_sp_core_signs_is_executed_as_the_keys_address() {
    let sandbox = Sandbox::new();
    let puppet = deploy(&sandbox);
    let alice = sandbox.by(&sandbox.account("alice"));
    for (address, sign) in signers() {
        alice.transfer(address, Balance::new(1_000_000)).unwrap();
        let unsigned = build::native(body(puppet, Script::shut().caller().end()), &sandbox.domain());
        let raw = unsigned.assemble(&sign(&unsigned));
        let receipt = sandbox.submit(&raw).unwrap();
        assert_eq!(receipt.status, Status::Success);
        assert_eq!(Log::new(receipt.output).address(), address);
        assert_eq!(sandbox.balance(address).unwrap().wei(), 1_000_000 - receipt.fee.wei());
        assert_eq!(rejection(&sandbox, &raw), Rejection::NonceTooLow { expected: 1, actual: 0 });
    }
}

#[test]
fn case_59_a_native_transaction_of_another_chain_or_genesis_is_refused() {
    let here = Sandbox::new();
    // The same chain id, another genesis: one more account has money from the start.
    let there = Sandbox::builder().allocate(Address::repeat_byte(9), Balance::new(1)).build().unwrap();
    assert_eq!(here.domain().chain_id, there.domain().chain_id);
    let other_id = Domain { chain_id: here.domain().chain_id + 1, ..here.domain() };
    for (address, sign) in signers() {
        here.by(&here.account("alice")).transfer(address, Balance::new(1_000_000)).unwrap();
        for foreign in [there.domain(), other_id] {
            let unsigned = build::native(body(Address::repeat_byte(7), Bytes::new()), &foreign);
            let refused = rejection(&here, &unsigned.assemble(&sign(&unsigned)));
            assert!(
                // Recovering a key from a signature over other bytes gives another key.
                matches!(refused, Rejection::BadSignature | Rejection::InsufficientFunds { .. }),
                "{refused}"
            );
        }
        assert_eq!(here.nonce(address).unwrap(), 0);
    }
}

#[test]
fn case_57_a_key_or_signature_of_zeros_and_an_unknown_scheme_are_refused() {
    let sandbox = Sandbox::new();
    let unsigned = build::native(body(Address::repeat_byte(7), Bytes::new()), &sandbox.domain());
    for zeros in [
        NativeSignature::Sr25519 { key: [0; 32], signature: [0; 64] },
        NativeSignature::Ecdsa { key: [0; 33], signature: [0; 65] },
        NativeSignature::Ed25519 { key: [0xff; 32], signature: [0xff; 64] },
    ] {
        assert_eq!(rejection(&sandbox, &unsigned.assemble(&zeros)), Rejection::BadSignature);
    }
    let (_, sign) = &signers()[0];
    let good = unsigned.assemble(&sign(&unsigned));
    // The tag stands 97 bytes before the end: tag, key of 32, signature of 64.
    let at = good.len() - 97;
    for tag in 3..=u8::MAX {
        let mut raw = good.to_vec();
        raw[at] = tag;
        assert!(matches!(rejection(&sandbox, &raw.into()), Rejection::MalformedNative { field: "signature", .. }));
    }
}
