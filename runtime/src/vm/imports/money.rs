//! MDT: balances, totals, transfers, and minting and burning by those contracts that the genesis entitles.

use alloy_primitives::Address;
use florin_abi::GasClass;

use super::{Abort, Frame, Guest, charge, code, writable};
use crate::ledger::{Balance, Supply};

pub(in crate::vm) fn balance(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    address_ptr20: u32,
    out_ptr16: u32,
) -> Result<(), Abort> {
    charge(guest, frame, GasClass::Balance, 0)?;
    let address = Address::from(guest.read_array(address_ptr20)?);
    let balance = frame.session.balance(address)?;
    guest.write(out_ptr16, &balance.wei().to_le_bytes())
}

pub(in crate::vm) fn supply(guest: &mut Guest<'_>, frame: &mut Frame, out_ptr80: u32) -> Result<(), Abort> {
    charge(guest, frame, GasClass::Balance, 0)?;
    let Supply { max, genesis, minted, burned_by_contracts, burned_fees } = frame.session.supply()?;
    let totals = [max, genesis, minted, burned_by_contracts, burned_fees].map(|total| total.wei().to_le_bytes());
    guest.write(out_ptr80, totals.as_flattened())
}

pub(in crate::vm) fn transfer(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    to_ptr20: u32,
    amount_ptr16: u32,
) -> Result<i32, Abort> {
    charge(guest, frame, GasClass::Transfer, 0)?;
    writable(frame)?;
    let (to, amount) = (Address::from(guest.read_array(to_ptr20)?), read_amount(guest, amount_ptr16)?);
    Ok(code(frame.session.transfer(frame.message.contract, to, amount)?))
}

pub(in crate::vm) fn mint(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    to_ptr20: u32,
    amount_ptr16: u32,
) -> Result<i32, Abort> {
    charge(guest, frame, GasClass::Supply, 0)?;
    writable(frame)?;
    let (to, amount) = (Address::from(guest.read_array(to_ptr20)?), read_amount(guest, amount_ptr16)?);
    Ok(code(frame.session.mint(frame.message.contract, to, amount)?))
}

pub(in crate::vm) fn burn(guest: &mut Guest<'_>, frame: &mut Frame, amount_ptr16: u32) -> Result<i32, Abort> {
    charge(guest, frame, GasClass::Supply, 0)?;
    writable(frame)?;
    let amount = read_amount(guest, amount_ptr16)?;
    Ok(code(frame.session.burn(frame.message.contract, amount)?))
}

fn read_amount(guest: &Guest<'_>, ptr: u32) -> Result<Balance, Abort> {
    Ok(Balance::new(u128::from_le_bytes(guest.read_array(ptr)?)))
}
