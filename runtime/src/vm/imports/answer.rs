//! What a call was given and what it gives back: input, return data, revert data, events; and the list of who signed the
//! parent block.

use alloy_primitives::{B256, Bytes};
use florin_abi::{GasClass, limits};

use super::{Abort, Frame, Guest, at_most, charge, units, words, writable};
use crate::receipt::Event;

pub(in crate::vm) fn input(guest: &mut Guest<'_>, frame: &mut Frame, out_ptr: u32, out_cap: u32) -> Result<i32, Abort> {
    copy_out(guest, frame, &frame.message.input, out_ptr, out_cap)
}

pub(in crate::vm) fn parent_signers(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    out_ptr: u32,
    out_cap: u32,
) -> Result<i32, Abort> {
    copy_out(guest, frame, frame.session.block().parent_signers.bitmap(), out_ptr, out_cap)
}

pub(in crate::vm) fn return_data(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    out_ptr: u32,
    out_cap: u32,
) -> Result<i32, Abort> {
    copy_out(guest, frame, &frame.return_data, out_ptr, out_cap)
}

pub(in crate::vm) fn finish(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    data_ptr: u32,
    data_len: u32,
) -> Result<(), Abort> {
    set_output(guest, frame, data_ptr, data_len)?;
    Err(Abort::Finish)
}

pub(in crate::vm) fn revert(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    data_ptr: u32,
    data_len: u32,
) -> Result<(), Abort> {
    set_output(guest, frame, data_ptr, data_len)?;
    Err(Abort::Revert)
}

pub(in crate::vm) fn emit(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    topics_ptr: u32,
    topics_count: u32,
    data_ptr: u32,
    data_len: u32,
) -> Result<(), Abort> {
    let topics_len = topics_count.saturating_mul(32);
    charge(guest, frame, GasClass::Emit, u64::from(topics_len).saturating_add(data_len.into()))?;
    writable(frame)?;
    at_most(topics_count, limits::EVENT_TOPICS_MAX)?;
    at_most(data_len, limits::EVENT_BYTES_MAX)?;
    let topics = guest.read(topics_ptr, topics_len)?.chunks_exact(32).map(B256::from_slice).collect();
    let data = Bytes::copy_from_slice(guest.read(data_ptr, data_len)?);
    let status = frame.session.emit(Event { contract: frame.message.contract, topics, data });
    if status.is_success() { Ok(()) } else { Err(Abort::Trap(status)) }
}

/// The price is that of the bytes that will be copied: asking for the length alone copies none.
fn copy_out(guest: &mut Guest<'_>, frame: &Frame, bytes: &Bytes, out_ptr: u32, out_cap: u32) -> Result<i32, Abort> {
    let copied = if bytes.len() <= out_cap as usize { bytes.len() } else { 0 };
    charge(guest, frame, GasClass::Copy, words(units(copied)))?;
    guest.write_variable(out_ptr, out_cap, bytes)
}

fn set_output(guest: &mut Guest<'_>, frame: &mut Frame, data_ptr: u32, data_len: u32) -> Result<(), Abort> {
    charge(guest, frame, GasClass::Copy, words(data_len.into()))?;
    // What the transaction's own call answers stays in the receipt.
    let kept = if frame.message.depth <= 1 { data_len.into() } else { 0 };
    guest.charge(frame.vm.schedule().output.of(kept))?;
    at_most(data_len, limits::OUTPUT_BYTES_MAX)?;
    frame.output = Bytes::copy_from_slice(guest.read(data_ptr, data_len)?);
    Ok(())
}
