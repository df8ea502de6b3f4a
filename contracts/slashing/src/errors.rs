//! Why a message was refused. Nothing has changed then.

use florin_sdk::Address;
use florin_sdk::alloc::boxed::Box;

/// A refusal on its way up: a pointer, so that every step costs little code.
pub type Refusal = Box<SlashingError>;

/// A message of the slashing contract was refused; nothing has changed then.
#[florin_sdk::error]
pub enum SlashingError {
    /// Only this account may do that.
    Unauthorized { allowed: Address },
    /// An address is zero or an epoch has no blocks (0), or a parameter is out of its range: its number in the order of the
    /// constructor, from 1.
    InvalidParameter { place: u32 },
    /// The account is no validator.
    UnknownValidator { validator: Address },
    /// The validator was not in the set in that epoch.
    NotEffective { validator: Address, epoch: u64 },
    /// The evidence is of a height to come.
    FutureEvidence { height: u64, now: u64 },
    /// The evidence is older than the unbonding period.
    StaleEvidence { height: u64, now: u64 },
    /// The votes do not contradict each other: the same block twice, or no block.
    NotConflicting,
    /// A vote is not signed by the validator for this chain, height, view and block.
    InvalidSignature,
    /// The chain has not refused such a block.
    NotRefused { height: u64 },
    /// The offence is punished.
    AlreadyPunished { validator: Address, height: u64 },
    /// The chain's record does not show that the validator was down.
    NotDown { signed: u32, recorded: u32 },
    /// The staking contract refused.
    StakingFailed,
    /// MDT did not move.
    PaymentFailed { account: Address, amount: u128 },
}

#[cold]
#[inline(never)]
pub(crate) fn refusal(error: SlashingError) -> Refusal {
    Box::new(error)
}
