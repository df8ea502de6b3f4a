//! Supply and ownership.

use super::*;
use crate::{OwnershipTransferStarted, OwnershipTransferred};

#[test]
fn only_the_owner_mints_and_burns() {
    let Setup { bob, token, .. } = Setup::new();
    let mut stranger = token.by(bob);
    let refused = TokenError::Unauthorized { account: bob };
    assert_eq!(error(stranger.mint(bob, U256::from(1)).send()), refused);
    assert_eq!(error(stranger.burn(U256::ZERO).send()), refused);
    assert_eq!(error(stranger.transfer_ownership(bob).send()), refused);
    assert_eq!(error(stranger.accept_ownership().send()), refused);
    assert_eq!(error(stranger.renounce_ownership().send()), refused);
}

#[test]
fn a_supply_above_2_to_the_128_is_refused() {
    let setup = Setup::new();
    let mut token = setup.token;
    let cap = U256::from(u128::MAX);
    let room = cap - U256::from(SUPPLY);
    let one_more = room + U256::from(1);
    let increased_supply = cap + U256::from(1);
    assert_eq!(error(token.mint(setup.bob, one_more).send()), TokenError::ExceededCap { increased_supply, cap });
    let increased_supply = U256::MAX;
    assert_eq!(error(token.mint(setup.bob, U256::MAX).send()), TokenError::ExceededCap { increased_supply, cap });
    assert_eq!(token.mint(setup.bob, room).send(), Ok(()));
    assert_eq!(setup.supply(), cap);
    assert_eq!(token.by(setup.bob).transfer(setup.alice, room).send(), Ok(true), "more than 2^127 at once");
    assert_eq!(token.balance_of(setup.alice).view(), Ok(cap));
    let increased_supply = cap + U256::from(1);
    assert_eq!(error(token.mint(setup.bob, U256::from(1)).send()), TokenError::ExceededCap { increased_supply, cap });
    assert_eq!(token.burn(cap).send(), Ok(()));
    assert_eq!(setup.supply(), U256::ZERO);
}

#[test]
fn nothing_is_minted_to_nobody() {
    let Setup { mut token, .. } = Setup::new();
    let receiver = Address::ZERO;
    assert_eq!(error(token.mint(receiver, U256::from(1)).send()), TokenError::InvalidReceiver { receiver });
}

#[test]
fn ownership_moves_when_the_new_owner_accepts() {
    let Setup { native, alice, bob, carol, mut token } = Setup::new();
    token.transfer_ownership(bob).send().unwrap();
    assert_eq!((token.owner().view(), token.pending_owner().view()), (Ok(alice), Ok(bob)));
    assert_eq!(error(token.by(carol).accept_ownership().send()), TokenError::Unauthorized { account: carol });
    token.by(bob).accept_ownership().send().unwrap();
    assert_eq!((token.owner().view(), token.pending_owner().view()), (Ok(bob), Ok(Address::ZERO)));
    assert_eq!(error(token.mint(alice, U256::from(1)).send()), TokenError::Unauthorized { account: alice });
    token.by(bob).mint(bob, U256::from(1)).send().unwrap();
    assert_eq!(error(token.by(bob).accept_ownership().send()), TokenError::Unauthorized { account: bob });

    let started = OwnershipTransferStarted { previous_owner: alice, new_owner: bob };
    assert_eq!(native.events_of::<OwnershipTransferStarted>(), [started]);
    let created = OwnershipTransferred { previous_owner: Address::ZERO, new_owner: alice };
    let moved = OwnershipTransferred { previous_owner: alice, new_owner: bob };
    assert_eq!(native.events_of::<OwnershipTransferred>(), [created, moved]);
}

#[test]
fn an_offer_is_taken_back_and_a_renounced_token_has_a_fixed_supply() {
    let Setup { alice, bob, mut token, .. } = Setup::new();
    token.transfer_ownership(bob).send().unwrap();
    token.transfer_ownership(Address::ZERO).send().unwrap();
    assert_eq!(error(token.by(bob).accept_ownership().send()), TokenError::Unauthorized { account: bob });
    token.transfer_ownership(bob).send().unwrap();
    token.renounce_ownership().send().unwrap();
    assert_eq!(token.owner().view(), Ok(Address::ZERO));
    assert_eq!(error(token.by(bob).accept_ownership().send()), TokenError::Unauthorized { account: bob });
    for account in [alice, bob, Address::ZERO] {
        let mut token = token.by(account);
        assert_eq!(error(token.mint(bob, U256::from(1)).send()), TokenError::Unauthorized { account });
        assert_eq!(error(token.accept_ownership().send()), TokenError::Unauthorized { account });
    }
}

#[test]
fn a_token_needs_an_owner_and_a_supply_below_the_cap() {
    let native = Native::new();
    let deploy = |owner, supply| {
        let args = ("a".to_string(), "b".to_string(), 0, owner, supply);
        native.deploy::<Token>(native.account("deployer"), &args).map(|_| ())
    };
    assert_eq!(error(deploy(Address::ZERO, U256::ZERO)), TokenError::InvalidOwner { owner: Address::ZERO });
    let (cap, increased_supply) = (U256::from(u128::MAX), U256::MAX);
    let refused = TokenError::ExceededCap { increased_supply, cap };
    assert_eq!(error(deploy(native.account("owner"), U256::MAX)), refused);
    assert_eq!(deploy(native.account("owner"), cap).map_err(|_| ()), Ok(()));
}
