//! Operands of the sizes that the economy has, made from a seed.

/// Rows of operands: few enough to stay in the fastest cache.
pub const ROWS: usize = 256;

/// A row: three random words.
pub type Row = [u64; 3];

/// Rows of operands.
#[derive(Clone, Debug)]
pub struct Operands {
    rows: [Row; ROWS],
}

impl Operands {
    /// Makes the rows of a seed, by Marsaglia's xorshift.
    pub fn new(seed: u64) -> Self {
        let mut word = seed | 1;
        let mut next = || {
            word ^= word << 13;
            word ^= word >> 7;
            word ^= word << 17;
            word
        };
        Self { rows: core::array::from_fn(|_| core::array::from_fn(|_| next())) }
    }

    /// Computes something of every row, so many times; returns the checksum of the results.
    #[inline(always)]
    pub fn sum(&self, rounds: u32, formula: impl Fn(&Row) -> u128) -> u64 {
        let mut sum = 0_u128;
        for _ in 0..rounds {
            for row in &self.rows {
                sum = sum.wrapping_add(formula(row));
            }
        }
        fold(sum)
    }

    /// The same, where each result enters the next.
    #[inline(always)]
    pub fn chain(&self, rounds: u32, formula: impl Fn(u128, &Row) -> u128) -> u64 {
        let mut sum = 1_u128;
        for _ in 0..rounds {
            for row in &self.rows {
                sum = formula(sum, row);
            }
        }
        fold(sum)
    }
}

/// Returns so many bits of a word, as a number.
#[inline(always)]
pub fn bits(word: u64, bits: u32) -> u128 {
    u128::from(word >> 64_u32.saturating_sub(bits))
}

#[expect(clippy::cast_possible_truncation, reason = "a checksum")]
fn fold(sum: u128) -> u64 {
    (sum >> 64) as u64 ^ sum as u64
}
