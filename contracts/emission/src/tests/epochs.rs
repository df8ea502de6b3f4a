//! Epochs one after the other: figures, money, parameters, the recycling pool.

use super::*;
use crate::EpochSettled;
use florin_recycling::{Burned, Recycled};

#[test]
fn an_epoch_is_settled_to_the_wei_of_the_formulas() {
    let setup = Setup::new();
    let miners = accounts(3);
    let validators = [Address::repeat_byte(1), Address::repeat_byte(2)];
    let scores: Vec<_> = miners.iter().copied().zip([500_000, 300_000, 200_001]).collect();
    let stakes: Vec<_> = validators.into_iter().zip([300 * MDT, 100 * MDT]).collect();
    setup.work_of(0, (5_000, 600_000, 900_000, 400_000), &scores, &stakes);
    assert_eq!(setup.settle(0), 1);

    // U = (500,000 * 5,000 / 10,000 + 300,000 * 0.6 + 200,000 * 0.9) / 10^6 = 610,000 ppm.
    let emitted = 30_500_000_000;
    let unmet = emitted / 10;
    let distributed = emitted - unmet;
    let supply = setup.native.supply();
    assert_eq!((supply.minted, supply.burned_by_contracts), (emitted, unmet));
    let pool = distributed / 10 * 4;
    assert_eq!(setup.balance(TREASURY), distributed / 10 * 2);
    assert_eq!(setup.balance(setup.claims.address()), pool);
    assert_eq!(setup.balance(setup.mock.address()), pool);
    assert_eq!(setup.balance(setup.emission.address()), 0);

    for ((miner, _), share) in scores.iter().zip(shares(pool, &[500_000, 300_000, 200_001])) {
        assert_eq!(setup.claim(0, *miner), share);
        assert_eq!(setup.balance(*miner), share);
    }
    let mock = setup.mock.by(setup.owner);
    for ((validator, _), share) in stakes.iter().zip(shares(pool, &[300 * MDT, 100 * MDT])) {
        assert_eq!(mock.by(setup.owner).paid(0, *validator).view(), Ok(share));
    }
    assert_eq!(mock.by(setup.owner).closed().view(), Ok(0));

    let record = setup.emission.by(setup.owner).record(0).view().unwrap();
    let [event] = setup.native.events_of::<EpochSettled>().try_into().unwrap();
    assert_eq!((event.metrics, event.utility), ((5_000, 600_000, 900_000, 400_000), 610_000));
    assert_eq!(event.figures, (emitted, unmet, distributed, 0, distributed));
    assert_eq!(event.pools, [pool, pool, distributed / 10 * 2]);
    assert_eq!((event.leaf_count, event.claimable), (3, pool));
    let told = (event.metrics, event.utility, event.figures, event.pools.clone(), event.root, 3, pool, 2 * EPOCH);
    assert_eq!(record, told);
    assert_eq!(setup.native.events_of::<Burned>(), [Burned { reason: 0, amount: unmet }]);
    assert_eq!(setup.recycling.by(setup.owner).burned(0).view(), Ok(unmet));
}

#[test]
fn without_a_report_nothing_is_emitted_and_the_epoch_is_settled_all_the_same() {
    let setup = Setup::new();
    setup.settle(0);
    setup.settle(1);
    assert_eq!(setup.native.supply().minted, 0);
    let (metrics, utility, ..) = setup.emission.by(setup.owner).record(1).view().unwrap();
    assert_eq!((metrics, utility), ((0, 0, 0, 0), 0));
    assert_eq!(setup.mock.by(setup.owner).closed().view(), Ok(1));
}

#[test]
fn what_has_no_recipient_goes_to_the_treasury() {
    let setup = Setup::new();
    setup.work(0, &[], &[]);
    setup.settle(0);
    assert_eq!(setup.balance(TREASURY), 50 * MDT);
    let miner = accounts(1)[0];
    setup.work(1, &[(miner, 1)], &[]);
    setup.settle(1);
    assert_eq!(setup.balance(TREASURY), 80 * MDT);
    assert_eq!(setup.list(1), [(miner, 20 * MDT)]);
}

#[test]
fn an_address_with_two_roles_gets_the_sum_in_one_leaf() {
    let nobody = Address::ZERO;
    let rows = [(300_000, MINERS, nobody), (300_000, VALIDATORS, nobody), (400_000, ACCOUNT, TREASURY)];
    let setup = Setup::with(parameters(&rows, 2));
    let all = accounts(4);
    let scores = [(all[0], 1), (all[2], 1), (all[3], 1)];
    let stakes = [(all[1], 5), (all[2], 2)];
    setup.work(0, &scores, &stakes);
    setup.settle(0);
    let pool = 15 * MDT;
    let (by_score, by_stake) = (shares(pool, &[1, 1, 1]), shares(pool, &[5, 2]));
    let expected = [by_score[0], by_stake[0], by_score[1] + by_stake[1], by_score[2]];
    assert_eq!(setup.list(0), all.into_iter().zip(expected).collect::<Vec<_>>());
    assert_eq!(setup.balance(setup.claims.address()), 2 * pool);
}

#[test]
fn a_table_of_seven_rows_is_a_change_of_configuration() {
    let account = |byte| Address::repeat_byte(byte);
    let rows = [
        (250_000, MINERS, Address::ZERO),
        (250_000, STAKING, Address::ZERO),
        (200_000, ACCOUNT, TREASURY),
        (100_000, ACCOUNT, account(0xd1)),
        (100_000, ACCOUNT, account(0xd2)),
        (50_000, ACCOUNT, account(0xd3)),
        (50_000, ACCOUNT, Address::ZERO),
    ];
    let setup = Setup::with(parameters(&rows, 2));
    setup.work(0, &[(account(5), 7)], &[(account(6), 7)]);
    setup.settle(0);
    let paid = [TREASURY, account(0xd1), account(0xd2), account(0xd3)].map(|of| setup.balance(of));
    assert_eq!(paid, [25 * MDT / 2, 5 * MDT, 5 * MDT, 25 * MDT / 10]);
    let (.., pools, _, _, _, _) = setup.emission.by(setup.owner).record(0).view().unwrap();
    assert_eq!(pools.iter().sum::<u128>(), 50 * MDT);
}

#[test]
fn the_recycling_pool_pays_before_anything_is_minted() {
    let setup = Setup::new();
    let payer = setup.native.account("payer");
    setup.native.fund(payer, 1_000 * MDT);
    for (source, amount) in [(0, 10 * MDT), (1, 20 * MDT), (2, 30 * MDT), (3, 5 * MDT), (4, 7 * MDT)] {
        setup.recycling.by(payer).recycle(source).value(amount).send().unwrap();
        assert_eq!(setup.recycling.by(payer).recycled(source).view(), Ok(amount));
    }
    assert_eq!(setup.recycling(), (72 * MDT, 72 * MDT, 0, 0));
    setup.work(0, &[], &[]);
    setup.settle(0);
    assert_eq!(setup.native.supply().minted, 0);
    assert_eq!(setup.recycling(), (22 * MDT, 72 * MDT, 50 * MDT, 694_444));
    setup.work(1, &[], &[]);
    setup.settle(1);
    assert_eq!((setup.native.supply().minted, setup.recycling().0), (28 * MDT, 0));
    let (.., figures, _, _, _, _, _) = setup.emission.by(payer).record(1).view().unwrap();
    assert_eq!(figures, (50 * MDT, 0, 50 * MDT, 22 * MDT, 28 * MDT));
    assert_eq!(setup.native.events_of::<Recycled>().len(), 5);
}

#[test]
fn what_nobody_claims_in_time_comes_back_to_the_pool() {
    let setup = Setup::new();
    let miners = accounts(4);
    let scores: Vec<_> = miners.iter().map(|miner| (*miner, 1)).collect();
    setup.work(0, &scores, &[]);
    setup.work(1, &scores, &[]);
    setup.settle(0);
    setup.settle(1);
    assert_eq!(setup.claim(0, miners[0]), 5 * MDT);
    let last_block = 2 * EPOCH + 50_400 - 1;
    // Epochs without work go by; the campaign is swept in the first block behind its window.
    setup.block(last_block);
    assert_eq!(setup.recycling().0, 0);
    setup.block(last_block + 1);
    assert_eq!(setup.recycling.by(setup.owner).recycled(4).view(), Ok(15 * MDT));
    // Somebody else sweeps the second campaign: it is booked all the same, once.
    setup.native.set_height(last_block + 2 * EPOCH);
    setup.claims.by(miners[1]).sweep(1).send().unwrap();
    for _ in 0..3 {
        setup.block(last_block + 2 * EPOCH);
    }
    assert_eq!(setup.recycling().0, 35 * MDT);
    assert_eq!(setup.balance(setup.recycling.address()), 35 * MDT);
}

#[test]
fn case_106_parameters_that_change_in_mid_epoch_hold_from_the_next_one() {
    let setup = Setup::new();
    for epoch in 0..3 {
        setup.work(epoch, &[], &[]);
    }
    setup.native.set_height(EPOCH + 20);
    let mut emission = setup.emission.by(setup.owner);
    let terms = |base| {
        let mut terms = default_parameters();
        terms.0 = base;
        terms
    };
    assert_eq!(emission.set_parameters(terms(1)).send(), Ok(2));
    assert_eq!(emission.set_parameters(terms(10 * MDT)).send(), Ok(2), "the last answer counts");
    assert_eq!(emission.parameters(1).view().map(|terms| terms.0), Ok(50 * MDT));
    assert_eq!(emission.parameters(2).view().map(|terms| terms.0), Ok(10 * MDT));
    // All three are settled together, long after the change.
    setup.block(5 * EPOCH);
    assert_eq!(setup.next_epoch(), 4);
    let emitted = |epoch| setup.emission.by(setup.owner).record(epoch).view().unwrap().2.0;
    assert_eq!([0, 1, 2].map(emitted), [50 * MDT, 50 * MDT, 10 * MDT]);
}

#[test]
fn parameters_that_no_epoch_can_follow_are_refused() {
    let setup = Setup::new();
    let mut emission = setup.emission.by(setup.owner);
    let mut refused = |change: fn(&mut RuleTerms)| {
        let mut terms = default_parameters();
        change(&mut terms);
        error(emission.set_parameters(terms).send())
    };
    assert_eq!(refused(|terms| terms.4 += 1), EmissionError::WeightsSum { sum_ppm: 1_000_001 });
    assert_eq!(refused(|terms| terms.9[0].0 -= 1), EmissionError::SharesSum { sum_ppm: 999_999 });
    assert_eq!(refused(|terms| terms.2 = 1_000_001), EmissionError::InvalidRatio { ppm: 1_000_001 });
    assert!(matches!(refused(|terms| terms.7 = 0), EmissionError::InvalidAmounts { claim_window: 0, .. }));
    assert!(matches!(refused(|terms| terms.0 = 1 << 63), EmissionError::InvalidAmounts { .. }));
    assert_eq!(refused(|terms| terms.8 = 9), EmissionError::InvalidTable { rows: 3, treasury_row: 9 });
    assert!(matches!(refused(|terms| terms.8 = 0), EmissionError::InvalidRow { row: 0, .. }));
    assert!(matches!(refused(|terms| terms.9[1].1 = 4), EmissionError::InvalidRow { row: 1, kind: 4, .. }));
    assert!(matches!(refused(|terms| terms.9[2].2 = Address::ZERO), EmissionError::InvalidRow { row: 2, .. }));
    let many = refused(|terms| terms.9.extend([(0, 0, Address::ZERO); 14]));
    assert_eq!(many, EmissionError::InvalidTable { rows: 17, treasury_row: 2 });
}

#[test]
fn the_figures_of_the_last_hundred_epochs_are_kept() {
    let setup = Setup::new();
    for epoch in 0..103 {
        setup.work_of(epoch, (epoch, 0, 0, 500_000), &[], &[]);
    }
    while setup.next_epoch() < 103 {
        setup.block(105 * EPOCH - 1);
    }
    let emission = setup.emission.by(setup.owner);
    let metrics = |epoch| emission.by(setup.owner).record(epoch).view().map(|record| record.0);
    assert_eq!(metrics(102), Ok((102, 0, 0, 500_000)));
    assert_eq!(metrics(3), Ok((3, 0, 0, 500_000)));
    assert_eq!(error(metrics(2)), EmissionError::NoRecord { epoch: 2 });
    assert_eq!(error(metrics(103)), EmissionError::NoRecord { epoch: 103 });
}
