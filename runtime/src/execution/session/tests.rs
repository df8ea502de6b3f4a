//! The session against a model that copies everything at each checkpoint.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::{Address, B256, Bytes};
use florin_abi::{Status, limits};
use proptest::prelude::*;

use super::{Checkpoint, Seek, Session};
use crate::{
    block::{BlockContext, ParentSigners},
    gas::Gas,
    genesis::Genesis,
    ledger::{Balance, Capabilities},
    receipt::Event,
    state::{ChangeSet, State, StateKey, StateReader},
    transaction::Domain,
};

const ACTORS: u8 = 3;

#[derive(Clone, Debug)]
enum Step {
    Write { actor: u8, key: Vec<u8>, value: u8 },
    Remove { actor: u8, key: Vec<u8> },
    Add { actor: u8, key: Vec<u8>, delta: i8, bound: u8 },
    Next { actor: u8, prefix: Vec<u8>, after: Vec<u8> },
    Transfer { from: u8, to: u8, amount: u8 },
    Mint { actor: u8, to: u8, amount: u8 },
    Burn { actor: u8, amount: u8 },
    Emit { actor: u8, data: u8 },
    Checkpoint,
    Keep,
    Rollback,
}

/// What a session must look like.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    storage: BTreeMap<(Address, Vec<u8>), Vec<u8>>,
    balances: BTreeMap<Address, u128>,
    minted: u128,
    burned: u128,
    events: Vec<(Address, u8)>,
}

impl Model {
    fn next(&self, contract: Address, prefix: &[u8], after: &[u8]) -> Option<Vec<u8>> {
        let mut keys = self.storage.keys().filter(|(owner, _)| *owner == contract).map(|(_, key)| key);
        keys.find(|key| key.starts_with(prefix) && (after.is_empty() || key.as_slice() > after)).cloned()
    }

    fn add(&mut self, contract: Address, key: &[u8], delta: i8, bound: u8) -> Status {
        let entry = (contract, key.to_vec());
        let counter = match self.storage.get(&entry).map(|bytes| <[u8; 16]>::try_from(&bytes[..])) {
            None => 0,
            Some(Ok(bytes)) => i128::from_le_bytes(bytes),
            Some(Err(_)) => return Status::BadArgument,
        };
        let sum = counter + i128::from(delta);
        if !(0..=i128::from(bound)).contains(&sum) {
            return Status::CounterOutOfBounds;
        }
        self.storage.insert(entry, sum.to_le_bytes().to_vec());
        Status::Success
    }

    fn transfer(&mut self, from: Address, to: Address, amount: u128) -> Status {
        let balance = self.balances.entry(from).or_default();
        if *balance < amount {
            return Status::InsufficientBalance;
        }
        *balance -= amount;
        *self.balances.entry(to).or_default() += amount;
        Status::Success
    }
}

fn actor(index: u8) -> Address {
    Address::repeat_byte(index + 1)
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    // Few short keys over two letters and the extremes, so that prefixes and collisions are frequent.
    prop::collection::vec(prop::sample::select(vec![0_u8, b'a', b'b', 0xff]), 1..4)
}

fn part() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(Vec::new()), key()]
}

fn step() -> impl Strategy<Value = Step> {
    let actor = 0..ACTORS;
    prop_oneof![
        4 => (actor.clone(), key(), any::<u8>()).prop_map(|(actor, key, value)| Step::Write { actor, key, value }),
        3 => (actor.clone(), key()).prop_map(|(actor, key)| Step::Remove { actor, key }),
        3 => (actor.clone(), key(), any::<i8>(), any::<u8>())
            .prop_map(|(actor, key, delta, bound)| Step::Add { actor, key, delta, bound }),
        4 => (actor.clone(), part(), part()).prop_map(|(actor, prefix, after)| Step::Next { actor, prefix, after }),
        3 => (actor.clone(), 0..ACTORS, any::<u8>()).prop_map(|(from, to, amount)| Step::Transfer { from, to, amount }),
        1 => (actor.clone(), 0..ACTORS, any::<u8>()).prop_map(|(actor, to, amount)| Step::Mint { actor, to, amount }),
        1 => (actor.clone(), any::<u8>()).prop_map(|(actor, amount)| Step::Burn { actor, amount }),
        2 => (actor, any::<u8>()).prop_map(|(actor, data)| Step::Emit { actor, data }),
        3 => Just(Step::Checkpoint),
        1 => Just(Step::Keep),
        2 => Just(Step::Rollback),
    ]
}

fn context() -> BlockContext {
    BlockContext {
        parent_hash: B256::ZERO,
        height: 1,
        time: 1,
        domain: Domain { chain_id: 1, genesis_hash: B256::ZERO },
        proposer: Address::ZERO,
        gas_limit: Gas(1),
        base_gas_price: 1,
        fee_burn_ppm: 500_000,
        state_root: B256::ZERO,
        parent_signers: ParentSigners::unknown(),
    }
}

/// A state in which each actor has 100 wei and a few entries, the first may mint 150 more and the second may burn.
fn start(entries: &[(u8, Vec<u8>, u8)]) -> (State, Model) {
    let allocations = (0..ACTORS).map(|index| (actor(index), Balance::new(100))).collect();
    let capabilities = Capabilities { mint: vec![actor(0)], burn: vec![actor(1)] };
    let genesis = Genesis { allocations, capabilities, max_supply: Balance::new(450), ..Genesis::default() };
    let mut model = Model { balances: (0..ACTORS).map(|index| (actor(index), 100)).collect(), ..Model::default() };
    let mut changes = genesis.state(&crate::gas::GasSchedule::default()).unwrap();
    for (index, key, value) in entries {
        changes.insert(StateKey::storage(actor(*index), key), Some(Bytes::copy_from_slice(&[*value])));
        model.storage.insert((actor(*index), key.clone()), vec![*value]);
    }
    let mut state = State::new();
    state.commit(&changes);
    (state, model)
}

fn next(session: &Session, contract: Address, prefix: &[u8], after: &[u8]) -> Option<Vec<u8>> {
    let mut after = after.to_vec();
    loop {
        match session.storage_seek(contract, prefix, &after).unwrap() {
            Seek::Found(key) => return Some(key.storage_part().unwrap().to_vec()),
            Seek::Removed(key) => after = key.storage_part().unwrap().to_vec(),
            Seek::End => return None,
        }
    }
}

fn apply(session: &mut Session, model: &mut Model, stack: &mut Vec<(Checkpoint, Model)>, step: Step) {
    match step {
        Step::Write { actor: index, key, value } => {
            session.storage_write(actor(index), &key, Bytes::copy_from_slice(&[value]));
            model.storage.insert((actor(index), key), vec![value]);
        }
        Step::Remove { actor: index, key } => {
            session.storage_remove(actor(index), &key);
            model.storage.remove(&(actor(index), key));
        }
        Step::Add { actor: index, key, delta, bound } => {
            let status = session.storage_add(actor(index), &key, delta.into(), bound.into()).unwrap();
            assert_eq!(status, model.add(actor(index), &key, delta, bound));
        }
        Step::Next { actor: index, prefix, after } => {
            let expected = model.next(actor(index), &prefix, &after);
            assert_eq!(next(session, actor(index), &prefix, &after), expected, "{prefix:?} {after:?}");
        }
        Step::Transfer { from, to, amount } => {
            let status = session.transfer(actor(from), actor(to), Balance::new(amount.into())).unwrap();
            assert_eq!(status, model.transfer(actor(from), actor(to), amount.into()));
        }
        Step::Mint { actor: index, to, amount } => mint(session, model, index, to, amount),
        Step::Burn { actor: index, amount } => burn(session, model, index, amount),
        Step::Emit { actor: index, data } => {
            let event = Event { contract: actor(index), topics: vec![], data: Bytes::copy_from_slice(&[data]) };
            assert_eq!(session.emit(event), Status::Success);
            model.events.push((actor(index), data));
        }
        Step::Checkpoint => stack.push((session.checkpoint(), model.clone())),
        Step::Keep => drop(stack.pop()),
        Step::Rollback => {
            if let Some((checkpoint, earlier)) = stack.pop() {
                session.rollback(checkpoint);
                *model = earlier;
            }
        }
    }
}

fn mint(session: &mut Session, model: &mut Model, index: u8, to: u8, amount: u8) {
    let status = session.mint(actor(index), actor(to), Balance::new(amount.into())).unwrap();
    let minted = model.minted + u128::from(amount);
    let expected = match index {
        0 if 300 + minted <= 450 => Status::Success,
        0 => Status::SupplyExceeded,
        _ => Status::MissingCapability,
    };
    assert_eq!(status, expected);
    if status.is_success() {
        model.minted = minted;
        *model.balances.entry(actor(to)).or_default() += u128::from(amount);
    }
}

fn burn(session: &mut Session, model: &mut Model, index: u8, amount: u8) {
    let status = session.burn(actor(index), Balance::new(amount.into())).unwrap();
    let balance = model.balances.entry(actor(index)).or_default();
    let expected = match index {
        1 if *balance >= u128::from(amount) => Status::Success,
        1 => Status::InsufficientBalance,
        _ => Status::MissingCapability,
    };
    assert_eq!(status, expected);
    if status.is_success() {
        *balance -= u128::from(amount);
        model.burned += u128::from(amount);
    }
}

/// Compares everything that can be seen, and the committed result.
fn compare(mut session: Session, state: &State, model: &Model) {
    for index in 0..ACTORS {
        let balance = session.balance(actor(index)).unwrap().wei();
        assert_eq!(balance, model.balances[&actor(index)]);
    }
    let supply = session.supply().unwrap();
    assert_eq!((supply.minted.wei(), supply.burned().unwrap().wei()), (model.minted, model.burned));
    assert_eq!(supply.circulating().unwrap().wei(), model.balances.values().sum::<u128>());
    let events: Vec<_> = session.end_transaction().iter().map(|event| (event.contract, event.data[0])).collect();
    assert_eq!(events, model.events);

    let changes: ChangeSet = session.into_changes();
    let mut state = state.clone();
    state.commit(&changes);
    let stored = state.entries().iter().filter_map(|(key, value)| {
        let contract = Address::from_slice(key.as_bytes().get(1..21)?);
        Some(((contract, key.storage_part()?.to_vec()), value.to_vec()))
    });
    assert_eq!(stored.collect::<BTreeMap<_, _>>(), model.storage);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nested_rollback_equals_a_copy_at_every_checkpoint(
        entries in prop::collection::vec((0..ACTORS, key(), any::<u8>()), 0..12),
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let (state, mut model) = start(&entries);
        let base: Arc<dyn StateReader> = Arc::new(state.clone());
        let mut session = Session::new(base, Arc::new(context()));
        let mut stack = Vec::new();
        for step in steps {
            apply(&mut session, &mut model, &mut stack, step);
        }
        compare(session, &state, &model);
    }
}

#[test]
fn case_32_the_events_of_a_transaction_are_limited() {
    let mut session = Session::new(Arc::new(State::new()), Arc::new(context()));
    let event = Event { contract: Address::ZERO, topics: vec![], data: Bytes::new() };
    for _ in 0..limits::EVENTS_MAX {
        assert_eq!(session.emit(event.clone()), Status::Success);
    }
    assert_eq!(session.emit(event.clone()), Status::LimitExceeded);
    assert_eq!(session.end_transaction().len(), limits::EVENTS_MAX as usize);
    assert_eq!(session.emit(event), Status::Success);
}

#[test]
fn an_empty_account_has_no_entry() {
    let (state, _) = start(&[]);
    let mut session = Session::new(Arc::new(state), Arc::new(context()));
    assert_eq!(session.transfer(actor(0), actor(1), Balance::new(100)).unwrap(), Status::Success);
    assert_eq!(session.into_changes()[&StateKey::account(actor(0))], None);
}

#[test]
fn case_17_a_balance_that_was_sent_before_stays_when_the_contract_comes() {
    let (state, _) = start(&[]);
    let mut session = Session::new(Arc::new(state), Arc::new(context()));
    assert_eq!(session.install(actor(2), B256::repeat_byte(7)).unwrap(), Status::Success);
    assert_eq!(session.balance(actor(2)).unwrap(), Balance::new(100));
    assert_eq!(session.install(actor(2), B256::repeat_byte(8)).unwrap(), Status::AddressTaken);
}
