//! The hashes of the tree, many at once. What they are defines [`florin_proof::hash`].
//!
//! Cost: one compression a hash; [`hash_many`] works on as many at once as the processor has lanes, which is several times
//! faster and gives the same bytes (a test compares them).

use blake3::IncrementCounter;
use blake3::platform::{Platform, words_from_le_bytes_32};

pub use florin_proof::hash::{Domain, EMPTY, Hash, Pair, key_hash, turns_right, value_hash};

// The flags of a message of one block under a key, from the BLAKE3 paper, section 2.2, table 3.
const KEYED_HASH: u8 = 1 << 4;
const CHUNK_START: u8 = 1 << 0;
const CHUNK_END: u8 = 1 << 1;
const ROOT: u8 = 1 << 3;

/// Pairs that are worth hashing in one go: several times the lanes of any processor, and few enough for the stack.
pub const HASHED_TOGETHER: usize = 64;

/// Hashes many pairs, as many as there is room for hashes.
pub fn hash_many(domain: Domain, pairs: &[&Pair], hashes: &mut [Hash]) {
    let pairs = pairs.get(..hashes.len()).unwrap_or(pairs);
    let key = words_from_le_bytes_32(domain.key());
    let ends = (CHUNK_START, CHUNK_END | ROOT);
    let out = hashes.as_flattened_mut();
    Platform::detect().hash_many(pairs, &key, 0, IncrementCounter::No, KEYED_HASH, ends.0, ends.1, out);
}

#[cfg(test)]
mod tests {
    use florin_proof::hash::pair;

    use super::*;

    #[test]
    fn many_hashes_are_those_that_one_by_one_gives() {
        let pairs: Vec<Pair> = (0..100_u8).map(|byte| pair(&[byte; 32], &[byte ^ 7; 32])).collect();
        for domain in [Domain::Leaf, Domain::Branch] {
            for count in 0..pairs.len() {
                let mut many = vec![EMPTY; count];
                hash_many(domain, &pairs[..count].iter().collect::<Vec<_>>(), &mut many);
                let one = |pair: &Pair| *blake3::keyed_hash(domain.key(), pair).as_bytes();
                assert_eq!(many, pairs[..count].iter().map(one).collect::<Vec<_>>());
            }
        }
    }
}
