//! Transactions and blocks: nonces, fees, what fits, what is refused, what the chain keeps of it.

use florin_runtime::transaction::{Body, Domain, GasPrice, Rejection};
use florin_sandbox::{Account, Address, B256, Balance, Bytes, Gas, Sandbox, Status, WEI_PER_MDT, deploy_payload};

use crate::puppet::{Script, deploy, module};

const CAROL: Address = Address::repeat_byte(0xca);

/// A transfer to Carol.
fn body(nonce: u64) -> Body {
    Body {
        nonce,
        to: Some(CAROL),
        value: Balance::new(5),
        gas_limit: Gas(21_000),
        gas_price: GasPrice::flat(1),
        input: Bytes::new(),
    }
}

fn rejection(sandbox: &Sandbox, account: &Account, body: &Body) -> Rejection {
    let root = sandbox.state_root();
    let raw = account.sign_transaction(body, &sandbox.domain());
    let [outcome] = <[_; 1]>::try_from(block_of(sandbox, vec![raw])).unwrap();
    // A rejected transaction leaves no trace.
    assert_eq!(sandbox.state_root(), root);
    outcome.unwrap_err()
}

fn block_of(sandbox: &Sandbox, raws: Vec<Bytes>) -> Vec<Result<florin_sandbox::TransactionReceipt, Rejection>> {
    let mut block = sandbox.block();
    for raw in raws {
        block.push_raw(raw);
    }
    block.mine().unwrap()
}

#[test]
fn a_transfer_moves_the_amount_and_costs_21000_gas() {
    let sandbox = Sandbox::new();
    let alice = sandbox.account("alice");
    let before = sandbox.balance(&alice).unwrap();
    let receipt = sandbox.by(&alice).transfer(CAROL, Balance::new(5)).unwrap();
    assert_eq!((receipt.status, receipt.gas_used), (Status::Success, Gas(21_000)));
    assert_eq!(sandbox.balance(CAROL).unwrap(), Balance::new(5));
    let spent = before.checked_sub(sandbox.balance(&alice).unwrap()).unwrap();
    assert_eq!(spent, receipt.fee.checked_add(Balance::new(5)).unwrap());
    assert_eq!(sandbox.nonce(&alice).unwrap(), 1);
}

#[test]
fn case_16_the_same_code_deployed_twice_is_two_contracts() {
    let sandbox = Sandbox::new();
    let [a, b] = [deploy(&sandbox), deploy(&sandbox)];
    assert_ne!(a, b);
    let alice = sandbox.by(&sandbox.account("alice"));
    alice.send(a, Balance::ZERO, Script::shut().write(b"k", b"v").end()).unwrap();
    assert!(sandbox.storage(a, b"k").unwrap().is_some());
    assert!(sandbox.storage(b, b"k").unwrap().is_none());
    assert_eq!(sandbox.code_hash(a).unwrap(), sandbox.code_hash(b).unwrap());
}

#[test]
fn case_16_a_contract_is_deployed_twice_and_called_in_one_block() {
    let sandbox = Sandbox::new();
    let alice = sandbox.account("alice");
    let first = alice.address().create(0);
    let deploy = |nonce| Body {
        nonce,
        to: None,
        value: Balance::ZERO,
        gas_limit: Gas(10_000_000),
        input: deploy_payload(&module(), &[]),
        ..body(0)
    };
    let call = |nonce| Body {
        nonce,
        to: Some(first),
        value: Balance::ZERO,
        gas_limit: Gas(1_000_000),
        input: Script::shut().write(b"k", b"v").end(),
        ..body(0)
    };
    let signed = |body| alice.sign_transaction(&body, &sandbox.domain());
    let outcomes = block_of(&sandbox, vec![signed(deploy(0)), signed(call(1)), signed(deploy(2)), signed(call(3))]);
    let contracts: Vec<_> = outcomes
        .iter()
        .map(|outcome| {
            let receipt = outcome.as_ref().unwrap();
            assert_eq!(receipt.status, Status::Success);
            receipt.contract
        })
        .collect();
    assert_eq!(contracts, [Some(first), None, Some(alice.address().create(2)), None]);
    // The second call overwrites; all else is equal.
    assert_eq!(&sandbox.storage(first, b"k").unwrap().unwrap()[..], b"v");
}

#[test]
fn case_17_money_at_a_contracts_future_address_does_not_keep_it_from_being_created() {
    let sandbox = Sandbox::new();
    let [alice, mallory] = ["alice", "mallory"].map(|name| sandbox.account(name));
    let future = alice.address().create(sandbox.nonce(&alice).unwrap());
    sandbox.by(&mallory).transfer(future, Balance::new(77)).unwrap();
    let receipt = sandbox.by(&alice).deploy_wasm(&module(), &[]).unwrap();
    assert_eq!((receipt.status, receipt.contract), (Status::Success, Some(future)));
    assert_eq!(sandbox.balance(future).unwrap(), Balance::new(77));
}

#[test]
fn case_62_a_failed_transaction_pays_once_uses_its_nonce_once_and_never_runs_again() {
    let sandbox = Sandbox::new();
    let contract = deploy(&sandbox);
    let alice = sandbox.account("alice");
    let failing = Body {
        to: Some(contract),
        value: Balance::ZERO,
        gas_limit: Gas(200_000),
        input: Script::shut().write(b"k", b"v").trap(),
        ..body(0)
    };
    let raw = alice.sign_transaction(&failing, &sandbox.domain());
    let before = sandbox.balance(&alice).unwrap();
    // Twice in the same block, then again in the next.
    let outcomes = block_of(&sandbox, vec![raw.clone(), raw.clone()]);
    let fee = outcomes[0].as_ref().unwrap().fee;
    assert_eq!(outcomes[0].as_ref().unwrap().status, Status::Unreachable);
    assert_eq!(outcomes[1], Err(Rejection::NonceTooLow { expected: 1, actual: 0 }));
    assert!(!fee.is_zero());
    assert_eq!(block_of(&sandbox, vec![raw])[0], Err(Rejection::NonceTooLow { expected: 1, actual: 0 }));
    assert_eq!(sandbox.nonce(&alice).unwrap(), 1);
    assert_eq!(sandbox.balance(&alice).unwrap(), before.checked_sub(fee).unwrap());
    assert_eq!(sandbox.storage(contract, b"k").unwrap(), None);
}

#[test]
fn case_59_a_transaction_of_another_chain_is_refused() {
    let sandbox = Sandbox::new();
    let alice = sandbox.account("alice");
    let here = sandbox.domain();
    let raw = alice.sign_transaction(&body(0), &Domain { chain_id: here.chain_id + 1, ..here });
    let expected = Rejection::WrongChain { expected: here.chain_id, actual: here.chain_id + 1 };
    assert_eq!(block_of(&sandbox, vec![raw])[0], Err(expected));
}

#[test]
fn case_37_a_cost_beyond_128_bits_is_refused_before_anything_is_added_up() {
    let sandbox = Sandbox::new();
    let alice = sandbox.account("alice");
    for (gas_limit, price, value) in
        [(u64::MAX, u128::MAX / 1_000_000_000, 0), (2, 1, u128::MAX - 1), (u64::MAX, u128::from(u64::MAX), u128::MAX)]
    {
        let body =
            Body { gas_limit: Gas(gas_limit), gas_price: GasPrice::flat(price), value: Balance::new(value), ..body(0) };
        let raw = alice.sign_transaction(&body, &sandbox.domain());
        let refused = block_of(&sandbox, vec![raw]).remove(0).unwrap_err();
        assert!(
            matches!(
                refused,
                Rejection::CostOverflow { .. } | Rejection::Amount { .. } | Rejection::GasLimitTooHigh { .. }
            ),
            "{refused}"
        );
    }
}

#[test]
fn a_sender_pays_for_the_whole_limit_before_the_first_instruction() {
    let sandbox = Sandbox::builder().account_balance(Balance::new(30_000)).build().unwrap();
    let alice = sandbox.account("alice");
    let refused = rejection(&sandbox, &alice, &Body { gas_limit: Gas(30_000), value: Balance::new(1), ..body(0) });
    let [required, available] = [30_001, 30_000].map(Balance::new);
    let expected = Rejection::InsufficientFunds { sender: alice.address(), required, available };
    assert_eq!(refused, expected);
    let fits = Body { gas_limit: Gas(30_000), value: Balance::ZERO, ..body(0) };
    assert!(block_of(&sandbox, vec![alice.sign_transaction(&fits, &sandbox.domain())])[0].is_ok());
}

#[test]
fn a_nonce_gap_a_low_limit_and_a_low_price_are_refused_and_named() {
    let sandbox = Sandbox::builder().gas_price(3).build().unwrap();
    let alice = sandbox.account("alice");
    let fair = Body { gas_price: GasPrice::flat(3), ..body(0) };
    assert_eq!(
        rejection(&sandbox, &alice, &Body { nonce: 1, ..fair.clone() }),
        Rejection::NonceGap { expected: 0, actual: 1 }
    );
    let low = Body { gas_limit: Gas(20_999), ..fair.clone() };
    let expected = Rejection::GasLimitTooLow { required: Gas(21_000), actual: Gas(20_999) };
    assert_eq!(rejection(&sandbox, &alice, &low), expected);
    let cheap = Body { gas_price: GasPrice::flat(2), ..fair };
    assert_eq!(rejection(&sandbox, &alice, &cheap), Rejection::GasPriceTooLow { base: 3, max: 2 });
}

#[test]
fn garbage_among_transactions_is_refused_and_the_others_are_executed() {
    let sandbox = Sandbox::new();
    let alice = sandbox.account("alice");
    let good = |nonce| alice.sign_transaction(&body(nonce), &sandbox.domain());
    let cut = good(0).slice(..50);
    let outcomes = block_of(
        &sandbox,
        vec![Bytes::from_static(b"\x02 garbage"), good(0), cut, Bytes::new(), good(1), Bytes::from(vec![0; 2 << 20])],
    );
    let executed: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(executed, [false, true, false, false, true, false]);
    assert_eq!(outcomes[3], Err(Rejection::Empty));
    assert!(matches!(outcomes[5], Err(Rejection::TooLarge { .. })));
    assert_eq!(sandbox.balance(CAROL).unwrap(), Balance::new(10));
}

#[test]
fn balances_add_up_to_the_supply_and_half_of_each_fee_is_burned() {
    let sandbox = Sandbox::new();
    let contract = deploy(&sandbox);
    let names = ["alice", "bob", "deployer", "faucet", "proposer"];
    let [alice, bob, ..] = ["alice", "bob"].map(|name| sandbox.account(name));
    sandbox.by(&alice).transfer(&bob, Balance::new(123)).unwrap();
    sandbox.by(&bob).send(contract, Balance::new(45), Script::shut().send(CAROL, 40).end()).unwrap();
    sandbox.by(&bob).send(contract, Balance::new(45), Script::shut().send(CAROL, 40).trap()).unwrap();
    let mut addresses = names.map(|name| Account::named(name).address()).to_vec();
    addresses.extend([contract, CAROL]);
    let sum: u128 = addresses.into_iter().map(|address| sandbox.balance(address).unwrap().wei()).sum();
    let supply = sandbox.supply().unwrap();
    assert_eq!(Some(Balance::new(sum)), supply.circulating());
    let paid_to_proposer = sandbox.balance(&Account::named("proposer")).unwrap();
    assert!(!supply.burned_fees.is_zero());
    // Odd fees round down to the burned part.
    assert!(paid_to_proposer.wei() - supply.burned_fees.wei() <= u128::from(sandbox.height()) + 10);
}

#[test]
fn a_snapshot_brings_everything_back() {
    let sandbox = Sandbox::new();
    let contract = deploy(&sandbox);
    let alice = sandbox.account("alice");
    sandbox.set_next_time(sandbox.time() + 1_000).unwrap();
    let before = sandbox.snapshot();
    let figures = || (sandbox.height(), sandbox.time(), sandbox.state_root(), sandbox.nonce(&alice).unwrap());
    let kept = figures();
    sandbox.by(&alice).send(contract, Balance::ZERO, Script::shut().write(b"k", b"v").end()).unwrap();
    sandbox.advance(3).unwrap();
    let once = figures();
    assert_ne!(kept, once);
    sandbox.revert(&before);
    assert_eq!(figures(), kept);
    sandbox.by(&alice).send(contract, Balance::ZERO, Script::shut().write(b"k", b"v").end()).unwrap();
    sandbox.advance(3).unwrap();
    assert_eq!(figures(), once);
}

#[test]
fn time_goes_forward_only_and_contracts_see_the_blocks() {
    let sandbox = Sandbox::new();
    let start = sandbox.time();
    sandbox.advance(2).unwrap();
    assert_eq!((sandbox.height(), sandbox.time()), (2, start + 24));
    sandbox.set_next_time(start + 100).unwrap();
    sandbox.advance(2).unwrap();
    assert_eq!((sandbox.height(), sandbox.time()), (4, start + 112));
    assert!(sandbox.set_next_time(start + 112).is_err());
    sandbox.advance_to(10).unwrap();
    assert_eq!(sandbox.height(), 10);
}

#[test]
fn an_account_is_funded_once_with_a_thousand_mdt() {
    let sandbox = Sandbox::new();
    let alice = sandbox.account("alice");
    assert_eq!(sandbox.balance(&alice).unwrap(), Balance::new(1_000 * WEI_PER_MDT));
    let height = sandbox.height();
    assert_eq!(sandbox.account("alice").address(), alice.address());
    assert_eq!(sandbox.height(), height);
    assert_ne!(sandbox.state_root(), B256::ZERO);
}
