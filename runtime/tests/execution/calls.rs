//! Calls between contracts: depth, reentrancy, rollback, gas, value and read-only calls.

use alloy_primitives::{Address, B256, keccak256};
use florin_abi::{CALL_READ_ONLY, GasClass, Status, limits};
use florin_runtime::gas::{Gas, GasSchedule};

use crate::{
    puppet::{Call, Script, module, puppet, reentrant_puppet},
    world::{GAS, World, user},
};

/// Splits the output of a call step: status, what came back, and the rest.
fn answer(output: &[u8]) -> (Status, &[u8], &[u8]) {
    let status = Status::from_code(output[0]).unwrap();
    let length = usize::try_from(u32::from_le_bytes(output[1..5].try_into().unwrap())).unwrap();
    (status, &output[5..5 + length], &output[5 + length..])
}

fn two_puppets() -> (World, Address, Address) {
    let mut world = World::new();
    let [first, second] = [world.deploy(&puppet()), world.deploy(&puppet())];
    (world, first, second)
}

#[test]
fn a_call_answers_with_what_the_callee_finished_or_reverted_with() {
    let (mut world, first, second) = two_puppets();
    let script = Script::new()
        .call(Call::to(second), Script::new().write(b"k", b"its own").read(b"k"))
        .call(Call::to(second), Script::new().revert(b"why"))
        .call(Call::to(second), Script::new().unreachable());
    let receipt = world.call(1, first, &script);
    let (status, returned, rest) = answer(&receipt.output);
    assert_eq!((status, returned), (Status::Success, &b"\x07\0\0\0its own"[..]));
    let (status, returned, rest) = answer(rest);
    assert_eq!((status, returned), (Status::Reverted, &b"why"[..]));
    assert_eq!(answer(rest), (Status::Unreachable, &b""[..], &b""[..]));
    assert_eq!(world.stored(second, b"k"), Some(b"its own".to_vec()));
    assert_eq!(world.stored(first, b"k"), None);
}

#[test]
fn case_24_calls_nest_to_the_limit_and_not_one_deeper() {
    let mut world = World::new();
    let depth = usize::try_from(limits::CALL_DEPTH_MAX).unwrap();
    let puppets: Vec<Address> = (0..=depth).map(|_| world.deploy(&puppet())).collect();
    // The transaction calls the first; each calls the next. With all of them the last one is a call too deep.
    let nest = |puppets: &[Address]| {
        let innermost = Script::new().write(b"deepest", b"1");
        puppets.iter().rev().fold(innermost, |script, next| Script::new().call(Call::to(*next), script))
    };
    let statuses = |mut output: &[u8]| {
        let mut statuses = Vec::new();
        while !output.is_empty() {
            let (status, returned, _) = answer(output);
            statuses.push(status);
            output = returned;
        }
        statuses
    };
    let receipt = world.call(1, puppets[0], &nest(&puppets[1..depth]));
    assert_eq!(statuses(&receipt.output), vec![Status::Success; depth - 1]);
    assert!(world.stored(puppets[depth - 1], b"deepest").is_some());

    let receipt = world.call(1, puppets[0], &nest(&puppets[1..]));
    let statuses = statuses(&receipt.output);
    assert_eq!(statuses.split_last(), Some((&Status::CallDepth, &vec![Status::Success; depth - 1][..])));
    assert!(world.stored(puppets[depth], b"deepest").is_none());
}

/// Recurses as deep as its input says (u32), then calls the first of the addresses that follow with the rest.
const DIVER: &str = r#"
    (memory (export "memory") 2 2)
    (func $dive (param $left i32)
        (if (local.get $left)
            (then (call $dive (i32.sub (local.get $left) (i32.const 1))))
            (else (call $bottom)))
        (i32.store (i32.const 8) (local.get $left)))
    (func $bottom (local $len i32)
        (local.set $len (i32.sub (call $input (i32.const 1024) (i32.const 1024)) (i32.const 24)))
        (if (i32.lt_s (local.get $len) (i32.const 0)) (then (return)))
        (i32.store (i32.const 512) (i32.load (i32.const 1024)))
        (memory.copy (i32.const 516) (i32.const 1048) (local.get $len))
        (if (call $call (i32.const 1028) (i32.const 2048) (i64.const -1) (i32.const 512)
                (i32.add (local.get $len) (i32.const 4)) (i32.const 0))
            (then (unreachable))))
    (func (export "florin_call")
        (drop (call $input (i32.const 1024) (i32.const 1024)))
        (call $dive (i32.load (i32.const 1024))))"#;

#[test]
fn case_24_the_deepest_calls_may_each_use_their_whole_stack() {
    let mut world = World::new();
    let divers: Vec<Address> = (0..limits::CALL_DEPTH_MAX).map(|_| world.deploy(&module(DIVER))).collect();
    let view = |world: &World, frames: u32, others: &[Address]| {
        let others = others.iter().flat_map(|address| address.0.0);
        let input: Vec<u8> = frames.to_le_bytes().into_iter().chain(others).collect();
        world.chain.view(user(1), divers[0], 0, input.into(), Gas(GAS * 50)).unwrap().status
    };
    // The largest number of frames that fits, by halving.
    let (mut fits, mut too_many) = (0, limits::STACK_UNITS_MAX);
    while fits + 1 < too_many {
        let middle = u32::midpoint(fits, too_many);
        match view(&world, middle, &[]) {
            Status::Success => fits = middle,
            status => {
                assert_eq!(status, Status::StackLimit);
                too_many = middle;
            }
        }
    }
    assert!(fits > 1_000, "{fits}");
    // A few frames less: the bottom now calls a host function.
    assert_eq!(view(&world, fits - 8, &divers[1..]), Status::Success);
}

#[test]
fn case_24_ten_thousand_sub_calls_cost_what_they_cost() {
    let mut world = World::new();
    let idle = world.deploy(&module(r#"(memory (export "memory") 1 1) (func (export "florin_call"))"#));
    let escaped: String = idle.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let fan_out = module(&format!(
        r#"(memory (export "memory") 1 1)
        (data (i32.const 0) "{escaped}")
        (func (export "florin_call") (local $left i32)
            (local.set $left (i32.const 10000))
            (loop $more
                (if (call $call (i32.const 0) (i32.const 32) (i64.const -1) (i32.const 0) (i32.const 0) (i32.const 0))
                    (then (unreachable)))
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (br_if $more (local.get $left))))"#
    ));
    let fan_out = world.deploy(&fan_out);
    let mut body = world.body(1, Some(fan_out), 0, vec![]);
    let receipt = world.send(1, &body);
    // Which of the two ends first, follows from the prices.
    let ended = matches!(receipt.status, Status::OutOfGas | Status::Unreachable);
    assert!(ended, "the caller cannot pay, or notices that the callee could not: {receipt:?}");
    assert!(receipt.gas_used > Gas(GAS - 10_000), "{}", receipt.gas_used);
    body.nonce += 1;
    body.gas_limit = Gas(200_000_000);
    let receipt = world.send(1, &body);
    assert_eq!(receipt.status, Status::Success);
    let schedule = GasSchedule::default();
    let one = schedule.host(GasClass::Call, 0) + schedule.operators.instance.of(1);
    assert!(receipt.gas_used > Gas::from_ticks(10_000 * one), "{}", receipt.gas_used);
}

#[test]
fn case_25_a_running_contract_is_not_entered_again() {
    let (mut world, first, second) = two_puppets();
    let back = Script::new().call(Call::to(first), Script::new().write(b"k", b"entered"));
    let receipt = world.call(1, first, &Script::new().call(Call::to(second), back).write(b"k", b"mine"));
    let (status, returned, _) = answer(&receipt.output);
    assert_eq!((status, answer(returned).0), (Status::Success, Status::Reentrancy));
    assert_eq!(world.stored(first, b"k"), Some(b"mine".to_vec()));

    let receipt = world.call(1, first, &Script::new().call(Call::to(first), Script::new()));
    assert_eq!(answer(&receipt.output).0, Status::Reentrancy, "directly");
    let twice = Script::new().call(Call::to(second), Script::new()).call(Call::to(second), Script::new());
    let receipt = world.call(1, first, &twice);
    assert!(receipt.output.iter().all(|byte| *byte == 0), "one after the other is no reentrancy");
}

#[test]
fn case_25_a_message_that_opts_in_is_entered_and_sees_what_was_written_before() {
    let mut world = World::new();
    let message = Script::new().read(b"k").write(b"k", b"inner");
    let selector = message.bytes()[..4].try_into().unwrap();
    let first = world.deploy(&reentrant_puppet(selector));
    let second = world.deploy(&puppet());
    let back = |message: &Script| Script::new().call(Call::to(first), message.clone());
    let script = Script::new().write(b"k", b"outer").call(Call::to(second), back(&message)).read(b"k");
    let receipt = world.call(1, first, &script);
    let (status, returned, rest) = answer(&receipt.output);
    assert_eq!(status, Status::Success);
    assert_eq!(answer(returned).1, b"\x05\0\0\0outer", "the inner call sees the outer call's write");
    assert_eq!(rest, b"\x05\0\0\0inner", "and the outer call sees the inner call's");

    let other = Script::new().write(b"k", b"inner");
    let receipt = world.call(1, first, &Script::new().call(Call::to(second), back(&other)));
    assert_eq!(answer(answer(&receipt.output).1).0, Status::Reentrancy, "another message of the same contract");
}

#[test]
fn case_26_a_failed_sub_call_leaves_nothing_and_the_parent_goes_on() {
    for ending in [Script::revert as fn(Script, &[u8]) -> Script, |script, _| script.unreachable()] {
        let (mut world, first, second) = two_puppets();
        world.send(1, &world.body(1, Some(second), 500, vec![]));
        let code_hash = keccak256(puppet());
        let effects = Script::new().write(b"k", b"v").emit(&[], b"inner").transfer(user(3), 100).create(
            code_hash,
            1,
            10,
            Script::new().write(b"k", b"v").emit(&[], b"innermost"),
        );
        let script = Script::new()
            .emit(&[], b"before")
            .call(Call { value: 7, ..Call::to(second) }, ending(effects, b"no"))
            .emit(&[], b"after")
            .write(b"went on", b"1");
        let before = world.balance(user(3));
        let mut body = world.body(1, Some(first), 7, script.bytes());
        body.gas_limit = Gas(50_000_000);
        let receipt = world.send(1, &body);
        assert_eq!(receipt.status, Status::Success);
        assert!(!answer(&receipt.output).0.is_success());
        let events: Vec<_> = receipt.events.iter().map(|event| (event.contract, &event.data[..])).collect();
        assert_eq!(events, [(first, &b"before"[..]), (first, b"after")]);
        assert_eq!((world.balance(first), world.balance(second), world.balance(user(3))), (7, 500, before));
        assert_eq!(world.stored(second, b"k"), None);
        let child = second.create2(B256::repeat_byte(1), code_hash);
        assert_eq!(world.chain.account(child).unwrap(), florin_runtime::ledger::Account::default());
        assert!(world.stored(first, b"went on").is_some());
    }
}

#[test]
fn case_26_effects_of_a_successful_sub_call_go_when_the_transaction_fails() {
    let (mut world, first, second) = two_puppets();
    let inner = Script::new().write(b"k", b"v").emit(&[], b"inner");
    let script = Script::new().call(Call::to(second), inner).revert(b"all of it");
    let receipt = world.call(1, first, &script);
    assert_eq!((receipt.status, receipt.events.len()), (Status::Reverted, 0));
    assert_eq!(world.stored(second, b"k"), None);
}

#[test]
fn case_27_a_sub_call_gets_no_more_than_63_of_64_parts() {
    let (mut world, first, second) = two_puppets();
    for gas in [u64::MAX, u64::MAX / 8 + 1, GAS, GAS * 2] {
        let endless = Script::new().call(Call { gas, ..Call::to(second) }, Script::new().loop_forever());
        let receipt = world.call(1, first, &endless.gas_left().write(b"went on", b"1"));
        assert_eq!(receipt.status, Status::Success, "the caller went on with what it kept");
        let (status, _, rest) = answer(&receipt.output);
        assert_eq!(status, Status::OutOfGas);
        let left = u64::from_le_bytes(rest.try_into().unwrap());
        let kept = (GAS - 21_000) / 64;
        assert!(left < kept && left > kept - 10_000, "{left} of {kept}");
    }
}

#[test]
fn case_27_a_sub_call_gets_the_gas_that_was_named_and_none_is_none() {
    let (mut world, first, second) = two_puppets();
    let call = |gas| Script::new().call(Call { gas, ..Call::to(second) }, Script::new().gas_left()).gas_left();
    let receipt = world.call(1, first, &call(0));
    let (status, _, rest) = answer(&receipt.output);
    assert_eq!(status, Status::OutOfGas);
    let left = u64::from_le_bytes(rest.try_into().unwrap());
    assert!(left > GAS / 2, "a call with nothing costs nothing more: {left}");

    let receipt = world.call(1, first, &call(1_000_000));
    let (status, returned, _) = answer(&receipt.output);
    assert_eq!(status, Status::Success);
    let left = u64::from_le_bytes(returned.try_into().unwrap());
    assert!(left < 1_000_000 && left > 900_000, "{left}");
}

#[test]
fn a_sub_call_burns_its_callers_gas_however_it_ends() {
    let (mut world, first, second) = two_puppets();
    let gas = 1_000_000;
    let script = Script::new().call(Call { gas, ..Call::to(second) }, Script::new().loop_forever());
    let receipt = world.call(1, first, &script);
    assert_eq!(answer(&receipt.output).0, Status::OutOfGas);
    assert!(receipt.gas_used > Gas(gas + 21_000), "{}", receipt.gas_used);
}

#[test]
fn value_goes_with_a_call_to_a_contract_and_to_an_account_without_code() {
    let (mut world, first, second) = two_puppets();
    world.send(1, &world.body(1, Some(first), 100, vec![]));
    let nobody = Address::repeat_byte(0xbb);
    let script = Script::new()
        .call(Call { value: 30, ..Call::to(second) }, Script::new().balance(second))
        .call(Call { value: 20, ..Call::to(nobody) }, Script::new())
        .call(Call { value: 1, ..Call::to(nobody) }, Script::new().unreachable())
        .call(Call { value: 51, ..Call::to(nobody) }, Script::new());
    let receipt = world.call(1, first, &script);
    let (status, returned, rest) = answer(&receipt.output);
    assert_eq!((status, returned), (Status::Success, &30_u128.to_le_bytes()[..]));
    let (status, returned, rest) = answer(rest);
    assert_eq!((status, returned), (Status::Success, &b""[..]), "there is nothing to run");
    let (status, _, rest) = answer(rest);
    assert_eq!(status, Status::NoContract, "nobody is there to be told something");
    assert_eq!(answer(rest).0, Status::InsufficientBalance);
    assert_eq!((world.balance(first), world.balance(second), world.balance(nobody)), (50, 30, 20));
}

#[test]
fn a_read_only_call_has_no_effects_however_deep() {
    let mut world = World::new();
    let puppets: [Address; 3] = std::array::from_fn(|_| world.deploy(&puppet()));
    world.send(1, &world.body(1, Some(puppets[1]), 100, vec![]));
    let code_hash = keccak256(puppet());
    let read_only = Call { flags: CALL_READ_ONLY, ..Call::to(puppets[1]) };
    let writing = [
        Script::new().write(b"k", b"v"),
        Script::new().remove(b"k"),
        Script::new().add(b"k", 1, 1),
        Script::new().emit(&[], b"event"),
        Script::new().transfer(user(1), 1),
        Script::new().mint(user(1), 1),
        Script::new().burn(1),
        Script::new().create(code_hash, 1, 0, Script::new()),
        Script::new().call(Call { value: 1, ..Call::to(puppets[2]) }, Script::new()),
    ];
    for script in writing {
        let receipt = world.call(1, puppets[0], &Script::new().call(read_only, script.clone()));
        assert_eq!(answer(&receipt.output).0, Status::ReadOnly, "{script:?}");
        let deeper = Script::new().call(Call::to(puppets[2]), script.clone());
        let receipt = world.call(1, puppets[0], &Script::new().call(read_only, deeper));
        let (status, returned, _) = answer(&receipt.output);
        assert_eq!((status, answer(returned).0), (Status::Success, Status::ReadOnly), "{script:?}");
    }
    let reading = Script::new().read(b"k").next(b"", b"").balance(user(1)).gas_left();
    let receipt = world.call(1, puppets[0], &Script::new().call(read_only, reading));
    assert_eq!(answer(&receipt.output).0, Status::Success);
    let with_value = Call { value: 1, ..read_only };
    let receipt = world.call(1, puppets[0], &Script::new().call(with_value, Script::new()));
    assert_eq!(receipt.status, Status::ReadOnly, "a read-only call that sends value is the caller's own mistake");
    let unknown = Call { flags: 2, ..Call::to(puppets[1]) };
    let receipt = world.call(1, puppets[0], &Script::new().call(unknown, Script::new()));
    assert_eq!(receipt.status, Status::BadArgument);
}
