//! The staking contract as a native program: every rule, its boundary, and the attacks on stakes and rewards.
//!
//! Plain accounts stand for the two contracts that it listens to: `slashing` and `rewards`.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

mod attacks;
mod model;
mod rewards;
mod sets;
mod slashes;
mod stakes;

use ed25519_zebra::{SigningKey, VerificationKeyBytes};
use florin_sdk::native::{Native, NativeTransport};
use florin_sdk::vote::Possession;
use florin_sdk::{Address, B256, Call, Client};

use crate::{Signature, Staking, StakingClient, StakingError};

const CHAIN_ID: u64 = 31_337;
const MDT: u128 = 1_000_000_000;
const MIN_STAKE: u128 = 100 * MDT;
const EPOCH_BLOCKS: u64 = 10;
const UNBONDING_BLOCKS: u64 = 100;

/// What an account of the scene has at first.
const PURSE: u128 = 1_000_000 * MDT;

/// A world with the contract and accounts with money.
struct Scene {
    native: Native,
    staking: StakingClient<NativeTransport>,
    slashing: Address,
    rewards: Address,
}

impl Scene {
    /// A scene at the first block of epoch 1.
    fn new() -> Self {
        let native = Native::new();
        native.set_chain_id(CHAIN_ID);
        let [deployer, slashing, rewards] = ["deployer", "slashing", "rewards"].map(|name| native.account(name));
        native.fund(rewards, PURSE);
        let args = (slashing, rewards, EPOCH_BLOCKS, MIN_STAKE, UNBONDING_BLOCKS);
        let staking = native.deploy::<Staking>(deployer, &args).unwrap();
        let scene = Self { native, staking, slashing, rewards };
        scene.enter_epoch(1);
        scene
    }

    /// A scene in epoch 2, in which validators of these names and stakes count.
    fn with_validators<const N: usize>(validators: [(&str, u128); N]) -> (Self, [Address; N]) {
        let scene = Self::new();
        let addresses = validators.map(|(name, stake)| {
            scene.register(name, stake, 0).unwrap();
            scene.native.account(name)
        });
        scene.enter_epoch(2);
        (scene, addresses)
    }

    fn account(&self, name: &str) -> Address {
        let account = self.native.account(name);
        if self.native.balance(account) == 0 {
            self.native.fund(account, PURSE);
        }
        account
    }

    /// Goes to the first block of an epoch.
    fn enter_epoch(&self, epoch: u64) {
        self.native.set_height(epoch * EPOCH_BLOCKS);
    }

    fn by(&self, account: Address) -> StakingClient<NativeTransport> {
        self.staking.by(account)
    }

    fn register(&self, name: &str, stake: u128, commission: u32) -> Result<(), StakingError> {
        let account = self.account(name);
        let (key, possession) = (key(name), possession(name, account));
        refused(self.by(account).register(public(&key), possession, commission).value(stake))
    }

    fn delegate(&self, validator: Address, delegator: Address, amount: u128) -> Result<(), StakingError> {
        refused(self.by(delegator).delegate(validator).value(amount))
    }

    fn unbond(&self, validator: Address, delegator: Address, amount: u128) -> Result<u64, StakingError> {
        refused(self.by(delegator).unbond(validator, amount))
    }

    fn withdraw(&self, validator: Address, delegator: Address) -> u128 {
        self.by(delegator).withdraw(validator).send().unwrap()
    }

    fn claim(&self, validator: Address, delegator: Address) -> u128 {
        self.by(delegator).claim_rewards(validator).send().unwrap()
    }

    fn reward(&self, epoch: u64, validator: Address, amount: u128) -> Result<(), StakingError> {
        refused(self.by(self.rewards).reward(epoch, validator).value(amount))
    }

    /// Pays a validator for an epoch, and completes the epoch.
    fn reward_whole(&self, epoch: u64, validator: Address, amount: u128) {
        self.reward(epoch, validator, amount).unwrap();
        self.by(self.rewards).close_epoch(epoch).send().unwrap();
    }

    /// Slashes a validator for an offence in an epoch by parts of 10^12.
    fn slash(&self, validator: Address, epoch: u64, ratio: u64) -> u128 {
        self.by(self.slashing).slash(validator, epoch, ratio, 0).send().unwrap()
    }

    fn stake(&self, validator: Address, delegator: Address) -> u128 {
        self.by(delegator).delegation(validator, delegator).view().unwrap().0
    }

    fn owed(&self, validator: Address, delegator: Address) -> u128 {
        self.by(delegator).delegation(validator, delegator).view().unwrap().1
    }

    fn bonded(&self, validator: Address) -> u128 {
        self.by(validator).validator(validator).view().unwrap().1
    }

    fn effective(&self, validator: Address, epoch: u64) -> u128 {
        self.by(validator).effective_stake(validator, epoch).view().unwrap()
    }

    fn total(&self, epoch: u64) -> u128 {
        self.by(self.rewards).total_stake(epoch).view().unwrap().0
    }

    fn balance(&self) -> u128 {
        self.native.balance(self.staking.address())
    }
}

/// Sends a call; its refusal is the contract's own.
fn refused<V: core::fmt::Debug, R>(call: Call<'_, NativeTransport, R>) -> Result<V, StakingError>
where
    R: florin_sdk::contract::Returns<Output = V, Error = Box<StakingError>>,
{
    call.send().map_err(|error| *error.reverted().unwrap())
}

/// The consensus key that belongs to a name.
fn key(name: &str) -> SigningKey {
    SigningKey::from(florin_sdk::alloy_primitives::keccak256(name).0)
}

fn public(key: &SigningKey) -> B256 {
    B256::new(VerificationKeyBytes::from(key).into())
}

/// Signs bytes with the key of a name.
fn sign(name: &str, bytes: &[u8]) -> Signature {
    let signature = <[u8; 64]>::from(key(name).sign(bytes));
    [B256::from_slice(&signature[..32]), B256::from_slice(&signature[32..])]
}

fn possession(name: &str, validator: Address) -> Signature {
    let key = public(&key(name));
    sign(name, &Possession { chain_id: CHAIN_ID, validator: validator.into_array(), key: key.0 }.encode())
}
