//! The keys of a block, found by their fingerprints.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Fingerprints as hashes give them, and crowded at some places, as somebody may choose them.
fn fingerprints() -> impl Strategy<Value = Vec<u64>> {
    let crowded = (any::<u64>(), 0..60_u32).prop_map(|(word, bits)| word >> bits);
    let one = prop_oneof![4 => any::<u64>(), 1 => crowded.clone(), 1 => crowded.prop_map(|word| !word)];
    proptest::collection::vec(one, 0..600)
}

proptest! {
    #[test]
    fn a_block_holds_the_fingerprints_that_it_was_made_of_and_no_others(
        held in fingerprints(),
        others in fingerprints(),
    ) {
        let block = ChangedKeys::new(1, held.iter().copied().map(Fingerprint).collect());
        let set: BTreeSet<u64> = held.iter().copied().collect();
        let beside = held.iter().flat_map(|word| [word.wrapping_sub(1), word.wrapping_add(1)]);
        for word in held.iter().copied().chain(others).chain(beside).chain([0, u64::MAX]) {
            prop_assert_eq!(block.may_hold(Fingerprint(word)), set.contains(&word), "{}", word);
        }
    }
}
