//! Why the contract refuses.
//!
//! Guarantees that each error carries what a person needs to see what is wrong.

use florin_sdk::Address;
use florin_sdk::ownership::Unauthorized;
use florin_sdk::words::Unanswered;

/// Why a message was refused. Nothing has changed then.
#[florin_sdk::error]
pub enum RecyclingError {
    /// Only the owner may do this, or only the account that the ownership was offered to.
    #[name("OwnableUnauthorizedAccount")]
    Unauthorized { account: Address },
    /// Only the chain itself calls a hook.
    OnlyTheChain { caller: Address },
    /// Only the emission takes from the pool.
    OnlyTheEmission { caller: Address },
    /// The zero address is nobody.
    InvalidAccount { account: Address },
    /// There is no such source of recycled amounts; sources are 0 to 4.
    UnknownSource { source: u8 },
    /// There is no such reason for burning; reasons are 0 to 2.
    UnknownReason { reason: u8 },
    /// The call must bring MDT.
    NoValue {},
    /// The pool does not hold that much.
    PoolTooSmall { amount: u128, pool: u128 },
    /// Another contract ended with this status; 0 says that its answer was none.
    SourceFailed { source: Address, status: u8 },
    /// The ledger refused to burn or pay.
    LedgerRefused { status: u8 },
}

impl From<Unauthorized> for RecyclingError {
    fn from(Unauthorized { account }: Unauthorized) -> Self {
        Self::Unauthorized { account }
    }
}

impl From<Unanswered> for RecyclingError {
    fn from(none: Unanswered) -> Self {
        Self::SourceFailed { source: none.contract, status: none.status.code() }
    }
}
