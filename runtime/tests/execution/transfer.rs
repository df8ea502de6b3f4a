//! Plain transfers, fees and nonces.

use alloy_primitives::Address;
use florin_abi::Status;
use florin_runtime::{
    gas::Gas,
    ledger::Balance,
    transaction::{GasPrice, Rejection},
};

use crate::{
    puppet::{Script, puppet},
    world::{FUNDS, GAS, World, user},
};

#[test]
fn a_plain_transfer_uses_21_000_gas_in_all() {
    let mut world = World::new();
    let to = Address::repeat_byte(0xaa);
    let receipt = world.send(0, &world.body(0, Some(to), 5, vec![]));
    assert_eq!((receipt.status, receipt.gas_used, receipt.fee), (Status::Success, Gas(21_000), Balance::new(21_000)));
    assert_eq!(world.balance(to), 5);
    assert_eq!(world.balance(user(0)), FUNDS - 21_005);
}

#[test]
fn a_fee_is_burned_in_its_share_and_the_rest_goes_to_the_proposer() {
    let mut world = World::with(|genesis| genesis.fee_burn_ppm = 333_333);
    let mut body = world.body(0, Some(user(1)), 0, vec![]);
    body.gas_price = GasPrice { max: 9, priority: 2 };
    let receipt = world.send(0, &body);
    assert_eq!(receipt.fee, Balance::new(63_000), "the base price is 1 and the priority price is 2");
    let supply = world.chain.supply().unwrap();
    assert_eq!(supply.burned_fees, Balance::new(20_999), "63,000 * 0.333333, rounded down");
    assert_eq!(world.balance(world.chain.genesis().proposer), 63_000 - 20_999);
}

#[test]
fn bytes_to_an_account_without_code_are_paid_and_ignored() {
    let mut world = World::new();
    let receipt = world.send(0, &world.body(0, Some(user(1)), 1, vec![0; 100]));
    assert_eq!((receipt.status, receipt.gas_used), (Status::Success, Gas(21_000 + 1_600)));
    assert!(receipt.output.is_empty());
}

#[test]
fn a_transfer_to_oneself_changes_nothing_but_the_fee() {
    let mut world = World::new();
    world.send(0, &world.body(0, Some(user(0)), FUNDS / 2, vec![]));
    assert_eq!(world.balance(user(0)), FUNDS - 21_000);
}

#[test]
fn case_62_a_failed_transaction_pays_and_consumes_its_nonce_once() {
    let mut world = World::new();
    let contract = world.deploy(&puppet());
    let (nonce, before) = (world.nonce(1), world.balance(user(1)));
    let body = world.body(1, Some(contract), 1_000, Script::new().write(b"k", b"v").unreachable().bytes());
    let failing = world.signed(1, &body);

    let (block, rejected) = world.propose(vec![failing.clone(), failing.clone()]);
    assert_eq!(rejected, [(1, Rejection::NonceTooLow { expected: nonce + 1, actual: nonce })], "in the same block");
    let receipt = world.run(&block).receipts()[0].clone();
    assert_eq!(receipt.status, Status::Unreachable);
    assert_eq!(receipt.fee, Balance::new(receipt.gas_used.0.into()));
    assert!(receipt.gas_used > Gas(21_000) && receipt.gas_used < Gas(GAS));
    assert_eq!(world.balance(user(1)), before - receipt.fee.wei(), "the value came back, the fee did not");
    assert_eq!(world.balance(contract), 0);
    assert_eq!(world.stored(contract, b"k"), None);
    assert_eq!(world.nonce(1), nonce + 1);

    let (block, rejected) = world.propose(vec![failing]);
    assert_eq!(rejected, [(0, Rejection::NonceTooLow { expected: nonce + 1, actual: nonce })], "in the next block");
    assert_eq!(block.transactions().len(), 0);
}

#[test]
fn gas_is_charged_for_what_ran_and_the_rest_comes_back() {
    let mut world = World::new();
    let contract = world.deploy(&puppet());
    let receipt = world.call(1, contract, &Script::new().loop_forever());
    assert_eq!((receipt.status, receipt.gas_used), (Status::OutOfGas, Gas(GAS)), "an endless loop uses its limit");
    let receipt = world.call(1, contract, &Script::new().revert(b"why"));
    assert_eq!((receipt.status, &receipt.output[..]), (Status::Reverted, &b"why"[..]));
    assert!(receipt.gas_used < Gas(100_000), "{}", receipt.gas_used);
}

#[test]
fn a_view_costs_nothing_and_leaves_nothing() {
    let mut world = World::new();
    let contract = world.deploy(&puppet());
    let (root, script) = (world.chain.state_root(), Script::new().write(b"k", b"v").emit(&[], b"data").read(b"k"));
    let view = |world: &World| world.chain.view(user(1), contract, 7, script.bytes().into(), Gas(GAS)).unwrap();
    let outcome = view(&world);
    assert_eq!((outcome.status, &outcome.output[..], outcome.events.len()), (Status::Success, &b"\x01\0\0\0v"[..], 1));
    assert_eq!(world.chain.state_root(), root);

    let body = world.body(1, Some(contract), 7, script.bytes());
    let receipt = world.send(1, &body);
    assert_eq!((receipt.gas_used, receipt.output), (outcome.gas_used, outcome.output), "it foretells the transaction");
    let poor = world.chain.view(Address::ZERO, contract, 1, vec![].into(), Gas(GAS)).unwrap();
    assert_eq!(poor.status, Status::InsufficientBalance);
    let short = world.chain.view(user(1), contract, 0, vec![].into(), Gas(20_999)).unwrap();
    assert_eq!((short.status, short.gas_used), (Status::OutOfGas, Gas(20_999)));
}

#[test]
fn a_snapshot_keeps_its_state_when_the_chain_goes_on() {
    let mut world = World::new();
    let snapshot = world.clone();
    world.send(0, &world.body(0, Some(user(1)), 5, vec![]));
    assert_eq!((snapshot.chain.height(), snapshot.balance(user(0))), (0, FUNDS));
    assert_ne!(snapshot.chain.state_root(), world.chain.state_root());
    let mut again = snapshot;
    again.send(0, &again.body(0, Some(user(1)), 5, vec![]));
    assert_eq!(again.chain.head_hash(), world.chain.head_hash());
}
