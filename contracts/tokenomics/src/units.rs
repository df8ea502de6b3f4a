//! The coin, its smallest unit, the supply, and the lengths of time that claims know.
//!
//! Amounts are wei in `u128`; time is block height. The values are defaults of the genesis.

/// Wei in one MDT. A wei is the smallest unit.
pub const WEI_PER_MDT: u128 = 1_000_000_000;

/// The most that is ever minted, in MDT. A burned coin is never minted again.
pub const MAX_SUPPLY_MDT: u128 = 21_000_000;

/// The most that is ever minted, in wei.
pub const MAX_SUPPLY: u128 = MAX_SUPPLY_MDT * WEI_PER_MDT;

/// Ratios are parts per million: 0 to this.
pub const PPM: u32 = 1_000_000;

/// Length of an epoch, in blocks.
pub const EPOCH_BLOCKS: u64 = 50;

/// How long claims stay open by default, in blocks: 7 days at 12 seconds.
pub const CLAIM_WINDOW_BLOCKS: u64 = 50_400;

#[cfg(test)]
mod tests {
    use super::{CLAIM_WINDOW_BLOCKS, EPOCH_BLOCKS, MAX_SUPPLY};

    #[test]
    fn the_supply_fits_64_bits_and_the_week_is_whole_epochs() {
        assert_eq!(MAX_SUPPLY, 21_000_000_000_000_000);
        assert!(u64::try_from(MAX_SUPPLY).is_ok());
        assert_eq!(CLAIM_WINDOW_BLOCKS * 12, 7 * 24 * 60 * 60);
        assert_eq!(CLAIM_WINDOW_BLOCKS % EPOCH_BLOCKS, 0);
    }
}
