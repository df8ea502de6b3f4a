//! A contract's interface as constants: selectors, event topics and the ABI JSON, all computed by the compiler.
//!
//! Guarantees that a selector, the JSON and the decoder come from the same Rust types: nothing is parsed from text.
//! Nothing of this file is in a module but the selectors themselves. Refuses, at compile time, two messages with one
//! selector and a signature above 1,024 bytes.

mod json;
mod keccak;

pub use json::{json_bytes, json_len};
pub use keccak::keccak256;

/// One row of the ABI: a message, the constructor, an event or an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// What the row describes.
    pub kind: Kind,
    /// The name in the ABI; empty for the constructor.
    pub name: &'static str,
    /// Arguments or fields.
    pub inputs: &'static [Param],
    /// Names of the types that a message returns.
    pub outputs: &'static [&'static str],
}

/// What a row of the ABI describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The function that runs once, at creation.
    Constructor(Mutability),
    /// A message.
    Function(Mutability),
    /// An event.
    Event,
    /// A custom error.
    Error,
}

/// What a message may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutability {
    /// Reads only.
    View,
    /// Writes, and refuses money.
    NonPayable,
    /// Writes, and accepts money.
    Payable,
}

/// An argument or a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// The name in the ABI.
    pub name: &'static str,
    /// The name of its Solidity type.
    pub sol_type: &'static str,
    /// Whether it is a topic of an event.
    pub indexed: bool,
}

/// The longest signature, in bytes.
const SIGNATURE_BYTES_MAX: usize = 1024;

impl Item {
    /// Returns the 4-byte selector of a message or an error.
    pub const fn selector(&self) -> [u8; 4] {
        let hash = self.topic();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    /// Returns the keccak-256 of the signature, e.g. of `transfer(address,uint256)`: the first topic of an event.
    pub const fn topic(&self) -> [u8; 32] {
        let mut signature = [0; SIGNATURE_BYTES_MAX];
        let mut len = append(&mut signature, 0, self.name);
        len = append(&mut signature, len, "(");
        let mut index = 0;
        while index < self.inputs.len() {
            if index > 0 {
                len = append(&mut signature, len, ",");
            }
            len = append(&mut signature, len, self.inputs[index].sol_type);
            index = index.saturating_add(1);
        }
        len = append(&mut signature, len, ")");
        keccak256(signature.split_at(len).0)
    }

    /// Tells whether the other row describes the same thing, so that one of them is enough.
    const fn same(&self, other: &Self) -> bool {
        let kinds = matches!((self.kind, other.kind), (Kind::Event, Kind::Event) | (Kind::Error, Kind::Error));
        if !kinds || !equal(self.name, other.name) || self.inputs.len() != other.inputs.len() {
            return false;
        }
        let mut index = 0;
        while index < self.inputs.len() {
            if !equal(self.inputs[index].sol_type, other.inputs[index].sol_type) {
                return false;
            }
            index = index.saturating_add(1);
        }
        true
    }
}

/// Stops the compilation when two messages have one selector, as `transfer_from` and `transferFrom` would.
pub const fn assert_distinct(selectors: &[u32]) {
    let mut left = 0;
    while left < selectors.len() {
        let mut right = left.saturating_add(1);
        while right < selectors.len() {
            assert!(selectors[left] != selectors[right], "two messages have the same selector; rename one of them");
            right = right.saturating_add(1);
        }
        left = left.saturating_add(1);
    }
}

/// Returns the text of ASCII bytes, which is all that an ABI consists of.
pub const fn text(bytes: &'static [u8]) -> &'static str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("names in the ABI are text"),
    }
}

const fn append(out: &mut [u8], at: usize, text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        let place = at.saturating_add(index);
        assert!(place < out.len(), "a signature is longer than 1,024 bytes");
        out[place] = bytes[index];
        index = index.saturating_add(1);
    }
    at.saturating_add(bytes.len())
}

const fn equal(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index = index.saturating_add(1);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{Item, Kind, Mutability, Param};

    #[test]
    fn selectors_and_topics_are_those_of_erc_20() {
        const INPUTS: &[Param] = &[
            Param { name: "to", sol_type: "address", indexed: false },
            Param { name: "value", sol_type: "uint256", indexed: false },
        ];
        let item =
            Item { kind: Kind::Function(Mutability::NonPayable), name: "transfer", inputs: INPUTS, outputs: &[] };
        assert_eq!(item.selector(), [0xa9, 0x05, 0x9c, 0xbb]);
    }
}
