//! What became of the hooks of a block is kept with it, and proven by the state when it is read.

use std::sync::Arc;

use alloy_primitives::{Address, Bytes};
use florin_runtime::chain::{Chain, ChainConfig};
use florin_runtime::fault::Fault;
use florin_runtime::gas::Gas;
use florin_runtime::genesis::{Genesis, GenesisContract};
use florin_runtime::hook::{Hook, HookReceipt};
use florin_runtime::state::durable::{DurableConfig, Retention};
use florin_runtime::state::snapshot::{Expected, import};
use florin_runtime::state::store::memory::MemoryStore;
use florin_runtime::state::store::{Batch, Durability, Store, Table};

use crate::puppet::{Script, puppet};
use crate::world::{World, user};

const PUPPET: Address = Address::repeat_byte(0xa1);

/// Bytes of the root before the row of a block, and of the hash behind it.
const HASH_BYTES: usize = 32;

/// A genesis with a hook that tells something, one that fails, and one whose contract is not there.
fn genesis() -> Genesis {
    let world = World::with(|genesis| {
        let (code, arguments) = (puppet().into(), Bytes::new());
        genesis.contracts.push(GenesisContract { address: PUPPET, creator: user(0), code, arguments });
        let messages = [
            (PUPPET, Script::new().emit(&[], b"news of the epoch")),
            (PUPPET, Script::new().revert(b"why")),
            (Address::repeat_byte(0xa2), Script::new()),
            (PUPPET, Script::new().emit(&[], b"the last word")),
        ];
        genesis.hooks = messages
            .into_iter()
            .map(|(contract, script)| Hook { contract, message: script.bytes().into(), gas_limit: Gas(1_000_000) })
            .collect();
    });
    world.chain.genesis().clone()
}

fn open(genesis: &Genesis, store: &Arc<dyn Store>, retained_blocks: Retention) -> Chain {
    let config = ChainConfig { genesis: genesis.clone(), ..ChainConfig::default() };
    let durable = DurableConfig { retained_blocks, ..DurableConfig::default() };
    Chain::open(config, Arc::clone(store), durable).unwrap()
}

/// Commits empty blocks; returns what became of their hooks.
fn advance(chain: &mut Chain, blocks: u64) -> Vec<Vec<HookReceipt>> {
    let produce = |chain: &mut Chain| chain.produce(&[], 0).unwrap().block.hook_receipts().to_vec();
    (0..blocks).map(|_| produce(chain)).collect()
}

/// Changes a byte of the row of a block, and puts the hash of the changed body behind it.
fn reseal(store: &Arc<dyn Store>, height: u64, from_end: usize) {
    let mut row = store.snapshot().get(Table::Blocks, &height.to_be_bytes()).unwrap().unwrap().to_vec();
    let end = row.len() - HASH_BYTES;
    row[end - from_end] ^= 1;
    let hash = blake3::hash(&row[HASH_BYTES..end]);
    row[end..].copy_from_slice(hash.as_bytes());
    let mut batch = Batch::default();
    batch.put(Table::Blocks, height.to_be_bytes(), row);
    store.write(batch, Durability::Synced).unwrap();
}

#[test]
fn hook_receipts_are_read_back_at_every_height_however_often_the_chain_starts_again() {
    let (genesis, store): (_, Arc<dyn Store>) = (genesis(), Arc::new(MemoryStore::new()));
    let mut told = Vec::new();
    for _ in 0..3 {
        told.extend(advance(&mut open(&genesis, &store, Retention::Archive), 2));
    }
    let chain = open(&genesis, &store, Retention::Archive);
    for (height, receipts) in (1..).zip(&told) {
        assert_eq!(receipts.len(), 4);
        assert_eq!(receipts[0].events[0].data, Bytes::from_static(b"news of the epoch"));
        assert_eq!(chain.block(height).unwrap().unwrap().hook_receipts(), receipts, "at {height}");
    }
}

/// The hash of the row is right, as an attacker with access to the files would make it; the state knows better.
#[test]
fn case_112_hook_receipts_that_the_state_does_not_commit_to_are_a_fault_and_no_answer() {
    let (genesis, store): (_, Arc<dyn Store>) = (genesis(), Arc::new(MemoryStore::new()));
    advance(&mut open(&genesis, &store, Retention::Archive), 4);
    let row = store.snapshot().get(Table::Blocks, &2_u64.to_be_bytes()).unwrap().unwrap();
    let end = row.len() - HASH_BYTES;
    assert_eq!(&row[end - 13..end], b"the last word", "the body ends with the last event");
    reseal(&store, 2, 3);
    let chain = open(&genesis, &store, Retention::Archive);
    let error = chain.block(2).unwrap_err();
    assert!(matches!(error, Fault::Corrupt { what: "block", .. }), "{error}");
    assert!(error.to_string().contains("not those that the state commits to"), "{error}");
    assert!(chain.block(1).unwrap().is_some() && chain.block(3).unwrap().is_some());
    drop(chain);
    // A chain does not start from such a block.
    reseal(&store, 4, 3);
    let config = ChainConfig { genesis, ..ChainConfig::default() };
    let error = Chain::open(config, store, DurableConfig::default()).unwrap_err();
    assert!(error.to_string().contains("not those that the state commits to"), "{error}");
}

#[test]
fn hook_receipts_of_a_pruned_height_are_read_by_the_hash_of_their_block() {
    let (genesis, store): (_, Arc<dyn Store>) = (genesis(), Arc::new(MemoryStore::new()));
    let mut chain = open(&genesis, &store, Retention::Blocks(1));
    let told = advance(&mut chain, 80);
    let (oldest, newest) = chain.durable().unwrap().heights();
    assert!(oldest > 1 && newest == 80, "{oldest}");
    for height in [1, oldest - 1, oldest, 80] {
        let receipts = &told[usize::try_from(height).unwrap() - 1];
        assert_eq!(chain.block(height).unwrap().unwrap().hook_receipts(), receipts, "at {height}");
    }
}

#[test]
fn hook_receipts_travel_with_a_snapshot_and_are_proven_by_its_state() {
    let (genesis, store): (_, Arc<dyn Store>) = (genesis(), Arc::new(MemoryStore::new()));
    let mut chain = open(&genesis, &store, Retention::Archive);
    let told = advance(&mut chain, 3);
    let mut file = Vec::new();
    chain.durable().unwrap().export(2, &mut file, &mut |_| {}).unwrap();
    let copy: Arc<dyn Store> = Arc::new(MemoryStore::new());
    import(&*copy, &mut &file[..], &Expected::default(), &mut |_| {}).unwrap();
    let mut other = open(&genesis, &copy, Retention::Archive);
    assert_eq!(other.block(2).unwrap().unwrap().hook_receipts(), told[1]);
    assert_eq!(advance(&mut other, 1), told[2..]);
    assert_eq!(other.head_hash(), chain.head_hash());
}
