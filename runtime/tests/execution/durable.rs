//! A chain whose state is on disk is the chain in memory: the same blocks, receipts and roots, however often it starts again.

use std::path::Path;
use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes};
use florin_runtime::block::CommittedBlock;
use florin_runtime::chain::{Chain, ChainConfig, ChainError};
use florin_runtime::fault::Fault;
use florin_runtime::genesis::{Genesis, GenesisCall, GenesisContract, GenesisError};
use florin_runtime::ledger::Balance;
use florin_runtime::state::durable::{DurableConfig, OpenError};
use florin_runtime::state::snapshot::{Expected, import};
use florin_runtime::state::store::disk::{DiskConfig, DiskStore};
use florin_runtime::state::store::memory::MemoryStore;
use florin_runtime::state::store::{Batch, Durability, Store, Table};
use florin_runtime::state::{StateKey, StateReader};
use florin_runtime::vm::VmConfig;

use crate::puppet::{Script, puppet};
use crate::world::{World, user};

fn open(genesis: &Genesis, folder: &Path) -> Result<Chain, ChainError> {
    let store = DiskStore::open(folder, DiskConfig::default()).unwrap();
    let config = ChainConfig { genesis: genesis.clone(), vm: VmConfig::default(), signature_threads: 1 };
    Chain::open(config, Arc::new(store), DurableConfig::default())
}

#[test]
fn a_chain_that_starts_again_after_every_block_is_the_one_that_never_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new();
    let genesis = world.chain.genesis().clone();
    let contract = user(0).create(0);
    let mut accounts = vec![world.chain.account(user(1)).unwrap()];
    let mut blocks = Vec::new();
    for height in 1..=9_u64 {
        let key = [b'k', height.to_le_bytes()[0] % 4];
        let script = match height % 3 {
            0 => Script::new().write(&key, &[7; 40]).unreachable(),
            1 => Script::new().write(&key, &height.to_le_bytes()),
            _ => Script::new().remove(&key),
        };
        let mut bodies = vec![(1, world.body(1, Some(Address::repeat_byte(9)), u128::from(height), vec![]))];
        if height == 1 {
            let input = florin_runtime::execution::deploy::DeployPayload::join(&puppet(), &[]).unwrap();
            let mut deploy = world.body(0, None, 0, input.to_vec());
            deploy.gas_limit = florin_runtime::gas::Gas(200_000_000);
            bodies.push((0, deploy));
        } else {
            bodies.push((0, world.body(0, Some(contract), 0, script.bytes())));
        }
        let transactions = bodies.iter().map(|(index, body)| world.signed(*index, body)).collect();
        let (block, rejected) = world.propose(transactions);
        assert_eq!(rejected, []);

        let mut chain = open(&genesis, folder.path()).unwrap();
        assert_eq!((chain.head_hash(), chain.state_root()), (world.chain.head_hash(), world.chain.state_root()));
        let committed = chain.commit(chain.execute(&block).unwrap()).unwrap();
        let expected = world.run(&block);
        assert_eq!(committed.receipts(), expected.receipts());
        assert_eq!((committed.hash(), committed.state_root()), (expected.hash(), expected.state_root()));
        accounts.push(world.chain.account(user(1)).unwrap());
        check_block(&chain, &expected);
        blocks.push(expected);
    }
    let chain = open(&genesis, folder.path()).unwrap();
    let key = StateKey::account(user(1));
    let (value, proof) = chain.prove(&key).unwrap();
    assert_eq!(proof.verify(&chain.state_root().hash().0, key.as_bytes(), value.as_ref().map(AsRef::as_ref)), Ok(()));
    for (height, account) in accounts.iter().enumerate() {
        let view = chain.durable().unwrap().at(height as u64).unwrap();
        let stored = view.get(&key).unwrap().unwrap();
        assert_eq!(&stored[..], parity_scale_codec::Encode::encode(account), "at {height}");
    }
    blocks.iter().for_each(|block| check_block(&chain, block));
    assert_eq!(world.chain.block(1).unwrap(), None, "a chain in memory keeps no blocks");
    for height in [0, 10] {
        assert_eq!(chain.block(height).unwrap(), None);
    }
}

/// A block reads as it was committed.
fn check_block(chain: &Chain, committed: &CommittedBlock) {
    let stored = chain.block(committed.header().number).unwrap().unwrap();
    assert_eq!((stored.header(), stored.hash()), (committed.header(), committed.hash()));
    assert!(
        stored.transactions().iter().eq(committed.block().transactions().iter().map(|signed| signed.transaction()))
    );
    assert_eq!(stored.receipts(), committed.receipts());
}

#[test]
fn case_112_a_damaged_block_is_a_fault_and_no_answer_and_a_damaged_head_does_not_open() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let world = World::new();
    let open = || {
        let config = ChainConfig { genesis: world.chain.genesis().clone(), ..ChainConfig::default() };
        Chain::open(config, Arc::clone(&store), DurableConfig::default())
    };
    let mut chain = open().unwrap();
    let (block, _) = world.propose(vec![world.signed(1, &world.body(1, Some(user(2)), 5, vec![]))]);
    chain.commit(chain.execute(&block).unwrap()).unwrap();
    let empty = chain.propose(vec![], 0).unwrap().block;
    chain.commit(chain.execute(&empty).unwrap()).unwrap();

    for height in [1_u64, 2] {
        let place = height.to_be_bytes();
        let mut row = store.snapshot().get(Table::Blocks, &place).unwrap().unwrap().to_vec();
        row[40] ^= 1;
        let mut batch = Batch::default();
        batch.put(Table::Blocks, place, row);
        store.write(batch, Durability::Synced).unwrap();
        // The other is read as ever.
        let chain = open();
        assert_eq!(chain.is_ok(), height == 1);
        if let Ok(chain) = chain {
            assert!(matches!(chain.block(1), Err(Fault::Corrupt { what: "block", .. })));
            assert!(chain.block(2).unwrap().is_some());
        }
    }
    assert_eq!(open().unwrap_err().to_string(), "stored block is corrupt: its hash is another");
}

#[test]
fn a_folder_of_another_chain_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let genesis = World::new().chain.genesis().clone();
    drop(open(&genesis, folder.path()).unwrap());
    let other = Genesis { chain_id: genesis.chain_id + 1, ..genesis.clone() };
    assert!(matches!(open(&other, folder.path()), Err(ChainError::Open(OpenError::Chain { .. }))));
    let other = Genesis { time: genesis.time + 1, ..genesis.clone() };
    assert!(matches!(open(&other, folder.path()), Err(ChainError::Open(OpenError::Genesis { .. }))));
    open(&genesis, folder.path()).unwrap();
}

/// The constructors of a large economy would cost every start of a node as much as its first one.
#[test]
fn the_contracts_of_the_genesis_run_for_a_new_database_only() {
    let contract =
        |address| GenesisContract { address, creator: user(0), code: puppet().into(), arguments: Bytes::new() };
    let place = Address::repeat_byte(0xa1);
    let world = World::with(|genesis| {
        let message = Script::new().write(b"k", b"of the genesis").bytes().into();
        genesis.contracts.push(contract(place));
        genesis.calls.push(GenesisCall { caller: user(1), contract: place, value: Balance::ZERO, message });
    });
    let genesis = world.chain.genesis();
    let folder = tempfile::tempdir().unwrap();
    let asked = |chain: &Chain| {
        let counts = chain.vm().cache_counts();
        (counts.hits + counts.misses, counts.compilations)
    };
    let first = open(genesis, folder.path()).unwrap();
    assert_eq!(asked(&first).1, 1, "the first start compiles the contract, and runs it");
    let (root, hash) = (first.state_root(), first.head_hash());
    drop(first);
    let again = open(genesis, folder.path()).unwrap();
    assert_eq!(asked(&again), (0, 0), "a later one asks the machine nothing");
    assert_eq!((again.state_root(), again.head_hash()), (root, hash));
    assert_eq!(again.storage(place, b"k").unwrap().unwrap(), Bytes::from_static(b"of the genesis"));
    drop(again);

    // Which genesis it is, is checked as ever, before anything of it runs: this one's constructors would fail.
    let mut other = genesis.clone();
    other.contracts[0].code = Bytes::from_static(b"no module");
    assert!(matches!(open(&other, folder.path()), Err(ChainError::Open(OpenError::Genesis { .. }))));
    let empty = tempfile::tempdir().unwrap();
    let refused = open(&other, empty.path()).unwrap_err();
    assert!(matches!(refused, ChainError::Genesis(GenesisError::ContractRefused { .. })), "{refused}");
    let mut dear = genesis.clone();
    dear.gas_schedule_hash = B256::ZERO;
    let refused = open(&dear, folder.path()).unwrap_err();
    assert!(matches!(refused, ChainError::Genesis(GenesisError::OtherSchedule { .. })), "{refused}");
}

#[test]
fn of_two_chains_on_one_database_only_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new();
    let mut first = open(world.chain.genesis(), folder.path()).unwrap();
    let mut second = first.clone();
    let (block, _) = world.propose(vec![world.signed(1, &world.body(1, Some(user(2)), 5, vec![]))]);
    let executed = second.execute(&block).unwrap();
    first.commit(first.execute(&block).unwrap()).unwrap();
    assert!(second.commit(executed).is_err());
    // The other still shows what it showed.
    assert_eq!(second.account(user(2)).unwrap(), world.chain.account(user(2)).unwrap());
    assert_ne!(first.account(user(2)).unwrap(), second.account(user(2)).unwrap());
}

#[test]
fn a_chain_goes_on_from_a_snapshot_with_the_same_blocks() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut world = World::new();
    let genesis = world.chain.genesis().clone();
    let mut chain = open(&genesis, folders[0].path()).unwrap();
    let mut blocks = Vec::new();
    for height in 1..=4_u64 {
        let body = world.body(1, Some(Address::repeat_byte(9)), u128::from(height), vec![]);
        let (block, _) = world.propose(vec![world.signed(1, &body)]);
        world.run(&block);
        chain.commit(chain.execute(&block).unwrap()).unwrap();
        blocks.push((block, chain.head_hash(), chain.state_root()));
    }
    let mut file = Vec::new();
    chain.durable().unwrap().export(2, &mut file, &mut |_| {}).unwrap();
    let store = DiskStore::open(folders[1].path(), DiskConfig::default()).unwrap();
    import(&store, &mut &file[..], &Expected::default(), &mut |_| {}).unwrap();
    drop(store);

    let mut copy = open(&genesis, folders[1].path()).unwrap();
    assert_eq!((copy.head_hash(), copy.state_root()), (blocks[1].1, blocks[1].2));
    for (block, hash, root) in &blocks[2..] {
        copy.commit(copy.execute(block).unwrap()).unwrap();
        assert_eq!((copy.head_hash(), copy.state_root()), (*hash, *root));
    }
    assert_eq!(copy.durable().unwrap().heights(), (2, 4));
    let other = Genesis { time: genesis.time + 1, ..genesis };
    drop(copy);
    assert!(matches!(open(&other, folders[1].path()), Err(ChainError::Open(OpenError::Genesis { .. }))));
}

#[test]
fn case_114_a_chain_checks_its_root_beside_the_blocks_and_halts_on_a_difference() {
    let mut world = World::new();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let genesis = world.chain.genesis().clone();
    let config = ChainConfig { genesis, vm: VmConfig::default(), signature_threads: 1 };
    let durable = DurableConfig { check_interval_blocks: 2, ..DurableConfig::default() };
    let mut chain = Chain::open(config, Arc::clone(&store), durable).unwrap();
    let mut commit = |chain: &mut Chain| {
        let body = world.body(1, Some(Address::repeat_byte(9)), 1, vec![]);
        let (block, _) = world.propose(vec![world.signed(1, &body)]);
        world.run(&block);
        chain.commit(chain.execute(&block).unwrap()).map(drop)
    };
    for _ in 0..4 {
        commit(&mut chain).unwrap();
    }
    let mut batch = Batch::default();
    batch.put(Table::Entries, &b"left over"[..], &b"somehow"[..]);
    store.write(batch, Durability::Synced).unwrap();
    // The next check is of block 4, as it was; the one after that sees it.
    commit(&mut chain).unwrap();
    commit(&mut chain).unwrap();
    let halt = commit(&mut chain).unwrap_err();
    assert!(halt.to_string().contains("the root of the entries is not the one of the head"), "{halt}");
    assert_eq!((chain.height(), chain.durable().unwrap().head().height), (6, 6));
}
