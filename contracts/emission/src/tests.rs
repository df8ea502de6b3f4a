//! The epoch machine in the native world, beside formulas and trees of the definitions.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    missing_docs,
    reason = "tests"
)]

extern crate std;

mod attacks;
mod epochs;
mod lists;
mod mock;

use std::{vec, vec::Vec};

use florin_claims::{Claims, ClaimsClient};
use florin_recycling::{Recycling, RecyclingClient};
use florin_rewards::{PAGE_REWARDS, Rewards, RewardsClient};
use florin_sdk::abi::Octets;
use florin_sdk::alloy_primitives::keccak256;
use florin_sdk::native::{Native, NativeTransport};
use florin_sdk::{Address, B256, CallError, Client, ContractError, SYSTEM, Status, Supply};
use florin_tokenomics::split::RowKind;
use florin_tokenomics::{ClaimTree, Scope};

use crate::{Emission, EmissionClient, EmissionError, EpochSettled, RuleTerms, StepFailed};
use mock::{Mock, MockClient};

pub(crate) const EPOCH: u64 = 50;
pub(crate) const TREASURY: Address = Address::repeat_byte(0x7e);
pub(crate) const MDT: u128 = 1_000_000_000;

pub(crate) const MINERS: u8 = RowKind::Miners.code();
pub(crate) const VALIDATORS: u8 = RowKind::Validators.code();
pub(crate) const STAKING: u8 = RowKind::Staking.code();
pub(crate) const ACCOUNT: u8 = RowKind::Account.code();

pub(crate) struct Setup {
    pub(crate) native: Native,
    pub(crate) owner: Address,
    pub(crate) emission: EmissionClient<NativeTransport>,
    pub(crate) recycling: RecyclingClient<NativeTransport>,
    pub(crate) rewards: RewardsClient<NativeTransport>,
    pub(crate) claims: ClaimsClient<NativeTransport>,
    pub(crate) mock: MockClient<NativeTransport>,
}

/// The parameters of the definition, with these rows.
pub(crate) fn parameters(rows: &[(u32, u8, Address)], treasury_row: u32) -> RuleTerms {
    (50 * MDT, 210_000, 500_000, 10_000, 500_000, 300_000, 200_000, 50_400, treasury_row, rows.to_vec())
}

/// Miners 40 %, validators through staking 40 %, treasury 20 %.
pub(crate) fn default_parameters() -> RuleTerms {
    let (nobody, treasury) = (Address::ZERO, TREASURY);
    parameters(&[(400_000, MINERS, nobody), (400_000, STAKING, nobody), (200_000, ACCOUNT, treasury)], 2)
}

impl Setup {
    pub(crate) fn new() -> Self {
        Self::with(default_parameters())
    }

    pub(crate) fn with(parameters: RuleTerms) -> Self {
        let native = Native::new();
        native.set_height(0);
        native.set_supply(Supply { max: 21_000_000 * MDT, genesis: 1_000 * MDT, ..Supply::default() });
        let owner = native.account("owner");
        // The address of the owner's contract by its place among all deployments.
        let place = |place: u64| Address::from_word(keccak256([owner.as_slice(), &place.to_be_bytes()].concat()));
        let [rewards, emission] = [place(3), place(4)];
        let mock = native.deploy::<Mock>(owner, &()).unwrap();
        let claims = native.deploy::<Claims>(rewards, &()).unwrap();
        let recycling = native.deploy::<Recycling>(owner, &(owner, emission, claims.address())).unwrap();
        let args = (emission, claims.address(), recycling.address(), mock.address(), mock.address());
        let rewards = native.deploy::<Rewards>(owner, &args).unwrap();
        let args = (owner, rewards.address(), recycling.address(), mock.address(), mock.address(), EPOCH, parameters);
        let emission = native.deploy::<Emission>(owner, &args).unwrap();
        assert_eq!([rewards.address(), emission.address()], [place(3), place(4)]);
        native.grant_supply(emission.address());
        native.grant_supply(recycling.address());
        Self { native, owner, emission, recycling, rewards, claims, mock }
    }

    /// Says what happened in an epoch: full work of full quality, and who shares the rewards.
    pub(crate) fn work(&self, epoch: u64, scores: &[(Address, u32)], stakes: &[(Address, u128)]) {
        self.work_of(epoch, (10_000, 1_000_000, 1_000_000, 1_000_000), scores, stakes);
    }

    pub(crate) fn work_of(
        &self,
        epoch: u64,
        metrics: (u64, u32, u32, u32),
        scores: &[(Address, u32)],
        stakes: &[(Address, u128)],
    ) {
        let mut mock = self.mock.by(self.owner);
        let (tasks, difficulty, participation, quality) = metrics;
        mock.report(epoch, tasks, difficulty, participation, quality).send().unwrap();
        let (miners, scores) = scores.iter().copied().unzip();
        mock.score(epoch, miners, scores).send().unwrap();
        let (validators, stakes) = stakes.iter().copied().unzip();
        mock.stake(epoch, validators, stakes).send().unwrap();
    }

    /// Runs the hooks of the block at a height.
    pub(crate) fn block(&self, height: u64) {
        self.native.set_height(height);
        self.recycling.by(SYSTEM).on_block().send().unwrap();
        self.hook().unwrap();
    }

    pub(crate) fn hook(&self) -> Result<(), CallError<EmissionError>> {
        self.emission.by(SYSTEM).on_block().send()
    }

    /// Lets registry and staking contract fail when they are asked for the metrics, or the stake, of an epoch from these on.
    pub(crate) fn break_from(&self, metrics: u64, stakes: u64) {
        self.mock.by(self.owner).break_from(metrics, stakes).send().unwrap();
    }

    /// Returns the steps that failed so far.
    pub(crate) fn failures(&self) -> Vec<StepFailed> {
        self.native.events_of::<StepFailed>()
    }

    /// Returns the event of a step of an epoch that failed because another contract did.
    pub(crate) fn failure(&self, epoch: u64, source: Address) -> StepFailed {
        let reason = EmissionError::SourceFailed { source, status: Status::Reverted.code() };
        StepFailed { epoch, status: Status::Reverted.code(), reason: Octets(reason.encode()) }
    }

    /// Runs hooks until an epoch is settled; returns how many blocks that took.
    pub(crate) fn settle(&self, epoch: u64) -> u64 {
        let first = (epoch + 2) * EPOCH;
        for blocks in 1..1_000 {
            self.block(first + blocks - 1);
            if self.next_epoch() > epoch {
                return blocks;
            }
        }
        panic!("epoch {epoch} is not settled after a thousand blocks");
    }

    pub(crate) fn next_epoch(&self) -> u64 {
        self.emission.by(self.owner).next_epoch().view().unwrap()
    }

    /// Returns balance, total in, total out, utilization.
    pub(crate) fn recycling(&self) -> (u128, u128, u128, u32) {
        self.recycling.by(self.owner).statistics().view().unwrap()
    }

    /// Returns the rewards of an epoch as the contract keeps them.
    pub(crate) fn list(&self, epoch: u64) -> Vec<(Address, u128)> {
        let rewards = self.rewards.by(self.owner);
        let pages = rewards.by(self.owner).leaf_count(epoch).view().unwrap().div_ceil(PAGE_REWARDS);
        let page = |page| rewards.by(self.owner).list(epoch, page).view().unwrap().0;
        (0..pages).flat_map(|number| entries(&page(number))).collect()
    }

    /// Returns the tree over a list, by the definition.
    pub(crate) fn tree(&self, epoch: u64, list: &[(Address, u128)]) -> ClaimTree {
        let scope = Scope { chain_id: 1, contract: self.claims.address().into_array(), campaign: epoch };
        let list: Vec<_> = list.iter().map(|(account, amount)| (account.into_array(), *amount)).collect();
        ClaimTree::from_allocations(scope, &list).unwrap()
    }

    /// Claims an account's reward with a proof of the epoch's list; returns the amount.
    pub(crate) fn claim(&self, epoch: u64, account: Address) -> u128 {
        let tree = self.tree(epoch, &self.list(epoch));
        let claim = *tree.find(&account.into_array()).unwrap();
        let proof = tree.proof(claim.index).unwrap().into_iter().map(B256::from).collect();
        self.claims.by(self.owner).claim(epoch, claim.index, account, claim.amount, proof).send().unwrap();
        claim.amount
    }

    pub(crate) fn balance(&self, of: Address) -> u128 {
        self.native.balance(of)
    }
}

pub(crate) fn error<V: core::fmt::Debug>(result: Result<V, CallError<EmissionError>>) -> EmissionError {
    result.unwrap_err().reverted().unwrap()
}

/// Returns the entries of a page.
pub(crate) fn entries(page: &[u8]) -> Vec<(Address, u128)> {
    let entry =
        |entry: &[u8]| (Address::from_slice(&entry[..20]), u128::from_le_bytes(entry[20..].try_into().unwrap()));
    page.chunks_exact(36).map(entry).collect()
}

/// Returns accounts in ascending order.
pub(crate) fn accounts(count: u32) -> Vec<Address> {
    let mut list: Vec<_> = (0..count).map(|number| Address::from_word(keccak256(number.to_be_bytes()))).collect();
    list.sort_unstable();
    list
}

/// Returns the shares of a pool by the definition.
pub(crate) fn shares(pool: u128, weights: &[u128]) -> Vec<u128> {
    if pool == 0 { vec![0; weights.len()] } else { florin_tokenomics::shares::divide(pool, weights).unwrap() }
}
