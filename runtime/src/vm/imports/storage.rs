//! The entries of the running contract. A key is never empty, so that an empty `after` can mean the start.

use alloy_primitives::Bytes;
use florin_abi::{ABSENT, GasClass, Status, limits};

use super::{Abort, Frame, Guest, at_most, charge, charge_more, code, units, writable};
use crate::execution::Seek;

pub(in crate::vm) fn storage_read(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    key_ptr: u32,
    key_len: u32,
    out_ptr: u32,
    out_cap: u32,
) -> Result<i32, Abort> {
    charge(guest, frame, GasClass::StorageRead, key_len.into())?;
    let value = frame.session.storage(frame.message.contract, key(guest, key_ptr, key_len)?)?;
    let Some(value) = value else {
        guest.read(out_ptr, out_cap)?;
        return Ok(ABSENT);
    };
    charge_more(guest, frame, GasClass::StorageRead, units(value.len()))?;
    guest.write_variable(out_ptr, out_cap, &value)
}

pub(in crate::vm) fn storage_write(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    key_ptr: u32,
    key_len: u32,
    value_ptr: u32,
    value_len: u32,
) -> Result<(), Abort> {
    charge(guest, frame, GasClass::StorageWrite, u64::from(key_len).saturating_add(value_len.into()))?;
    writable(frame)?;
    at_most(value_len, limits::VALUE_BYTES_MAX)?;
    let key = key(guest, key_ptr, key_len)?;
    let value = Bytes::copy_from_slice(guest.read(value_ptr, value_len)?);
    frame.session.storage_write(frame.message.contract, key, value);
    Ok(())
}

pub(in crate::vm) fn storage_remove(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    key_ptr: u32,
    key_len: u32,
) -> Result<(), Abort> {
    charge(guest, frame, GasClass::StorageWrite, key_len.into())?;
    writable(frame)?;
    frame.session.storage_remove(frame.message.contract, key(guest, key_ptr, key_len)?);
    Ok(())
}

/// Every removed entry that the search passes is charged as a search of its own, so that removing many entries and
/// searching across them again and again costs what it takes.
pub(in crate::vm) fn storage_next(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    prefix_ptr: u32,
    prefix_len: u32,
    after_ptr: u32,
    after_len: u32,
    out_ptr: u32,
    out_cap: u32,
) -> Result<i32, Abort> {
    let keys = u64::from(prefix_len).saturating_add(after_len.into());
    charge(guest, frame, GasClass::StorageNext, keys)?;
    at_most(prefix_len, limits::KEY_BYTES_MAX)?;
    at_most(after_len, limits::KEY_BYTES_MAX)?;
    let prefix = guest.read(prefix_ptr, prefix_len)?.to_vec();
    let mut after = guest.read(after_ptr, after_len)?.to_vec();
    guest.read(out_ptr, out_cap)?;
    loop {
        match frame.session.storage_seek(frame.message.contract, &prefix, &after)? {
            Seek::End => return Ok(ABSENT),
            Seek::Removed(key) => {
                charge(guest, frame, GasClass::StorageNext, keys)?;
                after = key.storage_part().unwrap_or_default().to_vec();
            }
            Seek::Found(key) => {
                let key = key.storage_part().unwrap_or_default();
                charge_more(guest, frame, GasClass::StorageNext, units(key.len()))?;
                return guest.write_variable(out_ptr, out_cap, key);
            }
        }
    }
}

pub(in crate::vm) fn storage_add(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    key_ptr: u32,
    key_len: u32,
    delta_ptr16: u32,
    bound_ptr16: u32,
) -> Result<i32, Abort> {
    charge(guest, frame, GasClass::StorageAdd, key_len.into())?;
    writable(frame)?;
    let delta = i128::from_le_bytes(guest.read_array(delta_ptr16)?);
    let bound = u128::from_le_bytes(guest.read_array(bound_ptr16)?);
    let key = key(guest, key_ptr, key_len)?;
    match frame.session.storage_add(frame.message.contract, key, delta, bound)? {
        status @ (Status::Success | Status::CounterOutOfBounds) => Ok(code(status)),
        status => Err(Abort::Trap(status)),
    }
}

fn key<'a>(guest: &'a Guest<'_>, key_ptr: u32, key_len: u32) -> Result<&'a [u8], Abort> {
    if key_len == 0 {
        return Err(Abort::Trap(Status::BadArgument));
    }
    at_most(key_len, limits::KEY_BYTES_MAX)?;
    guest.read(key_ptr, key_len)
}
