//! The slashing contract as a native program, with the staking contract beside it: evidence, genuine and forged, and the record of
//! signers.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

mod downtime;
mod evidence;
mod owner;

use ed25519_zebra::{SigningKey, VerificationKeyBytes};
use florin_sdk::native::{Native, NativeTransport};
use florin_sdk::vote::{Possession, Vote};
use florin_sdk::{Address, B256, Call, Client};
use florin_staking::{Staking, StakingClient};

use crate::{DEFAULTS, Signature, Slashing, SlashingClient, SlashingError};

const CHAIN_ID: u64 = 31_337;
const MDT: u128 = 1_000_000_000;
const STAKE: u128 = 1_000 * MDT;
const EPOCH_BLOCKS: u64 = 50;
const UNBONDING_BLOCKS: u64 = 1_000;

/// Takes in what is recycled, and nothing that is none, as the recycling pool does.
#[florin_sdk::contract]
mod pool {
    use florin_sdk::prelude::*;

    #[storage]
    pub struct Pool {
        by_source: CounterMap<u8>,
    }

    impl Pool {
        #[payable]
        pub fn recycle(&mut self, source: u8) {
            assert!(env().value() > 0, "a call that brings nothing");
            self.by_source.add(&source, env().value()).unwrap();
        }

        pub fn recycled(&self, source: u8) -> u128 {
            self.by_source.get(&source)
        }
    }
}

/// Both contracts, a recycling pool, and accounts; at the first block of epoch 2, in which ann and bob validate.
struct Scene {
    native: Native,
    slashing: SlashingClient<NativeTransport>,
    staking: StakingClient<NativeTransport>,
    pool: pool::PoolClient<NativeTransport>,
    owner: Address,
    ann: Address,
    bob: Address,
    reporter: Address,
}

impl Scene {
    fn new() -> Self {
        let native = Native::new();
        native.set_chain_id(CHAIN_ID);
        let [owner, ann, bob, reporter] = ["owner", "ann", "bob", "reporter"].map(|name| native.account(name));
        let pool = native.deploy::<pool::Pool>(owner, &()).unwrap();
        // Each contract knows the other: a trial in another order tells the addresses.
        let address = |nth: u64| {
            let preimage = [owner.as_slice(), &nth.to_be_bytes()].concat();
            Address::from_word(florin_sdk::alloy_primitives::keccak256(preimage))
        };
        let (staking, slashing) = (address(1), address(2));
        let args = (slashing, pool.address(), EPOCH_BLOCKS, 100 * MDT, UNBONDING_BLOCKS);
        let expected = staking;
        let staking = native.deploy::<Staking>(owner, &args).unwrap();
        assert_eq!(staking.address(), expected);
        let args = (owner, staking.address(), pool.address(), EPOCH_BLOCKS, DEFAULTS);
        let deployed = native.deploy::<Slashing>(owner, &args).unwrap();
        assert_eq!(deployed.address(), slashing);
        native.grant_supply(slashing);
        let scene = Self { native, slashing: deployed, staking, pool, owner, ann, bob, reporter };
        scene.native.set_height(EPOCH_BLOCKS);
        for (name, account) in [("ann", ann), ("bob", bob)] {
            scene.native.fund(account, 10 * STAKE);
            let key = public(name);
            let statement = Possession { chain_id: CHAIN_ID, validator: account.into_array(), key: key.0 };
            let mut staking = scene.staking.by(account);
            staking.register(key, sign(name, &statement.encode()), 0).value(STAKE).send().unwrap();
        }
        scene.native.set_height(2 * EPOCH_BLOCKS);
        scene
    }

    /// Reports two votes of a validator for hashes that are one byte again and again.
    fn report(
        &self,
        by: Address,
        height: u64,
        view: u64,
        blocks: [u8; 2],
        names: [&str; 2],
    ) -> Result<u128, SlashingError> {
        let [a, b] = blocks.map(B256::repeat_byte);
        let [sig_a, sig_b] =
            [(a, names[0]), (b, names[1])].map(|(hash, name)| vote(name, CHAIN_ID, height, view, hash));
        refused(self.slashing.by(by).report_double_sign(self.ann, height, view, a, sig_a, b, sig_b))
    }

    fn stake(&self, validator: Address) -> u128 {
        self.staking.by(validator).validator(validator).view().unwrap().1
    }

    fn system(&self) -> SlashingClient<NativeTransport> {
        self.slashing.by(florin_sdk::SYSTEM)
    }

    fn recycled(&self) -> u128 {
        self.pool.by(self.owner).recycled(1).view().unwrap()
    }
}

/// Sends a call; its refusal is the contract's own.
fn refused<V: core::fmt::Debug, R>(call: Call<'_, NativeTransport, R>) -> Result<V, SlashingError>
where
    R: florin_sdk::contract::Returns<Output = V, Error = Box<SlashingError>>,
{
    call.send().map_err(|error| *error.reverted().unwrap())
}

fn key(name: &str) -> SigningKey {
    SigningKey::from(florin_sdk::alloy_primitives::keccak256(name).0)
}

fn public(name: &str) -> B256 {
    B256::new(VerificationKeyBytes::from(&key(name)).into())
}

fn sign(name: &str, bytes: &[u8]) -> Signature {
    let signature = <[u8; 64]>::from(key(name).sign(bytes));
    [B256::from_slice(&signature[..32]), B256::from_slice(&signature[32..])]
}

/// Signs a vote with the key of a name.
fn vote(name: &str, chain_id: u64, height: u64, view: u64, block_hash: B256) -> Signature {
    sign(name, &Vote { chain_id, height, view, block_hash: block_hash.0 }.encode())
}
