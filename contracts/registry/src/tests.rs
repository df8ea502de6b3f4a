//! The registry as a native program: miners, commitments, weights, scores, reports, and the attacks on them.
//!
//! A contract of a few lines stands for staking, another for the recycling pool.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

mod attacks;
mod miners;
mod reports;
mod scores;

use florin_sdk::native::{Native, NativeTransport};
use florin_sdk::{Address, B256, Call, Client};

use crate::{Registry, RegistryClient, RegistryError};

const CHAIN_ID: u64 = 31_337;
const EPOCH_BLOCKS: u64 = 10;
const FEE: u128 = 1_000;
const MINERS_MAX: u32 = 300;

/// Says what stakes count, whatever the epoch, and takes in what is recycled.
#[florin_sdk::contract]
mod others {
    use florin_sdk::prelude::*;

    #[storage]
    pub struct Others {
        stakes: Map<Address, u128>,
        total: Counter,
        recycled: CounterMap<u8>,
    }

    impl Others {
        pub fn stake(&mut self, validator: Address, stake: u128) {
            self.stakes.set(&validator, &stake);
            self.total.add(stake).unwrap();
        }

        pub fn effective_stake(&self, validator: Address, _epoch: u64) -> u128 {
            self.stakes.get_or_default(&validator)
        }

        pub fn total_stake(&self, _epoch: u64) -> (u128, u128) {
            (self.total.get(), self.total.get() * 2 / 3 + 1)
        }

        #[payable]
        pub fn recycle(&mut self, source: u8) {
            self.recycled.add(&source, env().value()).unwrap();
        }

        pub fn recycled(&self, source: u8) -> u128 {
            self.recycled.get(&source)
        }
    }
}

/// The registry at the first block of epoch 1, with validators.
struct Scene {
    native: Native,
    registry: RegistryClient<NativeTransport>,
    others: others::OthersClient<NativeTransport>,
    owner: Address,
}

impl Scene {
    fn new(validators: &[(&str, u128)]) -> Self {
        let native = Native::new();
        native.set_chain_id(CHAIN_ID);
        let owner = native.account("owner");
        let mut others = native.deploy::<others::Others>(owner, &()).unwrap();
        for (name, stake) in validators {
            others.stake(native.account(name), *stake).send().unwrap();
        }
        let address = others.address();
        let args = (owner, address, address, EPOCH_BLOCKS, FEE, MINERS_MAX);
        let registry = native.deploy::<Registry>(owner, &args).unwrap();
        let scene = Self { native, registry, others, owner };
        scene.enter_epoch(1);
        scene
    }

    fn enter_epoch(&self, epoch: u64) {
        self.native.set_height(epoch * EPOCH_BLOCKS);
    }

    fn by(&self, name: &str) -> RegistryClient<NativeTransport> {
        self.registry.by(self.native.account(name))
    }

    fn register(&self, name: &str) -> Result<u32, RegistryError> {
        self.native.fund(self.native.account(name), FEE);
        refused(self.by(name).register().value(FEE))
    }

    /// Registers miners `miner 0`, `miner 1` and so on, whose slots are their numbers.
    fn register_miners(&self, count: u32) {
        for number in 0..count {
            assert_eq!(self.register(&format!("miner {number}")), Ok(number));
        }
    }

    /// Commits to weights as a client computes it.
    fn commit(&self, name: &str, epoch: u64, weights: &[u32]) -> Result<(), RegistryError> {
        let preimage = florin_tokenomics::commitment::Commitment {
            chain_id: CHAIN_ID,
            contract: self.registry.address().into_array(),
            epoch,
            validator: self.native.account(name).into_array(),
            salt: salt(name).0,
        };
        let bytes: Vec<u8> = words(weights).iter().flat_map(|word| word.0).collect();
        let hash = florin_sdk::alloy_primitives::keccak256(preimage.encode(&bytes));
        refused(self.by(name).commit(hash))
    }

    fn reveal(&self, name: &str, weights: &[u32]) -> Result<(), RegistryError> {
        refused(self.by(name).reveal(salt(name), words(weights)))
    }

    /// Has validators commit in an epoch and reveal in the next; ends at the first block of the one after.
    fn vote(&self, epoch: u64, rows: &[(&str, Vec<u32>)]) {
        self.enter_epoch(epoch);
        for (name, weights) in rows {
            self.commit(name, epoch, weights).unwrap();
        }
        self.enter_epoch(epoch + 1);
        for (name, weights) in rows {
            self.reveal(name, weights).unwrap();
        }
        self.enter_epoch(epoch + 2);
    }

    fn finalize(&self, max_steps: u32) -> u64 {
        self.by("anybody").finalize(max_steps).send().unwrap()
    }

    /// All scores of an epoch, page by page.
    fn scores(&self, epoch: u64) -> Vec<(Address, u32)> {
        let mut reader = self.by("anybody");
        let (is_final, pages, miners, total) = reader.outcome(epoch).view().unwrap();
        assert!(is_final);
        let mut scores = Vec::new();
        for page in 0..pages {
            let (miners, ppm) = reader.scores(epoch, page).view().unwrap();
            scores.extend(miners.into_iter().zip(ppm));
        }
        assert_eq!(scores.len(), miners as usize);
        assert_eq!(scores.iter().map(|(_, ppm)| u64::from(*ppm)).sum::<u64>(), total);
        assert!(scores.is_sorted());
        scores
    }

    /// The score of a miner by its number; 0 if it has none.
    fn score(&self, epoch: u64, miner: u32) -> u32 {
        let address = self.native.account(&format!("miner {miner}"));
        self.scores(epoch).into_iter().find(|(known, _)| *known == address).map_or(0, |(_, ppm)| ppm)
    }
}

fn salt(name: &str) -> B256 {
    florin_sdk::alloy_primitives::keccak256(name)
}

/// Weights as words of 8.
fn words(weights: &[u32]) -> Vec<B256> {
    let word = |part: &[u32]| {
        let mut bytes: Vec<u8> = part.iter().flat_map(|ppm| ppm.to_be_bytes()).collect();
        bytes.resize(32, 0);
        B256::from_slice(&bytes)
    };
    weights.chunks(8).map(word).collect()
}

/// Sends a call; its refusal is the contract's own.
fn refused<V: core::fmt::Debug, R>(call: Call<'_, NativeTransport, R>) -> Result<V, RegistryError>
where
    R: florin_sdk::contract::Returns<Output = V, Error = Box<RegistryError>>,
{
    call.send().map_err(|error| *error.reverted().unwrap())
}
