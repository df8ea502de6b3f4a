//! Calls between contracts: what a failed call leaves behind, who may be entered again, and where gas and depth end.

use florin_abi::CALL_READ_ONLY;
use florin_abi::limits::{CALL_DEPTH_MAX, EVENT_BYTES_MAX, EVENTS_MAX};
use florin_sandbox::{Address, B256, Balance, Gas, Sandbox, Status, TransactionReceipt};

use crate::puppet::{ALL_GAS, Log, Script, deploy};

struct Stage {
    sandbox: Sandbox,
    a: Address,
    b: Address,
}

/// Two puppets, of which each holds 1,000 wei.
fn stage() -> Stage {
    let sandbox = Sandbox::new();
    let [a, b] = [deploy(&sandbox), deploy(&sandbox)];
    for contract in [a, b] {
        // A message without steps; the money stays.
        let paid = sandbox.by(&sandbox.account("alice")).send(contract, Balance::new(1_000), Script::shut().end());
        assert_eq!(paid.unwrap().status, Status::Success);
    }
    Stage { sandbox, a, b }
}

impl Stage {
    fn run(&self, script: &Script) -> TransactionReceipt {
        let alice = self.sandbox.account("alice");
        self.sandbox.by(&alice).send(self.a, Balance::ZERO, script.end()).unwrap()
    }

    /// Runs a script that must succeed.
    fn log(&self, script: &Script) -> Log {
        let receipt = self.run(script);
        assert_eq!(receipt.status, Status::Success);
        Log::new(receipt.output)
    }

    fn stored(&self, contract: Address, key: &[u8]) -> Option<Vec<u8>> {
        self.sandbox.storage(contract, key).unwrap().map(|value| value.to_vec())
    }

    fn holds(&self, address: Address) -> u128 {
        self.sandbox.balance(address).unwrap().wei()
    }
}

#[test]
fn a_call_answers_its_caller_and_knows_who_that_is() {
    let stage = stage();
    let inside = Script::shut().caller().write(b"k", b"v");
    let mut log = stage.log(&Script::shut().call(stage.b, &inside).answer());
    assert_eq!(log.status(), Status::Success);
    assert_eq!(log.inner().address(), stage.a);
    log.end();
    assert_eq!(stage.stored(stage.b, b"k").unwrap(), b"v");
    assert_eq!(stage.stored(stage.a, b"k"), None);
}

#[test]
fn case_24_a_contract_calls_itself_down_to_the_depth_limit_and_no_further() {
    let stage = stage();
    // The transaction's own call is the first.
    let mut script = Script::open().write(b"deepest", b"reached");
    for _ in 1..CALL_DEPTH_MAX {
        script = Script::open().call(stage.a, &script).answer();
    }
    let mut log = stage.log(&script);
    for _ in 1..CALL_DEPTH_MAX {
        assert_eq!(log.status(), Status::Success);
        log = log.inner();
    }
    log.end();
    assert_eq!(stage.stored(stage.a, b"deepest").unwrap(), b"reached");

    let mut script = Script::open().write(b"deeper", b"reached");
    for _ in 0..CALL_DEPTH_MAX {
        script = Script::open().call(stage.a, &script).answer();
    }
    let mut log = stage.log(&script);
    for _ in 1..CALL_DEPTH_MAX {
        assert_eq!(log.status(), Status::Success);
        log = log.inner();
    }
    assert_eq!(log.status(), Status::CallDepth);
    assert_eq!(stage.stored(stage.a, b"deeper"), None);
}

#[test]
fn case_24_two_contracts_call_each_other_down_to_the_depth_limit() {
    let stage = stage();
    let mut script = Script::open();
    for level in (0..CALL_DEPTH_MAX).rev() {
        let callee = if level % 2 == 0 { stage.b } else { stage.a };
        script = Script::open().call(callee, &script).answer();
    }
    let mut log = stage.log(&script);
    for _ in 1..CALL_DEPTH_MAX {
        assert_eq!(log.status(), Status::Success);
        log = log.inner();
    }
    assert_eq!(log.status(), Status::CallDepth);
}

#[test]
fn case_24_a_fan_out_of_ten_thousand_calls_pays_for_each_and_ends_with_the_gas() {
    let sandbox = Sandbox::builder().block_gas_limit(Gas(200_000_000)).build().unwrap();
    let [a, b] = [deploy(&sandbox), deploy(&sandbox)];
    let alice = sandbox.by(&sandbox.account("alice"));
    let gas_of = |count| {
        let script = Script::shut().calls(count, b, ALL_GAS, &Script::shut());
        let receipt = alice.with_gas_limit(Gas(150_000_000)).send(a, Balance::ZERO, script.end()).unwrap();
        assert_eq!((receipt.status, receipt.output[0]), (Status::Success, Status::Success.code()));
        receipt.gas_used.0
    };
    // 1 to 1,001 and 1,001 to 10,001: each call costs the same.
    let [one, thousand, ten_thousand] = [gas_of(1), gas_of(1_001), gas_of(10_001)];
    let difference = (ten_thousand - thousand).abs_diff((thousand - one) * 9);
    assert!(difference <= 9, "a call costs more or less when there are many: {difference} gas");

    let script = Script::shut().calls(10_000, b, ALL_GAS, &Script::shut());
    let broke = alice.with_gas_limit(Gas(1_000_000)).send(a, Balance::ZERO, script.end()).unwrap();
    assert_eq!(broke.status, Status::OutOfGas);
    assert_eq!(broke.gas_used, Gas(1_000_000));
}

#[test]
fn case_24_a_call_from_within_error_handling_is_a_call_like_any() {
    let stage = stage();
    let failing = Script::shut().write(b"k", b"failed").then_trap();
    let handler = Script::shut().write(b"k", b"handled");
    let mut log = stage.log(&Script::shut().call(stage.b, &failing).call(stage.b, &handler));
    assert_eq!([log.status(), log.status()], [Status::Unreachable, Status::Success]);
    assert_eq!(stage.stored(stage.b, b"k").unwrap(), b"handled");
}

#[test]
fn case_25_a_running_contract_is_not_entered_again() {
    let stage = stage();
    // A calls B, B calls back into A before A has written.
    let back = Script::shut().write(b"balance", b"twice");
    let through = Script::shut().call(stage.a, &back);
    let mut log = stage.log(&Script::shut().call(stage.b, &through).answer().write(b"balance", b"once"));
    assert_eq!(log.status(), Status::Success);
    assert_eq!(log.inner().status(), Status::Reentrancy);
    assert_eq!(stage.stored(stage.a, b"balance").unwrap(), b"once");
}

#[test]
fn case_25_a_message_that_opts_in_is_entered_again_and_sees_what_was_written() {
    let stage = stage();
    let back = Script::open().read(b"k").write(b"k", b"inner");
    let through = Script::shut().call(stage.a, &back).answer();
    let outer = Script::shut().write(b"k", b"outer").call(stage.b, &through).answer().read(b"k");
    let mut log = stage.log(&outer);
    assert_eq!(log.status(), Status::Success);
    let mut inner = log.inner();
    assert_eq!(inner.status(), Status::Success);
    assert_eq!(&inner.inner().bytes().unwrap()[..], b"outer");
    assert_eq!(&log.bytes().unwrap()[..], b"inner");
    log.end();
}

#[test]
fn case_25_a_contract_may_be_called_twice_one_after_the_other() {
    let stage = stage();
    let append = Script::shut().write(b"k", b"v");
    let mut log = stage.log(&Script::shut().call(stage.b, &append).call(stage.b, &append));
    assert_eq!([log.status(), log.status()], [Status::Success; 2]);
}

#[test]
fn case_26_a_failed_call_leaves_nothing_behind_and_the_caller_goes_on() {
    for (fail, status) in [
        (Script::then_trap as fn(Script) -> Script, Status::Unreachable),
        (|script: Script| script.then_revert(b"no"), Status::Reverted),
    ] {
        let stage = stage();
        let carol = Address::repeat_byte(0xca);
        // Everything a call can do, a nested successful call included.
        let deeper = Script::open().write(b"deep", b"1").emit(b"deep").send(carol, 1);
        let inside = Script::open().write(b"k", b"v").emit(b"lost").send(carol, 7).call(stage.a, &deeper);
        let outer = Script::open()
            .emit(b"before")
            .call_with(stage.b, 11, ALL_GAS, 0, &fail(inside))
            .answer()
            .emit(b"after")
            .write(b"went", b"on");
        let receipt = stage.run(&outer);
        assert_eq!(receipt.status, Status::Success);
        let mut log = Log::new(receipt.output);
        assert_eq!(log.status(), status);
        let answer = log.bytes().unwrap();
        assert_eq!(&answer[..], if status == Status::Reverted { &b"no"[..] } else { &[] });

        let events: Vec<&[u8]> = receipt.events.iter().map(|event| &event.data[..]).collect();
        assert_eq!(events, [&b"before"[..], b"after"]);
        assert_eq!(stage.stored(stage.b, b"k"), None);
        assert_eq!(stage.stored(stage.a, b"deep"), None);
        assert_eq!(stage.stored(stage.a, b"went").unwrap(), b"on");
        assert_eq!([stage.holds(stage.a), stage.holds(stage.b), stage.holds(carol)], [1_000, 1_000, 0]);
    }
}

#[test]
fn case_26_a_contract_created_by_a_failed_call_does_not_exist() {
    let stage = stage();
    let hash = stage.sandbox.code_hash(stage.a).unwrap().unwrap();
    let salt = B256::repeat_byte(5);
    let creating = Script::shut().create(hash, salt, 3, ALL_GAS);
    stage.log(&Script::shut().call(stage.b, &creating.clone().then_trap()));
    assert_eq!(stage.holds(stage.b), 1_000);

    // The same creation succeeds afterwards: the address is free.
    let mut log = stage.log(&Script::shut().call(stage.b, &creating).answer());
    assert_eq!(log.status(), Status::Success);
    let mut inner = log.inner();
    assert_eq!(inner.status(), Status::Success);
    let created = inner.address();
    assert_eq!(created, crate::puppet::create_address(stage.b, salt, hash));
    assert_eq!([stage.holds(stage.b), stage.holds(created)], [997, 3]);

    let mut log = stage.log(&Script::shut().call(stage.b, &Script::shut().create(hash, salt, 0, ALL_GAS)).answer());
    log.status();
    assert_eq!(log.inner().status(), Status::AddressTaken);
}

#[test]
fn case_26_a_failed_transaction_keeps_nothing_but_its_fee() {
    let stage = stage();
    let carol = Address::repeat_byte(0xca);
    let inside = Script::shut().write(b"k", b"v").emit(b"lost");
    let script = Script::shut().write(b"k", b"v").send(carol, 5).call(stage.b, &inside).emit(b"lost").then_trap();
    let receipt = stage.run(&script);
    assert_eq!((receipt.status, receipt.events.len()), (Status::Unreachable, 0));
    assert_eq!([stage.stored(stage.a, b"k"), stage.stored(stage.b, b"k")], [None, None]);
    assert_eq!([stage.holds(stage.a), stage.holds(stage.b), stage.holds(carol)], [1_000, 1_000, 0]);
    assert!(receipt.fee.wei() > 0);
}

#[test]
fn case_27_a_call_gets_no_more_gas_than_there_is_and_its_caller_keeps_a_64th() {
    let stage = stage();
    // The callee burns everything it gets, whatever it was promised.
    let burn = Script::shut().spin(u32::MAX);
    for promised in [u64::MAX, u64::MAX - 1, i64::MAX as u64, 1 << 40] {
        let script = Script::shut().gas().call_with(stage.b, 0, promised, 0, &burn).gas();
        let mut log = stage.log(&script);
        let before = log.gas();
        assert_eq!(log.status(), Status::OutOfGas);
        let after = log.gas();
        let call_price_max = 20_000;
        assert!(after <= before / 64 && after + call_price_max >= before / 64, "kept {after} of {before}");
    }
}

#[test]
fn case_27_a_call_without_gas_fails_and_costs_its_caller_the_call_only() {
    let stage = stage();
    let script = Script::shut().gas().call_with(stage.b, 0, 0, 0, &Script::shut()).gas();
    let mut log = stage.log(&script);
    let before = log.gas();
    assert_eq!(log.status(), Status::OutOfGas);
    assert!(before - log.gas() < 20_000);
}

#[test]
fn case_27_a_call_may_be_limited_to_less_than_there_is() {
    let stage = stage();
    let burn = Script::shut().spin(u32::MAX);
    let script = Script::shut().gas().call_with(stage.b, 0, 100_000, 0, &burn).gas();
    let mut log = stage.log(&script);
    let before = log.gas();
    assert_eq!(log.status(), Status::OutOfGas);
    let spent = before - log.gas();
    assert!((100_000..120_000).contains(&spent), "{spent}");
}

#[test]
fn case_32_events_are_limited_in_length_and_in_number_for_the_whole_transaction() {
    let stage = stage();
    let (bytes_max, events_max) = (EVENT_BYTES_MAX as usize, EVENTS_MAX);
    assert_eq!(stage.run(&Script::shut().emit(&vec![7; bytes_max])).status, Status::Success);
    assert_eq!(stage.run(&Script::shut().emit(&vec![7; bytes_max + 1])).status, Status::LimitExceeded);

    let receipt = stage.run(&Script::shut().flood(events_max, b""));
    assert_eq!((receipt.status, receipt.events.len()), (Status::Success, events_max as usize));
    // One above, and one above by a callee.
    assert_eq!(stage.run(&Script::shut().flood(events_max + 1, b"")).status, Status::LimitExceeded);
    let callee = Script::shut().emit(b"");
    let mut log = stage.log(&Script::shut().flood(events_max, b"").call(stage.b, &callee));
    assert_eq!(log.status(), Status::LimitExceeded);
    // A million events end with the gas, or at the limit, and cost what they took.
    let receipt = stage.run(&Script::shut().flood(1_000_000, b"data"));
    assert!(matches!(receipt.status, Status::LimitExceeded | Status::OutOfGas));
    assert!(receipt.events.is_empty() && receipt.gas_used.0 > 1_000_000);
}

#[test]
fn a_read_only_call_changes_nothing_at_any_depth() {
    let stage = stage();
    let carol = Address::repeat_byte(0xca);
    for write in [
        Script::shut().write(b"k", b"v"),
        Script::shut().emit(b"e"),
        Script::shut().send(carol, 1),
        Script::shut().create(stage.sandbox.code_hash(stage.a).unwrap().unwrap(), B256::ZERO, 0, ALL_GAS),
    ] {
        let script = Script::shut().call_with(stage.b, 0, ALL_GAS, CALL_READ_ONLY, &write);
        assert_eq!(stage.log(&script).status(), Status::ReadOnly);
        // A callee of a read-only call is read-only too.
        let through = Script::open().call(stage.b, &write).answer();
        let script = Script::open().call_with(stage.a, 0, ALL_GAS, CALL_READ_ONLY, &through).answer();
        let mut log = stage.log(&script);
        assert_eq!(log.status(), Status::Success);
        assert_eq!(log.inner().status(), Status::ReadOnly);
    }
    let reading = Script::shut().call_with(stage.b, 0, ALL_GAS, CALL_READ_ONLY, &Script::shut().read(b"k"));
    assert_eq!(stage.log(&reading).status(), Status::Success);
}

#[test]
fn money_that_is_not_there_is_not_sent() {
    let stage = stage();
    let carol = Address::repeat_byte(0xca);
    let script =
        Script::shut().send(carol, 1_001).send(carol, 400).call_with(stage.b, 601, ALL_GAS, 0, &Script::shut());
    let mut log = stage.log(&script);
    let insufficient = Status::InsufficientBalance;
    assert_eq!([log.status(), log.status(), log.status()], [insufficient, Status::Success, insufficient]);
    assert_eq!([stage.holds(stage.a), stage.holds(stage.b), stage.holds(carol)], [600, 1_000, 400]);
}

#[test]
fn a_call_to_nobody_is_told_that_there_is_no_contract() {
    let stage = stage();
    let nobody = Address::repeat_byte(0xee);
    let script = Script::shut().call(nobody, &Script::shut()).call_with(nobody, 5, ALL_GAS, 0, &Script::shut());
    let mut log = stage.log(&script);
    assert_eq!([log.status(), log.status()], [Status::NoContract; 2]);
    assert_eq!(stage.holds(nobody), 0);
    // A transaction may send anything to anybody.
    let alice = stage.sandbox.by(&stage.sandbox.account("alice"));
    let receipt = alice.send(nobody, Balance::new(5), b"memo".to_vec()).unwrap();
    assert_eq!((receipt.status, stage.holds(nobody)), (Status::Success, 5));
}
