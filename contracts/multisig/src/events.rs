//! What the account tells the world.
//!
//! Guarantees that every call that it makes was announced by `Proposed` and is told by `Executed`.

use florin_sdk::{Address, Bytes, Vec};

/// A call was proposed.
#[florin_sdk::event]
pub struct Proposed {
    #[indexed]
    id: u64,
    #[indexed]
    owner: Address,
    #[indexed]
    to: Address,
    value: u128,
    input: Bytes,
}

/// An owner confirms.
#[florin_sdk::event]
pub struct Confirmed {
    #[indexed]
    id: u64,
    #[indexed]
    owner: Address,
}

/// An owner confirms no longer.
#[florin_sdk::event]
pub struct Unconfirmed {
    #[indexed]
    id: u64,
    #[indexed]
    owner: Address,
}

/// A call was made.
#[florin_sdk::event]
pub struct Executed {
    #[indexed]
    id: u64,
    #[indexed]
    to: Address,
    value: u128,
}

/// The owners, or how many of them must confirm, are others now.
#[florin_sdk::event]
pub struct OwnersChanged {
    owners: Vec<Address>,
    required: u32,
}

/// Somebody gave.
#[florin_sdk::event]
pub struct Deposited {
    #[indexed]
    from: Address,
    amount: u128,
}
