//! A small contract that uses every part of the SDK, run natively through its dispatcher and its client.
#![allow(clippy::unwrap_used, reason = "tests")]

use florin_sdk::{
    Address, CallError, Client, Contract, ContractError, DispatchError, Failure, Status, U256,
    native::{Native, NativeTransport},
};

#[florin_sdk::contract]
mod purse {
    use florin_sdk::prelude::*;

    /// What the purse remembers.
    #[storage]
    pub struct Purse {
        owner: Item<Address>,
        names: Map<(Address, u32), String>,
        #[key(9)]
        total: Counter,
        deposits: CounterMap<Address>,
    }

    #[event]
    pub struct Deposited {
        #[indexed]
        from: Address,
        amount: u128,
        note: String,
    }

    #[error]
    pub enum PurseError {
        NotOwner { caller: Address },
        TooMuch { asked: u128, there: u128 },
        Empty,
    }

    #[derive(Scale)]
    pub(crate) enum Colour {
        Red,
        Mixed { parts: Vec<u8> },
    }

    impl Purse {
        /// Sets the owner.
        #[init]
        pub fn new(&mut self, owner: Address) -> Result<(), PurseError> {
            if owner.is_zero() {
                return Err(PurseError::NotOwner { caller: owner });
            }
            self.owner.set(&owner);
            Ok(())
        }

        /// Takes money.
        #[payable]
        pub fn deposit(&mut self, note: String) -> Result<(u128, bool), PurseError> {
            let (from, amount) = (env().caller(), env().value());
            if amount == 0 {
                return Err(PurseError::Empty);
            }
            self.total.add(amount).map_err(|_| PurseError::Empty)?;
            self.deposits.add(&from, amount).map_err(|_| PurseError::Empty)?;
            env().emit(&Deposited { from, amount, note });
            Ok((amount, true))
        }

        /// Pays out.
        pub fn withdraw(&mut self, amount: u128) -> Result<(), PurseError> {
            let caller = env().caller();
            self.deposits
                .sub(&caller, amount)
                .map_err(|_| PurseError::TooMuch { asked: amount, there: self.deposits.get(&caller) })?;
            self.total.sub(amount).map_err(|_| PurseError::Empty)?;
            env().transfer(caller, amount).map_err(|_| PurseError::Empty)
        }

        pub fn total(&self) -> u128 {
            self.total.get()
        }

        pub fn set_name(&mut self, index: u32, name: String) {
            self.names.set(&(env().caller(), index), &name);
        }

        pub fn names_of(&self, owner: Address) -> Vec<String> {
            self.names.iter_of(&owner).map(|(_, name)| name).collect()
        }

        #[name("ALL_NAMES")]
        pub fn all_names(&self) -> Vec<(Address, u32)> {
            self.names.iter().map(|(key, _)| key).collect()
        }

        #[reentrant]
        pub fn poke(&mut self, then: Address) -> Result<(), PurseError> {
            self.total.add(1).map_err(|_| PurseError::Empty)?;
            if then.is_zero() {
                return Ok(());
            }
            PurseClient::at(then).poke(Address::ZERO).send().map_err(|_| PurseError::Empty)
        }

        pub fn call_total(&self, of: Address) -> Result<u128, PurseError> {
            PurseClient::at(of).total().view().map_err(|_| PurseError::Empty)
        }

        pub fn fail_late(&mut self, other: Address) -> Result<(), PurseError> {
            let _ = PurseClient::at(other).set_name(7, "kept".into()).send();
            self.names.set(&(env().caller(), 8), &"lost".into());
            panic!("after writing");
        }

        pub(crate) fn colour(&self) -> Vec<u8> {
            [Colour::Red, Colour::Mixed { parts: vec![1, 2] }].iter().flat_map(Scale::to_bytes).collect()
        }
    }
}

use purse::{Deposited, Purse, PurseClient, PurseError};

struct Setup {
    native: Native,
    alice: Address,
    bob: Address,
    purse: PurseClient<NativeTransport>,
}

fn setup() -> Setup {
    let native = Native::new();
    let (alice, bob) = (native.account("alice"), native.account("bob"));
    native.fund(alice, 100);
    let purse = native.deploy::<Purse>(alice, &(alice,)).unwrap();
    Setup { native, alice, bob, purse }
}

#[test]
fn messages_take_arguments_and_return_values() {
    let Setup { native, alice, bob, mut purse } = setup();
    assert_eq!(purse.deposit("hello".into()).value(40).send(), Ok((40, true)));
    assert_eq!(purse.total().view(), Ok(40));
    assert_eq!(native.balance(alice), 60);
    assert_eq!(native.balance(purse.address()), 40);
    assert_eq!(native.events_of::<Deposited>(), [Deposited { from: alice, amount: 40, note: "hello".into() }]);
    let refused = purse.by(bob).withdraw(1).send().unwrap_err();
    assert_eq!(refused.reverted(), Some(PurseError::TooMuch { asked: 1, there: 0 }));
    assert_eq!(purse.withdraw(40).send(), Ok(()));
    assert_eq!(native.balance(alice), 100);
}

#[test]
fn the_constructor_may_fail_and_leaves_nothing() {
    let native = Native::new();
    let error = native.deploy::<Purse>(native.account("a"), &(Address::ZERO,)).unwrap_err();
    assert_eq!(error.reverted(), Some(PurseError::NotOwner { caller: Address::ZERO }));
}

#[test]
fn maps_iterate_over_everything_or_over_a_first_part() {
    let Setup { alice, bob, mut purse, .. } = setup();
    for (who, index, name) in [(alice, 1, "one"), (bob, 2, "two"), (alice, 3, "three")] {
        purse.by(who).set_name(index, name.into()).send().unwrap();
    }
    assert_eq!(purse.names_of(alice).view().unwrap(), ["one", "three"]);
    assert_eq!(purse.names_of(bob).view().unwrap(), ["two"]);
    assert_eq!(purse.all_names().view().unwrap().len(), 3);
}

#[test]
fn the_storage_layout_is_one_byte_and_scale() {
    let Setup { native, alice, mut purse, .. } = setup();
    purse.set_name(258, "x".into()).send().unwrap();
    purse.deposit(String::new()).value(5).send().unwrap();
    let keys: Vec<_> = native.storage(purse.address());
    let five = 5u128.to_le_bytes().to_vec();
    let expected = [
        (vec![0], alice.to_vec()),
        ([&[1], alice.as_slice(), &[2, 1, 0, 0]].concat(), vec![4, b'x']),
        (vec![9], five.clone()),
        ([&[10], alice.as_slice()].concat(), five),
    ];
    assert_eq!(keys, expected);
    let colour = native.enter(purse.address(), alice, 0, || Purse::load().colour());
    assert_eq!(colour, [0, 1, 8, 1, 2], "as parity-scale-codec derives it");
}

#[test]
fn the_dispatcher_refuses_what_is_no_message() {
    let Setup { native, alice, mut purse, .. } = setup();
    let mut transport = NativeTransport { caller: alice };
    let to = purse.address();
    let mut send = |input: Vec<u8>| florin_sdk::Call::<_, ()>::new(&mut transport, to, input).send().unwrap_err();
    let refused = |error| CallError::Failed(Failure::Refused(error));
    assert_eq!(send(vec![]), refused(DispatchError::ShortCalldata { length: 0 }));
    assert_eq!(send(vec![1, 2, 3]), refused(DispatchError::ShortCalldata { length: 3 }));
    let selector = [1, 2, 3, 4].into();
    assert_eq!(send(vec![1, 2, 3, 4]), refused(DispatchError::UnknownSelector { selector }));
    let names_of = purse.names_of(alice).raw().input.clone();
    let selector = florin_sdk::FixedBytes::from_slice(&names_of[..4]);
    for len in 4..names_of.len() {
        assert_eq!(
            send(names_of[..len].to_vec()),
            refused(DispatchError::MalformedArguments { selector }),
            "cut at {len}"
        );
    }
    let mut dirty = names_of;
    dirty[4] = 1;
    assert_eq!(send(dirty), refused(DispatchError::MalformedArguments { selector }), "an address of 21 bytes");
    native.fund(alice, 10);
    let error = purse.total().value(3).send().unwrap_err();
    assert_eq!(error, CallError::Failed(Failure::Refused(DispatchError::NotPayable { value: 3 })));
    assert_eq!(native.balance(alice), 10, "the money came back");
    let nowhere = Purse::client(Address::ZERO, transport).total().view();
    assert_eq!(nowhere, Err(CallError::Failed(Failure::Stopped(Status::NoContract))));
}

#[test]
fn contracts_call_each_other_and_a_failed_call_is_rolled_back() {
    let Setup { native, alice, mut purse, .. } = setup();
    let mut other = native.deploy::<Purse>(alice, &(alice,)).unwrap();
    other.deposit("x".into()).value(7).send().unwrap();
    assert_eq!(purse.call_total(other.address()).view(), Ok(7));
    let error = purse.fail_late(other.address()).send().unwrap_err();
    assert_eq!(error, CallError::Failed(Failure::Stopped(Status::Unreachable)));
    assert!(other.all_names().view().unwrap().is_empty(), "the sub-call is rolled back with its caller");
}

#[test]
fn only_messages_that_opt_in_are_entered_again() {
    let Setup { mut purse, .. } = setup();
    let this = purse.address();
    assert_eq!(purse.poke(this).send(), Ok(()));
    assert_eq!(purse.total().view(), Ok(2));
    assert_eq!(purse.call_total(this).view().unwrap_err().reverted(), Some(PurseError::Empty), "total does not opt in");
}

#[test]
fn errors_and_events_survive_the_round_trip() {
    for error in [
        PurseError::NotOwner { caller: Address::repeat_byte(3) },
        PurseError::TooMuch { asked: u128::MAX, there: 0 },
        PurseError::Empty,
    ] {
        assert_eq!(PurseError::decode(&error.clone().encode()), Some(error));
    }
    assert_eq!(PurseError::decode(&[1, 2, 3]), None);
    assert_eq!(PurseError::Empty.encode(), alloy_primitives_keccak("Empty()")[..4]);
}

fn alloy_primitives_keccak(text: &str) -> [u8; 32] {
    florin_sdk::alloy_primitives::keccak256(text).0
}

#[test]
fn the_abi_json_is_read_by_others() {
    let abi: alloy_json_abi::JsonAbi = serde_json::from_str(Purse::ABI_JSON).unwrap();
    let deposit = abi.function("deposit").unwrap().first().unwrap();
    assert_eq!(deposit.signature(), "deposit(string)");
    assert_eq!(deposit.state_mutability, alloy_json_abi::StateMutability::Payable);
    assert_eq!(deposit.outputs.iter().map(|output| output.ty.as_str()).collect::<Vec<_>>(), ["uint128", "bool"]);
    let all = abi.function("ALL_NAMES").unwrap().first().unwrap();
    assert_eq!(all.outputs[0].ty, "tuple[]");
    assert_eq!(all.outputs[0].components.len(), 2);
    assert_eq!(all.state_mutability, alloy_json_abi::StateMutability::View);
    assert_eq!(abi.constructor.as_ref().unwrap().inputs[0].name, "owner");
    let event = abi.event("Deposited").unwrap().first().unwrap();
    assert_eq!(event.signature(), "Deposited(address,uint128,string)");
    assert!(event.inputs[0].indexed && !event.inputs[1].indexed);
    let mut errors: Vec<_> = abi.errors().map(|error| error.name.as_str()).collect();
    errors.sort_unstable();
    let all = ["Empty", "MalformedArguments", "NotOwner", "NotPayable", "ShortCalldata", "TooMuch", "UnknownSelector"];
    assert_eq!(errors, all, "each error once, the dispatcher's among them");
    assert_eq!(Purse::ABI_HASH, alloy_primitives_keccak(Purse::ABI_JSON));
    assert_eq!(Purse::REENTRANT.len(), 1);
    assert_eq!(U256::from(1).to_string(), "1");
}
