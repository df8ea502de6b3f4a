//! The epoch machine: what the hook does in a block.
//!
//! ```text
//!   next epoch due and final? -> begin: figures, money, split -> rewards advance .. -> finish
//!          ^      (the registry is asked to finalize it)                                                 |
//!          +-------------------------------------------- next epoch ---------------------------------------+
//! ```
//! Guarantees that epochs are settled one after the other, each once; that a block begins no step without [`STEP_GAS`], and does
//! at most [`CALLS_MAX`] of them; and that a step which fails leaves everything as it was before that step. It ends the work of
//! the block, is told by an event, and is tried again in the next block; what was done before it in the block stays. So each step
//! is one call of another contract, or, where it takes several, a call of this contract by itself.

use alloc::boxed::Box;

use florin_sdk::abi::Octets;
use florin_sdk::env::ContractCall;
use florin_sdk::prelude::*;
use florin_sdk::words::selector;
use florin_sdk::{ContractError, Status};
use florin_tokenomics::split::RowKind;
use florin_tokenomics::units::epoch_of;
use florin_tokenomics::utility::{Metrics, utility};

use crate::errors::EmissionError;
use crate::events::{EpochSettled, StepFailed};
use crate::rules::{Rules, ppm};
use crate::sources;
use crate::storage::{Emission, Figures, Fixed, RECORD_EPOCHS, Record};

/// The code of a row that an account gets.
const ACCOUNT: u8 = RowKind::Account.code();
/// The code of a row that miners share.
const MINERS: u8 = RowKind::Miners.code();

/// The result of a part of a step. The error is boxed, because it is large and passed on from everywhere.
pub(crate) type Step<T> = Result<T, Box<EmissionError>>;

/// Why a step failed: how its call ended, and the revert data.
pub(crate) struct Failure {
    status: Status,
    reason: Vec<u8>,
}

impl From<Box<EmissionError>> for Box<Failure> {
    fn from(error: Box<EmissionError>) -> Self {
        Self::new(Failure { status: Status::Reverted, reason: error.encode() })
    }
}

/// This contract: the step that begins an epoch.
const BEGIN_NEXT: [u8; 4] = selector("beginNext()");

/// Epochs after an epoch until it can be settled: in the one behind it validators reveal their weights and report.
pub const DELAY_EPOCHS: u64 = 2;

/// The gas without which no step is begun: more than the dearest step takes.
pub const STEP_GAS: u64 = 12_000_000;

/// The steps of a block: epochs that are begun, and calls of the registry, the rewards and the claims.
pub const CALLS_MAX: u32 = 64;

/// How many steps the registry is asked to go at a time. With 256 validators one takes some 3,500,000 gas.
const FINALIZE_STEPS: u32 = 1;

/// What is left for this block.
pub(crate) struct Budget {
    calls: u32,
}

impl Budget {
    /// Takes a step; false when the block ends instead.
    fn take(&mut self) -> bool {
        match self.calls.checked_sub(1) {
            Some(rest) if env().gas_left() >= STEP_GAS => {
                self.calls = rest;
                true
            }
            _ => false,
        }
    }
}

impl Emission {
    /// Does what a block allows, up to the first step that fails.
    pub(crate) fn run(&mut self) {
        let Some(fixed) = self.fixed.get() else { return };
        if let Err(failure) = self.settle(&fixed, &mut Budget { calls: CALLS_MAX }) {
            let Failure { status, reason } = *failure;
            let epoch = self.next_epoch.get_or_default();
            env().emit(&StepFailed { epoch, status: status.code(), reason: Octets(reason) });
        }
    }

    fn settle(&mut self, fixed: &Fixed, budget: &mut Budget) -> Result<(), Box<Failure>> {
        loop {
            if !self.under_way.exists() {
                let epoch = self.next_epoch.get_or_default();
                if !is_due(fixed, epoch) || !is_final(fixed, epoch, budget)? || !budget.take() {
                    return Ok(());
                }
                begin_next()?;
            }
            if !budget.take() {
                return Ok(());
            }
            if let Some(outcome) = sources::advance(&fixed.rewards)? {
                self.finish(outcome);
            }
        }
    }

    /// Begins the next epoch: figures, money, split. The hook has seen that its time has come and that its outcome is final.
    pub(crate) fn begin(&mut self) -> Step<()> {
        let (Some(fixed), epoch) = (self.fixed.get(), self.next_epoch.get_or_default()) else { return Ok(()) };
        if let Some(rules) = self.changes.take(&epoch) {
            self.rules.set(&rules);
        }
        let Some(rules) = self.rules.get() else { return Ok(()) };
        let figures = self.figures(&fixed, &rules, epoch)?;
        self.fund(&fixed, &figures)?;
        let last_block = env().block_height().saturating_add(rules.claim_window()).saturating_sub(1);
        let pools = split(&fixed, &rules, epoch, (figures.distributed, last_block))?;
        let (root, leaf_count, claimable, height) = (B256::ZERO, 0, 0, 0);
        self.under_way.set(&Record { epoch, figures, pools, root, leaf_count, claimable, height });
        Ok(())
    }

    /// Computes the figures of an epoch (E5 to E9).
    fn figures(&self, fixed: &Fixed, rules: &Rules, epoch: u64) -> Step<Figures> {
        let mut figures = Figures::default();
        if !fixed.registry.is_zero() {
            let (tasks, difficulty, participation, quality) = sources::metrics(&fixed.registry, epoch)?;
            figures = Figures { tasks, difficulty, participation, quality, ..figures };
        }
        let Figures { tasks, difficulty, participation, quality, .. } = figures;
        let quality = ppm(quality)?;
        let metrics = Metrics { tasks, difficulty: ppm(difficulty)?, participation: ppm(participation)?, quality };
        let utility = utility(&metrics, rules.tasks_full(), &rules.utility_weights()?);
        let supply = env().supply();
        let minted = supply.genesis.saturating_add(supply.minted);
        let pool = sources::pool(&fixed.recycling)?;
        let max_supply = if cfg!(feature = "bug-cap-ignored") { u128::MAX } else { supply.max };
        let closed = rules.emission(max_supply)?.close(epoch, utility, quality, pool, minted);
        Ok(Figures {
            utility: utility.get(),
            emitted: closed.emitted,
            unmet: closed.unmet,
            distributed: closed.distributed,
            from_pool: closed.from_pool,
            minted: closed.minted,
            ..figures
        })
    }

    /// Makes the epoch's money: takes from the pool, mints, burns what was not met. What is burned is minted first, so that the
    /// ledger's totals tell of it, and it is never minted again.
    fn fund(&self, fixed: &Fixed, figures: &Figures) -> Step<()> {
        let Figures { unmet, from_pool, minted, .. } = *figures;
        let fresh = minted.saturating_add(unmet);
        if fresh > 0 {
            env().mint(env().self_address(), fresh).map_err(refused)?;
        }
        if unmet > 0 || from_pool > 0 {
            sources::settle_pool(&fixed.recycling, from_pool, unmet)?;
        }
        Ok(())
    }

    /// Ends an epoch: record and event.
    fn finish(&mut self, (root, leaf_count, claimable): (B256, u32, u128)) {
        let Some(begun) = self.under_way.take() else { return };
        let epoch = begun.epoch;
        let record = Record { root, leaf_count, claimable, height: env().block_height(), ..begun };
        self.records.set(&slot(epoch), &record);
        self.next_epoch.set(&epoch.saturating_add(1));
        let metrics = record.figures.metrics();
        let (figures, utility, pools) = (record.figures.amounts(), record.figures.utility, record.pools);
        env().emit(&EpochSettled { epoch, metrics, utility, figures, pools, root, leaf_count, claimable });
    }
}

/// Begins the next epoch, all of it or nothing.
fn begin_next() -> Result<(), Box<Failure>> {
    let to = env().self_address();
    let call = ContractCall { to, value: 0, gas: u64::MAX, input: &BEGIN_NEXT, read_only: false };
    env().call(&call).map(|_| ()).map_err(|(status, reason)| Box::new(Failure { status, reason }))
}

/// Tells whether an epoch is over, and the one behind it, in which its weights are shown.
fn is_due(fixed: &Fixed, epoch: u64) -> bool {
    let now = epoch_of(env().block_height(), fixed.epoch_blocks);
    epoch.checked_add(DELAY_EPOCHS).is_some_and(|due| now >= due)
}

/// Returns the place of an epoch among those whose records are kept.
pub(crate) fn slot(epoch: u64) -> u8 {
    let place = epoch.checked_rem(RECORD_EPOCHS).unwrap_or_default();
    u8::try_from(place).unwrap_or_default()
}

/// Splits the distribution (E10): pays the rows that an account gets, and gives the shared ones to the rewards contract.
fn split(fixed: &Fixed, rules: &Rules, epoch: u64, (distributed, last_block): (u128, u64)) -> Step<Vec<u128>> {
    let mut totals = Vec::with_capacity(rules.rows().len());
    for (_, kind, account) in rules.rows() {
        totals.push(match *kind {
            ACCOUNT => u128::from(!account.is_zero()),
            _ if distributed == 0 => 0,
            MINERS if fixed.registry.is_zero() => 0,
            MINERS => sources::outcome(&fixed.registry, epoch)?.1,
            _ if fixed.staking.is_zero() => 0,
            _ => sources::total_stake(&fixed.staking, epoch)?,
        });
    }
    let has_recipient = |row: usize| totals.get(row).is_some_and(|total| *total > 0);
    let pools = rules.table()?.split(distributed, has_recipient);
    let pools = pools.map_err(|_| Box::new(EmissionError::NotBalanced { epoch }))?;
    let (mut shared, mut sum) = (Vec::with_capacity(rules.rows().len()), 0_u128);
    for (((_, kind, account), pool), total) in rules.rows().iter().zip(&pools).zip(&totals) {
        if *pool == 0 {
            continue;
        }
        if *kind == ACCOUNT {
            env().transfer(*account, *pool).map_err(refused)?;
        } else {
            shared.push((*kind, *pool, *total));
            sum = sum.saturating_add(*pool);
        }
    }
    sources::begin(&fixed.rewards, (epoch, last_block), &shared, sum)?;
    Ok(pools)
}

/// Tells whether the registry's outcome of an epoch is final, after asking it to go on as far as the block allows.
fn is_final(fixed: &Fixed, epoch: u64, budget: &mut Budget) -> Step<bool> {
    if fixed.registry.is_zero() {
        return Ok(true);
    }
    if sources::outcome(&fixed.registry, epoch)?.0 {
        return Ok(true);
    }
    while budget.take() {
        if sources::finalize(&fixed.registry, FINALIZE_STEPS)? > u128::from(epoch) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[inline(never)]
fn refused(error: florin_sdk::env::MoneyError) -> Box<EmissionError> {
    Box::new(EmissionError::LedgerRefused { status: error.0.code() })
}
