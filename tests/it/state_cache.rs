//! The cache of values is no part of the chain: off, cold, warm or too small, and beside a state that is in memory whole, the
//! chain tells the same.

use std::sync::Arc;

use florin_runtime::chain::{Chain, ChainConfig};
use florin_runtime::genesis::Genesis;
use florin_runtime::receipt::Receipt;
use florin_runtime::state::cache::StateCacheCounts;
use florin_runtime::state::durable::DurableConfig;
use florin_runtime::state::store::memory::MemoryStore;
use florin_runtime::vm::VmConfig;
use florin_sandbox::{Account, Address, B256, Balance, Bytes, WEI_PER_MDT};

use crate::determinism::{SENDERS, blocks_of};
use crate::puppet::deployments;

const BLOCKS: u64 = 12;

/// Room for some of what the story touches.
const LITTLE: usize = 40 << 10;

/// What a chain tells of a block.
#[derive(Debug, PartialEq)]
struct Told {
    hash: B256,
    state_root: B256,
    receipts: Vec<Receipt>,
    rejected: Vec<(usize, String)>,
}

/// What makes the chains, which all begin alike.
fn config() -> ChainConfig {
    let rich = SENDERS.into_iter().chain(["deployer"]).map(Account::named);
    let allocations = rich.map(|account| (account.address(), Balance::new(WEI_PER_MDT))).collect();
    let vm = VmConfig::default();
    let genesis = Genesis { allocations, gas_schedule_hash: B256::new(vm.schedule.hash()), ..Genesis::default() };
    ChainConfig { genesis, vm, signature_threads: 1 }
}

/// Has a chain produce a block at a time that its height gives.
fn produce(chain: &mut Chain, raws: &[Bytes]) -> Told {
    let produced = chain.produce(raws, chain.head().number * 6).unwrap();
    assert!(produced.deferred.is_empty());
    Told {
        hash: produced.block.hash(),
        state_root: produced.block.state_root().hash(),
        receipts: produced.block.receipts().to_vec(),
        rejected: produced.rejected.into_iter().map(|(place, rejection)| (place, rejection.to_string())).collect(),
    }
}

/// A chain whose state is in a store.
struct Stored {
    store: Arc<MemoryStore>,
    durable: DurableConfig,
    chain: Chain,
}

impl Stored {
    fn new(cache_bytes_max: usize) -> Self {
        let store = Arc::new(MemoryStore::new());
        let durable = DurableConfig { cache_bytes_max, ..DurableConfig::default() };
        let chain = Chain::open(config(), store.clone(), durable).unwrap();
        Self { store, durable, chain }
    }

    /// Closes it and opens it again, with nothing in memory.
    fn reopen(&mut self) {
        // The state that is open holds the store; another chain takes its place meanwhile.
        self.chain = Chain::new(config()).unwrap();
        self.chain = Chain::open(config(), self.store.clone(), self.durable).unwrap();
    }

    fn counts(&self) -> StateCacheCounts {
        self.chain.durable().unwrap().cache_counts()
    }
}

/// Tells a story on a chain whose state is in memory, and block by block on all others.
fn same_on_all(seed: u64, others: &mut [&mut Stored], before_each: impl Fn(&mut [&mut Stored])) -> Vec<Told> {
    let mut plain = Chain::new(config()).unwrap();
    let deployments = deployments(&Account::named("deployer"), &plain.domain(), 2);
    let first = produce(&mut plain, &deployments);
    for other in &mut *others {
        assert_eq!(produce(&mut other.chain, &deployments), first);
    }
    let contracts: Vec<Address> = first.receipts.iter().map(|receipt| receipt.contract.unwrap()).collect();
    let code = plain.account(contracts[0]).unwrap().code_hash.unwrap();
    let mut story = Vec::new();
    for raws in blocks_of(&plain.domain(), seed, BLOCKS, &contracts, code) {
        before_each(others);
        let told = produce(&mut plain, &raws);
        for (place, other) in others.iter_mut().enumerate() {
            assert_eq!(produce(&mut other.chain, &raws), told, "chain {place}, block {}", plain.head().number);
        }
        story.push(told);
    }
    story
}

#[test]
fn the_cache_off_cold_warm_or_too_small_tells_the_same() {
    for seed in [21, 22, 23] {
        let [mut off, mut cold, mut warm, mut little] = [0, 32 << 20, 32 << 20, LITTLE].map(Stored::new);
        let mut others = [&mut off, &mut cold, &mut warm, &mut little];
        let story = same_on_all(seed, &mut others, |others| others[1].reopen());
        assert!(story.iter().all(|block| !block.receipts.is_empty()));
        // Each was in the state that it is here for.
        let counts = [&off, &cold, &warm, &little].map(Stored::counts);
        assert_eq!((counts[0].hits, counts[0].keys), (0, 0), "off");
        assert!(counts[1].hits < counts[2].hits, "cold: {counts:?}");
        assert!(counts[2].hits > 0 && counts[2].evictions == 0, "warm: {counts:?}");
        assert!(counts[3].evictions > 0, "too small: {counts:?}");
    }
}
