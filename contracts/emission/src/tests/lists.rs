//! Lists of rewards, beside the shares and the tree of the definitions.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use florin_rewards::{RewardsError, RewardsListed};

/// Returns the rewards of an epoch as its events list them.
fn listed(setup: &Setup, epoch: u64) -> Vec<(Address, u128)> {
    let events = setup.native.events_of::<RewardsListed>();
    let mut list = Vec::new();
    for event in events.into_iter().filter(|event| event.epoch == epoch) {
        assert_eq!(event.first as usize, list.len());
        list.extend(entries(&event.entries.0));
    }
    list
}

/// Returns the rewards by the definition: shares of each pool, summed by account, without zeros.
fn defined(pools: &[(u128, &[(Address, u128)])]) -> Vec<(Address, u128)> {
    let mut rewards = BTreeMap::new();
    for (pool, weights) in pools {
        let list: Vec<u128> = weights.iter().map(|(_, weight)| *weight).collect();
        for ((account, _), share) in weights.iter().zip(shares(*pool, &list)) {
            *rewards.entry(*account).or_insert(0) += share;
        }
    }
    rewards.into_iter().filter(|(_, amount)| *amount > 0).collect()
}

/// Settles an epoch of two claimed rows and compares everything with the definitions.
fn check(base: u128, scores: &[(Address, u32)], stakes: &[(Address, u128)]) {
    let nobody = Address::ZERO;
    let rows = [(500_000, MINERS, nobody), (300_000, VALIDATORS, nobody), (200_000, ACCOUNT, TREASURY)];
    let mut terms = parameters(&rows, 2);
    terms.0 = base;
    let setup = Setup::with(terms);
    setup.work(0, scores, stakes);
    setup.settle(0);
    let (.., pools, root, leaf_count, claimable, _) = setup.emission.by(setup.owner).record(0).view().unwrap();
    assert_eq!(pools.iter().sum::<u128>(), base);
    let scores: Vec<_> = scores.iter().map(|(account, score)| (*account, u128::from(*score))).collect();
    let expected = defined(&[(pools[0], &scores), (pools[1], stakes)]);
    assert_eq!(listed(&setup, 0), expected);
    assert_eq!((leaf_count as usize, claimable), (expected.len(), expected.iter().map(|(_, amount)| amount).sum()));
    assert_eq!(setup.balance(setup.claims.address()), claimable);
    assert_eq!(setup.balance(setup.emission.address()), 0);
    if expected.is_empty() {
        return;
    }
    assert_eq!(setup.list(0), expected);
    assert_eq!(root.0, setup.tree(0, &expected).root());
    for (account, amount) in [expected[0], expected[expected.len() / 2], expected[expected.len() - 1]] {
        if setup.balance(account) == 0 {
            assert_eq!(setup.claim(0, account), amount);
        }
    }
}

#[test]
fn a_list_of_many_pages_is_the_defined_one() {
    for count in [1_u32, 63, 64, 65, 255, 256, 257, 512, 513, 1_000] {
        let all = accounts(count);
        let scores: Vec<_> = all.iter().copied().zip((1..=count).map(|score| score * 37 % 1_000_000 + 1)).collect();
        let stakes: Vec<_> =
            all.iter().copied().step_by(3).zip((1..).map(|stake: u128| stake * 100 * MDT % 7_919 + 1)).collect();
        check(50 * MDT, &scores, &stakes);
    }
}

#[test]
fn case_96_a_pool_smaller_than_its_list_pays_the_lowest_addresses() {
    let all = accounts(300);
    let scores: Vec<_> = all.iter().map(|account| (*account, 1)).collect();
    check(100, &scores, &[]);
    check(1, &scores, &[(all[0], 1)]);
    check(3, &scores, &[]);
}

#[test]
fn ten_thousand_accounts_are_settled_in_a_few_blocks() {
    for (count, blocks) in [(1_000, 1..=1), (10_000, 1..=12)] {
        let setup = Setup::new();
        let scores: Vec<_> = accounts(count).into_iter().map(|account| (account, 500_000)).collect();
        setup.work(0, &scores, &[]);
        let taken = setup.settle(0);
        assert!(blocks.contains(&taken), "{count} accounts took {taken} blocks");
        assert_eq!(listed(&setup, 0).len(), count as usize);
    }
}

#[test]
fn a_list_that_was_written_over_proves_nothing_any_more() {
    let setup = Setup::new();
    let miner = accounts(1)[0];
    for epoch in 0..18 {
        setup.work(epoch, &[(miner, 1)], &[]);
        setup.settle(epoch);
    }
    let found = |epoch| setup.rewards.by(setup.owner).list(epoch, 0).view();
    assert!(found(17).is_ok() && found(2).is_ok());
    let gone = |epoch| Some(RewardsError::NoList { epoch, page: 0 });
    assert_eq!(found(1).unwrap_err().reverted(), gone(1));
    assert_eq!(found(18).unwrap_err().reverted(), gone(18));
    let page = setup.rewards.by(setup.owner).list(17, 1).view();
    assert_eq!(page.unwrap_err().reverted(), Some(RewardsError::NoList { epoch: 17, page: 1 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_epochs_are_settled_to_the_wei_of_the_definitions(
        base in prop_oneof![0..200_u128, 0..=50 * MDT],
        scores in prop::collection::btree_map(any::<[u8; 2]>(), prop_oneof![Just(1_u32), 1..=1_000_000_u32], 0..150),
        stakes in prop::collection::btree_map(any::<[u8; 2]>(), prop_oneof![1..5_u128, 1..=1_000_000 * MDT], 0..90),
    ) {
        let account = |bytes: &[u8; 2]| { let mut account = [9; 20]; account[..2].copy_from_slice(bytes); Address::new(account) };
        let scores: Vec<_> = scores.iter().map(|(bytes, score)| (account(bytes), *score)).collect();
        let stakes: Vec<_> = stakes.iter().map(|(bytes, stake)| (account(bytes), *stake)).collect();
        check(base, &scores, &stakes);
    }
}
