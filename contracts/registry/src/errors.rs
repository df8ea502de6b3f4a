//! Why a message was refused. Nothing has changed then.

use florin_sdk::Address;
use florin_sdk::alloc::boxed::Box;

/// A refusal on its way up: a pointer, so that every step costs little code.
pub type Refusal = Box<RegistryError>;

/// A message of the registry was refused; nothing has changed then.
#[florin_sdk::error]
pub enum RegistryError {
    /// Only this account may do that.
    Unauthorized { allowed: Address },
    /// An address is zero, an epoch has no blocks, or there are to be more miners than slots.
    InvalidParameter,
    /// The registration costs exactly this fee.
    WrongFee { expected: u128, value: u128 },
    /// The account is a miner, or leaves with the epoch and is not settled yet.
    AlreadyRegistered { miner: Address },
    /// The account is no miner, or leaves already.
    UnknownMiner { miner: Address },
    /// There is no slot free.
    RegistryFull,
    /// The account has no stake that counts in the epoch.
    NoStake { validator: Address, epoch: u64 },
    /// The validator has committed, revealed or reported for the epoch already.
    AlreadyDone { validator: Address, epoch: u64 },
    /// The validator has not committed to these weights for the epoch.
    NoCommitment { validator: Address, epoch: u64 },
    /// There is no epoch before the first.
    TooEarly,
    /// Weights sum to 10^6 ppm, and a slot that nobody ever had gets none of them.
    InvalidWeights,
    /// A ratio of the report is above 10^6 ppm.
    InvalidReport,
    /// An epoch long ago has to be finalized first.
    FinalizationBehind { epoch: u64 },
    /// The staking contract did not answer.
    StakingFailed,
    /// MDT did not move.
    PaymentFailed { account: Address, amount: u128 },
}

#[cold]
#[inline(never)]
pub(crate) fn refusal(error: RegistryError) -> Refusal {
    Box::new(error)
}
