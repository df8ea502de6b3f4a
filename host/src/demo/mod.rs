//! The demo: every claim of a real allocation list, paid through real contracts by signed transactions.
//!
//! Guarantees that what it reports is what the chain did: sums come from events and balances, attacks from receipts. The
//! same options give the same state root and the same gas on every run and on every engine; only times differ. With a store
//! for its state it can be ended at any point: the same options on the same store go on after the last committed block, and
//! come to the same report.
//!
//! - [`list`]: the allocation list, built in or read from CSV.
//! - `cast`, `contracts`, `campaign`: who acts, on what, and the preparation.
//! - `pipeline`, `payout`: the way of a transaction with a clock at each stage, and every claim on it.
//! - `attacks`, `invariants`: what must fail and what must hold.
//! - [`report`], [`progress`]: what is shown.

mod attacks;
mod campaign;
mod cast;
mod clocks;
mod contracts;
pub mod economy;
mod invariants;
pub mod list;
mod payout;
mod pipeline;
pub mod progress;
pub mod report;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use florin_runtime::block::BlockError;
use florin_runtime::chain::{Chain, ChainConfig, ChainError};
use florin_runtime::fault::Fault;
use florin_runtime::gas::Gas;
use florin_runtime::genesis::Genesis;
use florin_runtime::ledger::Balance;
use florin_runtime::state::durable::DurableConfig;
use florin_runtime::state::store::{Durability, Store};
use florin_runtime::transaction::Rejection;
use florin_runtime::vm::{CacheFolder, EngineKind, Vm, VmConfig};
use florin_tokenomics::ClaimTreeError;
use thiserror::Error;

use self::attacks::{after_the_window, on_a_paid_claim, on_an_open_claim};
use self::campaign::Campaign;
use self::cast::{CLAIM_GAS_LIMIT, Cast};
use self::list::{AllocationList, ListError};
use self::payout::Payout;
use self::pipeline::Pipeline;
use self::progress::Progress;
use self::report::{Attack, Report};
use crate::actor::GAS_PRICE;
use crate::keys::KeyError;

pub use self::campaign::CLAIMS_PER_BLOCK_MAX;

/// Seconds since 1970 at the demo's genesis: no clock is asked.
const GENESIS_TIME: u64 = 1_767_225_600;

/// What each person of the demo has at the genesis, in MDT: fees, and to spare.
const ALLOWANCE_MDT: u128 = 1_000;

/// How the demo runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The list; `None` is the built-in one.
    pub list: Option<AllocationList>,
    /// How many claims, from the first account of the list on; `None` is all.
    pub claims: Option<NonZeroUsize>,
    /// Claims in a block, at most [`CLAIMS_PER_BLOCK_MAX`].
    pub claims_per_block: NonZeroUsize,
    /// Threads that verify signatures; `None` is one for each core.
    pub threads: Option<NonZeroUsize>,
    /// What all keys derive from.
    pub seed: u64,
    /// What runs the contracts.
    pub engine: EngineKind,
    /// Where compiled code is kept between runs; nowhere if not given.
    pub cache_folder: Option<CacheFolder>,
    /// Where the state and the blocks are kept; in memory, and no blocks, if not given.
    pub state: Option<StateStore>,
}

/// A store for the state and the blocks.
#[derive(Clone)]
pub struct StateStore {
    /// The store.
    pub store: Arc<dyn Store>,
    /// When a block is safe from a power cut; see [`DurableConfig::durability`].
    pub durability: Durability,
}

impl fmt::Debug for StateStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateStore").field("durability", &self.durability).finish_non_exhaustive()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            list: None,
            claims: None,
            claims_per_block: CLAIMS_PER_BLOCK_MAX,
            threads: None,
            seed: 0,
            engine: VmConfig::default().engine,
            cache_folder: None,
            state: None,
        }
    }
}

/// Why the demo could not be carried out. An attack that succeeds and an invariant that does not hold are in the report.
#[derive(Debug, Error)]
pub enum DemoError {
    /// The list is refused.
    #[error("allocation list: {0}")]
    List(#[from] ListError),
    /// The list makes no claim tree.
    #[error("claim tree: {0}")]
    Tree(#[from] ClaimTreeError),
    /// The seed gives no key.
    #[error(transparent)]
    Key(#[from] KeyError),
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
    /// A step of the preparation, or a question, failed.
    #[error("{what} failed: {status} {error}")]
    Failed {
        /// The step.
        what: &'static str,
        /// The status in its receipt.
        status: &'static str,
        /// The decoded error.
        error: String,
    },
    /// The store holds the blocks of a run with other options.
    #[error(
        "the folder holds another run: its block {height} is not the one that this list, number of claims and seed give"
    )]
    AnotherRun {
        /// The first block that differs.
        height: u64,
    },
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Runs the demo.
///
/// # Errors
/// [`DemoError`], when it could not be carried out to the end. Whether it came out well is [`Report::findings`].
///
/// # Determinism
/// Everything in the report but the times follows from list, number of claims and seed.
pub fn run(options: &Options, progress: &mut dyn Progress) -> Result<Report, DemoError> {
    let list = match &options.list {
        Some(list) => list.clone(),
        None => AllocationList::built_in()?,
    };
    let list = list.first(options.claims.map_or(usize::MAX, NonZeroUsize::get))?;
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = options.threads.map_or_else(cores, NonZeroUsize::get);

    let genesis = Genesis::default();
    let mut cast = Cast::new(options.seed, genesis.chain_id)?;
    let genesis = with_allowances(genesis, &cast);
    let mut pipeline = Pipeline::new(open_chain(options, genesis, threads)?);
    let blocks_found = pipeline.found();
    if blocks_found > 0 {
        progress.note(&format!("found {blocks_found} blocks of an earlier run: going on behind them"));
    }

    let campaign = Campaign::open(&mut pipeline, &mut cast, &list, options.claims_per_block)?;
    let (payout, attacks) = pay_and_attack(&mut pipeline, &mut cast, &campaign, progress)?;
    let chain = pipeline.into_chain()?;
    let invariants = invariants::check(&chain, &cast, &campaign, &payout, progress)?;

    tell_cache(chain.vm(), progress);
    let seconds_and_rest = payout.clocks.total();
    let nanoseconds = u64::try_from(seconds_and_rest.as_nanos()).unwrap_or(u64::MAX);
    Ok(Report {
        claims: u64::from(campaign.tree.count()),
        claims_paid: payout.paid,
        list_sum: list.total().to_string(),
        sum_paid: payout.sum.to_string(),
        tx_per_second: report::ratio(payout.paid_now, 1_000_000_000, nanoseconds),
        stages: report::stages(&payout.clocks.times()),
        gas_total: payout.gas_total,
        gas_per_claim: report::ratio(payout.gas_total, 1, u64::from(campaign.tree.count())),
        gas_range: payout.gas_range.unwrap_or_default(),
        claim_blocks: payout.blocks,
        height: chain.height(),
        blocks_found,
        state_root: chain.state_root().hash().to_string(),
        claim_root: alloy_primitives::B256::from(campaign.tree.root()).to_string(),
        seed: options.seed,
        threads,
        attacks,
        invariants,
    })
}

/// Makes the chain, or takes it from its store.
fn open_chain(options: &Options, genesis: Genesis, signature_threads: usize) -> Result<Chain, ChainError> {
    let vm = VmConfig { engine: options.engine, cache_folder: options.cache_folder.clone(), ..VmConfig::default() };
    let config = ChainConfig { genesis, vm, signature_threads };
    match &options.state {
        None => Chain::new(config),
        Some(StateStore { store, durability }) => {
            let durable = DurableConfig { durability: *durability, ..DurableConfig::default() };
            Chain::open(config, Arc::clone(store), durable)
        }
    }
}

/// Tells where the contracts' machine code came from, and what happened to its files. The report has nothing of it: what
/// the chain did does not depend on it.
fn tell_cache(vm: &Vm, progress: &mut dyn Progress) {
    for incident in vm.take_cache_incidents() {
        progress.note(&incident.to_string());
    }
    if vm.cache_files().is_some() {
        let counts = vm.cache_counts();
        progress
            .note(&format!("contracts: {} from the cache folder, {} compiled", counts.file_hits, counts.compilations));
    }
}

/// Gives everybody MDT for fees, and blocks room for 1,000 claims.
fn with_allowances(genesis: Genesis, cast: &Cast) -> Genesis {
    let allowance = Balance::from_mdt(ALLOWANCE_MDT).unwrap_or(Balance::ZERO);
    Genesis {
        time: GENESIS_TIME,
        allocations: cast.everybody().map(|actor| (actor.address(), allowance)).collect(),
        gas_price: u128::from(GAS_PRICE),
        block_gas_limit: Gas(CLAIM_GAS_LIMIT.saturating_mul(CLAIMS_PER_BLOCK_MAX.get() as u64)),
        proposer: cast.proposer,
        ..genesis
    }
}

/// Pays every claim; the attacks come in between: while the last claim is open, when it is paid, and after the window.
fn pay_and_attack(
    pipeline: &mut Pipeline,
    cast: &mut Cast,
    campaign: &Campaign,
    progress: &mut dyn Progress,
) -> Result<(Payout, Vec<Attack>), DemoError> {
    let lines = campaign.tree.claims();
    let last_line = lines.last().ok_or(ListError::Empty)?;
    let claims_per_block = campaign.claims_per_block.get();
    let last_block_at = lines.chunks(claims_per_block).len().saturating_sub(1);
    let mut payout = Payout::default();
    let mut on_open = Vec::new();

    progress.begin("paying claims", u64::from(campaign.tree.count()));
    for (number, block) in lines.chunks(claims_per_block).enumerate() {
        if number == last_block_at {
            on_open = on_an_open_claim(pipeline, &mut cast.attacker, campaign, last_line)?;
        }
        payout.pay(pipeline, &mut cast.relayers, campaign, block)?;
        progress.advance(block.len() as u64);
    }
    progress.end();

    let mut attacks = on_a_paid_claim(pipeline, &mut cast.attacker, campaign, last_line)?;
    attacks.append(&mut on_open);
    attacks.append(&mut after_the_window(pipeline, &mut cast.attacker, campaign, last_line)?);
    Ok((payout, attacks))
}

#[cfg(test)]
mod tests;
