//! The economy's formulas over and over, as a contract and as plain Rust: what `u128_formulas` measures.
//!
//! Guarantees that both run the same code on the same operands and answer with the same checksum.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

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

        /// Closes an epoch, as the emission contract computes it: utility, emission and split of its four metrics (tasks; difficulty,
        /// participation and quality in ppm) and of (recycling pool, minted so far) in wei. Returns the utility in ppm, what is emitted
        /// and minted, and what each row of the split gets.
        pub fn epoch(
            &self,
            epoch: u64,
            metrics: (u64, u32, u32, u32),
            funds: (u128, u128),
        ) -> (u32, u128, u128, Vec<u128>) {
            let (utility, emission, rows) = work::epoch(epoch, metrics, funds);
            (utility.get(), emission.emitted, emission.minted, rows)
        }
    }
}
