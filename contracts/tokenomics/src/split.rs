//! The split of an epoch's distribution into pools (economy E10), by a table of any number of rows.
//!
//! Guarantees that the rows of a table sum to one whole, and that the pools sum to the amount exactly. What belongs to a
//! row without a recipient goes to the treasury's row.

use alloc::vec::Vec;

use thiserror::Error;

use crate::ratio::Ppm;
use crate::shares::{Pool, SharesError};
use crate::units::PPM;

/// A checked table of shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitTable {
    rows: Vec<u128>,
    treasury: usize,
}

/// Who gets a row of the split; the number is its code in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RowKind {
    /// An account.
    Account = 0,
    /// Miners by score, who claim.
    Miners = 1,
    /// Validators by effective stake, who claim.
    Validators = 2,
    /// Validators by effective stake, paid through the staking contract, which pays their delegators.
    Staking = 3,
}

impl RowKind {
    /// Returns the code.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Returns the kind with this code.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Account),
            1 => Some(Self::Miners),
            2 => Some(Self::Validators),
            3 => Some(Self::Staking),
            _ => None,
        }
    }
}

/// Why a table is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SplitTableError {
    /// The shares are not one whole.
    #[error("the shares of a split sum to 1000000 ppm, these to {sum_ppm}")]
    Sum {
        /// What they sum to.
        sum_ppm: u64,
    },
    /// The treasury has no row.
    #[error("the treasury's row {row} is not in a table of {rows}")]
    Treasury {
        /// The row that was named.
        row: usize,
        /// Rows of the table.
        rows: usize,
    },
}

impl SplitTable {
    /// Takes the shares in their order, and which row is the treasury's.
    ///
    /// # Errors
    /// If they do not sum to one whole, or the treasury has no row.
    pub fn new(rows: &[Ppm], treasury: usize) -> Result<Self, SplitTableError> {
        let sum_ppm = rows.iter().fold(0_u64, |sum, row| sum.saturating_add(u64::from(row.get())));
        if sum_ppm != u64::from(PPM) {
            return Err(SplitTableError::Sum { sum_ppm });
        }
        if treasury >= rows.len() {
            return Err(SplitTableError::Treasury { row: treasury, rows: rows.len() });
        }
        Ok(Self { rows: rows.iter().map(|row| row.wide()).collect(), treasury })
    }

    /// Splits an amount; `has_recipient` tells of a row whether somebody is to be paid from it. Returns wei by row. Costs a look
    /// at all rows for each wei of the remainder, of which there are fewer than rows.
    ///
    /// # Errors
    /// None for a table that was made by [`Self::new`]: its weights are above 0 and their sum is small.
    pub fn split(&self, amount: u128, has_recipient: impl Fn(usize) -> bool) -> Result<Vec<u128>, SharesError> {
        let whole = Pool::new(amount, u128::from(PPM))?;
        let mut pools = Vec::with_capacity(self.rows.len());
        let mut fractions = Vec::with_capacity(self.rows.len());
        let mut left = amount;
        for row in &self.rows {
            let part = whole.share(*row)?;
            left = left.saturating_sub(part.quotient);
            pools.push(part.quotient);
            fractions.push(part.remainder);
        }
        while left > 0 {
            let mut best = (0_u128, None);
            for (pool, fraction) in pools.iter_mut().zip(&mut fractions) {
                if *fraction > best.0 {
                    best = (*fraction, Some((pool, fraction)));
                }
            }
            let (_, Some((pool, fraction))) = best else { break };
            *pool = pool.saturating_add(1);
            *fraction = 0;
            left = left.saturating_sub(1);
        }
        let mut orphaned = 0_u128;
        for (row, pool) in pools.iter_mut().enumerate() {
            if row != self.treasury && !has_recipient(row) {
                orphaned = orphaned.saturating_add(core::mem::take(pool));
            }
        }
        if let Some(treasury) = pools.get_mut(self.treasury) {
            *treasury = treasury.saturating_add(orphaned);
        }
        Ok(pools)
    }
}

impl Default for SplitTable {
    /// Returns miners 40 %, validators 40 %, treasury 20 %.
    fn default() -> Self {
        Self { rows: Vec::from([400_000, 400_000, 200_000]), treasury: 2 }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use alloc::vec;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::{SplitTable, SplitTableError};
    use crate::ratio::Ppm;

    fn rows(ppm: &[u32]) -> Vec<Ppm> {
        ppm.iter().map(|ppm| Ppm::new(*ppm).unwrap()).collect()
    }

    #[test]
    fn the_default_split_is_40_40_20_to_the_last_wei() {
        let table = SplitTable::default();
        assert_eq!(SplitTable::new(&rows(&[400_000, 400_000, 200_000]), 2), Ok(table.clone()));
        assert_eq!(table.split(50_000_000_000, |_| true), Ok(vec![20_000_000_000, 20_000_000_000, 10_000_000_000]));
        // Fractions .4, .4 and .2: the one wei goes to the first.
        assert_eq!(table.split(1, |_| true), Ok(vec![1, 0, 0]));
        assert_eq!(table.split(6, |_| true), Ok(vec![3, 2, 1]));
    }

    #[test]
    fn what_nobody_is_to_get_goes_to_the_treasury() {
        let table = SplitTable::default();
        assert_eq!(table.split(10, |row| row != 0), Ok(vec![0, 4, 6]));
        assert_eq!(table.split(10, |_| false), Ok(vec![0, 0, 10]));
    }

    #[test]
    fn a_table_that_is_no_whole_or_has_no_treasury_is_refused() {
        assert_eq!(SplitTable::new(&rows(&[400_000, 400_000]), 1), Err(SplitTableError::Sum { sum_ppm: 800_000 }));
        assert_eq!(SplitTable::new(&[], 0), Err(SplitTableError::Sum { sum_ppm: 0 }));
        let beyond = SplitTable::new(&rows(&[1_000_000]), 1);
        assert_eq!(beyond, Err(SplitTableError::Treasury { row: 1, rows: 1 }));
    }

    proptest! {
        #[test]
        fn the_rows_are_the_shares_of_the_definition(amount: u128, cuts in prop::collection::vec(0..=1_000_000_u32, 1..9)) {
            let mut cuts = cuts;
            cuts.extend([0, 1_000_000]);
            cuts.sort_unstable();
            let table: Vec<u32> = cuts.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let weights: Vec<u128> = table.iter().map(|row| u128::from(*row)).collect();
            let pools = SplitTable::new(&rows(&table), 0).unwrap().split(amount, |_| true);
            prop_assert_eq!(pools, crate::shares::divide(amount, &weights));
        }

        #[test]
        fn seven_rows_give_the_amount_exactly(amount: u128, cuts in prop::collection::vec(0..=1_000_000_u32, 6), absent in 0..128_u8) {
            let mut cuts = cuts;
            cuts.extend([0, 1_000_000]);
            cuts.sort_unstable();
            let table: Vec<u32> = cuts.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let table = SplitTable::new(&rows(&table), 6).unwrap();
            let pools = table.split(amount, |row| absent >> row & 1 == 0).unwrap();
            prop_assert_eq!(pools.iter().try_fold(0_u128, |sum, pool| sum.checked_add(*pool)), Some(amount));
        }
    }
}
