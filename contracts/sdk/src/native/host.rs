//! The host's functions on the in-memory world.
//!
//! Guarantees the contracts of the import table, row by row. What traps on the chain panics here, and a panic inside a
//! call ends that call with `Unreachable` after its effects are taken back.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    vec::Vec,
};

use alloy_primitives::{Address, B256, keccak256 as keccak};
use florin_abi::Status;

pub(crate) use super::crypto::{
    blake3, ecdsa_recover, keccak256, merkle_proof, merkle_root, merkle_verify, sha256, verify_batch, verify_signature,
};
use super::world::{Emitted, Frame, with};
use crate::{contract::Answer, env::Supply};

/// A call: money, reentrancy guard, the dispatcher, rollback.
pub(super) fn run(caller: Address, to: Address, value: u128, input: &[u8], read_only: bool) -> (Status, Vec<u8>) {
    let Some(code) = with(|world| {
        let hash = world.state.contracts.get(&to)?;
        world.codes.get(hash).copied()
    }) else {
        let nested = with(|world| !world.frames.is_empty());
        return if nested && input.is_empty() {
            pay(caller, to, value, read_only)
        } else {
            (Status::NoContract, Vec::new())
        };
    };
    let running = with(|world| world.frames.iter().any(|frame| frame.contract == to));
    let opted_in = input.first_chunk().is_some_and(|selector| code.reentrant.contains(selector));
    if running && !opted_in {
        return (Status::Reentrancy, Vec::new());
    }
    frame(Frame { caller, contract: to, value, read_only }, code.call, input)
}

/// Creates a contract at an address and runs its constructor.
pub(super) fn instantiate(
    creator: Address,
    address: Address,
    code_hash: B256,
    value: u128,
    input: &[u8],
) -> (Status, Vec<u8>) {
    let Some(code) = with(|world| world.codes.get(&code_hash).copied()) else { return (Status::NoCode, Vec::new()) };
    if with(|world| world.state.contracts.contains_key(&address)) {
        return (Status::AddressTaken, Vec::new());
    }
    with(|world| world.state.contracts.insert(address, code_hash));
    let (status, output) =
        frame(Frame { caller: creator, contract: address, value, read_only: false }, code.init, input);
    if !status.is_success() {
        with(|world| world.state.contracts.remove(&address));
    }
    (status, output)
}

fn frame(frame: Frame, entry: fn(&[u8]) -> Answer, input: &[u8]) -> (Status, Vec<u8>) {
    let saved = with(|world| world.state.clone());
    let depth = with(|world| world.frames.len());
    if depth >= usize::try_from(florin_abi::limits::CALL_DEPTH_MAX).unwrap_or(usize::MAX) {
        return (Status::CallDepth, Vec::new());
    }
    let (paid, _) = pay(frame.caller, frame.contract, frame.value, frame.read_only);
    if !paid.is_success() {
        return (paid, Vec::new());
    }
    with(|world| world.frames.push(frame));
    let answer = catch_unwind(AssertUnwindSafe(|| entry(input)));
    with(|world| world.frames.truncate(depth));
    let (status, output) = match answer {
        Ok(Ok(output)) => return (Status::Success, output),
        Ok(Err(output)) => (Status::Reverted, output),
        Err(_) => (Status::Unreachable, Vec::new()),
    };
    with(|world| world.state = saved);
    (status, output)
}

/// Moves the value that goes with a call; there is no output.
fn pay(from: Address, to: Address, value: u128, read_only: bool) -> (Status, Vec<u8>) {
    let status = match value {
        0 => Status::Success,
        _ if read_only => Status::ReadOnly,
        _ => with(|world| world.move_money(from, to, value)),
    };
    (status, Vec::new())
}

/// The running contract, about to change something.
fn writer() -> Address {
    let frame = with(|world| world.frame());
    assert!(!frame.read_only, "a read-only call tried to change something");
    frame.contract
}

/// Lets go of a value; in a module that is free of charge.
pub(crate) fn spent<T>(value: T) {
    drop(value);
}

pub(crate) fn caller() -> Address {
    with(|world| world.frame().caller)
}

pub(crate) fn self_address() -> Address {
    with(|world| world.frame().contract)
}

pub(crate) fn value() -> u128 {
    with(|world| world.frame().value)
}

pub(crate) fn block_height() -> u64 {
    with(|world| world.block.height)
}

pub(crate) fn block_time() -> u64 {
    with(|world| world.block.time)
}

pub(crate) fn chain_id() -> u64 {
    with(|world| world.block.chain_id)
}

pub(crate) fn block_proposer() -> Address {
    with(|world| world.block.proposer)
}

pub(crate) fn parent_signers() -> Vec<u8> {
    with(|world| world.block.parent_signers.clone())
}

pub(crate) fn gas_left() -> u64 {
    u64::MAX
}

pub(crate) fn storage_read(key: &[u8]) -> Option<Vec<u8>> {
    let place = (self_address(), key.to_vec());
    with(|world| world.state.storage.get(&place).cloned())
}

pub(crate) fn storage_contains(key: &[u8]) -> bool {
    storage_read(key).is_some()
}

pub(crate) fn storage_read_into(key: &[u8], buffer: &mut Vec<u8>) -> bool {
    let entry = storage_read(key);
    buffer.clear();
    buffer.extend_from_slice(entry.as_deref().unwrap_or_default());
    entry.is_some()
}

pub(crate) fn storage_write(key: &[u8], value: &[u8]) {
    let place = (writer(), key.to_vec());
    with(|world| world.state.storage.insert(place, value.to_vec()));
}

pub(crate) fn storage_remove(key: &[u8]) {
    let place = (writer(), key.to_vec());
    with(|world| world.state.storage.remove(&place));
}

pub(crate) fn storage_next(prefix: &[u8], after: &[u8]) -> Option<Vec<u8>> {
    let contract = self_address();
    let from = (contract, prefix.max(after).to_vec());
    with(|world| {
        let entries = world.state.storage.range(from..).map(|(place, _)| place);
        let mut own = entries.take_while(|(owner, key)| *owner == contract && key.starts_with(prefix));
        own.find(|(_, key)| after.is_empty() || key.as_slice() > after).map(|(_, key)| key.clone())
    })
}

pub(crate) fn storage_add(key: &[u8], delta: i128, bound: u128) -> Status {
    let place = (writer(), key.to_vec());
    with(|world| {
        let old = match world.state.storage.get(&place) {
            Some(bytes) => u128::from_le_bytes(bytes.as_slice().try_into().expect("a counter has 16 bytes")),
            None => 0,
        };
        match old.checked_add_signed(delta).filter(|sum| *sum <= bound) {
            Some(sum) => {
                world.state.storage.insert(place, sum.to_le_bytes().to_vec());
                Status::Success
            }
            None => Status::CounterOutOfBounds,
        }
    })
}

pub(crate) fn balance(of: &Address) -> u128 {
    with(|world| world.balance(of))
}

pub(crate) fn supply() -> Supply {
    with(|world| world.state.supply)
}

pub(crate) fn transfer(to: &Address, amount: u128) -> Status {
    let from = writer();
    with(|world| world.move_money(from, *to, amount))
}

pub(crate) fn mint(to: &Address, amount: u128) -> Status {
    let contract = writer();
    with(|world| {
        if !world.may_mint(contract) {
            return Status::MissingCapability;
        }
        let Supply { max, genesis, minted, .. } = world.state.supply;
        let total =
            minted.checked_add(amount).filter(|minted| genesis.checked_add(*minted).is_some_and(|all| all <= max));
        match (total, world.balance(to).checked_add(amount)) {
            (Some(minted), Some(sum)) => {
                world.state.supply.minted = minted;
                world.set_balance(*to, sum);
                Status::Success
            }
            _ => Status::SupplyExceeded,
        }
    })
}

pub(crate) fn burn(amount: u128) -> Status {
    let contract = writer();
    with(|world| {
        if !world.may_mint(contract) {
            return Status::MissingCapability;
        }
        match world.balance(&contract).checked_sub(amount) {
            Some(rest) => {
                world.set_balance(contract, rest);
                let burned = &mut world.state.supply.burned_by_contracts;
                *burned = burned.saturating_add(amount);
                Status::Success
            }
            None => Status::InsufficientBalance,
        }
    })
}

pub(crate) fn call(to: &Address, value: u128, _gas: u64, input: &[u8], flags: u32) -> (Status, Vec<u8>) {
    let frame = with(|world| world.frame());
    let read_only = frame.read_only || flags & florin_abi::CALL_READ_ONLY != 0;
    run(frame.contract, *to, value, input, read_only)
}

pub(crate) fn create(
    code_hash: &B256,
    salt: &B256,
    value: u128,
    _gas: u64,
    input: &[u8],
) -> (Status, Address, Vec<u8>) {
    let creator = writer();
    let preimage = [&[0xff], creator.as_slice(), salt.as_slice(), code_hash.as_slice()].concat();
    let address = Address::from_word(keccak(preimage));
    let (status, output) = instantiate(creator, address, *code_hash, value, input);
    (status, address, output)
}

pub(crate) fn emit(topics: &[u8], data: &[u8]) {
    let topics = topics.chunks_exact(32).map(B256::from_slice).collect();
    let event = Emitted { contract: writer(), topics, data: data.to_vec() };
    with(|world| world.state.events.push(event));
}
