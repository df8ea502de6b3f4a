//! Chance that can be repeated: the same seed throws the same.
//!
//! The generator is splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014). For tests only.

/// A source of numbers that look like chance.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Takes a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Throws any number.
    pub const fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// Throws a number below a bound; 0 for the bound 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        let thrown = self.throw();
        match thrown.checked_rem(bound) {
            Some(rest) => rest,
            None => 0,
        }
    }

    /// Throws a place in a list of this length; 0 in an empty one.
    pub fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// Throws a coin.
    pub const fn coin(&mut self) -> bool {
        self.throw() & 1 == 1
    }

    /// Throws bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let words = core::iter::repeat_with(|| self.throw().to_le_bytes());
        words.take(length.div_ceil(8)).flatten().take(length).collect()
    }
}
