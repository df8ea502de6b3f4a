//! Why the contract refuses.
//!
//! Guarantees that each error carries what a person needs to see what is wrong.

use florin_sdk::Address;

/// Why a message was refused. Nothing has changed then.
#[florin_sdk::error]
pub enum RewardsError {
    /// Only the emission gives pools and lets the settlement go on.
    OnlyTheEmission { caller: Address },
    /// The zero address is nobody.
    InvalidAccount { account: Address },
    /// The settlement of another epoch is under way.
    UnderWay { epoch: u64 },
    /// No settlement is under way.
    Idle {},
    /// The lists differ in length, have more than 16 rows, a kind that is none, or do not sum to the value.
    InvalidPools { epoch: u64, value: u128 },
    /// The list of the epoch's rewards is not kept, or has no such page.
    NoList { epoch: u64, page: u32 },
    /// Another contract ended with this status; 0 says that its answer was none. The step is tried again in the next block.
    SourceFailed { source: Address, status: u8 },
    /// A list of weights is not in ascending order of accounts, or not what its sum said.
    SourceUnordered { source: Address, epoch: u64 },
    /// The parts are not the whole.
    NotBalanced { epoch: u64 },
}
