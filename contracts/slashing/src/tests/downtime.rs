//! Downtime: the chain's own record of the last 100 blocks.

use florin_sdk::Client;

use super::{EPOCH_BLOCKS, MDT, Scene, refused};
use crate::SlashingError;

impl Scene {
    /// Records blocks; a block is signed by bob always and by ann if `signs` says so.
    fn record(&self, heights: core::ops::Range<u64>, signs: impl Fn(u64) -> bool) {
        let place = |validator| self.staking.by(validator).place(validator, 2).view().unwrap() as usize;
        for height in heights {
            let mut signers = [0_u8];
            signers[0] |= 1 << place(self.bob) | u8::from(signs(height)) << place(self.ann);
            self.native.set_height(height + 1);
            self.native.set_parent_signers(&signers);
            self.system().on_block().send().unwrap();
        }
    }

    fn down(&self) -> Result<u128, SlashingError> {
        refused(self.slashing.by(self.reporter).report_downtime(self.ann))
    }
}

#[test]
fn fewer_than_half_of_a_full_record_is_downtime() {
    let scene = Scene::new();
    scene.record(100..199, |height| height % 2 == 0);
    // 99 blocks tell nothing, however few are signed.
    assert_eq!(scene.down(), Err(SlashingError::NotDown { signed: 50, recorded: 99 }));
    scene.record(199..200, |_| false);
    assert_eq!(scene.down(), Err(SlashingError::NotDown { signed: 50, recorded: 100 }));
    assert_eq!(scene.slashing.by(scene.bob).signatures(scene.bob).view(), Ok((100, 100)));
    // A signed block leaves the record, an unsigned one enters.
    scene.record(200..201, |_| false);
    assert_eq!(scene.slashing.by(scene.bob).signatures(scene.ann).view(), Ok((49, 100)));
    assert_eq!(scene.down(), Ok(10 * MDT));
    assert_eq!((scene.native.balance(scene.reporter), scene.stake(scene.ann)), (MDT / 2, 990 * MDT));
    assert_eq!(
        refused(scene.slashing.by(scene.reporter).report_downtime(scene.bob)),
        Err(SlashingError::NotDown { signed: 100, recorded: 100 })
    );
}

#[test]
fn case_101_blocks_that_showed_a_downtime_are_used_up() {
    let scene = Scene::new();
    scene.record(100..200, |_| false);
    assert_eq!(scene.down(), Ok(10 * MDT));
    assert_eq!(scene.down(), Err(SlashingError::NotDown { signed: 0, recorded: 0 }));
    scene.record(200..299, |_| false);
    assert_eq!(scene.down(), Err(SlashingError::NotDown { signed: 0, recorded: 99 }));
    scene.record(299..300, |_| false);
    assert_eq!(scene.down(), Ok(990 * MDT / 100));
}

#[test]
fn blocks_before_a_validator_was_in_the_set_do_not_count() {
    let scene = Scene::new();
    // Nobody validates in epochs 0 and 1.
    scene.record(20..100, |_| false);
    scene.record(100..120, |_| false);
    assert_eq!(scene.down(), Err(SlashingError::NotDown { signed: 0, recorded: 20 }));
}

#[test]
fn a_chain_without_votes_records_nothing() {
    let scene = Scene::new();
    for height in 101..301 {
        scene.native.set_height(height);
        // Nothing is known; and a list without a signer is none.
        scene.native.set_parent_signers(if height % 2 == 0 { &[] } else { &[0; 32] });
        scene.system().on_block().send().unwrap();
    }
    assert_eq!(scene.down(), Err(SlashingError::NotDown { signed: 0, recorded: 0 }));
    scene.native.set_height(6 * EPOCH_BLOCKS);
    let unknown = scene.slashing.by(scene.reporter).report_downtime(scene.reporter).send().unwrap_err();
    assert_eq!(*unknown.reverted().unwrap(), SlashingError::NotDown { signed: 0, recorded: 0 });
}

/// Records of a window before used to count when the blocks since then told nothing: a validator was down by blocks long ago.
#[test]
fn blocks_before_the_last_hundred_do_not_count_when_nothing_is_known_since() {
    let scene = Scene::new();
    scene.record(100..200, |_| false);
    let signatures = || scene.slashing.by(scene.bob).signatures(scene.ann).view().unwrap();
    assert_eq!(signatures(), (0, 100));
    scene.native.set_parent_signers(&[]);
    // Block after block of which nothing is known, the record shrinks from its old end.
    for unknown in 1..=100_u32 {
        scene.native.set_height(200 + u64::from(unknown));
        scene.system().on_block().send().unwrap();
        assert_eq!(signatures(), (0, 100 - unknown));
    }
    assert_eq!(scene.down(), Err(SlashingError::NotDown { signed: 0, recorded: 0 }));
    scene.record(300..350, |_| false);
    assert_eq!(scene.down(), Err(SlashingError::NotDown { signed: 0, recorded: 50 }));
}

#[test]
fn nobody_signs_the_genesis() {
    let scene = Scene::new();
    let place = |validator| scene.staking.by(validator).place(validator, 2).view().unwrap() as usize;
    scene.native.set_parent_signers(&[0xff; 32]);
    // The parent of block 1 is the genesis, and the genesis has none.
    for height in [0, 1] {
        scene.native.set_height(height);
        scene.system().on_block().send().unwrap();
    }
    let mut last = [0_u8; 32];
    last[31] = 0x80;
    for (height, signers) in [(101, [0xff; 32]), (102, last)] {
        scene.native.set_height(height);
        scene.native.set_parent_signers(&signers);
        scene.system().on_block().send().unwrap();
    }
    assert!(place(scene.ann) < 2 && place(scene.bob) < 2);
    assert_eq!(scene.slashing.by(scene.bob).signatures(scene.ann).view(), Ok((1, 2)));
}
