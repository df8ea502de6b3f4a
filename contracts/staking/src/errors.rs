//! Why a message was refused. Nothing has changed then.

use florin_sdk::Address;
use florin_sdk::alloc::boxed::Box;

/// A refusal on its way up: a pointer, so that every step costs little code.
pub type Refusal = Box<StakingError>;

/// A message of the staking contract was refused; nothing has changed then.
#[florin_sdk::error]
pub enum StakingError {
    /// Only this account may do that.
    Unauthorized { allowed: Address },
    /// An address is zero, an epoch or the unbonding period has no blocks, the least stake is nothing, or a commission is more
    /// than a million ppm.
    InvalidParameter,
    /// The account is a validator already.
    AlreadyRegistered,
    /// The account is no validator.
    UnknownValidator { validator: Address },
    /// The consensus key belongs to a validator already, for good.
    KeyTaken,
    /// The signature does not show that the account holds the key.
    InvalidPossession,
    /// A validator's own stake is at least this much, or nothing.
    BelowMinimum { stake: u128, min_stake: u128 },
    /// There is nothing to stake, to unbond or to divide.
    ZeroAmount,
    /// More than the account has with the validator.
    InsufficientStake { amount: u128, stake: u128 },
    /// The set has 256 members; `retire` makes room if one has left.
    SetFull,
    /// All of the validator's stake was slashed; nobody can stake with it any more.
    Drained,
    /// The account changed its stake in 16 epochs whose rewards are not complete; wait until they are.
    TooManyChanges,
    /// The rewards of the epoch are complete, or the epoch has not ended.
    EpochClosed { epoch: u64, open_epoch: u64 },
    /// The validator was paid for the epoch.
    AlreadyRewarded { validator: Address, epoch: u64 },
    /// The validator was not in the set in that epoch.
    NotEffective { validator: Address, epoch: u64 },
    /// The validator is in the set, or was recently.
    StillEffective,
    /// The validator is jailed until this height, or not at all (0).
    Jailed { until: u64 },
    /// MDT did not move.
    PaymentFailed { account: Address, amount: u128 },
    /// An amount has more than 128 bits.
    Overflow,
}

#[cold]
#[inline(never)]
pub(crate) fn refusal(error: StakingError) -> Refusal {
    Box::new(error)
}

#[cold]
#[inline(never)]
pub(crate) fn overflow() -> Refusal {
    refusal(StakingError::Overflow)
}
