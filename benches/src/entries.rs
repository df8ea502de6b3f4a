//! States and changes of a given size, with values as long as an account's entry.

use alloy_primitives::{Bytes, keccak256};
use florin_runtime::state::{ChangeSet, State, StateKey};

/// Returns the key with this number.
pub fn key(number: u32) -> StateKey {
    let hash = keccak256(number.to_be_bytes());
    StateKey::account(alloy_primitives::Address::from_word(hash))
}

/// Returns changes of the keys with these numbers; each round writes other values.
pub fn changes(numbers: impl Iterator<Item = u32>, round: u8) -> ChangeSet {
    numbers.map(|number| (key(number), Some(Bytes::from(vec![round; 25])))).collect()
}

/// Returns a state of so many entries.
pub fn state(entries: u32) -> State {
    let mut state = State::new();
    state.commit(&changes(0..entries, 0));
    state
}
