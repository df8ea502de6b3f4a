//! The coin, its smallest unit, the supply, and the lengths of time that claims and stakes know.
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

/// The least that a validator stakes by default, in wei.
pub const STAKE_MIN: u128 = 100 * WEI_PER_MDT;

/// How long unbonding takes by default, in blocks: 21 days at 12 seconds.
pub const UNBONDING_BLOCKS: u64 = 151_200;

/// How long claims stay open by default, in blocks: 7 days at 12 seconds.
pub const CLAIM_WINDOW_BLOCKS: u64 = 50_400;

/// Returns the epoch of a block, of epochs of this many blocks; the genesis is block 0 of epoch 0. Epochs of no blocks are one.
pub const fn epoch_of(height: u64, epoch_blocks: u64) -> u64 {
    match height.checked_div(epoch_blocks) {
        Some(epoch) => epoch,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{CLAIM_WINDOW_BLOCKS, EPOCH_BLOCKS, MAX_SUPPLY, UNBONDING_BLOCKS, epoch_of};

    #[test]
    fn the_supply_fits_64_bits_and_the_week_is_whole_epochs() {
        assert_eq!(MAX_SUPPLY, 21_000_000_000_000_000);
        assert!(u64::try_from(MAX_SUPPLY).is_ok());
        assert_eq!(CLAIM_WINDOW_BLOCKS * 12, 7 * 24 * 60 * 60);
        assert_eq!(CLAIM_WINDOW_BLOCKS % EPOCH_BLOCKS, 0);
        assert_eq!(UNBONDING_BLOCKS * 12, 21 * 24 * 60 * 60);
        assert_eq!(UNBONDING_BLOCKS % EPOCH_BLOCKS, 0);
    }

    #[test]
    fn an_epoch_begins_with_its_first_block() {
        assert_eq!([0, 49, 50, u64::MAX].map(|height| epoch_of(height, 50)), [0, 0, 1, u64::MAX / 50]);
        assert_eq!(epoch_of(7, 0), 0);
    }
}
