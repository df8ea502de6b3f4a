//! Which steps follow which: every pair of kinds occurs, by plan and not by luck.
//!
//! A walk that takes every ordered pair of kinds exactly once is a closed walk over all edges between all of them, by Hierholzer's
//! method with the edges in a random order. The runs cut such walks into pieces. What is within a step is left to chance.

use std::collections::{BTreeMap, BTreeSet};

use super::act::Call;
use super::model::Reply;
use super::model::epochs::Settled;
use super::terms::HALVING;
use super::transition::Kind;
use crate::numbers::Numbers;

/// The pairs that have occurred.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pairs {
    last: Option<Kind>,
    seen: BTreeSet<(Kind, Kind)>,
    /// What was said to each kind of message, and how often.
    replies: BTreeMap<(String, String), u64>,
}

impl Pairs {
    pub(crate) fn saw(&mut self, kind: Kind) {
        self.seen.extend(self.last.replace(kind).map(|before| (before, kind)));
    }

    /// Takes note of what was said to messages.
    pub(crate) fn heard(&mut self, calls: &[Call], replies: &[Reply]) {
        for (call, reply) in calls.iter().zip(replies) {
            let name = |debug: String| debug.split([' ', '{', '(']).next().unwrap_or_default().to_owned();
            let said = match reply {
                Reply::Done(numbers) if numbers.iter().all(|number| *number == 0) && !numbers.is_empty() => {
                    "nothing".to_owned()
                }
                Reply::Done(_) => "done".to_owned(),
                Reply::Refused(_, error) => name(error.clone()),
                Reply::Rejected => "rejected".to_owned(),
            };
            *self.replies.entry((name(format!("{:?}", call.act)), said)).or_default() += 1;
        }
    }

    /// Takes note of what became of an epoch.
    pub(crate) fn settled(&mut self, settled: &Settled) {
        let (emitted, unmet, _, from_pool, minted) = settled.figures;
        let told = [
            (minted > 0, "minted"),
            (emitted == 0 && settled.utility > 0, "after-the-end"),
            (settled.is_cut && emitted > 0, "cut-by-the-cap"),
            (unmet > 0, "burned-for-quality"),
            (from_pool > 0 && minted > 0, "reused-and-minted"),
            (from_pool > 0 && minted == 0, "reused"),
            (!settled.list.is_empty(), "claimed"),
            (!settled.rewards.is_empty(), "paid-to-validators"),
            (settled.epoch >= HALVING && emitted > 0, "halved"),
        ];
        for (_, what) in told.into_iter().filter(|(holds, _)| *holds) {
            *self.replies.entry(("Epoch".to_owned(), what.to_owned())).or_default() += 1;
        }
    }

    /// What was said to whom how often.
    pub(crate) const fn replies(&self) -> &BTreeMap<(String, String), u64> {
        &self.replies
    }

    /// Takes over the pairs of another run.
    pub(crate) fn join(&mut self, other: &Self) {
        self.seen.extend(&other.seen);
        for (said, count) in &other.replies {
            *self.replies.entry(said.clone()).or_default() += count;
        }
    }

    /// The pairs that have not occurred.
    pub(crate) fn missing(&self) -> Vec<(Kind, Kind)> {
        let all = Kind::ALL.iter().flat_map(|one| Kind::ALL.iter().map(|other| (*one, *other)));
        all.filter(|pair| !self.seen.contains(pair)).collect()
    }

    /// The line that a test prints.
    pub(crate) fn told(&self) -> String {
        format!("coverage: {} of {} pairs of {} kinds", self.seen.len(), Kind::ALL.len().pow(2), Kind::ALL.len())
    }
}

/// Returns the kinds of the steps of some runs, `steps` each, which together take every pair again and again.
pub(crate) fn plan(runs: usize, steps: usize, seed: u64) -> Vec<Vec<Kind>> {
    let mut numbers = Numbers::from_seed(seed);
    let mut kinds = Vec::new();
    // A run begins with the last kind of the one before, so that no pair is cut.
    while kinds.len() < runs * (steps - 1) + 1 {
        kinds.pop();
        kinds.extend(walk(&mut numbers));
    }
    (0..runs).map(|run| kinds[run * (steps - 1)..][..steps].to_vec()).collect()
}

/// A closed walk over every ordered pair, the pairs of a kind with itself included.
fn walk(numbers: &mut Numbers) -> Vec<Kind> {
    let mut exits: Vec<Vec<usize>> = (0..Kind::ALL.len()).map(|_| shuffled(Kind::ALL.len(), numbers)).collect();
    let (mut stack, mut walk) = (vec![0], Vec::new());
    while let Some(at) = stack.last().copied() {
        match exits[at].pop() {
            Some(next) => stack.push(next),
            None => walk.extend(stack.pop().map(|at| Kind::ALL[at])),
        }
    }
    walk.reverse();
    walk
}

fn shuffled(count: usize, numbers: &mut Numbers) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for place in (1..count).rev() {
        order.swap(place, numbers.below(place as u64 + 1) as usize);
    }
    order
}

#[test]
fn a_walk_takes_every_pair_once() {
    let walk = walk(&mut Numbers::from_seed(3));
    assert_eq!(walk.len(), Kind::ALL.len().pow(2) + 1);
    let mut pairs = Pairs::default();
    walk.into_iter().for_each(|kind| pairs.saw(kind));
    assert_eq!(pairs.missing(), []);
    assert!(Kind::ALL.len() >= 40);
}
