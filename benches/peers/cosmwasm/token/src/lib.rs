//! The token of the comparison, as an author for CosmWasm writes it: JSON messages, addresses that are checked as the
//! reference token cw20-base checks them, one entry an account.
//!
//! Guarantees what Florin's token guarantees of a transfer: it moves exactly the amount or fails, it refuses an empty
//! receiver, and it reports sender, receiver and amount. Balances are 16 bytes, not JSON, which favours this side.

use cosmwasm_std::{Addr, DepsMut, Env, MessageInfo, Response, StdError, StdResult, Storage, Uint128, entry_point};
use serde::Deserialize;

/// The first supply and who gets it.
#[derive(Deserialize)]
pub struct InstantiateMsg {
    /// Who gets it.
    pub owner: String,
    /// All of it.
    pub supply: Uint128,
}

/// What can be asked of the token.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecuteMsg {
    /// Moves an amount from the caller to another account.
    Transfer {
        /// Who gets it.
        recipient: String,
        /// How much.
        amount: Uint128,
    },
}

/// Creates the token.
#[entry_point]
pub fn instantiate(deps: DepsMut<'_>, _: Env, _: MessageInfo, msg: InstantiateMsg) -> StdResult<Response> {
    let owner = deps.api.addr_validate(&msg.owner)?;
    set_balance(deps.storage, &owner, msg.supply);
    Ok(Response::new())
}

/// Performs a message.
#[entry_point]
pub fn execute(deps: DepsMut<'_>, _: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {
    match msg {
        ExecuteMsg::Transfer { recipient, amount } => transfer(deps, &info.sender, &recipient, amount),
    }
}

fn transfer(deps: DepsMut<'_>, sender: &Addr, recipient: &str, amount: Uint128) -> StdResult<Response> {
    let recipient = deps.api.addr_validate(recipient)?;
    let rest = balance(deps.storage, sender)?.checked_sub(amount)?;
    set_balance(deps.storage, sender, rest);
    let sum = balance(deps.storage, &recipient)?.checked_add(amount)?;
    set_balance(deps.storage, &recipient, sum);
    let response = Response::new().add_attribute("action", "transfer").add_attribute("from", sender);
    Ok(response.add_attribute("to", recipient).add_attribute("amount", amount))
}

fn key(account: &Addr) -> Vec<u8> {
    [&[6], account.as_bytes()].concat()
}

fn balance(storage: &dyn Storage, account: &Addr) -> StdResult<Uint128> {
    let Some(bytes) = storage.get(&key(account)) else { return Ok(Uint128::zero()) };
    let bytes = <[u8; 16]>::try_from(bytes).map_err(|_| StdError::msg("a balance has 16 bytes"))?;
    Ok(Uint128::new(u128::from_be_bytes(bytes)))
}

fn set_balance(storage: &mut dyn Storage, account: &Addr, amount: Uint128) {
    storage.set(&key(account), &amount.u128().to_be_bytes());
}
