//! The pool in the native world: what comes in, what goes out, what is burned. Campaigns that come back are tested with the
//! emission.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

extern crate std;

use std::vec;

use florin_sdk::native::{Native, NativeTransport};
use florin_sdk::{Address, CallError, Client, Supply};

use crate::{Burned, Recycled, Recycling, RecyclingClient, RecyclingError, Reused};

struct Setup {
    native: Native,
    owner: Address,
    emission: Address,
    eve: Address,
    pool: RecyclingClient<NativeTransport>,
}

fn setup() -> Setup {
    let native = Native::new();
    let [owner, emission, eve, claims] = ["owner", "emission", "eve", "claims"].map(|name| native.account(name));
    for account in [owner, emission, eve] {
        native.fund(account, 1_000);
    }
    let pool = native.deploy::<Recycling>(owner, &(owner, emission, claims)).unwrap();
    native.grant_supply(pool.address());
    Setup { native, owner, emission, eve, pool }
}

fn error<V: core::fmt::Debug>(result: Result<V, CallError<RecyclingError>>) -> RecyclingError {
    result.unwrap_err().reverted().unwrap()
}

#[test]
fn what_comes_in_is_told_by_its_source() {
    let Setup { native, eve, pool, .. } = setup();
    for (source, amount) in [(0, 10), (1, 20), (2, 30), (3, 5), (4, 7), (2, 1)] {
        pool.by(eve).recycle(source).value(amount).send().unwrap();
    }
    let sources = [0, 1, 2, 3, 4].map(|source| pool.by(eve).recycled(source).view().unwrap());
    assert_eq!(sources, [10, 20, 31, 5, 7]);
    assert_eq!(pool.by(eve).statistics().view(), Ok((73, 73, 0, 0)));
    assert_eq!((pool.by(eve).pool().view(), native.balance(pool.address())), (Ok(73), 73));
    assert_eq!(native.events_of::<Recycled>()[1], Recycled { source: 1, from: eve, amount: 20 });
}

#[test]
fn an_unknown_source_or_reason_is_an_error() {
    let Setup { native, eve, pool, .. } = setup();
    let mut pool = pool.by(eve);
    assert_eq!(error(pool.recycle(5).value(1).send()), RecyclingError::UnknownSource { source: 5 });
    assert_eq!(error(pool.recycle(0).send()), RecyclingError::NoValue {});
    assert_eq!(error(pool.recycled(5).view()), RecyclingError::UnknownSource { source: 5 });
    assert_eq!(error(pool.burned(3).view()), RecyclingError::UnknownReason { reason: 3 });
    assert_eq!(native.balance(eve), 1_000);
}

#[test]
fn the_emission_takes_from_the_pool_and_burns_what_was_not_met() {
    let Setup { native, emission, eve, pool, .. } = setup();
    pool.by(eve).recycle(2).value(100).send().unwrap();
    pool.by(emission).close_epoch(60).value(8).send().unwrap();
    assert_eq!(pool.by(eve).statistics().view(), Ok((40, 100, 60, 600_000)));
    assert_eq!((native.balance(emission), native.balance(pool.address())), (1_052, 40));
    assert_eq!(native.supply().burned_by_contracts, 8);
    assert_eq!(pool.by(eve).burned(0).view(), Ok(8));
    let too_much = RecyclingError::PoolTooSmall { amount: 41, pool: 40 };
    assert_eq!(error(pool.by(emission).close_epoch(41).send()), too_much);
    assert_eq!(native.events_of::<Reused>(), vec![Reused { amount: 60 }]);
    assert_eq!(native.events_of::<Burned>(), vec![Burned { reason: 0, amount: 8 }]);
}

#[test]
fn governance_burns_a_quality_penalty_and_fees_are_the_ledgers() {
    let Setup { native, owner, pool, .. } = setup();
    native.set_supply(Supply { burned_fees: 77, ..native.supply() });
    let mut pool = pool.by(owner);
    pool.burn_quality_penalty().value(60).send().unwrap();
    assert_eq!((pool.burned(2).view(), pool.burned(1).view()), (Ok(60), Ok(77)));
    assert_eq!(native.supply().burned_by_contracts, 60);
    assert_eq!(error(pool.burn_quality_penalty().send()), RecyclingError::NoValue {});
}

#[test]
fn case_107_strangers_take_burn_and_govern_nothing() {
    let Setup { native, owner, emission, eve, pool } = setup();
    pool.by(eve).recycle(0).value(100).send().unwrap();
    let mut stranger = pool.by(eve);
    assert_eq!(error(stranger.close_epoch(1).send()), RecyclingError::OnlyTheEmission { caller: eve });
    assert_eq!(error(stranger.on_block().send()), RecyclingError::OnlyTheChain { caller: eve });
    let refused = RecyclingError::Unauthorized { account: eve };
    assert_eq!(error(stranger.burn_quality_penalty().value(1).send()), refused);
    assert_eq!(error(stranger.transfer_ownership(eve).send()), refused);
    assert_eq!(error(stranger.accept_ownership().send()), refused);
    pool.by(owner).transfer_ownership(emission).send().unwrap();
    assert_eq!((pool.by(eve).owner().view(), pool.by(eve).pending_owner().view()), (Ok(owner), Ok(emission)));
    pool.by(emission).accept_ownership().send().unwrap();
    assert_eq!(
        error(pool.by(owner).burn_quality_penalty().value(1).send()),
        RecyclingError::Unauthorized { account: owner }
    );
    assert_eq!(native.balance(pool.address()), 100);
    let nobody = RecyclingError::InvalidAccount { account: Address::ZERO };
    assert_eq!(error(native.deploy::<Recycling>(owner, &(owner, Address::ZERO, eve))), nobody);
}

#[test]
fn case_97_what_is_sent_without_a_message_counts_for_nothing() {
    let Setup { native, emission, pool, .. } = setup();
    native.fund(pool.address(), 500);
    assert_eq!(pool.by(emission).pool().view(), Ok(0));
    assert_eq!(error(pool.by(emission).close_epoch(1).send()), RecyclingError::PoolTooSmall { amount: 1, pool: 0 });
}
