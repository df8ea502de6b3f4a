//! What the contract tells the world.
//!
//! Guarantees that the events add up: pool = sum of recycled - sum of reused.

use florin_sdk::Address;

/// An amount came into the pool.
#[florin_sdk::event]
pub struct Recycled {
    #[indexed]
    source: u8,
    #[indexed]
    from: Address,
    amount: u128,
}

/// An amount of the pool went to the emission.
#[florin_sdk::event]
pub struct Reused {
    amount: u128,
}

/// An amount was burned.
#[florin_sdk::event]
pub struct Burned {
    #[indexed]
    reason: u8,
    amount: u128,
}
