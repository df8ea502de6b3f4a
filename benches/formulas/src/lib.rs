//! The economy's formulas over and over, as a contract and as plain Rust: what `u128_formulas` measures.
//!
//! Guarantees that both run the same code on the same operands and answer with the same checksum.
#![cfg_attr(not(test), no_std)]

pub mod operands;
pub mod work;

/// The contract: runs one formula.
#[florin_sdk::contract]
pub mod formulas {
    use florin_sdk::prelude::*;

    use crate::operands::Operands;
    use crate::work;

    /// What the operands are made from.
    #[storage]
    pub struct Formulas {
        seed: Item<u64>,
    }

    impl Formulas {
        /// Sets the seed of the operands.
        #[init]
        pub fn new(&mut self, seed: u64) {
            self.seed.set(&seed);
        }

        /// Computes a formula over all operands, so many times; returns the checksum of the results.
        pub fn compute(&self, formula: u32, rounds: u32) -> u64 {
            let operands = Operands::new(self.seed.get().unwrap_or_default());
            work::compute(formula, &operands, rounds)
        }
    }
}
