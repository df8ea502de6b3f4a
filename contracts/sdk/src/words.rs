//! Calls of other contracts in words of the Solidity ABI, for lists that are long.
//!
//! Guarantees that an answer is read where it lies: nothing is decoded into lists of its own, which a contract could not give
//! back before its call ends. A typed client says the same in a line; this takes a third of its code and half of its memory.
//! Refuses, with the callee's status, a call that failed, and with `Success` an answer that is not what was asked for.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256};
use florin_abi::Status;

use crate::{
    env::{ContractCall, env},
    schema::keccak256,
};

/// Bytes of a word.
const WORD: usize = 32;

/// Why there is no answer: what the call ended with, or `Success` if it was answered with something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAnswer {
    /// Who was called.
    pub contract: Address,
    /// How the call ended.
    pub status: Status,
}

/// Returns the selector of a message, e.g. of `transfer(address,uint256)`.
pub const fn selector(signature: &str) -> [u8; 4] {
    let hash = keccak256(signature.as_bytes());
    [hash[0], hash[1], hash[2], hash[3]]
}

/// Calldata under construction.
#[derive(Clone, Debug)]
pub struct Message(Vec<u8>);

impl Message {
    /// Begins a message with so many words of arguments.
    pub fn new(selector: [u8; 4], words: usize) -> Self {
        let mut bytes = Vec::with_capacity(words.saturating_mul(WORD).saturating_add(4));
        bytes.extend_from_slice(&selector);
        Self(bytes)
    }

    /// Adds a number, or the offset or the length of a list.
    #[must_use]
    pub fn number(mut self, number: u128) -> Self {
        self.0.extend_from_slice(&[0; 16]);
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// Adds an account.
    #[must_use]
    pub fn account(mut self, account: Address) -> Self {
        self.0.extend_from_slice(&[0; 12]);
        self.0.extend_from_slice(account.as_slice());
        self
    }

    /// Adds a hash.
    #[must_use]
    pub fn hash(mut self, hash: B256) -> Self {
        self.0.extend_from_slice(hash.as_slice());
        self
    }

    /// Sends the message with a value.
    ///
    /// # Errors
    /// What the call ended with.
    pub fn send(&self, to: Address, value: u128) -> Result<Words, NoAnswer> {
        self.call(&ContractCall { to, value, gas: u64::MAX, input: &self.0, read_only: false })
    }

    /// Asks without effect.
    ///
    /// # Errors
    /// What the call ended with.
    pub fn view(&self, to: Address) -> Result<Words, NoAnswer> {
        self.call(&ContractCall { to, value: 0, gas: u64::MAX, input: &self.0, read_only: true })
    }

    #[inline(never)]
    fn call(&self, call: &ContractCall<'_>) -> Result<Words, NoAnswer> {
        match env().call(call) {
            Ok(bytes) => Ok(Words { contract: call.to, bytes }),
            Err((status, _)) => Err(NoAnswer { contract: call.to, status }),
        }
    }
}

/// What a contract answered.
#[derive(Clone, Debug)]
pub struct Words {
    contract: Address,
    bytes: Vec<u8>,
}

impl Words {
    /// Reads the number in a word.
    ///
    /// # Errors
    /// If there is no such word, or it has more than 128 bits.
    pub fn number(&self, at: usize) -> Result<u128, NoAnswer> {
        let from = at.saturating_mul(WORD);
        let word = self.bytes.get(from..from.saturating_add(WORD));
        match word.and_then(|word| word.split_first_chunk::<16>()) {
            Some((high, low)) if u128::from_be_bytes(*high) == 0 => {
                Ok(low.first_chunk().map_or(0, |low| u128::from_be_bytes(*low)))
            }
            _ => Err(self.malformed()),
        }
    }

    /// Reads a number of 32 bits.
    ///
    /// # Errors
    /// If there is no such word, or it has more bits.
    pub fn small(&self, at: usize) -> Result<u32, NoAnswer> {
        u32::try_from(self.number(at)?).map_err(|_| self.malformed())
    }

    /// Reads an account.
    ///
    /// # Errors
    /// If there is no such word.
    pub fn account(&self, at: usize) -> Result<Address, NoAnswer> {
        let from = at.saturating_mul(WORD).saturating_add(12);
        let account = self.bytes.get(from..from.saturating_add(20));
        account.map(Address::from_slice).ok_or_else(|| self.malformed())
    }

    /// Reads a hash.
    ///
    /// # Errors
    /// If there is no such word.
    pub fn hash(&self, at: usize) -> Result<B256, NoAnswer> {
        let from = at.saturating_mul(WORD);
        let hash = self.bytes.get(from..from.saturating_add(WORD));
        hash.map(B256::from_slice).ok_or_else(|| self.malformed())
    }

    /// Returns in which word the items of a list begin whose offset stands in word `at`, and how many there are. All of them
    /// are there.
    ///
    /// # Errors
    /// If they are not.
    pub fn list(&self, at: usize) -> Result<(usize, usize), NoAnswer> {
        let offset = usize::try_from(self.number(at)?).unwrap_or(usize::MAX) / WORD;
        let count = usize::try_from(self.number(offset)?).unwrap_or(usize::MAX);
        let first = offset.saturating_add(1);
        let is_there = first.saturating_add(count) <= self.bytes.len() / WORD;
        if is_there { Ok((first, count)) } else { Err(self.malformed()) }
    }

    fn malformed(&self) -> NoAnswer {
        NoAnswer { contract: self.contract, status: Status::Success }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use alloc::vec;

    use super::{Message, Words, selector};
    use crate::abi::AbiType;
    use alloy_primitives::{Address, B256};

    #[test]
    fn a_message_and_an_answer_are_those_of_the_abi() {
        assert_eq!(selector("transfer(address,uint256)"), [0xa9, 0x05, 0x9c, 0xbb]);
        let (account, hash) = (Address::repeat_byte(7), B256::repeat_byte(9));
        let message = Message::new([1, 2, 3, 4], 3).number(5).account(account).hash(hash);
        assert_eq!(message.0[4..], (5_u128, account, hash).encode_values());
        let bytes = (vec![account, Address::ZERO], true, vec![3_u128, 4], hash).encode_values();
        let words = Words { contract: Address::ZERO, bytes };
        let ((accounts, two), (numbers, too)) = (words.list(0).unwrap(), words.list(2).unwrap());
        assert_eq!((two, too, words.number(1)), (2, 2, Ok(1)));
        assert_eq!((words.account(accounts), words.number(numbers + 1)), (Ok(account), Ok(4)));
        assert_eq!((words.hash(3), words.small(numbers)), (Ok(hash), Ok(3)));
    }

    #[test]
    fn an_answer_that_ends_early_or_lies_about_its_length_is_none() {
        let read = |bytes: &[u8]| Words { contract: Address::ZERO, bytes: bytes.to_vec() };
        assert!(read(&[0; 31]).number(0).is_err() && read(&[]).account(0).is_err() && read(&[]).hash(0).is_err());
        assert!(read(&[0xff; 32]).number(0).is_err(), "more than 128 bits");
        assert!(read(&u128::MAX.encode_values()).small(0).is_err());
        for lie in [vec![64_u128, 0], vec![32, u128::MAX], vec![32, 2, 0], vec![u128::MAX]] {
            let bytes: vec::Vec<u8> = lie.iter().flat_map(AbiType::encode_values).collect();
            assert!(read(&bytes).list(0).is_err(), "{lie:?}");
        }
    }
}
