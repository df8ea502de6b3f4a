//! Storage, money, events and calls on a state of a million entries: each step meets an entry that no cache holds, and what
//! is written is committed, the tree's hashes included.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, keccak256};
use florin_abi::limits;
use florin_runtime::ledger::Account;
use florin_runtime::state::{ChangeSet, StateKey};
use florin_runtime::vm::Code;
use parity_scale_codec::Encode;

use super::guest::{Guest, case, seed, step};
use super::world::{KEY_BYTES, STORE, VALUE_BYTES, World, account, assemble, entry_key};
use super::{Case, Kind, Run};
use crate::ledger::WorkloadError;

/// Where the key lies, whose last four bytes are the number of the entry; and an address, in the same way.
const KEY: u32 = 2_304;
const ADDRESS: u32 = 512;
/// Where values are read from and written to; amounts, deltas and bounds too.
const VALUE: u64 = 65_536;
/// Where 16 bytes of zero lie.
const ZERO: u64 = 8_000;
/// Another contract, called by cases.
const CALLEE: Address = Address::repeat_byte(0x99);
/// Entries with the largest values.
const LARGE: u32 = 64;
const LARGE_KEY: u32 = 0x00ff_ffff;

/// Returns every case.
///
/// # Errors
/// If a contract is refused.
pub fn cases(world: &mut World) -> Result<Vec<Case>, WorkloadError> {
    let callee = assemble(r#"(module (memory (export "memory") 1 1) (func (export "florin_call")))"#)?;
    let hash = keccak256(&callee);
    let contract = Account { code_hash: Some(hash), ..Account::default() };
    let mut changes = ChangeSet::from([
        (StateKey::code(hash), Some(callee.into())),
        (StateKey::account(CALLEE), Some(contract.encode().into())),
    ]);
    for index in 0..LARGE {
        let value = Bytes::from(vec![7; limits::VALUE_BYTES_MAX as usize]);
        changes.insert(StateKey::storage(STORE, &entry_key(LARGE_KEY - index)), Some(value));
    }
    world.put(&changes)?;
    let mut cases = reads(world)?;
    cases.extend(writes(world)?);
    cases.extend(searches(world)?);
    cases.extend(money(world)?);
    cases.extend(calls(world, hash)?);
    Ok(cases)
}

/// A host function on the next entry that no cache holds.
fn cold(world: &World, name: &'static str, arguments: &[u64], rounds: u32) -> Guest {
    let next = step(world.scale().entries());
    Guest::host(name, arguments, rounds)
        .pages(8)
        .before(&format!("{next} (i32.store (i32.const {}) (local.get $x))", KEY + KEY_BYTES - 4))
}

fn reads(world: &mut World) -> Result<Vec<Case>, WorkloadError> {
    let (key, len) = (u64::from(KEY), u64::from(KEY_BYTES));
    let read = cold(world, "storage_read", &[key, len, VALUE, 65_536], 10_000);
    let absent = cold(world, "storage_read", &[key - 192, 256, VALUE, 65_536], 10_000);
    let next = "(local.set $x (i32.and (i32.add (local.get $x) (i32.const 1)) (i32.const 63)))
         (i32.store (i32.const 2364) (i32.sub (i32.const 0xffffff) (local.get $x)))";
    let large = Guest::host("storage_read", &[key, len, VALUE, 65_536], 640).pages(8).before(next);
    let units = u64::from(KEY_BYTES + VALUE_BYTES);
    Ok(vec![
        case(world, ("StorageRead", units), "an entry of a million", Kind::Worst, &read)?,
        case(world, ("StorageRead", 256), "a key of 256 bytes that is not there", Kind::Usual, &absent)?,
        case(world, ("StorageRead", len + 65_536), "a value of 64 KiB", Kind::Usual, &large)?,
    ])
}

fn writes(world: &mut World) -> Result<Vec<Case>, WorkloadError> {
    let (key, len) = (u64::from(KEY), u64::from(KEY_BYTES));
    let mut cases = Vec::new();
    let over = cold(world, "storage_write", &[key, len, VALUE, VALUE_BYTES.into()], 4_000);
    let units = len + u64::from(VALUE_BYTES);
    cases.push(committed(world, ("StorageWrite", units), "write over an entry, and commit", Kind::Worst, &over)?);
    // Keys of other lengths, so that the entries above stay what they are.
    for (longer, bytes, rounds) in [(1, 0_u64, 4_000), (2, 64, 4_000), (3, 1_024, 2_000), (4, 65_536, 40)] {
        let kind = if bytes > 16 { Kind::Usual } else { Kind::Worst };
        let guest = cold(world, "storage_write", &[key - longer, len + longer, VALUE, bytes], rounds);
        // Behind all other entries.
        let guest = guest.data(KEY - longer as u32, &[0xff]);
        let units = len + longer + bytes;
        cases.push(committed(world, ("StorageWrite", units), "write a new entry, and commit", kind, &guest)?);
    }
    let add = cold(world, "storage_add", &[key, len, VALUE, VALUE + 16], 4_000).data(VALUE as u32 + 16, &[0xff; 16]);
    cases.push(committed(world, ("StorageAdd", len), "add to a counter, and commit", Kind::Worst, &add)?);
    Ok(cases)
}

fn searches(world: &mut World) -> Result<Vec<Case>, WorkloadError> {
    let (key, len) = (u64::from(KEY), u64::from(KEY_BYTES));
    let next = cold(world, "storage_next", &[key, 1, key, len, VALUE, 4_096], 10_000);
    // Removes 1,000 entries and searches from the first of them to the one behind the last.
    let removed = 1_000_u32;
    let entry = |value: &str| format!("(i32.store8 (i32.const {}) {value})", KEY + KEY_BYTES - 1);
    let remove = format!(
        "(local.set $p (i32.const {removed})) (loop $remove
         (local.set $x (i32.sub (local.get $p) (i32.const 1)))
         {} (i32.store8 (i32.const {}) (i32.and (local.get $x) (i32.const 255)))
         (i32.store8 (i32.const {}) (i32.shr_u (local.get $x) (i32.const 8)))
         (call $storage_remove (i32.const {key}) (i32.const {len})) (br_if $remove (local.tee $p (local.get $x))))",
        entry("(i32.const 0)"),
        KEY + KEY_BYTES - 2,
        KEY + KEY_BYTES - 3,
    );
    let mut passing = Guest::host("storage_next", &[key, 1, key, 1, VALUE, 4_096], 20).pages(8).setup(&remove);
    passing.imports.push("storage_remove");
    let mut passing = case(world, ("StorageNext", 2), "across entries that were removed", Kind::Usual, &passing)?;
    passing.operations *= u64::from(removed);
    Ok(vec![case(world, ("StorageNext", 1 + 2 * len), "behind an entry of a million", Kind::Worst, &next)?, passing])
}

/// A host function on the next account that no cache holds.
fn account_guest(world: &World, name: &'static str, arguments: &[u64], rounds: u32) -> Guest {
    let next = step(world.scale().accounts());
    Guest::host(name, arguments, rounds)
        .data(ADDRESS, account(0).as_slice())
        .pages(8)
        .data(VALUE as u32, &[1])
        .before(&format!("{next} (i32.store (i32.const {}) (local.get $x))", ADDRESS + 16))
}

fn money(world: &mut World) -> Result<Vec<Case>, WorkloadError> {
    let to = u64::from(ADDRESS);
    let balance = account_guest(world, "balance", &[to, 2_048], 10_000);
    let transfer = account_guest(world, "transfer", &[to, VALUE], 4_000);
    let mint = account_guest(world, "mint", &[to, VALUE], 4_000);
    let burn = account_guest(world, "burn", &[VALUE], 4_000);
    Ok(vec![
        case(world, ("Balance", 0), "an account of many", Kind::Worst, &balance)?,
        committed(world, ("Transfer", 0), "to an account of many, and commit", Kind::Worst, &transfer)?,
        committed(world, ("Supply", 0), "mint to an account of many, and commit", Kind::Worst, &mint)?,
        committed(world, ("Supply", 0), "burn", Kind::Usual, &burn)?,
    ])
}

fn calls(world: &mut World, code_hash: B256) -> Result<Vec<Case>, WorkloadError> {
    let gas = 1_000_000;
    let mut cases = Vec::new();
    for (bytes, rounds) in [(4_u64, 2_000), (1_024, 2_000), (u64::from(limits::INPUT_BYTES_MAX), 50)] {
        let guest = Guest::host("call", &[u64::from(ADDRESS), ZERO, gas, VALUE, bytes, 0], rounds)
            .pages(8)
            .data(ADDRESS, CALLEE.as_slice());
        cases.push(case(world, ("Call", bytes), "call of an empty contract", Kind::Worst, &guest)?);
    }
    let pay = account_guest(world, "call", &[u64::from(ADDRESS), VALUE, gas, 0, 0, 0], 4_000);
    cases.push(committed(world, ("Call", 0), "pay an account of many, and commit", Kind::Worst, &pay)?);
    let salt = "(local.set $x (i32.add (local.get $x) (i32.const 1))) (i32.store (i32.const 256) (local.get $x))";
    let create = Guest::host("create", &[u64::from(ADDRESS), 256, ZERO, gas, VALUE, 0, 2_048], 1_000)
        .pages(8)
        .data(ADDRESS, code_hash.as_slice())
        .before(salt);
    cases.push(committed(world, ("Create", 0), "create a contract, and commit", Kind::Worst, &create)?);
    for (topics, bytes, rounds) in [(0_u64, 0_u64, 5_000), (4, 0, 5_000), (4, 1_024, 2_000), (4, 16_384, 500)] {
        let guest = Guest::host("emit", &[VALUE, topics, VALUE, bytes], rounds).pages(8);
        cases.push(case(world, ("Emit", topics * 32 + bytes), "emit", Kind::Usual, &guest)?);
    }
    Ok(cases)
}

/// Makes a case whose changes are committed.
fn committed(
    world: &World,
    price: (&'static str, u64),
    label: &str,
    kind: Kind,
    guest: &Guest,
) -> Result<Case, WorkloadError> {
    let code: Arc<Code> = world.load(&guest.text())?;
    let run: Run = Box::new(move |world, round| world.call_and_commit(&code, &seed(round)));
    let (price, units) = price;
    Ok(Case { price, label: label.to_owned(), units, operations: guest.repetitions(), kind, run, before: None })
}
