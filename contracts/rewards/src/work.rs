//! What one call of a settlement does: as many steps as its memory and gas allow.
//!
//! Guarantees that a call does no more than that, whatever the number of accounts, and that one which fails leaves everything
//! as it was.
//!
//! Memory that a call has taken is not given back before it ends, and a contract has 1 MiB. So each step has a price in KiB,
//! measured with the longest pages, and a call ends when [`CALL_KIB`] are spent, or less than [`STEP_GAS`] is left.

use alloc::boxed::Box;

use florin_sdk::prelude::*;
use florin_tokenomics::split::RowKind;

use crate::errors::RewardsError;
use crate::pools::Buffers;
use crate::settlement::{Settlement, Shared, Stage};
use crate::sources;
use crate::storage::{Fixed, Rewards, slot};

/// The result of a step. The error is boxed, because it is large and passed on from everywhere.
pub(crate) type Step<T> = Result<T, Box<RewardsError>>;

/// The code of a row that miners share by score, and claim.
pub(crate) const MINERS: u8 = RowKind::Miners.code();
/// The code of a row that validators share by stake, and get through the staking contract.
pub(crate) const STAKING: u8 = RowKind::Staking.code();

/// The memory that the steps of a call may take, in KiB.
const CALL_KIB: u32 = 760;

/// The gas without which no step is begun: more than the dearest step takes.
pub const STEP_GAS: u64 = 8_000_000;

/// How an epoch ended: root, leaf count and total of its campaign.
pub(crate) type Outcome = (B256, u32, u128);

/// Returns the memory that a step takes, in KiB.
const fn price(stage: &Stage) -> u32 {
    match stage {
        Stage::Collecting { .. } => 8,
        Stage::Flooring { .. } | Stage::Searching { .. } => 1,
        Stage::Paying { .. } => 6,
        Stage::Listing => 36,
        Stage::Finishing => 16,
    }
}

impl Rewards {
    /// Does what a call allows; returns the outcome if that was all.
    pub(crate) fn work(&mut self) -> Step<Option<Outcome>> {
        let (Some(fixed), Some(mut settlement)) = (self.fixed.get(), self.settlement.get()) else {
            return Err(Box::new(RewardsError::Idle {}));
        };
        let mut buffers = Buffers::default();
        let mut kib = CALL_KIB;
        loop {
            let left = kib.checked_sub(price(&settlement.stage)).filter(|_| env().gas_left() >= STEP_GAS);
            let Some(left) = left else { break };
            kib = left;
            match settlement.stage {
                Stage::Collecting { at, after } => self.collect(&fixed, &mut settlement, &mut buffers, at, after)?,
                Stage::Flooring { at, page } | Stage::Searching { at, page } => {
                    self.count(&fixed, &mut settlement, &mut buffers, at, page)?;
                }
                Stage::Paying { at, page, entry } => {
                    self.pay(&fixed, &mut settlement, &mut buffers, (at, page, entry))?;
                }
                Stage::Listing => self.write_page(&fixed, &mut settlement, &mut buffers)?,
                Stage::Finishing => {
                    let outcome = self.finish(&fixed, &settlement)?;
                    self.settlement.remove();
                    return Ok(Some(outcome));
                }
            }
        }
        self.settlement.set(&settlement);
        Ok(None)
    }

    /// Ends an epoch: its campaign, and the rewards of its validators.
    fn finish(&mut self, fixed: &Fixed, settlement: &Settlement) -> Step<Outcome> {
        let Settlement { epoch, last_block, listed: leaf_count, claimable, .. } = *settlement;
        let mut claimed = 0_u128;
        for row in &settlement.shared {
            if row.kind != STAKING {
                claimed = claimed.saturating_add(row.pool);
            }
        }
        if claimed != claimable {
            return Err(Box::new(RewardsError::NotBalanced { epoch }));
        }
        if !fixed.staking.is_zero() {
            sources::close_epoch(&fixed.staking, epoch)?;
        }
        let mut root = B256::ZERO;
        if leaf_count > 0 {
            root = env().merkle_root(&settlement.page_roots);
            let terms = (root, leaf_count, claimable);
            sources::create_campaign((&fixed.claims, &fixed.recycling), epoch, terms, last_block)?;
        }
        self.listed.set(&slot(epoch), &(epoch, leaf_count));
        Ok((root, leaf_count, claimable))
    }
}

/// Returns the stage that takes up the shared row `at`, or what comes behind the last.
pub(crate) fn next_row(shared: &[Shared], at: u32) -> Stage {
    let is_row = usize::try_from(at).is_ok_and(|at| at < shared.len());
    if is_row {
        Stage::Collecting { at, after: Address::ZERO }
    } else if shared.iter().any(|row| row.kind != STAKING) {
        Stage::Listing
    } else {
        Stage::Finishing
    }
}
