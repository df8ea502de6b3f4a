//! Opening after an end of the process that took the derived rows of the newest blocks, again and again.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use alloy_primitives::Bytes;
use proptest::prelude::*;

use super::super::super::store::memory::MemoryStore;
use super::super::super::store::{Batch, Durability, Store};
use super::super::{Identity, PAGES_BEHIND_BLOCKS_MAX, Retention};
use super::*;
use crate::state::{ChangeSet, DurableState, State, StateKey, StateReader};
use parity_scale_codec::Encode;

const IDENTITY: Identity = Identity { chain_id: 1, genesis_hash: [3; 32] };

const CONFIG: DurableConfig = DurableConfig {
    retained_blocks: Retention::Blocks(PAGES_BEHIND_BLOCKS_MAX),
    cache_bytes_max: 1 << 16,
    // So few pages that the tree reads its own again.
    page_bytes_max: 4 << 10,
    check_interval_blocks: 0,
    check_steps_per_block: 0,
    durability: Durability::Synced,
    reader_wait_max: Duration::ZERO,
};

/// A store that remembers its batches.
#[derive(Default)]
struct Remembering {
    store: MemoryStore,
    batches: Mutex<Vec<Batch>>,
}

impl Remembering {
    /// Returns what an end of the process leaves that takes the derived rows of so many batches.
    fn ended(&self, lost: usize) -> Self {
        let batches = self.batches.lock().unwrap().clone();
        let kept = batches.len().saturating_sub(lost).max(1);
        let left = Self::default();
        for (number, batch) in batches.into_iter().enumerate() {
            let mut rest = Batch::default();
            let (parts, derived) = batch.into_parts();
            parts.into_iter().for_each(|rows| rest.append(rows));
            derived.into_iter().filter(|_| number < kept).for_each(|rows| rest.append_derived(rows));
            left.write(rest, Durability::Synced).unwrap();
        }
        left
    }
}

impl Store for Remembering {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.store.snapshot()
    }

    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        self.batches.lock().unwrap().push(batch.clone());
        self.store.write(batch, durability)
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.store.disk_bytes()
    }
}

fn key(number: u16) -> StateKey {
    StateKey::from_bytes(&number.to_be_bytes())
}

/// What a block changes: a few of many keys, some of which go.
fn block(height: u64) -> ChangeSet {
    let word = |index: u64| height.wrapping_mul(31).wrapping_add(index).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    let change = |index| {
        let word = word(index);
        let value = (!word.is_multiple_of(5)).then(|| Bytes::from((word, height).encode()));
        (key(u16::try_from(word % 700).unwrap()), value)
    };
    (0..12).map(change).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn case_109_derived_rows_that_were_lost_again_and_again_change_nothing(
        ends in prop::collection::vec((1..90_u64, 0..20_usize), 1..6),
    ) {
        let genesis: ChangeSet = (0..500).map(|number| (key(number), Some(Bytes::from_static(b"genesis")))).collect();
        let mut model = State::new();
        model.commit(&genesis);
        let mut store = Arc::new(Remembering::default());
        let mut durable = DurableState::create(store.clone(), IDENTITY, CONFIG, &genesis, vec![]).unwrap();
        let mut states = vec![model.clone()];
        for (blocks, lost) in ends {
            for height in durable.head().height + 1..=durable.head().height + blocks {
                let changes = block(height);
                // In some blocks what the one before has left is written before it, in the others with it.
                if height % 3 != 0 {
                    durable.prefetch(&changes.keys().cloned().collect::<Vec<_>>()).unwrap();
                }
                prop_assert_eq!(durable.commit(height, &changes, vec![]).unwrap(), model.commit(&changes));
                states.push(model.clone());
            }
            store = Arc::new(store.ended(lost));
            durable = DurableState::open(store.clone(), IDENTITY, CONFIG).unwrap().unwrap();
            let head = durable.head();
            prop_assert_eq!((head.height + 1, head.root), (states.len() as u64, model.root().hash().0));
            prop_assert_eq!(durable.check_root().unwrap(), model.root());
            let (oldest, newest) = durable.heights();
            prop_assert!(newest - oldest >= newest.min(PAGES_BEHIND_BLOCKS_MAX), "{oldest} to {newest}");
            for height in [oldest, oldest.midpoint(newest), newest] {
                let (view, state) = (durable.at(height).unwrap(), &states[usize::try_from(height).unwrap()]);
                for number in (0..700).step_by(7) {
                    prop_assert_eq!(view.get(&key(number)).unwrap(), state.get(&key(number)).unwrap());
                }
            }
        }
    }
}
