//! Calls from one contract to another, and contracts that create contracts.
//!
//! Guarantees that the nested call gets at most 63/64 of what is left, so that the caller can always go on, and that
//! what it burnt is charged to the caller however it ended. A nested call that fails leaves nothing but its status and
//! its revert data.

use alloy_primitives::{Address, B256, Bytes};
use florin_abi::{CALL_READ_ONLY, GasClass, Status, limits};

use super::{Abort, Frame, Guest, at_most, charge, code, words, writable};
use crate::{
    execution::{Session, invoke, invoke::Answer},
    fault::Fault,
    gas::Gas,
    vm::{
        Vm,
        frame::{Entry, Message},
    },
};

pub(in crate::vm) fn call(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    to_ptr20: u32,
    value_ptr16: u32,
    gas: u64,
    input_ptr: u32,
    input_len: u32,
    flags: u32,
) -> Result<i32, Abort> {
    charge(guest, frame, GasClass::Call, words(input_len.into()))?;
    at_most(input_len, limits::INPUT_BYTES_MAX)?;
    if flags & !CALL_READ_ONLY != 0 {
        return Err(Abort::Trap(Status::BadArgument));
    }
    let contract = Address::from(guest.read_array(to_ptr20)?);
    let value = amount(guest, frame, value_ptr16)?;
    let input = Bytes::copy_from_slice(guest.read(input_ptr, input_len)?);
    let read_only = frame.message.read_only || flags & CALL_READ_ONLY != 0;
    if read_only && value > 0 {
        return Err(Abort::Trap(Status::ReadOnly));
    }
    let message = Message { contract, value, input, read_only, ..nested(frame, Entry::Call) };
    let status = run(guest, frame, gas, |session, vm, ticks| invoke::call(session, vm, message, ticks))?;
    Ok(code(status))
}

/// The address is that of `CREATE2`: keccak-256 of `0xff | self | salt | code hash`, without its first 12 bytes. It is
/// written when the creation succeeds.
pub(in crate::vm) fn create(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    code_hash_ptr32: u32,
    salt_ptr32: u32,
    value_ptr16: u32,
    gas: u64,
    input_ptr: u32,
    input_len: u32,
    out_ptr20: u32,
) -> Result<i32, Abort> {
    charge(guest, frame, GasClass::Create, words(input_len.into()))?;
    writable(frame)?;
    at_most(input_len, limits::INPUT_BYTES_MAX)?;
    let code_hash = B256::from(guest.read_array(code_hash_ptr32)?);
    let salt = B256::from(guest.read_array(salt_ptr32)?);
    let value = amount(guest, frame, value_ptr16)?;
    let input = Bytes::copy_from_slice(guest.read(input_ptr, input_len)?);
    guest.read_array::<20>(out_ptr20)?;
    let contract = frame.message.contract.create2(salt, code_hash);
    let message = Message { contract, value, input, ..nested(frame, Entry::Init) };
    let status = run(guest, frame, gas, |session, vm, ticks| invoke::create(session, vm, code_hash, message, ticks))?;
    if status.is_success() {
        guest.write(out_ptr20, contract.as_slice())?;
    }
    Ok(code(status))
}

/// Reads the amount that goes with a call, and charges for moving it.
fn amount(guest: &mut Guest<'_>, frame: &Frame, ptr16: u32) -> Result<u128, Abort> {
    let value = u128::from_le_bytes(guest.read_array(ptr16)?);
    if value > 0 {
        charge(guest, frame, GasClass::Transfer, 0)?;
    }
    Ok(value)
}

/// What a nested message has from its caller.
fn nested(frame: &Frame, entry: Entry) -> Message {
    Message {
        caller: frame.message.contract,
        contract: Address::ZERO,
        value: 0,
        input: Bytes::new(),
        read_only: frame.message.read_only,
        depth: frame.message.depth.saturating_add(1),
        entry,
    }
}

/// Lends the session to a nested call and charges what it burnt.
fn run(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    gas: u64,
    act: impl FnOnce(Session, &Vm, u64) -> (Session, Result<Answer, Fault>),
) -> Result<Status, Abort> {
    let left = guest.ticks_left();
    let ticks = Gas(gas).to_ticks().min(left.saturating_sub(left / 64));
    let session = frame.session.lend();
    let (session, answer) = act(session, &frame.vm, ticks);
    frame.session = session;
    let answer = answer?;
    guest.charge(answer.ticks_used)?;
    frame.return_data = answer.output;
    Ok(answer.status)
}
