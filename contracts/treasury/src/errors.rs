//! Why the treasury refuses.
//!
//! Guarantees that each error carries what a person needs to repair the call.

use florin_sdk::Address;
use florin_sdk::ownership::Unauthorized;

/// Why a message was refused. Nothing has changed then.
#[florin_sdk::error]
pub enum TreasuryError {
    /// Only the owner may do this, or only the account that the ownership was offered to.
    #[name("OwnableUnauthorizedAccount")]
    Unauthorized { account: Address },
    /// The zero address gets and owns nothing.
    InvalidAccount { account: Address },
    /// An amount is at least 1 wei and at most 2^63 - 1.
    InvalidAmount { amount: u128 },
    /// Grants wait for the rest of the balance.
    AboveBudget { amount: u128, available: u128 },
    /// There is no such grant.
    UnknownGrant { id: u64 },
    /// More at the start than in all, or an end beyond the last height.
    InvalidGrant { total: u128, at_start: u128, start: u64, cliff: u64, length: u64 },
    /// All that has vested is paid.
    NothingVested { id: u64 },
    /// The grant was made for good.
    NotRevocable { id: u64 },
    /// The grant was ended before.
    AlreadyRevoked { id: u64 },
    /// MDT did not move.
    PaymentFailed { account: Address, amount: u128 },
}

impl From<Unauthorized> for TreasuryError {
    fn from(Unauthorized { account }: Unauthorized) -> Self {
        Self::Unauthorized { account }
    }
}
