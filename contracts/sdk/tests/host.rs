//! What a contract asks of the host, answered by the native world: money, other contracts, hashes, trees, signatures.
#![allow(clippy::unwrap_used, reason = "tests")]

use florin_sdk::{
    Address, B256, CallError, Client, Failure, Status, U256,
    alloy_primitives::{hex, keccak256},
    native::{Native, NativeTransport},
};

#[florin_sdk::contract]
mod workshop {
    use florin_sdk::{
        Status,
        env::{Batch, ContractCall, Creation, MoneyError, Scheme},
        prelude::*,
    };

    #[storage]
    pub struct Workshop {
        notes: Map<u32, String>,
        last: Item<u32>,
        meter: Counter,
    }

    /// Why the host said no, as a status code.
    #[error]
    pub struct Refused {
        status: u8,
    }

    impl From<MoneyError> for Refused {
        fn from(error: MoneyError) -> Self {
            Self { status: error.0.code() }
        }
    }

    impl Workshop {
        #[payable]
        pub fn keep(&mut self) {}

        pub fn context(&self) -> (Address, Address, u64, u64, u64, u128) {
            let env = env();
            (
                env.caller(),
                env.self_address(),
                env.block_height(),
                env.block_time(),
                env.chain_id(),
                env.balance(env.self_address()),
            )
        }

        pub fn pay(&mut self, to: Address, amount: u128) -> Result<(), Refused> {
            Ok(env().transfer(to, amount)?)
        }

        pub fn mint(&mut self, to: Address, amount: u128) -> Result<(), Refused> {
            Ok(env().mint(to, amount)?)
        }

        pub fn burn(&mut self, amount: u128) -> Result<(), Refused> {
            Ok(env().burn(amount)?)
        }

        pub fn create(&mut self, code_hash: B256, salt: B256, value: u128) -> Result<Address, Refused> {
            let creation = Creation { code_hash, salt, value, gas: u64::MAX, input: &[] };
            env().create(&creation).map_err(|(status, _)| Refused { status: status.code() })
        }

        pub fn forward(&mut self, to: Address, value: u128, input: Bytes, read_only: bool) -> Result<Bytes, Refused> {
            let call = ContractCall { to, value, gas: u64::MAX, input: &input, read_only };
            env().call(&call).map(Bytes::from).map_err(|(status, _)| Refused { status: status.code() })
        }

        pub fn note(&mut self, index: u32, text: String) {
            self.notes.set(&index, &text);
            self.last.set(&index);
        }

        pub fn take(&mut self, index: u32) -> (String, bool, bool) {
            let there = self.notes.contains(&index);
            let text = self.notes.take(&index).unwrap_or_default();
            let last = self.last.exists() && self.last.take() == Some(index);
            (text, there, last)
        }

        pub fn notes_after(&self, index: u32, count: u32) -> Vec<u32> {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            self.notes.iter_after(&index).take(count).map(|(index, _)| index).collect()
        }

        pub fn turn(&mut self, up: u128, down: u128, bound: u128) -> Result<u128, Refused> {
            let failed = |_| Refused { status: Status::CounterOutOfBounds.code() };
            self.meter.add_within(up, bound).map_err(failed)?;
            self.meter.sub(down).map_err(failed)?;
            Ok(self.meter.get())
        }

        pub fn hashes(&self, data: Bytes) -> (B256, B256, B256) {
            (env().sha256(&data), env().keccak256(&data), env().blake3(&data))
        }

        pub fn root(&self, leaves: Vec<B256>) -> B256 {
            env().merkle_root(&leaves)
        }

        pub fn proof(&self, leaves: Vec<B256>, index: u32) -> Vec<B256> {
            env().merkle_proof(&leaves, index)
        }

        pub fn proves(&self, root: B256, leaf: B256, index: u32, count: u32, proof: Vec<B256>) -> bool {
            env().merkle_verify(&root, &leaf, index, count, &proof)
        }

        pub fn signed(&self, scheme: u8, key: Bytes, message: Bytes, signature: Bytes) -> bool {
            env().verify_signature(scheme_of(scheme), &key, &message, &signature)
        }

        pub fn all_signed(&self, scheme: u8, keys: Bytes, messages: Bytes, len: u32, signatures: Bytes) -> Vec<bool> {
            let scheme = scheme_of(scheme);
            let batch = Batch {
                scheme,
                count: keys.len().checked_div(scheme.key_len()).unwrap_or_default(),
                keys: &keys,
                messages: &messages,
                message_len: usize::try_from(len).unwrap_or(usize::MAX),
                signatures: &signatures,
            };
            env().verify_batch(&batch)
        }
    }

    fn scheme_of(number: u8) -> Scheme {
        match number {
            0 => Scheme::Ed25519,
            1 => Scheme::Sr25519,
            _ => Scheme::Ecdsa,
        }
    }
}

use workshop::{Refused, Workshop, WorkshopClient};

#[florin_sdk::interface]
trait Keeper {
    /// Takes money.
    #[payable]
    fn keep(&mut self);
    fn context(&self) -> (Address, Address, u64, u64, u64, u128);
    /// No workshop has this.
    fn missing(&self) -> U256;
}

struct Setup {
    native: Native,
    alice: Address,
    workshop: WorkshopClient<NativeTransport>,
}

fn setup() -> Setup {
    let native = Native::new();
    let alice = native.account("alice");
    native.fund(alice, 1000);
    let workshop = native.deploy::<Workshop>(alice, &()).unwrap();
    Setup { native, alice, workshop }
}

fn refused<V: core::fmt::Debug>(result: Result<V, CallError<Refused>>) -> Status {
    Status::from_code(result.unwrap_err().reverted().unwrap().status).unwrap()
}

#[test]
fn a_contract_knows_its_call_and_its_block() {
    let Setup { native, alice, mut workshop } = setup();
    native.set_height(12);
    native.set_time(34);
    native.set_chain_id(56);
    workshop.keep().value(78).send().unwrap();
    assert_eq!(workshop.context().view(), Ok((alice, workshop.address(), 12, 34, 56, 78)));
}

#[test]
fn money_moves_by_contract_only_as_far_as_it_reaches() {
    let Setup { native, alice, mut workshop } = setup();
    let bob = native.account("bob");
    workshop.keep().value(50).send().unwrap();
    assert_eq!(workshop.pay(bob, 20).send(), Ok(()));
    assert_eq!(refused(workshop.pay(bob, 31).send()), Status::InsufficientBalance);
    assert_eq!(refused(workshop.mint(bob, 1).send()), Status::MissingCapability);
    assert_eq!(refused(workshop.burn(1).send()), Status::MissingCapability);
    native.grant_supply(workshop.address());
    assert_eq!(workshop.mint(bob, 5).send(), Ok(()));
    assert_eq!(refused(workshop.mint(bob, u128::MAX).send()), Status::SupplyExceeded);
    assert_eq!(workshop.burn(10).send(), Ok(()));
    assert_eq!(refused(workshop.burn(21).send()), Status::InsufficientBalance);
    assert_eq!([alice, bob, workshop.address()].map(|account| native.balance(account)), [950, 25, 20]);
    let poor = workshop.by(bob).keep().value(26).send();
    assert_eq!(poor, Err(CallError::Failed(Failure::Stopped(Status::InsufficientBalance))));
}

#[test]
fn contracts_are_created_from_uploaded_code_at_an_address_that_follows() {
    let Setup { native, mut workshop, .. } = setup();
    let code = native.upload::<Workshop>();
    let salt = B256::repeat_byte(3);
    let made = workshop.create(code, salt, 0).send().unwrap();
    let preimage = [&[0xff], workshop.address().as_slice(), salt.as_slice(), code.as_slice()].concat();
    assert_eq!(made, Address::from_word(keccak256(preimage)));
    assert_eq!(refused(workshop.create(code, salt, 0).send()), Status::AddressTaken);
    assert_eq!(refused(workshop.create(B256::ZERO, salt, 0).send()), Status::NoCode);
    assert_eq!(refused(workshop.create(code, B256::ZERO, 5).send()), Status::InsufficientBalance);
    let (caller, this, ..) = WorkshopClient::new(made, *workshop.transport()).context().view().unwrap();
    assert_eq!((caller, this), (workshop.transport().caller, made));
}

#[test]
fn a_read_only_call_changes_nothing_even_through_another_contract() {
    let Setup { native, alice, mut workshop } = setup();
    let mut other = native.deploy::<Workshop>(alice, &()).unwrap();
    let write = other.note(1, "written".into()).raw().input.clone();
    let through = workshop.forward(other.address(), 0, write.clone().into(), false).raw().input.clone();
    assert_eq!(workshop.forward(other.address(), 0, write.into(), false).send(), Ok(Default::default()));
    let mut third = native.deploy::<Workshop>(alice, &()).unwrap();
    let read_only = third.forward(workshop.address(), 0, through.into(), true).send();
    assert_eq!(refused(read_only), Status::Reverted, "the workshop reports that its own call was stopped");
    let keep = other.keep().raw().input.clone();
    workshop.keep().value(9).send().unwrap();
    assert_eq!(refused(workshop.forward(other.address(), 1, keep.clone().into(), true).send()), Status::ReadOnly);
    assert_eq!(workshop.forward(other.address(), 1, keep.into(), false).send(), Ok(Default::default()));
    assert_eq!(native.balance(other.address()), 1);
}

#[test]
fn an_interface_is_a_client_of_a_contract_that_one_only_knows_by_its_messages() {
    let Setup { native, alice, workshop } = setup();
    let mut keeper = KeeperClient::new(workshop.address(), NativeTransport { caller: alice });
    keeper.keep().value(4).send().unwrap();
    assert_eq!(keeper.context().view().unwrap().5, 4);
    assert!(matches!(keeper.missing().view(), Err(CallError::Failed(Failure::Refused(_)))));
    assert_eq!(native.balance(workshop.address()), 4);
}

#[test]
fn entries_are_taken_and_iteration_goes_on_where_it_stopped() {
    let Setup { mut workshop, .. } = setup();
    for index in [5, 1, 9, 3] {
        workshop.note(index, format!("note {index}")).send().unwrap();
    }
    assert_eq!(workshop.notes_after(0, 2).view(), Ok(vec![1, 3]));
    assert_eq!(workshop.notes_after(3, 9).view(), Ok(vec![5, 9]));
    assert_eq!(workshop.notes_after(4, 9).view(), Ok(vec![5, 9]), "the key need not exist");
    assert_eq!(workshop.take(3).send(), Ok(("note 3".into(), true, true)));
    assert_eq!(workshop.take(3).send(), Ok((String::new(), false, false)));
    assert_eq!(workshop.notes_after(1, 1).view(), Ok(vec![5]));
}

#[test]
fn a_counter_stays_between_zero_and_its_bound() {
    let Setup { mut workshop, .. } = setup();
    let big = u128::MAX;
    assert_eq!(workshop.turn(10, 4, 10).send(), Ok(6));
    assert_eq!(refused(workshop.turn(5, 0, 10).send()), Status::CounterOutOfBounds);
    assert_eq!(refused(workshop.turn(0, 7, 10).send()), Status::CounterOutOfBounds);
    assert_eq!(workshop.turn(0, 6, 10).send(), Ok(0), "a refused change changes nothing");
    assert_eq!(workshop.turn(big, 0, big).send(), Ok(big), "more than a signed delta holds");
    assert_eq!(refused(workshop.turn(1, 0, big).send()), Status::CounterOutOfBounds);
    assert_eq!(refused(workshop.turn(big, 0, big).send()), Status::CounterOutOfBounds);
    assert_eq!(workshop.turn(0, big, big).send(), Ok(0));
    assert_eq!(refused(workshop.turn(0, big, big).send()), Status::CounterOutOfBounds);
    assert_eq!(refused(workshop.turn(big, 0, big - 1).send()), Status::CounterOutOfBounds);
}

#[test]
fn hashes_are_the_published_ones() {
    let Setup { mut workshop, .. } = setup();
    let (sha256, keccak, blake3) = workshop.hashes(b"abc".to_vec().into()).view().unwrap();
    assert_eq!(sha256.0, hex!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    assert_eq!(keccak.0, hex!("4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"));
    assert_eq!(blake3.0, hex!("6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"));
}

#[test]
fn every_leaf_of_every_small_tree_has_one_proof_and_no_other() {
    let Setup { mut workshop, .. } = setup();
    for count in 1..=9u8 {
        let leaves: Vec<_> = (0..count).map(B256::repeat_byte).collect();
        let root = workshop.root(leaves.clone()).view().unwrap();
        for index in 0..count {
            let proof = workshop.proof(leaves.clone(), index.into()).view().unwrap();
            let leaf = leaves[usize::from(index)];
            let mut proves = |index: u8, proof: &[B256]| {
                workshop.proves(root, leaf, index.into(), count.into(), proof.into()).view()
            };
            assert_eq!(proves(index, &proof), Ok(true), "leaf {index} of {count}");
            assert_eq!(proves(index, &[proof.as_slice(), &[root]].concat()), Ok(false), "a node too many");
            assert_eq!(proves(count, &proof), Ok(false), "no such leaf");
            if let Some((_, shorter)) = proof.split_last() {
                assert_eq!(proves(index, shorter), Ok(false), "a node too few");
                assert_eq!(proves(index ^ 1, &proof), Ok(false), "the neighbour's place");
            }
        }
    }
    let two = [B256::repeat_byte(0), B256::repeat_byte(1)];
    let preimage = [&[1], two[0].as_slice(), two[1].as_slice()].concat();
    let node = workshop.hashes(preimage.into()).view().unwrap().0;
    assert_eq!(workshop.root(two.into()).view(), Ok(node));
}

#[test]
fn signatures_of_all_schemes_are_verified_one_by_one_and_in_batches() {
    let Setup { mut workshop, .. } = setup();
    let messages: Vec<[u8; 5]> = (0..4).map(|index| [index; 5]).collect();
    for scheme in 0..3 {
        let (mut keys, mut signatures) = (Vec::new(), Vec::new());
        for (index, message) in messages.iter().enumerate() {
            let (key, signature) = sign(scheme, u8::try_from(index).unwrap(), message);
            let mut verdict = |key: &[u8], message: &[u8], signature: &[u8]| {
                workshop.signed(scheme, key.to_vec().into(), message.to_vec().into(), signature.to_vec().into()).view()
            };
            assert_eq!(verdict(&key, message, &signature), Ok(true), "scheme {scheme}");
            assert_eq!(verdict(&key, b"other", &signature), Ok(false), "scheme {scheme}");
            assert_eq!(verdict(&key, message, &signature[1..]), Ok(false), "a short signature");
            assert_eq!(verdict(&key[1..], message, &signature), Ok(false), "a short key");
            keys.extend(key);
            signatures.extend(signature);
        }
        let mut messages = messages.concat();
        messages[5] ^= 1;
        let verdicts = workshop.all_signed(scheme, keys.into(), messages.into(), 5, signatures.into()).view();
        assert_eq!(verdicts, Ok(vec![true, false, true, true]), "scheme {scheme}");
    }
}

/// Returns a key and its signature.
fn sign(scheme: u8, seed: u8, message: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let secret = [seed | 0x10; 32];
    match scheme {
        0 => {
            let key = ed25519_zebra::SigningKey::from(secret);
            let public: [u8; 32] = ed25519_zebra::VerificationKey::from(&key).into();
            (public.to_vec(), <[u8; 64]>::from(key.sign(message)).to_vec())
        }
        1 => {
            let key = schnorrkel::MiniSecretKey::from_bytes(&secret).unwrap();
            let pair = key.expand_to_keypair(schnorrkel::ExpansionMode::Ed25519);
            (pair.public.to_bytes().to_vec(), pair.sign_simple(b"substrate", message).to_bytes().to_vec())
        }
        _ => {
            use sha2::Digest;
            let key = secp256k1::SecretKey::from_secret_bytes(secret).unwrap();
            let digest = secp256k1::Message::from_digest(sha2::Sha256::digest(message).into());
            let signature = secp256k1::ecdsa::sign(digest, &key).serialize_compact();
            (secp256k1::PublicKey::from_secret_key(&key).serialize().to_vec(), signature.to_vec())
        }
    }
}

#[test]
fn an_account_without_code_takes_money_and_answers_nothing_else() {
    let Setup { native, mut workshop, .. } = setup();
    let nobody = Address::repeat_byte(0xbb);
    native.fund(workshop.address(), 10);
    assert_eq!(refused(workshop.forward(nobody, 4, vec![1].into(), false).send()), Status::NoContract);
    assert_eq!(workshop.forward(nobody, 4, vec![].into(), false).send(), Ok(vec![].into()));
    assert_eq!(refused(workshop.forward(nobody, 7, vec![].into(), false).send()), Status::InsufficientBalance);
    assert_eq!((native.balance(nobody), native.balance(workshop.address())), (4, 6));
}
