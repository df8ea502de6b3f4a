//! Layers over what the engine has, against a map into which all batches went.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::super::RowsBuilder;
use super::*;

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

fn layer(number: u64, batch: &BTreeMap<Vec<u8>, Option<Vec<u8>>>, hasher: &RowHasher) -> Arc<Layer> {
    let mut parts = [RowsBuilder::default(), RowsBuilder::default()];
    // Not in the order of the keys, and in two parts; another table has the same keys.
    for (index, (key, value)) in batch.iter().rev().enumerate() {
        match value {
            Some(value) => parts[index % 2].put(Table::Undo, key, value),
            None => parts[index % 2].remove(Table::Undo, key),
        }
        parts[1].put(Table::Blocks, key, b"of another table");
    }
    let mut layer = Layer::empty(number);
    parts.into_iter().for_each(|rows| layer.add(rows.build(), hasher));
    Arc::new(layer)
}

proptest! {
    #[test]
    fn layers_are_read_as_if_they_were_one_table(
        base in prop::collection::btree_map(prop::collection::vec(0..4_u8, 0..4), prop::collection::vec(any::<u8>(), 0..3), 0..20),
        batches in prop::collection::vec(
            prop::collection::btree_map(
                prop::collection::vec(0..4_u8, 0..4),
                prop::option::weighted(0.7, prop::collection::vec(any::<u8>(), 0..3)),
                0..12,
            ),
            0..5,
        ),
        probes in prop::collection::vec(prop::collection::vec(0..4_u8, 0..4), 1..10),
        length in 1..30_usize,
    ) {
        let hasher = RowHasher::default();
        let mut model: Map = base.clone();
        let mut layers = Vec::new();
        for (number, batch) in (1..).zip(&batches) {
            layers.push(layer(number, batch, &hasher));
            for (key, value) in batch {
                match value {
                    Some(value) => model.insert(key.clone(), value.clone()),
                    None => model.remove(key),
                };
            }
        }
        for probe in &probes {
            let read = get(&layers, &hasher, Table::Undo, probe).unwrap_or_else(|| base.get(probe).cloned().map(Bytes::from));
            prop_assert_eq!(read, model.get(probe).cloned().map(Bytes::from));
            prop_assert_eq!(get(&layers, &hasher, Table::Pages, probe), None);

            let stored = base.range(probe.clone()..).map(|(key, value)| Ok((key.clone().into(), value.clone().into())));
            let mut found = Vec::new();
            scan(&layers, Table::Undo, probe, stored, &mut |key, value| {
                found.push((key.to_vec(), value.to_vec()));
                found.len() < length
            })
            .unwrap();
            let expected: Vec<_> = model.range(probe.clone()..).take(length).map(|(k, v)| (k.clone(), v.clone())).collect();
            prop_assert_eq!(found, expected);
        }
    }
}

#[test]
fn an_error_of_the_engine_ends_a_walk_where_it_happens() {
    let hasher = RowHasher::default();
    let batch = BTreeMap::from([(b"b".to_vec(), Some(b"layer".to_vec()))]);
    let layers = [layer(1, &batch, &hasher)];
    let stored = [Ok((Bytes::from("a"), Bytes::from("stored"))), Err(StoreError::Stopped)];
    let mut found = Vec::new();
    let walked = scan(&layers, Table::Undo, b"", stored.into_iter(), &mut |key, _| {
        found.push(key);
        true
    });
    assert!(walked.is_err());
    assert_eq!(found, [Bytes::from("a")]);
}
