//! Uploading code and creating contracts.

use alloy_primitives::{Address, keccak256};
use florin_abi::{Status, limits};
use florin_runtime::{
    execution::deploy::DeployPayload,
    gas::{Gas, GasSchedule, TICKS_PER_GAS},
    receipt::Receipt,
    state::StateKey,
};

use crate::{
    puppet::{Script, module, puppet},
    world::{World, user},
};

/// A contract without `florin_init` that does nothing.
const IDLE: &str = r#"(memory (export "memory") 1 1) (func (export "florin_call"))"#;

/// Entries that are no accounts and not the ledger's own: code and storage.
fn stored(world: &World) -> usize {
    world.chain.memory().unwrap().entries().iter().filter(|(key, _)| [1, 2].contains(&key.as_bytes()[0])).count()
}

fn intrinsic(payload: usize, code: usize) -> Gas {
    let GasSchedule { transaction, calldata_byte, create, code_byte, .. } = GasSchedule::default();
    Gas(transaction + create + calldata_byte * payload as u64 + code_byte * code as u64)
}

/// The fee was charged, the nonce consumed, and nothing was stored.
fn assert_nothing_but_the_fee(world: &World, before: &World, receipt: &Receipt) {
    assert_eq!(stored(world), stored(before));
    assert_eq!(receipt.contract, None);
    assert_eq!(world.nonce(0), before.nonce(0) + 1);
    assert_eq!(world.balance(user(0)), before.balance(user(0)) - receipt.fee.wei());
    assert_eq!(receipt.fee.wei(), u128::from(receipt.gas_used.0));
}

#[test]
fn case_01_a_module_that_is_none_is_refused_in_the_receipt_and_paid_for() {
    let good = module(IDLE);
    // A module without its names is a module; so it is cut before them.
    let names = good.windows(5).position(|bytes| bytes == b"\x04name").unwrap();
    let truncated: Vec<&[u8]> = (0..names - 3).map(|end| &good[..end]).collect();
    let garbage = [&good[..8], &[0xff; 40]].concat();
    let mut world = World::new();
    for code in truncated.into_iter().step_by(7).chain([&[0x5a; 64][..], &garbage]) {
        let before = world.clone();
        let receipt = world.deploy_with(0, code, 3, &Script::new());
        assert_eq!((receipt.status, &receipt.output[..]), (Status::CodeRefused, &b""[..]), "{code:?}");
        assert_eq!(receipt.gas_used, intrinsic(4 + code.len(), code.len()));
        assert_nothing_but_the_fee(&world, &before, &receipt);
    }
}

#[test]
fn case_02_a_module_above_the_limit_is_refused() {
    let mut world = World::new();
    let before = world.clone();
    let code = vec![0; limits::CODE_BYTES_MAX as usize + 1];
    let receipt = world.deploy_with(0, &code, 0, &Script::new());
    assert_eq!(receipt.status, Status::CodeRefused);
    assert_nothing_but_the_fee(&world, &before, &receipt);
}

#[test]
fn case_09_a_module_that_breaks_a_rule_is_refused() {
    let start = module(&format!("{IDLE} (func $s) (start $s)"));
    let float = module(&format!("{IDLE} (func (result f32) (f32.const 1))"));
    let unknown = wat::parse_str(format!(r#"(module (import "florin" "clock" (func)) {IDLE})"#)).unwrap();
    let mut world = World::new();
    for code in [start, float, unknown] {
        let before = world.clone();
        let receipt = world.deploy_with(0, &code, 0, &Script::new());
        assert_eq!(receipt.status, Status::CodeRefused);
        assert_nothing_but_the_fee(&world, &before, &receipt);
    }
}

#[test]
fn a_payload_that_lies_about_its_length_fails_and_is_paid_for() {
    let mut world = World::new();
    for input in [vec![], vec![0, 0, 0], vec![0xff; 100]] {
        let before = world.clone();
        let bytes = input.len();
        let receipt = world.send(0, &world.body(0, None, 1, input));
        assert_eq!((receipt.status, receipt.gas_used), (Status::BadDeployPayload, intrinsic(bytes, 0)));
        assert_nothing_but_the_fee(&world, &before, &receipt);
    }
}

#[test]
fn case_16_the_same_code_twice_is_stored_once() {
    let mut world = World::new();
    let code = puppet();
    let input = DeployPayload::join(&code, &[]).unwrap();
    let deploys: Vec<_> = (0..2)
        .map(|place| {
            let mut body = world.body(0, None, 0, input.to_vec());
            body.nonce += place;
            world.signed(0, &body)
        })
        .collect();
    // Deployed twice and called, all in one block.
    let [first, second] = [user(0).create(0), user(0).create(1)];
    let call = world.body(1, Some(second), 0, Script::new().write(b"k", b"v").bytes());
    let call = world.signed(1, &call);
    let committed = world.block(vec![deploys[0].clone(), deploys[1].clone(), call]);
    let receipts = committed.receipts();
    assert!(receipts.iter().all(|receipt| receipt.status.is_success()), "{receipts:?}");
    assert_eq!([receipts[0].contract, receipts[1].contract], [Some(first), Some(second)]);
    assert!(receipts[0].gas_used > receipts[1].gas_used, "compiling is paid once");
    assert_eq!(stored(&world), 2, "one code and one entry");
    assert_eq!(world.chain.memory().unwrap().prove(&StateKey::code(keccak256(&code))).unwrap().0, Some(code.into()));
    assert_eq!(world.chain.account(first).unwrap().code_hash, world.chain.account(second).unwrap().code_hash);
}

#[test]
fn case_17_tokens_sent_to_the_address_before_do_not_stop_a_deploy() {
    let mut world = World::new();
    let address = user(0).create(0);
    world.send(1, &world.body(1, Some(address), 77, vec![]));
    let receipt = world.deploy_with(0, &puppet(), 3, &Script::new().balance(address));
    assert_eq!((receipt.status, receipt.contract), (Status::Success, Some(address)));
    assert_eq!(receipt.output[..], 80_u128.to_le_bytes());
}

#[test]
fn case_17_tokens_sent_to_the_address_before_do_not_stop_a_contract_that_creates() {
    let mut world = World::new();
    let maker = world.deploy(&puppet());
    let code_hash = keccak256(puppet());
    let address = maker.create2([9; 32], code_hash);
    world.send(1, &world.body(1, Some(address), 77, vec![]));
    let receipt = world.call(1, maker, &Script::new().create(code_hash, 9, 0, Script::new().write(b"k", b"v")));
    assert_eq!(receipt.output[0], Status::Success.code());
    assert_eq!(&receipt.output[1..21], address.as_slice());
    assert_eq!(world.stored(address, b"k"), Some(b"v".to_vec()));
    assert_eq!((world.balance(address), world.chain.account(address).unwrap().code_hash), (77, Some(code_hash)));

    let receipt = world.call(1, maker, &Script::new().create(code_hash, 9, 0, Script::new()));
    assert_eq!(receipt.output[0], Status::AddressTaken.code(), "the same salt again");
    let receipt = world.call(1, maker, &Script::new().create([1; 32].into(), 9, 0, Script::new()));
    assert_eq!(receipt.output[0], Status::NoCode.code());
    let receipt = world.call(1, maker, &Script::new().create(code_hash, 1, 1, Script::new()));
    assert_eq!(receipt.output[0], Status::InsufficientBalance.code(), "the maker has nothing to give");
}

#[test]
fn an_init_that_fails_takes_everything_back_but_the_fee() {
    let mut world = World::new();
    let scripts = [
        (Script::new().write(b"k", b"v").revert(b"no"), Status::Reverted, &b"no"[..]),
        (Script::new().write(b"k", b"v").emit(&[], b"event").unreachable(), Status::Unreachable, b""),
    ];
    for (script, status, output) in scripts {
        let before = world.clone();
        let receipt = world.deploy_with(0, &puppet(), 5, &script);
        assert_eq!((receipt.status, &receipt.output[..], receipt.events.len()), (status, output, 0));
        assert_nothing_but_the_fee(&world, &before, &receipt);
    }
}

#[test]
fn a_contract_without_init_takes_no_arguments() {
    let mut world = World::new();
    let before = world.clone();
    let receipt = world.deploy_with(0, &module(IDLE), 0, &Script::new().unreachable());
    assert_eq!(receipt.status, Status::BadDeployPayload);
    assert_nothing_but_the_fee(&world, &before, &receipt);
    let contract = world.deploy(&module(IDLE));
    assert!(world.call(1, contract, &Script::new()).status.is_success());
}

#[test]
fn a_deploy_of_the_largest_legal_size_fits_a_block() {
    let padding = limits::CODE_BYTES_MAX as usize - 60_000;
    let data = "a".repeat(padding);
    let code = module(&format!(
        r#"(memory (export "memory") 17 17) (func (export "florin_call")) (data (i32.const 0) "{data}")"#
    ));
    assert!(code.len() <= limits::CODE_BYTES_MAX as usize && code.len() > padding);
    let mut world = World::new();
    let contract = world.deploy(&code);
    assert_ne!(contract, Address::ZERO);
}

#[test]
fn case_36_a_new_module_pays_for_its_compiler_and_one_that_is_there_does_not() {
    let functions = |count: usize| module(&(IDLE.to_owned() + &"(func)".repeat(count)));
    let compile = GasSchedule::default().compile;
    let (small, large) = (functions(0), functions(100));
    let mut world = World::new();
    let used = |world: &mut World, code: &[u8]| {
        let receipt = world.deploy_with(0, code, 0, &Script::new());
        assert_eq!(receipt.status, Status::Success);
        receipt.gas_used.0 - intrinsic(4 + code.len(), code.len()).0
    };
    let first = used(&mut world, &large);
    assert_eq!(first - used(&mut world, &small), 100 * compile.function / TICKS_PER_GAS);
    assert_eq!(used(&mut world, &large), 0);
}
