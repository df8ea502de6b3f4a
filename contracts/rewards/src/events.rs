//! What the contract tells the world.
//!
//! Guarantees that the events of an epoch tell every reward that can be claimed, so that its list and its proofs can be made
//! from them alone.

use florin_sdk::abi::Octets;

/// A page of the list of rewards: entries of account, 20 bytes, and amount, 16 bytes little-endian.
#[florin_sdk::event]
pub struct RewardsListed {
    #[indexed]
    epoch: u64,
    /// The index of the first entry.
    first: u32,
    entries: Octets,
}
