//! The demo at 500 claims: one state root and one gas figure, whatever runs the contracts.

use std::num::NonZeroUsize;

use florin::demo::progress::Silent;
use florin::demo::report::Report;
use florin::demo::{self, Options};
use florin_sandbox::EngineKind;

use crate::engines::ENGINES;

const CLAIMS: usize = 500;

/// Runs the demo and returns its report without the times.
fn report(engine: EngineKind) -> Report {
    let options = Options { claims: NonZeroUsize::new(CLAIMS), engine, ..Options::default() };
    let report = demo::run(&options, &mut Silent).unwrap();
    assert_eq!(report.findings(), [] as [String; 0]);
    Report { tx_per_second: 0, stages: Vec::new(), ..report }
}

#[test]
fn the_demo_has_one_state_root_and_one_gas_figure_on_every_engine() {
    let [none, speed, interpreted] = ENGINES.map(report);
    assert_eq!((none.claims_paid, &none.sum_paid), (CLAIMS as u64, &none.list_sum));
    assert_eq!(none.attacks.len(), 5);
    assert_eq!(none, speed);
    assert_eq!(none, interpreted);
}
