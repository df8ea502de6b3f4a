//! A story: blocks that follow from a seed, from their height and from the state before them.
//!
//! A block counts up what it finds, so that one which is executed twice, or on another state, shows in the root.

use std::str::FromStr;

use alloy_primitives::{Address, B256, Bytes};
use florin_runtime::fault::Fault;
use florin_runtime::state::durable::Identity;
use florin_runtime::state::{ChangeSet, StateKey, StateReader};

use crate::dice::Dice;

/// The bytes of one code.
const CODE_BYTES: usize = 256 << 10;

/// What the blocks of a story are like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// Where all chance comes from.
    pub seed: u64,
    /// Keys that it writes to, over and over.
    pub keys: u64,
    /// Changes of a block.
    pub changes: u64,
    /// New codes of a block, of 256 KiB each.
    pub codes: u64,
}

impl Story {
    /// Returns what its databases are of.
    pub fn identity(&self) -> Identity {
        let mut genesis_hash = [7; 32];
        genesis_hash[..8].copy_from_slice(&self.seed.to_le_bytes());
        Identity { chain_id: 108, genesis_hash }
    }

    /// Returns the entries of the genesis.
    pub fn genesis(&self) -> ChangeSet {
        let mut dice = Dice::new(self.seed);
        (0..self.keys / 2).map(|number| (key(number), Some(value(0, 0, &mut dice)))).collect()
    }

    /// Returns what a block changes in the state before it.
    ///
    /// # Errors
    /// Faults if the state cannot be read.
    pub fn block(&self, height: u64, state: &dyn StateReader) -> Result<ChangeSet, Fault> {
        let mut dice = Dice::new(self.seed ^ height.wrapping_mul(0xd6e8_feb8_6659_fd93));
        let mut changes = ChangeSet::new();
        let executed = StateKey::system("executed");
        let count = count_in(state.get(&executed)?.as_ref()) + 1;
        changes.insert(executed, Some(Bytes::copy_from_slice(&count.to_le_bytes())));
        for _ in 0..self.changes {
            let key = key(dice.below(self.keys));
            let before = state.get(&key)?;
            let is_removed = before.is_some() && dice.below(8) == 0;
            let after = value(count_in(before.as_ref()) + 1, height, &mut dice);
            changes.insert(key, (!is_removed).then_some(after));
        }
        for _ in 0..self.codes {
            let code = dice.bytes(CODE_BYTES);
            changes.insert(StateKey::code(B256::from_slice(&dice.bytes(32))), Some(code.into()));
        }
        Ok(changes)
    }

    /// Returns what the owner of the state keeps of a block.
    pub fn record(&self, height: u64) -> Vec<u8> {
        let mut dice = Dice::new(self.seed.wrapping_add(height));
        let length = 40 + dice.place(2_000);
        dice.bytes(length)
    }
}

/// Names an entry: of one of a few contracts, with keys of different lengths, one the beginning of another.
fn key(number: u64) -> StateKey {
    let contract = Address::repeat_byte(u8::try_from(number % 5).unwrap_or(0));
    let digits = number.to_be_bytes();
    let from = if number.is_multiple_of(3) { 6 } else { 7 };
    let mut part = digits[from..].to_vec();
    part.extend_from_slice(&digits[4..6]);
    StateKey::storage(contract, &part)
}

fn value(count: u64, height: u64, dice: &mut Dice) -> Bytes {
    let mut value = count.to_le_bytes().to_vec();
    value.extend_from_slice(&height.to_le_bytes());
    let length = dice.place(100);
    value.extend(dice.bytes(length));
    value.into()
}

fn count_in(value: Option<&Bytes>) -> u64 {
    value.and_then(|value| value.first_chunk()).map_or(0, |count| u64::from_le_bytes(*count))
}

impl core::fmt::Display for Story {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{},{},{},{}", self.seed, self.keys, self.changes, self.codes)
    }
}

impl FromStr for Story {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Vec<u64> = text.split(',').map_while(|part| part.parse().ok()).collect();
        match numbers[..] {
            [seed, keys, changes, codes] => Ok(Self { seed, keys, changes, codes }),
            _ => Err(format!("a story is four numbers, not `{text}`")),
        }
    }
}
