//! Rewards: divides the pools of an epoch among their accounts and opens the campaign in which they claim (economy E11, E12).
//!
//! Guarantees:
//! - the rewards of each pool are the pool to the wei, by the largest remainder, ties to the lower address, whatever the number
//!   of accounts and of blocks that it takes;
//! - what is divided was there: pools come with their money, and the weights are taken over before anything is divided;
//! - the root of the campaign follows from the state; nobody posts it;
//! - only the emission contract begins a settlement and lets it go on, one epoch at a time.
//!
//! ```text
//!   begin (pools, money) ──advance*──> campaign of the epoch, validators paid through the staking contract
//! ```
//!
//! The files: `work.rs` what a call does, `pools.rs` the shares of one pool, `list.rs` the list and its tree, `sources.rs` the
//! other contracts, `settlement.rs` and `storage.rs` the state.
//!
//! Costs: some 5,000 gas an account in all, over as many calls as it takes; a call stays within the contract's memory and
//! within [`work::STEP_GAS`] of its gas.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod errors;
pub mod events;
mod list;
mod pools;
pub mod settlement;
mod sources;
pub mod storage;
pub mod work;

pub use errors::RewardsError;
pub use events::RewardsListed;
pub use list::PAGE_REWARDS;
pub use rewards::RewardsClient;
pub use storage::Rewards;

/// The messages. Each checks, loads, computes, stores and emits, in that order.
#[florin_sdk::contract(events(RewardsListed))]
pub mod rewards {
    use florin_sdk::abi::Octets;
    use florin_sdk::prelude::*;
    use florin_tokenomics::split::RowKind;
    use florin_tokenomics::validate::Account;

    use crate::errors::RewardsError;
    use crate::events::RewardsListed;
    use crate::list::PAGE_REWARDS;
    use crate::settlement::{Counts, Settlement, Shared};
    use crate::storage::{Fixed, Rewards, slot};
    use crate::work::next_row;

    /// The most rows of a split.
    pub const ROWS_MAX: usize = 16;

    impl Rewards {
        /// Creates the contract for the emission contract that gives pools, the claims contract in which it creates campaigns (it
        /// must be its authority), the pool that gets what is not claimed, the registry and the staking contract that know the weights (zero: there is none).
        #[init]
        pub fn new(
            &mut self,
            emission: Address,
            claims: Address,
            recycling: Address,
            registry: Address,
            staking: Address,
        ) -> Result<(), RewardsError> {
            for account in [emission, claims, recycling] {
                Account::new(account.into_array()).map_err(|_| RewardsError::InvalidAccount { account })?;
            }
            self.fixed.set(&Fixed { emission, claims, recycling, registry, staking });
            Ok(())
        }

        /// Begins the settlement of an epoch: the kind of each shared row, its pool and the sum of its weights. The value is the
        /// sum of the pools. Only the emission.
        #[payable]
        pub fn begin(
            &mut self,
            epoch: u64,
            last_block: u64,
            kinds: Vec<u8>,
            pools: Vec<u128>,
            totals: Vec<u128>,
        ) -> Result<(), RewardsError> {
            self.check_caller()?;
            if let Some(under_way) = self.settlement.get() {
                return Err(RewardsError::UnderWay { epoch: under_way.epoch });
            }
            let value = env().value();
            let invalid = RewardsError::InvalidPools { epoch, value };
            let mut left = Some(value);
            let mut shared = Vec::with_capacity(kinds.len());
            for ((kind, pool), total) in kinds.iter().copied().zip(pools.iter().copied()).zip(totals.iter().copied()) {
                left = left.and_then(|left| left.checked_sub(pool));
                let is_shared = RowKind::from_code(kind).is_some_and(|kind| kind != RowKind::Account);
                if !is_shared || pool == 0 || total == 0 {
                    return Err(invalid);
                }
                shared.push(Shared::new(kind, pool, total));
            }
            let same_length = kinds.len() == pools.len() && kinds.len() == totals.len();
            if left != Some(0) || !same_length || kinds.len() > ROWS_MAX {
                return Err(invalid);
            }
            let (stage, search) = (next_row(&shared, 0), Counts::default());
            let (listed, claimable, page_roots) = (0, 0, Vec::new());
            let settlement = Settlement { epoch, stage, last_block, shared, search, listed, claimable, page_roots };
            self.settlement.set(&settlement);
            Ok(())
        }

        /// Goes on as far as the call allows; tells whether the epoch is settled, and root, leaf count and total of its campaign
        /// then. Only the emission.
        pub fn advance(&mut self) -> Result<(bool, B256, u32, u128), RewardsError> {
            self.check_caller()?;
            match self.work() {
                Ok(Some((root, leaf_count, claimable))) => Ok((true, root, leaf_count, claimable)),
                Ok(None) => Ok((false, B256::ZERO, 0, 0)),
                Err(error) => Err(*error),
            }
        }

        /// Returns the settlement under way: epoch, stage (0: none is under way), rewards listed so far.
        pub fn settlement(&self) -> (u64, u8, u32) {
            let settlement = self.settlement.get();
            settlement.map_or((0, 0, 0), |settlement| (settlement.epoch, settlement.stage.code(), settlement.listed))
        }

        /// Returns how many rewards the list of an epoch has, of the last 16.
        pub fn leaf_count(&self, epoch: u64) -> Result<u32, RewardsError> {
            let under_way = self.settlement.get().map(|settlement| slot(settlement.epoch));
            let listed = self.listed.get(&slot(epoch)).filter(|(of, _)| *of == epoch && under_way != Some(slot(epoch)));
            listed.map(|(_, count)| count).ok_or(RewardsError::NoList { epoch, page: 0 })
        }

        /// Returns a page of an epoch's list, of the last 16: entries of account, 20 bytes, and amount, 16 bytes little-endian,
        /// 256 a page, ascending by account. Index and proof of a claim follow from the whole list.
        pub fn list(&self, epoch: u64, page: u32) -> Result<Octets, RewardsError> {
            if page >= self.leaf_count(epoch)?.div_ceil(PAGE_REWARDS) {
                return Err(RewardsError::NoList { epoch, page });
            }
            let mut entries = Vec::new();
            self.lists.read_into(&(slot(epoch), page), &mut entries);
            Ok(Octets(entries))
        }

        /// Returns the emission contract, the claims contract, the recycling pool, the registry and the staking contract.
        pub fn contracts(&self) -> [Address; 5] {
            let fixed = self.fixed.get();
            fixed.map_or_else(Default::default, |fixed| {
                [fixed.emission, fixed.claims, fixed.recycling, fixed.registry, fixed.staking]
            })
        }

        fn check_caller(&self) -> Result<(), RewardsError> {
            let caller = env().caller();
            let is_emission = self.fixed.get().is_some_and(|fixed| fixed.emission == caller);
            if is_emission { Ok(()) } else { Err(RewardsError::OnlyTheEmission { caller }) }
        }
    }
}
