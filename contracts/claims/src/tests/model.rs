//! Random campaigns against a model in a few lines: after every step the contract and the model agree on the answer, on
//! every balance, on every status and on every total.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use florin_sdk::Client;
use proptest::prelude::*;

use super::list::{List, account};
use super::{CAMPAIGN, FIRST_BLOCK, LAST_BLOCK, Scene};
use crate::ClaimsError;

/// Campaigns that a story plays with, and accounts of the longest list.
const CAMPAIGNS: u64 = 3;
const ACCOUNTS: u32 = 6;

#[derive(Clone, Debug)]
enum Step {
    /// Creates a campaign; its total is the list's sum less `missing`.
    Create {
        campaign: u64,
        count: u32,
        missing: u128,
    },
    Claim {
        campaign: u64,
        index: u32,
        bend: Bend,
    },
    /// Claims several indices of one campaign in one call.
    Batch {
        campaign: u64,
        indices: Vec<u32>,
    },
    Sweep {
        campaign: u64,
    },
    /// Lets blocks pass; a height never falls.
    Pass {
        blocks: u64,
    },
    /// Lets blocks pass up to a height at the window's edge, if it is still to come.
    Reach {
        height: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Bend {
    Not,
    Amount,
    Account,
    Proof,
}

fn step() -> impl Strategy<Value = Step> {
    let campaign = || CAMPAIGN..CAMPAIGN + CAMPAIGNS;
    let bend =
        prop_oneof![8 => Just(Bend::Not), 1 => Just(Bend::Amount), 1 => Just(Bend::Account), 1 => Just(Bend::Proof)];
    let edges = prop_oneof![1 => Just(FIRST_BLOCK), 4 => Just(LAST_BLOCK), 2 => Just(LAST_BLOCK + 1)];
    prop_oneof![
        3 => (campaign(), 1..=ACCOUNTS, 0..15_u128)
            .prop_map(|(campaign, count, missing)| Step::Create { campaign, count, missing }),
        10 => (campaign(), 0..ACCOUNTS, bend).prop_map(|(campaign, index, bend)| Step::Claim { campaign, index, bend }),
        3 => (campaign(), prop::collection::vec(0..ACCOUNTS, 0..4))
            .prop_map(|(campaign, indices)| Step::Batch { campaign, indices }),
        2 => campaign().prop_map(|campaign| Step::Sweep { campaign }),
        2 => (1..8_u64).prop_map(|blocks| Step::Pass { blocks }),
        1 => edges.prop_map(|height| Step::Reach { height }),
    ]
}

/// What the model knows of a campaign.
struct Promise {
    list: List,
    total: u128,
    paid: BTreeSet<u32>,
    claimed: u128,
    swept: Option<u128>,
}

struct Model {
    height: u64,
    promises: BTreeMap<u64, Promise>,
}

impl Model {
    fn open(&mut self, campaign: u64) -> Result<&mut Promise, ClaimsError> {
        let height = self.height;
        let promise = self.promises.get_mut(&campaign).ok_or(ClaimsError::UnknownCampaign { campaign })?;
        if height < FIRST_BLOCK {
            return Err(ClaimsError::NotStarted { campaign, first_block: FIRST_BLOCK, height });
        }
        if height > LAST_BLOCK {
            return Err(ClaimsError::WindowClosed { campaign, last_block: LAST_BLOCK, height });
        }
        Ok(promise)
    }

    fn claim(&mut self, campaign: u64, index: u32, bend: Bend) -> Result<(), ClaimsError> {
        let promise = self.open(campaign)?;
        let (leaf_count, total) = (promise.list.count(), promise.total);
        if index >= leaf_count {
            return Err(ClaimsError::IndexOutOfRange { index, leaf_count });
        }
        if bend != Bend::Not {
            return Err(ClaimsError::InvalidProof { campaign, index });
        }
        if promise.paid.contains(&index) {
            return Err(ClaimsError::AlreadyClaimed { campaign, index });
        }
        let amount = promise.list.claim(index).amount;
        if promise.claimed + amount > total {
            return Err(ClaimsError::TotalExceeded { campaign, amount, claimed: promise.claimed, total });
        }
        promise.paid.insert(index);
        promise.claimed += amount;
        Ok(())
    }

    fn batch(&mut self, campaign: u64, indices: &[u32]) -> Result<(), ClaimsError> {
        self.open(campaign)?;
        if indices.is_empty() {
            return Err(ClaimsError::BatchSize { claims: 0, claims_max: crate::claims::BATCH_CLAIMS_MAX });
        }
        let before = self.promises.get(&campaign).map(|promise| (promise.paid.clone(), promise.claimed));
        let outcome = indices.iter().try_for_each(|index| self.claim(campaign, *index, Bend::Not));
        if let (Err(_), Some(promise), Some(before)) = (&outcome, self.promises.get_mut(&campaign), before) {
            (promise.paid, promise.claimed) = before;
        }
        outcome
    }

    fn sweep(&mut self, campaign: u64) -> Result<(), ClaimsError> {
        let height = self.height;
        let promise = self.promises.get_mut(&campaign).ok_or(ClaimsError::UnknownCampaign { campaign })?;
        if height <= LAST_BLOCK {
            return Err(ClaimsError::WindowOpen { campaign, last_block: LAST_BLOCK, height });
        }
        if promise.swept.is_some() {
            return Err(ClaimsError::AlreadySwept { campaign });
        }
        promise.swept = Some(promise.total - promise.claimed);
        Ok(())
    }

    fn create(&mut self, campaign: u64, list: List, total: u128) -> Result<(), ClaimsError> {
        let height = self.height;
        if self.promises.contains_key(&campaign) {
            return Err(ClaimsError::CampaignExists { campaign });
        }
        if total == 0 {
            return Err(ClaimsError::EmptyCampaign { campaign });
        }
        if height > LAST_BLOCK {
            return Err(ClaimsError::InvalidWindow { first_block: FIRST_BLOCK, last_block: LAST_BLOCK, height });
        }
        self.promises.insert(campaign, Promise { list, total, paid: BTreeSet::new(), claimed: 0, swept: None });
        Ok(())
    }

    fn status(&self, campaign: u64, index: u32) -> u8 {
        match self.promises.get(&campaign) {
            Some(promise) if index < promise.list.count() && self.height >= FIRST_BLOCK => {
                match (promise.paid.contains(&index), self.height > LAST_BLOCK) {
                    (true, _) => 2,
                    (false, true) => 3,
                    (false, false) => 1,
                }
            }
            _ => 0,
        }
    }
}

/// A list of a campaign that does not exist: its lines are submitted all the same.
fn list_of(scene: &Scene, model: &Model, campaign: u64) -> List {
    let count = model.promises.get(&campaign).map_or(ACCOUNTS, |promise| promise.list.count());
    scene.list(campaign, count)
}

fn go(scene: &Scene, model: &mut Model, height: u64) {
    scene.native.set_height(height);
    model.height = height;
}

/// Does one step on both sides and returns both answers.
fn play(scene: &Scene, model: &mut Model, step: &Step) -> (Result<(), ClaimsError>, Result<(), ClaimsError>) {
    match step {
        Step::Pass { blocks } => {
            go(scene, model, model.height + blocks);
            (Ok(()), Ok(()))
        }
        Step::Reach { height } => {
            go(scene, model, model.height.max(*height));
            (Ok(()), Ok(()))
        }
        Step::Create { campaign, count, missing } => {
            let list = scene.list(*campaign, *count);
            let total = list.total().saturating_sub(*missing);
            (scene.create(*campaign, &list, total), model.create(*campaign, list, total))
        }
        Step::Claim { campaign, index, bend } => {
            let list = list_of(scene, model, *campaign);
            let bent = |claim: &mut super::list::Claim| {
                claim.index = *index;
                match bend {
                    Bend::Not => {}
                    Bend::Amount => claim.amount += 1,
                    Bend::Account => claim.account = scene.relayer,
                    Bend::Proof => claim.proof.push(list.root()),
                }
            };
            let line = (*index).min(list.count() - 1);
            (scene.submit(&list, bent, line), model.claim(*campaign, *index, *bend))
        }
        Step::Batch { campaign, indices } => {
            let list = list_of(scene, model, *campaign);
            let line = |index: &u32| {
                let claim = list.claim((*index).min(list.count() - 1));
                (*index, claim.account, claim.amount, claim.proof)
            };
            let mut claims = scene.claims.by(scene.relayer);
            let sent = claims.claim_many(*campaign, indices.iter().map(line).collect()).send();
            (sent.map_err(|error| error.reverted().unwrap()), model.batch(*campaign, indices))
        }
        Step::Sweep { campaign } => {
            let sent = scene.claims.by(scene.relayer).sweep(*campaign).send();
            (sent.map_err(|error| error.reverted().unwrap()), model.sweep(*campaign))
        }
    }
}

/// Compares everything that can be seen of the contract with the model.
fn compare(scene: &Scene, model: &Model) {
    let mut paid_to = BTreeMap::<u32, u128>::new();
    let (mut held, mut swept) = (0, 0);
    for (campaign, promise) in &model.promises {
        let sum = promise.paid.iter().map(|index| promise.list.claim(*index).amount).sum::<u128>();
        assert_eq!(promise.claimed, sum);
        assert!(sum + promise.swept.unwrap_or(0) <= promise.total);
        assert_eq!(scene.claims.by(scene.relayer).claimed(*campaign).view(), Ok(sum));
        assert_eq!(scene.claims.by(scene.relayer).swept(*campaign).view(), Ok(promise.swept.unwrap_or(0)));
        held += promise.total - sum - promise.swept.unwrap_or(0);
        swept += promise.swept.unwrap_or(0);
        for index in &promise.paid {
            *paid_to.entry(*index).or_default() += promise.list.claim(*index).amount;
        }
    }
    assert_eq!(scene.native.balance(scene.claims.address()), held);
    assert_eq!(scene.native.balance(scene.target), swept);
    assert_eq!(scene.native.balance(scene.relayer), 0);
    for index in 0..ACCOUNTS {
        let paid = paid_to.get(&index).copied().unwrap_or(0);
        assert_eq!(scene.native.balance(account(index + 1)), paid);
        for campaign in CAMPAIGN..CAMPAIGN + CAMPAIGNS {
            let status = scene.claims.by(scene.relayer).status(campaign, index).view();
            assert_eq!(status, Ok(model.status(campaign, index)));
        }
    }
}

proptest! {
    /// I6, I7 and I8 of the invariants: claimed = sum paid <= total, once an index, paid + swept = total in the end.
    #[test]
    fn random_campaigns_agree_with_the_model(steps in prop::collection::vec(step(), 40..80)) {
        let scene = Scene::new();
        let mut model = Model { height: 0, promises: BTreeMap::new() };
        go(&scene, &mut model, FIRST_BLOCK - 3);
        for step in &steps {
            let (answer, expected) = play(&scene, &mut model, step);
            prop_assert_eq!(answer, expected, "{:?}", step);
            compare(&scene, &model);
        }
        // In the end everything is swept, and nothing is left.
        let end = model.height.max(LAST_BLOCK + 1);
        go(&scene, &mut model, end);
        for campaign in CAMPAIGN..CAMPAIGN + CAMPAIGNS {
            let (answer, expected) = play(&scene, &mut model, &Step::Sweep { campaign });
            prop_assert_eq!(answer, expected);
        }
        compare(&scene, &model);
        prop_assert_eq!(scene.native.balance(scene.claims.address()), 0);
    }
}
