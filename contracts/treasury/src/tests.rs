//! The treasury in the native world: spending, grants, ownership.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

extern crate std;

mod grants;

use florin_sdk::native::{Native, NativeTransport};
use florin_sdk::{Address, B256, CallError, Client};

use crate::{Spent, Treasury, TreasuryClient, TreasuryError};

pub(crate) const FUNDS: u128 = 10_000;

pub(crate) struct Setup {
    pub(crate) native: Native,
    pub(crate) owner: Address,
    pub(crate) eve: Address,
    pub(crate) treasury: TreasuryClient<NativeTransport>,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let native = Native::new();
        let [owner, eve] = ["owner", "eve"].map(|name| native.account(name));
        let treasury = native.deploy::<Treasury>(owner, &(owner,)).unwrap();
        native.fund(treasury.address(), FUNDS);
        Self { native, owner, eve, treasury }
    }
}

pub(crate) fn error<V: core::fmt::Debug>(result: Result<V, CallError<TreasuryError>>) -> TreasuryError {
    result.unwrap_err().reverted().unwrap()
}

#[test]
fn the_owner_spends_and_the_budget_tells() {
    let Setup { native, owner, eve, mut treasury } = Setup::new();
    treasury.spend(eve, 1_500, B256::repeat_byte(7)).send().unwrap();
    let spent = Spent { to: eve, amount: 1_500, memo: B256::repeat_byte(7) };
    assert_eq!((native.balance(eve), native.events_of::<Spent>()), (1_500, std::vec![spent]));
    assert_eq!(treasury.budget().view(), Ok((8_500, 0, 8_500, 1_500)));
    let above = TreasuryError::AboveBudget { amount: 8_501, available: 8_500 };
    assert_eq!(error(treasury.spend(eve, 8_501, B256::ZERO).send()), above);
    assert_eq!(error(treasury.spend(eve, 0, B256::ZERO).send()), TreasuryError::InvalidAmount { amount: 0 });
    let nobody = TreasuryError::InvalidAccount { account: Address::ZERO };
    assert_eq!(error(treasury.spend(Address::ZERO, 1, B256::ZERO).send()), nobody);
    native.fund(owner, 100);
    treasury.deposit().value(100).send().unwrap();
    assert_eq!(treasury.budget().view(), Ok((8_600, 0, 8_600, 1_500)));
}

#[test]
fn case_107_nobody_but_the_owner_spends_grants_or_revokes() {
    let Setup { eve, treasury, .. } = Setup::new();
    let mut stranger = treasury.by(eve);
    let refused = TreasuryError::Unauthorized { account: eve };
    assert_eq!(error(stranger.spend(eve, 1, B256::ZERO).send()), refused);
    assert_eq!(error(stranger.grant(eve, 1, 1, 0, 0, 0, true).send()), refused);
    assert_eq!(error(stranger.revoke(0).send()), refused);
    assert_eq!(error(stranger.transfer_ownership(eve).send()), refused);
    assert_eq!(error(stranger.accept_ownership().send()), refused);
}

#[test]
fn case_107_ownership_moves_when_the_new_owner_accepts() {
    let Setup { native, owner, eve, mut treasury } = Setup::new();
    let heir = native.account("heir");
    treasury.transfer_ownership(heir).send().unwrap();
    assert_eq!((treasury.owner().view(), treasury.pending_owner().view()), (Ok(owner), Ok(heir)));
    assert_eq!(error(treasury.by(eve).accept_ownership().send()), TreasuryError::Unauthorized { account: eve });
    treasury.by(heir).accept_ownership().send().unwrap();
    let refused = TreasuryError::Unauthorized { account: owner };
    assert_eq!(error(treasury.spend(owner, 1, B256::ZERO).send()), refused);
    // An offer that was taken back cannot be accepted.
    treasury.by(heir).transfer_ownership(eve).send().unwrap();
    treasury.by(heir).transfer_ownership(Address::ZERO).send().unwrap();
    assert_eq!(error(treasury.by(eve).accept_ownership().send()), TreasuryError::Unauthorized { account: eve });
    let nobody = TreasuryError::InvalidAccount { account: Address::ZERO };
    assert_eq!(error(native.deploy::<Treasury>(owner, &(Address::ZERO,))), nobody);
}
