//! Permits, signed with a key as a wallet signs, over the digest of another EIP-712 implementation.

use alloy_sol_types::{SolStruct, eip712_domain};
use florin_sdk::{B256, alloy_primitives::keccak256};
use secp256k1::{Message, PublicKey, SecretKey, ecdsa::RecoverableSignature};

use super::*;

sol! {
    struct Permit {
        address owner;
        address spender;
        uint256 value;
        uint256 nonce;
        uint256 deadline;
    }
}

const CHAIN_ID: u64 = 945;
const NOW: u64 = 1_800_000_000;

struct Signed {
    setup: Setup,
    key: SecretKey,
    owner: Address,
}

fn signed() -> Signed {
    let setup = Setup::new();
    setup.native.set_chain_id(CHAIN_ID);
    setup.native.set_time(NOW);
    let key = SecretKey::from_secret_bytes(keccak256("an owner").0).unwrap();
    let owner = Address::from_raw_public_key(&PublicKey::from_secret_key(&key).serialize_uncompressed()[1..]);
    setup.token.by(setup.alice).transfer(owner, U256::from(100)).send().unwrap();
    Signed { setup, key, owner }
}

impl Signed {
    fn permit(&self, value: u64, nonce: u64) -> Permit {
        Permit {
            owner: self.owner,
            spender: self.setup.bob,
            value: U256::from(value),
            nonce: U256::from(nonce),
            deadline: U256::from(NOW),
        }
    }

    fn digest(&self, permit: &Permit, chain_id: u64, contract: Address) -> B256 {
        let domain = eip712_domain! {
            name: "Gulden",
            version: "1",
            chain_id: chain_id,
            verifying_contract: contract,
        };
        permit.eip712_signing_hash(&domain)
    }

    fn sign(&self, digest: B256) -> (u8, B256, B256) {
        let signature = RecoverableSignature::sign_ecdsa_recoverable(Message::from_digest(digest.0), &self.key);
        let (id, bytes) = signature.serialize_compact();
        let v = [27, 28][usize::from(id.to_u8())];
        (v, B256::from_slice(&bytes[..32]), B256::from_slice(&bytes[32..]))
    }

    fn signature(&self, permit: &Permit) -> (u8, B256, B256) {
        self.sign(self.digest(permit, CHAIN_ID, self.setup.token.address()))
    }

    /// Anyone may hand a permit in; here it is Carol.
    fn send(&self, permit: &Permit, (v, r, s): (u8, B256, B256)) -> Result<(), CallError<TokenError>> {
        let Permit { owner, spender, value, deadline, .. } = permit;
        self.setup.token.by(self.setup.carol).permit(*owner, *spender, *value, *deadline, v, r, s).send()
    }

    fn allowance(&self) -> U256 {
        self.setup.token.by(self.owner).allowance(self.owner, self.setup.bob).view().unwrap()
    }

    fn nonce(&self) -> U256 {
        self.setup.token.by(self.owner).nonces(self.owner).view().unwrap()
    }
}

#[test]
fn a_signature_sets_an_allowance_once() {
    let signed = signed();
    let permit = signed.permit(60, 0);
    let signature = signed.signature(&permit);
    assert_eq!(signed.send(&permit, signature), Ok(()));
    assert_eq!((signed.allowance(), signed.nonce()), (U256::from(60), U256::from(1)));
    let approval = Approval { owner: signed.owner, spender: signed.setup.bob, value: U256::from(60) };
    assert_eq!(signed.setup.native.events_of::<Approval>(), [approval]);
    signed
        .setup
        .token
        .by(signed.setup.bob)
        .transfer_from(signed.owner, signed.setup.bob, U256::from(60))
        .send()
        .unwrap();
    let replayed = error(signed.send(&permit, signature));
    assert!(matches!(replayed, TokenError::InvalidSigner { .. }), "{replayed:?}");
    assert_eq!((signed.allowance(), signed.nonce()), (U256::ZERO, U256::from(1)));
    let next = signed.permit(5, 1);
    assert_eq!(signed.send(&next, signed.signature(&next)), Ok(()));
}

#[test]
fn the_domain_is_that_of_another_implementation() {
    let signed = signed();
    let contract = signed.setup.token.address();
    let domain = eip712_domain! { name: "Gulden", version: "1", chain_id: CHAIN_ID, verifying_contract: contract, };
    assert_eq!(signed.setup.token.by(signed.owner).domain_separator().view(), Ok(domain.separator()));
}

#[test]
fn a_permit_for_anything_else_is_refused() {
    let signed = signed();
    let permit = signed.permit(60, 0);
    let here = signed.setup.token.address();
    let forgeries = [
        ("another chain", signed.sign(signed.digest(&permit, CHAIN_ID + 1, here))),
        ("another token", signed.sign(signed.digest(&permit, CHAIN_ID, signed.setup.alice))),
        ("another amount", signed.signature(&Permit { value: U256::from(61), ..permit.clone() })),
        ("another spender", signed.signature(&Permit { spender: signed.setup.carol, ..permit.clone() })),
        ("another deadline", signed.signature(&Permit { deadline: U256::from(NOW + 1), ..permit.clone() })),
        ("a later nonce", signed.signature(&Permit { nonce: U256::from(1), ..permit.clone() })),
    ];
    for (what, forged) in forgeries {
        let refused = error(signed.send(&permit, forged));
        assert!(
            matches!(refused, TokenError::InvalidSigner { owner, .. } if owner == signed.owner),
            "{what}: {refused:?}"
        );
    }
    assert_eq!((signed.allowance(), signed.nonce()), (U256::ZERO, U256::ZERO));
}

#[test]
fn a_permit_counts_until_its_deadline() {
    let signed = signed();
    let permit = signed.permit(60, 0);
    let signature = signed.signature(&permit);
    signed.setup.native.set_time(NOW + 1);
    let deadline = U256::from(NOW);
    assert_eq!(error(signed.send(&permit, signature)), TokenError::ExpiredSignature { deadline });
    signed.setup.native.set_time(NOW);
    assert_eq!(signed.send(&permit, signature), Ok(()));
}

#[test]
fn a_signature_that_is_none_is_refused() {
    let signed = signed();
    let permit = signed.permit(60, 0);
    let (v, r, s) = signed.signature(&permit);
    let order: U256 = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141".parse().unwrap();
    let high = B256::from(order - U256::from_be_bytes(s.0));
    let none = [
        ("a high s", (v ^ 7, r, high)),
        ("a high s with the parity of the low one", (v, r, high)),
        ("an unknown v", (29, r, s)),
        ("zeros", (27, B256::ZERO, B256::ZERO)),
        ("r above the order", (v, B256::repeat_byte(0xff), s)),
    ];
    for (what, signature) in none {
        assert_eq!(error(signed.send(&permit, signature)), TokenError::InvalidSignature, "{what}");
    }
    let nobody = Permit { owner: Address::ZERO, ..permit.clone() };
    let refused = error(signed.send(&nobody, (v, r, s)));
    assert!(matches!(refused, TokenError::InvalidSigner { owner, .. } if owner.is_zero()), "{refused:?}");
    let to_nobody = Permit { spender: Address::ZERO, ..permit };
    let refused = error(signed.send(&to_nobody, signed.signature(&to_nobody)));
    assert_eq!(refused, TokenError::InvalidSpender { spender: Address::ZERO });
    assert_eq!(signed.nonce(), U256::ZERO);
    assert_eq!(vec![signed.allowance()], [U256::ZERO]);
}
