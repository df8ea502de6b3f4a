//! A campaign's whole list of claims: checked, hashed, with a proof for each.
//!
//! Guarantees that the claims are numbered from 0 without a gap, ordered by account, each account once, no amount
//! zero, and that the total is their exact sum in 128 bits.
//!
//! Costs two SHA-256 blocks a claim and about two an inner node, and 64 bytes of hashes a claim besides the claims.

use alloc::vec::Vec;

use thiserror::Error;

use crate::address::Checksummed;
use crate::leaf::{Leaf, Scope};
use crate::merkle::{Hash, Tree};

/// One line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The place in the list, from 0.
    pub index: u32,
    /// Who is paid.
    pub account: [u8; 20],
    /// How much, in the smallest unit of what the campaign pays. At least 1.
    pub amount: u128,
}

/// Why a list is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClaimTreeError {
    /// The list is empty.
    #[error("a claim list needs at least one claim")]
    Empty,
    /// The list has 2^32 claims or more.
    #[error("a claim list has at most 2^32 - 1 claims, this has {count}")]
    TooMany {
        /// Claims in the list.
        count: usize,
    },
    /// Two claims have one index.
    #[error("index {index} occurs twice")]
    DuplicateIndex {
        /// The index.
        index: u32,
    },
    /// An index below the highest is not in the list.
    #[error("index {index} is missing")]
    MissingIndex {
        /// The index.
        index: u32,
    },
    /// Two claims have one account.
    #[error("account {} occurs twice", Checksummed::new(account))]
    DuplicateAccount {
        /// The account.
        account: [u8; 20],
    },
    /// An account is lower than the one before it.
    #[error("the claims are not ordered by account at index {index}")]
    Unordered {
        /// Index of the lower account.
        index: u32,
    },
    /// A claim pays nothing.
    #[error("the claim of {} is zero", Checksummed::new(account))]
    ZeroAmount {
        /// The account.
        account: [u8; 20],
    },
    /// The sum of the amounts needs more than 128 bits.
    #[error("the sum of the claims exceeds 128 bits at index {index}")]
    TotalOverflow {
        /// Index of the claim that does not fit any more.
        index: u32,
    },
}

/// The claims of one campaign and the tree over them.
#[derive(Clone, Debug)]
pub struct ClaimTree {
    scope: Scope,
    claims: Vec<Claim>,
    total: u128,
    tree: Tree,
}

impl ClaimTree {
    /// Builds the tree over numbered claims, in any order.
    ///
    /// # Errors
    /// [`ClaimTreeError`] names the first index or account that breaks the list's guarantees.
    pub fn new(scope: Scope, mut claims: Vec<Claim>) -> Result<Self, ClaimTreeError> {
        claims.sort_unstable_by_key(|claim| claim.index);
        check_numbers(&claims)?;
        check_accounts(&claims)?;
        let total = sum(&claims)?;
        let leaf =
            |claim: &Claim| Leaf { scope, index: claim.index, account: claim.account, amount: claim.amount }.hash();
        let tree = Tree::new(claims.iter().map(leaf).collect()).ok_or(ClaimTreeError::Empty)?;
        Ok(Self { scope, claims, total, tree })
    }

    /// Orders allocations by account, numbers them and builds the tree.
    ///
    /// # Errors
    /// As [`ClaimTree::new`].
    pub fn from_allocations(scope: Scope, allocations: &[([u8; 20], u128)]) -> Result<Self, ClaimTreeError> {
        let mut ordered = allocations.to_vec();
        ordered.sort_unstable_by_key(|(account, _)| *account);
        let numbered = (0..=u32::MAX).zip(ordered);
        Self::new(scope, numbered.map(|(index, (account, amount))| Claim { index, account, amount }).collect())
    }

    /// Returns where the claims are valid.
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Returns the claims by index, which is by account.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// Returns the claim of an account.
    pub fn find(&self, account: &[u8; 20]) -> Option<&Claim> {
        let at = self.claims.binary_search_by_key(account, |claim| claim.account).ok()?;
        self.claims.get(at)
    }

    /// Returns the number of claims.
    pub fn count(&self) -> u32 {
        u32::try_from(self.claims.len()).unwrap_or(u32::MAX)
    }

    /// Returns the sum of the amounts.
    pub const fn total(&self) -> u128 {
        self.total
    }

    /// Returns the root.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// Returns the proof of a claim, or `None` if there is no such index.
    pub fn proof(&self, index: u32) -> Option<Vec<Hash>> {
        self.tree.proof(index)
    }
}

fn check_numbers(claims: &[Claim]) -> Result<(), ClaimTreeError> {
    if u32::try_from(claims.len()).is_err() {
        return Err(ClaimTreeError::TooMany { count: claims.len() });
    }
    for (expected, claim) in (0..=u32::MAX).zip(claims) {
        if claim.index < expected {
            return Err(ClaimTreeError::DuplicateIndex { index: claim.index });
        }
        if claim.index > expected {
            return Err(ClaimTreeError::MissingIndex { index: expected });
        }
    }
    Ok(())
}

fn check_accounts(claims: &[Claim]) -> Result<(), ClaimTreeError> {
    if let Some(claim) = claims.iter().find(|claim| claim.amount == 0) {
        return Err(ClaimTreeError::ZeroAmount { account: claim.account });
    }
    for pair in claims.windows(2) {
        let [before, after] = pair else { continue };
        if before.account == after.account {
            return Err(ClaimTreeError::DuplicateAccount { account: after.account });
        }
        if before.account > after.account {
            return Err(ClaimTreeError::Unordered { index: after.index });
        }
    }
    Ok(())
}

fn sum(claims: &[Claim]) -> Result<u128, ClaimTreeError> {
    claims.iter().try_fold(0_u128, |sum, claim| {
        sum.checked_add(claim.amount).ok_or(ClaimTreeError::TotalOverflow { index: claim.index })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use alloc::string::ToString;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::{Claim, ClaimTree, ClaimTreeError};
    use crate::leaf::{Leaf, Scope};
    use crate::merkle;

    const SCOPE: Scope = Scope { chain_id: 1, contract: [9; 20], campaign: 3 };

    fn claims(count: u8) -> Vec<Claim> {
        (0..count).map(|at| Claim { index: at.into(), account: [at; 20], amount: u128::from(at) + 1 }).collect()
    }

    #[test]
    fn every_claim_of_a_list_verifies() {
        for count in 1..=70 {
            let tree = ClaimTree::new(SCOPE, claims(count)).unwrap();
            assert_eq!(tree.total(), u128::from(count) * (u128::from(count) + 1) / 2);
            assert_eq!(tree.count(), u32::from(count));
            for claim in tree.claims() {
                let leaf = Leaf { scope: SCOPE, index: claim.index, account: claim.account, amount: claim.amount };
                let proof = tree.proof(claim.index).unwrap();
                assert!(merkle::verify(&tree.root(), &leaf.hash(), claim.index, tree.count(), &proof));
                let other = Leaf { amount: claim.amount + 1, ..leaf };
                assert!(!merkle::verify(&tree.root(), &other.hash(), claim.index, tree.count(), &proof));
                assert_eq!(tree.find(&claim.account), Some(claim));
            }
            assert_eq!(tree.find(&[200; 20]), None);
        }
    }

    #[test]
    fn case_82_a_list_with_an_index_or_account_twice_is_refused() {
        let mut twice = claims(4);
        twice[3].index = 2;
        assert_eq!(ClaimTree::new(SCOPE, twice).unwrap_err(), ClaimTreeError::DuplicateIndex { index: 2 });
        let mut twice = claims(4);
        twice[3].account = [2; 20];
        assert_eq!(ClaimTree::new(SCOPE, twice).unwrap_err(), ClaimTreeError::DuplicateAccount { account: [2; 20] });
        let allocations = [([1; 20], 5), ([2; 20], 6), ([1; 20], 5)];
        let refused = ClaimTree::from_allocations(SCOPE, &allocations).unwrap_err();
        assert_eq!(refused, ClaimTreeError::DuplicateAccount { account: [1; 20] });
        assert_eq!(refused.to_string(), "account 0x0101010101010101010101010101010101010101 occurs twice");
    }

    #[test]
    fn a_list_with_a_gap_out_of_order_empty_zero_or_too_rich_is_refused() {
        let refusal = |claims| ClaimTree::new(SCOPE, claims).unwrap_err();
        assert_eq!(refusal(Vec::new()), ClaimTreeError::Empty);
        let mut list = claims(4);
        list[3].index = 4;
        assert_eq!(refusal(list), ClaimTreeError::MissingIndex { index: 3 });
        let mut list = claims(4);
        list[0].account = [9; 20];
        assert_eq!(refusal(list), ClaimTreeError::Unordered { index: 1 });
        let mut list = claims(4);
        list[1].amount = 0;
        assert_eq!(refusal(list), ClaimTreeError::ZeroAmount { account: [1; 20] });
        let mut list = claims(4);
        list[1].amount = u128::MAX;
        assert_eq!(refusal(list), ClaimTreeError::TotalOverflow { index: 1 });
    }

    proptest! {
        #[test]
        fn the_order_of_the_allocations_does_not_matter(
            allocations in prop::collection::btree_map(any::<[u8; 20]>(), 1..u128::from(u64::MAX), 1..40),
        ) {
            let ordered = allocations.into_iter().collect::<Vec<_>>();
            let reversed = ordered.iter().rev().copied().collect::<Vec<_>>();
            let one = ClaimTree::from_allocations(SCOPE, &ordered).unwrap();
            let two = ClaimTree::from_allocations(SCOPE, &reversed).unwrap();
            prop_assert_eq!(one.root(), two.root());
            prop_assert_eq!(one.claims(), two.claims());
        }
    }
}
