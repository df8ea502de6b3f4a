//! The rules of an epoch: every parameter of E6 to E10 and E18, checked.
//!
//! Guarantees that rules which were accepted can be followed in every epoch: ratios are ratios, weights and shares are one
//! whole, and the treasury is somebody. They are stored as the message brought them, in the ABI's words.

use alloc::boxed::Box;

use florin_sdk::AbiType;
use florin_sdk::prelude::*;
use florin_tokenomics::Ppm;
use florin_tokenomics::emission::EmissionRules;
use florin_tokenomics::split::{RowKind, SplitTable};
use florin_tokenomics::utility::UtilityWeights;
use florin_tokenomics::validate::AMOUNT_MAX;

use crate::errors::EmissionError;
use crate::machine::Step;

/// The most rows of a split.
pub const ROWS_MAX: u32 = 16;

/// Rules as messages carry them:
/// - wei of an epoch of full utility before the first halving,
/// - epochs between two halvings (0: there is none),
/// - quality below which a part is burned, in ppm,
/// - tasks that count in full,
/// - what tasks, difficulty and participation weigh, in ppm,
/// - blocks in which rewards can be claimed,
/// - the row that gets what has no recipient,
/// - the rows of the split: share in ppm, code of a [`RowKind`], account (zero but for an account's row).
pub type RuleTerms = (u128, u64, u32, u64, u32, u32, u32, u64, u32, Vec<(u32, u8, Address)>);

/// Rules that were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules(RuleTerms);

impl Rules {
    /// Checks rules.
    pub(crate) fn new(terms: RuleTerms) -> Step<Self> {
        let rules = Self(terms);
        let (base, _, quality_threshold, .., claim_window, treasury_row, ref rows) = rules.0;
        ppm(quality_threshold)?;
        rules.utility_weights()?;
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        if count > ROWS_MAX || treasury_row >= count {
            return Err(Box::new(EmissionError::InvalidTable { rows: count, treasury_row }));
        }
        for (row, (_, kind, account)) in (0_u32..).zip(rows) {
            let (has_account, is_treasury) = (!account.is_zero(), row == treasury_row);
            let is_right = match RowKind::from_code(*kind) {
                Some(RowKind::Account) => has_account || !is_treasury,
                Some(_) => !has_account && !is_treasury,
                None => false,
            };
            if !is_right {
                return Err(Box::new(EmissionError::InvalidRow { row, kind: *kind, account: *account }));
            }
        }
        rules.table()?;
        if base > AMOUNT_MAX || claim_window == 0 {
            return Err(Box::new(EmissionError::InvalidAmounts { base, base_max: AMOUNT_MAX, claim_window }));
        }
        Ok(rules)
    }

    /// Returns the rules as messages carry them.
    pub(crate) fn terms(self) -> RuleTerms {
        self.0
    }

    /// Returns the rows of the split.
    pub(crate) fn rows(&self) -> &[(u32, u8, Address)] {
        &self.0.9
    }

    /// Returns how many blocks rewards can be claimed in.
    pub(crate) const fn claim_window(&self) -> u64 {
        self.0.7
    }

    /// Returns how many tasks count in full.
    pub(crate) const fn tasks_full(&self) -> u64 {
        self.0.3
    }

    /// Returns what decides an emission, where so much may ever be minted.
    pub(crate) fn emission(&self, max_supply: u128) -> Step<EmissionRules> {
        let (base, halving_epochs, quality_threshold, ..) = self.0;
        Ok(EmissionRules { base, halving_epochs, max_supply, quality_threshold: ppm(quality_threshold)? })
    }

    pub(crate) fn utility_weights(&self) -> Step<UtilityWeights> {
        let (_, _, _, _, tasks, difficulty, participation, ..) = self.0;
        UtilityWeights::new(ppm(tasks)?, ppm(difficulty)?, ppm(participation)?)
            .map_err(|error| Box::new(EmissionError::WeightsSum { sum_ppm: error.sum_ppm }))
    }

    /// Returns the table of the split.
    pub(crate) fn table(&self) -> Step<SplitTable> {
        let (mut shares, mut sum_ppm) = (Vec::with_capacity(self.rows().len()), 0_u32);
        for (share, ..) in self.rows() {
            shares.push(ppm(*share)?);
            sum_ppm = sum_ppm.saturating_add(*share);
        }
        let treasury = usize::try_from(self.0.8).unwrap_or(usize::MAX);
        SplitTable::new(&shares, treasury).map_err(|_| Box::new(EmissionError::SharesSum { sum_ppm }))
    }
}

impl Scale for Rules {
    fn encode_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.encode_values());
    }

    fn decode_from(input: &mut &[u8]) -> Option<Self> {
        let terms = RuleTerms::decode_values(input).ok()?;
        *input = &[];
        Some(Self(terms))
    }
}

#[inline(never)]
pub(crate) fn ppm(ppm: u32) -> Step<Ppm> {
    Ppm::new(ppm).map_err(|_| Box::new(EmissionError::InvalidRatio { ppm }))
}
