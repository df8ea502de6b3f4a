//! Claims: a campaign holds money for a list of accounts, and anybody may have an account paid by proving its line.
//!
//! Guarantees, for every campaign:
//! - an index is paid at most once, to the account and in the amount of its leaf, whoever submits the claim;
//! - claimed + amount <= total at every claim, whatever the root says, so that no campaign lives on another's money;
//! - claims are paid from the first to the last block of the window, both included, and never outside;
//! - after the window one sweep moves the rest to the campaign's target: paid + swept = total.
//!
//! ```text
//!   create ──> not begun ──first block──> open ──last block passed──> closed ──sweep──> swept
//!                                         claim                       (rest to the target)
//! ```
//!
//! A leaf binds chain, contract, campaign, index, account and amount (`florin_tokenomics::leaf`), so no proof serves
//! twice. A campaign's terms never change; a new list is a new campaign.
//!
//! The root depends on the campaign's number, so the number must be known before the campaign exists, and nobody else may
//! be able to take it. Numbers below 2^63 (epochs) belong to the authority, which is whoever created the contract. Everybody
//! else creates the numbers that `next_campaign` gives them: 2^63 plus 63 bits of a hash of creator and count.
//!
//! Costs a claim: two storage reads (terms, its own entry), two writes (its own entry, the claimed total), one leaf hash, one
//! proof of at most 40 nodes, one payment. What two claims of a campaign both write is the total, and that is a commutative
//! counter; so claims do not wait for each other.
//!
//! Refuses tokens that deliver less than was sent.
#![cfg_attr(not(test), no_std)]

mod asset;
pub mod errors;
pub mod events;
pub mod storage;

pub use claims::ClaimsClient;
pub use errors::ClaimsError;
pub use events::{CampaignCreated, Claimed, Swept};
pub use storage::{Campaign, Claims, Terms};

/// The messages. Each checks, loads, computes, stores and emits, in that order, and pays last.
#[florin_sdk::contract(events(CampaignCreated, Claimed, Swept))]
pub mod claims {
    use florin_sdk::prelude::*;
    use florin_tokenomics::units::CLAIM_WINDOW_BLOCKS;
    use florin_tokenomics::validate::EPOCHS_END;
    use florin_tokenomics::{ClaimStatus, Leaf, Scope};

    use crate::asset::Asset;
    use crate::errors::ClaimsError;
    use crate::events::{CampaignCreated, Claimed, Swept};
    use crate::storage::{Campaign, Claims, Terms};

    /// The first number that is not the authority's.
    pub const DERIVED_NUMBERS: u64 = EPOCHS_END;

    /// The most claims in one call. Each is paid on its own; the bound keeps a call's work in sight.
    pub const BATCH_CLAIMS_MAX: u32 = 256;

    impl Claims {
        /// Makes whoever creates the contract the authority over the numbers below 2^63.
        #[init]
        pub fn new(&mut self) {
            self.authority.set(&env().caller());
        }

        /// Creates a campaign and funds it with its whole total: with the value of this call for MDT (token zero), or by
        /// `transferFrom` the caller, who has to have approved it. A first block of 0 is this block, a last block of 0 ends
        /// the default window.
        #[payable]
        pub fn create_campaign(
            &mut self,
            campaign: u64,
            token: Address,
            root: B256,
            leaf_count: u32,
            total: u128,
            first_block: u64,
            last_block: u64,
            sweep_target: Address,
        ) -> Result<(), ClaimsError> {
            let (owner, height) = (env().caller(), env().block_height());
            let first_block = if first_block == 0 { height } else { first_block };
            let default_last = first_block.saturating_add(CLAIM_WINDOW_BLOCKS).saturating_sub(1);
            let last_block = if last_block == 0 { default_last } else { last_block };

            if self.campaigns.contains(&campaign) {
                return Err(ClaimsError::CampaignExists { campaign });
            }
            if campaign >= DERIVED_NUMBERS || self.authority.get() != Some(owner) {
                let (expected, created) = (self.next_campaign(owner), self.created.get_or_default(&owner));
                if campaign != expected {
                    return Err(ClaimsError::WrongNumber { campaign, expected });
                }
                self.created.set(&owner, &created.saturating_add(1));
            }
            if leaf_count == 0 || total == 0 {
                return Err(ClaimsError::EmptyCampaign { campaign });
            }
            if last_block < first_block || last_block < height {
                return Err(ClaimsError::InvalidWindow { first_block, last_block, height });
            }
            if sweep_target.is_zero() {
                return Err(ClaimsError::NoSweepTarget { campaign });
            }

            let terms = Campaign { owner, token, root, leaf_count, total, first_block, last_block, sweep_target };
            self.campaigns.set(&campaign, &terms);
            env().emit(&CampaignCreated {
                campaign,
                owner,
                token,
                root,
                leaf_count,
                total,
                first_block,
                last_block,
                sweep_target,
            });
            Asset::of(token).collect(owner, total)
        }

        /// Pays one claim to its account. Anybody may submit it.
        pub fn claim(
            &mut self,
            campaign: u64,
            index: u32,
            account: Address,
            amount: u128,
            proof: Vec<B256>,
        ) -> Result<(), ClaimsError> {
            let terms = self.open(campaign)?;
            self.pay(campaign, &terms, &Line { index, account, amount, proof })
        }

        /// Pays several claims of one campaign, all or none: (index, account, amount, proof) each.
        pub fn claim_many(
            &mut self,
            campaign: u64,
            claims: Vec<(u32, Address, u128, Vec<B256>)>,
        ) -> Result<(), ClaimsError> {
            let terms = self.open(campaign)?;
            let count = u32::try_from(claims.len()).unwrap_or(u32::MAX);
            if count == 0 || count > BATCH_CLAIMS_MAX {
                return Err(ClaimsError::BatchSize { claims: count, claims_max: BATCH_CLAIMS_MAX });
            }
            for (index, account, amount, proof) in claims {
                self.pay(campaign, &terms, &Line { index, account, amount, proof })?;
                #[cfg(feature = "bug-batch-unmarked")]
                self.paid.remove(&(campaign, index));
            }
            Ok(())
        }

        /// Moves what was not claimed to the campaign's target, once, after the window. Anybody may ask for it.
        pub fn sweep(&mut self, campaign: u64) -> Result<(), ClaimsError> {
            let terms = self.terms(campaign)?;
            let height = env().block_height();
            if height <= terms.last_block {
                return Err(ClaimsError::WindowOpen { campaign, last_block: terms.last_block, height });
            }
            if self.swept.contains(&campaign) {
                return Err(ClaimsError::AlreadySwept { campaign });
            }
            let rest = terms.total.saturating_sub(self.claimed.get(&campaign));
            self.swept.set(&campaign, &rest);
            env().emit(&Swept { campaign, target: terms.sweep_target, amount: rest });
            if rest == 0 { Ok(()) } else { Asset::of(terms.token).pay(terms.sweep_target, rest) }
        }

        /// Tells what became of an index: 0 unknown (no such campaign or leaf, or not begun), 1 claimable, 2 claimed,
        /// 3 expired.
        pub fn status(&self, campaign: u64, index: u32) -> u8 {
            self.status_of_index(campaign, index).code()
        }

        /// Tells what became of an account's claim, as `status` does; unknown also if the proof does not show the claim.
        pub fn status_of(&self, campaign: u64, index: u32, account: Address, amount: u128, proof: Vec<B256>) -> u8 {
            let line = Line { index, account, amount, proof };
            let is_listed = self.campaigns.get(&campaign).is_some_and(|terms| line.is_proven(campaign, &terms));
            let status = if is_listed { self.status_of_index(campaign, index) } else { ClaimStatus::Unknown };
            status.code()
        }

        /// Returns a campaign's terms: owner, token (zero for MDT), root, leaf count, total, first block, last block,
        /// sweep target.
        pub fn campaign(&self, campaign: u64) -> Result<Terms, ClaimsError> {
            let Campaign { owner, token, root, leaf_count, total, first_block, last_block, sweep_target } =
                self.terms(campaign)?;
            Ok((owner, token, root, leaf_count, total, first_block, last_block, sweep_target))
        }

        /// Returns the number of the next campaign that an account creates: 2^63 plus the first 63 bits of the keccak-256 of
        /// the account and, in 8 big-endian bytes, how many such campaigns it has created.
        pub fn next_campaign(&self, creator: Address) -> u64 {
            let mut preimage = creator.to_vec();
            preimage.extend_from_slice(&self.created.get_or_default(&creator).to_be_bytes());
            let [b0, b1, b2, b3, b4, b5, b6, b7, ..] = env().keccak256(&preimage).0;
            DERIVED_NUMBERS | (u64::from_be_bytes([b0, b1, b2, b3, b4, b5, b6, b7]) >> 1)
        }

        /// Returns who creates the campaigns with numbers below 2^63.
        pub fn authority(&self) -> Address {
            self.authority.get_or_default()
        }

        /// Returns how much of a campaign is paid.
        pub fn claimed(&self, campaign: u64) -> u128 {
            self.claimed.get(&campaign)
        }

        /// Returns the last block of a campaign, whether it was swept, and how much of it; all zero without a campaign.
        pub fn sweep_of(&self, campaign: u64) -> (u64, bool, u128) {
            let last_block = self.campaigns.get(&campaign).map_or(0, |terms| terms.last_block);
            let swept = self.swept.get(&campaign);
            (last_block, swept.is_some(), swept.unwrap_or_default())
        }

        /// Returns how much of a campaign was swept; 0 before.
        pub fn swept(&self, campaign: u64) -> u128 {
            self.swept.get_or_default(&campaign)
        }

        fn terms(&self, campaign: u64) -> Result<Campaign, ClaimsError> {
            self.campaigns.get(&campaign).ok_or(ClaimsError::UnknownCampaign { campaign })
        }

        /// Returns the terms of a campaign whose window is open.
        fn open(&self, campaign: u64) -> Result<Campaign, ClaimsError> {
            let terms = self.terms(campaign)?;
            let height = env().block_height();
            if height < terms.first_block {
                return Err(ClaimsError::NotStarted { campaign, first_block: terms.first_block, height });
            }
            if height > terms.last_block {
                return Err(ClaimsError::WindowClosed { campaign, last_block: terms.last_block, height });
            }
            Ok(terms)
        }

        /// Checks one claim, marks it as paid, then pays it.
        fn pay(&mut self, campaign: u64, terms: &Campaign, line: &Line) -> Result<(), ClaimsError> {
            let Line { index, account, amount, .. } = *line;
            if index >= terms.leaf_count {
                return Err(ClaimsError::IndexOutOfRange { index, leaf_count: terms.leaf_count });
            }
            if !line.is_proven(campaign, terms) {
                return Err(ClaimsError::InvalidProof { campaign, index });
            }
            if amount == 0 {
                return Err(ClaimsError::ZeroAmount { campaign, index });
            }
            if self.paid.contains(&(campaign, index)) {
                return Err(ClaimsError::AlreadyClaimed { campaign, index });
            }
            if self.claimed.add_within(&campaign, amount, terms.total).is_err() {
                let (claimed, total) = (self.claimed.get(&campaign), terms.total);
                return Err(ClaimsError::TotalExceeded { campaign, amount, claimed, total });
            }
            self.paid.set(&(campaign, index), &true);
            env().emit(&Claimed { campaign, account, index, amount });
            Asset::of(terms.token).pay(account, amount)
        }

        fn status_of_index(&self, campaign: u64, index: u32) -> ClaimStatus {
            let Some(terms) = self.campaigns.get(&campaign) else { return ClaimStatus::Unknown };
            let height = env().block_height();
            if index >= terms.leaf_count || height < terms.first_block {
                ClaimStatus::Unknown
            } else if self.paid.contains(&(campaign, index)) {
                ClaimStatus::Claimed
            } else if height > terms.last_block {
                ClaimStatus::Expired
            } else {
                ClaimStatus::Claimable
            }
        }
    }

    /// One line of a campaign's list with the proof that it is one.
    struct Line {
        index: u32,
        account: Address,
        amount: u128,
        proof: Vec<B256>,
    }

    impl Line {
        fn is_proven(&self, campaign: u64, terms: &Campaign) -> bool {
            let scope = Scope { chain_id: env().chain_id(), contract: env().self_address().into_array(), campaign };
            let account = self.account.into_array();
            let leaf = Leaf { scope, index: self.index, account, amount: self.amount };
            let hash = env().sha256(&leaf.encode());
            env().merkle_verify(&terms.root, &hash, self.index, terms.leaf_count, &self.proof)
        }
    }
}

#[cfg(test)]
mod tests;
