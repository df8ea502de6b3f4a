//! The life of a campaign: created, open, closed, swept; and what each step refuses.

use florin_sdk::{Address, B256, Client};
use florin_tokenomics::units::CLAIM_WINDOW_BLOCKS;
use florin_tokenomics::{ClaimTree, Scope};

use super::list::{List, account};
use super::{CAMPAIGN, CHAIN_ID, FIRST_BLOCK, LAST_BLOCK, Scene, refusal};
use crate::claims::DERIVED_NUMBERS;
use crate::{CampaignCreated, Claimed, ClaimsError, Swept};

const UNKNOWN: u8 = 0;
const CLAIMABLE: u8 = 1;
const CLAIMED: u8 = 2;
const EXPIRED: u8 = 3;

#[test]
fn every_claim_of_lists_of_one_to_forty_accounts_is_paid_by_a_relayer() {
    for count in (1..=40).chain([257, 600]) {
        let (scene, list) = Scene::with_campaign(count);
        let money = scene.money(&list);
        for index in 0..count {
            scene.claim(&list, index).unwrap();
            let claim = list.claim(index);
            assert_eq!(scene.native.balance(claim.account), claim.amount);
        }
        assert_eq!((scene.claimed(), scene.native.balance(scene.claims.address())), (list.total(), 0));
        assert_eq!(scene.native.balance(scene.relayer), 0);
        assert_eq!(scene.money(&list), money);
    }
}

#[test]
fn the_host_and_the_contract_agree_with_the_independent_tree() {
    for count in 1..=70 {
        let list = List::new(CHAIN_ID, Address::repeat_byte(0xcc), 3, count);
        let scope = Scope { chain_id: CHAIN_ID, contract: [0xcc; 20], campaign: 3 };
        let lines = (0..count).map(|index| (list.claim(index).account.into_array(), list.claim(index).amount));
        let tree = ClaimTree::from_allocations(scope, &lines.collect::<Vec<_>>()).unwrap();
        assert_eq!((B256::from(tree.root()), tree.total()), (list.root(), list.total()));
        for index in 0..count {
            let proof = tree.proof(index).unwrap().into_iter().map(B256::from).collect::<Vec<_>>();
            assert_eq!(proof, list.claim(index).proof);
        }
    }
}

#[test]
fn a_claim_in_a_tree_of_one_leaf_needs_no_proof() {
    let (scene, list) = Scene::with_campaign(1);
    assert_eq!((list.root(), list.claim(0).proof.len()), (list.hash(0), 0));
    scene.claim(&list, 0).unwrap();
    assert_eq!(scene.claimed(), 10);
}

/// A root binds its campaign's number: whoever took the number of a list that is already built would stop it.
#[test]
fn nobody_can_take_the_number_of_a_campaign_to_come() {
    let scene = Scene::new();
    let list = scene.list(CAMPAIGN, 2);
    let create = |by: Address, number: u64| {
        let mut claims = scene.claims.by(by);
        let root = list.root();
        let call = claims.create_campaign(number, Address::ZERO, root, 2, 30, FIRST_BLOCK, LAST_BLOCK, scene.target);
        call.value(30).send().map_err(|error| error.reverted().unwrap())
    };
    let next = |creator: Address| scene.claims.by(creator).next_campaign(creator).view().unwrap();
    scene.native.fund(scene.relayer, 1_000);
    assert_eq!(scene.claims.by(scene.relayer).authority().view().unwrap(), scene.owner);

    let (first, expected) = (next(scene.owner), next(scene.relayer));
    assert!(first >= DERIVED_NUMBERS && expected >= DERIVED_NUMBERS && first != expected);
    for campaign in [0, CAMPAIGN, first, expected.wrapping_add(1)] {
        assert_eq!(create(scene.relayer, campaign), Err(ClaimsError::WrongNumber { campaign, expected }));
    }
    create(scene.relayer, expected).unwrap();
    assert_ne!(next(scene.relayer), expected);
    assert_eq!(create(scene.relayer, expected), Err(ClaimsError::CampaignExists { campaign: expected }));
    create(scene.relayer, next(scene.relayer)).unwrap();

    create(scene.owner, CAMPAIGN).unwrap();
    assert_eq!(next(scene.owner), first, "the authority's own numbers do not count");
    create(scene.owner, first).unwrap();
}

#[test]
fn each_step_emits_its_event() {
    let (scene, list) = Scene::with_campaign(2);
    scene.claim(&list, 1).unwrap();
    scene.native.set_height(LAST_BLOCK + 1);
    scene.sweep().unwrap();
    let created = CampaignCreated {
        campaign: CAMPAIGN,
        owner: scene.owner,
        token: Address::ZERO,
        root: list.root(),
        leaf_count: 2,
        total: 30,
        first_block: FIRST_BLOCK,
        last_block: LAST_BLOCK,
        sweep_target: scene.target,
    };
    assert_eq!(scene.native.events_of::<CampaignCreated>(), [created]);
    let claimed = Claimed { campaign: CAMPAIGN, account: account(2), index: 1, amount: 20 };
    assert_eq!(scene.native.events_of::<Claimed>(), [claimed]);
    assert_eq!(scene.native.events_of::<Swept>(), [Swept { campaign: CAMPAIGN, target: scene.target, amount: 10 }]);
}

#[test]
fn case_91_claims_open_with_the_first_block_and_close_after_the_last() {
    let (scene, list) = Scene::with_campaign(3);
    scene.native.set_height(FIRST_BLOCK - 1);
    let early = ClaimsError::NotStarted { campaign: CAMPAIGN, first_block: FIRST_BLOCK, height: FIRST_BLOCK - 1 };
    assert_eq!(scene.claim(&list, 0), Err(early));
    assert_eq!(scene.status(0), UNKNOWN);
    scene.native.set_height(FIRST_BLOCK);
    assert_eq!(scene.status(0), CLAIMABLE);
    scene.claim(&list, 0).unwrap();
    scene.native.set_height(LAST_BLOCK);
    scene.claim(&list, 1).unwrap();
    assert_eq!(scene.status(2), CLAIMABLE);
    scene.native.set_height(LAST_BLOCK + 1);
    let late = ClaimsError::WindowClosed { campaign: CAMPAIGN, last_block: LAST_BLOCK, height: LAST_BLOCK + 1 };
    assert_eq!(scene.claim(&list, 2), Err(late));
    assert_eq!([0, 1, 2, 3].map(|index| scene.status(index)), [CLAIMED, CLAIMED, EXPIRED, UNKNOWN]);
}

#[test]
fn case_91_the_rest_is_swept_once_and_not_before_the_window_has_closed() {
    let (scene, list) = Scene::with_campaign(3);
    scene.claim(&list, 2).unwrap();
    for height in [FIRST_BLOCK, LAST_BLOCK] {
        scene.native.set_height(height);
        let open = ClaimsError::WindowOpen { campaign: CAMPAIGN, last_block: LAST_BLOCK, height };
        assert_eq!(scene.sweep(), Err(open));
    }
    scene.native.set_height(LAST_BLOCK + 1);
    scene.sweep().unwrap();
    assert_eq!(scene.native.balance(scene.target), 30);
    assert_eq!(scene.native.balance(scene.claims.address()), 0);
    assert_eq!(scene.claims.by(scene.relayer).swept(CAMPAIGN).view().unwrap(), 30);
    assert_eq!(scene.sweep(), Err(ClaimsError::AlreadySwept { campaign: CAMPAIGN }));
    assert_eq!(scene.native.balance(scene.target), 30);
}

#[test]
fn a_campaign_that_was_claimed_in_full_is_swept_of_nothing_once() {
    let (scene, list) = Scene::with_campaign(1);
    scene.claim(&list, 0).unwrap();
    scene.native.set_height(LAST_BLOCK + 1);
    scene.sweep().unwrap();
    assert_eq!(scene.sweep(), Err(ClaimsError::AlreadySwept { campaign: CAMPAIGN }));
    assert_eq!(scene.native.balance(scene.target), 0);
}

#[test]
fn a_window_is_seven_days_from_now_unless_it_is_given() {
    let scene = Scene::new();
    let list = scene.list(CAMPAIGN, 2);
    let mut claims = scene.claims.by(scene.owner);
    claims.create_campaign(CAMPAIGN, Address::ZERO, list.root(), 2, 30, 0, 0, scene.target).value(30).send().unwrap();
    let last = FIRST_BLOCK + CLAIM_WINDOW_BLOCKS - 1;
    let terms = claims.campaign(CAMPAIGN).view().unwrap();
    let expected = (scene.owner, Address::ZERO, list.root(), 2, 30, FIRST_BLOCK, last, scene.target);
    assert_eq!(terms, expected);
    scene.native.set_height(last);
    scene.claim(&list, 0).unwrap();
    scene.native.set_height(last + 1);
    assert!(matches!(scene.claim(&list, 1), Err(ClaimsError::WindowClosed { .. })));
}

#[test]
fn a_campaign_with_senseless_terms_is_refused_and_keeps_no_money() {
    let scene = Scene::new();
    let list = scene.list(CAMPAIGN, 2);
    let storage = scene.native.storage(scene.claims.address());
    let mut claims = scene.claims.by(scene.owner);
    let mut refuse = |leaf_count, total: u128, first_block, last_block, target, value| {
        let root = list.root();
        let call = claims
            .create_campaign(CAMPAIGN, Address::ZERO, root, leaf_count, total, first_block, last_block, target)
            .value(value);
        refusal(call)
    };
    let target = scene.target;
    assert_eq!(refuse(0, 30, 0, 0, target, 30), ClaimsError::EmptyCampaign { campaign: CAMPAIGN });
    assert_eq!(refuse(2, 0, 0, 0, target, 0), ClaimsError::EmptyCampaign { campaign: CAMPAIGN });
    let height = FIRST_BLOCK;
    let backwards = ClaimsError::InvalidWindow { first_block: 102, last_block: 101, height };
    assert_eq!(refuse(2, 30, 102, 101, target, 30), backwards);
    let over = ClaimsError::InvalidWindow { first_block: 1, last_block: height - 1, height };
    assert_eq!(refuse(2, 30, 1, height - 1, target, 30), over);
    assert_eq!(refuse(2, 30, 0, 0, Address::ZERO, 30), ClaimsError::NoSweepTarget { campaign: CAMPAIGN });
    assert_eq!(refuse(2, 30, 0, 0, target, 29), ClaimsError::WrongValue { expected: 30, value: 29 });
    assert_eq!(refuse(2, 30, 0, 0, target, 31), ClaimsError::WrongValue { expected: 30, value: 31 });
    assert_eq!(scene.native.balance(scene.owner), 10_000_000);
    assert_eq!(scene.native.storage(scene.claims.address()), storage);
    assert_eq!(scene.native.events(), []);
}

#[test]
fn a_campaign_that_does_not_exist_is_unknown_to_every_message() {
    let scene = Scene::new();
    let list = scene.list(CAMPAIGN, 2);
    let unknown = ClaimsError::UnknownCampaign { campaign: CAMPAIGN };
    assert_eq!(scene.claim(&list, 0), Err(unknown.clone()));
    assert_eq!(scene.sweep(), Err(unknown.clone()));
    let mut claims = scene.claims.by(scene.relayer);
    assert_eq!(refusal(claims.claim_many(CAMPAIGN, vec![])), unknown);
    assert_eq!(claims.campaign(CAMPAIGN).view().unwrap_err().reverted(), Some(unknown));
    assert_eq!((scene.status(0), scene.claimed()), (UNKNOWN, 0));
}

#[test]
fn the_status_of_an_account_is_asked_with_its_proof() {
    let (scene, list) = Scene::with_campaign(3);
    let mut claims = scene.claims.by(scene.relayer);
    let mut status = |claim: &super::list::Claim, account| {
        claims.status_of(CAMPAIGN, claim.index, account, claim.amount, claim.proof.clone()).view().unwrap()
    };
    let claim = list.claim(1);
    assert_eq!(status(&claim, claim.account), CLAIMABLE);
    assert_eq!(status(&claim, account(3)), UNKNOWN);
    scene.claim(&list, 1).unwrap();
    assert_eq!(status(&claim, claim.account), CLAIMED);
    scene.native.set_height(LAST_BLOCK + 1);
    assert_eq!(status(&claim, claim.account), CLAIMED);
    assert_eq!(status(&list.claim(2), account(3)), EXPIRED);
}

#[test]
fn a_batch_pays_all_of_its_claims_or_none() {
    let (scene, list) = Scene::with_campaign(5);
    let line = |index| {
        let claim = list.claim(index);
        (claim.index, claim.account, claim.amount, claim.proof)
    };
    let mut claims = scene.claims.by(scene.relayer);
    claims.claim_many(CAMPAIGN, vec![line(0), line(4)]).send().unwrap();
    assert_eq!(scene.claimed(), 60);
    let twice = ClaimsError::AlreadyClaimed { campaign: CAMPAIGN, index: 4 };
    assert_eq!(refusal(claims.claim_many(CAMPAIGN, vec![line(1), line(2), line(4)])), twice);
    let within = ClaimsError::AlreadyClaimed { campaign: CAMPAIGN, index: 1 };
    assert_eq!(refusal(claims.claim_many(CAMPAIGN, vec![line(1), line(1)])), within);
    assert_eq!(scene.claimed(), 60);
    assert_eq!(scene.native.balance(account(2)), 0);
    claims.claim_many(CAMPAIGN, vec![line(3), line(2), line(1)]).send().unwrap();
    assert_eq!(scene.claimed(), list.total());
}

#[test]
fn a_batch_is_neither_empty_nor_larger_than_its_bound() {
    let (scene, list) = Scene::with_campaign(257);
    let batch = |count| {
        (0..count).map(|index| (index, list.claim(index).account, list.claim(index).amount, list.claim(index).proof))
    };
    let mut claims = scene.claims.by(scene.relayer);
    let size = |claims| ClaimsError::BatchSize { claims, claims_max: 256 };
    assert_eq!(refusal(claims.claim_many(CAMPAIGN, vec![])), size(0));
    assert_eq!(refusal(claims.claim_many(CAMPAIGN, batch(257).collect())), size(257));
    claims.claim_many(CAMPAIGN, batch(256).collect()).send().unwrap();
    assert_eq!(scene.status(255), CLAIMED);
    assert_eq!(scene.status(256), CLAIMABLE);
}
