//! The epoch machine on a chain: emission, rewards, recycling and claims as a genesis has them, beside a stand-in for registry
//! and staking contract, which has as many miners as it is told and computes what it answers.

use alloy_primitives::{Address, Bytes};
use florin_claims::Claims;
use florin_emission::{Emission, EpochSettled, RuleTerms};
use florin_recycling::Recycling;
use florin_rewards::Rewards;
use florin_runtime::block::{Block, ExecutedBlock};
use florin_runtime::chain::{Chain, ChainConfig};
use florin_runtime::gas::Gas;
use florin_runtime::genesis::{Genesis, GenesisContract};
use florin_runtime::hook::{Hook, HookReceipt};
use florin_runtime::ledger::WEI_PER_MDT as MDT;
use florin_runtime::vm::VmConfig;
use florin_sdk::event::decode_events;
use florin_sdk::words::selector;
use florin_sdk::{Contract, SYSTEM};
use florin_tokenomics::split::RowKind;

use crate::calibrate::clock::Clock;
use crate::contracts::artifact;
use crate::ledger::WorkloadError;

use super::median;

/// The stand-in, in the text format.
const SOURCE_TEXT: &str = include_str!("../../../tests/it/scores.wat");

const SOURCE: Address = Address::repeat_byte(0xa1);
const CLAIMS: Address = Address::repeat_byte(0xa2);
const RECYCLING: Address = Address::repeat_byte(0xa3);
const REWARDS: Address = Address::repeat_byte(0xa4);
const EMISSION: Address = Address::repeat_byte(0xa5);
const TREASURY: Address = Address::repeat_byte(0xa6);
const OWNER: Address = Address::repeat_byte(0x0e);

/// Blocks of an epoch: more than a settlement takes.
pub const EPOCH_BLOCKS: u64 = 50;
/// Epochs after an epoch until it can be settled.
const DELAY_EPOCHS: u64 = 2;
const RECYCLING_GAS: Gas = Gas(10_000_000);
const EMISSION_GAS: Gas = Gas(100_000_000);

/// A chain on which nobody sends anything: its hooks settle epoch after epoch.
pub struct Machine {
    chain: Chain,
}

/// What a block of a settlement took.
pub struct SettlingBlock {
    /// Median time of its execution, in milliseconds.
    pub milliseconds: f64,
    /// The gas of the emission's hook.
    pub gas: Gas,
    /// The event of the epoch, if it ended.
    pub settled: Option<EpochSettled>,
}

impl Machine {
    /// Begins a chain with so many miners.
    ///
    /// # Errors
    /// If a contract was not built or refuses.
    pub fn new(miners: u32) -> Result<Self, WorkloadError> {
        let genesis = genesis(miners)?;
        let config = ChainConfig { genesis, vm: VmConfig::default(), signature_threads: 1 };
        Ok(Self { chain: Chain::new(config)? })
    }

    /// Goes to the head behind which the settlement of an epoch begins. Epochs before it are settled on the way.
    ///
    /// # Errors
    /// If a hook fails.
    pub fn approach(&mut self, epoch: u64) -> Result<(), WorkloadError> {
        let first = epoch.saturating_add(DELAY_EPOCHS).saturating_mul(EPOCH_BLOCKS);
        while self.chain.height().saturating_add(1) < first {
            let executed = self.chain.execute(&self.next()?)?;
            checked(executed.hook_receipts())?;
            self.chain.commit(executed)?;
        }
        Ok(())
    }

    /// Executes the next block so many times, then commits it. `watch` is told of the last execution, before its commit.
    ///
    /// # Errors
    /// If a hook fails.
    pub fn step(&mut self, runs: u32, mut watch: impl FnMut(&ExecutedBlock)) -> Result<SettlingBlock, WorkloadError> {
        let block = self.next()?;
        let (mut times, mut last) = (Vec::new(), None);
        for _ in 0..runs.max(1) {
            let (nanoseconds, executed) = Clock::Thread.time(|| self.chain.execute(&block));
            times.push(nanoseconds / 1e6);
            last = Some(executed?);
        }
        let executed = last.ok_or_else(|| WorkloadError::Contract("nothing was executed".to_owned()))?;
        let receipts = checked(executed.hook_receipts())?;
        let gas = receipts.last().map_or(Gas(0), |receipt| receipt.gas_used);
        let events = receipts.iter().flat_map(|receipt| &receipt.events);
        let settled = decode_events(events.map(|event| (&event.topics[..], &event.data[..]))).into_iter().next();
        watch(&executed);
        self.chain.commit(executed)?;
        Ok(SettlingBlock { milliseconds: median(times), gas, settled })
    }

    fn next(&self) -> Result<Block, WorkloadError> {
        Ok(self.chain.propose(Vec::new(), 0)?.block)
    }
}

fn checked(receipts: &[HookReceipt]) -> Result<&[HookReceipt], WorkloadError> {
    match receipts.iter().find(|receipt| !receipt.status.is_success()) {
        Some(failed) => Err(WorkloadError::Contract(format!("a hook failed: {failed:?}"))),
        None => Ok(receipts),
    }
}

fn genesis(miners: u32) -> Result<Genesis, WorkloadError> {
    let contract = |address, creator, code: Vec<u8>, arguments: Vec<u8>| GenesisContract {
        address,
        creator,
        code: code.into(),
        arguments: arguments.into(),
    };
    let hook = |contract, gas_limit| {
        let message = Bytes::copy_from_slice(&selector("onBlock()"));
        Hook { contract, message, gas_limit }
    };
    let recycling = Recycling::encode_init(&(OWNER, EMISSION, CLAIMS));
    let rewards = Rewards::encode_init(&(EMISSION, CLAIMS, RECYCLING, SOURCE, SOURCE));
    let emission = Emission::encode_init(&(OWNER, REWARDS, RECYCLING, SOURCE, SOURCE, EPOCH_BLOCKS, rules()));
    let mut genesis = Genesis {
        contracts: vec![
            contract(SOURCE, SYSTEM, source(miners)?, Vec::new()),
            contract(CLAIMS, REWARDS, artifact("claims")?, Claims::encode_init(&())),
            contract(RECYCLING, SYSTEM, artifact("recycling")?, recycling),
            contract(REWARDS, SYSTEM, artifact("rewards")?, rewards),
            contract(EMISSION, SYSTEM, artifact("emission")?, emission),
        ],
        hooks: vec![hook(RECYCLING, RECYCLING_GAS), hook(EMISSION, EMISSION_GAS)],
        ..Genesis::default()
    };
    genesis.capabilities.mint.push(EMISSION);
    genesis.capabilities.burn.push(RECYCLING);
    Ok(genesis)
}

/// The defaults of the economy; validators have no row, because the stand-in has none.
fn rules() -> RuleTerms {
    let nobody = Address::ZERO;
    let rows = vec![
        (400_000, RowKind::Miners.code(), nobody),
        (400_000, RowKind::Staking.code(), nobody),
        (200_000, RowKind::Account.code(), TREASURY),
    ];
    (50 * MDT, 210_000, 500_000, 10_000, 500_000, 300_000, 200_000, 50_400, 2, rows)
}

/// Returns the module of the stand-in.
fn source(miners: u32) -> Result<Vec<u8>, WorkloadError> {
    let selectors = [
        ("SELECTOR_OUTCOME", "outcome(uint64)"),
        ("SELECTOR_SCORES", "scores(uint64,uint32)"),
        ("SELECTOR_VALIDATORS", "validators(uint64,address,uint32)"),
        ("SELECTOR_STAKE", "totalStake(uint64)"),
        ("SELECTOR_METRICS", "metrics(uint64)"),
        ("SELECTOR_REWARD", "reward(uint64,address)"),
        ("SELECTOR_CLOSE", "closeEpoch(uint64)"),
    ];
    let text = selectors.into_iter().fold(SOURCE_TEXT.to_owned(), |text, (name, signature)| {
        text.replace(name, &u32::from_le_bytes(selector(signature)).to_string())
    });
    let numbers = [("MINERS", miners), ("VALIDATORS", 0), ("QUALITY", 1_000_000)];
    let text = numbers.into_iter().fold(text, |text, (name, number)| text.replace(name, &number.to_string()));
    wat::parse_str(text).map_err(|error| WorkloadError::Contract(error.to_string()))
}
