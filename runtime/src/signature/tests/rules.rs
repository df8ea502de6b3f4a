//! What each scheme accepts, and in what form.

use super::*;

#[test]
fn what_sp_core_signs_verifies() {
    let message = b"signed by sp-core";
    let pair = sp_core::ed25519::Pair::from_seed(&[1; 32]);
    assert!(verify_one(Scheme::Ed25519, &pair.public().0, message, &pair.sign(message).0));
    let pair = sp_core::sr25519::Pair::from_seed(&[1; 32]);
    assert!(verify_one(Scheme::Sr25519, &pair.public().0, message, &pair.sign(message).0));
    // In the native envelope, ecdsa is over BLAKE2b-256 and recoverable.
    let pair = sp_core::ecdsa::Pair::from_seed(&[1; 32]);
    let unsigned = build::native(body(0), &DOMAIN);
    let signature = NativeSignature::Ecdsa { key: pair.public().0, signature: pair.sign(unsigned.message()).0 };
    let transaction = decode(&unsigned.assemble(&signature)).unwrap();
    let sender = verify(vec![transaction], 1).remove(0).unwrap().sender();
    assert_eq!(Some(sender), key_address(Scheme::Ecdsa, &pair.public().0));
}

#[test]
fn the_first_two_examples_of_rfc_8032_verify() {
    let hex = |text: &str| alloy_primitives::hex::decode(text).unwrap();
    let key = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let signature = hex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246551\
         41438e7a100b",
    );
    assert!(verify_one(Scheme::Ed25519, &key, b"", &signature));
    let key = hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    let signature = hex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d\
         291612bb0c00",
    );
    assert!(verify_one(Scheme::Ed25519, &key, &[0x72], &signature));
    assert!(!verify_one(Scheme::Ed25519, &key, &[0x73], &signature));
}

#[test]
fn every_changed_bit_makes_a_signature_bad() {
    for scheme in Scheme::ALL {
        let case = good(scheme, 1);
        assert!(case.is_valid(scheme));
        for bit in 0..case.signature.len() * 8 {
            let mut changed = case.clone();
            changed.signature[bit / 8] ^= 1 << (bit % 8);
            assert!(!changed.is_valid(scheme), "{scheme:?}: bit {bit} of the signature");
        }
        for bit in 0..case.key.len() * 8 {
            let mut changed = case.clone();
            changed.key[bit / 8] ^= 1 << (bit % 8);
            assert!(!changed.is_valid(scheme), "{scheme:?}: bit {bit} of the key");
        }
        let mut changed = case;
        changed.message.push(0);
        assert!(!changed.is_valid(scheme));
    }
}

#[test]
fn an_ecdsa_signature_with_a_high_s_is_bad() {
    use alloy_primitives::{U256, uint};
    let order = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);
    let digest = [7; 32];
    let (rs, id) = sign_digest(digest, 1);
    let mut signature = [id; 65];
    signature[..64].copy_from_slice(&rs);
    let signer = ecdsa_recover(&digest, &signature);
    assert!(signer.is_some());
    let high = (order - U256::from_be_slice(&rs[32..])).to_be_bytes::<32>();
    signature[32..64].copy_from_slice(&high);
    signature[64] = id ^ 1;
    assert_eq!(ecdsa_recover(&digest, &signature), None);
    let mut case = good(Scheme::Ecdsa, 1);
    let high = (order - U256::from_be_slice(&case.signature[32..])).to_be_bytes::<32>();
    case.signature[32..].copy_from_slice(&high);
    assert!(!case.is_valid(Scheme::Ecdsa));
}

#[test]
fn half_of_the_order_is_the_last_low_s() {
    let mut signature = [0; 65];
    signature[32..64]
        .copy_from_slice(&alloy_primitives::hex!("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"));
    assert!(is_low_s(&signature));
    signature[63] += 1;
    assert!(!is_low_s(&signature));
}

#[test]
fn a_signer_is_recovered_with_v_in_either_of_its_two_forms() {
    let digest = [9; 32];
    let (rs, id) = sign_digest(digest, 1);
    let mut signature = [0; 65];
    signature[..64].copy_from_slice(&rs);
    let expected = key_address(Scheme::Ecdsa, sign_message(Scheme::Ecdsa, b"", 1).key());
    for v in 0..=u8::MAX {
        signature[64] = v;
        let recovered = ecdsa_recover(&digest, &signature);
        match v {
            0 | 1 | 27 | 28 => assert_eq!(recovered == expected, v % 27 == id, "v {v}"),
            _ => assert_eq!(recovered, None, "v {v}"),
        }
    }
}

#[test]
fn an_sr25519_signature_in_another_context_is_bad() {
    let pair = sr25519_pair(1);
    let signature = pair.sign_simple(b"florin", b"message").to_bytes();
    assert!(!verify_one(Scheme::Sr25519, &pair.public.to_bytes(), b"message", &signature));
}

#[test]
fn case_57_no_signatures_have_no_verdicts() {
    assert_eq!(verify(vec![], 4), vec![]);
    for scheme in Scheme::ALL {
        assert_eq!(verify_batch(scheme, &[], 4), vec![]);
    }
}

#[test]
fn case_57_lengths_that_do_not_match_make_a_signature_bad() {
    for scheme in Scheme::ALL {
        let case = good(scheme, 1);
        assert_eq!((case.key.len(), case.signature.len()), (scheme.key_bytes(), scheme.signature_bytes()));
        for length in 0..100 {
            let resized = |bytes: &[u8]| {
                let mut bytes = bytes.to_vec();
                bytes.resize(length, 0);
                bytes
            };
            let key = Case { key: resized(&case.key), ..case.clone() };
            let signature = Case { signature: resized(&case.signature), ..case.clone() };
            let expected = [length == scheme.key_bytes(), true, length == scheme.signature_bytes()];
            assert_eq!(verdicts(scheme, &[key, case.clone(), signature], 1), expected, "{scheme:?} {length}");
        }
    }
}

#[test]
fn case_57_a_scheme_has_one_tag_and_other_tags_have_no_scheme() {
    for tag in (0..1_000).chain(u32::MAX - 1_000..=u32::MAX) {
        let scheme = Scheme::from_tag(tag);
        assert_eq!(scheme.map(|scheme| scheme as u32), (tag < 3).then_some(tag));
    }
}

#[test]
fn case_57_a_message_of_a_mebibyte_verifies() {
    let message = vec![7; 1 << 20];
    for scheme in [Scheme::Ed25519, Scheme::Sr25519] {
        let signed = sign_message(scheme, &message, 1);
        assert!(verify_one(scheme, signed.key(), &message, signed.signature()));
    }
    let (rs, _) = sign_digest(Sha256::digest(&message).into(), 1);
    assert!(verify_one(Scheme::Ecdsa, good(Scheme::Ecdsa, 0).key.as_slice(), &message, &rs));
}

#[test]
fn case_58_a_signature_verifies_wherever_it_lies_in_memory() {
    for scheme in Scheme::ALL {
        let mut bad = good(scheme, 3);
        bad.message[0] ^= 1;
        for (case, expected) in [(good(scheme, 3), true), (bad, false)] {
            for offset in 0..16 {
                let (key_end, message_end) = (offset + case.key.len(), offset + case.key.len() + case.message.len());
                let buffer = [&vec![0xaa; offset][..], &case.key, &case.message, &case.signature].concat();
                let (key, message) = (&buffer[offset..key_end], &buffer[key_end..message_end]);
                let item = SignedMessage { key, message, signature: &buffer[message_end..] };
                assert_eq!(verify_one(scheme, item.key, item.message, item.signature), expected);
                assert_eq!(verify_batch(scheme, &[item; 9], 1), [expected; 9]);
            }
        }
    }
}
