//! What a test is told of the calls that it makes: the tree of calls, names, gas.

use florin_sandbox::{Client, ExpectRevert, Sandbox, U256};
use florin_token::{Token, TokenError};

use crate::puppet::{ALL_GAS, Script, deploy};

#[test]
fn a_trace_tells_messages_events_answers_and_errors_by_name() {
    let sandbox = Sandbox::new();
    let [alice, bob] = sandbox.accounts(["alice", "bob"]);
    let args = ("Gold".into(), "GLD".into(), 18, alice.address(), U256::from(1_000));
    let token = sandbox.deploy::<Token>(args).unwrap();
    let ((), traces) = sandbox.trace(|| {
        assert!(token.by(&alice).transfer(bob.address(), U256::from(5)).send().unwrap());
        let error = token.by(&bob).transfer(alice.address(), U256::from(6)).send().expect_revert();
        assert!(matches!(error, TokenError::InsufficientBalance { .. }));
        token.by(&bob).balance_of(bob.address()).view().unwrap();
    });
    let calls: Vec<_> = traces.iter().map(|trace| &trace.report.calls[0]).collect();
    let messages: Vec<_> = calls.iter().map(|call| (call.message.as_str(), call.status)).collect();
    let expected = [
        ("transfer(to: bob, value: 5)", "Success"),
        ("transfer(to: alice, value: 6)", "Reverted"),
        ("balanceOf(account: bob)", "Success"),
    ];
    assert_eq!(messages, expected);
    assert_eq!(calls[0].events, ["Transfer(from: alice, to: bob, value: 5)"]);
    assert_eq!(calls[1].output.as_deref(), Some("ERC20InsufficientBalance(sender: bob, balance: 5, needed: 6)"));
    assert_eq!(calls[2].output.as_deref(), Some("5"));
    assert_eq!((calls[0].caller.as_str(), calls[0].contract.as_str()), ("alice", "token"));
}

#[test]
fn a_trace_tells_calls_within_calls_and_where_one_stopped() {
    let sandbox = Sandbox::new();
    let contracts = [deploy(&sandbox), deploy(&sandbox)];
    let inner = Script::shut().emit(b"lost").then_trap();
    let script = Script::shut().call_with(contracts[1], 0, ALL_GAS, 0, &inner).emit(b"kept").end();
    let alice = sandbox.account("alice");
    let (receipt, traces) =
        sandbox.trace(|| sandbox.by(&alice).send(contracts[0], florin_sandbox::Balance::ZERO, script).unwrap());
    assert_eq!(traces.len(), 1);
    let outer = &traces[0].report.calls[0];
    let inner = &outer.calls[0];
    assert_eq!((outer.status, inner.status), ("Success", "Unreachable"));
    assert_eq!((outer.address, inner.address), (contracts[0], contracts[1]));
    assert_eq!((outer.events.len(), inner.events.len(), receipt.events.len()), (1, 1, 1));
    assert!(outer.gas_used > inner.gas_used && inner.gas_given < outer.gas_given);
    assert!(outer.backtrace.is_empty() && !inner.backtrace.is_empty());
    let text = traces[0].to_string();
    assert!(text.contains("|- ") && text.contains("stopped in") && text.contains("Unreachable"), "{text}");
}

#[test]
fn folded_stacks_add_up_to_the_receipt_and_show_who_called() {
    let sandbox = Sandbox::new();
    let contracts = [deploy(&sandbox), deploy(&sandbox)];
    let inner = Script::shut().write(b"key", b"value");
    let script = Script::shut().call_with(contracts[1], 0, ALL_GAS, 0, &inner).end();
    let alice = sandbox.account("alice");
    let (receipt, traces) =
        sandbox.trace(|| sandbox.by(&alice).send(contracts[0], florin_sandbox::Balance::ZERO, script).unwrap());
    let figures = traces[0].folded.lines().map(|line| line.rsplit_once(' ').unwrap());
    assert_eq!(figures.map(|(_, gas)| gas.parse::<u64>().unwrap()).sum::<u64>(), receipt.gas_used.0);
    let stack = format!("{};", contracts[0]);
    let nested = format!(";florin::call;{};", contracts[1]);
    let is_write =
        |line: &&str| line.starts_with(&stack) && line.contains(&nested) && line.contains(";florin::storage_write ");
    assert!(traces[0].folded.lines().any(|line| is_write(&line)), "{}", traces[0].folded);
}

#[test]
fn what_is_not_traced_is_in_no_trace_and_a_snapshot_takes_none_back() {
    let sandbox = Sandbox::new();
    let contract = deploy(&sandbox);
    let alice = sandbox.account("alice");
    let send = || sandbox.by(&alice).send(contract, florin_sandbox::Balance::ZERO, Script::shut().end()).unwrap();
    send();
    let (kept, traces) = sandbox.trace(|| {
        let before = sandbox.snapshot();
        let first = send();
        sandbox.revert(&before);
        let ((), inside) = sandbox.trace(|| assert_eq!(send(), first));
        inside.len()
    });
    send();
    assert_eq!((kept, traces.len()), (1, 1));
}
