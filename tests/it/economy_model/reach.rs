//! What the steps reach: every answer that a message can get in these runs, so that none of them becomes a step into the void.

use std::collections::BTreeSet;

use proptest::strategy::{Strategy, ValueTree};
use proptest_state_machine::ReferenceStateMachine;

use super::act::Call;
use super::coverage::{Pairs, plan};
use super::model::Model;
use super::transition::{Driver, Kind, Transition};
use super::{Economy, PLAN, RUNS, STEPS, runner, seed};

/// Messages and what must be said to each in the default runs; and what must become of epochs.
const REACHED: &str = "
    BurnPenalty: done NoValue Unauthorized
    Claim: done AlreadyClaimed IndexOutOfRange InvalidProof TotalExceeded UnknownCampaign WindowClosed ZeroAmount
    ClaimMany: done AlreadyClaimed BatchSize TotalExceeded WindowClosed ZeroAmount
    ClaimRewards: done nothing
    Commit: done AlreadyDone NoStake
    CreateCampaign: done CampaignExists EmptyCampaign InvalidWindow NoSweepTarget WrongNumber WrongValue
    Delegate: done Drained UnknownValidator ZeroAmount
    Deposit: done
    Deregister: done UnknownMiner
    DoubleSign: done AlreadyPunished FutureEvidence InvalidSignature NotConflicting NotEffective StaleEvidence
    Downtime: done NotDown
    Finalize: done
    Grant: done AboveBudget InvalidGrant
    InvalidVote: done AlreadyPunished InvalidSignature NotEffective NotRefused StaleEvidence
    Recycle: done NoValue UnknownSource
    Register: done AlreadyRegistered BelowMinimum InvalidParameter InvalidPossession KeyTaken
    RegisterMiner: done AlreadyRegistered RegistryFull WrongFee
    Release: done NothingVested UnknownGrant
    Report: done AlreadyDone InvalidReport NoStake TooEarly
    Retire: StillEffective UnknownValidator
    Reveal: done AlreadyDone InvalidWeights NoCommitment TooEarly
    Revoke: done AlreadyRevoked NotRevocable Unauthorized UnknownGrant
    SetCommission: done InvalidParameter UnknownValidator
    SetRegistry: done InvalidParameter Unauthorized
    SetRules: done Unauthorized
    SetSlashing: done InvalidParameter Unauthorized
    SetStaking: done StakingFailed Unauthorized
    Spend: done AboveBudget InvalidAccount InvalidAmount Unauthorized
    Sweep: done AlreadySwept UnknownCampaign WindowOpen
    Transfer: done ShortCalldata rejected
    Unbond: done BelowMinimum InsufficientStake ZeroAmount
    Unjail: done Jailed
    Usurp: OnlyTheChain OnlyTheEmission Unauthorized
    Withdraw: done nothing
    Epoch: minted halved reused reused-and-minted burned-for-quality cut-by-the-cap after-the-end claimed paid-to-validators
";

/// The model, and what it says.
struct Listening {
    model: Model,
    pairs: Pairs,
}

impl Driver for Listening {
    fn model(&self) -> &Model {
        &self.model
    }

    fn block(&mut self, calls: Vec<Call>) {
        let replies = self.model.block(&calls);
        self.pairs.heard(&calls, &replies);
        self.model.epochs.settled.iter().for_each(|settled| self.pairs.settled(settled));
    }

    fn either_order(&mut self, one: Call, other: Call) {
        self.block(vec![one, other]);
    }

    fn sign(&mut self, signing: BTreeSet<usize>) {
        self.model.signing = signing;
    }
}

/// Plays a run on the model alone.
fn listen(kinds: &[Kind], number: usize) -> Pairs {
    PLAN.set(kinds.into());
    let steps = Economy::sequential_strategy(kinds.len()).new_tree(&mut runner(number, true));
    let (model, steps, _): (Model, Vec<Transition>, _) = steps.unwrap().current();
    let mut listening = Listening { model, pairs: Pairs::default() };
    for step in steps {
        listening.pairs.saw(step.kind);
        step.play(&mut listening);
    }
    listening.pairs
}

#[test]
fn every_step_follows_every_other_and_every_answer_occurs() {
    let mut all = Pairs::default();
    for (number, kinds) in plan(RUNS, STEPS, seed()).iter().enumerate() {
        all.join(&listen(kinds, number));
    }
    println!("{}; missing: {:?}", all.told(), all.missing());
    assert_eq!(all.missing(), []);
    for ((act, said), count) in all.replies() {
        println!("  {act}: {said} {count} times");
    }
    for line in REACHED.lines().filter(|line| line.contains(':')) {
        let (act, answers) = line.trim().split_once(':').unwrap();
        for said in answers.split_whitespace() {
            let has = all.replies().contains_key(&(act.to_owned(), said.to_owned()));
            assert!(has, "nothing in the default runs makes {act} end with {said}");
        }
    }
}
