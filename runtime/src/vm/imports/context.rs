//! What a contract may know of its call and of the block.

use florin_abi::GasClass;

use super::{Abort, Frame, Guest, charge};
use crate::gas::TICKS_PER_GAS;

pub(in crate::vm) fn caller(guest: &mut Guest<'_>, frame: &mut Frame, out_ptr20: u32) -> Result<(), Abort> {
    charge(guest, frame, GasClass::Context, 20)?;
    guest.write(out_ptr20, frame.message.caller.as_slice())
}

pub(in crate::vm) fn self_address(guest: &mut Guest<'_>, frame: &mut Frame, out_ptr20: u32) -> Result<(), Abort> {
    charge(guest, frame, GasClass::Context, 20)?;
    guest.write(out_ptr20, frame.message.contract.as_slice())
}

pub(in crate::vm) fn value(guest: &mut Guest<'_>, frame: &mut Frame, out_ptr16: u32) -> Result<(), Abort> {
    charge(guest, frame, GasClass::Context, 16)?;
    guest.write(out_ptr16, &frame.message.value.to_le_bytes())
}

pub(in crate::vm) fn block_height(guest: &mut Guest<'_>, frame: &mut Frame) -> Result<u64, Abort> {
    charge(guest, frame, GasClass::Context, 8)?;
    Ok(frame.session.block().height)
}

pub(in crate::vm) fn block_time(guest: &mut Guest<'_>, frame: &mut Frame) -> Result<u64, Abort> {
    charge(guest, frame, GasClass::Context, 8)?;
    Ok(frame.session.block().time)
}

pub(in crate::vm) fn chain_id(guest: &mut Guest<'_>, frame: &mut Frame) -> Result<u64, Abort> {
    charge(guest, frame, GasClass::Context, 8)?;
    Ok(frame.session.block().domain.chain_id)
}

pub(in crate::vm) fn block_proposer(guest: &mut Guest<'_>, frame: &mut Frame, out_ptr20: u32) -> Result<(), Abort> {
    charge(guest, frame, GasClass::Context, 20)?;
    guest.write(out_ptr20, frame.session.block().proposer.as_slice())
}

pub(in crate::vm) fn gas_left(guest: &mut Guest<'_>, frame: &mut Frame) -> Result<u64, Abort> {
    charge(guest, frame, GasClass::Context, 8)?;
    Ok(guest.ticks_left() / TICKS_PER_GAS)
}
