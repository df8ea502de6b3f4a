//! What the token tells the world: the events of ERC-20 and of two-step ownership.
//!
//! Guarantees OpenZeppelin's names and fields, so that explorers show them without being told.

use florin_sdk::{Address, U256};

/// An amount moved; from the zero address it was minted, to the zero address burned.
#[florin_sdk::event]
pub struct Transfer {
    #[indexed]
    from: Address,
    #[indexed]
    to: Address,
    value: U256,
}

/// An allowance was set.
#[florin_sdk::event]
pub struct Approval {
    #[indexed]
    owner: Address,
    #[indexed]
    spender: Address,
    value: U256,
}
