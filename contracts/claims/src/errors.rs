//! Why the contract refuses.
//!
//! Guarantees that each error carries what a person needs to see who is wrong: the campaign, and the figures compared.

use florin_sdk::{Address, U256};

/// Why a message was refused. Nothing has changed then.
#[florin_sdk::error]
pub enum ClaimsError {
    /// There is no such campaign.
    UnknownCampaign { campaign: u64 },
    /// The number is taken.
    CampaignExists { campaign: u64 },
    /// The number is not the creator's; `nextCampaign` gives the one that is.
    WrongNumber { campaign: u64, expected: u64 },
    /// A campaign needs at least one leaf and at least the smallest unit to pay.
    EmptyCampaign { campaign: u64 },
    /// The window ends before it begins, or has ended already.
    InvalidWindow { first_block: u64, last_block: u64, height: u64 },
    /// The rest must go somewhere.
    NoSweepTarget { campaign: u64 },
    /// The call must bring exactly this much MDT.
    WrongValue { expected: u128, value: u128 },
    /// The campaign has not begun.
    NotStarted { campaign: u64, first_block: u64, height: u64 },
    /// The window has closed.
    WindowClosed { campaign: u64, last_block: u64, height: u64 },
    /// The campaign has no such leaf.
    IndexOutOfRange { index: u32, leaf_count: u32 },
    /// The proof does not show that this account may claim this amount at this index.
    InvalidProof { campaign: u64, index: u32 },
    /// The claim was paid before.
    AlreadyClaimed { campaign: u64, index: u32 },
    /// A leaf pays nothing.
    ZeroAmount { campaign: u64, index: u32 },
    /// The leaves promise more than the campaign holds.
    TotalExceeded { campaign: u64, amount: u128, claimed: u128, total: u128 },
    /// A batch has at least one and at most this many claims.
    BatchSize { claims: u32, claims_max: u32 },
    /// The window is still open.
    WindowOpen { campaign: u64, last_block: u64, height: u64 },
    /// The rest was moved before.
    AlreadySwept { campaign: u64 },
    /// MDT did not move.
    PaymentFailed { account: Address, amount: u128 },
    /// The call to the token ended with this status.
    TokenFailed { token: Address, status: u8 },
    /// The token did not answer `true`.
    TokenRefused { token: Address },
    /// The token delivered another amount than was sent.
    ShortDelivery { token: Address, amount: u128, received: U256 },
}
