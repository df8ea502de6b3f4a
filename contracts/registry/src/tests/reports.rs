//! Metrics of an epoch.

use super::{Scene, refused};
use crate::{MetricsAccepted, RegistryError};

const REPORT: (u64, u32, u32, u32) = (10_000, 500_000, 900_000, 1_000_000);

impl Scene {
    fn report(
        &self,
        name: &str,
        (tasks, difficulty, participation, quality): (u64, u32, u32, u32),
    ) -> Result<(), RegistryError> {
        refused(self.by(name).report(tasks, difficulty, participation, quality))
    }

    fn metrics(&self, epoch: u64) -> (bool, u64, u32, u32, u32) {
        self.by("anybody").metrics(epoch).view().unwrap()
    }
}

#[test]
fn a_report_counts_when_more_than_two_thirds_of_the_stake_give_the_same() {
    let scene = Scene::new(&[("ann", 100), ("bob", 100), ("eve", 99), ("joe", 1)]);
    scene.enter_epoch(2);
    scene.report("ann", REPORT).unwrap();
    scene.report("joe", (REPORT.0 + 1, REPORT.1, REPORT.2, REPORT.3)).unwrap();
    scene.report("bob", REPORT).unwrap();
    // 200 of 300 are not more than two thirds.
    assert_eq!(scene.metrics(1), (false, 0, 0, 0, 0));
    scene.report("eve", REPORT).unwrap();
    assert_eq!(scene.metrics(1), (true, REPORT.0, REPORT.1, REPORT.2, REPORT.3));
    let (tasks, difficulty, participation, quality) = REPORT;
    let event = MetricsAccepted { epoch: 1, tasks, difficulty, participation, quality };
    assert_eq!(scene.native.events_of::<MetricsAccepted>(), [event]);
    assert_eq!(scene.metrics(2), (false, 0, 0, 0, 0));
}

#[test]
fn a_report_is_of_the_epoch_before_once_and_of_ratios() {
    let scene = Scene::new(&[("ann", 100), ("bob", 300)]);
    let ann = scene.native.account("ann");
    for wrong in [(1, 1_000_001, 0, 0), (1, 0, 1_000_001, 0), (1, 0, 0, 1_000_001)] {
        assert_eq!(scene.report("ann", wrong), Err(RegistryError::InvalidReport));
    }
    scene.report("ann", REPORT).unwrap();
    assert_eq!(scene.report("ann", REPORT), Err(RegistryError::AlreadyDone { validator: ann, epoch: 0 }));
    let outsider = scene.native.account("outsider");
    assert_eq!(scene.report("outsider", REPORT), Err(RegistryError::NoStake { validator: outsider, epoch: 0 }));
    // What ann said of epoch 0 is not what she says of epoch 4, whose reports have the same places.
    scene.enter_epoch(5);
    scene.report("bob", REPORT).unwrap();
    assert!(scene.metrics(4).0 && !scene.metrics(0).0);
    scene.report("ann", REPORT).unwrap();
    assert_eq!(scene.native.events_of::<MetricsAccepted>().len(), 1);
    scene.native.set_height(0);
    assert_eq!(scene.report("ann", REPORT), Err(RegistryError::TooEarly));
}
