//! The attacks on a claim list, by their numbers. After each, nothing has moved.

use florin_sdk::{Address, B256, Client};

use super::list::{List, account, node};
use super::{CAMPAIGN, CHAIN_ID, Scene};
use crate::ClaimsError;

fn invalid(index: u32) -> Result<(), ClaimsError> {
    Err(ClaimsError::InvalidProof { campaign: CAMPAIGN, index })
}

fn assert_untouched(scene: &Scene, list: &List) {
    assert_eq!(scene.claimed(), 0);
    assert_eq!(scene.native.balance(scene.claims.address()), list.total());
    assert!(list.accounts().all(|account| scene.native.balance(account) == 0));
}

#[test]
fn case_81_an_inner_node_is_not_a_claim() {
    // The account and amount of a claim are hashed with the leaf's tag over 85 bytes, so no choice of them gives an
    // inner node; what is left is to shorten the proof so that the leaf would stand one level up.
    let (scene, list) = Scene::with_campaign(4);
    let inner = node(list.hash(0), list.hash(1));
    assert_eq!(node(inner, node(list.hash(2), list.hash(3))), list.root());
    let up = |claim: &mut super::list::Claim| claim.proof = vec![node(list.hash(2), list.hash(3))];
    assert_eq!(scene.submit(&list, up, 0), invalid(0));
    let over = |claim: &mut super::list::Claim| claim.proof = vec![inner, node(list.hash(2), list.hash(3))];
    assert_eq!(scene.submit(&list, over, 0), invalid(0));
    assert_untouched(&scene, &list);
}

#[test]
fn case_82_the_carried_leaf_is_not_claimable_at_a_doubled_place() {
    let (scene, list) = Scene::with_campaign(3);
    // With a doubled last node the leaf 2 would also stand at index 3, proven by itself.
    let doubled = |claim: &mut super::list::Claim| {
        claim.index = 3;
        claim.proof.insert(0, list.hash(2));
    };
    let out_of_range = ClaimsError::IndexOutOfRange { index: 3, leaf_count: 3 };
    assert_eq!(scene.submit(&list, doubled, 2), Err(out_of_range));
    let same_place = |claim: &mut super::list::Claim| claim.proof.insert(0, list.hash(2));
    assert_eq!(scene.submit(&list, same_place, 2), invalid(2));
    // A proof for one index is none for another.
    for other in [0, 2] {
        assert_eq!(scene.submit(&list, |claim| claim.index = other, 1), invalid(other));
    }
    assert_untouched(&scene, &list);
}

#[test]
fn case_83_a_proof_of_another_length_or_an_index_outside_is_refused() {
    let (scene, list) = Scene::with_campaign(5);
    for index in 0..5 {
        let length = list.claim(index).proof.len();
        for cut in 0..length {
            assert_eq!(scene.submit(&list, |claim| claim.proof.truncate(cut), index), invalid(index));
        }
        for extra in [1, 2, 38, 10_000] {
            let long = |claim: &mut super::list::Claim| claim.proof.extend(vec![B256::ZERO; extra]);
            assert_eq!(scene.submit(&list, long, index), invalid(index));
        }
    }
    for outside in [5, 6, 8, u32::MAX] {
        let refused = ClaimsError::IndexOutOfRange { index: outside, leaf_count: 5 };
        assert_eq!(scene.submit(&list, |claim| claim.index = outside, 4), Err(refused));
    }
    assert_untouched(&scene, &list);
}

#[test]
fn case_84_a_leaf_of_another_campaign_contract_or_chain_proves_nothing() {
    let scene = Scene::new();
    let own = scene.claims.address();
    let foreign = [
        List::new(CHAIN_ID, own, CAMPAIGN + 1, 3),
        List::new(CHAIN_ID, Address::repeat_byte(9), CAMPAIGN, 3),
        List::new(CHAIN_ID + 1, own, CAMPAIGN, 3),
    ];
    let list = scene.list(CAMPAIGN, 3);
    scene.create(CAMPAIGN, &list, list.total()).unwrap();
    for other in foreign {
        let other = other.submitted_to(CAMPAIGN);
        for index in 0..3 {
            assert_eq!(scene.claim(&other, index), invalid(index));
        }
    }
    assert_untouched(&scene, &list);
    // Nor does a whole campaign serve that was registered with a root for another chain.
    let replayed = List::new(CHAIN_ID + 1, own, 8, 3);
    scene.create(8, &replayed, 60).unwrap();
    assert_eq!(scene.claim(&replayed, 0), Err(ClaimsError::InvalidProof { campaign: 8, index: 0 }));
}

#[test]
fn case_85_bytes_cannot_move_from_one_field_to_another() {
    let (scene, list) = Scene::with_campaign(3);
    // The account's last byte put in front of the amount, and the index's last byte in front of the account.
    let shifted = |claim: &mut super::list::Claim| {
        let tail = claim.account.0[19];
        claim.account = Address::left_padding_from(&claim.account.0[..19]);
        claim.amount |= u128::from(tail) << 120;
    };
    assert_eq!(scene.submit(&list, shifted, 1), invalid(1));
    let widened = |claim: &mut super::list::Claim| claim.amount <<= 64;
    assert_eq!(scene.submit(&list, widened, 1), invalid(1));
    assert_untouched(&scene, &list);
}

#[test]
fn case_88_a_claim_is_paid_once_however_often_and_by_whomever_it_is_submitted() {
    let (scene, list) = Scene::with_campaign(3);
    scene.claim(&list, 1).unwrap();
    let again = ClaimsError::AlreadyClaimed { campaign: CAMPAIGN, index: 1 };
    for height in 0..500 {
        scene.native.set_height(super::FIRST_BLOCK + height % 3);
        assert_eq!(scene.claim(&list, 1), Err(again.clone()));
    }
    // By the account itself, and in a batch.
    let claim = list.claim(1);
    let mut own = scene.claims.by(claim.account);
    let direct = own.claim(CAMPAIGN, 1, claim.account, claim.amount, claim.proof.clone());
    assert_eq!(super::refusal(direct), again);
    let line = (1, claim.account, claim.amount, claim.proof);
    assert_eq!(super::refusal(own.claim_many(CAMPAIGN, vec![line])), again);
    assert_eq!((scene.native.balance(account(2)), scene.claimed()), (20, 20));
}

#[test]
fn case_89_leaves_that_promise_more_than_the_total_are_not_paid_from_another_campaign() {
    let scene = Scene::new();
    let honest = scene.list(1, 3);
    scene.create(1, &honest, honest.total()).unwrap();
    let greedy = scene.list(CAMPAIGN, 3);
    scene.create(CAMPAIGN, &greedy, 35).unwrap();
    scene.claim(&greedy, 2).unwrap();
    let exceeded = |amount| ClaimsError::TotalExceeded { campaign: CAMPAIGN, amount, claimed: 30, total: 35 };
    assert_eq!(scene.claim(&greedy, 0), Err(exceeded(10)));
    assert_eq!(scene.claim(&greedy, 1), Err(exceeded(20)));
    assert_eq!((scene.claimed(), scene.status(0)), (30, 1));
    // A leaf of the largest amount does not wrap the sum.
    let contract = scene.claims.address();
    let lines = vec![(account(1), 1), (account(2), u128::MAX), (account(3), u128::MAX / 2 + 1)];
    let huge = List::from_lines(CHAIN_ID, contract, 9, lines);
    scene.create(9, &huge, 2).unwrap();
    scene.claim(&huge, 0).unwrap();
    for (index, amount) in [(1, u128::MAX), (2, u128::MAX / 2 + 1)] {
        let refused = ClaimsError::TotalExceeded { campaign: 9, amount, claimed: 1, total: 2 };
        assert_eq!(scene.claim(&huge, index), Err(refused));
    }
    assert_eq!(scene.native.balance(contract), 60 + 5 + 1);
    for index in 0..3 {
        scene.claim(&honest, index).unwrap();
    }
}

#[test]
fn a_leaf_of_zero_is_refused() {
    let scene = Scene::new();
    let list = List::from_lines(CHAIN_ID, scene.claims.address(), CAMPAIGN, vec![(account(1), 0), (account(2), 5)]);
    scene.create(CAMPAIGN, &list, 5).unwrap();
    assert_eq!(scene.claim(&list, 0), Err(ClaimsError::ZeroAmount { campaign: CAMPAIGN, index: 0 }));
}

#[test]
fn case_90_a_campaign_is_never_replaced() {
    let (scene, list) = Scene::with_campaign(3);
    let other = List::from_lines(CHAIN_ID, scene.claims.address(), CAMPAIGN, vec![(scene.relayer, 60)]);
    let taken = ClaimsError::CampaignExists { campaign: CAMPAIGN };
    assert_eq!(scene.create(CAMPAIGN, &other, 60), Err(taken.clone()));
    assert_eq!(scene.create(CAMPAIGN, &list, list.total()), Err(taken.clone()));
    scene.native.set_height(super::LAST_BLOCK + 1);
    scene.sweep().unwrap();
    assert_eq!(scene.create(CAMPAIGN, &other, 60), Err(taken));

    // The same accounts in a new campaign have new leaves; the old proofs stay with the old one.
    scene.native.set_height(super::FIRST_BLOCK);
    let renewed = scene.list(8, 3);
    scene.create(8, &renewed, renewed.total()).unwrap();
    assert_eq!(scene.claim(&list.submitted_to(8), 0), Err(ClaimsError::InvalidProof { campaign: 8, index: 0 }));
    scene.claim(&renewed, 0).unwrap();
}

#[test]
fn case_92_a_submitter_cannot_redirect_or_change_a_payment() {
    let (scene, list) = Scene::with_campaign(3);
    let relayer = scene.relayer;
    assert_eq!(scene.submit(&list, |claim| claim.account = relayer, 1), invalid(1));
    assert_eq!(scene.submit(&list, |claim| claim.account = Address::ZERO, 1), invalid(1));
    assert_eq!(scene.submit(&list, |claim| claim.amount += 1, 1), invalid(1));
    assert_eq!(scene.submit(&list, |claim| claim.amount = 0, 1), invalid(1));
    for at in 0..2 {
        assert_eq!(scene.submit(&list, |claim| claim.proof[at].0[31] ^= 1, 1), invalid(1));
    }
    assert_untouched(&scene, &list);
    scene.claim(&list, 1).unwrap();
    assert_eq!((scene.native.balance(relayer), scene.native.balance(account(2))), (0, 20));
}
