//! Transfers and approvals: the exact table.

use super::*;

/// What a transfer is expected to do.
enum Outcome {
    /// Alice, Bob and Carol have this much afterwards.
    Moves([u128; 3]),
    /// It reverts with this error, and nothing changes.
    Refuses(TokenError),
}
use Outcome::{Moves, Refuses};

fn check(setup: &Setup, what: &str, result: CallResult<NativeTransport, Result<bool, TokenError>>, outcome: Outcome) {
    let before = setup.balances();
    match outcome {
        Moves(after) => {
            assert_eq!(result, Ok(true), "{what}");
            assert_eq!(before, after, "{what}");
        }
        Refuses(refusal) => assert_eq!(error(result), refusal, "{what}"),
    }
    assert_eq!(setup.balances().iter().sum::<u128>(), u128::from(SUPPLY), "{what}: the sum is the supply");
    assert_eq!(setup.supply(), U256::from(SUPPLY), "{what}");
}

#[test]
fn case_99_transfers_follow_the_exact_table() {
    let short = |sender, balance: u64, needed| {
        Refuses(TokenError::InsufficientBalance { sender, balance: U256::from(balance), needed })
    };
    let huge = U256::from(u128::MAX);
    let setup = Setup::new();
    let (alice, bob, carol, zero) = (setup.alice, setup.bob, setup.carol, Address::ZERO);
    let contract = setup.token.address();
    let n = |value: u64| U256::from(value);
    let table = [
        ("to another", alice, bob, n(300), Moves([700, 300, 0])),
        ("to self", bob, bob, n(300), Moves([700, 300, 0])),
        ("to self, above the balance", bob, bob, n(301), short(bob, 300, n(301))),
        ("zero", alice, bob, n(0), Moves([700, 300, 0])),
        ("zero of nothing", carol, bob, n(0), Moves([700, 300, 0])),
        ("above the balance", bob, alice, n(301), short(bob, 300, n(301))),
        ("of nothing", carol, alice, n(1), short(carol, 0, n(1))),
        ("2^127", alice, bob, n(1) << 127, short(alice, 700, n(1) << 127)),
        ("2^128 - 1", alice, bob, huge, short(alice, 700, huge)),
        ("2^128", alice, bob, huge + n(1), short(alice, 700, huge + n(1))),
        ("2^256 - 1", alice, bob, U256::MAX, short(alice, 700, U256::MAX)),
        ("2^256 - 1 to self", alice, alice, U256::MAX, short(alice, 700, U256::MAX)),
        ("to nobody", alice, zero, n(1), Refuses(TokenError::InvalidReceiver { receiver: zero })),
        ("all of it", alice, carol, n(700), Moves([0, 300, 700])),
        ("back", carol, alice, n(700), Moves([700, 300, 0])),
    ];
    for (what, from, to, value, outcome) in table {
        let result = setup.token.by(from).transfer(to, value).send();
        check(&setup, what, result, outcome);
    }
    assert_eq!(setup.token.by(alice).transfer(contract, n(1)).send(), Ok(true), "to a contract, the token itself");
    assert_eq!(setup.token.by(alice).balance_of(contract).view(), Ok(n(1)));
}

#[test]
fn case_99_the_supply_is_burned_to_the_end_and_no_further() {
    let setup = Setup::new();
    let mut token = setup.token;
    let too_much = U256::from(SUPPLY + 1);
    let expected =
        |needed| TokenError::InsufficientBalance { sender: setup.alice, balance: U256::from(SUPPLY), needed };
    assert_eq!(error(token.burn(too_much).send()), expected(too_much));
    assert_eq!(error(token.burn(U256::MAX).send()), expected(U256::MAX));
    assert_eq!(setup.supply(), U256::from(SUPPLY));
    assert_eq!(token.burn(U256::from(SUPPLY)).send(), Ok(()));
    assert_eq!(setup.supply(), U256::ZERO);
    let nothing = TokenError::InsufficientBalance { sender: setup.alice, balance: U256::ZERO, needed: U256::from(1) };
    assert_eq!(error(token.burn(U256::from(1)).send()), nothing);
    let burned = Transfer { from: setup.alice, to: Address::ZERO, value: U256::from(SUPPLY) };
    assert_eq!(setup.native.events_of::<Transfer>().last(), Some(&burned));
}

#[test]
fn case_99_whoever_lowers_an_allowance_is_spent_twice_unless_through_zero() {
    let setup = Setup::new();
    let (alice, bob) = (setup.alice, setup.bob);
    let n = |value: u64| U256::from(value);
    let (mut owner, mut spender) = (setup.token.by(alice), setup.token.by(bob));
    owner.approve(bob, n(5)).send().unwrap();
    spender.transfer_from(alice, bob, n(5)).send().unwrap();
    owner.approve(bob, n(3)).send().unwrap();
    spender.transfer_from(alice, bob, n(3)).send().unwrap();
    assert_eq!(setup.balances(), [992, 8, 0], "5 before the change, 3 after it: what the standard says");

    owner.approve(bob, n(5)).send().unwrap();
    owner.approve(bob, n(0)).send().unwrap();
    let refused = TokenError::InsufficientAllowance { spender: bob, allowance: n(0), needed: n(1) };
    assert_eq!(error(spender.transfer_from(alice, bob, n(1)).send()), refused);
    assert_eq!(
        setup.native.storage(owner.address()).iter().filter(|(key, _)| key[0] == 7).count(),
        0,
        "zero is not stored"
    );
}

#[test]
fn an_allowance_is_used_up_unless_it_is_the_maximum() {
    let setup = Setup::new();
    let (alice, bob, carol) = (setup.alice, setup.bob, setup.carol);
    let (mut owner, mut spender) = (setup.token.by(alice), setup.token.by(bob));
    owner.approve(bob, U256::from(10)).send().unwrap();
    spender.transfer_from(alice, carol, U256::from(4)).send().unwrap();
    assert_eq!(owner.allowance(alice, bob).view(), Ok(U256::from(6)));
    let (spender_, allowance, needed) = (bob, U256::from(6), U256::from(7));
    let refused = TokenError::InsufficientAllowance { spender: spender_, allowance, needed };
    assert_eq!(error(spender.transfer_from(alice, carol, needed).send()), refused);

    owner.approve(bob, U256::MAX).send().unwrap();
    spender.transfer_from(alice, carol, U256::from(990)).send().unwrap();
    assert_eq!(owner.allowance(alice, bob).view(), Ok(U256::MAX));
    let refused = TokenError::InsufficientBalance { sender: alice, balance: U256::from(6), needed };
    assert_eq!(error(spender.transfer_from(alice, carol, needed).send()), refused);
    assert_eq!(owner.allowance(alice, bob).view(), Ok(U256::MAX));
}

#[test]
fn a_refused_transfer_from_leaves_the_allowance() {
    let setup = Setup::new();
    let (alice, bob) = (setup.alice, setup.bob);
    let (mut poor, mut spender) = (setup.token.by(bob), setup.token.by(alice));
    poor.approve(alice, U256::from(5)).send().unwrap();
    let refused = TokenError::InsufficientBalance { sender: bob, balance: U256::ZERO, needed: U256::from(5) };
    assert_eq!(error(spender.transfer_from(bob, alice, U256::from(5)).send()), refused);
    assert_eq!(poor.allowance(bob, alice).view(), Ok(U256::from(5)), "the failed call took nothing");
}

#[test]
fn the_zero_address_approves_and_spends_nothing() {
    let setup = Setup::new();
    let zero = Address::ZERO;
    let mut token = setup.token;
    assert_eq!(error(token.approve(zero, U256::from(1)).send()), TokenError::InvalidSpender { spender: zero });
    let nobody = &mut token.by(zero);
    assert_eq!(error(nobody.approve(setup.bob, U256::from(1)).send()), TokenError::InvalidApprover { approver: zero });
    assert_eq!(error(nobody.transfer(setup.bob, U256::ZERO).send()), TokenError::InvalidSender { sender: zero });
}
