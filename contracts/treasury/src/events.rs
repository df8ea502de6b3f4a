//! What the treasury tells the world.
//!
//! Guarantees that every wei that leaves is in one event: `Spent` or `Released`.

use florin_sdk::{Address, B256};

/// The owner paid.
#[florin_sdk::event]
pub struct Spent {
    #[indexed]
    to: Address,
    amount: u128,
    #[indexed]
    memo: B256,
}

/// Somebody gave.
#[florin_sdk::event]
pub struct Deposited {
    #[indexed]
    from: Address,
    amount: u128,
}

/// A grant was made.
#[florin_sdk::event]
pub struct Granted {
    #[indexed]
    id: u64,
    #[indexed]
    holder: Address,
    total: u128,
    at_start: u128,
    start: u64,
    cliff: u64,
    length: u64,
    is_revocable: bool,
}

/// A grant paid.
#[florin_sdk::event]
pub struct Released {
    #[indexed]
    id: u64,
    #[indexed]
    holder: Address,
    amount: u128,
}

/// A grant was ended: what had vested stays the holder's, the rest is free.
#[florin_sdk::event]
pub struct Revoked {
    #[indexed]
    id: u64,
    #[indexed]
    holder: Address,
    vested: u128,
    rest: u128,
}
