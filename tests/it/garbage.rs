//! Bytes that nobody meant: changed transactions and calldata of every bad shape. Each is answered, none gets through.

use alloy_json_abi::JsonAbi;
use alloy_primitives::U256;
use florin_claims::Claims;
use florin_runtime::transaction::{Body, GasPrice, NativeSignature, build};
use florin_sandbox::{Address, B256, Balance, Bytes, Client, Gas, Sandbox, SandboxError, Status, Wallet};
use florin_sdk::Contract;
use florin_sdk::client::RawCall;
use florin_token::Token;
use sp_core::Pair;

use crate::numbers::Numbers;

/// A transaction of each envelope, both valid, and the sandbox that would take them.
fn transactions() -> (Sandbox, [Bytes; 2]) {
    let sandbox = Sandbox::new();
    let alice = sandbox.account("alice");
    let pair = sp_core::ed25519::Pair::from_seed(&[1; 32]);
    let key = pair.public().0;
    let address = Address::from_word(alloy_primitives::keccak256([&[0], &key[..]].concat()));
    sandbox.by(&alice).transfer(address, Balance::new(1_000_000)).unwrap();
    let body = Body {
        nonce: 1,
        to: Some(Address::repeat_byte(7)),
        value: Balance::new(1),
        gas_limit: Gas(30_000),
        gas_price: GasPrice::flat(1),
        input: Bytes::from_static(b"input"),
    };
    let ethereum = alice.sign_transaction(&body, &sandbox.domain());
    let unsigned = build::native(Body { nonce: 0, ..body }, &sandbox.domain());
    let signature = pair.sign(unsigned.message()).0;
    (sandbox, [ethereum, unsigned.assemble(&NativeSignature::Ed25519 { key, signature })])
}

fn assert_refused(sandbox: &Sandbox, raw: &[u8], what: &str) {
    let before = (sandbox.state_root(), sandbox.height());
    match sandbox.submit(raw) {
        Err(SandboxError::Rejected(rejection)) => assert!(!rejection.to_string().is_empty()),
        other => panic!("{what}: {other:?}"),
    }
    assert_eq!(before, (sandbox.state_root(), sandbox.height()), "{what} left a trace");
}

#[test]
fn a_transaction_with_any_bit_changed_or_any_end_missing_is_refused() {
    let (sandbox, valid) = transactions();
    for raw in &valid {
        for bit in 0..raw.len() * 8 {
            let mut changed = raw.to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_refused(&sandbox, &changed, &format!("bit {bit} of {raw}"));
        }
        for length in 0..raw.len() {
            assert_refused(&sandbox, &raw[..length], &format!("{length} bytes of {raw}"));
        }
        assert_refused(&sandbox, &[&raw[..], &[0]].concat(), "a byte more");
    }
    for raw in &valid {
        assert_eq!(sandbox.submit(raw).unwrap().status, Status::Success);
    }
}

#[test]
fn random_bytes_are_no_transaction() {
    let sandbox = Sandbox::new();
    let mut numbers = Numbers::from_seed(1);
    for _ in 0..2_000 {
        let length = 1 + numbers.below(300) as usize;
        let mut raw = numbers.bytes(length);
        // Half of them begin as a transaction does.
        if numbers.below(2) == 0 {
            raw[0] = *numbers.pick(&[1, 2, 3, 4, b'F', 0xc0, 0xf8, 0xf9]);
        }
        assert_refused(&sandbox, &raw, "random bytes");
    }
}

/// Contracts with state, and calldata that succeeds.
struct Stage {
    wallet: Wallet,
    contracts: [(Address, JsonAbi); 2],
    valid: Vec<RawCall>,
}

fn stage() -> Stage {
    let sandbox = Sandbox::new();
    let owner = sandbox.account("owner");
    let wallet = sandbox.by(&owner).with_gas_limit(Gas(20_000_000));
    let arguments = ("Gold".to_owned(), "GLD".to_owned(), 18, owner.address(), U256::from(1_000));
    let token = wallet.deploy::<Token>(arguments).unwrap();
    let claims = wallet.deploy::<Claims>(()).unwrap();
    let (bob, proof) = (Address::repeat_byte(0xb0), vec![B256::repeat_byte(1); 3]);
    let (mut token_as, mut claims_as) = (token.by(&owner), claims.by(&owner));
    let valid = vec![
        token_as.transfer(bob, U256::from(1)).raw().clone(),
        token_as.approve(bob, U256::MAX).raw().clone(),
        token_as.permit(bob, bob, U256::from(1), U256::MAX, 27, proof[0], proof[1]).raw().clone(),
        claims_as.create_campaign(1, Address::ZERO, proof[0], 5, 10, 0, 0, bob).raw().clone(),
        claims_as.claim(1, 2, bob, 3, proof.clone()).raw().clone(),
        claims_as.claim_many(1, vec![(1, bob, 2, proof.clone()), (2, bob, 3, proof)]).raw().clone(),
    ];
    let abi = |json| serde_json::from_str(json).unwrap();
    let contracts = [(token.address(), abi(Token::ABI_JSON)), (claims.address(), abi(Claims::ABI_JSON))];
    Stage { wallet, contracts, valid }
}

impl Stage {
    /// A contract answers: it succeeds, or it reverts with data. It does not trap, and the host does not fail.
    fn assert_answered(&self, contract: Address, input: Vec<u8>) {
        let text = alloy_primitives::hex::encode(&input);
        let receipt = self.wallet.simulate(contract, Balance::ZERO, input).unwrap();
        match receipt.status {
            Status::Success => {}
            Status::Reverted => assert!(receipt.output.len() >= 4, "{text} reverted without an error"),
            status => panic!("{text} ended with {status:?}"),
        }
    }
}

#[test]
fn case_39_every_message_answers_random_arguments() {
    let stage = stage();
    let mut numbers = Numbers::from_seed(2);
    for (contract, abi) in &stage.contracts {
        for function in abi.functions() {
            for _ in 0..20 {
                let length = numbers.below(400) as usize;
                let arguments = numbers.bytes(length);
                stage.assert_answered(*contract, [&function.selector()[..], &arguments].concat());
            }
        }
    }
}

#[test]
fn case_39_every_message_answers_offsets_and_lengths_that_lie() {
    let stage = stage();
    let extremes = [
        U256::ZERO,
        U256::from(1),
        U256::from(31),
        U256::from(32),
        U256::from(64),
        U256::from(u32::MAX),
        U256::from(u64::MAX),
        U256::from(u64::MAX - 31),
        U256::from(u128::MAX),
        U256::from(1) << 255,
        U256::MAX - U256::from(31),
        U256::MAX,
    ];
    for call in &stage.valid {
        stage.assert_answered(call.to, call.input.clone());
        for word in 0..(call.input.len() - 4) / 32 {
            for extreme in extremes {
                let mut input = call.input.clone();
                input[4 + word * 32..][..32].copy_from_slice(&extreme.to_be_bytes::<32>());
                stage.assert_answered(call.to, input);
            }
        }
        for length in 0..call.input.len() {
            stage.assert_answered(call.to, call.input[..length].to_vec());
        }
    }
}
