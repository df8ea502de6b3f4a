//! The contracts twice: as plain Rust on the SDK's native world, and as Wasm on the chain. Every call has the same status,
//! the same output and the same events in both, and what lies in storage is the same bytes.

use std::collections::BTreeSet;

use florin_claims::Claims;
use florin_sandbox::{Account, Address, B256, Balance, Client, Sandbox, Status, U256};
use florin_sdk::Contract;
use florin_sdk::client::{RawCall, Transport};
use florin_sdk::native::{Native, NativeTransport};
use florin_token::Token;

use crate::claim_tree::{self, Campaign};
use crate::numbers::Numbers;

/// What a world tells of a call: status, output, and topics and data of the events.
type Told = (Status, Vec<u8>, Vec<(Vec<B256>, Vec<u8>)>);

/// One contract in both worlds, where it has two addresses.
#[derive(Clone, Copy)]
struct Twin {
    native: Address,
    wasm: Address,
}

struct Worlds {
    native: Native,
    sandbox: Sandbox,
    accounts: Vec<Account>,
    /// What differs and means the same: first in the native world, then on the chain.
    same: Vec<[Vec<u8>; 2]>,
    statuses: BTreeSet<Status>,
}

impl Worlds {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let accounts: Vec<_> = sandbox.accounts(["alice", "bob", "carol", "dave"]).into();
        let native = Native::new();
        native.set_chain_id(sandbox.domain().chain_id);
        for account in &accounts {
            native.fund(account.address(), sandbox.balance(account).unwrap().wei());
        }
        Self { native, sandbox, accounts, same: Vec::new(), statuses: BTreeSet::new() }
    }

    fn deploy<C: Contract + 'static>(&mut self, args: C::InitArgs) -> Twin
    where
        C::InitError: std::fmt::Debug,
    {
        let owner = &self.accounts[0];
        let native = self.native.deploy::<C>(owner.address(), &args).unwrap().address();
        let wasm = self.sandbox.by(owner).deploy::<C>(args).unwrap().address();
        self.same.push([native.to_vec(), wasm.to_vec()]);
        Twin { native, wasm }
    }

    /// Makes a call in both worlds, whose input names contracts as the chain does.
    fn call(&mut self, by: usize, to: Twin, value: u128, input: Vec<u8>) {
        let native = self.replace(&input, 1, 0);
        self.call_each(by, to, value, [native, input]);
    }

    /// Makes a call in both worlds with an input for each.
    fn call_each(&mut self, by: usize, to: Twin, value: u128, [native_input, wasm_input]: [Vec<u8>; 2]) {
        self.native.set_height(self.sandbox.height() + 1);
        self.native.set_time(self.sandbox.time() + 12);
        let by = self.accounts[by].clone();
        let mut transport = NativeTransport { caller: by.address() };
        let reply = transport.call(RawCall { to: to.native, value, input: native_input }).unwrap();
        let topics =
            |topics: Vec<B256>| topics.iter().map(|topic| B256::from_slice(&self.to_chain(topic.as_slice()))).collect();
        let events = reply.receipt.events.into_iter().map(|event| (topics(event.topics), self.to_chain(&event.data)));
        let native: Told = (reply.status, self.to_chain(&reply.output), events.collect());

        let receipt = self.sandbox.by(&by).send(to.wasm, Balance::new(value), wasm_input.clone()).unwrap();
        let events = receipt.events.into_iter().map(|event| (event.topics, event.data.to_vec())).collect();
        let wasm: Told = (receipt.status, receipt.output.to_vec(), events);
        assert_eq!(native, wasm, "native and Wasm differ on {}", alloy_primitives::hex::encode(wasm_input));
        self.statuses.insert(receipt.status);
    }

    /// Fails unless a contract holds the same entries and the same money in both worlds.
    fn assert_same_state(&self, contract: Twin) {
        let entries = self.native.storage(contract.native);
        assert!(!entries.is_empty());
        for (key, value) in entries {
            let (key, value) = (self.to_chain(&key), self.to_chain(&value));
            let stored = self.sandbox.storage(contract.wasm, &key).unwrap();
            assert_eq!(stored.map(|value| value.to_vec()), Some(value), "{}", alloy_primitives::hex::encode(key));
        }
        assert_eq!(self.native.balance(contract.native), self.sandbox.balance(contract.wasm).unwrap().wei());
    }

    fn to_chain(&self, bytes: &[u8]) -> Vec<u8> {
        self.replace(bytes, 0, 1)
    }

    fn replace(&self, bytes: &[u8], from: usize, to: usize) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for pair in &self.same {
            let width = pair[from].len();
            for at in 0..bytes.len().saturating_sub(width - 1) {
                if bytes[at..at + width] == pair[from] {
                    bytes[at..at + width].copy_from_slice(&pair[to]);
                }
            }
        }
        bytes
    }
}

#[test]
fn the_token_is_the_same_in_wasm_and_in_plain_rust() {
    let mut worlds = Worlds::new();
    let mut numbers = Numbers::from_seed(21);
    let owner = worlds.accounts[0].address();
    let token = worlds.deploy::<Token>(("Gold".to_owned(), "GLD".to_owned(), 18, owner, U256::from(1_000)));
    let mut addresses: Vec<Address> = worlds.accounts.iter().map(Account::address).collect();
    addresses.extend([Address::ZERO, token.wasm]);
    let amounts = [0, 1, 7, 400, 999, 1_000].map(U256::from);
    let amounts = [&amounts[..], &[U256::from(u128::MAX), U256::MAX]].concat();

    let wallet = worlds.sandbox.by(&worlds.accounts[0]);
    let mut client = Token::client(token.wasm, wallet);
    for _ in 0..400 {
        let [one, other] = [*numbers.pick(&addresses), *numbers.pick(&addresses)];
        let amount = *numbers.pick(&amounts);
        let input = match numbers.below(13) {
            0..=3 => client.transfer(one, amount).raw().clone(),
            4..=5 => client.approve(one, amount).raw().clone(),
            6..=7 => client.transfer_from(one, other, amount).raw().clone(),
            8 => client.mint(one, amount).raw().clone(),
            9 => client.burn(amount).raw().clone(),
            10 => client.transfer_ownership(one).raw().clone(),
            11 => client.accept_ownership().raw().clone(),
            _ => client.balance_of(one).raw().clone(),
        };
        let value = u128::from(numbers.below(20) == 0);
        let by = numbers.below(4) as usize;
        worlds.call(by, token, value, input.input);
    }
    worlds.assert_same_state(token);
    assert_eq!(worlds.statuses, [Status::Success, Status::Reverted].into());
}

#[test]
fn the_claims_are_the_same_in_wasm_and_in_plain_rust() {
    let mut worlds = Worlds::new();
    let mut numbers = Numbers::from_seed(22);
    let owner = worlds.accounts[0].address();
    let claims = worlds.deploy::<Claims>(());
    let token = worlds.deploy::<Token>(("Gold".to_owned(), "GLD".to_owned(), 18, owner, U256::from(100_000)));
    let list: Vec<(Address, u128)> = (1..=6).map(|line| (Address::repeat_byte(line), 100 * u128::from(line))).collect();
    let wallet = worlds.sandbox.by(&worlds.accounts[0]);
    let mut client = Claims::client(claims.wasm, wallet.clone());
    let mut gold = Token::client(token.wasm, wallet);
    worlds.call(0, token, 0, gold.approve(claims.wasm, U256::from(5_000)).raw().input.clone());

    // One campaign of MDT, one of a token, and one of a token that is none.
    let pool = Address::repeat_byte(0x9f);
    let leaves = |contract, number| Campaign { chain_id: 1_947, contract, number }.leaves(&list);
    for (number, asset, value) in [(0, Address::ZERO, 2_100), (1, token.wasm, 0), (2, Address::repeat_byte(0xee), 0)] {
        let roots = [claims.native, claims.wasm].map(|contract| claim_tree::root(&leaves(contract, number)));
        worlds.same.push(roots.map(|root| root.to_vec()));
        let last_block = worlds.sandbox.height() + 120;
        let create = client.create_campaign(number, asset, roots[1].into(), 6, 2_100, 0, last_block, pool);
        let input = create.raw().input.clone();
        worlds.call(0, claims, value, input.clone());
        worlds.call(1, claims, value, input);
    }
    for _ in 0..150 {
        let (number, index) = (numbers.below(4), numbers.below(7) as usize);
        let (account, amount) = list[index % list.len()];
        let amount = amount + u128::from(numbers.below(8) == 0);
        if numbers.below(20) == 0 {
            worlds.call(1, claims, 0, client.sweep(number).raw().input.clone());
            continue;
        }
        let inputs = [claims.native, claims.wasm].map(|contract| {
            let proof = claim_tree::proof(&leaves(contract, number), index % list.len());
            let proof = proof.into_iter().map(B256::from).collect();
            client.claim(number, index as u32, account, amount, proof).raw().input.clone()
        });
        worlds.call_each(2, claims, 0, inputs);
    }
    worlds.sandbox.advance(120).unwrap();
    for number in [0, 1, 1, 2] {
        worlds.call(3, claims, 0, client.sweep(number).raw().input.clone());
    }
    worlds.assert_same_state(claims);
    worlds.assert_same_state(token);
    assert_eq!(worlds.statuses, [Status::Success, Status::Reverted].into());
    assert!(
        worlds.native.balance(pool) > 0 && worlds.native.balance(pool) == worlds.sandbox.balance(pool).unwrap().wei()
    );
}
