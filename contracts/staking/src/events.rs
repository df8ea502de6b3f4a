//! What happened, for those who watch. Amounts are in wei, ratios in ppm.

use florin_sdk::Address;

/// An account staked with a validator.
#[florin_sdk::event]
pub struct Delegated {
    #[indexed]
    validator: Address,
    #[indexed]
    delegator: Address,
    amount: u128,
}

/// An account began to take stake back.
#[florin_sdk::event]
pub struct Unbonded {
    #[indexed]
    validator: Address,
    #[indexed]
    delegator: Address,
    amount: u128,
    ready: u64,
}

/// An account got unbonded stake.
#[florin_sdk::event]
pub struct Withdrawn {
    #[indexed]
    validator: Address,
    #[indexed]
    delegator: Address,
    amount: u128,
}

/// A validator and its delegators earned a reward; the commission is part of the amount.
#[florin_sdk::event]
pub struct Rewarded {
    #[indexed]
    validator: Address,
    #[indexed]
    epoch: u64,
    amount: u128,
    commission: u128,
}

/// An account got its rewards.
#[florin_sdk::event]
pub struct RewardsClaimed {
    #[indexed]
    validator: Address,
    #[indexed]
    delegator: Address,
    amount: u128,
}

/// What counts of a validator from an epoch on: its stake, 0 if it is not in the set, and its commission.
#[florin_sdk::event]
pub struct ValidatorChanged {
    #[indexed]
    validator: Address,
    #[indexed]
    epoch: u64,
    stake: u128,
    commission: u32,
}

/// A validator was slashed for an offence in an epoch.
#[florin_sdk::event]
pub struct Slashed {
    #[indexed]
    validator: Address,
    #[indexed]
    epoch: u64,
    amount: u128,
}
