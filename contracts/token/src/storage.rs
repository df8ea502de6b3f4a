//! The keys of the token's state.
//!
//! Guarantees that these bytes never change their meaning: they are in the state root of every chain that runs the token.

use florin_sdk::ownership::Ownership;
use florin_sdk::prelude::*;

/// The token's state.
#[florin_sdk::storage]
pub struct Token {
    #[key(0)]
    pub(crate) name: Item<String>,
    #[key(1)]
    pub(crate) symbol: Item<String>,
    #[key(2)]
    pub(crate) decimals: Item<u8>,
    #[key(3)]
    pub(crate) ownership: Ownership,
    /// The sum of all balances.
    #[key(5)]
    pub(crate) supply: Counter,
    #[key(6)]
    pub(crate) balances: CounterMap<Address>,
    /// (owner, spender) to amount; zero is not stored.
    #[key(7)]
    pub(crate) allowances: Map<(Address, Address), U256>,
    /// Permits used, by owner.
    #[key(8)]
    pub(crate) nonces: Map<Address, u64>,
}
