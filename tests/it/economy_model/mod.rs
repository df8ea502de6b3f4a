//! The economy as a whole, by random steps: 66 kinds of them, on the real contracts and on a model in plain Rust, side by side.
//!
//! After every block the chain must have done what the model says, to the wei and to the byte of every refusal, and the invariants
//! I1 to I17 of `docs/threats.md` must hold. 128 runs of 150 steps by default; `FLORIN_MODEL_RUNS` asks for more, and
//! `FLORIN_MODEL_SEED` for others. The same seed is the same runs. A failure is shrunk to few steps, and tells its last blocks.
//!
//! - [`terms`]: the parameters; [`act`]: the messages; [`transition`], [`work`], [`stakes`], [`trade`]: the steps.
//! - [`model`]: the economy in plain Rust; [`genesis`], [`chain`]: the contracts; [`pair`]: both, compared.
//! - [`invariants`]: the witness; [`coverage`], [`reach`]: which steps follow which, and what they
//!   reach; [`bugs`]: that they find what is wrong.

mod act;
mod bugs;
mod chain;
mod coverage;
mod genesis;
mod invariants;
mod model;
mod pair;
mod reach;
mod stakes;
mod terms;
mod trade;
mod transition;
mod work;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use act::Call;
use chain::{Chain, Twin, faucet};
use coverage::{Pairs, plan};
use model::Model;
use pair::Beside;
use transition::{Driver, Kind, Transition};

/// Runs of the default test.
const RUNS: usize = 128;
/// Steps of a run.
const STEPS: usize = 150;
/// Tests that share the runs.
const SHARDS: usize = 4;

thread_local! {
    /// The chain of this test, the kinds of the steps of the run at hand, and the pairs of steps of all its runs.
    static CHAIN: RefCell<Option<&'static Chain>> = const { RefCell::new(None) };
    static PLAN: RefCell<Arc<[Kind]>> = RefCell::new(Arc::new([]));
    static PAIRS: RefCell<Pairs> = RefCell::new(Pairs::default());
}

impl Driver for Model {
    fn model(&self) -> &Self {
        self
    }

    fn block(&mut self, calls: Vec<Call>) {
        Self::block(self, &calls);
    }

    fn either_order(&mut self, one: Call, other: Call) {
        Self::block(self, &[one, other]);
    }

    fn sign(&mut self, signing: BTreeSet<usize>) {
        self.signing = signing;
    }
}

/// The economy as a machine of steps.
struct Economy;

impl ReferenceStateMachine for Economy {
    type State = Model;
    type Transition = Transition;

    fn init_state() -> BoxedStrategy<Model> {
        Just(Model::genesis(faucet(), PLAN.with_borrow(Arc::clone))).boxed()
    }

    fn transitions(state: &Model) -> BoxedStrategy<Transition> {
        Transition::of(state.plan[state.steps % state.plan.len()])
    }

    fn apply(mut state: Model, transition: &Transition) -> Model {
        transition.play(&mut state);
        state.steps += 1;
        state
    }
}

impl StateMachineTest for Economy {
    type SystemUnderTest = Beside<'static>;
    type Reference = Self;

    fn init_test(state: &Model) -> Beside<'static> {
        Beside::new(CHAIN.with_borrow(|chain| chain.unwrap()), state.clone())
    }

    fn apply(mut beside: Beside<'static>, state: &Model, transition: Transition) -> Beside<'static> {
        beside.play(&transition);
        assert_eq!(beside.model.height, state.height, "the model plays the same step twice in the same way");
        beside
    }

    fn teardown(mut beside: Beside<'static>, _: Model) {
        beside.compare_everything();
        PAIRS.with_borrow_mut(|pairs| pairs.join(&beside.pairs));
    }
}

/// Returns a number that the environment gives, or the one by default.
fn asked(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable}: {text}")))
}

fn seed() -> u64 {
    asked("FLORIN_MODEL_SEED", 2_026) as u64
}

/// Milliseconds that a failure is shrunk for.
const SHRINK_MILLISECONDS: u32 = 60_000;

/// The dice of a run, and how long a failure is shrunk: hardly at all if it is expected.
fn runner(number: usize, is_expected: bool) -> TestRunner {
    let (max_shrink_iters, max_shrink_time) = (if is_expected { 1 } else { u32::MAX }, SHRINK_MILLISECONDS);
    let config = Config { cases: 1, max_shrink_iters, max_shrink_time, failure_persistence: None, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed().to_le_bytes());
    bytes[8..16].copy_from_slice(&(number as u64).to_le_bytes());
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Plays one run by a plan; tells what failed.
fn run(kinds: &[Kind], number: usize, is_expected: bool) -> Result<(), String> {
    PLAN.set(kinds.into());
    let mut runner = runner(number, is_expected);
    let config = runner.config().clone();
    let steps = Economy::sequential_strategy(kinds.len());
    // Every try while shrinking panics; the last is told below.
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let played = runner.run(&steps, |(state, transitions, seen)| {
            Economy::test_sequential(config.clone(), state, transitions, seen);
            Ok(())
        });
        played.map_err(Box::new)
    }));
    std::panic::set_hook(loud);
    // What panics here is the model, while the steps are chosen.
    let played = played.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        format!("run {number} of seed {}: the model fails: {}", seed(), text.unwrap_or_default())
    })?;
    played.map_err(|error| match *error {
        TestError::Abort(reason) => reason.to_string(),
        TestError::Fail(reason, (_, steps, _)) => {
            let steps: Vec<String> =
                steps.iter().map(|Transition { kind, dice }| format!("{kind:?} {dice:?}")).collect();
            format!("{reason}\nrun {number} of seed {}, {} steps: {}", seed(), steps.len(), steps.join(", "))
        }
    })
}

/// Starts the chain that the runs of this test go back to the genesis of.
fn start(twin: Option<&Twin>) {
    CHAIN.set(Some(Box::leak(Box::new(Chain::new(twin)))));
}

/// Plays a part of the runs.
fn shard(part: usize) {
    start(None);
    let plans = plan(asked("FLORIN_MODEL_RUNS", RUNS), STEPS, seed());
    let own: Vec<_> = plans.iter().enumerate().skip(part).step_by(SHARDS).collect();
    for (number, kinds) in &own {
        run(kinds, *number, false).unwrap_or_else(|told| panic!("{told}"));
    }
    PAIRS.with_borrow(|pairs| {
        println!("{} runs of {STEPS} steps; {}", own.len(), pairs.told());
        for ((act, said), count) in pairs.replies() {
            println!("  {act}: {said} {count} times");
        }
    });
}

#[test]
fn the_economy_does_what_its_model_says_in_the_first_quarter_of_the_runs() {
    shard(0);
}

#[test]
fn the_economy_does_what_its_model_says_in_the_second_quarter_of_the_runs() {
    shard(1);
}

#[test]
fn the_economy_does_what_its_model_says_in_the_third_quarter_of_the_runs() {
    shard(2);
}

#[test]
fn the_economy_does_what_its_model_says_in_the_last_quarter_of_the_runs() {
    shard(3);
}
