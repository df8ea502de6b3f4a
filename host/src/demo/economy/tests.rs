//! The economy, small: everything happens that the demo promises, and the same on every run.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use std::num::NonZeroUsize;

use florin_tokenomics::emission::BASE_EMISSION;

use super::books::Books;
use super::{EconomyError, EconomyOptions, EconomyReport, run, start};
use crate::demo::progress::{Progress, Silent};

fn options() -> EconomyOptions {
    EconomyOptions {
        epochs: 8,
        epoch_blocks: 16,
        miners: 20,
        validators: 4,
        threads: NonZeroUsize::new(1),
        ..EconomyOptions::default()
    }
}

/// Everything but times and threads.
fn timeless(report: EconomyReport) -> EconomyReport {
    EconomyReport { threads: 0, tx_per_second: 0, nanoseconds: 0, stages: Vec::new(), ..report }
}

/// What was told of the progress: task, steps, steps done.
#[derive(Default)]
struct Told(Vec<(&'static str, u64, u64)>);

impl Progress for Told {
    fn begin(&mut self, task: &'static str, steps: u64) {
        self.0.push((task, steps, 0));
    }
    fn advance(&mut self, steps: u64) {
        self.0.last_mut().unwrap().2 += steps;
    }
    fn end(&mut self) {}
    fn note(&mut self, text: &str) {
        panic!("there is nothing to note: {text}");
    }
}

#[test]
fn everything_happens_that_the_demo_promises_and_the_supply_equation_holds() {
    let mut told = Told::default();
    let report = run(&options(), &mut told).unwrap();
    println!("{}", report.to_table());
    assert_eq!(told.0, [("running the economy", 127, 127)]);
    assert_eq!(report.findings(), Vec::<String>::new());
    assert!(report.flows.iter().all(|flow| flow.count > 0 && flow.wei > 0), "{:?}", report.flows);
    let supply = report.supply;
    let gone = supply.burned_by_contracts + supply.burned_fees;
    assert_eq!(supply.balances, supply.genesis + supply.minted - gone);
    assert!(supply.minted > 0 && supply.burned_by_contracts > 0 && supply.burned_fees > 0);
    assert_eq!((report.height, report.supply_checks, report.rows.len()), (8 * 16 - 1, 8 * 16, 8));
}

#[test]
fn one_signature_thread_and_two_give_the_same_report_and_another_seed_another() {
    let one = timeless(run(&options(), &mut Silent).unwrap());
    let two = run(&EconomyOptions { threads: NonZeroUsize::new(2), ..options() }, &mut Silent).unwrap();
    assert_eq!(timeless(two), one);
    let other = timeless(run(&EconomyOptions { seed: 1, ..options() }, &mut Silent).unwrap());
    assert_ne!(other.state_root, one.state_root);
    assert_eq!(other.findings(), Vec::<String>::new());
}

#[test]
fn options_out_of_range_are_refused_with_the_range() {
    let refused = |options: EconomyOptions| match run(&options, &mut Silent).unwrap_err() {
        EconomyError::Option { what, least, .. } => (what, least),
        error => panic!("{error}"),
    };
    assert_eq!(refused(EconomyOptions { epochs: 7, ..options() }), ("epochs", 8));
    assert_eq!(refused(EconomyOptions { epoch_blocks: 15, ..options() }), ("blocks of an epoch", 16));
    assert_eq!(refused(EconomyOptions { miners: 15, ..options() }), ("miners", 16));
    assert_eq!(refused(EconomyOptions { validators: 257, ..options() }), ("validators", 4));
}

/// What the state holds is compared with what was told: books that are wrong by a wei are found at the end of an epoch.
#[test]
fn books_that_are_wrong_by_a_wei_end_the_run() {
    let mut world = start(&options()).unwrap();
    for _ in 0..4 * 16 - 1 {
        world.step().unwrap();
    }
    let wrong = |change: fn(&mut Books)| {
        let mut books = world.books.clone();
        change(&mut books);
        match books.check(&world.stage, BASE_EMISSION) {
            Err(EconomyError::Differs { height: 63, what, .. }) => what,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(wrong(|books| books.minted += 1), "minted");
    assert_eq!(wrong(|books| books.slash_burned -= 1), "burned by contracts");
    assert_eq!(wrong(|books| books.recycled[0].wei += 1), "what the pool holds");
    assert_eq!(wrong(|books| books.delegated.wei += 1), "what the staking contract holds");
    assert_eq!(wrong(|books| books.spent.wei += 1), "what the treasury holds");
    assert_eq!(wrong(|books| books.slashed.wei += 1), "slashed = punished");
    world.books.settled.wei = u128::MAX;
    while world.stage.chain().height() < 5 * 16 - 2 {
        world.step().unwrap();
    }
    let error = world.step().unwrap_err().to_string();
    assert!(error.contains("minted within the schedule after block 79"), "{error}");
}

/// The smallest sizes, and some that nothing divides.
#[test]
fn the_circle_closes_for_other_sizes_and_seeds() {
    for (seed, epochs, epoch_blocks, miners, validators) in [(1, 8, 16, 16, 4), (2, 9, 23, 37, 7), (3, 13, 17, 130, 9)]
    {
        let options = EconomyOptions { seed, epochs, epoch_blocks, miners, validators, ..options() };
        let report = run(&options, &mut Silent).unwrap();
        assert_eq!(report.findings(), Vec::<String>::new(), "{options:?}");
    }
}
