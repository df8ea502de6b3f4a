//! The state of a settlement between two blocks.
//!
//! ```text
//!  row by row:   Collecting -> Flooring -> Searching* -> Paying (through the staking contract)
//!                                                    \-> (claimed rows wait for the list)
//!  then:         Listing (all claimed rows merged by account) -> Finishing
//! ```

use florin_sdk::prelude::*;
use florin_tokenomics::remainders::{Search, Threshold};

/// A settlement that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Scale)]
pub struct Settlement {
    /// The epoch that is settled.
    pub epoch: u64,
    /// What the next step does.
    pub stage: Stage,
    /// The last block in which its campaign pays.
    pub last_block: u64,
    /// The rows of the split that are shared by weights.
    pub shared: Vec<Shared>,
    /// The search for the remainder's threshold of the row at work.
    pub search: Counts,
    /// Rewards in the list so far.
    pub listed: u32,
    /// Their sum.
    pub claimable: u128,
    /// The roots over the list's pages so far.
    pub page_roots: Vec<B256>,
}

/// What the next step does; rows are counted among the shared ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Scale)]
pub enum Stage {
    /// Takes over the next page of a row's accounts and weights, those behind `after`.
    Collecting {
        /// The row.
        at: u32,
        /// The last account so far.
        after: Address,
    },
    /// Sums a page's floors, and counts the first digit of the fractions.
    Flooring {
        /// The row.
        at: u32,
        /// The page of weights.
        page: u32,
    },
    /// Counts the next digit of a page's fractions.
    Searching {
        /// The row.
        at: u32,
        /// The page of weights.
        page: u32,
    },
    /// Pays a part of a page through the staking contract.
    Paying {
        /// The row.
        at: u32,
        /// The page of weights.
        page: u32,
        /// The first entry of the part.
        entry: u32,
    },
    /// Writes the next page of the list of rewards.
    Listing,
    /// Creates the campaign.
    Finishing,
}

impl Stage {
    /// Returns the code in answers.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Collecting { .. } => 1,
            Self::Flooring { .. } => 2,
            Self::Searching { .. } => 3,
            Self::Paying { .. } => 4,
            Self::Listing => 5,
            Self::Finishing => 6,
        }
    }
}

/// A row of the split that is shared by weights.
#[derive(Clone, Debug, PartialEq, Eq, Scale)]
pub struct Shared {
    /// Who shares it: the code of a [`florin_tokenomics::split::RowKind`].
    pub kind: u8,
    /// What is shared.
    pub pool: u128,
    /// What the weights sum to, as their contract says.
    pub total: u128,
    /// What the collected ones sum to.
    pub weight: u128,
    /// How many pages of weights there are.
    pub pages: u32,
    /// What the floors sum to.
    pub floors: u128,
    /// Who gets a wei of the remainder: those with a larger fraction, and the first `ties` with this one.
    pub fraction: u128,
    /// See `fraction`.
    pub ties: u32,
    /// The entry of the weights that the list comes to next: page and place.
    pub next: (u32, u32),
}

impl Shared {
    /// Begins with a row of which nothing is collected yet.
    pub(crate) const fn new(kind: u8, pool: u128, total: u128) -> Self {
        let threshold = Threshold::NOBODY;
        let (fraction, ties) = (threshold.fraction, threshold.ties);
        Self { kind, pool, total, weight: 0, pages: 0, floors: 0, fraction, ties, next: (0, 0) }
    }

    pub(crate) const fn threshold(&self) -> Threshold {
        Threshold { fraction: self.fraction, ties: self.ties }
    }

    pub(crate) const fn set_threshold(&mut self, threshold: Threshold) {
        self.fraction = threshold.fraction;
        self.ties = threshold.ties;
    }
}

/// A search as it is stored; see [`Search`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Scale)]
pub struct Counts {
    /// The digits that are known.
    pub prefix: u128,
    /// Bits behind the digit that is counted.
    pub shift: u32,
    /// How many fractions have each digit.
    pub counts: Vec<u32>,
    /// How many are still to be found.
    pub wanted: u32,
}

impl Counts {
    pub(crate) fn take(&mut self) -> Search {
        Search { prefix: self.prefix, shift: self.shift, counts: core::mem::take(&mut self.counts) }
    }

    pub(crate) fn put(&mut self, search: Search) {
        let Search { prefix, shift, counts } = search;
        *self = Self { prefix, shift, counts, wanted: self.wanted };
    }
}
