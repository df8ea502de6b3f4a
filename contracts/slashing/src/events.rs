//! What happened, for those who watch. Amounts are in wei.

use florin_sdk::Address;

/// A validator was punished for an offence (0 double_sign, 1 invalid_vote, 2 downtime) at a height.
#[florin_sdk::event]
pub struct Punished {
    #[indexed]
    validator: Address,
    #[indexed]
    reporter: Address,
    kind: u8,
    height: u64,
    amount: u128,
    rewarded: u128,
    burned: u128,
    recycled: u128,
    jailed_until: u64,
}

/// The owner set the parameters that hold from an epoch on.
#[florin_sdk::event]
pub struct ParametersSet {
    #[indexed]
    epoch: u64,
}

/// The contract has another owner.
#[florin_sdk::event]
pub struct OwnershipTransferred {
    #[indexed]
    owner: Address,
    #[indexed]
    new_owner: Address,
}
