//! The demo itself, small: it comes out well, and the same on every run.
//!
//! - `resumed`: the same when it is stopped and goes on.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod resumed;

use std::num::NonZeroUsize;

use florin_runtime::vm::{EngineKind, Optimize};

use super::list::AllocationList;
use super::progress::{Progress, Silent};
use super::report::Report;
use super::{Options, run};

fn options(claims: usize) -> Options {
    Options { claims: NonZeroUsize::new(claims), threads: NonZeroUsize::new(1), ..Options::default() }
}

/// Everything but the times.
fn timeless(mut report: Report) -> Report {
    report.tx_per_second = 0;
    report.threads = 0;
    report.blocks_found = 0;
    for stage in &mut report.stages {
        (stage.nanoseconds, stage.share_ppm) = (0, 0);
    }
    report
}

#[test]
fn every_claim_is_paid_and_every_attack_fails_with_its_own_error() {
    let report = run(&options(3), &mut Silent).unwrap();
    assert_eq!(report.findings(), Vec::<String>::new());
    assert_eq!((report.claims_paid, report.claims, report.claim_blocks), (3, 3, 1));
    let sum = AllocationList::built_in().unwrap().first(3).unwrap().total().to_string();
    assert_eq!((&report.sum_paid, &report.list_sum), (&sum, &sum));
    let errors = report.attacks.iter().map(|attack| (attack.name, attack.error.as_str())).collect::<Vec<_>>();
    let expected = [
        ("claim twice", "AlreadyClaimed { campaign: 1, index: 2 }"),
        ("wrong amount", "InvalidProof { campaign: 1, index: 2 }"),
        ("someone else's leaf", "InvalidProof { campaign: 1, index: 2 }"),
        ("forged proof", "InvalidProof { campaign: 1, index: 2 }"),
        ("after the window", "WindowClosed { campaign: 1, lastBlock: 5, height: 6 }"),
    ];
    assert_eq!(errors, expected);
}

#[test]
fn a_list_of_one_account_is_paid_and_attacked_too() {
    let report = run(&options(1), &mut Silent).unwrap();
    assert_eq!((report.claims_paid, report.findings()), (1, vec![]));
}

#[test]
fn the_same_seed_gives_the_same_report_on_any_number_of_threads() {
    let one = timeless(run(&options(70), &mut Silent).unwrap());
    let more = Options { threads: NonZeroUsize::new(3), ..options(70) };
    assert_eq!(timeless(run(&more, &mut Silent).unwrap()), one);
    let other = timeless(run(&Options { seed: 1, ..options(70) }, &mut Silent).unwrap());
    assert_ne!(other.state_root, one.state_root);
    assert_eq!((other.gas_total, other.sum_paid), (one.gas_total, one.sum_paid));
}

#[test]
fn unoptimized_code_gives_the_same_report() {
    let engine = EngineKind::Compiled { optimize: Optimize::None };
    let unoptimized = run(&Options { engine, ..options(40) }, &mut Silent).unwrap();
    let optimized = run(&options(40), &mut Silent).unwrap();
    assert_eq!(timeless(unoptimized), timeless(optimized));
}

#[test]
fn claims_go_in_blocks_of_a_thousand_and_progress_is_told() {
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
            panic!("nothing is to be noted without a cache folder: {text}");
        }
    }
    let mut told = Told::default();
    let report = run(&options(1_001), &mut told).unwrap();
    assert_eq!((report.claims_paid, report.claim_blocks, report.findings()), (1_001, 2, vec![]));
    assert_eq!(told.0, [("paying claims", 1_001, 1_001), ("checking balances", 1_001, 1_001)]);
}
