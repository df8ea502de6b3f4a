//! Why the contract refuses.
//!
//! Guarantees that each error carries what a person needs to see what is wrong.

use florin_sdk::Address;
use florin_sdk::ownership::Unauthorized;

/// Why a message was refused. Nothing has changed then.
#[florin_sdk::error]
pub enum EmissionError {
    /// Only the owner may do this, or only the account that the ownership was offered to.
    #[name("OwnableUnauthorizedAccount")]
    Unauthorized { account: Address },
    /// Only the chain itself calls a hook, and only the hook one of its steps.
    OnlyTheChain { caller: Address },
    /// The zero address owns nothing.
    InvalidAccount { account: Address },
    /// An epoch has at least one block.
    NoEpochBlocks {},
    /// A ratio is at most 1,000,000 ppm.
    InvalidRatio { ppm: u32 },
    /// The weights of the utility sum to 1,000,000 ppm.
    WeightsSum { sum_ppm: u32 },
    /// The shares of the split sum to 1,000,000 ppm.
    SharesSum { sum_ppm: u32 },
    /// A split has at most 16 rows, and the treasury's is one of them.
    InvalidTable { rows: u32, treasury_row: u32 },
    /// Kinds are 0 to 3; only kind 0 names an account, and the treasury's row does.
    InvalidRow { row: u32, kind: u8, account: Address },
    /// More than any epoch can bring, or no block to claim in.
    InvalidAmounts { base: u128, base_max: u128, claim_window: u64 },
    /// The figures of the epoch are not kept, or it is not settled.
    NoRecord { epoch: u64 },
    /// Another contract ended with this status; 0 says that its answer was none. The step is tried again in the next block.
    SourceFailed { source: Address, status: u8 },
    /// The ledger refused to mint, burn or pay.
    LedgerRefused { status: u8 },
    /// The parts are not the whole.
    NotBalanced { epoch: u64 },
}

impl From<Unauthorized> for EmissionError {
    fn from(Unauthorized { account }: Unauthorized) -> Self {
        Self::Unauthorized { account }
    }
}
