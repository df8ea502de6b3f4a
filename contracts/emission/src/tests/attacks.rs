//! What must not happen: epochs settled twice, too early, beyond the cap; strangers; sources that lie or fail.

use florin_rewards::RewardsError;

use super::*;

#[test]
fn case_93_a_hook_called_twice_or_too_early_mints_once() {
    let setup = Setup::new();
    setup.work(0, &[], &[]);
    for height in [0, 1, EPOCH, 2 * EPOCH - 1] {
        setup.block(height);
        assert_eq!((setup.next_epoch(), setup.native.supply().minted), (0, 0), "at {height}");
    }
    for _ in 0..5 {
        setup.block(2 * EPOCH);
        assert_eq!((setup.next_epoch(), setup.native.supply().minted), (1, 50 * MDT));
    }
    // Back in time: an epoch that is settled stays settled.
    setup.block(1);
    setup.block(0);
    assert_eq!((setup.next_epoch(), setup.native.supply().minted), (1, 50 * MDT));
}

#[test]
fn case_93_a_thousand_missed_epochs_are_caught_up_in_order_and_bounded() {
    let setup = Setup::new();
    for epoch in 0..1_000 {
        setup.work_of(epoch, (epoch, 0, 0, 500_000), &[], &[]);
    }
    let (mut blocks, mut before) = (0_u64, 0);
    while setup.next_epoch() < 1_000 {
        setup.block(1_002 * EPOCH + blocks);
        let settled = setup.next_epoch() - before;
        assert!(settled > 0 && settled <= 32, "{settled} epochs in a block");
        (before, blocks) = (setup.next_epoch(), blocks + 1);
    }
    // Epoch by epoch: floor(50 MDT * floor(50 * tasks) / 10^6), because 500,000 * tasks / 10,000 = 50 * tasks.
    let schedule: u128 = (0..1_000_u128).map(|tasks| 50 * MDT * (50 * tasks) / 1_000_000).sum();
    assert_eq!(setup.native.supply().minted, schedule);
    setup.block(1_002 * EPOCH + blocks);
    assert_eq!(setup.native.supply().minted, schedule);
}

#[test]
fn case_93_the_emission_halves_on_the_epoch() {
    let mut terms = default_parameters();
    terms.1 = 3;
    let setup = Setup::with(terms);
    let emitted: Vec<u128> = (0..8)
        .map(|epoch| {
            setup.work(epoch, &[], &[]);
            setup.settle(epoch);
            setup.emission.by(setup.owner).record(epoch).view().unwrap().2.0
        })
        .collect();
    let base = 50 * MDT;
    assert_eq!(emitted, [base, base, base, base / 2, base / 2, base / 2, base / 4, base / 4]);
}

#[test]
fn case_93_nothing_is_minted_beyond_the_maximum_supply() {
    let setup = Setup::new();
    let supply = Supply { max: 21_000_000 * MDT, genesis: 20_999_930 * MDT, ..Supply::default() };
    setup.native.set_supply(supply);
    let minted: Vec<u128> = (0..4)
        .map(|epoch| {
            setup.work(epoch, &[], &[]);
            setup.settle(epoch);
            setup.native.supply().minted
        })
        .collect();
    assert_eq!(minted, [50 * MDT, 70 * MDT, 70 * MDT, 70 * MDT]);
    // What is burned is not minted again; what is recycled is given out.
    setup.native.fund(setup.owner, 9 * MDT);
    setup.recycling.by(setup.owner).burn_quality_penalty().value(4 * MDT).send().unwrap();
    setup.recycling.by(setup.owner).recycle(0).value(5 * MDT).send().unwrap();
    setup.work(4, &[], &[]);
    setup.settle(4);
    assert_eq!(setup.native.supply().minted, 70 * MDT);
}

#[test]
fn case_93_at_the_last_height_a_block_does_a_bounded_piece_of_work() {
    let setup = Setup::new();
    setup.block(u64::MAX);
    let first = setup.next_epoch();
    assert!(first > 0 && first <= 32);
    setup.block(u64::MAX);
    assert!(setup.next_epoch() > first);
    assert_eq!(setup.native.supply().minted, 0);
    assert_eq!(setup.emission.by(setup.owner).current_epoch().view(), Ok(u64::MAX / EPOCH));
}

#[test]
fn case_107_nobody_but_the_chain_runs_the_hook_and_nobody_but_the_owner_governs() {
    let setup = Setup::new();
    let eve = setup.native.account("eve");
    setup.native.fund(eve, 10);
    let mut stranger = setup.emission.by(eve);
    assert_eq!(error(stranger.on_block().send()), EmissionError::OnlyTheChain { caller: eve });
    let refused = EmissionError::Unauthorized { account: eve };
    assert_eq!(error(stranger.set_parameters(default_parameters()).send()), refused);
    assert_eq!(error(stranger.transfer_ownership(eve).send()), refused);
    assert_eq!(error(stranger.accept_ownership().send()), refused);
    let by_owner = setup.emission.by(setup.owner).on_block().send();
    assert_eq!(error(by_owner), EmissionError::OnlyTheChain { caller: setup.owner });
    assert_eq!(setup.balance(eve), 10);
}

#[test]
fn case_107_ownership_moves_when_the_new_owner_accepts() {
    let setup = Setup::new();
    let [heir, eve] = ["heir", "eve"].map(|name| setup.native.account(name));
    setup.emission.by(setup.owner).transfer_ownership(heir).send().unwrap();
    assert_eq!(setup.emission.by(eve).owner().view(), Ok(setup.owner));
    let refused = EmissionError::Unauthorized { account: eve };
    assert_eq!(error(setup.emission.by(eve).accept_ownership().send()), refused);
    setup.emission.by(heir).accept_ownership().send().unwrap();
    assert_eq!(setup.emission.by(eve).owner().view(), Ok(heir));
    let former = EmissionError::Unauthorized { account: setup.owner };
    assert_eq!(error(setup.emission.by(setup.owner).set_parameters(default_parameters()).send()), former);
    let args = (Address::ZERO, heir, heir, heir, heir, EPOCH, default_parameters());
    let nobody = EmissionError::InvalidAccount { account: Address::ZERO };
    assert_eq!(error(setup.native.deploy::<Emission>(eve, &args)), nobody);
    let args = (eve, heir, heir, heir, heir, 0, default_parameters());
    assert_eq!(error(setup.native.deploy::<Emission>(eve, &args)), EmissionError::NoEpochBlocks {});
}

#[test]
fn a_source_that_fails_stops_the_epoch_and_nothing_is_lost() {
    let setup = Setup::new();
    setup.work(0, &[], &[]);
    setup.break_from(0, u64::MAX);
    setup.native.set_height(2 * EPOCH);
    for times in 1..4 {
        setup.hook().unwrap();
        assert_eq!((setup.next_epoch(), setup.native.supply().minted), (0, 0));
        assert_eq!(setup.failures(), vec![setup.failure(0, setup.mock.address()); times]);
    }
    setup.break_from(u64::MAX, u64::MAX);
    setup.hook().unwrap();
    assert_eq!((setup.next_epoch(), setup.native.supply().minted), (1, 50 * MDT));
}

/// A step that failed used to take the whole hook back, and with it the epochs that were settled in the same block: in the next
/// block they were settled and taken back again, for ever.
#[test]
fn what_a_block_has_finished_stays_when_a_later_step_fails() {
    // The metrics are asked for before any money is made, the stake after that.
    for (metrics, stakes) in [(2, u64::MAX), (u64::MAX, 2)] {
        let setup = Setup::new();
        for epoch in 0..4 {
            setup.work(epoch, &[], &[]);
        }
        setup.break_from(metrics, stakes);
        for times in 1..4 {
            setup.block(5 * EPOCH);
            assert_eq!((setup.next_epoch(), setup.native.supply().minted), (2, 100 * MDT));
            assert_eq!((setup.balance(TREASURY), setup.balance(setup.emission.address())), (100 * MDT, 0));
            assert_eq!(setup.emission.by(setup.owner).is_under_way().view(), Ok(false));
            assert_eq!(setup.failures(), vec![setup.failure(2, setup.mock.address()); times]);
        }
        assert_eq!(setup.native.events_of::<EpochSettled>().len(), 2);
        setup.break_from(u64::MAX, u64::MAX);
        setup.block(5 * EPOCH);
        assert_eq!((setup.next_epoch(), setup.native.supply().minted), (4, 200 * MDT));
        assert_eq!(setup.failures().len(), 3);
    }
}

#[test]
fn case_107_nobody_but_the_hook_begins_an_epoch() {
    let setup = Setup::new();
    setup.work(0, &[], &[]);
    setup.native.set_height(2 * EPOCH);
    for caller in [setup.owner, setup.native.account("eve"), SYSTEM] {
        let begun = setup.emission.by(caller).begin_next().send();
        assert_eq!(error(begun), EmissionError::OnlyTheChain { caller });
    }
    assert_eq!(setup.native.supply().minted, 0);
}

#[test]
fn a_list_out_of_order_or_with_an_account_twice_is_refused() {
    let [a, b] = [Address::repeat_byte(1), Address::repeat_byte(2)];
    for scores in [[(b, 1), (a, 1)], [(a, 1), (a, 1)]] {
        let setup = Setup::new();
        setup.work(0, &scores, &[]);
        setup.native.set_height(2 * EPOCH);
        // The rewards contract refuses the list, so that the step of the emission fails; the pools wait there.
        for times in 1..3 {
            setup.hook().unwrap();
            assert_eq!(setup.failures(), vec![setup.failure(0, setup.rewards.address()); times]);
            assert_eq!((setup.next_epoch(), setup.native.supply().minted), (0, 50 * MDT));
            assert_eq!(setup.balance(setup.rewards.address()), 20 * MDT);
        }
        setup.work(0, &[(a, 1), (b, 1)], &[]);
        setup.hook().unwrap();
        assert_eq!((setup.next_epoch(), setup.list(0)), (1, vec![(a, 10 * MDT), (b, 10 * MDT)]));
    }
}

#[test]
fn case_97_what_is_sent_without_a_message_is_no_part_of_the_pool() {
    let setup = Setup::new();
    for contract in [setup.emission.address(), setup.recycling.address(), setup.rewards.address()] {
        setup.native.fund(contract, 1_000 * MDT);
    }
    setup.work(0, &[(TREASURY, 1)], &[]);
    setup.settle(0);
    assert_eq!((setup.recycling(), setup.native.supply().minted), ((0, 0, 0, 0), 50 * MDT));
    for contract in [setup.emission.address(), setup.recycling.address(), setup.rewards.address()] {
        assert_eq!(setup.balance(contract), 1_000 * MDT);
    }
}

#[test]
fn case_107_nobody_but_the_emission_divides_pools() {
    let setup = Setup::new();
    let eve = setup.native.account("eve");
    setup.native.fund(eve, 100);
    let refused = RewardsError::OnlyTheEmission { caller: eve };
    let mut rewards = setup.rewards.by(eve);
    let begun = rewards.begin(0, 9, vec![MINERS], vec![100], vec![1]).value(100).send();
    assert_eq!(begun.unwrap_err().reverted(), Some(refused.clone()));
    assert_eq!(rewards.advance().send().unwrap_err().reverted(), Some(refused));
    let here = setup.emission.address();
    setup.native.fund(here, 100);
    let mut rewards = setup.rewards.by(here);
    let invalid = |epoch, value| Some(RewardsError::InvalidPools { epoch, value });
    for (kinds, pools, totals, value) in [
        (vec![MINERS], vec![100], vec![1], 99),
        (vec![MINERS], vec![99], vec![1], 100),
        (vec![ACCOUNT], vec![100], vec![1], 100),
        (vec![MINERS, STAKING], vec![100], vec![1], 100),
        (vec![MINERS], vec![100], vec![0], 100),
        (vec![9], vec![100], vec![1], 100),
    ] {
        let begun = rewards.begin(3, 9, kinds, pools, totals).value(value).send();
        assert_eq!(begun.unwrap_err().reverted(), invalid(3, value));
    }
    assert_eq!(rewards.advance().send().unwrap_err().reverted(), Some(RewardsError::Idle {}));
}
