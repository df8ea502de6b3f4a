//! Ranges against the whole: any cut gives the root, and nothing else does.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::state::tree::root_from_scratch;

/// Few bits differ, so that entries lie close together and alone, and ranges are cut at any depth.
fn hash() -> impl Strategy<Value = Hash> {
    (any::<u8>(), 0..4_u8, 0..3_u8).prop_map(|(first, second, last)| {
        let mut hash = [0; 32];
        (hash[0], hash[1], hash[31]) = (first & 0b1100_0011, second << 6, last);
        hash
    })
}

fn leaves() -> impl Strategy<Value = Vec<Leaf>> {
    proptest::collection::btree_map(hash(), any::<u8>(), 0..40).prop_map(|entries: BTreeMap<Hash, u8>| {
        entries.into_iter().map(|(key, value)| Leaf { key, value: [value; 32] }).collect()
    })
}

fn within(leaves: &[Leaf], range: &HashRange) -> Vec<Leaf> {
    leaves.iter().filter(|leaf| range.holds(&leaf.key)).copied().collect()
}

/// Cuts all key hashes at the borders.
fn ranges(borders: &[Hash]) -> Vec<HashRange> {
    let mut borders: Vec<Hash> = borders.iter().filter(|border| **border != [0; 32]).copied().collect();
    borders.sort_unstable();
    borders.dedup();
    let starts = std::iter::once([0; 32]).chain(borders.iter().copied());
    let ends = borders.iter().copied().map(Some).chain([None]);
    starts.zip(ends).map(|(start, end)| HashRange { start, end }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_range_of_any_cut_proves_itself(leaves in leaves(), borders in proptest::collection::vec(hash(), 0..6)) {
        let root = root_from_scratch(&leaves);
        let ranges = ranges(&borders);
        let mut crown = Crown::default();
        for (index, range) in ranges.iter().enumerate() {
            prop_assert_eq!(crown.close(), None, "after {} ranges", index);
            crown.fill(range, &within(&leaves, range));
        }
        prop_assert_eq!(crown.close(), Some(root));
        for range in &ranges {
            let beside = crown.beside(range).unwrap();
            prop_assert!(beside.len() <= BESIDE_MAX);
            prop_assert_eq!(root_of(range, &within(&leaves, range), &beside), Ok(root));
        }
    }

    #[test]
    fn a_range_with_an_entry_left_out_added_or_changed_proves_nothing(
        leaves in leaves(),
        borders in proptest::collection::vec(hash(), 1..4),
        added in hash(),
        chosen in any::<proptest::sample::Index>(),
    ) {
        let root = root_from_scratch(&leaves);
        let ranges = ranges(&borders);
        let mut crown = Crown::default();
        for range in &ranges {
            crown.fill(range, &within(&leaves, range));
        }
        crown.close().unwrap();
        for range in &ranges {
            let (inside, beside) = (within(&leaves, range), crown.beside(range).unwrap());
            let mut more = inside.clone();
            if range.holds(&added) && inside.iter().all(|leaf| leaf.key != added) {
                more.push(Leaf { key: added, value: [1; 32] });
                more.sort_unstable_by_key(|leaf| leaf.key);
                prop_assert_ne!(root_of(range, &more, &beside), Ok(root));
            }
            if inside.is_empty() {
                continue;
            }
            let index = chosen.index(inside.len());
            let mut fewer = inside.clone();
            let left_out = fewer.remove(index);
            prop_assert_ne!(root_of(range, &fewer, &beside), Ok(root));
            // Nor does it help to say that it lies beside the range.
            for place in 0..beside.len() {
                let mut moved = beside.clone();
                moved[place] = Part::One(left_out);
                prop_assert_ne!(root_of(range, &fewer, &moved), Ok(root));
                moved[place] = Part::Many(Part::One(left_out).hash());
                prop_assert_ne!(root_of(range, &fewer, &moved), Ok(root));
            }
            let mut changed = inside.clone();
            changed[index].value[0] ^= 1;
            prop_assert_ne!(root_of(range, &changed, &beside), Ok(root));
            let mut twice = inside.clone();
            twice.insert(index, inside[index]);
            prop_assert_eq!(root_of(range, &twice, &beside), Err(RangeError::Order));
        }
    }

    #[test]
    fn a_border_is_behind_the_one_and_not_behind_the_other(a in any::<Hash>(), b in hash(), c in hash()) {
        for (a, b) in [(a, b), (b, c)] {
            let (last, next) = (a.min(b), a.max(b));
            if last != next {
                let border = border(&last, &next);
                prop_assert!(last < border && border <= next);
            }
        }
    }

    #[test]
    fn the_lowest_are_read_in_as_many_rounds_as_it_takes(
        offered in proptest::collection::btree_set(hash(), 0..80),
        order in any::<u64>(),
        items_max in 0..40_usize,
    ) {
        let mut shuffled: Vec<Hash> = offered.iter().copied().collect();
        shuffled.sort_by_key(|hash| blake3::hash(&[&hash[..], &order.to_le_bytes()].concat()).to_string());
        let (mut read, mut start, mut rounds) = (Vec::new(), [0; 32], 0);
        loop {
            let mut lowest = Lowest::new(start, items_max);
            shuffled.iter().for_each(|hash| lowest.offer(*hash, || ()));
            let (range, items) = lowest.take();
            prop_assert!(items.len() <= items_max.max(8));
            read.extend(items.into_iter().map(|(hash, ())| hash));
            rounds += 1;
            match range.end {
                Some(end) => start = end,
                None => break,
            }
        }
        prop_assert_eq!(read, offered.into_iter().collect::<Vec<_>>());
        prop_assert!(rounds <= 1 + shuffled.len() / 6);
    }
}

#[test]
fn an_entry_that_is_alone_cannot_be_hidden_beside_an_empty_range() {
    let leaf = Leaf { key: [0x60; 32], value: [1; 32] };
    let root = root_from_scratch(&[leaf]);
    // From 01.. on; the entry is 0110..: the range that holds it is claimed to be empty.
    let range = HashRange {
        start: {
            let mut start = [0; 32];
            start[0] = 0x40;
            start
        },
        end: None,
    };
    assert_eq!(root_of(&range, &[], &[Part::One(leaf)]), Err(RangeError::Foreign));
    assert_eq!(root_of(&range, &[leaf], &[Part::Empty]), Ok(root));
}

#[test]
fn subtrees_beside_the_range_that_are_missing_or_too_many_are_noticed() {
    let half = {
        let mut half = [0; 32];
        half[0] = 0x80;
        half
    };
    let range = HashRange { start: half, end: None };
    assert_eq!(root_of(&range, &[], &[]), Err(RangeError::Beside { named: 0 }));
    assert_eq!(root_of(&range, &[], &[Part::Empty; 2]), Err(RangeError::Beside { named: 2 }));
    assert_eq!(root_of(&HashRange { start: half, end: Some(half) }, &[], &[]), Err(RangeError::Order));
}
