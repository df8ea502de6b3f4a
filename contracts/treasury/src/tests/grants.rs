//! Grants: what vests when, what a revocation leaves, and that promises are never spent.

use proptest::prelude::*;

use super::*;
use crate::{Granted, Released, Revoked};

#[test]
fn a_grant_pays_what_has_vested_to_its_holder_whoever_asks() {
    let Setup { native, eve, mut treasury, .. } = Setup::new();
    let holder = native.account("holder");
    native.set_height(100);
    let id = treasury.grant(holder, 1_000, 100, 0, 20, 90, false).send().unwrap();
    assert_eq!(treasury.grants_count().view(), Ok(1));
    assert_eq!(native.events_of::<Granted>().len(), 1);
    let mut paid = 0;
    for (height, vested) in [(100, 100), (119, 100), (121, 110), (165, 550), (210, 1_000), (u64::MAX, 1_000)] {
        native.set_height(height);
        assert_eq!(treasury.vested(id).view(), Ok((vested, vested - paid)), "at {height}");
        if vested == paid {
            assert_eq!(error(treasury.by(eve).release(id).send()), TreasuryError::NothingVested { id });
        } else {
            assert_eq!(treasury.by(eve).release(id).send(), Ok(vested - paid));
        }
        paid = vested;
        assert_eq!((native.balance(holder), native.balance(eve)), (paid, 0));
        assert_eq!(treasury.budget().view(), Ok((FUNDS - paid, 1_000 - paid, FUNDS - 1_000, 0)));
    }
    let released: u128 = native.events_of::<Released>().iter().map(|event| event.amount).sum();
    assert_eq!(released, 1_000);
}

#[test]
fn what_is_granted_cannot_be_spent_or_granted_again() {
    let Setup { eve, mut treasury, .. } = Setup::new();
    treasury.grant(eve, FUNDS - 10, 0, 0, 5, 5, true).send().unwrap();
    let above = |amount| TreasuryError::AboveBudget { amount, available: 10 };
    assert_eq!(error(treasury.spend(eve, 11, B256::ZERO).send()), above(11));
    assert_eq!(error(treasury.grant(eve, 11, 0, 0, 0, 0, true).send()), above(11));
    treasury.spend(eve, 10, B256::ZERO).send().unwrap();
}

#[test]
fn a_revocation_leaves_what_has_vested_and_frees_the_rest() {
    let Setup { native, mut treasury, .. } = Setup::new();
    let holder = native.account("holder");
    native.set_height(10);
    let id = treasury.grant(holder, 1_000, 0, 10, 0, 100, true).send().unwrap();
    native.set_height(35);
    assert_eq!(treasury.revoke(id).send(), Ok(750));
    let event = Revoked { id, holder, vested: 250, rest: 750 };
    assert_eq!(native.events_of::<Revoked>(), [event]);
    assert_eq!(treasury.budget().view(), Ok((FUNDS, 250, FUNDS - 250, 0)));
    assert_eq!(error(treasury.revoke(id).send()), TreasuryError::AlreadyRevoked { id });
    native.set_height(10_000);
    assert_eq!(treasury.release(id).send(), Ok(250));
    assert_eq!(error(treasury.release(id).send()), TreasuryError::NothingVested { id });
    assert_eq!(treasury.budget().view(), Ok((FUNDS - 250, 0, FUNDS - 250, 0)));
    let fixed = treasury.grant(holder, 5, 0, 0, 9, 9, false).send().unwrap();
    assert_eq!(error(treasury.revoke(fixed).send()), TreasuryError::NotRevocable { id: fixed });
    assert_eq!(error(treasury.revoke(9).send()), TreasuryError::UnknownGrant { id: 9 });
}

#[test]
fn a_grant_that_contradicts_itself_is_refused() {
    let Setup { eve, mut treasury, .. } = Setup::new();
    let invalid =
        |total, at_start, start, cliff, length| TreasuryError::InvalidGrant { total, at_start, start, cliff, length };
    assert_eq!(error(treasury.grant(eve, 5, 6, 7, 0, 0, true).send()), invalid(5, 6, 7, 0, 0));
    assert_eq!(error(treasury.grant(eve, 5, 0, 7, u64::MAX, 0, true).send()), invalid(5, 0, 7, u64::MAX, 0));
    assert_eq!(error(treasury.grant(eve, 0, 0, 0, 0, 0, true).send()), TreasuryError::InvalidAmount { amount: 0 });
    let nobody = TreasuryError::InvalidAccount { account: Address::ZERO };
    assert_eq!(error(treasury.grant(Address::ZERO, 1, 0, 0, 0, 0, true).send()), nobody);
}

proptest! {
    /// Whatever is granted, released, revoked and spent: what is promised is there, and the holder gets what has vested.
    #[test]
    fn promises_are_always_covered(steps in prop::collection::vec((0..4_u8, 1..3_000_u128, 0..40_u64), 1..40)) {
        let Setup { native, mut treasury, .. } = Setup::new();
        let (holder, shop) = (native.account("holder"), native.account("shop"));
        let (mut height, mut count) = (1, 0_u64);
        for (step, amount, blocks) in steps {
            height += blocks;
            native.set_height(height);
            let id = u64::try_from(amount).unwrap() % count.max(1);
            match step {
                0 => count += u64::from(treasury.grant(holder, amount, amount / 4, 0, blocks, 30, true).send().is_ok()),
                1 => drop(treasury.release(id).send()),
                2 => drop(treasury.revoke(id).send()),
                _ => drop(treasury.spend(shop, amount, B256::ZERO).send()),
            }
            let (balance, committed, available, spent) = treasury.budget().view().unwrap();
            prop_assert!(committed <= balance && available == balance - committed);
            prop_assert_eq!(spent, native.balance(shop));
            prop_assert_eq!(balance + native.balance(shop) + native.balance(holder), FUNDS);
        }
        native.set_height(height + 1_000);
        for id in 0..count {
            drop(treasury.release(id).send());
        }
        prop_assert_eq!(treasury.budget().view().unwrap().1, 0);
    }
}
