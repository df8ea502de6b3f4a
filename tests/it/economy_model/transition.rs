//! The steps of a run: what kind, and the dice that choose who, what and how much.
//!
//! Each kind can be tried in any state; whether it succeeds is for the model to say. So a step that is left out while a failure is
//! shrunk leaves the others as they are.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::act::Call;
use super::model::Model;
use super::{stakes, trade, work};

macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
        /// What a step is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Kind { $($kind),* }

        impl Kind {
            /// Every kind.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$kind),*];
        }
    };
}

kinds! {
    // Time passes.
    NextBlock, EpochEnd, ManyEpochs, PastWindow,
    // Whole epochs of work.
    Work, PoorWork, Dispute, LazyWork,
    // Miners, weights, metrics.
    RegisterMiner, WrongFee, Deregister, Commit, CopyCommitment, Reveal, RevealWrong, Report, ReportWrong, Finalize,
    // Stakes.
    RegisterValidator, RegisterWrong, Delegate, AddOwnStake, UnbondPart, UnbondAll, UnbondTooMuch, Withdraw,
    ClaimRewards, SetCommission, Unjail, Retire, EitherOrder,
    // Evidence.
    DoubleSign, DoubleSignForged, EvidenceAgain, EvidenceOutOfTime, InvalidVote, InvalidVoteForged, Downtime,
    SetSigners,
    // Campaigns.
    Claim, ClaimTwice, ClaimForged, ClaimLate, ClaimMany, Sweep, Airdrop, AirdropWrong,
    // The recycling pool and the treasury.
    Recycle, RecycleWrong, Penalty, PenaltyWrong, Deposit, Spend, Donate, SpendWrong, Grant, Release, Revoke,
    // Parameters, in the middle of an epoch or not.
    SetRules, SetSlashing, SetStaking, SetRegistry, SetWrong,
    // What nobody may do, and what everybody may.
    Usurp, Transfer, TransferWrong,
}

/// Numbers that decide the rest of a step.
const DICE: usize = 16;

/// A step.
#[derive(Clone, Debug)]
pub(crate) struct Transition {
    pub(crate) kind: Kind,
    pub(crate) dice: [u16; DICE],
}

/// Numbers that are used up from the front.
pub(crate) struct Dice {
    numbers: [u16; DICE],
    next: usize,
}

impl Dice {
    /// Returns a number below a bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let number = self.numbers.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        u64::from(number) % bound.max(1)
    }

    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// Returns one of several, or another if there are none.
    pub(crate) fn pick_or<T: Copy>(&mut self, choices: &[T], other: T) -> T {
        if choices.is_empty() { other } else { self.pick(choices) }
    }
}

/// Who plays the steps: the model alone, or the model and the chain side by side.
pub(crate) trait Driver {
    fn model(&self) -> &Model;

    /// Makes a block of these messages.
    fn block(&mut self, calls: Vec<Call>);

    /// Makes a block of two messages of independent accounts, whose order must make no difference to them.
    fn either_order(&mut self, one: Call, other: Call);

    /// Sets which validators sign from now on.
    fn sign(&mut self, signing: BTreeSet<usize>);
}

impl Transition {
    /// Any step of a kind.
    pub(crate) fn of(kind: Kind) -> BoxedStrategy<Self> {
        any::<[u16; DICE]>().prop_map(move |dice| Self { kind, dice }).boxed()
    }

    /// Plays the step.
    pub(crate) fn play(&self, driver: &mut impl Driver) {
        let mut dice = Dice { numbers: self.dice, next: 0 };
        match self.kind {
            Kind::NextBlock | Kind::EpochEnd | Kind::ManyEpochs | Kind::PastWindow => {
                work::pass(self.kind, &mut dice, driver);
            }
            Kind::Work | Kind::PoorWork | Kind::Dispute | Kind::LazyWork => work::epoch(self.kind, &mut dice, driver),
            Kind::EitherOrder => {
                let [one, other] = stakes::independent(driver.model(), &mut dice);
                driver.either_order(one, other);
            }
            Kind::SetSigners => {
                driver.sign(stakes::signers(&mut dice));
                driver.block(Vec::new());
            }
            _ => {
                let call = self.call(driver.model(), &mut dice);
                driver.block(vec![call]);
            }
        }
    }

    /// The message of a step that is one.
    fn call(&self, model: &Model, dice: &mut Dice) -> Call {
        let kind = self.kind;
        match kind {
            Kind::RegisterMiner
            | Kind::WrongFee
            | Kind::Deregister
            | Kind::Commit
            | Kind::CopyCommitment
            | Kind::Reveal
            | Kind::RevealWrong
            | Kind::Report
            | Kind::ReportWrong
            | Kind::Finalize => work::message(kind, model, dice),
            Kind::RegisterValidator
            | Kind::RegisterWrong
            | Kind::Delegate
            | Kind::AddOwnStake
            | Kind::UnbondPart
            | Kind::UnbondAll
            | Kind::UnbondTooMuch
            | Kind::Withdraw
            | Kind::ClaimRewards
            | Kind::SetCommission
            | Kind::Unjail
            | Kind::Retire => stakes::message(kind, model, dice),
            Kind::DoubleSign
            | Kind::DoubleSignForged
            | Kind::EvidenceAgain
            | Kind::EvidenceOutOfTime
            | Kind::InvalidVote
            | Kind::InvalidVoteForged
            | Kind::Downtime => stakes::evidence(kind, model, dice),
            Kind::Claim
            | Kind::ClaimTwice
            | Kind::ClaimForged
            | Kind::ClaimLate
            | Kind::ClaimMany
            | Kind::Sweep
            | Kind::Airdrop
            | Kind::AirdropWrong => trade::campaign(kind, model, dice),
            _ => trade::message(kind, model, dice),
        }
    }
}
