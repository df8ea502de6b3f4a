//! The same blocks give the same receipts, gas and roots: on every engine, with a cold and with a warm cache.

use florin_runtime::transaction::{Body, Domain, GasPrice};
use florin_sandbox::{Account, Address, B256, Balance, Bytes, Gas, Sandbox, Status, TransactionReceipt};

use crate::engines::on_every_engine;
use crate::numbers::Numbers;
use crate::puppet::{ALL_GAS, Script, deployments};

/// What the chain tells of one block.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    state_root: B256,
    pub(crate) receipts: Vec<Result<TransactionReceipt, String>>,
}

/// The senders of the story.
pub(crate) const SENDERS: [&str; 3] = ["alice", "bob", "carol"];
const BLOCKS: u64 = 12;
const TRANSACTIONS: usize = 20;

/// Returns a script of random steps, of which some call deeper, and some fail.
fn script(numbers: &mut Numbers, contracts: &[Address], code: B256, depth: u32) -> Script {
    let mut script = if numbers.below(3) == 0 { Script::open() } else { Script::shut() };
    for _ in 0..=numbers.below(5) {
        let key = [b'k', numbers.below(4).to_le_bytes()[0]];
        let contract = *numbers.pick(contracts);
        script = match numbers.below(10) {
            0 | 1 => script.write(&key, &vec![key[1]; numbers.below(100) as usize]),
            2 => script.read(&key),
            3 => script.emit(&key),
            4 => script.send(contract, u128::from(numbers.below(50))),
            5 => script.gas(),
            6 => script.spin(1 + numbers.below(5_000) as u32),
            7 => script.create(code, B256::repeat_byte(numbers.below(200) as u8), 0, ALL_GAS),
            _ if depth > 0 => {
                let inner = self::script(numbers, contracts, code, depth - 1);
                let inner = match numbers.below(4) {
                    0 => inner.then_trap(),
                    1 => inner.then_revert(b"no"),
                    _ => inner,
                };
                let gas = if numbers.below(2) == 0 { ALL_GAS } else { numbers.below(200_000) };
                script.call_with(contract, u128::from(numbers.below(5)), gas, 0, &inner).answer()
            }
            _ => script.caller(),
        };
    }
    script
}

/// Blocks of random scripts, made before anything runs, so that every engine gets the same bytes. They are the senders' first
/// transactions.
pub(crate) fn blocks_of(domain: &Domain, seed: u64, blocks: u64, contracts: &[Address], code: B256) -> Vec<Vec<Bytes>> {
    let mut numbers = Numbers::from_seed(seed);
    let accounts = SENDERS.map(Account::named);
    let mut nonces = [0; SENDERS.len()];
    let mut transaction = || {
        let sender = numbers.below(SENDERS.len() as u64) as usize;
        let contract = *numbers.pick(contracts);
        let script = script(&mut numbers, contracts, code, 4);
        let input = match numbers.below(6) {
            0 => script.trap(),
            1 => script.revert(b"no"),
            _ => script.end(),
        };
        let scarce = if numbers.below(4) == 0 { 10_000 } else { 1_500_000 };
        let body = Body {
            nonce: nonces[sender],
            to: Some(contract),
            value: Balance::new(u128::from(numbers.below(100))),
            // What every such transaction costs, and something to run on.
            gas_limit: Gas(21_000 + 16 * input.len() as u64 + numbers.below(scarce)),
            gas_price: GasPrice::flat(1 + u128::from(numbers.below(3))),
            input,
        };
        nonces[sender] += 1;
        accounts[sender].sign_transaction(&body, domain)
    };
    (0..blocks).map(|_| (0..TRANSACTIONS).map(|_| transaction()).collect()).collect()
}

/// Mines blocks of transactions as they travel.
pub(crate) fn play(sandbox: &Sandbox, blocks: &[Vec<Bytes>]) -> Vec<Told> {
    play_with(sandbox, blocks, || {})
}

fn play_with(sandbox: &Sandbox, blocks: &[Vec<Bytes>], before_each: impl Fn()) -> Vec<Told> {
    let play_one = |raws: &Vec<Bytes>| {
        before_each();
        let mut block = sandbox.block();
        for raw in raws {
            block.push_raw(raw.clone());
        }
        let receipts = block.mine().unwrap();
        let receipts = receipts.into_iter().map(|outcome| outcome.map_err(|rejection| rejection.to_string())).collect();
        Told { state_root: sandbox.state_root(), receipts }
    };
    blocks.iter().map(play_one).collect()
}

/// Deploys two puppets and plays the story.
pub(crate) fn story(sandbox: &Sandbox, seed: u64, blocks: u64) -> Vec<Told> {
    story_with(sandbox, seed, blocks, || {})
}

/// Plays the story, with something done before each block.
pub(crate) fn story_with(sandbox: &Sandbox, seed: u64, blocks: u64, before_each: impl Fn()) -> Vec<Told> {
    let contracts = [crate::puppet::deploy(sandbox), crate::puppet::deploy(sandbox)];
    let code = sandbox.code_hash(contracts[0]).unwrap().unwrap();
    sandbox.accounts(SENDERS);
    let blocks = blocks_of(&sandbox.domain(), seed, blocks, &contracts, code);
    play_with(sandbox, &blocks, before_each)
}

#[test]
fn random_blocks_give_the_same_receipts_gas_and_roots_on_every_engine() {
    for seed in [1, 2, 3, 4] {
        let told = on_every_engine(|sandbox| story(sandbox, seed, BLOCKS));
        // The story is worth telling: calls succeed, revert, trap and run out of gas.
        let statuses = told.iter().flat_map(|block| &block.receipts).map(|outcome| outcome.as_ref().unwrap().status);
        let statuses: std::collections::BTreeSet<Status> = statuses.collect();
        for status in [Status::Success, Status::Reverted, Status::Unreachable, Status::OutOfGas] {
            assert!(statuses.contains(&status), "no {status:?} in {statuses:?}");
        }
    }
}

#[test]
fn random_blocks_with_a_trace_are_the_blocks_without() {
    for seed in [5, 6] {
        let plain = story(&Sandbox::new(), seed, BLOCKS);
        for engine in crate::engines::ENGINES {
            let sandbox = Sandbox::builder().engine(engine).build().unwrap();
            let (traced, traces) = sandbox.trace(|| story(&sandbox, seed, BLOCKS));
            assert_eq!(traced, plain, "{engine:?}");
            assert!(traces.len() > BLOCKS as usize * TRANSACTIONS);
        }
    }
}

#[test]
fn a_cold_cache_and_a_warm_one_tell_the_same() {
    let cold = story(&Sandbox::new(), 9, BLOCKS);
    let sandbox = Sandbox::new();
    let start = sandbox.snapshot();
    let warming = story(&sandbox, 9, BLOCKS);
    sandbox.revert(&start);
    let warm = story(&sandbox, 9, BLOCKS);
    assert_eq!(cold, warming);
    assert_eq!(cold, warm);
}

#[test]
fn a_cache_without_room_tells_the_same() {
    let vm = florin_runtime::vm::VmConfig { cache_bytes_max: 0, ..florin_runtime::vm::VmConfig::default() };
    let crowded = Sandbox::builder().vm(vm).build().unwrap();
    assert_eq!(story(&crowded, 11, 2), story(&Sandbox::new(), 11, 2));
}

#[test]
fn case_16_one_hash_deployed_from_two_threads_is_the_same_chain_twice() {
    let run = || {
        let sandbox = Sandbox::new();
        let alice = Account::named("alice");
        sandbox.account("alice");
        let raws = deployments(&alice, &sandbox.domain(), 4);
        play(&sandbox, &[raws])
    };
    let [one, other] = std::thread::scope(|scope| [scope.spawn(run), scope.spawn(run)].map(|run| run.join().unwrap()));
    assert_eq!(one, other);
    assert!(one[0].receipts.iter().all(|outcome| outcome.as_ref().unwrap().status == Status::Success));
    let fee = |index: usize| one[0].receipts[index].as_ref().unwrap().fee;
    // The first one pays for the compiler.
    assert!(fee(0) > fee(1) && fee(1) > Balance::ZERO);
    assert_eq!(fee(1), fee(3));
}
