//! Calls of other contracts in words of the Solidity ABI, for lists that are long.
//!
//! Guarantees that an answer is read where it lies: nothing is decoded into lists of its own, which a contract could not give
//! back before its call ends. A typed client says the same in a line; this takes a third of its code and half of its memory.
//! Refuses, with the callee's status, a call that failed, and with `Success` an answer that is not what was asked for: nothing
//! that was read of it is handed out.

use alloc::{boxed::Box, vec::Vec};

use alloy_primitives::{Address, B256};
use florin_abi::Status;

use crate::{
    abi::{
        codec::halves,
        word::{from_address, from_unsigned},
    },
    env::{ContractCall, env, host},
    schema::keccak256,
};

/// Bytes of a word.
const WORD: usize = 32;

/// Why there is no answer, on its way up: a pointer, so that every step costs little code.
pub type Unanswered = Box<NoAnswer>;

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
    #[inline(never)]
    pub fn number(&mut self, number: u128) -> &mut Self {
        self.0.extend_from_slice(&from_unsigned(number));
        self
    }

    /// Adds an account.
    #[inline(never)]
    pub fn account(&mut self, account: &Address) -> &mut Self {
        self.0.extend_from_slice(&from_address(account));
        self
    }

    /// Adds a hash.
    pub fn hash(&mut self, hash: &B256) -> &mut Self {
        self.0.extend_from_slice(hash.as_slice());
        self
    }

    /// Sends the message with a value, and reads the answer.
    ///
    /// # Errors
    /// What the call ended with, or that the answer is not what was read.
    pub fn send<T>(&self, to: &Address, value: u128, read: impl FnOnce(&mut Words<'_>) -> T) -> Result<T, Unanswered> {
        read_from(to, self.call(to, value, false)?, read)
    }

    /// Asks without effect, and reads the answer.
    ///
    /// # Errors
    /// What the call ended with, or that the answer is not what was read.
    pub fn view<T>(&self, to: &Address, read: impl FnOnce(&mut Words<'_>) -> T) -> Result<T, Unanswered> {
        read_from(to, self.call(to, 0, true)?, read)
    }

    #[inline(never)]
    fn call(&self, to: &Address, value: u128, read_only: bool) -> Result<Vec<u8>, Unanswered> {
        match env().call(&ContractCall { to: *to, value, gas: u64::MAX, input: &self.0, read_only }) {
            Ok(bytes) => Ok(bytes),
            Err((status, _)) => Err(no_answer(to, status)),
        }
    }
}

fn read_from<T>(from: &Address, bytes: Vec<u8>, read: impl FnOnce(&mut Words<'_>) -> T) -> Result<T, Unanswered> {
    let mut words = Words { bytes: &bytes, malformed: false };
    let answer = read(&mut words);
    let is_malformed = words.malformed;
    host::spent(bytes);
    if is_malformed { Err(no_answer(from, Status::Success)) } else { Ok(answer) }
}

#[cold]
#[inline(never)]
fn no_answer(contract: &Address, status: Status) -> Unanswered {
    Box::new(NoAnswer { contract: *contract, status })
}

/// What a contract answered. It remembers that something was asked for which is not there, and reads zeros then; whoever reads
/// need not look, because [`Message`] refuses the answer.
#[derive(Debug)]
pub struct Words<'a> {
    bytes: &'a [u8],
    malformed: bool,
}

impl Words<'_> {
    /// Reads the number in a word; of at most 128 bits.
    #[inline(never)]
    pub fn number(&mut self, at: usize) -> u128 {
        let (high, low) = halves(self.word(at));
        self.malformed |= high != 0;
        low
    }

    /// Reads a number of at most 32 bits.
    #[inline(never)]
    pub fn small(&mut self, at: usize) -> u32 {
        u32::try_from(self.number(at)).unwrap_or_else(|_| {
            self.malformed = true;
            0
        })
    }

    /// Reads an account.
    #[inline(never)]
    pub fn account(&mut self, at: usize) -> Address {
        Address::from_word(self.hash(at))
    }

    /// Reads a hash.
    #[inline(never)]
    pub fn hash(&mut self, at: usize) -> B256 {
        B256::new(*self.word(at))
    }

    /// Returns in which word the items of a list begin whose offset stands in word `at`, and how many there are. All of them
    /// are there.
    #[inline(never)]
    pub fn list(&mut self, at: usize) -> (usize, usize) {
        let offset = usize::try_from(self.number(at)).unwrap_or(usize::MAX) / WORD;
        let count = usize::try_from(self.number(offset)).unwrap_or(usize::MAX);
        let first = offset.saturating_add(1);
        if first.saturating_add(count) <= self.bytes.len() / WORD {
            return (first, count);
        }
        self.malformed = true;
        (0, 0)
    }

    fn word(&mut self, at: usize) -> &[u8; WORD] {
        let word = self.bytes.get(at.saturating_mul(WORD)..).and_then(<[u8]>::first_chunk);
        self.malformed |= word.is_none();
        word.unwrap_or(&[0; WORD])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use alloc::vec;

    use super::{Message, Words, read_from, selector};
    use crate::abi::AbiType;
    use alloy_primitives::{Address, B256};

    #[test]
    fn a_message_and_an_answer_are_those_of_the_abi() {
        assert_eq!(selector("transfer(address,uint256)"), [0xa9, 0x05, 0x9c, 0xbb]);
        let (account, hash) = (Address::repeat_byte(7), B256::repeat_byte(9));
        let mut message = Message::new([1, 2, 3, 4], 3);
        message.number(5).account(&account).hash(&hash);
        assert_eq!(message.0[4..], (5_u128, account, hash).encode_values());
        let bytes = (vec![account, Address::ZERO], true, vec![3_u128, 4], hash).encode_values();
        let read = read_from(&Address::ZERO, bytes, |words| {
            let ((accounts, two), (numbers, too)) = (words.list(0), words.list(2));
            assert_eq!((two, too, words.number(1)), (2, 2, 1));
            assert_eq!((words.account(accounts), words.number(numbers + 1)), (account, 4));
            (words.hash(3), words.small(numbers))
        });
        assert_eq!(read, Ok((hash, 3)));
    }

    #[test]
    fn an_answer_that_ends_early_or_lies_about_its_length_is_none() {
        fn is_refused<T>(bytes: &[u8], read: impl FnOnce(&mut Words<'_>) -> T) -> bool {
            read_from(&Address::ZERO, bytes.to_vec(), read).is_err()
        }
        assert!(is_refused(&[0; 31], |words| words.number(0)));
        assert!(is_refused(&[], |words| words.account(0)) && is_refused(&[], |words| words.hash(0)));
        assert!(is_refused(&[0xff; 32], |words| words.number(0)), "more than 128 bits");
        assert!(is_refused(&u128::MAX.encode_values(), |words| words.small(0)));
        let first_is_there = |words: &mut Words<'_>| (words.number(1), words.number(0));
        assert!(is_refused(&[0; 32], first_is_there), "what is missing is remembered");
        for lie in [vec![64_u128, 0], vec![32, u128::MAX], vec![32, 2, 0], vec![u128::MAX]] {
            let bytes: vec::Vec<u8> = lie.iter().flat_map(AbiType::encode_values).collect();
            assert!(is_refused(&bytes, |words| words.list(0)), "{lie:?}");
        }
    }
}
