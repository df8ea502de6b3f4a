//! Hooks and contracts of the genesis: what the chain itself calls, before the transactions of every block and at height 0.

use florin_abi::{SYSTEM, limits};
use florin_runtime::chain::ChainError;
use florin_runtime::genesis::{Genesis, GenesisCall, GenesisContract, GenesisError};
use florin_runtime::hook::{HOOK_RECEIPTS, Hook, HookReceipt};
use florin_runtime::state::StateKey;
use florin_runtime::vm::VmConfig;
use florin_sandbox::{
    Address, B256, Balance, Bytes, Client, Gas, Sandbox, SandboxBuilder, SandboxError, Status, U256, WEI_PER_MDT,
};
use florin_token::Token;

use crate::engines::ENGINES;
use crate::puppet::{Log, Script, module};

const PUPPET: Address = Address::repeat_byte(0xa1);
const OTHER: Address = Address::repeat_byte(0xa2);
const NOBODY: Address = Address::repeat_byte(0xa3);
const GAS: Gas = Gas(1_000_000);
const CHAIN: Address = Address::new(SYSTEM);

fn contract(address: Address, code: Vec<u8>) -> GenesisContract {
    GenesisContract { address, creator: CHAIN, code: code.into(), arguments: Bytes::new() }
}

/// A chain with two puppets at fixed addresses.
fn puppets() -> SandboxBuilder {
    Sandbox::builder().contract_wasm(contract(PUPPET, module())).contract_wasm(contract(OTHER, module()))
}

fn statuses(sandbox: &Sandbox) -> Vec<Status> {
    sandbox.hook_receipts().iter().map(|receipt| receipt.status).collect()
}

/// Returns the module of a contract that answers with the block's proposer, its list of signers and the supply.
fn witness() -> Vec<u8> {
    let text = r#"(module
        (import "florin" "block_proposer" (func $proposer (param i32)))
        (import "florin" "parent_signers" (func $signers (param i32 i32) (result i32)))
        (import "florin" "supply" (func $supply (param i32)))
        (import "florin" "finish" (func $finish (param i32 i32)))
        (memory (export "memory") 1 1)
        (func (export "florin_call")
            (call $proposer (i32.const 0))
            (call $supply (i32.const 20))
            (i32.store (i32.const 100) (call $signers (i32.const 104) (i32.const 32)))
            (call $finish (i32.const 0) (i32.add (i32.const 104) (i32.load (i32.const 100))))))"#;
    wat::parse_str(text).unwrap()
}

#[test]
fn hooks_run_in_their_order_before_the_transactions_and_are_called_by_the_chain() {
    let first = Script::shut().caller().write(b"k", b"hook").emit(b"first").end();
    let second = Script::shut().caller().emit(b"second").end();
    let sandbox = puppets().hook(PUPPET, first, GAS).hook(OTHER, second, GAS).build().unwrap();
    let alice = sandbox.account("alice");
    let read = sandbox.by(&alice).send(PUPPET, Balance::ZERO, Script::shut().read(b"k").end()).unwrap();
    // The transaction of the block sees what the hook of the same block wrote.
    assert_eq!(Log::new(read.output).bytes().unwrap(), Bytes::from_static(b"hook"));
    let receipts = sandbox.hook_receipts();
    assert_eq!(receipts.iter().map(|receipt| receipt.contract).collect::<Vec<_>>(), [PUPPET, OTHER]);
    for receipt in &receipts {
        assert_eq!((receipt.status, Log::new(receipt.output.clone()).address()), (Status::Success, CHAIN));
    }
    let emitted: Vec<&[u8]> = receipts.iter().map(|receipt| &receipt.events[0].data[..]).collect();
    assert_eq!(emitted, [b"first".as_slice(), b"second"]);
}

#[test]
fn a_hook_that_fails_takes_back_itself_and_nothing_else() {
    let write = |key: &[u8]| Script::shut().write(key, b"1").emit(key);
    let sandbox = puppets()
        .hook(PUPPET, write(b"before").end(), GAS)
        .hook(PUPPET, write(b"reverts").revert(b"why"), GAS)
        .hook(PUPPET, write(b"traps").trap(), GAS)
        .hook(PUPPET, write(b"spins").spin(u32::MAX).end(), GAS)
        .hook(NOBODY, write(b"nobody").end(), GAS)
        .hook(OTHER, write(b"after").end(), GAS)
        .build()
        .unwrap();
    for _ in 0..3 {
        sandbox.advance(1).unwrap();
        use Status::{NoContract, OutOfGas, Reverted, Success, Unreachable};
        assert_eq!(statuses(&sandbox), [Success, Reverted, Unreachable, OutOfGas, NoContract, Success]);
        let receipts = sandbox.hook_receipts();
        assert_eq!(receipts[1].output, Bytes::from_static(b"why"));
        assert_eq!((receipts[3].gas_used, receipts[4].gas_used), (GAS, Gas(0)));
        assert!(receipts[1..5].iter().all(|receipt| receipt.events.is_empty()));
        for (key, kept) in [("before", true), ("reverts", false), ("traps", false), ("spins", false)] {
            assert_eq!(sandbox.storage(PUPPET, key.as_bytes()).unwrap().is_some(), kept, "{key}");
        }
        assert!(sandbox.storage(OTHER, b"after").unwrap().is_some());
    }
}

#[test]
fn nobody_pays_for_a_hook_and_the_header_counts_transactions_only() {
    let busy = Script::shut().spin(10_000).flood(3, b"noise").end();
    let with = puppets().hook(PUPPET, busy, Gas(500_000_000)).build().unwrap();
    let without = puppets().build().unwrap();
    let [told, silent] = [&with, &without].map(|sandbox| {
        let [alice, bob] = sandbox.accounts(["alice", "bob"]);
        let before = sandbox.supply().unwrap();
        let receipt = sandbox.by(&alice).transfer(bob.address(), Balance::new(WEI_PER_MDT)).unwrap();
        let head = sandbox.head();
        assert_eq!(sandbox.supply().unwrap().minted, before.minted);
        (receipt.gas_used, receipt.fee, head.gas_used, head.receipts_root, head.logs_bloom)
    });
    assert_eq!(told, silent);
    assert!(with.hook_receipts()[0].gas_used > Gas(10_000));
    assert_eq!((with.hook_receipts()[0].events.len(), without.hook_receipts().len()), (3, 0));
}

#[test]
fn the_state_after_a_block_commits_to_its_hook_receipts() {
    let sandbox = puppets().hook(PUPPET, Script::shut().emit(b"news").end(), GAS).build().unwrap();
    for _ in 0..2 {
        sandbox.advance(1).unwrap();
        let key = StateKey::system(HOOK_RECEIPTS);
        let (value, proof) = sandbox.prove(&key).unwrap();
        let hash = HookReceipt::hash_all(sandbox.height(), &sandbox.hook_receipts());
        let value = value.map(|value| value.to_vec());
        assert_eq!(value.as_deref(), Some(hash.as_slice()));
        proof.verify(&sandbox.state_root().0, key.as_bytes(), value.as_deref()).unwrap();
    }
    let silent = puppets().build().unwrap();
    silent.advance(1).unwrap();
    assert_eq!(silent.prove(&StateKey::system(HOOK_RECEIPTS)).unwrap().0, None);
}

#[test]
fn a_block_with_hooks_is_the_same_on_every_engine() {
    let told = ENGINES.map(|engine| {
        let vm = VmConfig { engine, instances_max: 16, ..VmConfig::default() };
        let nested = Script::shut().write(b"n", b"2").emit(b"inner");
        let outer = Script::shut().call(OTHER, &nested).spin(100).gas().end();
        let failing = Script::shut().call(OTHER, &nested).revert(b"no");
        let sandbox = puppets().vm(vm).hook(PUPPET, outer, GAS).hook(PUPPET, failing, GAS).build().unwrap();
        sandbox.account("alice");
        sandbox.advance(2).unwrap();
        (sandbox.hook_receipts(), sandbox.state_root())
    });
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
    assert_eq!(told[0].0[0].status, Status::Success);
}

#[test]
fn a_contract_sees_who_proposed_who_signed_the_parent_and_the_supply() {
    let sandbox = Sandbox::builder().contract_wasm(contract(PUPPET, witness())).hook(PUPPET, b"", GAS).build().unwrap();
    let answer = |signers: &[u8]| {
        sandbox.set_parent_signers(signers);
        sandbox.advance(1).unwrap();
        assert_eq!(sandbox.head().extra_data, Bytes::copy_from_slice(signers), "the header carries the list");
        sandbox.hook_receipts()[0].output.clone()
    };
    let supply = sandbox.supply().unwrap();
    let totals = [supply.max, supply.genesis, supply.minted, supply.burned_by_contracts, supply.burned_fees];
    let totals = totals.map(|total| total.wei().to_le_bytes()).concat();
    let proposer = sandbox.head().beneficiary;
    for signers in [vec![], vec![0b101], vec![0xff; 32]] {
        let length = u32::try_from(signers.len()).unwrap().to_le_bytes();
        assert_eq!(answer(&signers)[..], [proposer.as_slice(), &totals, &length, &signers].concat());
    }
    // A view is a call of the head: it sees the head's list.
    let alice = sandbox.account("alice");
    let view = sandbox.by(&alice).simulate(PUPPET, Balance::ZERO, Bytes::new()).unwrap();
    assert_eq!(view.output[104..], [0xff; 32]);
}

#[test]
fn contracts_of_the_genesis_are_there_at_height_0_with_their_constructors_run() {
    let holder = Address::repeat_byte(7);
    let args = ("Gold".to_owned(), "GLD".to_owned(), 18, holder, U256::from(900));
    let sandbox = Sandbox::builder().contract::<Token>(OTHER, holder, &args).unwrap().build().unwrap();
    assert_eq!(sandbox.height(), 0);
    assert!(sandbox.code_hash(OTHER).unwrap().is_some());
    let alice = sandbox.account("alice");
    let mut token = florin_token::TokenClient::new(OTHER, sandbox.by(&alice));
    assert_eq!(token.balance_of(holder).view().unwrap(), U256::from(900));
    assert_eq!(token.owner().view().unwrap(), holder, "the creator is the caller of the constructor");
}

#[test]
fn calls_of_the_genesis_run_after_the_constructors_with_the_callers_own_money() {
    let founder = Address::repeat_byte(0xf0);
    let call = |contract, script: Bytes, value| GenesisCall {
        caller: founder,
        contract,
        value: Balance::new(value),
        message: script,
    };
    let builder = || puppets().allocate(founder, Balance::new(100));
    let stake = Script::shut().caller().write(b"staked", b"yes").end();
    let sandbox = builder().call(call(PUPPET, stake.clone(), 60)).call(call(OTHER, stake, 40)).build().unwrap();
    let balance = |of: Address| sandbox.balance(of).unwrap().wei();
    assert_eq!([founder, PUPPET, OTHER].map(balance), [0, 60, 40]);
    assert_eq!(sandbox.storage(OTHER, b"staked").unwrap(), Some(Bytes::from_static(b"yes")));
    assert_eq!(sandbox.supply().unwrap().minted, Balance::ZERO);
    let error = |call| refusal(|_| builder().call(call));
    let reverted = error(call(OTHER, Script::shut().revert(b"no"), 0));
    let (status, output) = (Status::Reverted, Bytes::from_static(b"no"));
    assert_eq!(reverted, GenesisError::CallFailed { index: 0, contract: OTHER, status, output });
    let poor = error(call(PUPPET, Script::shut().end(), 101));
    assert!(matches!(poor, GenesisError::CallFailed { status: Status::InsufficientBalance, .. }), "{poor}");
    let nobody = error(call(NOBODY, Bytes::new(), 1));
    assert!(matches!(nobody, GenesisError::CallFailed { status: Status::NoContract, .. }), "{nobody}");
    let empty = |_| call(PUPPET, Script::shut().end(), 0);
    let many = refusal(|_| (0..=limits::GENESIS_CALLS_MAX).map(empty).fold(builder(), SandboxBuilder::call));
    assert_eq!(many, GenesisError::TooManyCalls { count: 4_097 });
}

fn refusal(change: impl FnOnce(SandboxBuilder) -> SandboxBuilder) -> GenesisError {
    match change(puppets()).build() {
        Err(SandboxError::Settings(ChainError::Genesis(error))) => error,
        other => panic!("expected a refused genesis, got {other:?}"),
    }
}

#[test]
fn a_genesis_whose_contracts_or_hooks_contradict_it_is_refused() {
    let taken = refusal(|builder| builder.contract_wasm(contract(PUPPET, module())));
    assert_eq!(taken, GenesisError::ContractTwice { address: PUPPET });
    let broken = refusal(|builder| builder.contract_wasm(contract(NOBODY, vec![0; 9])));
    assert!(matches!(broken, GenesisError::ContractRefused { address: NOBODY, .. }), "{broken}");
    let mut bad = contract(NOBODY, florin_sandbox::artifact::<Token>().unwrap());
    bad.arguments = Bytes::from_static(b"no arguments of the token");
    let failed = refusal(|builder| builder.contract_wasm(bad));
    assert!(
        matches!(failed, GenesisError::ContractFailed { address: NOBODY, status: Status::Reverted, .. }),
        "{failed}"
    );
    let greedy = refusal(|builder| builder.hook(PUPPET, b"", Gas(600_000_000)).hook(OTHER, b"", Gas(400_000_001)));
    assert_eq!(greedy, GenesisError::HookGas { asked: Gas(1_000_000_001), limit: Gas(1_000_000_000) });
    let many = refusal(|builder| (0..17).fold(builder, |builder, _| builder.hook(PUPPET, b"", Gas(1))));
    assert_eq!(many, GenesisError::TooManyHooks { count: 17 });
    let long = limits::INPUT_BYTES_MAX as usize + 1;
    let long = refusal(|builder| builder.hook(PUPPET, b"", Gas(1)).hook(PUPPET, vec![0; long], Gas(1)));
    assert_eq!(long, GenesisError::HookMessage { index: 1, bytes: limits::INPUT_BYTES_MAX as usize + 1 });
    let crowd = (0..63).map(|place| contract(Address::repeat_byte(place), module()));
    let crowd = refusal(|builder| crowd.fold(builder, SandboxBuilder::contract_wasm));
    assert_eq!(crowd, GenesisError::TooManyContracts { count: 65 });
}

#[test]
fn the_genesis_hash_names_contracts_and_hooks_in_their_order() {
    let hook = |byte: u8| Hook { contract: Address::repeat_byte(byte), message: Bytes::new(), gas_limit: GAS };
    let plain = Genesis::default();
    let of = |contracts: &[GenesisContract], hooks: &[Hook]| {
        Genesis { contracts: contracts.to_vec(), hooks: hooks.to_vec(), ..plain.clone() }.hash()
    };
    let [a, b] = [contract(PUPPET, vec![1]), contract(OTHER, vec![1])];
    let named = [
        plain.hash(),
        of(std::slice::from_ref(&a), &[]),
        of(&[a.clone(), b.clone()], &[]),
        of(&[b, a.clone()], &[]),
        of(&[contract(PUPPET, vec![2])], &[]),
        of(&[], &[hook(1)]),
        of(&[], &[hook(1), hook(2)]),
        of(&[], &[hook(2), hook(1)]),
        of(&[a], &[hook(1)]),
    ];
    let distinct: std::collections::BTreeSet<B256> = named.into_iter().collect();
    assert_eq!(distinct.len(), named.len());
}
