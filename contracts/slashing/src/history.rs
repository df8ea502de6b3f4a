//! The history of a validator's slashes (economy E26).
//!
//! Guarantees that slashes are numbered from 0 in the order of their blocks, so that a window is read from its end. Costs a read
//! a slash of the window.

use florin_sdk::FixedBytes;
use florin_sdk::prelude::*;

use crate::storage::{Slash, Slashing};

impl Slashing {
    /// Returns how often a validator was slashed.
    pub(crate) fn slash_count(&self, validator: Address) -> u32 {
        self.records.get_or_default(&validator).slash_count
    }

    /// Returns a slash by its number.
    pub(crate) fn slash_of(&self, validator: Address, number: u32) -> Option<Slash> {
        self.slashes.get(&(validator, FixedBytes::new(number.to_be_bytes())))
    }

    /// Returns how often a validator was slashed since a height, and how much.
    pub(crate) fn slashes_since(&self, validator: Address, oldest: u64) -> (u32, u128) {
        let (mut number, mut count, mut amount) = (self.slash_count(validator), 0_u32, 0_u128);
        while let Some(before) = number.checked_sub(1) {
            number = before;
            match self.slash_of(validator, number) {
                Some(slash) if slash.height >= oldest => {
                    count = count.saturating_add(1);
                    amount = amount.saturating_add(slash.amount);
                }
                _ => break,
            }
        }
        (count, amount)
    }
}
