//! The host functions: one plain function for each row of [`florin_abi::imports`], whatever engine calls it.
//!
//! Each one charges, checks, reads, acts and writes, in that order. Guarantees that nothing is read, allocated or done
//! before it is paid for; that input is copied before output is written; and that a mistake of the contract ends its
//! call with a status, never the host.
//!
//! - [`answer`]: input, return data, revert data, events, who signed the parent block.
//! - [`context`]: the call and the block.
//! - [`storage`]: the contract's entries.
//! - [`money`]: balances, totals, transfers, mint and burn.
//! - [`calls`]: other contracts.
//! - [`hashes`]: hashes and Merkle trees.
//! - [`signatures`]: verification and recovery.

mod answer;
mod calls;
mod context;
mod hashes;
mod money;
mod signatures;
mod storage;

use florin_abi::{GasClass, Status};

use super::{
    frame::Frame,
    memory::{Abort, Guest},
};

pub(in crate::vm) use answer::{emit, finish, input, parent_signers, return_data, revert};
pub(in crate::vm) use calls::{call, create};
pub(in crate::vm) use context::{
    block_height, block_proposer, block_time, caller, chain_id, gas_left, self_address, value,
};
pub(in crate::vm) use hashes::{blake3, keccak256, merkle_proof, merkle_root, merkle_verify, sha256};
pub(in crate::vm) use money::{balance, burn, mint, supply, transfer};
pub(in crate::vm) use signatures::{ecdsa_recover, verify_batch, verify_signature};
pub(in crate::vm) use storage::{storage_add, storage_next, storage_read, storage_remove, storage_write};

/// Charges one use of a class and its units.
fn charge(guest: &mut Guest<'_>, frame: &Frame, class: GasClass, units: u64) -> Result<(), Abort> {
    guest.charge(frame.vm.schedule().host(class, units))
}

/// Charges units that are known only after the use was charged.
fn charge_more(guest: &mut Guest<'_>, frame: &Frame, class: GasClass, units: u64) -> Result<(), Abort> {
    let schedule = frame.vm.schedule();
    guest.charge(schedule.host(class, units).saturating_sub(schedule.host(class, 0)))
}

/// Traps if an argument exceeds its limit.
const fn at_most(actual: u32, limit: u32) -> Result<(), Abort> {
    if actual > limit { Err(Abort::Trap(Status::LimitExceeded)) } else { Ok(()) }
}

/// Traps if the call may not have effects.
const fn writable(frame: &Frame) -> Result<(), Abort> {
    if frame.message.read_only { Err(Abort::Trap(Status::ReadOnly)) } else { Ok(()) }
}

/// Returns a status as the contract sees it.
fn code(status: Status) -> i32 {
    i32::from(status.code())
}

/// Counts bytes in the unit of prices.
const fn units(bytes: usize) -> u64 {
    bytes as u64
}

/// Counts the words of 8 bytes by which memory is copied.
const fn words(bytes: u64) -> u64 {
    bytes.div_ceil(8)
}
