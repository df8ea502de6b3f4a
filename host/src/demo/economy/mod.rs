//! The whole economy in one run: miners, validators, emission, claims, stakes, slashes, burning, recycling and the treasury,
//! by signed transactions to the real contracts on a chain in memory.
//!
//! Guarantees that the supply equation was compared with the state after the genesis and after every block, every settled epoch
//! with the formulas, and the books with the state at the end of every epoch; whatever differs by a wei ends the run with what,
//! where and by how much. The same options give the same blocks on every run, on every engine and on any number of threads;
//! only times differ.
//!
//! Costs a few microseconds of a core for each weight that a validator gives, all that follows from it included; the report
//! tells what took how long.
//!
//! - `world`: the circle, block by block; `day`: what happens when.
//! - `ground`, `cast`, `contracts`: the genesis, who acts, on what.
//! - `voting`, `mining`, `delegating`, `governing`, `offences`, `attacks`: what they do; `work` what it is about; `desk` until it
//!   is done.
//! - `stage`, `money`: a block with its clocks and the supply equation; `books`, `audit`: what must hold.
//! - `report`, `promises`: what is shown, and whether all of it was.

mod attacks;
mod audit;
mod books;
mod cast;
mod contracts;
mod day;
mod delegating;
mod desk;
mod governing;
mod ground;
mod mining;
mod money;
mod offences;
mod promises;
mod report;
mod stage;
mod voting;
mod work;
mod world;

use std::num::NonZeroUsize;

use florin_runtime::block::{BlockError, CommittedBlock};
use florin_runtime::chain::{Chain, ChainConfig, ChainError};
use florin_runtime::fault::Fault;
use florin_runtime::transaction::Rejection;
use florin_runtime::vm::{EngineKind, VmConfig};
use florin_tokenomics::ClaimTreeError;
use florin_tokenomics::units::EPOCH_BLOCKS;
use thiserror::Error;

use self::cast::{Cast, Sizes};
use self::promises::{flows, invariants};
use self::stage::Stage;
use self::world::{World, newcomers_at_once};
use super::progress::Progress;
use super::report::{ratio, stages};
use crate::genesis::{GenesisFileError, Profile};
use crate::keys::KeyError;

pub use self::day::{EPOCH_BLOCKS_MIN, EPOCHS_MIN};
pub use self::report::{EconomyReport, EpochRow, MoneyFlow, Operation, SupplyEquation};

/// The fewest miners: one of 16 forgets its claims, and there is one to claim from.
pub const MINERS_MIN: u32 = 16;

/// The most miners: the slots of the registry.
pub const MINERS_MAX: u32 = 4_096;

/// The fewest validators: with one in jail and one that cheats, more than two thirds of the stake are honest.
pub const VALIDATORS_MIN: u32 = 4;

/// The most validators of a set.
pub const VALIDATORS_MAX: u32 = 256;

/// How the economy runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EconomyOptions {
    /// Epochs, at least [`EPOCHS_MIN`]. The genesis is the first block of epoch 0.
    pub epochs: u64,
    /// Blocks of an epoch, at least [`EPOCH_BLOCKS_MIN`].
    pub epoch_blocks: u64,
    /// Miners that register in the first epoch, from [`MINERS_MIN`] to [`MINERS_MAX`].
    pub miners: u32,
    /// Validators of the genesis, from [`VALIDATORS_MIN`] to [`VALIDATORS_MAX`].
    pub validators: u32,
    /// What all keys and all work derive from.
    pub seed: u64,
    /// Threads that verify signatures; `None` is one for each core.
    pub threads: Option<NonZeroUsize>,
    /// What runs the contracts.
    pub engine: EngineKind,
}

impl Default for EconomyOptions {
    fn default() -> Self {
        Self {
            epochs: 20,
            epoch_blocks: EPOCH_BLOCKS,
            miners: 2_000,
            validators: 50,
            seed: 0,
            threads: None,
            engine: VmConfig::default().engine,
        }
    }
}

/// Why the run ended early.
#[derive(Debug, Error)]
pub enum EconomyError {
    /// An option is out of its range.
    #[error("{what}: {least} to {most}, got {actual}")]
    Option {
        /// The option.
        what: &'static str,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
        /// What was asked for.
        actual: u64,
    },
    /// The seed gives no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The genesis is refused.
    #[error(transparent)]
    Genesis(#[from] GenesisFileError),
    /// The chain cannot begin.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A transaction does not enter a block.
    #[error("transaction rejected: {0}")]
    Rejected(#[from] Rejection),
    /// A block has no room for its transactions.
    #[error("{left} transactions found no room in the block")]
    BlockFull {
        /// Transactions that are left over.
        left: usize,
    },
    /// The chain refuses its own block.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// The rewards of an epoch make no claim tree.
    #[error("claim tree: {0}")]
    Tree(#[from] ClaimTreeError),
    /// A call, a hook or a question failed that must succeed.
    #[error("{what} failed in block {height}: {status} {error}")]
    Failed {
        /// The call.
        what: &'static str,
        /// The block.
        height: u64,
        /// The status in its receipt.
        status: &'static str,
        /// The decoded error.
        error: String,
    },
    /// Two figures differ that must be equal.
    #[error("{what} after block {height}: {expected} expected, {actual} found")]
    Differs {
        /// The block.
        height: u64,
        /// What differs.
        what: &'static str,
        /// By formulas or books.
        expected: String,
        /// On the chain.
        actual: String,
    },
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Runs the economy.
///
/// # Errors
/// [`EconomyError`], at the first thing that does not come out as it must. Whether everything happened that was to happen and all
/// attacks were refused is [`EconomyReport::findings`].
///
/// # Determinism
/// Everything in the report but times and threads follows from epochs, sizes and seed.
pub fn run(options: &EconomyOptions, progress: &mut dyn Progress) -> Result<EconomyReport, EconomyError> {
    run_watched(options, progress, &mut |_| {})
}

/// Runs the economy as [`run`] does; `watch` is shown every block.
///
/// # Errors
/// As [`run`].
pub fn run_watched(
    options: &EconomyOptions,
    progress: &mut dyn Progress,
    watch: &mut dyn FnMut(&CommittedBlock),
) -> Result<EconomyReport, EconomyError> {
    let mut world = start(options)?;
    let blocks = options.epochs.saturating_mul(options.epoch_blocks).saturating_sub(1);
    progress.begin("running the economy", blocks);
    for _ in 0..blocks {
        watch(&world.step()?);
        progress.advance(1);
    }
    progress.end();
    report(options, world)
}

/// Makes everybody, and the chain with nothing but its genesis.
fn start(options: &EconomyOptions) -> Result<World, EconomyError> {
    check(options)?;
    let newcomers = u64::from(newcomers_at_once(options.miners)).saturating_mul(options.epochs / 3);
    let sizes = Sizes {
        miners: options.miners,
        newcomers: u32::try_from(newcomers).unwrap_or(u32::MAX),
        validators: options.validators,
    };
    let cast = Cast::new(options.seed, sizes, Profile::Dev.chain_id())?;
    let genesis = ground::genesis(&cast, options.epoch_blocks)?;
    let vm = VmConfig { engine: options.engine, ..VmConfig::default() };
    let chain = Chain::new(ChainConfig { genesis, vm, signature_threads: signature_threads(options) })?;
    World::new(cast, Stage::new(chain)?, options.seed, options.epoch_blocks)
}

fn signature_threads(options: &EconomyOptions) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    options.threads.map_or_else(cores, NonZeroUsize::get)
}

fn check(options: &EconomyOptions) -> Result<(), EconomyError> {
    let ranges = [
        ("epochs", options.epochs, EPOCHS_MIN, u64::from(u32::MAX)),
        ("blocks of an epoch", options.epoch_blocks, EPOCH_BLOCKS_MIN, u64::from(u32::MAX)),
        ("miners", options.miners.into(), MINERS_MIN.into(), MINERS_MAX.into()),
        ("validators", options.validators.into(), VALIDATORS_MIN.into(), VALIDATORS_MAX.into()),
    ];
    match ranges.into_iter().find(|(_, actual, least, most)| !(least..=most).contains(&actual)) {
        Some((what, actual, least, most)) => Err(EconomyError::Option { what, least, most, actual }),
        None => Ok(()),
    }
}

fn report(options: &EconomyOptions, world: World) -> Result<EconomyReport, EconomyError> {
    let (stage, books) = (&world.stage, &world.books);
    let supply = stage.chain().supply()?;
    let supply = SupplyEquation {
        balances: stage.recount()?.sum(),
        genesis: supply.genesis.wei(),
        minted: supply.minted.wei(),
        burned_by_contracts: supply.burned_by_contracts.wei(),
        burned_fees: supply.burned_fees.wei(),
    };
    let nanoseconds = report::nanoseconds(stage.clocks.total());
    Ok(EconomyReport {
        epochs: options.epochs,
        epoch_blocks: options.epoch_blocks,
        miners: options.miners,
        validators: options.validators,
        seed: options.seed,
        threads: signature_threads(options),
        height: stage.chain().height(),
        transactions: stage.transactions,
        supply_checks: stage.supply_checks,
        operations: report::operations(&stage.gas),
        flows: flows(books),
        attacks: stage.attacks.clone(),
        invariants: invariants(&world, &supply),
        supply,
        state_root: world.state_root(),
        tx_per_second: ratio(stage.transactions, 1_000_000_000, nanoseconds),
        nanoseconds,
        stages: stages(&stage.clocks.times()),
        rows: world.rows,
    })
}

#[cfg(test)]
mod tests;
