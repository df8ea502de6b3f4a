//! A matrix of weights: a row for each validator, a column for each miner.
//!
//! Guarantees that what is held is not empty, has the shape that was asked for, holds no negative weight, and that each
//! row is one whole, exactly. The checks run in that order, so that two readers name the same first mistake.

use alloc::vec::Vec;

use thiserror::Error;

use crate::ratio::Ppm;
use crate::units::PPM;

/// Checked rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightMatrix {
    rows: Vec<Vec<Ppm>>,
}

/// The first thing that is wrong with a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MatrixError {
    /// It has no row or no column.
    #[error("the matrix is empty")]
    Empty,
    /// It has another number of rows.
    #[error("the matrix has {actual} rows instead of {expected}")]
    Rows {
        /// Rows that it has.
        actual: usize,
        /// Rows that it should have.
        expected: usize,
    },
    /// A row has another length.
    #[error("row {row} has {actual} weights instead of {expected}")]
    Columns {
        /// The row.
        row: usize,
        /// Weights that it has.
        actual: usize,
        /// Weights that it should have.
        expected: usize,
    },
    /// A weight is negative.
    #[error("weight {column} of row {row} is negative: {weight}")]
    Negative {
        /// The row.
        row: usize,
        /// The place in the row.
        column: usize,
        /// The weight.
        weight: i64,
    },
    /// A row is not one whole.
    #[error("row {row} sums to {sum_ppm} ppm instead of 1000000")]
    Sum {
        /// The row.
        row: usize,
        /// What it sums to.
        sum_ppm: i128,
    },
}

impl WeightMatrix {
    /// Checks rows of weights in ppm, of a shape in rows and columns.
    ///
    /// # Errors
    /// The first mistake, looked for in the order empty, shape, negative, sum.
    pub fn new(rows: &[Vec<i64>], shape: (usize, usize)) -> Result<Self, MatrixError> {
        if rows.is_empty() || rows.iter().all(Vec::is_empty) {
            return Err(MatrixError::Empty);
        }
        if rows.len() != shape.0 {
            return Err(MatrixError::Rows { actual: rows.len(), expected: shape.0 });
        }
        if let Some((row, weights)) = rows.iter().enumerate().find(|(_, weights)| weights.len() != shape.1) {
            return Err(MatrixError::Columns { row, actual: weights.len(), expected: shape.1 });
        }
        for (row, weights) in rows.iter().enumerate() {
            if let Some((column, weight)) = weights.iter().enumerate().find(|(_, weight)| **weight < 0) {
                return Err(MatrixError::Negative { row, column, weight: *weight });
            }
        }
        for (row, weights) in rows.iter().enumerate() {
            let sum_ppm = weights.iter().fold(0_i128, |sum, weight| sum.saturating_add((*weight).into()));
            if sum_ppm != i128::from(PPM) {
                return Err(MatrixError::Sum { row, sum_ppm });
            }
        }
        // None is negative and together they are one whole, so that each is a ratio.
        let ppm = |weight: &i64| Ppm::saturating(u128::from(weight.unsigned_abs()));
        Ok(Self { rows: rows.iter().map(|weights| weights.iter().map(ppm).collect()).collect() })
    }

    /// Returns the rows.
    pub fn rows(&self) -> &[Vec<Ppm>] {
        &self.rows
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::{MatrixError, WeightMatrix};

    #[test]
    fn a_matrix_of_wholes_is_held_as_it_is() {
        let rows = vec![vec![400_000, 600_000, 0], vec![0, 0, 1_000_000]];
        let held = WeightMatrix::new(&rows, (2, 3)).map(|matrix| {
            matrix.rows().iter().flatten().map(|weight| i64::from(weight.get())).collect::<vec::Vec<_>>()
        });
        assert_eq!(held, Ok(rows.concat()));
    }

    #[test]
    fn the_first_mistake_is_named_in_the_defined_order() {
        let check = |rows: &[vec::Vec<i64>]| WeightMatrix::new(rows, (2, 2)).map(|_| ());
        assert_eq!(check(&[]), Err(MatrixError::Empty));
        assert_eq!(check(&[vec![], vec![]]), Err(MatrixError::Empty));
        // Each of these has every later mistake as well.
        assert_eq!(check(&[vec![-1]]), Err(MatrixError::Rows { actual: 1, expected: 2 }));
        assert_eq!(check(&[vec![-1, 2], vec![3]]), Err(MatrixError::Columns { row: 1, actual: 1, expected: 2 }));
        assert_eq!(check(&[vec![1, 2], vec![3, -4]]), Err(MatrixError::Negative { row: 1, column: 1, weight: -4 }));
        assert_eq!(check(&[vec![500_000, 500_000], vec![1, 2]]), Err(MatrixError::Sum { row: 1, sum_ppm: 3 }));
        assert_eq!(
            check(&[vec![i64::MAX, i64::MAX], vec![1, 2]]),
            Err(MatrixError::Sum { row: 0, sum_ppm: i128::from(i64::MAX) * 2 })
        );
    }
}
